"""The write protocol of every ESP (reference esp §0, §6.4): look again, refuse, change, and read back. Never a send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, TypeGuard

from connectors.calendar import Content, Entry, Esp, Schedule, Sending, SendTime, Status
from connectors.calendar_content import CONTENT, content_of
from connectors.calendar_drafts import Drafts, outage
from connectors.calendar_records import Records
from connectors.calendar_schedule import Rules, same, send_time, shown, told
from connectors.calendar_steps import Looks, Steps, unfinished
from sync.errors import Rejected, Stale, SyncError
from sync.model import Record
from sync.ports import Archive, Change, Create, Failed, Outcome, Update, Written

Step = Callable[[Steps], None]
TIMED = ("planned", "status")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, in order, and what is refused beside it: the rest of the change goes on without that."""

    steps: tuple[Step, ...] = ()
    refused: Rejected | None = None


class Writes:
    """Carries out changes of one account, one by one. All refusals come before the first request that changes any."""

    def __init__(self, tool: str, esp: Esp, records: Records, sending: Sending) -> None:
        self._tool = tool
        self._esp = esp
        self._records = records
        self._sending = sending
        self._rules = Rules(esp.title, sending.within(esp.calendar), sending, self._now)
        self._drafts = Drafts(tool, esp, records, self._rules, self._refuse_unknown)

    def write(self, changes: Sequence[Change]) -> list[Outcome]:
        """Each change, looked at right before and read back after. Drafts that are to be made are made together."""
        outcomes: list[Outcome] = []
        for makes, some in groupby(changes, key=lambda change: isinstance(change, Create)):
            if makes:
                orders = [change for change in some if isinstance(change, Create)]
                outcomes += self._drafts.make(orders, outage(outcomes))
            else:
                others = list(some)
                looks = Looks(self._esp, [one.record.ref.native for one in others if _is_plain(one)])
                for change in others:
                    down = outage(outcomes)
                    outcomes.append(Failed(change, down) if down else self._write(change, looks))
        return outcomes

    def _write(self, change: Change, looks: Looks) -> Outcome:
        try:
            if isinstance(change, Update):
                return self._update(change, looks)
            if isinstance(change, Archive):
                self._archive(change)
        except SyncError as error:
            return Failed(change, error)
        return Written(change, None)

    def _now(self) -> datetime:
        """The time by which the ESP sends: its own, as soon as it has told it."""
        return self._esp.time() or self._sending.now()

    def _archive(self, change: Archive) -> None:
        current = self._esp.entry(change.record.ref.native)
        if current is None:
            return
        state = self._records.record(current).locked or f"{current.status.value} in {self._esp.title}"
        if current.status is not Status.DRAFT or current.archived or current.read_only:
            raise Rejected(f"{self._tool}: the campaign is {state}; a person has to remove it there.")
        if not self._esp.deletes_drafts:
            raise Rejected(f"{self._tool}: nothing is removed from here; a person has to do it there.")
        self._esp.delete(current)

    def _update(self, change: Update, looks: Looks) -> Outcome:
        self._refuse_unknown(change.fields)
        native = change.record.ref.native
        current = looks.at(native)
        if current is None:
            raise Stale(f"{self._tool}: the campaign {native} is no longer there.")
        # A draft that has its new time already is asked for nothing but to be scheduled.
        planned = change.fields.get("planned", change.record.fields.get("planned"))
        goal = send_time(planned) if change.resumed else None
        if goal is not None:
            done, decision = self._resumption(change, current, goal)
            if done:
                return Written(change, self._records.record(current))
        else:
            self._refuse_if_changed(current, change, {*change.fields, "status"})
            decision = self._decide(change.fields, current)
        return self._carry_out(change, current, decision)

    def _carry_out(self, change: Update, current: Entry, decision: Decision) -> Outcome:
        if decision.refused and not decision.steps:
            raise decision.refused
        steps = Steps(self._esp, self._rules, current, change.step)
        try:
            for step in decision.steps:
                step(steps)
            record = self._records.record(steps.shown) if steps.shown else self._record_of(current.id)
        except SyncError as error:
            return Failed(change, error, self._left(change) if steps.touched else None)
        refused = decision.refused or self._kept(change, record)
        return Failed(change, refused, record) if refused else Written(change, record)

    def _kept(self, change: Update, record: Record) -> Rejected | None:
        """That a time was to be taken away and the draft still holds it. It goes out no more, which is what matters;
        the rest is refused as it is for any draft, so that it stands as a finding until a person has decided."""
        emptied = change.fields.get("planned", ...) is None
        held = send_time(record.fields.get("planned")) if emptied else None
        return self._keeps(held) if held else None

    def _keeps(self, held: SendTime) -> Rejected:
        return Rejected(
            f"{self._esp.title} cannot take a planned send time away from a campaign; it can only change it. The "
            f"campaign is not scheduled, and its draft still holds {told(held)}: give it another time, or remove it "
            f"there."
        )

    def _decide(self, fields: Mapping[str, Any], current: Entry) -> Decision:
        if current.status is Status.SCHEDULED:
            return self._for_scheduled(fields, current)
        content = content_of(fields, current, self._esp, self._records)
        # A plan may still be refused there, so it goes first: nothing is left half done.
        return Decision((*self._planned(fields, current), *_edits(content), *self._scheduled(fields, current)))

    def _planned(self, fields: Mapping[str, Any], current: Entry) -> tuple[Step, ...]:
        """The planned time that a draft is given."""
        if "planned" not in fields:
            return ()
        at, held, plans = send_time(fields["planned"]), current.planned, self._esp.calendar.plans_drafts
        if "planned" in current.odd:
            raise Rejected("How the campaign is sent cannot be understood; choose a send time for it there.")
        if at is None and held is not None:
            raise self._keeps(held)
        if at is not None and not plans and self._word(fields) is not Status.SCHEDULED:
            raise Rejected(f"{self._esp.title} keeps no send time on a draft; schedule the campaign there.")
        if at is None or not plans or same(at, held):
            return ()
        self._rules.may_plan(at, held)
        return (lambda one: one.plan(at),)

    def _scheduled(self, fields: Mapping[str, Any], current: Entry) -> tuple[Step, ...]:
        """The scheduling of a draft, where the workspace lets a sync do it."""
        if self._word(fields) is not Status.SCHEDULED:
            return ()
        goal = send_time(fields.get("planned")) or current.planned
        if goal is None:
            raise Rejected(f"{self._esp.title}: the campaign has no planned send to be scheduled for.")
        self._rules.may_schedule_drafts()
        self._rules.may_schedule(goal, current.planned or goal)
        return (lambda one: one.schedule(goal),)

    def _for_scheduled(self, fields: Mapping[str, Any], current: Entry) -> Decision:
        """Its content and its time are refused apart: one of them does not wait for the other."""
        steps: list[Step] = []
        refused: Rejected | None = None
        try:
            content = content_of(fields, current, self._esp, self._records)
            if content is not None and not self._esp.calendar.edits_scheduled:
                parts = ", ".join(name for name in CONTENT if name in fields)
                raise Rejected(
                    f"{self._esp.title}: the campaign is scheduled, and its {parts} cannot be changed before it is "
                    f"unscheduled there; or change it there as well."
                )
            steps.extend(_edits(content))
        except Rejected as error:
            refused = error
        try:
            steps.extend(self._timed(fields, current))
        except Rejected as error:
            refused = refused or error
        return Decision(tuple(steps), refused)

    def _timed(self, fields: Mapping[str, Any], current: Entry) -> tuple[Step, ...]:
        word, at = self._word(fields), send_time(fields.get("planned"))
        moved = at is not None and not same(at, current.scheduled or current.planned)
        if word == Status.DRAFT or ("planned" in fields and at is None):
            self._rules.may_touch(current)
            if not self._esp.calendar.unschedules:
                raise Rejected(f"{self._esp.title} lets nothing be unscheduled from here; do it there.")
            if at is not None and moved and self._esp.calendar.plans_drafts:
                self._rules.may_plan(at, current.planned)
                return Steps.unschedule, lambda one: one.plan(at)
            return (Steps.unschedule,)
        if at is None or not moved:
            return ()
        self._rules.may_move(current, at)
        return (lambda one: one.move(at),)

    def _resumption(self, change: Update, current: Entry, at: SendTime) -> tuple[bool, Decision]:
        """Whether a change that unscheduled the campaign and got no further is done by now, and what is left of it."""
        rest = {name: value for name, value in change.fields.items() if name not in TIMED}
        if current.status is Status.SCHEDULED:
            if not same(current.scheduled, at):
                raise Stale(f"{self._tool}: the campaign is scheduled again, for another time than {told(at)}.")
            self._refuse_if_changed(current, change, rest)
            return not rest, self._for_scheduled(rest, current)
        try:
            self._refuse_if_changed(current, change, {*rest, "planned", "status"})
            if self._sending.schedule is Schedule.NEVER:
                raise Rejected("This workspace lets no sync touch a schedule any more; schedule it there.")
            self._rules.may_schedule(at, current.planned or at)
            edits = _edits(content_of(rest, current, self._esp, self._records))
        except SyncError as error:
            unfinished(error, self._esp.title, at)
            raise
        return False, Decision((*edits, lambda one: one.finish(at)))

    def _word(self, fields: Mapping[str, Any]) -> Status | None:
        """The status that is asked for."""
        word = fields.get("status")
        if word is None:
            return None
        if word not in (Status.DRAFT, Status.SCHEDULED):
            raise Rejected(f"{self._esp.title}: from here a campaign is scheduled or made a draft, never {word!r}.")
        return Status(word)

    def _refuse_if_changed(self, current: Entry, change: Update, fields: Iterable[str]) -> None:
        """No ESP has a conditional write: what the plan saw is compared right before (reference esp §0.3, §6.4)."""
        planned, now = change.record, self._records.record(current)
        if now.locked and planned.locked:
            raise Rejected(f"{self._tool}: the campaign is {now.locked}.")
        if now.locked:
            raise Stale(f"{self._tool}: the campaign is by now {now.locked}.")
        moved = sorted(name for name in fields if now.fields.get(name) != planned.fields.get(name))
        if moved:
            raise Stale(f"{self._tool}: somebody just changed {', '.join(moved)} of the campaign.")

    def _refuse_unknown(self, fields: Mapping[str, Any]) -> None:
        known = {*CONTENT, "planned"} - (set() if self._esp.tags else {"tags"})
        if self._sending.schedule is Schedule.FULL:
            known.add("status")
        if wrong := sorted(set(fields) - known):
            raise Rejected(f"{self._esp.title} takes no value for {', '.join(wrong)} from here.")

    def _record_of(self, native: str) -> Record:
        entry = self._esp.entry(native)
        if entry is None:
            raise Stale(f"{self._tool}: the campaign {native} is no longer there.")
        return self._records.record(entry)

    def _left(self, change: Update) -> Record | None:
        """What a change left behind that was made by halves, where the ESP tells; without a time that is neither the
        old nor the new one: somebody has set that meanwhile."""
        with suppress(SyncError):
            record = self._record_of(change.record.ref.native)
            ours = [shown(send_time(fields.get("planned"))) for fields in (change.record.fields, change.fields)]
            if record.fields.get("planned") not in ours:
                record = record._replace(fields={k: v for k, v in record.fields.items() if k != "planned"})
            return record
        return None


def _is_plain(change: Change) -> TypeGuard[Update]:
    """Whether it can touch no schedule."""
    return isinstance(change, Update) and not change.resumed and not set(TIMED) & change.fields.keys()


def _edits(content: Content | None) -> tuple[Step, ...]:
    return () if content is None else (lambda one: one.edit(content),)
