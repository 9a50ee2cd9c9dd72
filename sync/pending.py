"""What the next run has to look at even where no tool tells of a change."""

from __future__ import annotations

from collections.abc import Callable

from sync.intake import Intake
from sync.model import EntityLink, Kind
from sync.plan import Plan
from sync.report import Action
from sync.state import Remembered, State
from sync.workspace import Workspace

Test = Callable[[str], bool]  # of a campaign's entity id


def mark_pending(
    state: State, intake: Intake, planned: Plan, workspace: Workspace, is_over: Test, was_over: Test
) -> list[Remembered]:
    """Mark the members of which something is left to do, whatever becomes of the plan; gives the other entities that
    were woken: the stages of a campaign that gets a record, or that is not over any more, may now have theirs.

    `was_over` tells it by what was agreed before this run. To be called before the merge is remembered.
    """
    busy = {step.entity for step in planned.steps} | {obstacle.entity for obstacle in planned.obstacles}
    busy |= {entity for _, entity, _ in planned.waiting} | {entity for entity, _ in (*planned.kept, *intake.blocked)}
    busy |= {intent.entity for intent in state.intents}
    for entity in intake.members:
        known = state.entities[entity]
        over = is_over(_campaign_of(known))
        known.pending = entity in busy or _is_incomplete(known, intake, workspace, over)
    reopened = {e for e in intake.members if state.entities[e].kind is Kind.CAMPAIGN and was_over(e) and not is_over(e)}
    created = {step.entity for step in planned.steps if step.action is Action.CREATE and step.kind is Kind.CAMPAIGN}
    woken = []
    for known in state.entities.values() if reopened or created else ():
        if known.kind is Kind.STAGE and not known.pending and _campaign_of(known) in reopened | created:
            known.pending = True
            woken.append(known)
    return woken


def _campaign_of(known: Remembered) -> str:
    parent = known.agreed.get("campaign")
    return parent.id if isinstance(parent, EntityLink) else known.id


def _is_incomplete(known: Remembered, intake: Intake, workspace: Workspace, over: bool) -> bool:
    """Whether a tool is yet to be read or to get a record, or shows what cannot be understood."""
    members = intake.members[known.id]
    if any(sighting.reading.troubles for sighting in members.values()):
        return True
    for tool in workspace.tools:
        side, link = intake.sides.get(tool), known.links.get(tool)
        if side is None or (link is not None and not link.gone and tool not in members):
            return True
        if link is None and known.kind in side.capability.kinds and side.capability.creates and not over:
            return True
    return False
