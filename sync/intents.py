"""Writes of which nobody knows the end, because a run was cut off or a tool gave no answer: what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from sync.errors import SyncError
from sync.identity import Sighting
from sync.intake import Intake
from sync.merge import Memory, is_empty
from sync.model import UNSET, Attribution
from sync.ports import Connector
from sync.reconcile import memory_of_new
from sync.report import Action
from sync.state import Intent, State
from sync.wording import Wording, tool_title
from sync.workspace import Workspace


def unsettled_creations(intake: Intake, state: State) -> dict[tuple[str, str], datetime]:
    """Creations whose record may still turn up: (entity, tool) -> until when, by the tool's own clock."""
    waiting = {}
    for intent in state.intents:
        if intent.action != Action.CREATE or intent.tool in intake.members.get(intent.entity, {}):
            continue
        side = intake.sides.get(intent.tool) if intent.tool not in intake.emptied else None
        until = intent.at + timedelta(seconds=side.capability.settle) if side else datetime.max.replace(tzinfo=UTC)
        # It may be among those that a listing has left out.
        if side is None or intake.times[intent.tool] < until or intent.tool in intake.cut_short:
            waiting[intent.entity, intent.tool] = max(until, intake.ended.get(intent.tool, until))
    return waiting


def settled(intake: Intake, state: State, halfway: Collection[tuple[str, str]]) -> Iterator[Intent]:
    """The writes that need no more looking up: their record is shown, or it cannot turn up any more. Those that stopped
    `halfway` (entity, tool) are not finished yet."""
    waiting = unsettled_creations(intake, state)
    for intent in state.intents:
        if intent.unscheduled and (intent.entity, intent.tool) in halfway:
            continue
        shown = intent.tool in intake.members.get(intent.entity, {})
        if shown or (intent.tool in intake.sides and (intent.entity, intent.tool) not in waiting):
            yield intent


def acknowledge(intake: Intake, state: State, workspace: Workspace) -> None:
    """What such a write did, and the tool shows, is no edit of somebody's."""
    for intent in state.intents:
        sighting = intake.members.get(intent.entity, {}).get(intent.tool)
        if sighting is None:
            continue
        link = state.entities[intent.entity].links[intent.tool]
        memory, link.learned = link.memory, intake.ended[intent.tool]
        # What does not carry our mark is another record, that somebody has made of the same.
        if intent.action == Action.CREATE and sighting.record.marker == intent.entity:
            memory.update(_of_new(intent, sighting, intake, state, workspace))
        for name, (old, new) in intent.cells.items():
            shown = sighting.reading.values.get(name, UNSET)
            if name not in memory or memory[name].seen != old or shown is UNSET or shown == old:
                continue
            # Neither the one nor the other: a change that takes several steps got half of its way, or somebody's edit.
            if shown == new or _is_ours(
                workspace.tools[intent.tool].connector, sighting, _native(intake, sighting, name)
            ):
                memory[name] = Memory(shown)


def _of_new(
    intent: Intent, sighting: Sighting, intake: Intake, state: State, workspace: Workspace
) -> dict[str, Memory]:
    """The memory of a record that we made and that is seen for the first time, but for what somebody has changed."""
    entity, kind = state.entities[intent.entity], sighting.record.ref.kind
    mapping, connector = intake.sides[intent.tool].mapping, workspace.tools[intent.tool].connector
    ours, cleared = {}, {}
    for name, shown in sighting.reading.values.items():
        if name in entity.links[intent.tool].memory:
            continue
        sent = intent.cells[name][1] if name in intent.cells else UNSET
        told = _told(connector, sighting, mapping.native_field(kind, name)) if sent != shown else None
        if sent == shown or (told is not None and (told.untouched or told.ours)):
            ours[name] = shown
        elif is_empty(shown) and sent is not UNSET and not is_empty(sent) and told is not None and told.who:
            cleared[name] = Memory(sent)  # somebody was at the record: to find it empty is their edit
    # What has been agreed since was not sent: to find the former value is no wording of it.
    views, agreed = mapping.views(kind), entity.agreed
    sent_on = {n for n, (_, new) in intent.cells.items() if n not in views or views[n].project(agreed.get(n)) == new}
    return {**memory_of_new(entity, views, workspace.schema, sent_on, ours), **cleared}


def _native(intake: Intake, sighting: Sighting, name: str) -> str | None:
    return intake.sides[sighting.tool].mapping.native_field(sighting.record.ref.kind, name)


def _is_ours(connector: Connector, sighting: Sighting, native: str | None) -> bool:
    told = _told(connector, sighting, native)
    return told is not None and told.ours


def _told(connector: Connector, sighting: Sighting, native: str | None) -> Attribution | None:
    if native is None:
        return None
    try:
        return connector.attribution(sighting.record, native)
    except SyncError:
        return None  # then it counts as somebody's edit, which at worst is asked about


def in_words(waiting: Mapping[tuple[str, str], datetime], intake: Intake, wording: Wording) -> tuple[str, ...]:
    """The unsettled creations, a sentence a tool. A tool that could not be read, or that looks emptied, has a flag of
    its own."""
    found: dict[str, list[datetime]] = {}
    for (_, tool), until in waiting.items():
        if tool in intake.sides and tool not in intake.emptied:
            found.setdefault(tool, []).append(until)
    told = []
    for tool, moments in sorted(found.items()):
        what = "1 record waits" if len(moments) == 1 else f"{len(moments)} records wait"
        told.append(
            f"{what} to be made in {tool_title(tool)}: an earlier run was cut off before it learned whether that was "
            f"done. A run after {wording.moment(max(moments))} looks again."
        )
    return tuple(told)
