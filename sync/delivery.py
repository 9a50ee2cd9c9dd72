"""Carries out a plan: look again, write down the intent, write, and remember what the tool made of it.

Every batch is one call to a tool between two commits, so that a crash at any point leaves either an intent that the
next run settles by a look-up, or a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync.codec import encode
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.merge import Memory
from sync.model import UNSET, EntityLink, Kind, Record, Value
from sync.plan import LINK_FIELD, NAME_OF_CAMPAIGN, Side, Step
from sync.ports import Archive, Change, Connector, Create, Outcome, Update, Written
from sync.reconcile import acknowledged, memory_of_new
from sync.report import Action
from sync.report import State as Progressed
from sync.state import Link, State
from sync.store import Store
from sync.transaction import Transaction
from sync.workspace import Surroundings, Workspace


@dataclass(frozen=True, slots=True)
class Result:
    """How one step ended. `error` is set where it failed or was put off."""

    step: Step
    state: Progressed
    error: SyncError | None = None


@dataclass(slots=True)
class Delivery:
    """Writes the steps of one run into the tools."""

    run: str
    store: Store
    state: State
    workspace: Workspace
    sides: Mapping[str, Side]
    around: Surroundings
    results: list[Result] = field(default_factory=list)
    down: dict[str, SyncError] = field(default_factory=dict)
    # What a tool shows of a record (entity, tool) that was written.
    shown: dict[tuple[str, str], Record] = field(default_factory=dict)
    # Sends (entity, tool) that are off the calendar by our doing, and whether that is sure.
    unscheduled: dict[tuple[str, str], bool] = field(default_factory=dict)
    _begun: dict[int, bool] = field(default_factory=dict)  # intents that took a send off, and whether that is sure

    def deliver(self, steps: Sequence[Step]) -> list[Result]:
        """Carry out the steps, campaigns before stages (archives the other way round)."""
        total = len(steps)
        for phase in _phases(steps):
            for tool in sorted({step.tool for step in phase}):
                batch = max(1, self.sides[tool].capability.batch)
                for chunk in _chunks([step for step in phase if step.tool == tool], batch):
                    self._deliver_chunk(tool, chunk)
                    self.around.progress("writing", len(self.results), total)
        return self.results

    def _deliver_chunk(self, tool: str, chunk: Sequence[Step]) -> None:
        if tool in self.down:
            self._put_off(chunk, self.down[tool])
            return
        connector = self.workspace.tools[tool].connector
        try:
            ready = self._ready(tool, connector, chunk)
        except SyncError as error:
            self.down[tool] = error
            self._put_off(chunk, error)
            return
        if not ready:
            return
        intents = self._intend(ready, connector.time() or self.around.clock())
        changes = [self._noted(step, change, intent) for (step, change), intent in zip(ready, intents, strict=True)]
        try:
            outcomes = connector.write(changes)
        except SyncError as error:
            # The connector could not say how a single change ended, so nobody knows.
            self.down[tool] = error
            self._put_off([step for step, _ in ready], error)
            return
        for step, refusal in self._conclude(ready, intents, outcomes):
            if step.action is Action.CREATE:
                self._bare(tool, step, refusal)
            else:
                self._cell_by_cell(tool, connector, step)

    def _bare(self, tool: str, step: Step, refusal: SyncError) -> None:
        """Repeat a refused creation with only what it cannot do without: one bad value must not keep a record from
        being made. The next run gives it the rest, cell by cell, and tells which one is refused."""
        mapping, least = self.sides[tool].mapping, dict(step.values)
        for name in step.values:
            rest = {other: value for other, value in least.items() if other != name}
            if mapping.lacking(step.kind, rest) is None:
                least = rest
        if len(least) == len(step.values):
            self.results.append(Result(step, Progressed.FAILED, refusal))
            return
        native = mapping.put(step.kind, {**least, NAME_OF_CAMPAIGN: step.campaign_name}, None).fields
        cells = tuple(cell for cell in step.cells if cell.field in least)
        self._deliver_chunk(tool, [replace(step, values=least, native=native, cells=cells)])

    def _cell_by_cell(self, tool: str, connector: Connector, step: Step) -> None:
        """Repeat a refused update cell by cell: tools take all of a change or nothing, and one bad value must hold
        back no other. What the record shows already was written before the refusal, as fields are before a status."""
        if step.sighting is None:
            return
        mapping, ref = self.sides[tool].mapping, step.sighting.record.ref
        try:
            now = connector.read([ref]).get(ref)
        except SyncError as error:
            self._put_off([step], error)
            return
        shown = mapping.get(now).values if now else {}
        for cell in step.cells:
            one = replace(step, values={cell.field: cell.new}, cells=(cell,), native={}, moves_to=None)
            if cell.field == LINK_FIELD:
                self._deliver_chunk(tool, [replace(one, moves_to=step.moves_to)])
            elif now and shown.get(cell.field, UNSET) == cell.new:
                self._remember(one, now)
                with self.store.transaction() as transaction:
                    transaction.save([self.state.entities[step.entity]])
                self.results.append(Result(one, Progressed.DONE))
            else:
                native = mapping.put(step.kind, one.values, step.sighting.record).fields
                self._deliver_chunk(tool, [replace(one, native=native)])

    def _ready(self, tool: str, connector: Connector, chunk: Sequence[Step]) -> list[tuple[Step, Change]]:
        """The changes whose records still are what the plan saw."""
        refs = [step.sighting.record.ref for step in chunk if step.sighting is not None]
        fresh = connector.read(refs) if refs else {}
        ready: list[tuple[Step, Change]] = []
        for step in chunk:
            if step.sighting is None:
                parent, known = self._parent(step)
                if known:
                    ready.append((step, Create(step.entity, step.kind, step.native, parent)))
                else:
                    self._put_off([step], Stale(f"its campaign has no record in {tool} yet"))
                continue
            now = fresh.get(step.sighting.record.ref)
            if now is None or self._differs(step, now):
                self._put_off([step], Stale(f"somebody changed it in {tool} meanwhile; the next run merges that"))
                continue
            parent, known = self._parent(step)
            if not known:
                self._put_off([step], Stale(f"its campaign has no record in {tool} yet"))
            elif step.action is Action.ARCHIVE:
                ready.append((step, Archive(now)))
            else:
                ready.append((step, Update(now, step.native, parent, resumed=step.resumed)))
        return ready

    def _noted(self, step: Step, change: Change, intent: int) -> Change:
        """The change, which tells us when it has taken a send off the calendar."""
        if not isinstance(change, Update) or self.sides[step.tool].capability.calendar is None:
            return change

        def unscheduled(sure: bool) -> None:
            self._begun[intent] = sure
            with self.store.transaction() as transaction:
                transaction.unscheduled(intent, sure=sure)

        return replace(change, step=unscheduled)

    def _parent(self, step: Step) -> tuple[str | None, bool]:
        """The native id of the campaign record that a stage is to hang on, and whether there is one if needed."""
        if step.moves_to is None:
            return None, True
        campaign = self.state.entities.get(step.moves_to)
        link = campaign.links.get(step.tool) if campaign else None
        return (link.ref.native, True) if link and not link.gone else (None, False)

    def _differs(self, step: Step, now: Record) -> bool:
        if step.sighting is None:
            return False
        before, mapping = step.sighting.reading.values, self.sides[step.tool].mapping
        reading = mapping.get(now).values
        names = [name for name in step.values if name != LINK_FIELD] or list(before)
        moved = LINK_FIELD in step.values and now.parent != step.sighting.record.parent
        return moved or any(reading.get(name) != before.get(name) for name in names if name != LINK_FIELD)

    def _intend(self, ready: Sequence[tuple[Step, Change]], at: datetime) -> list[int]:
        with self.store.transaction() as transaction:
            return [
                transaction.intend(self.run, at, step.tool, step.entity, step.action.value, _cells(step))
                for step, _ in ready
            ]

    def _conclude(
        self, ready: Sequence[tuple[Step, Change]], intents: Sequence[int], outcomes: Sequence[Outcome]
    ) -> list[tuple[Step, SyncError]]:
        """Remember how the changes ended; gives the refused ones of which a part may still be taken."""
        refused: list[tuple[Step, SyncError]] = []
        with self.store.transaction() as transaction:
            for (step, _), intent, outcome in zip(ready, intents, outcomes, strict=True):
                if isinstance(outcome, Written):
                    self._remember(step, outcome.record)
                    transaction.save([self.state.entities[step.entity]])
                    self._finished(transaction, step, intent)
                    self.results.append(Result(step, Progressed.DONE))
                    continue
                self._remember_part(step, outcome.record)
                transaction.save([self.state.entities[step.entity]])
                # An unanswered write keeps its intent: what became of it is looked up before it is repeated. So does
                # one that stopped between its steps.
                unknown = isinstance(outcome.error, Ambiguous)
                kept = unknown or self._is_halfway(intent, outcome.error)
                if intent in self._begun and kept:
                    self.unscheduled[step.entity, step.tool] = self._begun[intent]
                transaction.conclude(intent, "intended" if kept else "failed", str(outcome.error))
                if isinstance(outcome.error, Unavailable | ConfigError) and not unknown:
                    self.down[step.tool] = outcome.error
                if isinstance(outcome.error, Rejected) and len(step.cells) > 1:
                    refused.append((step, outcome.error))
                    continue
                late = isinstance(outcome.error, Stale | Unavailable | ConfigError)
                state = Progressed.DEFERRED if late else Progressed.FAILED
                self.results.append(Result(step, state, outcome.error))
        return refused

    def _finished(self, transaction: Transaction, step: Step, intent: int) -> None:
        """The change is done, and with it an earlier one that it has finished."""
        transaction.conclude(intent, "done")
        if step.resumed:
            for earlier in self.state.intents:
                if earlier.unscheduled and (earlier.entity, earlier.tool) == (step.entity, step.tool):
                    transaction.conclude(earlier.id, "done")
        if step.resumed or intent in self._begun:
            self.unscheduled.pop((step.entity, step.tool), None)

    def _is_halfway(self, intent: int, error: SyncError) -> bool:
        """Whether a change has left a send off the calendar. A plain refusal to take it off has done nothing."""
        sure = self._begun.get(intent)
        return sure is True or (sure is False and not isinstance(error, Rejected | Stale | ConfigError))

    def _remember(self, step: Step, record: Record | None) -> None:
        entity = self.state.entities[step.entity]
        if record is None:
            entity.links[step.tool].gone = True
            return
        self.shown[step.entity, step.tool] = record
        link = entity.links.setdefault(step.tool, Link(record.ref))
        link.key, link.url = record.key, record.url
        values: dict[str, Value] = dict(self.sides[step.tool].mapping.get(record).values)
        if LINK_FIELD in step.values or (step.kind is Kind.STAGE and step.action is Action.CREATE):
            values[LINK_FIELD] = EntityLink(step.moves_to) if step.moves_to else None
        if step.action is Action.CREATE:
            views = self.sides[step.tool].mapping.views(step.kind)
            link.memory = memory_of_new(entity, views, self.workspace.schema, {*step.values, LINK_FIELD}, values)
            return
        for name, wanted in step.values.items():
            link.memory[name] = acknowledged(values.get(name, wanted), wanted)

    def _remember_part(self, step: Step, record: Record | None) -> None:
        """Remember what a change left behind that was made in part: it is nobody's edit."""
        link = self.state.entities[step.entity].links.get(step.tool)
        if record is None or link is None:
            return
        shown = self.sides[step.tool].mapping.get(record).values
        for name in step.values:
            if name in shown and name in link.memory:
                link.memory[name] = Memory(shown[name])

    def _put_off(self, steps: Iterable[Step], error: SyncError) -> None:
        state = Progressed.FAILED if isinstance(error, Rejected) else Progressed.DEFERRED
        self.results.extend(Result(step, state, error) for step in steps)


def _cells(step: Step) -> dict[str, list[object]]:
    return {cell.field: [encode(cell.old), encode(cell.new)] for cell in step.cells}


def _phases(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Campaigns before stages, but archived stages before archived campaigns."""
    archives = [step for step in steps if step.action is Action.ARCHIVE]
    others = [step for step in steps if step.action is not Action.ARCHIVE]
    yield [step for step in others if step.kind is Kind.CAMPAIGN]
    yield [step for step in others if step.kind is Kind.STAGE]
    yield [step for step in archives if step.kind is Kind.STAGE]
    yield [step for step in archives if step.kind is Kind.CAMPAIGN]


def _chunks(steps: Sequence[Step], size: int) -> Iterator[list[Step]]:
    for at in range(0, len(steps), size):
        yield list(steps[at : at + size])
