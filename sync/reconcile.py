"""Merges all cells of one entity and applies what the user decided. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.findings import FindingKind, fingerprint_of
from sync.identity import Sighting
from sync.merge import Conflict, Memory, Merged, Past, Whole, merge
from sync.model import UNSET, FieldType, Kind, Schema, Value
from sync.plan import LINK_FIELD, Side
from sync.policy import Policy, decide
from sync.ports import View
from sync.state import Remembered


@dataclass(frozen=True, slots=True)
class Rules:
    """Who decides conflicts: the workspace's policy and the open decisions (finding fingerprint -> tool)."""

    policy: Policy = field(default_factory=Policy)
    decisions: Mapping[str, str] = field(default_factory=dict)

    def tool_for(self, kind: Kind, entity: str, name: str) -> str | None:
        fingerprint = fingerprint_of(FindingKind.CONFLICT, entity, name)
        return self.decisions.get(fingerprint) or self.policy.preferred(kind, name)


def reconcile(
    entity: Remembered,
    sightings: Mapping[str, Sighting],
    sides: Mapping[str, Side],
    unread: frozenset[str],
    schema: Schema,
    rules: Rules,
) -> dict[str, Merged]:
    """Every cell that some tool shows or that is remembered, merged.

    `unread` are the entity's tools of which nothing is known in this run: a conflict that one of them is a party to
    stays as it is, since its claim has neither been changed nor taken back. So it is with a single cell that a tool
    can show and that could not be read.
    """
    views = {tool: _views(sides[tool], entity.kind) for tool in sightings if tool in sides}
    merged: dict[str, Merged] = {}
    for name, declared in schema.of(entity.kind).items():
        now = {tool: s.reading.values[name] for tool, s in sightings.items() if name in s.reading.values}
        here = {tool: views[tool][name] for tool in now if tool in views and name in views[tool]}
        unknown = unread | {tool for tool, shows in views.items() if name in shows and tool not in now}
        past = entity.past(name, unknown.union(sightings))
        if declared.type is FieldType.SET:
            now = {tool: frozenset() if value is None else value for tool, value in now.items()}
        held = {tool: value for tool, value in entity.disputed.get(name, {}).items() if tool in unknown}
        if held:
            merged[name] = _hold(past, {tool: value for tool, value in now.items() if tool in here}, held)
            continue
        cell = merge(past, now, here)
        tool = rules.tool_for(entity.kind, entity.id, name) if cell.conflict else None
        merged[name] = decide(cell, past, now, here, tool) if tool else cell
    return merged


def _views(side: Side, kind: Kind) -> Mapping[str, View]:
    views = dict(side.mapping.views(kind))
    if kind is Kind.STAGE:
        views[LINK_FIELD] = Whole()
    return views


def _hold(past: Past, now: Mapping[str, Value], held: Mapping[str, Value]) -> Merged:
    memory: dict[str, Memory] = {tool: past.of(tool) for tool in now}
    moved = {tool: value for tool, value in now.items() if value != past.of(tool).seen}
    return Merged(past.agreed, memory, conflict=Conflict({**held, **moved}))


def remember(entity: Remembered, merged: Mapping[str, Merged], sightings: Mapping[str, Sighting]) -> None:
    """Move the entity's memory to what was merged."""
    for name, cell in merged.items():
        if cell.value is not UNSET and not (cell.value is None and name not in entity.agreed):
            entity.agreed[name] = cell.value
        if cell.conflict:
            entity.disputed[name] = dict(cell.conflict.claims)
        else:
            entity.disputed.pop(name, None)
        for tool, memory in cell.memory.items():
            if tool in sightings and tool in entity.links and memory.seen is not UNSET:
                entity.links[tool].memory[name] = memory
