"""Sends that we have taken off an ESP's calendar and not put back yet: a move that stopped between its steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sync.findings import FindingKind, fingerprint_of
from sync.identity import Sighting
from sync.intake import Intake
from sync.merge import Merged
from sync.model import Value
from sync.plan import PLANNED
from sync.state import Intent, State

TOLD_BY_IT = frozenset({"scheduled_send", "status"})

# Of an entity and a tool.
Place = tuple[str, str]


def standing(state: State, intake: Intake) -> dict[Place, Intent]:
    """The moves that are still to be finished: nobody has scheduled the send again, and nobody said to leave it so.

    Nothing is known of those in a tool that could not be read, so that they stand as well.
    """
    found: dict[Place, Intent] = {}
    for intent in state.intents:
        place = (intent.entity, intent.tool)
        if not intent.unscheduled or state.entities[intent.entity].dead:
            continue
        sighting = intake.members.get(intent.entity, {}).get(intent.tool)
        accepted = state.decisions.get(fingerprint_of(FindingKind.UNSCHEDULED, *place)) == intent.tool
        lost = sighting is None and intent.tool in intake.sides
        if not (lost or accepted or (sighting is not None and _is_back(sighting))):
            found[place] = found[place] if place in found and found[place].sure else intent
    return found


def hide(intake: Intake, places: Collection[Place]) -> None:
    """What such a campaign shows of its schedule is our own doing: nobody is to take it over as somebody's edit."""
    for entity, tool in places:
        if sighting := intake.members.get(entity, {}).get(tool):
            shown = {name: value for name, value in sighting.reading.values.items() if name not in TOLD_BY_IT}
            intake.members[entity][tool] = replace(sighting, reading=replace(sighting.reading, values=shown))


def left_to_people(places: Mapping[Place, Intent], merged: Mapping[str, Mapping[str, Merged]]) -> dict[Place, Intent]:
    """Those of these in which somebody has set another time since: they may not be done, and it is theirs to schedule.
    From now on it is no longer sure that it is off by our doing alone."""
    found = {}
    for (entity, tool), intent in places.items():
        cell = merged.get(entity, {}).get(PLANNED)  # None where it is at rest
        if intent.sure and cell and tool in {*cell.editors, *(cell.conflict.claims if cell.conflict else ())}:
            found[entity, tool] = replace(intent, sure=False)
    return found


def resumable(
    places: Mapping[Place, Intent], entity: str, merged: Mapping[str, Merged], agreed: Mapping[str, Value]
) -> frozenset[str]:
    """The tools in which the send of a campaign may be put back: it was certainly us who took it off, and its time is
    agreed."""
    cell = merged.get(PLANNED)
    if (cell and cell.conflict) or agreed.get(PLANNED) is None:
        return frozenset()
    return frozenset(tool for (one, tool), intent in places.items() if one == entity and intent.sure)


def _is_back(sighting: Sighting) -> bool:
    return sighting.reading.values.get("scheduled_send") is not None
