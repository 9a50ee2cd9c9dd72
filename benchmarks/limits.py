"""How long a run takes under the vendors' documented rate limits, beside the least that these limits allow.

By the stand-ins' virtual clock: a request takes no time and a wait is jumped over, so that what is left is waiting for
rate limits. A tool's own time is that of its last request; the run's bound is that of the slowest tool.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks import bounds
from benchmarks.bounds import Listing
from benchmarks.calls import CLOUD, KLAVIYO, LOG, SHARE, bound_of, insist, work_of
from benchmarks.processes import Say
from benchmarks.team import INTERVAL, TOOLS, Team, team_of
from benchmarks.virtual import VirtualClock, governed
from jobs.side_by_side import side_by_side

NAMES = dict(zip(TOOLS, (CLOUD, LOG, KLAVIYO), strict=True))
SECONDS = {"jira": bounds.jira_seconds, "airtable": bounds.airtable_seconds, "klaviyo": bounds.klaviyo_seconds}
EMPTIED = (("airtable",), ("jira", "klaviyo"))


@dataclass(frozen=True, slots=True)
class Share:
    """One tool's part of a run: its requests and the fewest, the seconds until its last one and the least that the
    fewest take, and how often it answered that it was called too often."""

    requests: int
    fewest: int
    seconds: float
    least: float
    refused: int


@dataclass(frozen=True, slots=True)
class Row:
    """One run. `seconds` are the whole run's, by the virtual clock."""

    campaigns: int
    run: str
    seconds: float
    tools: dict[str, Share]

    @property
    def bound(self) -> float:
        """The least seconds: those of the slowest tool, all at work side by side."""
        return max(tool.least for tool in self.tools.values())

    @property
    def ratio(self) -> float | None:
        """None where the limits demand no wait at all."""
        return ratio(self.seconds, self.bound)

    @property
    def refused(self) -> int:
        """How often any tool answered that it was called too often."""
        return sum(tool.refused for tool in self.tools.values())

    def to_json(self) -> dict[str, Any]:
        tools = {
            name: {
                "requests": tool.requests, "bound": tool.fewest, "seconds": round(tool.seconds, 1),
                "bound_seconds": round(tool.least, 1), "ratio": _rounded(ratio(tool.seconds, tool.least)),
                "refused": tool.refused,
            }
            for name, tool in self.tools.items()
        }  # fmt: skip
        return {
            "campaigns": self.campaigns, "run": self.run, "seconds": round(self.seconds, 1),
            "bound_seconds": round(self.bound, 1), "ratio": _rounded(self.ratio), "refused": self.refused,
            "tools": tools,
        }  # fmt: skip


def ratio(seconds: float, least: float) -> float | None:
    """None where the limits demand no wait at all."""
    return seconds / least if least else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def measure(campaigns: int, say: Say) -> Iterator[Row]:
    """The first sync into an empty Airtable and into an empty Jira and Klaviyo; then runs without a change, after 1 %
    was edited, and over every record."""
    for emptied in EMPTIED:
        with team_of(campaigns, limited=True) as team:
            clock = VirtualClock(team.box.world)
            with governed(clock):
                say(f"{campaigns} campaigns under rate limits: first sync into {' and '.join(emptied)}")
                for tool in emptied:
                    team.empty(tool)
                yield _row(team, clock, f"first sync into an empty {' and '.join(map(str.title, emptied))}")
                if emptied != EMPTIED[-1]:
                    continue
                team.sync()  # sees once more what the first one wrote
                say(f"{campaigns} campaigns under rate limits: later runs")
                yield _row(team, clock, "no change", Listing.CHANGES)
                for tool in ("airtable", "jira"):
                    yield _edited(team, clock, tool)
                yield _row(team, clock, "every record of every tool", full=True)


def _edited(team: Team, clock: VirtualClock, tool: str) -> Row:
    changes = team.editable()[: max(1, team.campaigns // SHARE)]
    team.edit(tool, changes, "Under limits")
    return _row(team, clock, f"{len(changes)} changed in {tool.title()}", Listing.CHANGES, {tool: len(changes)})


def _row(
    team: Team,
    clock: VirtualClock,
    title: str,
    listing: Listing = Listing.FULL,
    changed: dict[str, int] | None = None,
    *,
    full: bool = False,
) -> Row:
    begun = max(team.now, clock.now()) + INTERVAL
    done = team.sync(full=full, side_by_side=clock.works(side_by_side))
    seconds = (clock.now() - begun).total_seconds()
    insist(done)
    entities = {entity.id: entity for entity in team.entities()}
    shares = {}
    for tool in TOOLS:
        asked = [entry for entry in done.asked if entry["tool"] == tool]
        last = max((datetime.fromisoformat(entry["at"]) for entry in asked), default=begun)
        least = bound_of(NAMES[tool], work_of(done, tool, entities, listing, ((changed or {}).get(tool, 0), 0)))
        refused = sum(entry["status"] == 429 for entry in asked)
        shares[tool] = Share(len(asked), least, (last - begun).total_seconds(), SECONDS[tool](least), refused)
    return Row(team.campaigns, title, seconds, shares)
