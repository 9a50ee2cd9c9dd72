"""A tiny ESP in memory that writes down what it is asked to change, and its campaigns as a connector shows them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.calendar import (
    PLACEHOLDER,
    Audience,
    Content,
    Entry,
    Schedule,
    Sending,
    SendTime,
    Status,
    no_changes,
    unheard,
)
from connectors.calendar_connector import CalendarConnector
from sync.model import Kind, Record, Ref
from sync.ports import Calendar, Failed, Metering, Outcome, TimeKind, Update, Withheld, Written

NOW = datetime(2026, 11, 10, 8, tzinfo=UTC)
REF = Ref("news", Kind.CAMPAIGN, "C1")
FULLY = Calendar(
    kinds=frozenset(TimeKind), writes=frozenset(TimeKind), plans_drafts=True, schedules=True, unschedules=True,
    tells_changed_at=True, metering=Metering.ROW,
)  # fmt: skip


def at(hours: float, kind: TimeKind = TimeKind.INSTANT) -> SendTime:
    """A time so many hours from now."""
    when = NOW + timedelta(hours=hours)
    if kind is TimeKind.DAY:
        return SendTime(kind, when.replace(hour=0, minute=0, tzinfo=None))
    return SendTime(kind, when.replace(tzinfo=None) if kind is TimeKind.RECIPIENT_LOCAL else when)


def draft(**changes: Any) -> Entry:
    """A draft that is planned for in two days."""
    entry = Entry("C1", "Spring", Status.DRAFT, "draft", planned=at(48), subjects=("Hello",), tags=("promo",))
    return replace(entry, **{"audiences": (("L1",), ())} | changes)


def scheduled(when: SendTime | None = None, **changes: Any) -> Entry:
    """A campaign that a person has scheduled."""
    goes = when or at(48)
    return replace(draft(planned=goes), status=Status.SCHEDULED, status_raw="scheduled", scheduled=goes, **changes)


class TinyEsp:
    """Holds campaigns. `after` meddles once a call of that name is done, `failing` raises instead of one, `doubtful`
    raises once it is done."""

    title = "News"
    settle = 0.0
    deletes_drafts = True
    tags = True
    batch = 1
    archives_apart = False

    def __init__(self, *entries: Entry, calendar: Calendar = FULLY, **offers: Any) -> None:
        self.calendar = replace(calendar, **offers)
        self.held = {entry.id: entry for entry in entries}
        self.calls: list[str] = []
        self.after: dict[str, Callable[[], None]] = {}
        self.failing: dict[str, Exception] = {}
        self.doubtful: dict[str, Exception] = {}
        self.looks = 0
        self.answers = False  # whether the answer to a change shows the campaign
        self.asked: list[tuple[datetime, bool]] = []  # since when, and whether for archived ones
        self.lagging: dict[str, Entry] = {}  # what a listing shows still
        self.names = {"L1": "Customers", "L2": "Newcomers"}
        self.listings = 0
        self.now: datetime | None = NOW

    def holds(self, **changes: Any) -> None:
        """Somebody changes the campaign there."""
        self.held["C1"] = replace(self.held["C1"], **changes)

    def _did(self, call: str, detail: str = "", **changes: Any) -> None:
        if call in self.failing:
            raise self.failing[call]
        self.calls.append(f"{call} {detail}".strip())
        if changes:
            self.holds(**changes)
        if call in self.after:
            self.after.pop(call)()
        if call in self.doubtful:
            raise self.doubtful[call]

    def entries(self) -> Iterator[Entry]:
        yield from list(self.held.values())

    def memory(self) -> Mapping[str, Any]:
        return {}

    def recall(self, known: Mapping[str, Any]) -> None:
        """Nothing was learned."""

    def changed(self, since: datetime, *, archived: bool = False) -> Iterator[Entry]:
        if not self.calendar.lists_changed:
            return no_changes(self.title, since)
        self.asked.append((since, archived))
        return iter([entry for entry in self.held.values() if not self.archives_apart or entry.archived is archived])

    def several(self, ids: Sequence[str]) -> Iterator[Entry]:
        self.looks += 1
        return iter([self.lagging.get(id_, self.held[id_]) for id_ in ids if id_ in self.held])

    def label(self, tags: Mapping[str, Collection[str]]) -> None:
        for id_, names in tags.items():
            self.held[id_] = replace(self.held[id_], tags=tuple(sorted(names)))
        self._did("label", " ".join(sorted(tags)))

    def entry(self, id_: str) -> Entry | None:
        self.looks += 1
        if "entry" in self.failing:
            raise self.failing["entry"]
        return self.held.get(id_)

    def create(self, content: Content, planned: SendTime | None, marker: str) -> str:
        made = draft(planned=planned, subjects=(content.subject or PLACEHOLDER,), marker=marker)
        number = 1 if self.batch == 1 else len(self.held) + 1
        self.held[f"C{number}"] = replace(
            made, id=f"C{number}", name=content.name or "", tags=(), audiences=content.audiences or ((), ())
        )
        self._did("create")
        return f"C{number}"

    def edit(self, entry: Entry, content: Content) -> Entry | None:
        changes: dict[str, Any] = {"name": content.name or entry.name}
        if content.subject is not None:
            changes["subjects"] = (content.subject or PLACEHOLDER,)
        if content.audiences is not None:
            changes["audiences"] = content.audiences
        if content.tags is not None:
            changes["tags"] = tuple(sorted(content.tags))
        self._did("edit", **changes)
        return self.held[entry.id] if self.answers else None

    def plan(self, entry: Entry, at: SendTime) -> Entry | None:
        assert self.held[entry.id].status is Status.DRAFT
        self._did("plan", at.native()["at"], planned=at)
        return self.held[entry.id] if self.answers else None

    def schedule(self, entry: Entry, at: SendTime) -> None:
        assert self.held[entry.id].status is Status.DRAFT
        self._did("schedule", at.native()["at"], status=Status.SCHEDULED, status_raw="scheduled", scheduled=at)

    def unschedule(self, entry: Entry, confirmed: Callable[[], None] = unheard) -> None:
        planned = entry.planned if self.calendar.plans_drafts else None
        self._did("unschedule", status=Status.DRAFT, status_raw="draft", scheduled=None, planned=planned)
        if "shown" in self.failing:
            confirmed()
            raise self.failing["shown"]

    def move(self, entry: Entry, at: SendTime) -> None:
        self._did("move", at.native()["at"], scheduled=at, planned=at)

    def delete(self, entry: Entry) -> None:
        self._did("delete")
        del self.held[entry.id]

    def audiences(self) -> Sequence[Audience]:
        self.listings += 1
        return [Audience(id_, name) for id_, name in self.names.items()]

    def audience(self, id_: str) -> Audience | None:
        return None

    def tag_names(self) -> Sequence[tuple[str, str]]:
        return [("T1", "promo"), ("T2", "spring")]

    def measure(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        return {id_: {"opens": 5, "luck": 1, "clicks": float("nan")} for id_ in ids if id_ in self.held}

    def withheld(self) -> Sequence[Withheld]:
        return ()

    def time(self) -> datetime | None:
        return self.now

    def close(self) -> None:
        """Nothing is open."""


class Desk:
    """A connector over a tiny ESP, with the campaign as a run has read it."""

    def __init__(self, esp: TinyEsp, schedule: Schedule = Schedule.MOVE) -> None:
        self.esp = esp
        self.tool = CalendarConnector("news", esp, Sending(schedule, timedelta(minutes=30), lambda: NOW))
        self.record = self.look()
        self.begun = 0  # how often it was to be taken off the calendar
        self.steps: list[str] = []  # after which call that was sure
        self.sure: bool | None = None  # what was said of it last

    def look(self) -> Record:
        record = self.tool.read([REF])[REF]
        assert record
        return record

    def _step(self, sure: bool) -> None:
        self.sure = sure
        if sure:
            self.steps.append(self.esp.calls[-1])
        else:
            self.begun += 1

    def update(self, *, resumed: bool = False, **fields: Any) -> Outcome:
        """A change on the ground of what was read at the beginning; times may be given as they are."""
        native = {name: value.native() if isinstance(value, SendTime) else value for name, value in fields.items()}
        change = Update(self.record, native, step=self._step, resumed=resumed)
        (outcome,) = self.tool.write([change])
        return outcome

    def done(self, **fields: Any) -> Record:
        outcome = self.update(**fields)
        assert isinstance(outcome, Written), outcome.error
        assert outcome.record == self.look()
        return outcome.record

    def refused(self, **fields: Any) -> str:
        """The words of a change that fails without having touched anything."""
        before = list(self.esp.calls)
        outcome = self.update(**fields)
        assert isinstance(outcome, Failed)
        assert (self.esp.calls, outcome.record) == (before, None)
        return f"{type(outcome.error).__name__}: {outcome.error}"
