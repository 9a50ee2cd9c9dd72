"""Carries out a plan: look again, write down the intent, write, and remember what the tool made of it.

Every batch is one call to a tool between two commits, so that a crash at any point leaves either an intent that the
next run settles by a look-up, or a result. No tool waits for another: only the calls are made side by side, and all
that is remembered is remembered between them, by one tool at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sync.batches import chunks, least, needs_set_up, parts, phases
from sync.codec import encode
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.model import UNSET, Record, Ref
from sync.moves import Moves
from sync.plan import LINK_FIELD, Side, Step
from sync.ports import Archive, Change, Connector, Create, NativeSchema, Outcome, Update, Written
from sync.report import Action
from sync.report import State as Progressed
from sync.state import State
from sync.store import Store
from sync.workspace import Part, Surroundings, Work, Workspace
from sync.written import remember_part, remember_written


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
    moves: Moves
    results: list[Result] = field(default_factory=list)
    down: dict[str, SyncError] = field(default_factory=dict)
    # What a tool shows of a record (entity, tool) that was written.
    shown: dict[tuple[str, str], Record] = field(default_factory=dict)
    # Tools that go by what was kept of their set-up, and their fields by that: they are asked before the first write.
    recalled: dict[str, NativeSchema] = field(default_factory=dict)
    # Entities of which a record was made, and by tool what there is to do about them while others are made: it is given
    # that list, which grows, and whether anybody is still at it.
    made: list[str] = field(default_factory=list)
    meanwhile: Mapping[str, Callable[[list[str], Callable[[], bool]], Work]] = field(default_factory=dict)
    _writing: int = 0  # tools that have steps left
    _makes: bool = False  # whether this part of the steps makes records

    def deliver(self, steps: Sequence[Step]) -> list[Result]:
        """Carry out the steps, in each tool campaigns before stages. Campaigns are archived at the very end: without a
        record anywhere one would be dead, and what is left of its stages would belong to nobody."""
        before = len(self.results)
        for part in parts(steps):
            by_tool: dict[str, list[Step]] = {tool: [] for tool in sorted({step.tool for step in part})}
            for step in part:
                by_tool[step.tool].append(step)
            self._writing = len(by_tool)
            self._makes = any(step.action is Action.CREATE for step in part)
            others = sorted(self.meanwhile.keys() - by_tool.keys()) if self._makes else []
            works = [self._deliver_tool(tool, own, len(steps)) for tool, own in by_tool.items()]
            try:
                self.around.side_by_side([*works, *map(self._do_meanwhile, others)])
            except BaseException:
                self.moves.broken = True
                raise
        # In an order that does not tell which tool was the faster one.
        self.results[before:] = sorted(self.results[before:], key=lambda result: result.step.tool)
        self.down = dict(sorted(self.down.items()))
        self.shown = dict(sorted(self.shown.items(), key=lambda place: place[0]))
        return self.results

    def _deliver_tool(self, tool: str, steps: Sequence[Step], total: int) -> Work:
        batch = max(1, self.sides[tool].capability.batch)
        try:
            for phase in phases(steps):
                for chunk in chunks(phase, batch):
                    yield from self._deliver_chunk(tool, chunk)
                    self.around.progress("writing", len(self.results), total)
        finally:
            self._writing -= 1
        yield from self._do_meanwhile(tool)

    def _do_meanwhile(self, tool: str) -> Work:
        if self._makes and tool in self.meanwhile and tool not in self.down:
            yield from self.meanwhile[tool](self.made, lambda: self._writing > 0)

    def _deliver_chunk(self, tool: str, chunk: Sequence[Step]) -> Part[None]:
        if tool in self.down:
            self._put_off(chunk, self.down[tool])
            return
        connector = self.workspace.tools[tool].connector
        try:
            yield from self._ask_set_up(tool, connector, chunk)
            ready = yield from self._ready(tool, connector, chunk)
        except SyncError as error:
            self.down[tool] = error
            self._put_off(chunk, error)
            return
        if not ready:
            return
        intents = self._intend(ready, self._now(tool))
        side, noted = self.sides[tool], self.moves.noted
        changes = [noted(step, change, intent, side) for (step, change), intent in zip(ready, intents, strict=True)]
        try:
            outcomes: Sequence[Outcome] = yield partial(connector.write, changes)
        except SyncError as error:
            # The connector could not say how a single change ended, so nobody knows.
            self.down[tool] = error
            self._put_off([step for step, _ in ready], error)
            return
        for step, refusal in self._conclude(ready, intents, outcomes):
            if step.action is Action.CREATE:
                yield from self._bare(tool, step, refusal)
            else:
                yield from self._cell_by_cell(tool, connector, step)

    def _ask_set_up(self, tool: str, connector: Connector, chunk: Sequence[Step]) -> Part[None]:
        """What was kept of a tool's set-up will do to read, but not to write. Raises Stale when it has changed."""
        known = self.recalled.get(tool)
        if known is not None and needs_set_up(chunk, known, self.sides[tool].capability):
            del self.recalled[tool]
            connector.recall(None)
            if (yield connector.schema) != known:
                raise Stale(f"{tool}: its fields have changed meanwhile; the next run goes by what they are now")

    def _bare(self, tool: str, step: Step, refusal: SyncError) -> Part[None]:
        """Repeat a refused creation with only what it cannot do without: one bad value must not keep a record from
        being made. The next run gives it the rest, cell by cell, and tells which one is refused."""
        bare = least(step, self.sides[tool].mapping)
        if bare is None:
            self.results.append(Result(step, Progressed.FAILED, refusal))
            return
        yield from self._deliver_chunk(tool, [bare])
        # Where even that is refused, what was planned is what has failed.
        done = Progressed.DONE
        self.results[:] = [replace(r, step=step) if r.step is bare and r.state is not done else r for r in self.results]

    def _cell_by_cell(self, tool: str, connector: Connector, step: Step) -> Part[None]:
        """Repeat a refused update cell by cell: tools take all of a change or nothing, and one bad value must hold
        back no other. What the record shows already was written before the refusal, as fields are before a status."""
        if step.sighting is None:
            return
        mapping, ref = self.sides[tool].mapping, step.sighting.record.ref
        try:
            now = (yield partial(connector.read, [ref])).get(ref)
        except SyncError as error:
            self._put_off([step], error)
            return
        shown = mapping.get(now).values if now else {}
        for cell in step.cells:
            one = replace(step, values={cell.field: cell.new}, cells=(cell,), native={}, moves_to=None)
            if cell.field == LINK_FIELD:
                yield from self._deliver_chunk(tool, [replace(one, moves_to=step.moves_to)])
            elif now and shown.get(cell.field, UNSET) == cell.new:
                self._remember(one, now)
                with self.store.transaction() as transaction:
                    transaction.save([self.state.entities[step.entity]])
                self.results.append(Result(one, Progressed.DONE))
            else:
                native = mapping.put(step.kind, one.values, step.sighting.record).fields
                yield from self._deliver_chunk(tool, [replace(one, native=native)])

    def _ready(self, tool: str, connector: Connector, chunk: Sequence[Step]) -> Part[list[tuple[Step, Change]]]:
        """The changes whose records still are what the plan saw, as far as the write itself does not compare that."""
        refs = [step.sighting.record.ref for step in chunk if step.sighting and not self._is_compared(step)]
        fresh: Mapping[Ref, Record] = (yield partial(connector.read, refs)) if refs else {}
        ready: list[tuple[Step, Change]] = []
        for step in chunk:
            seen = step.sighting.record if step.sighting else None
            now = seen if seen is None or self._is_compared(step) else fresh.get(seen.ref)
            parent, known = self._parent(step)
            if seen and (now is None or step.differs(now, self.sides[tool].mapping)):
                self._put_off([step], Stale(f"somebody changed it in {tool} meanwhile; the next run merges that"))
            elif not known:
                self._put_off([step], Stale(f"its campaign has no record in {tool} yet"))
            elif now is None:
                ready.append((step, Create(step.entity, step.kind, step.native, parent)))
            elif step.action is Action.ARCHIVE:
                ready.append((step, Archive(now)))
            else:
                ready.append((step, Update(now, step.native, parent, resumed=step.resumed)))
        return ready

    def _is_compared(self, step: Step) -> bool:
        """Whether the write looks by itself. Where a send was taken off the calendar earlier, we look all the same."""
        return self.sides[step.tool].capability.compares and step.action is Action.UPDATE and not step.resumed

    def _parent(self, step: Step) -> tuple[str | None, bool]:
        """The native id of the campaign record that a stage is to hang on, and whether there is one if needed."""
        if step.moves_to is None:
            return None, True
        campaign = self.state.entities.get(step.moves_to)
        link = campaign.links.get(step.tool) if campaign else None
        return (link.ref.native, True) if link and not link.gone else (None, False)

    def _intend(self, ready: Sequence[tuple[Step, Change]], at: datetime) -> list[int]:
        changes = [(step.tool, step.entity, step.action.value, _cells(step)) for step, _ in ready]
        with self.store.transaction() as transaction:
            return transaction.intend(self.run, at, changes)

    def _conclude(
        self, ready: Sequence[tuple[Step, Change]], intents: Sequence[int], outcomes: Sequence[Outcome]
    ) -> list[tuple[Step, SyncError]]:
        """Remember how the changes ended; gives the refused ones of which a part may still be taken."""
        refused: list[tuple[Step, SyncError]] = []
        known: list[int] = []  # whose end is known
        with self.store.transaction() as transaction:
            for (step, _), intent, outcome in zip(ready, intents, outcomes, strict=True):
                if isinstance(outcome, Written):
                    self._remember(step, outcome.record)
                    self.made += [step.entity] if step.action is Action.CREATE else []
                    known += self.moves.done(step, intent)
                    self.results.append(Result(step, Progressed.DONE))
                    continue
                entity, side = self.state.entities[step.entity], self.sides[step.tool]
                remember_part(entity, step, outcome.record, side, self.workspace.schema, self._now(step.tool))
                # An unanswered write keeps its intent: what became of it is looked up before it is repeated. So does
                # one that stopped between its steps.
                unknown = isinstance(outcome.error, Ambiguous)
                halfway = self.moves.failed(step, intent, outcome, side)
                known += [] if unknown or halfway else [intent]
                if isinstance(outcome.error, Unavailable | ConfigError) and not unknown:
                    self.down[step.tool] = outcome.error
                if isinstance(outcome.error, Rejected) and len(step.cells) > 1:
                    refused.append((step, outcome.error))
                    continue
                late = isinstance(outcome.error, Stale | Unavailable | ConfigError)
                state = Progressed.DEFERRED if late else Progressed.FAILED
                self.results.append(Result(step, state, outcome.error))
            transaction.save(self.state.entities[step.entity] for step, _ in ready)
            transaction.conclude(known)
        return refused

    def _remember(self, step: Step, record: Record | None) -> None:
        entity, now = self.state.entities[step.entity], self._now(step.tool)
        if record is None:
            entity.links[step.tool].gone, entity.links[step.tool].learned = True, now
            return
        self.shown[step.entity, step.tool] = record
        remember_written(entity, step, record, self.sides[step.tool], self.workspace.schema, now)

    def _now(self, tool: str) -> datetime:
        """By the tool's own clock where it tells one."""
        return self.workspace.tools[tool].connector.time() or self.around.clock()

    def _put_off(self, steps: Iterable[Step], error: SyncError) -> None:
        state = Progressed.FAILED if isinstance(error, Rejected) else Progressed.DEFERRED
        self.results.extend(Result(step, state, error) for step in steps)


def _cells(step: Step) -> dict[str, list[object]]:
    return {cell.field: [encode(cell.old), encode(cell.new)] for cell in step.cells}
