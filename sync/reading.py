"""Reads every tool, in full or what changed since the last run; one that cannot be read leaves only itself out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sync.errors import Outdated, SyncError
from sync.guard import is_emptied
from sync.identity import Sighting
from sync.intake import Intake, is_as_remembered, is_moved, unless_blank
from sync.metering import due_measurements, sight
from sync.model import Record, Ref
from sync.plan import Side
from sync.ports import NativeSchema
from sync.state import Position, Remembered, State
from sync.workspace import Surroundings, Tool, Workspace


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked to read besides what changed: these entities, or (`full`) everything. With `believe_absence`
    a tool in which very much is missing is not taken for emptied. With `keep` the run will keep the tools' positions;
    without it they are not even asked for, since a tool may have to make something in order to give one."""

    entities: frozenset[str] = frozenset()
    full: bool = False
    believe_absence: bool = False
    keep: bool = True


@dataclass(slots=True)
class _Listed:
    """What one tool told. `counted` are all its refs where they were counted, `gone` those it says are gone."""

    side: Side
    found: dict[Ref, Sighting] = field(default_factory=dict)
    whole: bool = False
    counted: set[Ref] | None = None
    gone: set[Ref] = field(default_factory=set)


def read_tools(workspace: Workspace, state: State, around: Surroundings, asked: Asked) -> Intake:
    """Read all tools. Raises nothing for a single tool's failure."""
    intake, listed = Intake(), {}
    readers = {name: _Reader(name, tool, workspace, state, around, intake) for name, tool in workspace.tools.items()}
    asked = replace(asked, entities=asked.entities | due_measurements(state, workspace, around.clock()))
    for name, reader in readers.items():
        around.progress(f"reading {name}", 0, None)
        try:
            listed[name] = reader.read(asked)
        except SyncError as error:
            intake.errors[name] = str(error)
            continue
        intake.sides[name] = listed[name].side
        intake.counts[name] = len(listed[name].found)
        intake.shown.update(listed[name].found)
    intake.partial = not all(one.whole for one in listed.values())
    _look_directly(intake, listed, readers, state, asked)
    owners = state.links()
    if intake.partial:
        intake.shown = {r: s for r, s in intake.shown.items() if owners.get(r) in intake.touched or r not in owners}
    for ref, sighting in intake.shown.items():
        if ref in owners:
            intake.shown[ref] = unless_blank(sighting, state.entities[owners[ref]])
    return intake


class _Reader:
    """The reading of one tool."""

    def __init__(
        self, name: str, tool: Tool, workspace: Workspace, state: State, around: Surroundings, intake: Intake
    ) -> None:
        self.name, self.tool, self.workspace = name, tool, workspace
        self.state, self.around, self.intake = state, around, intake
        self.now = around.clock()
        self.links = {e.links[name].ref: e.links[name] for e in state.entities.values() if name in e.links}

    def sight(self, side: Side, record: Record) -> Sighting:
        """A record with its meaning."""
        link = self.links.get(record.ref)
        return sight(side, record, link.measured if link else None, self.now, self.workspace.zone)

    def read(self, asked: Asked) -> _Listed:
        native = self.tool.connector.schema()
        listed = _Listed(Side(self.tool.connector.capability, self.tool.bind(native)))
        self.intake.times[self.name] = self.tool.connector.time() or self.now
        meaning = _meaning(self.workspace, self.tool, native)
        before = None if asked.full else self._position(listed.side, meaning)
        if before is None or not self._catch_up(listed, before):
            listed.whole = True
            for record in self.tool.connector.fetch():
                listed.found[record.ref] = self.sight(listed.side, record)
                self.around.progress(f"reading {self.name}", len(listed.found), None)
            before = None
        self._follow_hints(listed)
        self._look_again(listed)
        if asked.keep:
            self._place(listed, before, meaning)
        return listed

    def _position(self, side: Side, meaning: str) -> Position | None:
        """Where to go on from; None when everything has to be read: nothing is known, what records mean has changed,
        a write got no answer, or the last time is long ago."""
        position = self.state.positions.get(self.name)
        if position is None or not side.capability.changes or position.meaning != meaning:
            return None
        if any(intent.tool == self.name for intent in self.state.intents):
            return None
        return None if self._is_due(position.listed, self.workspace.full_every) else position

    def _is_due(self, last: datetime, every: timedelta) -> bool:
        return not last <= self.now < last + every  # a clock that was set back makes it due as well

    def _catch_up(self, listed: _Listed, before: Position) -> bool:
        """What changed since; False where the tool cannot tell any more."""
        connector = self.tool.connector
        try:
            for one in connector.changes(before.text):
                if isinstance(one, Ref):
                    listed.gone.add(one)
                    listed.found.pop(one, None)
                else:
                    listed.found[one.ref] = self.sight(listed.side, one)
                    listed.gone.discard(one.ref)
                self.around.progress(f"reading {self.name}", len(listed.found), None)
        except Outdated:
            listed.found.clear()
            listed.gone.clear()
            return False
        except SyncError as error:
            if connector.position() in (None, before.text):
                raise
            self.intake.errors[self.name] = str(error)  # what was read is good, and the next run goes on from there
        if self._is_due(before.counted, self.workspace.count_every):
            listed.counted = set(connector.census())
        return True

    def _follow_hints(self, listed: _Listed) -> None:
        """Read what a tool told of on its own past any index, which may not show it yet."""
        hinted = [hint.ref for hint in self.state.hints if hint.ref.tool == self.name]
        for ref, record in (self.tool.connector.read(hinted) if hinted else {}).items():
            if record is None:
                listed.gone.add(ref)
                listed.found.pop(ref, None)
            else:
                listed.found[record.ref] = self.sight(listed.side, record)

    def _place(self, listed: _Listed, before: Position | None, meaning: str) -> None:
        text = self.tool.connector.position()
        if text is None or not listed.side.capability.changes:
            return
        counted = before is None or listed.counted is not None
        self.intake.positions[self.name] = Position(
            text,
            meaning,
            before.listed if before else self.now,
            self.now if counted else before.counted if before else self.now,
        )

    def _look_again(self, listed: _Listed) -> None:
        """Read past the index what a lagging listing shows changed: what was there before our own last write would
        pass for somebody's edit. So is what an unanswered write may have changed."""
        if not listed.side.capability.settle:
            return
        owners = self.state.links()
        unanswered = {intent.entity for intent in self.state.intents if intent.tool == self.name}
        doubtful = []
        for ref, sighting in listed.found.items():
            entity = self.state.entities.get(owners.get(ref, ""))
            if entity and (entity.id in unanswered or is_moved(sighting, entity, owners)):
                doubtful.append(ref)
        for ref, record in (self.tool.connector.read(doubtful) if doubtful else {}).items():
            if record is None:
                del listed.found[ref]  # listed and gone: it is looked for like every other one that is missing
                listed.gone.add(ref)
            else:
                listed.found[ref] = self.sight(listed.side, record)


def _meaning(workspace: Workspace, tool: Tool, native: NativeSchema) -> str:
    """A digest of everything that says what the tool's records mean, and among whom they are compared."""
    told = repr((tool.meaning, sorted(native.items()), sorted(workspace.tools)))
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def _look_directly(
    intake: Intake, listed: Mapping[str, _Listed], readers: Mapping[str, _Reader], state: State, asked: Asked
) -> None:
    """Look directly at linked records that a tool seems to have lost, unless it seems to be emptied, and at those that
    nobody listed of the entities that this run is about."""
    alive = {entity.id: entity for entity in state.entities.values() if not entity.dead}
    missing = {name: _missing(name, one, alive) for name, one in listed.items()}
    intake.touched = _touched(intake, state, asked) if intake.partial else set(alive)
    for name, entities in missing.items():
        if _seems_emptied(intake, readers[name], entities, alive, asked):
            entities.clear()
        intake.touched.update(entities)
    for name, one in listed.items():
        intake.touched.update(_back_again(name, one, alive))
    for name, one in listed.items():
        if not one.whole and name not in intake.emptied:
            missing[name].update(_unread(name, one, alive, intake.touched))
        _read_directly(intake, readers[name], one, missing[name], alive, asked)


def _missing(name: str, listed: _Listed, alive: Mapping[str, Remembered]) -> set[str]:
    """The entities whose record the tool does not list, or says is gone."""
    links = {id_: entity.links[name] for id_, entity in alive.items() if name in entity.links}
    known = {id_: link.ref for id_, link in links.items() if not link.gone}
    if listed.whole:
        return {id_ for id_, ref in known.items() if ref not in listed.found}
    counted = listed.counted
    lost = {id_ for id_, ref in known.items() if counted is not None and ref not in counted and ref not in listed.found}
    return lost | {id_ for id_, ref in known.items() if ref in listed.gone}


def _unread(name: str, listed: _Listed, alive: Mapping[str, Remembered], touched: set[str]) -> Iterable[str]:
    for id_ in touched:
        link = alive[id_].links.get(name) if id_ in alive else None
        if link is not None and link.ref not in listed.found and (not link.gone or link.ref in (listed.counted or ())):
            yield id_


def _back_again(name: str, listed: _Listed, alive: Mapping[str, Remembered]) -> Iterable[str]:
    """The entities whose record had gone and is counted again."""
    for id_, entity in alive.items() if listed.counted else ():
        link = entity.links.get(name)
        if link is not None and link.gone and link.ref in (listed.counted or ()):
            yield id_


def _touched(intake: Intake, state: State, asked: Asked) -> set[str]:
    """The entities that this run is about: those with a record that shows something else than what is remembered, and
    those of which something is left to do."""
    owners = state.links()
    touched = {e.id for e in state.entities.values() if e.is_unsettled or (e.id in asked.entities and not e.dead)}
    touched.update(intent.entity for intent in state.intents if intent.entity in state.entities)
    for ref, sighting in intake.shown.items():
        entity = state.entities.get(owners.get(ref, ""))
        if entity and not entity.dead and not is_as_remembered(sighting, entity, owners):
            touched.add(entity.id)
    return touched


def _seems_emptied(
    intake: Intake, reader: _Reader, missing: set[str], alive: Mapping[str, Remembered], asked: Asked
) -> bool:
    name = reader.name
    links = [entity.links[name] for entity in alive.values() if name in entity.links]
    expected = sum(not link.gone for link in links)
    news = sum(alive[id_].links[name].missed == 0 for id_ in missing)
    if asked.believe_absence or not is_emptied(news, expected, reader.workspace.bounds):
        return False
    intake.emptied[name] = f"{news} of {expected} records are not there any more"
    return True


def _read_directly(
    intake: Intake,
    reader: _Reader,
    listed: _Listed,
    entities: set[str],
    alive: Mapping[str, Remembered],
    asked: Asked,
) -> None:
    if not entities:
        return
    name = reader.name
    links = {id_: alive[id_].links[name] for id_ in sorted(entities)}
    try:
        direct = reader.tool.connector.read([link.ref for link in links.values()])
    except SyncError as error:
        intake.errors[name] = str(error)
        return
    absent = {id_ for id_, link in links.items() if direct.get(link.ref) is None}
    for link in links.values():
        if record := direct.get(link.ref):
            intake.shown[link.ref] = reader.sight(listed.side, record)
    if not _seems_emptied(intake, reader, absent, alive, asked):
        intake.absent.update((id_, name) for id_ in absent)
