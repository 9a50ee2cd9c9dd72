"""Any ESP's calendar as a tool: its campaigns as records of the same fields, read, told of, changed and measured."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from connectors.answers import moment
from connectors.calendar import Entry, Esp, Sending
from connectors.calendar_records import Records
from connectors.calendar_writes import Writes
from sync.errors import Outdated
from sync.model import METRICS, Attribution, Kind, Record, Ref
from sync.ports import Capability, Change, Member, NativeSchema, Outcome, Relation

OVERLAP = timedelta(minutes=5)  # how much of the past each question for changes covers again


class CalendarConnector:
    """The campaigns of one account. A send has no stages, no owner, and no deletion that leaves a trace.

    `sending` says how far a sync may go with the account's schedule; whatever it says, nothing is sent from here.
    """

    def __init__(self, tool: str, esp: Esp, sending: Sending | None = None) -> None:
        self.tool = tool
        allowed = sending or Sending()
        calendar = esp.calendar
        self.capability = Capability(
            frozenset({Kind.CAMPAIGN}),
            settle=esp.settle,
            creates=calendar.plans_drafts or calendar.schedules,
            archives=esp.deletes_drafts,
            changes=calendar.lists_changed,
            calendar=calendar,
        )
        self._esp = esp
        self._records = Records(tool, esp, allowed.schedule)
        self._writes = Writes(tool, esp, self._records, allowed)
        self._overlap = max(OVERLAP, timedelta(seconds=2 * esp.settle))
        self._position: str | None = None

    def schema(self) -> NativeSchema:
        """The campaign's fields, with the lists, segments and tags as they are now."""
        return {Kind.CAMPAIGN: self._records.fields()}

    def fetch(self) -> Iterator[Record]:
        """Every email campaign."""
        self._position = None
        yield from self._read(self._esp.entries())

    def changes(self, since: str) -> Iterator[Record | Ref]:
        """What changed since a position. What is deleted leaves no trace; a census misses it."""
        at = moment(since) if self.capability.changes else None
        if at is None:
            raise Outdated(f"{self.tool} does not tell what changed since {since!r}.")
        self._position = since
        yield from self._read(self._esp.changed(at))

    def position(self) -> str | None:
        """The ESP's own time when the last complete reading began, less an overlap."""
        return self._position

    def census(self) -> Iterator[Ref]:
        """The refs of the full listing."""
        seen: set[str] = set()
        for entry in self._esp.entries():
            if entry.id not in seen:
                seen.add(entry.id)
                yield Ref(self.tool, Kind.CAMPAIGN, entry.id)

    def members(self) -> Sequence[Member]:
        """Nobody: a campaign has no owner there (reference esp §0.6)."""
        return ()

    def relate(self, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
        """Never called: nothing is linked from here."""

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        """These campaigns one by one. None is the ESP's own not-found."""
        entries = {ref: self._esp.entry(ref.native) for ref in refs}
        return {ref: self._records.record(entry) if entry else None for ref, entry in entries.items()}

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Each change by itself, re-read right before and read back after."""
        return [self._writes.write(change) for change in changes]

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:
        """What became of these sends, as counts."""
        found = self._esp.measure([ref.native for ref in refs]) if refs else {}
        return {ref: _counts(found[ref.native]) for ref in refs if ref.native in found}

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:
        """About how many people these lists and segments have; one request each where the listing told no sizes."""
        return {name: size for name in audiences if (size := self._records.size_of(name)) is not None}

    def attribution(self, record: Record, field_id: str) -> Attribution | None:  # noqa: ARG002  no ESP tells a field
        """When the campaign last changed, where the ESP tells; it names nobody, and counts its own changes."""
        return Attribution(None, record.changed_at) if self._esp.calendar.tells_changed_at else None

    def time(self) -> datetime | None:
        """The ESP's own time, by its last answer."""
        return self._esp.time()

    def close(self) -> None:
        """Give back sockets."""
        self._esp.close()

    def _read(self, entries: Iterator[Entry]) -> Iterator[Record]:
        """Each campaign once. The position moves on when all of them were read."""
        began = self._esp.time()
        seen: set[str] = set()
        for entry in entries:
            began = began or self._esp.time()
            if entry.id not in seen:
                seen.add(entry.id)
                yield self._records.record(entry)
        began = began or self._esp.time()
        if began is not None and self.capability.changes:
            self._position = (began - self._overlap).astimezone(UTC).isoformat(timespec="seconds")


def _counts(told: Mapping[str, float]) -> dict[str, float]:
    return {name: count for name, count in told.items() if name in METRICS and math.isfinite(count)}
