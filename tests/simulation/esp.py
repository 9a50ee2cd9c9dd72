"""An ESP for the simulation: the real calendar connector and the real lenses over a simulated account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from connectors.calendar import PLACEHOLDER, Content, Entry, Schedule, Sending, SendTime, Status
from connectors.calendar_connector import CalendarConnector
from mappings.bind import bind
from mappings.load import MappingFile, load
from sync.model import Instant, Kind, Record, Ref, Value, schema
from sync.ports import BoundMapping, Calendar, Change, NativeSchema, Outcome, TimeKind, View
from tests.simulation.account import Account
from tests.simulation.played import Fate, Hooks, Played
from tests.simulation.sends import MARGIN
from tests.simulation.tool import Make
from tests.sync.plain import BERLIN

INSTANTS = frozenset({TimeKind.INSTANT})
EDITED = frozenset({Status.DRAFT, Status.SCHEDULED})


@cache
def _file() -> MappingFile:
    return load(Path(__file__).with_name("esp.toml"), "klaviyo", schema())


@dataclass(frozen=True)
class EspMake(Make):
    """How one ESP of a team is made. `full`: the workspace lets the sync schedule drafts."""

    calendar: Calendar = Calendar(INSTANTS)  # noqa: RUF009  it is frozen
    full: bool = False

    def tool(self, hooks: Hooks) -> Played:
        return SimulatedEsp(self, hooks)

    def bind(self, native: NativeSchema) -> BoundMapping:
        return bind(_file(), self.name, native, schema(), (), BERLIN)


class SimulatedEsp(CalendarConnector):
    """One ESP, with what people do there."""

    def __init__(self, make: EspMake, hooks: Hooks) -> None:
        self.make, self.fate, self._hooks = make, Fate(), hooks
        self.account = Account(make.name, make.calendar, make.batch, make.lags, self.fate, hooks, self._tell)
        allowed = Sending(Schedule.FULL if make.full else Schedule.MOVE, MARGIN, hooks.now)
        super().__init__(make.name, self.account, allowed)
        self.index, self.log = self.account.index, self.account.log
        self.bin: dict[str, Record] = {}  # what is deleted in an ESP does not come back
        self.returned: set[str] = set()
        self.is_writing = False
        self._bound: BoundMapping | None = None

    # What people do.

    def put(self, kind: Kind, fields: Mapping[str, Any], parent: str | None = None) -> str:
        return self.account.new(Content(fields["name"], fields.get("subject")), None, None, "person")

    def edit(self, native: str, /, **fields: Any) -> None:
        """What the ESP lets people edit: a draft, and of what is scheduled its time, or all."""
        self.account.pass_time()
        entry = self.account.held[native]
        if entry.status not in EDITED or entry.read_only:
            return
        at = fields.get("planned_send")
        if isinstance(at, Instant) and entry.status is Status.SCHEDULED:
            self.schedule(native, at)
        elif isinstance(at, Instant) and self.make.calendar.plans_drafts:
            self.account.put(replace(entry, planned=_time(at)), "person")
        elif entry.status is Status.DRAFT or self.make.calendar.edits_scheduled:
            subject = fields.get("subject", _subject(entry))
            name = fields.get("name") or entry.name
            self.account.put(replace(entry, name=name, subjects=(subject or PLACEHOLDER,)), "person")

    def schedule(self, native: str, at: Instant) -> None:
        """Put it on the calendar, or elsewhere on it."""
        self.account.pass_time()
        entry = self.account.held[native]
        if entry.status in EDITED and at.at > self._hooks.now():
            planned = _time(at) if self.make.calendar.plans_drafts else None
            self._hooks.sends().by_people(self.tool, native)
            scheduled = replace(entry, status=Status.SCHEDULED, planned=planned, scheduled=_time(at))
            self.account.put(scheduled, "person")

    def unschedule(self, native: str) -> None:
        """Take it off the calendar."""
        self.account.pass_time()
        entry = self.account.held[native]
        if entry.status is Status.SCHEDULED:
            self._hooks.sends().by_people(self.tool, native)
            self.account.put(replace(entry, status=Status.DRAFT, scheduled=None), "person")

    def move(self, native: str, parent: str | None) -> None:
        """There are no stages."""

    def delete(self, native: str) -> None:
        self._hooks.sends().by_people(self.tool, native)
        self.account.remove(native)

    def restore(self, native: str) -> None:
        raise AssertionError("nothing comes back")

    def lock(self, native: str, reason: str | None) -> None:
        entry = self.account.held[native]
        if entry.read_only != reason:
            self.account.put(replace(entry, read_only=reason), "person")

    # What a world needs of it.

    @property
    def records(self) -> Mapping[str, Record]:
        self.account.pass_time()
        return {
            id_: Record(Ref(self.tool, Kind.CAMPAIGN, id_), _fields(one), marker=one.marker, locked=_locked(one))
            for id_, one in self.account.held.items()
        }

    def views(self, kind: Kind) -> Mapping[str, View]:
        return self._mapping().views(kind)

    def shows(self, native: str) -> Mapping[str, Value]:
        self.account.pass_time()
        return self._mapping().get(self._records.record(self.account.held[native])).values

    def image(self) -> Any:
        return dict(self.account.held), list(self.log), self.account.made, self.index.image()

    def resume(self, image: Any) -> None:
        held, log, self.account.made, events = image
        self.account.held, self.log[:] = dict(held), log
        self.index.resume(events)

    # What the sync asks.

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        self.is_writing = True
        try:
            return super().write(changes)
        finally:
            self.is_writing = False

    def _mapping(self) -> BoundMapping:
        if self._bound is None:
            down, self.fate.down = self.fate.down, None  # it is we who ask
            self._bound = self.make.bind(self.schema())
            self.fate.down = down
        return self._bound

    def _tell(self, before: Entry | None, after: Entry, who: str) -> None:
        self._hooks.watch(self.tool, after.id, _fields(before) if before else {}, _fields(after), who)


def _time(at: Instant) -> SendTime:
    return SendTime(TimeKind.INSTANT, at.at)


def _locked(entry: Entry) -> str | None:
    return "it is sent" if entry.status is Status.SENT else entry.read_only


def _subject(entry: Entry) -> str | None:
    subject = (entry.subjects or (PLACEHOLDER,))[0]
    return None if subject == PLACEHOLDER else subject


def _fields(entry: Entry) -> dict[str, Value]:
    """What it holds, in canonical words; fields that are empty are left out, as other tools do."""
    when = entry.scheduled or entry.planned
    found: dict[str, Value] = {"name": entry.name, "subject": _subject(entry), "status": entry.status.value}
    found["planned_send"] = Instant(when.at) if when else None
    return {name: value for name, value in found.items() if value is not None}
