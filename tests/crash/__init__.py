"""Kills the sync for real at every boundary that a traced run passes, restarts it, and checks what is left."""
