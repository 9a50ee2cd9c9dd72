"""Prints the mapping, to be kept beside campaign-sync.toml and adapted there."""

import sys
from importlib.resources import files

sys.stdout.write((files("campaign_sync_planner") / "planner.toml").read_text("utf-8"))
