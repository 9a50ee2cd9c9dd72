"""An ESP's account for the simulation: the wire below the real calendar connector, request by request.

Every request of the sync's is two moments at which something may go wrong, and what it does to a schedule is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from connectors.calendar import PLACEHOLDER, Audience, Content, Entry, SendTime, Status, no_changes, unheard
from sync.errors import Rejected, Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Archive, Calendar, Change, Create, Update, Withheld
from tests.simulation.index import Index
from tests.simulation.played import Fate, Hooks

# (call, when): told of every request before and after.
Moment = Callable[[str, str], None]
# (what it was, what it is, by whom)
Told = Callable[[Entry | None, Entry, str], None]


class Account:
    """One account (`connectors.calendar.Esp`). `log` is what was really applied, in canonical words."""

    title = "Postbox"
    deletes_drafts = True
    tags = False
    archives_apart = False

    def __init__(
        self, tool: str, calendar: Calendar, batch: int, settle: float, fate: Fate, hooks: Hooks, told: Told
    ) -> None:
        self.tool, self.calendar, self.batch, self.settle = tool, calendar, batch, settle
        self.fate, self.now, self.sends, self.told = fate, hooks.now, hooks.sends, told
        self.at: Moment = partial(hooks.at, tool)
        self.held: dict[str, Entry] = {}
        self.log: list[Change] = []
        self.index: Index[Entry] = Index(hooks.now)
        self.made = 0
        self._read_back = False  # the next look is the one at what was just written

    # What happens there, whoever does it.

    def put(self, entry: Entry, who: str) -> None:
        """Hold this from now on."""
        before = self.held.get(entry.id)
        self.index.conceal(entry.id, before)
        self.held[entry.id] = replace(entry, status_raw=entry.status.value, changed_at=self.now() + self.fate.skew)
        self.index.happened(entry.id)
        self.told(before, entry, who)

    def new(self, content: Content, planned: SendTime | None, marker: str | None, who: str) -> str:
        self.made += 1
        id_ = f"{self.tool}{self.made}"
        subjects = (content.subject or PLACEHOLDER,)
        self.put(
            Entry(id_, content.name or "", Status.DRAFT, "", planned=planned, subjects=subjects, marker=marker), who
        )
        return id_

    def remove(self, id_: str) -> None:
        self.index.conceal(id_, self.held[id_])
        self.index.happened(id_)
        del self.held[id_]

    def pass_time(self) -> None:
        """What is due goes out."""
        for entry in list(self.held.values()):
            if entry.status is Status.SCHEDULED and entry.scheduled and entry.scheduled.at <= self.now():
                sent = replace(entry, status=Status.SENT, status_raw="sent", metrics={"delivered": 100.0})
                self.held[entry.id] = sent
                self.index.happened(entry.id, entry.scheduled.at)

    # What the sync asks.

    def memory(self) -> Mapping[str, Any]:
        return {"asked": True}

    def recall(self, known: Mapping[str, Any]) -> None:
        """Nothing is learned here."""

    def entries(self) -> Iterator[Entry]:
        self._enter("entries")
        fault, self.fate.listing = self.fate.listing, ""
        shown = self.fate.order(list(self.index.shown(self.held).values()))
        for number, entry in enumerate(shown):
            if fault == "broken" and number >= len(shown) / 2:
                raise Unavailable("the listing broke off")
            if fault == "empty" or (fault == "short" and entry is shown[-1]):
                continue
            yield entry
            if fault == "twice" and entry is shown[0]:
                yield entry
        self.at("entries", "after")

    def changed(self, since: datetime, *, archived: bool = False) -> Iterator[Entry]:
        if not self.calendar.lists_changed:
            yield from no_changes(self.title, since)
        self._enter("changed")
        shown = self.index.shown(self.held)
        yield from self.fate.order([shown[id_] for id_ in sorted(self.index.told(since) & shown.keys())])
        self.at("changed", "after")

    def entry(self, id_: str) -> Entry | None:
        self._enter("readback" if self._read_back else "entry")
        self._read_back = False
        found = self.held.get(id_)
        self.at("entry", "after")
        return found

    def several(self, ids: Sequence[str]) -> Iterator[Entry]:
        self._enter("readback" if self._read_back else "several")
        self._read_back = False
        shown = self.index.shown(self.held)
        yield from self.fate.order([shown[id_] for id_ in ids if id_ in shown])
        self.at("several", "after")

    def create(self, content: Content, planned: SendTime | None, marker: str) -> str:
        self._enter("create")
        id_ = self.new(content, planned, marker, "sync")
        self.log.append(Create(marker, Kind.CAMPAIGN, {}))
        self._answered("create")
        return id_

    def label(self, tags: Mapping[str, Collection[str]]) -> None:
        raise AssertionError("there are no tags")

    def edit(self, entry: Entry, content: Content) -> Entry | None:
        self._enter("edit")
        scheduled = (Status.SCHEDULED,) if self.calendar.edits_scheduled else ()
        held = self._there(entry, Status.DRAFT, *scheduled)
        subjects = held.subjects if content.subject is None else (content.subject or PLACEHOLDER,)
        self._apply(replace(held, name=content.name or held.name, subjects=subjects), _canonical(content))
        self._answered("edit")
        return self.held[entry.id] if self.calendar.plans_drafts else None

    def plan(self, entry: Entry, at: SendTime) -> Entry | None:
        self._enter("plan")
        held = self._there(entry, Status.DRAFT)
        self._apply(replace(held, planned=at), ["planned_send"])
        self.at("plan", "after")  # what stands there now is compared before it is scheduled
        return self.held[entry.id]

    def schedule(self, entry: Entry, at: SendTime) -> None:
        self._enter("schedule")
        held = self._there(entry, Status.DRAFT)
        self.sends().scheduled(self.tool, held, at, self.now())
        planned = at if self.calendar.plans_drafts else None
        self._apply(replace(held, status=Status.SCHEDULED, scheduled=at, planned=planned), ["planned_send"])
        self._answered("schedule")

    def unschedule(self, entry: Entry, confirmed: Callable[[], None] = unheard) -> None:
        self._enter("unschedule")
        held = self._there(entry, Status.SCHEDULED)
        self.sends().unscheduled(self.tool, held, self.now())
        self._apply(replace(held, status=Status.DRAFT, scheduled=None), [])
        self.at("unschedule", "after")
        confirmed()
        self.at("confirmed", "after")

    def move(self, entry: Entry, at: SendTime) -> None:
        self._enter("move")
        held = self._there(entry, Status.SCHEDULED)
        self.sends().moved(self.tool, held, at, self.now())
        self._apply(replace(held, scheduled=at), ["planned_send"])
        self._answered("move")

    def delete(self, entry: Entry) -> None:
        self._enter("delete")
        self.remove(self._there(entry, Status.DRAFT).id)
        self.log.append(Archive(self._record(entry.id)))
        self.at("delete", "after")

    def audiences(self) -> Sequence[Audience]:
        self._enter("audiences")
        return ()

    def audience(self, id_: str) -> Audience | None:
        return None

    def tag_names(self) -> Sequence[tuple[str, str]]:
        return ()

    def measure(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        self._enter("measure")
        return {id_: self.held[id_].metrics for id_ in ids if id_ in self.held}

    def withheld(self) -> Sequence[Withheld]:
        self._enter("withheld")
        return ()

    def time(self) -> datetime | None:
        return self.now()

    def close(self) -> None:
        """There is nothing to give back."""

    def _enter(self, call: str) -> None:
        self.at(call, "before")
        if self.fate.down:
            raise self.fate.down
        self.pass_time()

    def _answered(self, call: str) -> None:
        self._read_back = True
        self.at(call, "after")

    def _there(self, entry: Entry, *states: Status) -> Entry:
        """What is held of it now. Raises Rejected where that is in none of these states."""
        held = self.held.get(entry.id)
        if held is None or held.status not in states:
            raise Rejected(f"it is {held.status}" if held else "it is not there")
        return held

    def _apply(self, entry: Entry, written: list[str]) -> None:
        self.put(entry, "sync")
        self.log.append(Update(self._record(entry.id), dict.fromkeys(written)))

    def _record(self, id_: str) -> Record:
        return Record(Ref(self.tool, Kind.CAMPAIGN, id_), {})


def _canonical(content: Content) -> list[str]:
    return [name for name, value in (("name", content.name), ("subject", content.subject)) if value is not None]
