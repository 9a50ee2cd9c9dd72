"""Does every stage belong to an accountable, active, known person?"""

from __future__ import annotations

from collections.abc import Iterator

from sync.audit.board import Board
from sync.campaign import Campaign, Stage, kind_title
from sync.findings import Finding, FindingKind
from sync.model import Person, Stranger
from sync.wording import tool_title


def unowned_stages(board: Board) -> Iterator[Finding]:
    """Stages that still have to be done and belong to nobody."""
    for campaign in board.live():
        for stage in board.stages_of(campaign):
            if stage.owner is None and not stage.is_finished and (stage.id, "owner") not in board.disputed:
                due = f", due {board.wording.value(stage.due)}" if stage.due else ""
                yield board.flag(
                    FindingKind.UNOWNED_STAGE,
                    campaign,
                    stage.id,
                    f"{stage.title} of {campaign.title} belongs to nobody{due}",
                    "Name an owner in whichever tool you plan in; the others follow.",
                )


def missing_stages(board: Board) -> Iterator[Finding]:
    """Stages that a campaign of this workspace must have and has not."""
    for campaign in board.live():
        present = {stage.kind for stage in board.stages_of(campaign)}
        for kind in board.rules.stages:
            if kind not in present:
                yield board.flag(
                    FindingKind.MISSING_STAGE,
                    campaign,
                    campaign.id,
                    f"{campaign.title} has no {kind_title(kind)} stage",
                    "Add the stage in whichever tool you plan in, or take it out of audit.stages if none is needed.",
                    kind,
                )


def unknown_owners(board: Board) -> Iterator[Finding]:
    """Owners whom the people directory does not know."""
    for campaign, what, subject, owner in _owners(board):
        if isinstance(owner, Stranger):
            yield board.flag(
                FindingKind.UNKNOWN_OWNER,
                campaign,
                subject,
                f"{what} belongs to {owner.name}, whom only {tool_title(owner.tool)} knows",
                f"Add {owner.name} to people.toml with the {tool_title(owner.tool)} account {owner.native} "
                "(`campaign-sync people suggest` finds who that may be), or name another owner.",
                f"{owner.tool}/{owner.native}",
            )


def inactive_owners(board: Board) -> Iterator[Finding]:
    """Owners who are not there any more."""
    for campaign, what, subject, owner in _owners(board):
        key = owner.id if isinstance(owner, Person) else owner.native
        entry = board.people.get(key) if isinstance(owner, Person) else None
        if (entry is not None and not entry.active) or key in board.inactive:
            name = entry.name if entry else board.wording.value(owner)
            yield board.flag(
                FindingKind.INACTIVE_OWNER,
                campaign,
                subject,
                f"{what} belongs to {name}, who is not active any more",
                "Name somebody else in whichever tool you plan in.",
                key,
            )


def _owners(board: Board) -> Iterator[tuple[Campaign, str, str, Person | Stranger]]:
    """Everybody who has something to do: (campaign, what in words, entity id, owner)."""
    for campaign in board.live():
        if campaign.owner is not None:
            yield campaign, campaign.title, campaign.id, campaign.owner
        for stage in board.stages_of(campaign):
            if stage.owner is not None and not stage.is_finished:
                yield campaign, _stage_of(stage, campaign), stage.id, stage.owner


def _stage_of(stage: Stage, campaign: Campaign) -> str:
    return f"{stage.title} of {campaign.title}"
