"""campaign-sync and the planning database of our team."""
