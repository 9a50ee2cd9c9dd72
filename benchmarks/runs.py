"""Counts what each kind of run costs: calls and writes by tool, and seconds, over real HTTP against the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.team import TOOLS, Team, team_of

EDITED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Figures:
    """One run: `calls` is tool -> (requests, of which writes), `records` what the run read from the tools together."""

    campaigns: int
    records: int
    run: str
    seconds: float
    calls: dict[str, tuple[int, int]]

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON."""
        calls = {tool: {"requests": total, "writes": writes} for tool, (total, writes) in self.calls.items()}
        return {
            "campaigns": self.campaigns,
            "records": self.records,
            "run": self.run,
            "seconds": round(self.seconds, 3),
            "calls": calls,
        }


def measure(campaigns: int, *, say: Callable[[str], object]) -> Iterator[Figures]:
    """The first sync, the one after it, one with nothing to do, a plan, and one after 1 % of the campaigns were edited
    in Airtable."""
    with team_of(campaigns) as team:
        for kind in ("first", "second", "no change", "plan", "1 % edited"):
            say(f"{campaigns} campaigns: {kind}")
            if kind == "1 % edited":
                team.edit("airtable", team.editable()[: max(1, round(EDITED_SHARE * campaigns))], "Another one for")
            yield _time(team, campaigns, kind)


def _time(team: Team, campaigns: int, kind: str) -> Figures:
    done = team.sync(dry=kind == "plan")
    calls = {
        tool: (
            sum(entry["tool"] == tool for entry in done.asked),
            sum(entry["tool"] == tool and entry["write"] for entry in done.asked),
        )
        for tool in TOOLS
    }
    return Figures(campaigns, sum(tool.read for tool in done.report.tools), kind, done.seconds, calls)
