"""The tool type: what a workspace says of a planner, and how its connector is made from that."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from campaign_sync_planner.connector import PlannerConnector


class PlannerOptions(BaseModel):
    """The keys of `[tools.…]` that only this type has. What they say wrongly is reported with file and line."""

    model_config = ConfigDict(extra="forbid")

    file: Path = Field(description="The SQLite file that the planner keeps its items in.")


class Planner:
    """What the entry point names; `jobs.tools.ToolType` describes it."""

    name = "planner"
    options = PlannerOptions
    mapping_type = "airtable"  # whose words `NativeField.type` uses: singleLineText, singleSelect, date, …
    mapping = files("campaign_sync_planner") / "planner.toml"  # unless a workspace names a file of its own
    needs_token = False

    def build(self, tool: str, options: PlannerOptions, token: SecretStr | None) -> PlannerConnector:  # noqa: ARG002
        return PlannerConnector(tool, options.file)


planner = Planner()
