"""What the next run has to look at even where no tool tells of a change."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field

from sync.delivery import Result
from sync.intake import Intake, shows_what_is_agreed
from sync.plan import Plan
from sync.report import Action
from sync.report import State as Progressed
from sync.state import Remembered, State
from sync.workspace import Workspace

Test = Callable[[str], bool]  # of a campaign's entity id


@dataclass(slots=True)
class Left:
    """What is left to do after a plan, by entity.

    `hindered` are those of which something stands in the way that only time or a change elsewhere takes away: to try
    again in every run would cost requests in every run. `lasting` are those to look at again whatever becomes of the
    plan.
    """

    hindered: set[str] = field(default_factory=set)
    lasting: set[str] = field(default_factory=set)


def mark_pending(state: State, intake: Intake, planned: Plan, workspace: Workspace, is_over: Test) -> Left:
    """Mark the members of which something is left to do, whatever becomes of the plan. To be called before the merge is
    remembered."""
    lasting = {entity for entity, _ in intake.blocked} | {intent.entity for intent in state.intents}
    busy = {step.entity for step in planned.steps}
    made = {(step.entity, step.tool) for step in planned.steps if step.action is Action.CREATE}
    hindered = {obstacle.entity for obstacle in planned.obstacles} | {entity for _, entity, _ in planned.waiting}
    hindered |= {entity for entity, _ in planned.kept}
    for entity in intake.members:
        known = state.entities[entity]
        if entity not in intake.woken and _is_unread(known, intake, workspace):
            lasting.add(entity)
        known.pending = entity in busy or entity in lasting
        if _lacks_records(known, intake, workspace, made, is_over(known.campaign or known.id)):
            hindered.add(entity)
    return Left(hindered, lasting)


def done_with(results: Sequence[Result], planned: Plan, intake: Intake, state: State, left: Left) -> list[Remembered]:
    """Take back the mark of those of which nothing is left to do since it was written. Who of them was refused
    something is hindered."""
    ends: dict[str, list[Result]] = {}
    for result in results:
        ends.setdefault(result.step.entity, []).append(result)
    places = {(step.entity, step.tool) for step in planned.steps}
    places -= {(result.step.entity, result.step.tool) for result in results}
    undone = {entity for entity, _ in places} | left.lasting
    settled = []
    for id_, mine in ends.items():
        entity = state.entities[id_]
        if id_ in undone or not entity.pending or any(one.state is Progressed.DEFERRED for one in mine):
            continue
        failed = any(one.state is Progressed.FAILED for one in mine)
        if not failed and not all(shows_what_is_agreed(entity, one.step.tool, intake) for one in mine):
            continue
        entity.pending = False
        settled.append(entity)
        if failed:
            left.hindered.add(id_)
    return settled


def _is_unread(known: Remembered, intake: Intake, workspace: Workspace) -> bool:
    """Whether a tool is yet to be read or looks emptied, or shows what cannot be understood."""
    members = intake.members[known.id]
    if any(sighting.reading.troubles for sighting in members.values()):
        return True
    links = ((tool, known.links.get(tool)) for tool in workspace.tools)
    there = intake.sides.keys() - intake.emptied
    return any(t not in there or (link and not link.gone and t not in members) for t, link in links)


def _lacks_records(
    known: Remembered, intake: Intake, workspace: Workspace, made: Set[tuple[str, str]], over: bool
) -> bool:
    """Whether there is a tool in which it is to get a record that is not `made` now."""
    others = workspace.other_calendars(known.shown_in)
    sides = ((side.capability, tool) for tool, side in intake.sides.items() if tool not in {*known.links, *others})
    lacking = (t for c, t in sides if known.kind in c.kinds and c.creates and (known.id, t) not in made)
    return not over and any(lacking)
