"""What must hold after a killed run was run again: the invariants, each in words when it does not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sync.codec import decode
from sync.findings import FindingKind
from sync.model import EntityLink, Record, Value
from sync.ports import Create
from sync.rows import dumps
from sync.state import Remembered, State
from tests.crash.world import CrashWorld, Rows

CONVERGING = 2  # runs in which nothing fails, after the one that follows the kill
IRRELEVANT = ("run", "lease")  # tables that no run decides by, once the hold has ended


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a world came to: by tool what it shows, the agreed model, and what is flagged; all without native ids."""

    shown: Mapping[str, Counter[str]]
    agreed: Counter[str]
    flagged: Counter[str]


def finish(world: CrashWorld) -> list[str]:
    """Run until nothing is left to do. Gives the violations."""
    broken: list[str] = []
    for _ in range(CONVERGING):
        world.sync()
        broken += identity(world)
    written, rows, shown = world.writes(), lasting(world.rows()), _contents(world)
    report = world.sync()
    if world.writes() != written:
        broken.append(f"it does not converge: a quiet run wrote {world.writes() - written} changes")
    if _contents(world) != shown:
        broken.append("it does not converge: a quiet run changed a tool")
    if report.opened or report.closed:
        broken.append(f"a quiet run opened {report.opened} and closed {report.closed}")
    if lasting(world.rows()) != rows:
        broken.append("a quiet run changed rows of entities, links, history, findings or open intents")
    if intents := world.state().intents:
        broken.append(f"intents were never settled: {intents}")
    return [*broken, *identity(world), *_lost(world)]


def identity(world: CrashWorld) -> list[str]:
    """One record for an entity in a tool; nothing made twice; the dead stay dead."""
    state, broken = world.state(), []
    dead = {entity.id for entity in state.entities.values() if entity.dead}
    for tool, connector in world.tools.items():
        records = connector.records.values()
        broken += [f"{tool} holds {n} records of {m}" for m, n in _repeated(r.marker for r in records if r.marker)]
        broken += [f"{tool} holds a record of {r.marker}, which is dead" for r in records if r.marker in dead]
        made = [change.marker for change in connector.log if isinstance(change, Create)]
        allowed = 1 + world.restored
        broken += [f"{m} was made {n} times in {tool}" for m, n in _repeated(made) if n > allowed]
    refs = [link.ref for entity in state.entities.values() for link in entity.links.values()]
    broken += [f"{ref} is linked {n} times" for ref, n in _repeated(refs)]
    return broken


def outcome(world: CrashWorld) -> Outcome:
    """What the world shows now, comparable with what another one shows."""
    flagged = [f"{f.kind} {f.detail_key} {f.title}" for findings in world.open().values() for f in findings]
    return Outcome(_contents(world), agreed_words(world.state()), Counter(flagged))


def agreed_words(state: State) -> Counter[str]:
    """The agreed model: an entity in words each, without ids."""
    names = {e.id: f"{e.agreed.get('name') or e.agreed.get('kind')}" for e in state.entities.values()}
    return Counter(_entity_words(entity, names) for entity in state.entities.values())


def differences(found: Outcome, expected: Outcome, *, disputes: bool = False) -> list[str]:
    """Where a world came to something else than one whose run was not killed. With `disputes` it may have come to
    conflicts that the other one has not, and to nothing else."""
    more = found.flagged - expected.flagged
    if disputes and more and not expected.flagged - found.flagged:
        return [f"not a conflict: {flag}" for flag in more if not flag.startswith(FindingKind.CONFLICT)]
    pairs = [("the state", found.agreed, expected.agreed), ("the findings", found.flagged, expected.flagged)]
    pairs += [(tool, found.shown[tool], expected.shown[tool]) for tool in expected.shown]
    wrong = []
    for where, mine, theirs in pairs:
        extra, missing = mine - theirs, theirs - mine
        if extra or missing:
            wrong.append(f"{where}: more {sorted(extra.elements())}, less {sorted(missing.elements())}")
    return wrong


def key(world: CrashWorld) -> str:
    """Everything that a later process can see, as text: worlds of one key go on alike."""
    return _text(world, world.rows())


def lasting_key(world: CrashWorld) -> str:
    """The same without what no run decides by: accounts of runs that ended, and when something was noted."""
    return _text(world, lasting(world.rows()))


def lasting(rows: Rows) -> Rows:
    """The rows that matter to a later run: no accounts of runs that ended, and not when something was noted."""
    kept = {name: [dict(row) for row in found] for name, found in rows.items() if name not in IRRELEVANT}
    for row in kept.get("entity", []):
        del row["due"]  # what is tried from time to time is due later each time
    for row in kept.get("position", []):
        del row["listed"], row["counted"], row["text"]  # with a real tool its own time is in it
    for row in kept.get("history", []):
        del row["run"], row["at"]
    for row in kept.get("finding", []):
        del row["opened"]
    return kept


def _text(world: CrashWorld, rows: Rows) -> str:
    tools = {
        name: [repr(tool.records), repr(tool._failures), repr(tool.log), repr(tool.unlisted), tool._made, tool._ticks]
        for name, tool in world.tools.items()
    }
    return json.dumps([tools, rows, world.now.isoformat(), world.ids], default=str, sort_keys=True)


def _repeated(things: Iterable[Any]) -> Iterator[tuple[Any, int]]:
    return ((thing, n) for thing, n in Counter(things).items() if n > 1)


def _contents(world: CrashWorld) -> dict[str, Counter[str]]:
    return {
        name: Counter(_record_words(record, tool.records) for record in tool.records.values())
        for name, tool in world.tools.items()
    }


def _record_words(record: Record, records: Mapping[str, Record]) -> str:
    parent = records[record.parent].fields.get("name") if record.parent else None
    return f"{record.ref.kind} {dumps(dict(record.fields))} on {parent}"


def _entity_words(entity: Remembered, names: Mapping[str, str]) -> str:
    def words(value: Value) -> str:
        return names[value.id] if isinstance(value, EntityLink) else repr(_plain(value))

    agreed = {name: words(value) for name, value in sorted(entity.agreed.items())}
    disputed = {
        name: {tool: words(value) for tool, value in sorted(claims.items())}
        for name, claims in sorted(entity.disputed.items())
    }
    tools = sorted(tool for tool, link in entity.links.items() if not link.gone)
    return f"{entity.kind} {agreed} disputed {disputed} in {tools}{', dead' if entity.dead else ''}"


def _plain(value: Value) -> Value | list[str]:
    return sorted(value) if isinstance(value, frozenset) else value


def _lost(world: CrashWorld) -> list[str]:
    """What a person wrote is shown in a tool, claimed in a conflict, or in the history."""
    kept: list[Value] = [
        decode(value)
        for tool in world.tools.values()
        for record in tool.records.values()
        for value in record.fields.values()
    ]
    for entity in world.state().entities.values():
        kept += [claim for claims in entity.disputed.values() for claim in claims.values()]
        kept += entity.agreed.values()  # also of what was deleted, as somebody decided
    for row in world.history():
        kept += [decode(json.loads(row.old)), decode(json.loads(row.new))]
        kept += [decode(value) for value in json.loads(row.lost).values()]
    elements = {element for value in kept if isinstance(value, frozenset) for element in value}
    return [
        f"{value!r}, which a person wrote as {name} in {tool}, is lost"
        for tool, name, value in world.written
        if not (value <= elements if isinstance(value, frozenset) else value in kept)
    ]
