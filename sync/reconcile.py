"""Merges all cells of one entity and applies what the user decided. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync.findings import FindingKind, fingerprint_of
from sync.identity import Sighting
from sync.merge import Conflict, Memory, Merged, Past, Whole, is_empty, merge
from sync.model import UNSET, FieldType, Kind, Schema, Value
from sync.plan import LINK_FIELD, Side
from sync.policy import Policy, decide
from sync.ports import Refusal, View
from sync.state import Edit, Remembered

# What a tool can show of the fields, what it shows, and what is remembered of that.
Told = tuple[Mapping[str, View], Mapping[str, Value], Mapping[str, Memory]]
# What a tool takes as it is or not at all.
NOT_REWORDED = frozenset({FieldType.CHOICE, FieldType.PERSON, FieldType.SET})


@dataclass(frozen=True, slots=True)
class Rules:
    """Who decides conflicts: the workspace's policy and the open decisions (finding fingerprint -> tool)."""

    policy: Policy = field(default_factory=Policy)
    decisions: Mapping[str, str] = field(default_factory=dict)

    def tool_for(self, entity: Remembered, name: str, claims: Mapping[str, Value]) -> str | None:
        """The tool that wins a conflict between these claims, None where people have to decide."""
        decided = self.decided(entity, name)
        if decided is not None and not is_overtaken(entity, name, claims, decided):
            return decided
        return self.policy.preferred(entity.kind, name)

    def decided(self, entity: Remembered, name: str) -> str | None:
        """The tool that somebody decided for."""
        return self.decisions.get(fingerprint_of(FindingKind.CONFLICT, entity.id, name))


def is_overtaken(entity: Remembered, name: str, claims: Mapping[str, Value], decided: str) -> bool:
    """Whether a tool that would lose by a decision claims something else now than what the decision was about."""
    flagged = entity.disputed.get(name, {})
    return any(tool not in flagged or flagged[tool] != claim for tool, claim in claims.items() if tool != decided)


def reconcile(
    entity: Remembered,
    sightings: Mapping[str, Sighting],
    views: Mapping[str, Mapping[str, View]],
    unread: frozenset[str],
    schema: Schema,
    rules: Rules,
) -> dict[str, Merged]:
    """The cells that some tool shows or that are remembered, merged; those at rest, as most are, are left out: a merge
    would change nothing of them. `views` are by tool, then by field.

    `unread` are the entity's tools of which nothing is known in this run: a conflict that one of them is a party to
    stays as it is, since its claim has neither been changed nor taken back. So it is with a single cell that a tool
    can show and that could not be read.
    """
    views = {tool: views[tool] for tool in (*sightings, *unread) if tool in views}
    known = {*entity.agreed, *entity.disputed}.union(*views.values())
    told = [
        (views[tool], sighting.reading.values, entity.links[tool].memory if tool in entity.links else {})
        for tool, sighting in sightings.items()
        if tool in views
    ]
    merged: dict[str, Merged] = {}
    for name, declared in schema.of(entity.kind).items():
        if name not in known or _is_at_rest(entity, name, told):
            continue
        now = {tool: s.reading.values[name] for tool, s in sightings.items() if name in s.reading.values}
        here = {tool: shows[name] for tool, shows in views.items() if name in shows}
        unknown = unread | (here.keys() - now.keys())
        past = entity.past(name, unknown.union(sightings))
        if declared.type is FieldType.SET:
            now = {tool: frozenset() if value is None else value for tool, value in now.items()}
        held = {tool: value for tool, value in entity.disputed.get(name, {}).items() if tool in unknown}
        if held:
            merged[name] = _hold(past, {tool: value for tool, value in now.items() if tool in here}, held)
            continue
        cell = merge(past, now, here)
        tool = rules.tool_for(entity, name, cell.conflict.claims) if cell.conflict else None
        merged[name] = decide(cell, past, now, here, tool) if tool else cell
    return merged


def _is_at_rest(entity: Remembered, name: str, told: Iterable[Told]) -> bool:
    """Whether nobody has edited the cell since all of them were shown what is agreed on, so that the merge would agree
    on the same, remember the same and write nothing. Of a set all show the whole: an element that one has no word for
    is a matter of every run."""
    agreed = entity.agreed.get(name, UNSET)
    if agreed is UNSET or name in entity.disputed:
        return False
    for views, values, memory in told:
        if name in views and name in values:
            shown, before = values[name], memory.get(name)
            if before is None or before.wrote is not UNSET or before.seen != shown:
                return False
            if views[name].project(agreed) != shown or (isinstance(agreed, frozenset) and agreed != shown):
                return False
    return True


def unread_tools(entity: Remembered, shown: Collection[str], tools: Collection[str]) -> frozenset[str]:
    """The tools of the workspace that have a record of it which was not read; one held as deleted is no party to
    anything."""
    linked = {tool: link for tool, link in entity.links.items() if tool in tools and tool not in shown}
    return frozenset(tool for tool, link in linked.items() if not link.gone and link.missed <= 1)


def agreements(entity: Remembered, merged: Mapping[str, Merged]) -> Iterator[Edit]:
    """What the merge agreed on in place of something else, with the claims that lost; before it is remembered."""
    for name, cell in merged.items():
        old = entity.agreed.get(name)
        begun = name not in entity.agreed and name not in entity.disputed and not cell.lost
        if not (cell.conflict or begun) and cell.value is not UNSET and (cell.value != old or cell.lost):
            lost = {**entity.disputed.get(name, {}), **cell.lost}
            yield Edit(entity.id, name, old, cell.value, cell.editors, lost)


def views_of(sides: Mapping[str, Side], kind: Kind) -> dict[str, Mapping[str, View]]:
    """What each tool can show of this kind, by field. A stage's campaign is shown by every tool that has stages."""
    link = {LINK_FIELD: Whole()} if kind is Kind.STAGE else {}
    return {tool: {**side.mapping.views(kind), **link} for tool, side in sides.items()}


def _hold(past: Past, now: Mapping[str, Value], held: Mapping[str, Value]) -> Merged:
    memory: dict[str, Memory] = {tool: past.of(tool) for tool in now}
    moved = {tool: value for tool, value in now.items() if value != past.of(tool).seen}
    return Merged(past.agreed, memory, conflict=Conflict({**held, **moved}))


def remember(
    entity: Remembered, merged: Mapping[str, Merged], sightings: Mapping[str, Sighting], times: Mapping[str, datetime]
) -> None:
    """Move the entity's memory to what was merged; `times` say by when each tool was read."""
    for name, cell in merged.items():
        if cell.value is not UNSET and not (cell.value is None and name not in entity.agreed):
            entity.agreed[name] = cell.value
        if cell.conflict:
            entity.disputed[name] = dict(cell.conflict.claims)
        else:
            entity.disputed.pop(name, None)
        for tool, memory in cell.memory.items():
            link = entity.links.get(tool)
            if tool in sightings and link and memory.seen is not UNSET and link.memory.get(name) != memory:
                # What we have written meanwhile is newer than what was read. Of a tool that failed since, nobody knows.
                at = times.get(tool)
                link.memory[name], link.learned = memory, at and max(link.learned or at, at)


def memory_of_new(
    entity: Remembered,
    views: Mapping[str, View],
    schema: Schema,
    sent: Collection[str],
    shown: Mapping[str, Value],
) -> dict[str, Memory]:
    """The memory of a record that we made. What it shows besides what was sent are the tool's own defaults, and what it
    makes of a text, a time or a number is how it writes it: neither is somebody's edit. A choice or a set that it shows
    otherwise was not taken, such as a status without a transition: an update will tell why."""
    memory: dict[str, Memory] = {}
    for name, value in shown.items():
        agreed = entity.agreed.get(name)
        wanted = views[name].project(agreed) if name in views else agreed
        if isinstance(wanted, Refusal):
            memory[name] = Memory(value)
            continue
        is_settled = schema.of(entity.kind)[name].type not in NOT_REWORDED if name in sent else is_empty(wanted)
        memory[name] = acknowledged(value, wanted) if is_settled else Memory(value)
    return memory


def acknowledged(shown: Value, wanted: Value) -> Memory:
    """The memory of a cell that a tool was given and shows as it pleases."""
    return Memory(shown, UNSET if shown == wanted else wanted)
