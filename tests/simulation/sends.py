"""Knows whose doing it is that a send is on an ESP's calendar or off it, and so whether the sync may touch it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.calendar import Entry, SendTime
from sync.model import Instant, Value
from tests.simulation.violation import Violation

MARGIN = timedelta(minutes=30)  # the least that the workspace wants between now and whatever is done to a send


@dataclass(slots=True)
class Sends:
    """The schedules of all ESPs.

    `off` are sends (tool, id) that people had put on the calendar and the sync has taken off last; of `theirs` somebody
    has set a time since that is none of the `times` that were planned before. `asked`: somebody has said in some tool
    that a campaign is to be scheduled.
    """

    off: set[tuple[str, str]] = field(default_factory=set)
    theirs: set[tuple[str, str]] = field(default_factory=set)
    asked: bool = False
    times: set[Value] = field(default_factory=set)

    def by_people(self, tool: str, id_: str) -> None:
        """Somebody scheduled it, took it off or removed it: it is as they want it."""
        self.off.discard((tool, id_))
        self.theirs.discard((tool, id_))

    def timed(self, tool: str, id_: str, at: Value) -> None:
        """Somebody plans it for another time while no run goes on. What was planned anywhere before may be the sync's
        own, for all that the sync can see."""
        is_new = at not in self.times and (tool, id_) in self.off
        (self.theirs.add if is_new else self.theirs.discard)((tool, id_))

    def scheduled(self, tool: str, entry: Entry, at: SendTime, now: datetime) -> None:
        """The sync schedules a draft."""
        if (tool, entry.id) not in self.off and not self.asked:
            raise Violation(f"{entry.id} in {tool} is scheduled by the sync, and nobody had scheduled it")
        if (tool, entry.id) in self.theirs and not self.asked:
            raise Violation(f"{entry.id} in {tool} is scheduled by the sync while somebody is setting its time")
        self.off.discard((tool, entry.id))
        _not_near(tool, entry, at, now)

    def unscheduled(self, tool: str, entry: Entry, now: datetime) -> None:
        """The sync takes a send off the calendar."""
        _not_near(tool, entry, entry.scheduled, now)
        self.off.add((tool, entry.id))
        self.times.update(Instant(one.at) for one in (entry.planned, entry.scheduled) if one)

    def moved(self, tool: str, entry: Entry, at: SendTime, now: datetime) -> None:
        """The sync moves a send at once."""
        for one in (entry.scheduled, at):
            _not_near(tool, entry, one, now)


def _not_near(tool: str, entry: Entry, at: SendTime | None, now: datetime) -> None:
    if at is None or at.at - now <= MARGIN:
        raise Violation(f"the schedule of {entry.id} in {tool} is touched at {now}, too near to {at}")
