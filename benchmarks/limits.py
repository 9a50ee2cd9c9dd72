"""How long a run takes under the vendors' documented rate limits, beside the least that these limits allow.

By the stand-ins' virtual clock: a request takes no time and a wait is jumped over, so that what is left is waiting for
rate limits. Where a run reads or writes one tool after another, the waits add up; the bound takes the slowest tool's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks import bounds
from benchmarks.bounds import Listing
from benchmarks.calls import CLOUD, KLAVIYO, LOG, SHARE, bound_of, insist, work_of
from benchmarks.processes import Say
from benchmarks.team import INTERVAL, TOOLS, Measured, Team, team_of
from benchmarks.virtual import VirtualClock, governed

NAMES = dict(zip(TOOLS, (CLOUD, LOG, KLAVIYO), strict=True))
SECONDS = {"jira": bounds.jira_seconds, "airtable": bounds.airtable_seconds, "klaviyo": bounds.klaviyo_seconds}


@dataclass(frozen=True, slots=True)
class Row:
    """One run. `seconds` by the virtual clock; `tools` gives by tool its requests, the fewest, and the seconds that
    the fewest take; `refused` is how often a tool answered that it was called too often."""

    campaigns: int
    run: str
    seconds: float
    tools: dict[str, tuple[int, int, float]]
    refused: int

    @property
    def bound(self) -> float:
        """The least seconds: those of the slowest tool, all at work side by side."""
        return max(seconds for _, _, seconds in self.tools.values())

    @property
    def ratio(self) -> float | None:
        """None where the limits demand no wait at all."""
        return self.seconds / self.bound if self.bound else None

    def to_json(self) -> dict[str, Any]:
        tools = {
            name: {"requests": asked, "bound": least, "bound_seconds": round(seconds, 1)}
            for name, (asked, least, seconds) in self.tools.items()
        }
        ratio = None if self.ratio is None else round(self.ratio, 2)
        return {
            "campaigns": self.campaigns, "run": self.run, "seconds": round(self.seconds, 1),
            "bound_seconds": round(self.bound, 1), "ratio": ratio, "refused": self.refused, "tools": tools,
        }  # fmt: skip


def measure(campaigns: int, say: Say) -> Iterator[Row]:
    """The first sync into an empty Airtable, then a run without a change, one after 1 % was edited, and a full one."""
    with team_of(campaigns, limited=True) as team:
        clock = VirtualClock(team.box.world)
        with governed(clock):
            say(f"{campaigns} campaigns under rate limits: first sync")
            team.empty("airtable")
            yield _row(team, clock, "first sync into an empty Airtable", Listing.FULL)
            team.sync()  # sees once more what the first one wrote
            say(f"{campaigns} campaigns under rate limits: later runs")
            yield _row(team, clock, "no change", Listing.CHANGES)
            changes = team.editable()[: max(1, campaigns // SHARE)]
            team.edit("airtable", changes, "Under limits")
            yield _row(team, clock, f"{len(changes)} changed in Airtable", Listing.CHANGES, len(changes))
            yield _row(team, clock, "every record of every tool", Listing.FULL, full=True)


def _row(team: Team, clock: VirtualClock, title: str, listing: Listing, changed: int = 0, *, full: bool = False) -> Row:
    done, seconds = _timed(team, clock, full)
    insist(done)
    entities = {entity.id: entity for entity in team.entities()}
    tools = {}
    for tool in TOOLS:
        work = work_of(done, tool, entities, listing, (changed if tool == "airtable" else 0, 0))
        least = bound_of(NAMES[tool], work)
        asked = sum(entry["tool"] == tool for entry in done.asked)
        tools[tool] = (asked, least, SECONDS[tool](least))
    refused = sum(entry["status"] == 429 for entry in done.asked)
    return Row(team.campaigns, title, seconds, tools, refused)


def _timed(team: Team, clock: VirtualClock, full: bool) -> tuple[Measured, float]:
    """A run, and how long it took by the virtual clock."""
    before = max(team.now, clock.now()) + INTERVAL
    done = team.sync(full=full)
    return done, (clock.now() - before).total_seconds()
