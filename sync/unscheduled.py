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


def resumable(
    places: Mapping[Place, Intent],
    entity: str,
    merged: Mapping[str, Merged],
    agreed: Mapping[str, Value],
    claimed: Mapping[str, Value],
) -> frozenset[str]:
    """The tools in which the send of a campaign may be put back: it was certainly us who took it off, its time is
    agreed, and nobody has just set another time there, who may not be done yet. What an earlier run found `claimed` by
    a tool, because it was in conflict, was set before that."""
    cell, at = merged.get(PLANNED), agreed.get(PLANNED)  # no cell where it is at rest
    if (cell and cell.conflict) or at is None:
        return frozenset()
    ours = (tool for (one, tool), intent in places.items() if one == entity and intent.sure)
    return frozenset(tool for tool in ours if not (cell and tool in cell.editors) or claimed.get(tool) == at)


def _is_back(sighting: Sighting) -> bool:
    return sighting.reading.values.get("scheduled_send") is not None
