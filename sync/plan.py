"""Turns merged cells into the writes that would make the tools agree, campaigns before their stages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from sync.identity import Sighting
from sync.merge import Merged, is_empty
from sync.model import EntityLink, FieldType, Kind, Record, Schema, Stranger, Value
from sync.ports import BoundMapping, Calendar, Capability, Refusal, View
from sync.report import Action, CellChange

LINK_FIELD = "campaign"
NAME_OF_CAMPAIGN = "campaign.name"
PLANNED = "planned_send"


@dataclass(frozen=True, slots=True)
class Side:
    """One readable tool, as the plan needs it."""

    capability: Capability
    mapping: BoundMapping


@dataclass(frozen=True, slots=True)
class Subject:
    """One entity at planning time.

    `merged` are the cells that are not at rest, `agreed` what is agreed of all of them. `closed` are the tools where no
    record may be created: it is linked there and not shown, or something unsettled stands in the way. `resume` are
    those where its send was taken off the calendar by us and is to be put back. `over` says that its campaign is sent,
    cancelled or past.
    """

    entity: str
    kind: Kind
    campaign: str
    campaign_name: str
    sightings: Mapping[str, Sighting]
    merged: Mapping[str, Merged]
    agreed: Mapping[str, Value]
    closed: frozenset[str] = frozenset()
    resume: frozenset[str] = frozenset()
    over: bool = False
    archive: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One write: an entity's record in one tool. `values` are canonical, `native` the same in the tool's terms.

    `moves_to` is the campaign entity that a stage's record is to hang on, None when that stays as it is.
    `campaign_name` is known of a creation, whose templates may use it. `resumed`: see `sync.ports.Update`.
    """

    action: Action
    tool: str
    kind: Kind
    entity: str
    campaign: str
    values: Mapping[str, Value]
    native: Mapping[str, Any]
    cells: tuple[CellChange, ...]
    sighting: Sighting | None = None
    moves_to: str | None = None
    campaign_name: str = ""
    resumed: bool = False

    def differs(self, now: Record, mapping: BoundMapping) -> bool:
        """Whether the record is not as the plan saw it any more, in the cells that this is about."""
        if self.sighting is None:
            return False
        before, reading = self.sighting.reading.values, mapping.get(now).values
        names = [name for name in self.values if name != LINK_FIELD] or list(before)
        moved = LINK_FIELD in self.values and now.parent != self.sighting.record.parent
        return moved or any(reading.get(name) != before.get(name) for name in names if name != LINK_FIELD)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A value that a tool cannot be given, and why."""

    tool: str
    entity: str
    kind: Kind
    campaign: str
    field: str
    value: Value
    reason: str


@dataclass(slots=True)
class Plan:
    """All steps in order, what stands in the way, the records that wait for something (tool, entity, words), and those
    that people have to delete themselves (entity, tool)."""

    steps: list[Step] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    waiting: list[tuple[str, str, str]] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)


def plan(
    subjects: Iterable[Subject],
    sides: Mapping[str, Side],
    schema: Schema,
    others: Set[tuple[str, str]] = frozenset(),
) -> Plan:
    """The plan for these entities. `others` are records (entity, tool) of campaigns that are not among them, on which
    stages may hang. The order of steps depends on no order of tools."""
    result = Plan()
    alive = sorted(subjects, key=lambda s: (s.kind is Kind.STAGE, s.campaign, s.entity))
    reachable = {(s.entity, tool) for s in alive for tool in s.sightings} | others
    for subject in alive:
        for tool in sorted(sides):
            side = sides[tool]
            if subject.kind not in side.capability.kinds:
                continue
            sighting = subject.sightings.get(tool)
            if subject.archive:
                if sighting is not None and side.capability.archives:
                    result.steps.append(_archive(subject, tool, sighting))
                elif sighting is not None:
                    result.kept.append((subject.entity, tool))
            elif sighting is not None:
                _update(result, subject, tool, side, sighting, schema, reachable)
            elif tool not in subject.closed and not subject.over and side.capability.creates:
                _create(result, subject, tool, side, schema, reachable)
    return result


def _archive(subject: Subject, tool: str, sighting: Sighting) -> Step:
    return Step(Action.ARCHIVE, tool, subject.kind, subject.entity, subject.campaign, {}, {}, (), sighting)


def _update(
    result: Plan,
    subject: Subject,
    tool: str,
    side: Side,
    sighting: Sighting,
    schema: Schema,
    reachable: set[tuple[str, str]],
) -> None:
    fields = schema.of(subject.kind)
    views = side.mapping.views(subject.kind)
    for name, merged in subject.merged.items():
        if merged.conflict is None and tool in merged.refusals:
            _obstacle(result, subject, tool, name, merged.value, merged.refusals[tool].reason)
        elif fields[name].type is FieldType.SET and name in views and not merged.conflict:
            _lost_elements(result, subject, tool, name, side)
    resumed = tool in subject.resume
    wanted = _put_back(subject, views) if resumed else _wanted(subject, tool, side.capability.calendar, views)
    if subject.kind is Kind.STAGE and sighting.record.parent is None and subject.campaign != subject.entity:
        wanted[LINK_FIELD] = EntityLink(subject.campaign)  # its campaign's record was deleted and made anew
    if LINK_FIELD in wanted and not _is_reachable(wanted[LINK_FIELD], tool, reachable):
        del wanted[LINK_FIELD]  # until its campaign has a record here; its other cells go on
    if not wanted:
        return
    if sighting.record.locked:
        for name, value in wanted.items():
            _obstacle(result, subject, tool, name, value, sighting.record.locked)
        return
    moves_to = wanted.pop(LINK_FIELD, None)
    native = side.mapping.put(subject.kind, wanted, sighting.record)
    for name, refusal in native.refusals.items():
        _obstacle(result, subject, tool, name, wanted[name], refusal.reason)
    values = {name: value for name, value in wanted.items() if name not in native.refusals}
    if moves_to is not None:
        values[LINK_FIELD] = moves_to
    if not native.fields and moves_to is None and not resumed:
        return
    cells = tuple(
        CellChange(name, fields[name].label, sighting.reading.values.get(name), value, _editors(subject, name, tool))
        for name, value in values.items()
    )
    target = moves_to.id if isinstance(moves_to, EntityLink) else None
    step = Step(
        Action.UPDATE,
        tool,
        subject.kind,
        subject.entity,
        subject.campaign,
        values,
        native.fields,
        cells,
        sighting,
        target,
        resumed=resumed,
    )
    result.steps.append(step)


def _put_back(subject: Subject, views: Mapping[str, View]) -> dict[str, Value]:
    """The send's time alone, until it is on the calendar again."""
    shown = views[PLANNED].project(subject.agreed.get(PLANNED)) if PLANNED in views else None
    return {} if shown is None or isinstance(shown, Refusal) else {PLANNED: shown}


def _wanted(subject: Subject, tool: str, calendar: Calendar | None, views: Mapping[str, View]) -> dict[str, Value]:
    """What the record is to show. A draft that holds no time is told it together with its being scheduled."""
    wanted = {name: m.writes[tool] for name, m in subject.merged.items() if tool in m.writes}
    if calendar is None or calendar.plans_drafts or wanted.get("status") != "scheduled" or PLANNED in wanted:
        return wanted
    cell = subject.merged.get(PLANNED)
    return wanted if cell and cell.conflict else {**wanted, **_put_back(subject, views)}


def _create(
    result: Plan, subject: Subject, tool: str, side: Side, schema: Schema, reachable: set[tuple[str, str]]
) -> None:
    if subject.kind is Kind.STAGE and (subject.campaign, tool) not in reachable:
        return
    values: dict[str, Value] = {}
    for name, view in side.mapping.views(subject.kind).items():
        value = subject.agreed.get(name)
        if name == LINK_FIELD or not view.writable or is_empty(value):
            continue
        shown = view.project(value)
        if isinstance(shown, Refusal):
            _obstacle(result, subject, tool, name, value, shown.reason)
        elif not is_empty(shown):
            values[name] = shown
    lacking = side.mapping.lacking(subject.kind, values)
    if lacking:
        result.waiting.append((tool, subject.entity, lacking))
        return
    for name, view in side.mapping.views(subject.kind).items():
        if view.writable:
            _lost_elements(result, subject, tool, name, side)
    native = side.mapping.put(subject.kind, {**values, NAME_OF_CAMPAIGN: subject.campaign_name}, None)
    for name, refusal in native.refusals.items():
        _obstacle(result, subject, tool, name, values[name], refusal.reason)
    written = {name: value for name, value in values.items() if name not in native.refusals}
    fields = schema.of(subject.kind)
    cells = tuple(CellChange(name, fields[name].label, None, value) for name, value in written.items())
    parent = subject.campaign if subject.kind is Kind.STAGE else None
    reachable.add((subject.entity, tool))
    result.steps.append(
        Step(
            Action.CREATE,
            tool,
            subject.kind,
            subject.entity,
            subject.campaign,
            written,
            native.fields,
            cells,
            None,
            parent,
            subject.campaign_name,
        )
    )


def _lost_elements(result: Plan, subject: Subject, tool: str, name: str, side: Side) -> None:
    value = subject.agreed.get(name)
    view = side.mapping.views(subject.kind)[name]
    if not isinstance(value, frozenset) or not view.writable:
        return
    shown = view.project(value)
    lost = value - shown if isinstance(shown, frozenset) else frozenset()
    if lost:
        reason = f"there is no such choice as {', '.join(sorted(lost))}"
        _obstacle(result, subject, tool, name, frozenset(lost), reason)


def _obstacle(result: Plan, subject: Subject, tool: str, name: str, value: Any, reason: str) -> None:
    # A stranger is flagged once, as an unknown owner; that no tool can be given them follows from it.
    # Of a campaign that is over nothing more needs writing.
    if not isinstance(value, Stranger) and not subject.over:
        result.obstacles.append(Obstacle(tool, subject.entity, subject.kind, subject.campaign, name, value, reason))


def _editors(subject: Subject, name: str, tool: str) -> tuple[str, ...]:
    cell = subject.merged.get(name)  # None where it is at rest and written all the same
    return tuple(sorted(cell.editors - {tool})) if cell else ()


def _is_reachable(campaign: Value, tool: str, reachable: set[tuple[str, str]]) -> bool:
    return isinstance(campaign, EntityLink) and (campaign.id, tool) in reachable
