"""Prints the mapping, for whoever keeps an adapted copy of it beside campaign-sync.toml."""

import sys
from importlib.resources import files

sys.stdout.write((files("campaign_sync_planner") / "planner.toml").read_text("utf-8"))
