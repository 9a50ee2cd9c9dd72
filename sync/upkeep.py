"""What a run keeps so that later ones need not look: fingerprints, what comes due and when, who reaches whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from sync.campaign import FINISHED_CAMPAIGN, Campaign, first_moment, last_moment
from sync.fingerprint import fingerprint
from sync.intake import Intake, is_as_remembered
from sync.metering import next_look
from sync.model import METRICS, Kind
from sync.state import Remembered, State
from sync.workspace import Workspace

Reach = Mapping[str, datetime]  # by audience, when it is reached

LookedAt = tuple[str | None, tuple[object, ...]]  # an entity's campaign, and all the rest

# The cells that the rules look at (`sync.audit`), and that campaigns are called by.
LOOKED_AT = {
    Kind.CAMPAIGN: ("name", "status", "owner", "audiences", "planned_send", "scheduled_send"),
    Kind.STAGE: ("campaign", "kind", "owner", "status", "due"),
}


def rules_of(workspace: Workspace) -> str:
    """A digest of what a workspace's campaigns are looked at by, besides what they hold."""
    told = repr((workspace.zone.key, workspace.audit, workspace.people, workspace.schema))
    return blake2b(told.encode(), digest_size=16).hexdigest()


def keep_fingerprints(intake: Intake, state: State) -> list[Remembered]:
    """Note the records that show nothing but what is remembered. To be called once the merge is remembered; gives the
    entities besides this run's of which one was noted."""
    owners = state.links()
    keys = {tool: meaning.encode() for tool, meaning in intake.meanings.items()}
    for id_, members in intake.members.items():
        entity = state.entities[id_]
        for tool, sighting in members.items():
            if tool in entity.links:
                same = is_as_remembered(sighting, entity, owners)
                entity.links[tool].fingerprint = fingerprint(sighting.record, keys[tool]) if same else None
    others = []
    for entity, sighting in intake.as_before:
        if entity.id not in intake.members:
            entity.links[sighting.tool].fingerprint = fingerprint(sighting.record, keys[sighting.tool])
            others.append(entity)
    return others


def keep_times(entities: Iterable[Remembered], hindered: Collection[str], workspace: Workspace, now: datetime) -> None:
    """Note when time alone makes these worth a look, and when they were sent. The hindered (entity ids) are looked at
    as often as records are counted."""
    for entity in entities:
        moments = [now + workspace.count_every] if entity.id in hindered and not entity.dead else []
        if entity.kind is Kind.CAMPAIGN:
            campaign = Campaign.of(entity.entity())
            moments += [] if entity.dead else _moments(entity, campaign, workspace, now)
            told = any(entity.agreed.get(name) is not None for name in METRICS)
            entity.sent = first_moment(campaign.send, workspace.zone) if told and campaign.send else None
        entity.due = min(moments, default=None)


def _moments(entity: Remembered, campaign: Campaign, workspace: Workspace, now: datetime) -> Iterable[datetime]:
    if campaign.send and campaign.status not in FINISHED_CAMPAIGN:
        over = last_moment(campaign.send, workspace.zone)
        if over >= now:
            yield over
    for tool, link in entity.links.items():
        look = next_look(link, workspace, tool)
        if look is not None:
            yield look


def looked_at(entity: Remembered) -> LookedAt:
    """What the rules look at in an entity: while that is the same, they find the same."""
    names = LOOKED_AT[entity.kind]
    disputed = [name for name in names if name in entity.disputed]
    return entity.campaign, (entity.dead, *map(entity.agreed.get, names), *disputed)


def reach_of(entity: Remembered, zone: ZoneInfo) -> Reach:
    """The audiences that a campaign reaches, and when."""
    campaign = Campaign.of(entity.entity())
    if entity.dead or campaign.send is None:
        return {}
    return dict.fromkeys(campaign.audiences, first_moment(campaign.send, zone))
