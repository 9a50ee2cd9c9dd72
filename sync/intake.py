"""Reads every tool and says which record is which entity; a tool that cannot be read leaves only itself out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sync.campaign import day_of
from sync.errors import SyncError
from sync.guard import is_emptied
from sync.identity import Known, Resolution, Sighting, campaign_words, resolve, stage_words
from sync.model import Day, EntityLink, Instant, Kind, Ref, Value, WallClock
from sync.plan import LINK_FIELD, Side
from sync.state import Remembered, State
from sync.workspace import Surroundings, Workspace


@dataclass(slots=True)
class Intake:
    """What was read: the readable tools, why the others are not, who is who, and what is gone.

    `members` is entity -> tool -> sighting. `absent` are links (entity, tool) whose record a complete listing and a
    direct look both miss.
    """

    sides: dict[str, Side] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    members: dict[str, dict[str, Sighting]] = field(default_factory=dict)
    campaigns: Resolution = field(default_factory=lambda: Resolution({}, {}))
    stages: Resolution = field(default_factory=lambda: Resolution({}, {}))
    absent: set[tuple[str, str]] = field(default_factory=set)
    emptied: dict[str, str] = field(default_factory=dict)

    @property
    def blocked(self) -> frozenset[tuple[str, str]]:
        return self.campaigns.blocked | self.stages.blocked


def read_tools(workspace: Workspace, state: State, around: Surroundings, *, believe_absence: bool = False) -> Intake:
    """Read all tools and resolve identities. Raises nothing for a single tool's failure.

    With `believe_absence` a tool in which very much is missing is not taken for emptied.
    """
    intake = Intake()
    sightings: list[Sighting] = []
    for name, tool in workspace.tools.items():
        found: list[Sighting] = []
        around.progress(f"reading {name}", 0, None)
        try:
            mapping = tool.bind(tool.connector.schema())
            for record in tool.connector.fetch():
                found.append(Sighting(record, mapping.get(record)))
                around.progress(f"reading {name}", len(found), None)
        except SyncError as error:
            intake.errors[name] = str(error)
            continue
        intake.sides[name] = Side(tool.connector.capability, mapping)
        intake.counts[name] = len(found)
        sightings.extend(found)
    _identify(intake, workspace, state, sightings, around)
    _look_for_absent(intake, workspace, state, believe_absence)
    return intake


def _identify(
    intake: Intake, workspace: Workspace, state: State, sightings: list[Sighting], around: Surroundings
) -> None:
    def words_of_campaign(sighting: Sighting) -> tuple[str, ...]:
        return _campaign_words(sighting.reading.values, workspace)

    campaigns = [s for s in sightings if s.record.ref.kind is Kind.CAMPAIGN]
    known = _known(state, Kind.CAMPAIGN, lambda e: _campaign_words(e.agreed, workspace))
    intake.campaigns = resolve(Kind.CAMPAIGN, campaigns, known, words_of_campaign, around.new_id)
    owners = dict(state.links())
    for entity, members in intake.campaigns.members.items():
        owners.update({sighting.record.ref: entity for sighting in members.values()})

    def campaign_of(sighting: Sighting) -> str | None:
        parent = sighting.record.parent
        return owners.get(Ref(sighting.tool, Kind.CAMPAIGN, parent)) if parent else None

    def words_of_stage(sighting: Sighting) -> tuple[str, ...]:
        return stage_words(campaign_of(sighting), sighting.reading.values.get("kind"))

    links = state.links()
    # A child that is no stage (no kind), or hangs on nothing we know, is not ours to mirror.
    stages = [
        s
        for s in sightings
        if s.record.ref.kind is Kind.STAGE and (s.record.ref in links or s.record.marker or words_of_stage(s))
    ]
    known = _known(state, Kind.STAGE, _stage_entity_words)
    intake.stages = resolve(Kind.STAGE, stages, known, words_of_stage, around.new_id)
    for resolution in (intake.campaigns, intake.stages):
        for entity, members in resolution.members.items():
            intake.members[entity] = {
                tool: _with_campaign(s, campaign_of(s) if s.record.ref.kind is Kind.STAGE else None)
                for tool, s in members.items()
            }


def _with_campaign(sighting: Sighting, campaign: str | None) -> Sighting:
    """The stage with its campaign as a cell.

    A parent that we do not know leaves the cell unread, and so does none at all: a stage loses its parent when
    somebody deletes the campaign's record, which is no edit of the stage.
    """
    if campaign is None:
        return sighting
    values = {**sighting.reading.values, LINK_FIELD: EntityLink(campaign)}
    return Sighting(sighting.record, replace(sighting.reading, values=values))


def _campaign_words(cells: Mapping[str, Value], workspace: Workspace) -> tuple[str, ...]:
    send = cells.get("planned_send")
    day = day_of(send, workspace.zone).isoformat() if isinstance(send, Instant | WallClock | Day) else None
    return campaign_words(cells.get("name"), day)


def _stage_entity_words(entity: Remembered) -> tuple[str, ...]:
    campaign = entity.agreed.get(LINK_FIELD)
    return stage_words(campaign.id if isinstance(campaign, EntityLink) else None, entity.agreed.get("kind"))


def _known(state: State, kind: Kind, words: Callable[[Remembered], tuple[str, ...]]) -> Known:
    alive = {e.id: e for e in state.entities.values() if e.kind is kind and not e.dead}
    links = {link.ref: e.id for e in state.entities.values() if e.kind is kind for link in e.links.values()}
    return Known(
        links=links,
        tools={id_: frozenset(e.links) for id_, e in alive.items()},
        names={id_: words(e) for id_, e in alive.items()},
        dead=frozenset(e.id for e in state.entities.values() if e.dead),
        keys={id_: frozenset(link.key for link in e.links.values() if link.key) for id_, e in alive.items()},
    )


def _look_for_absent(intake: Intake, workspace: Workspace, state: State, believe: bool) -> None:
    """Look directly at linked records that the listings do not show, unless a tool seems to be emptied."""
    for name in intake.sides:
        links = {e.id: e.links[name] for e in state.entities.values() if not e.dead and name in e.links}
        expected = {entity: link for entity, link in links.items() if not link.gone}
        missing = {entity: link for entity, link in expected.items() if name not in intake.members.get(entity, {})}
        news = {entity: link for entity, link in missing.items() if link.missed == 0}
        if not believe and is_emptied(len(news), len(expected), workspace.bounds):
            intake.emptied[name] = f"{len(news)} of {len(expected)} records are not there any more"
            continue
        if not missing:
            continue
        tool = workspace.tools[name]
        try:
            direct = tool.connector.read([link.ref for link in missing.values()])
        except SyncError as error:
            intake.errors[name] = str(error)
            continue
        for entity, link in missing.items():
            record = direct.get(link.ref)
            if record is None:
                intake.absent.add((entity, name))
            else:
                sighting = Sighting(record, intake.sides[name].mapping.get(record))
                campaign = state.links().get(Ref(name, Kind.CAMPAIGN, record.parent)) if record.parent else None
                intake.members.setdefault(entity, {})[name] = _with_campaign(sighting, campaign)
