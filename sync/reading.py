"""Reads every tool, in full or what changed since the last run; one that cannot be read leaves only itself out.

A full listing is compared by fingerprints: what is as it was is not looked at closer. So it differs from reading what
changed by what it asks of the tool, and hardly by what it makes us do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sync.errors import SyncError
from sync.guard import is_emptied
from sync.identity import Sighting
from sync.intake import Intake, is_as_remembered, is_moved, is_over, shows_what_is_agreed, unless_blank
from sync.listed import Asked, Listed
from sync.listing import Reader
from sync.metering import due_measurements
from sync.model import Kind, Record, Ref
from sync.ports import Glancing
from sync.state import Link, Remembered, State
from sync.workspace import Surroundings, Work, Workspace


def read_tools(workspace: Workspace, state: State, around: Surroundings, asked: Asked) -> Intake:
    """Read all tools. Raises nothing for a single tool's failure."""
    intake = Intake()
    asked = replace(asked, entities=asked.entities | due_measurements(state, workspace, around.clock()))
    readers = {name: Reader(name, tool, workspace, state, around) for name, tool in workspace.tools.items()}
    listed = _understood(readers, state, around, intake, asked)
    intake.broken_off = {name: reader.broken_off for name, reader in readers.items() if reader.broken_off}
    listed = _each(around, intake, {name: partial(readers[name].look_again, one) for name, one in listed.items()})
    for name, one in listed.items():
        intake.sides[name], intake.natives[name], intake.times[name] = one.side, one.native, one.began
        intake.counts[name], intake.meanings[name] = one.read, one.meaning
        intake.shown.update(one.found)
        if one.broken is not None:
            intake.failures[name] = one.broken  # what was read is good, and the next run goes on from there
        if one.position is not None:
            intake.positions[name] = one.position
        if one.setup is not None:
            intake.setups[name] = one.setup
        if one.withheld is not None:
            intake.withheld[name] = one.withheld
        if readers[name].recalled:
            intake.recalled.add(name)
    intake.partial = not listed or not all(one.anew for one in listed.values())
    if not intake.partial:
        state.bring(state.shelf.everybody())
    _look_directly(intake, listed, readers, state, around, asked)
    owners = state.links()
    if intake.partial:
        intake.shown = {r: s for r, s in intake.shown.items() if owners.get(r) in intake.touched or r not in owners}
    for ref, sighting in intake.shown.items():
        if ref in owners:
            intake.shown[ref] = unless_blank(sighting, state.entities[owners[ref]])
    intake.ended = {name: workspace.tools[name].connector.time() or around.clock() for name in listed}
    return intake


def _understood(
    readers: Mapping[str, Reader], state: State, around: Surroundings, intake: Intake, asked: Asked
) -> dict[str, Listed]:
    """What the tools told, with its meaning. One whose records show what it has not, by what was kept of its set-up (an
    option that was added since), is asked for that and once more."""
    done: dict[str, Listed] = {}
    left = dict(readers)
    while left:
        listed = _listed(left, around, intake, asked)
        state.bring_owners([ref for one in listed.values() for ref in (*_with_parents(one.records), *one.gone)])
        for name, one in listed.items():
            readers[name].understand(one)
        done = {name: one for name, one in done.items() if name not in left} | listed
        recalled = {name: readers[name] for name in listed if readers[name].recalled}
        left = {name: reader for name, reader in recalled.items() if listed[name].shows_more() and reader.forgets()}
    return {name: done[name] for name in readers if name in done}


def _listed(readers: Mapping[str, Reader], around: Surroundings, intake: Intake, asked: Asked) -> dict[str, Listed]:
    """What the tools told, all of them asked side by side. One that fails by what was kept of its set-up is asked for
    that and once more."""
    done: dict[str, Listed] = {}
    names = list(readers)
    while names:
        listed = _each(around, intake, {name: partial(readers[name].open, asked) for name in names})
        for name, one in listed.items():
            readers[name].decide(one, asked)
        listed = _each(around, intake, {name: partial(readers[name].list, one, asked) for name, one in listed.items()})
        outdated = {name: one for name, one in listed.items() if one.outdated}
        for name, one in outdated.items():
            readers[name].start_over(one)
        again = _each(around, intake, {name: partial(readers[name].list, one, asked) for name, one in outdated.items()})
        done.update({name: one for name, one in listed.items() if name not in outdated or name in again})
        names = [name for name in names if name in intake.failures and readers[name].forgets(intake.failures[name])]
        for name in names:
            del intake.failures[name]
    return {name: done[name] for name in readers if name in done}


def _each(around: Surroundings, intake: Intake, jobs: Mapping[str, Callable[[], Listed]]) -> dict[str, Listed]:
    """Do something with several tools side by side. One that fails is left out."""
    done: dict[str, Listed] = {}
    failures: dict[str, SyncError] = {}

    def work(name: str, job: Callable[[], Listed]) -> Work:
        try:
            done[name] = yield job
        except SyncError as error:
            failures[name] = error

    around.side_by_side([work(name, job) for name, job in jobs.items()])
    intake.failures.update((name, failures[name]) for name in jobs if name in failures)
    return {name: done[name] for name in jobs if name in done}


def _with_parents(records: Mapping[Ref, Record]) -> Iterable[Ref]:
    for ref, record in records.items():
        yield ref
        if record.parent:
            yield Ref(ref.tool, Kind.CAMPAIGN, record.parent)


def _look_directly(
    intake: Intake,
    listed: Mapping[str, Listed],
    readers: Mapping[str, Reader],
    state: State,
    around: Surroundings,
    asked: Asked,
) -> None:
    """Look directly at linked records that a tool seems to have lost, unless it seems to be emptied, and at those that
    nobody listed of the entities that this run is about."""
    missing = {name: readers[name].missing(one) for name, one in listed.items()}
    for name, lost in missing.items():
        news = [id_ for id_, missed in lost.items() if not missed]
        if _seems_emptied(intake, readers[name], news, asked):
            lost.clear()
    state.bring(id_ for lost in missing.values() for id_ in lost)
    state.bring(id_ for name, one in listed.items() for id_ in readers[name].back_again(one))
    alive = {entity.id: entity for entity in state.entities.values() if not entity.dead}
    intake.touched = _touched(intake, readers, state, asked) if intake.partial else set(alive)
    for name, one in listed.items():
        intake.touched.update(id_ for id_ in (*missing[name], *readers[name].back_again(one)) if id_ in alive)
    wanted: dict[str, list[str]] = {}
    for name, one in listed.items():
        # A run that took over from this one may have made a record meanwhile; this one ends at its next commit.
        ids = {id_ for id_ in missing[name] if id_ in alive and name in alive[id_].links}
        if name not in intake.emptied:
            ids.update(_unread(name, one, alive, intake.touched))
        wanted[name] = sorted(ids)
    _read_directly(intake, listed, readers, alive, wanted, missing, around, asked)


def _unread(name: str, listed: Listed, alive: Mapping[str, Remembered], touched: Collection[str]) -> Iterable[str]:
    """The entities that this run is about of whose record nobody told."""
    for id_ in touched:
        link = alive[id_].links.get(name) if id_ in alive else None
        if link is not None and link.ref not in listed.found and (not link.gone or link.ref in (listed.counted or ())):
            yield id_


def _touched(intake: Intake, readers: Mapping[str, Reader], state: State, asked: Asked) -> set[str]:
    """The entities that this run is about: those with a record that was changed, and shows something else than what is
    remembered or may catch up, and those of which something is left to do."""
    owners = state.links()
    touched = {e.id for e in state.entities.values() if e.is_unsettled or (e.id in asked.entities and not e.dead)}
    touched.update(intent.entity for intent in state.intents if intent.entity in state.entities)
    for ref, sighting in intake.shown.items():
        entity = state.entities.get(owners.get(ref, ""))
        if entity is None or entity.dead:
            continue
        if not is_as_remembered(sighting, entity, owners) or _may_catch_up(sighting, entity, intake, readers[ref.tool]):
            touched.add(entity.id)
        else:
            intake.as_before.append((entity, sighting))
    return touched


def _may_catch_up(sighting: Sighting, entity: Remembered, intake: Intake, reader: Reader) -> bool:
    """Whether a record was closed to edits until its campaign was over, and is open now. While it is not over, what
    stands in a record's way is told, and tried again in time; where no time is set it was over by a clock that was
    wrong."""
    if sighting.record.locked or shows_what_is_agreed(entity, sighting.tool, intake):
        return False
    if entity.due is None:
        return True
    reader.state.bring([entity.campaign])
    return is_over(entity, reader.state, reader.now, reader.workspace.zone)


def _seems_emptied(intake: Intake, reader: Reader, news: Collection[str], asked: Asked) -> bool:
    """Whether so many of the tool's entities are newly missing that it is not to be believed."""
    if asked.believe_absence or len(news) <= 1:
        return False
    forgets = reader.tool.connector.capability.forgets_past  # then what is over is neither missed nor expected
    missing = len(_not_over(reader, news) if forgets else news)
    if missing <= 1:
        return False
    expected = len(_not_over(reader, _held(reader))) if forgets else reader.state.shelf.linked(reader.name)
    if not is_emptied(missing, expected, reader.workspace.bounds):
        return False
    intake.emptied[reader.name] = f"{missing} of {expected} records are not there any more"
    return True


def _held(reader: Reader) -> Collection[str]:
    """The entities of which the tool is to have a record."""
    register = reader.state.shelf.register(reader.name).values()
    return [held.entity for natives in register for held in natives.values() if not held.gone]


def _not_over(reader: Reader, entities: Collection[str]) -> Collection[str]:
    state = reader.state
    state.bring(entities)
    state.bring_campaigns()
    now, zone = reader.now, reader.workspace.zone
    return [id_ for id_ in entities if not is_over(state.entities[id_], state, now, zone)]


def _read_directly(
    intake: Intake,
    listed: Mapping[str, Listed],
    readers: Mapping[str, Reader],
    alive: Mapping[str, Remembered],
    wanted: Mapping[str, list[str]],
    missing: Mapping[str, Collection[str]],
    around: Surroundings,
    asked: Asked,
) -> None:
    """Read these records past every listing; what a full one told of them already is not asked for again."""
    jobs: dict[str, Callable[[], Listed]] = {}
    for name, ids in wanted.items():
        held = [alive[id_].links[name] for id_ in ids]
        untold = [one.ref for id_, one in zip(ids, held, strict=True) if id_ not in missing[name] and not one.gone]
        if ids:
            jobs[name] = partial(_read, readers[name], listed[name], [one.ref for one in held], untold)
    for name, one in _each(around, intake, jobs).items():
        links = {id_: alive[id_].links[name] for id_ in wanted[name]}
        absent = {id_ for id_, link in links.items() if one.direct.get(link.ref) is None}
        for link in links.values():
            if record := one.direct.get(link.ref):
                intake.shown[link.ref] = readers[name].sight(one.side, record)
        there = [link for id_, link in links.items() if id_ in missing[name] and id_ not in absent]
        if one.whole and not asked.believe_absence and any(_belongs_in(link, one) for link in there):
            intake.cut_short.add(name)
        news = [id_ for id_ in absent if not alive[id_].links[name].missed]
        if not _seems_emptied(intake, readers[name], news, asked):
            intake.absent.update((id_, name) for id_ in absent)


def _belongs_in(link: Link, listed: Listed) -> bool:
    """Whether a record that is there would be in a full listing: it has been for longer than that may lag."""
    lag = timedelta(seconds=listed.side.capability.settle)
    return link.learned is None or link.learned + lag < listed.began


def _read(reader: Reader, listed: Listed, refs: Sequence[Ref], untold: Sequence[Ref]) -> Listed:
    """Read these records. Of those `untold`, which the tool has not told to be missing, a glance will do that shows
    what is remembered: before anything is written by it there is another look."""
    connector, state = reader.tool.connector, reader.state
    unknown = [ref for ref in untold if ref not in listed.same]
    if len(unknown) > 1 and isinstance(connector, Glancing):
        owners = state.links()
        unanswered = {intent.entity for intent in state.intents if intent.tool == reader.name}
        for ref, record in connector.glance(unknown).items():
            entity = state.entities[owners[ref]]
            if entity.id not in unanswered and not is_moved(reader.sight(listed.side, record), entity, owners):
                listed.same[ref] = record
    return reader.read(listed, refs)
