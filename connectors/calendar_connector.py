"""Any ESP's calendar as a tool: its campaigns as records of the same fields, read, told of, changed and measured."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.answers import moment
from connectors.calendar import Entry, Esp, Sending, several
from connectors.calendar_records import Records
from connectors.calendar_writes import Writes
from sync.errors import Outdated
from sync.model import METRICS, Attribution, Kind, Record, Ref
from sync.ports import Capability, Change, Member, NativeSchema, Outcome, Relation, Withheld

OVERLAP = timedelta(minutes=5)  # how much of the past each question for changes covers again
# How often archived campaigns are asked for changes where that takes a question of its own. Nothing of them is written
# and none goes out, so that what becomes of them may be told that late; whoever is taken out of the archive is among
# the others at once.
ARCHIVED_EVERY = timedelta(hours=1)
LONGEST = 200_000  # characters of what is remembered of an account


class CalendarConnector:
    """The campaigns of one account. A send has no stages, no owner, and no deletion that leaves a trace.

    `sending` says how far a sync may go with the account's schedule; whatever it says, nothing is sent from here.
    """

    def __init__(self, tool: str, esp: Esp, sending: Sending | None = None) -> None:
        self.tool = tool
        allowed = sending or Sending()
        calendar = allowed.within(esp.calendar)
        self.capability = Capability(
            frozenset({Kind.CAMPAIGN}),
            batch=esp.batch,
            settle=esp.settle,
            creates=calendar.plans_drafts or calendar.schedules,
            archives=esp.deletes_drafts,
            changes=calendar.lists_changed,
            remembers=True,
            calendar=calendar,
            withholds=True,
            compares=True,
        )
        self._esp = esp
        self._records = Records(tool, esp, allowed.schedule)
        self._writes = Writes(tool, esp, self._records, allowed)
        self._overlap = max(OVERLAP, timedelta(seconds=2 * esp.settle))
        self._position: _Position | None = None
        self._in_archive = False  # whether the last changes were those of archived campaigns as well

    def schema(self) -> NativeSchema:
        """The campaign's fields, with the lists, segments and tags as they are now, or as they are recalled."""
        return {Kind.CAMPAIGN: self._records.fields()}

    def setup(self) -> str | None:
        """The names of the lists, segments and tags, and what the ESP itself has learned of the account."""
        names = self._records.known()
        told = json.dumps({"names": names, "esp": self._esp.memory()}, separators=(",", ":")) if names else ""
        return told if 0 < len(told) <= LONGEST else None

    def recall(self, setup: str | None) -> None:
        """Ask for no names that this tells. One that it lacks, of which a campaign tells, is asked for all the same."""
        known: Any = None
        with suppress(ValueError, RecursionError):
            known = json.loads(setup) if setup else None
        known = known if isinstance(known, dict) else {}
        self._records.recall(known.get("names"))
        learned = known.get("esp")
        self._esp.recall(learned if isinstance(learned, dict) else {})

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:  # noqa: ARG002  it goes on nowhere
        """Every email campaign."""
        self._position = None
        yield from self._read(self._esp.entries())

    def reached(self) -> str | None:
        return None

    def changes(self, since: str) -> Iterator[Record | Ref]:
        """What changed since a position. What is deleted leaves no trace; a census misses it.

        Archived campaigns that only a question of their own shows are read once an hour: until then a position goes as
        far with them as they were read.
        """
        begin = _Position.of(since) if self.capability.changes else None
        if begin is None:
            raise Outdated(f"{self.tool} does not tell what changed since {since!r}.")
        self._position = begin
        yield from self._read(self._changed(begin), begin)

    def _changed(self, begin: _Position) -> Iterator[Entry]:
        yield from self._esp.changed(begin.others)
        self._in_archive = self._is_due(begin)
        if self._in_archive:
            yield from self._esp.changed(begin.archived, archived=True)

    def _is_due(self, begin: _Position) -> bool:
        """Whether the archived campaigns are to be read, by the ESP's time."""
        now = self._esp.time()
        since = begin.archived + self._overlap
        return self._esp.archives_apart and not (now and since <= now < since + ARCHIVED_EVERY)

    def position(self) -> str | None:
        """The ESP's own time when the last complete reading began, less an overlap; one more where the archived
        campaigns were read longer ago."""
        return self._position.text() if self._position else None

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

    def glance(self, refs: Sequence[Ref]) -> Mapping[Ref, Record]:
        """These campaigns by pages, where the ESP has a question for several of them."""
        native = [ref.native for ref in refs]
        shown = several(self._esp, native) if len(native) > 1 else {}
        return {ref: self._records.record(shown[ref.native]) for ref in refs if ref.native in shown}

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        """These campaigns one by one. None is the ESP's own not-found."""
        entries = {ref: self._esp.entry(ref.native) for ref in refs}
        return {ref: self._records.record(entry) if entry else None for ref, entry in entries.items()}

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Each change by itself, looked at right before and read back after; drafts are made together."""
        return self._writes.write(changes)

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:
        """What became of these sends, as counts."""
        found = self._esp.measure([ref.native for ref in refs]) if refs else {}
        return {ref: _counts(found[ref.native]) for ref in refs if ref.native in found}

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:
        """About how many people these lists and segments have; one request each where the listing told no sizes."""
        return {name: size for name in audiences if (size := self._records.size_of(name)) is not None}

    def withheld(self) -> Sequence[Withheld]:
        """What the account keeps from us of what is read here; asks the ESP."""
        return self._esp.withheld()

    def attribution(self, record: Record, field_id: str) -> Attribution | None:  # noqa: ARG002  no ESP tells a field
        """When the campaign last changed, where the ESP tells; it names nobody, and counts its own changes."""
        return Attribution(None, record.changed_at) if self._esp.calendar.tells_changed_at else None

    def time(self) -> datetime | None:
        """The ESP's own time, by its last answer."""
        return self._esp.time()

    def close(self) -> None:
        """Give back sockets."""
        self._esp.close()

    def _read(self, entries: Iterator[Entry], begun: _Position | None = None) -> Iterator[Record]:
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
            at = (began - self._overlap).astimezone(UTC)
            whole = begun is None or self._in_archive or not self._esp.archives_apart
            self._position = _Position(at, at if begun is None or whole else begun.archived)


@dataclass(frozen=True, slots=True)
class _Position:
    """Since when changes are to be told: of the archived campaigns, and of all others."""

    others: datetime
    archived: datetime

    @classmethod
    def of(cls, text: str) -> _Position | None:
        """Out of a position's text; None where it means nothing."""
        moments = [moment(part) for part in text.split(" ")]
        if not 1 <= len(moments) <= 2 or None in moments:
            return None
        first, *rest = (at for at in moments if at)
        return cls(first, *(rest or [first]))

    def text(self) -> str:
        told = [at.isoformat(timespec="seconds") for at in (self.others, self.archived)]
        return " ".join(dict.fromkeys(told))


def _counts(told: Mapping[str, float]) -> dict[str, float]:
    return {name: count for name, count in told.items() if name in METRICS and math.isfinite(count)}
