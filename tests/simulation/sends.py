"""Knows whose doing it is that a send is on an ESP's calendar or off it, and so whether the sync may touch it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.calendar import Entry, SendTime
from tests.simulation.violation import Violation

MARGIN = timedelta(minutes=30)  # the least that the workspace wants between now and whatever is done to a send


@dataclass(slots=True)
class Sends:
    """The schedules of all ESPs.

    `off` are sends (tool, id) that people had put on the calendar and the sync has taken off last. `asked`: somebody
    has said in some tool that a campaign is to be scheduled.
    """

    off: set[tuple[str, str]] = field(default_factory=set)
    asked: bool = False

    def by_people(self, tool: str, id_: str) -> None:
        """Somebody scheduled it, took it off or removed it: it is as they want it."""
        self.off.discard((tool, id_))

    def scheduled(self, tool: str, entry: Entry, at: SendTime, now: datetime) -> None:
        """The sync schedules a draft."""
        if (tool, entry.id) not in self.off and not self.asked:
            raise Violation(f"{entry.id} in {tool} is scheduled by the sync, and nobody had scheduled it")
        self.off.discard((tool, entry.id))
        _not_near(tool, entry, at, now)

    def unscheduled(self, tool: str, entry: Entry, now: datetime) -> None:
        """The sync takes a send off the calendar."""
        _not_near(tool, entry, entry.scheduled, now)
        self.off.add((tool, entry.id))

    def moved(self, tool: str, entry: Entry, at: SendTime, now: datetime) -> None:
        """The sync moves a send at once."""
        for one in (entry.scheduled, at):
            _not_near(tool, entry, one, now)


def _not_near(tool: str, entry: Entry, at: SendTime | None, now: datetime) -> None:
    if at is None or at.at - now <= MARGIN:
        raise Violation(f"the schedule of {entry.id} in {tool} is touched at {now}, too near to {at}")
