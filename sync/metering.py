"""What became of a send: looked up on a decaying schedule, so that a number that creeps makes no write in every run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync.campaign import first_moment
from sync.errors import SyncError
from sync.identity import Sighting
from sync.intake import Intake
from sync.model import METRICS, UNSET, Day, Instant, Record, Ref, WallClock
from sync.plan import Side
from sync.ports import Calendar, Metering
from sync.state import Link, State
from sync.workspace import Workspace

# After the send; most of what will happen has happened by then (reference esp §6.5).
LOOKS = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 3 * 24, 7 * 24, 30 * 24))
AT_ONCE = 200  # sends of one run: two reports of Klaviyo, which gives two a minute (reference esp §1.9)


def due_measurements(state: State, workspace: Workspace, now: datetime) -> frozenset[str]:
    """The entities whose outcome is to be looked up now, by what is remembered of them."""
    metering = {name for name, tool in workspace.tools.items() if _meters(tool.connector.capability.calendar)}
    found = set()
    for entity in state.entities.values() if metering else ():
        for name in metering & entity.links.keys():
            link = entity.links[name]
            seen = {cell: memory.seen for cell, memory in link.memory.items() if memory.seen is not UNSET}
            if not (entity.dead or link.gone or link.missed) and is_due(seen, link.measured, now, workspace.zone):
                found.add(entity.id)
    return frozenset(found)


def is_due(shown: Mapping[str, object], measured: datetime | None, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a look falls between the last one and now, going by the send that a tool shows."""
    sent = shown.get("scheduled_send")
    if shown.get("status") != "sent" or not isinstance(sent, Instant | WallClock | Day):
        return False
    passed = [at for look in LOOKS if (at := first_moment(sent, zone) + look) <= now]
    return bool(passed) and (measured is None or measured < passed[-1])


def next_look(link: Link, workspace: Workspace, tool: str) -> datetime | None:
    """When the outcome of a send is to be looked up next, by what is remembered of its record; None for never."""
    if tool not in workspace.tools or not _meters(workspace.tools[tool].connector.capability.calendar):
        return None
    shown = {cell: memory.seen for cell, memory in link.memory.items()}
    sent = shown.get("scheduled_send")
    if link.gone or link.missed or shown.get("status") != "sent" or not isinstance(sent, Instant | WallClock | Day):
        return None
    looks = [first_moment(sent, workspace.zone) + look for look in LOOKS]
    return next((at for at in looks if link.measured is None or at > link.measured), None)


def sight(side: Side, record: Record, measured: datetime | None, now: datetime, zone: ZoneInfo) -> Sighting:
    """A record with its meaning, without the outcome of its send unless a look at that is due."""
    reading = side.mapping.get(record)
    if _meters(side.capability.calendar) and not is_due(reading.values, measured, now, zone):
        values = {name: value for name, value in reading.values.items() if name not in METRICS}
        reading = replace(reading, values=values)
    return Sighting(record, reading)


def measure(intake: Intake, state: State, workspace: Workspace, now: datetime) -> dict[str, str]:
    """Complete what was read with the outcome of the sends for which a look is due.

    Gives, by tool, why the outcome of some could not be looked up; it is tried again in the next run. Nothing waits for
    a third report: after years of sends the first runs look up the newest, and the next ones the rest.
    """
    troubles: dict[str, str] = {}
    for tool, side in intake.sides.items():
        calendar = side.capability.calendar
        if calendar is None or calendar.metering is Metering.NONE:
            continue
        due = dict(_due(intake, state, tool, now, workspace.zone))
        counts: Mapping[Ref, Mapping[str, float]] = {}
        if due and calendar.metering is not Metering.ROW:
            if (rest := len(due) - AT_ONCE) > 0:
                newest = sorted(due, key=lambda entity: _sent(due[entity], workspace.zone), reverse=True)
                due = {entity: due[entity] for entity in newest[:AT_ONCE]}
                troubles[tool] = f"what became of {rest} earlier sends is looked up by the next runs"
            try:
                counts = workspace.tools[tool].connector.measure([s.record.ref for s in due.values()])
            except SyncError as error:
                troubles[tool] = str(error)
                continue
        for entity, sighting in due.items():
            state.entities[entity].links[tool].measured = now
            if told := counts.get(sighting.record.ref):
                intake.members[entity][tool] = _counted(sighting, told, side)
    return troubles


def _sent(sighting: Sighting, zone: ZoneInfo) -> datetime:
    sent = sighting.reading.values["scheduled_send"]
    assert isinstance(sent, Instant | WallClock | Day)  # noqa: S101  it is due
    return first_moment(sent, zone)


def _counted(sighting: Sighting, told: Mapping[str, float], side: Side) -> Sighting:
    record = sighting.record._replace(fields={**sighting.record.fields, **told})
    shown = side.mapping.get(record).values
    counts = {name: shown[name] for name in METRICS if name in shown}
    return Sighting(record, replace(sighting.reading, values={**sighting.reading.values, **counts}))


def _meters(calendar: Calendar | None) -> bool:
    return calendar is not None and calendar.metering is not Metering.NONE


def _due(intake: Intake, state: State, tool: str, now: datetime, zone: ZoneInfo) -> Iterator[tuple[str, Sighting]]:
    for entity, members in intake.members.items():
        sighting = members.get(tool)
        if sighting and is_due(sighting.reading.values, state.entities[entity].links[tool].measured, now, zone):
            yield entity, sighting
