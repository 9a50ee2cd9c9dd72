"""What a write makes an ESP show besides what was written: a moved plan moves the scheduled send as well."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sync.delivery import Delivery
from sync.intake import Intake
from sync.metering import sight
from sync.model import UNSET
from sync.plan import Side
from sync.state import State
from sync.workspace import Workspace


def ripples(
    delivery: Delivery, intake: Intake, state: State, workspace: Workspace, now: datetime
) -> Mapping[str, frozenset[str]]:
    """The cells (entity -> fields) that an ESP shows otherwise since we wrote to it, so that the other tools need not
    wait for the next run. What the ESP shows takes its place in the intake. Nothing that was itself written in this run
    is among them: what the other tools show of that has not been read since."""
    written: dict[str, set[str]] = {}
    for result in delivery.results:
        written.setdefault(result.step.entity, set()).update(result.step.values)
    found: dict[str, frozenset[str]] = {}
    for (entity, tool), record in delivery.shown.items():
        side: Side = intake.sides[tool]
        if side.capability.calendar is None or entity not in intake.members:
            continue
        if (entity, tool) in delivery.moves.off:
            continue  # what it shows of its schedule is our doing
        link = state.entities[entity].links[tool]
        sighting = sight(side, record, link.measured, now, workspace.zone)
        before = {name: cell.seen for name, cell in link.memory.items() if cell.seen is not UNSET}
        moved = {name for name, value in sighting.reading.values.items() if name in before and before[name] != value}
        if moved := moved - written[entity]:
            intake.members[entity][tool] = sighting
            found[entity] = frozenset(moved) | found.get(entity, frozenset())
    return found
