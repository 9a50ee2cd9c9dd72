"""The heart: merges what the tools show into one canonical model and plans the writes that make them agree."""
