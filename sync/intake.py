"""What a run has read, and which record is which entity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sync.campaign import Campaign, day_of
from sync.errors import SyncError
from sync.identity import Known, Resolution, Sighting, Words, campaign_words, resolve, stage_words
from sync.merge import FIRST_SIGHT, Whole, is_empty
from sync.model import UNSET, Day, EntityLink, Instant, Kind, Record, Ref, Value, WallClock
from sync.plan import LINK_FIELD, Side
from sync.ports import NativeSchema, Reading, Withheld
from sync.state import Listing, Position, Remembered, Setup, State
from sync.workspace import Surroundings, Workspace

# Without these a record is nothing that people could tell from another.
NEEDED = {Kind.CAMPAIGN: "name", Kind.STAGE: "kind"}


@dataclass(slots=True)
class Intake:
    """What was read: the readable tools, why the others are not, the records, who is who, and what is gone.

    `members` is entity -> tool -> sighting. `absent` are links (entity, tool) whose record a complete listing and a
    direct look both miss. `times` say when each listing began, `ended` when all was read, by the tool's own clock where
    it tells one. `emptied` are tools in which too much is missing to be believed, and why; `cut_short` those whose full
    listing lacked a record that is there. `partial`: some tool told only what changed; then this run is about the
    `touched` entities, and nothing is new of the others. `withheld` is what accounts keep from us, of the tools that
    were asked and told.
    """

    sides: dict[str, Side] = field(default_factory=dict)
    natives: dict[str, NativeSchema] = field(default_factory=dict)
    meanings: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)
    failures: dict[str, SyncError] = field(default_factory=dict)
    shown: dict[Ref, Sighting] = field(default_factory=dict)
    members: dict[str, dict[str, Sighting]] = field(default_factory=dict)
    campaigns: Resolution = field(default_factory=lambda: Resolution({}, {}))
    stages: Resolution = field(default_factory=lambda: Resolution({}, {}))
    absent: set[tuple[str, str]] = field(default_factory=set)
    emptied: dict[str, str] = field(default_factory=dict)
    cut_short: set[str] = field(default_factory=set)
    partial: bool = False
    touched: set[str] = field(default_factory=set)
    woken: set[str] = field(default_factory=set)
    as_before: list[tuple[Remembered, Sighting]] = field(default_factory=list)
    positions: dict[str, Position] = field(default_factory=dict)
    setups: dict[str, Setup] = field(default_factory=dict)
    withheld: dict[str, Sequence[Withheld]] = field(default_factory=dict)
    recalled: set[str] = field(default_factory=set)
    broken_off: dict[str, tuple[Listing, Mapping[Ref, Record | None]]] = field(default_factory=dict)

    @property
    def errors(self) -> dict[str, str]:
        """Why tools were left out, in words."""
        return {tool: str(failure) for tool, failure in self.failures.items()}

    def refs_aside(self) -> set[Ref]:
        """The records that could not be told apart: the next run has to see them as well."""
        aside = (*self.campaigns.aside, *self.stages.aside)
        return {one.sighting.record.ref for one in aside if one.reason != "deleted"}

    @property
    def blocked(self) -> frozenset[tuple[str, str]]:
        return self.campaigns.blocked | self.stages.blocked


def rebind(intake: Intake, state: State) -> dict[str, dict[str, str]]:
    """Forget what was seen in fields that were replaced by others of the same name: a column that was deleted and made
    anew is empty because it is new, not because people cleared it. Gives the bindings that changed, by tool."""
    changed = {}
    for tool, side in intake.sides.items():
        now = {
            f"{kind}/{name}": native
            for kind in side.capability.kinds
            for name in side.mapping.views(kind)
            if (native := side.mapping.native_field(kind, name)) is not None
        }
        before = state.bindings.get(tool, {})
        replaced = {key for key, native in now.items() if before.get(key, native) != native}
        if replaced:
            state.bring(state.shelf.everybody())
        for entity in state.entities.values() if replaced else ():
            if tool in entity.links:
                memory = entity.links[tool].memory
                entity.links[tool].memory = {n: m for n, m in memory.items() if f"{entity.kind}/{n}" not in replaced}
                entity.links[tool].fingerprint = None
        if (fields := {**before, **now}) != before:
            changed[tool] = fields
    return changed


def is_moved(sighting: Sighting, entity: Remembered, owners: Mapping[Ref, str]) -> bool:
    """Whether a cell of the record shows something else than what was last seen in it."""
    memory = entity.links[sighting.tool].memory
    now = _shown(sighting, owners)
    return any(name in memory and memory[name].seen != value for name, value in now.items())


def is_newer(sighting: Sighting, entity: Remembered, index: datetime | None) -> bool:
    """Whether what an index shows of a record is certainly not of before what we know of it: it was changed since, as
    the record itself says, and the index is as new as that (`index`, None where nobody can tell). Either alone would
    do, were there no index that stands still for hours and no clock that is set."""
    learned, changed = entity.links[sighting.tool].learned, sighting.record.changed_at
    return index is not None and learned is not None and changed is not None and learned < min(index, changed)


def is_as_remembered(sighting: Sighting, entity: Remembered, owners: Mapping[Ref, str]) -> bool:
    """Whether the record shows nothing else than what was last seen of it, in every cell and about itself.

    Never while a cell is in conflict: to show again what was seen before is how a tool takes its claim back.
    """
    link, reading = entity.links[sighting.tool], sighting.reading
    if entity.disputed:
        return False
    if link.missed or link.gone or (sighting.record.key, sighting.record.url) != (link.key, link.url):
        return False
    if reading.troubles or reading.inactive:
        return False
    now, memory = _shown(sighting, owners), link.memory
    if LINK_FIELD in memory and LINK_FIELD not in now and memory[LINK_FIELD].seen is not UNSET:
        return False  # but for its campaign, what a tool does not tell just now is no news
    for name, value in now.items():
        seen = memory.get(name, FIRST_SIGHT).seen
        if seen is UNSET or not (seen == value or (is_empty(seen) and is_empty(value))):
            return False
    return True


def shows_what_is_agreed(entity: Remembered, tool: str, intake: Intake) -> bool:
    """Whether the entity's record in a tool was last seen to show what is agreed, as far as the tool can."""
    link = entity.links.get(tool)
    if link is None or link.gone:
        return link is not None
    views = intake.sides[tool].mapping.views(entity.kind)
    if LINK_FIELD in link.memory:
        views = {**views, LINK_FIELD: Whole()}
    for name, view in views.items():
        if name not in entity.agreed or name in entity.disputed:
            continue
        wanted, memory = view.project(entity.agreed[name]), link.memory.get(name)
        if memory is None or wanted not in (memory.seen, memory.wrote):
            return False
    return True


def _shown(sighting: Sighting, owners: Mapping[Ref, str]) -> Mapping[str, Value]:
    """The cells that a record shows, with the campaign of a stage."""
    campaign = _campaign_of(sighting, owners)
    return sighting.reading.values if campaign is None else _and_campaign(sighting, campaign)


def _campaign_of(sighting: Sighting, owners: Mapping[Ref, str]) -> str | None:
    parent = sighting.record.parent
    return owners.get(Ref(sighting.tool, Kind.CAMPAIGN, parent)) if parent else None


def is_over(entity: Remembered, state: State, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the campaign that it is, or that it belongs to, is over by what is agreed; that has to be at hand."""
    campaign = state.entities.get(entity.campaign) if entity.campaign else entity
    return campaign is not None and Campaign.of(campaign.entity()).is_over(now, zone)


def unless_blank(sighting: Sighting, entity: Remembered) -> Sighting:
    """Take nothing from a record of which nothing at all is left: that is how a tool shows a row that was wiped by
    mistake, or one that it half shows, and it would empty the others."""
    if not all(map(is_empty, sighting.reading.values.values())):
        return sighting
    memory = entity.links[sighting.tool].memory
    held = (m.seen for name, m in memory.items() if name != LINK_FIELD)
    if not any(seen is not UNSET and not is_empty(seen) for seen in held):
        return sighting
    kind = sighting.record.ref.kind
    return replace(sighting, reading=Reading({}, troubles={NEEDED[kind]: "nothing at all is left in the record"}))


def identify(intake: Intake, workspace: Workspace, state: State, around: Surroundings) -> None:
    """Resolve which of the records that were read is which entity."""
    linked = state.links()
    natives = {(ref.tool, ref.native): ref.kind for ref in linked}
    state.bring(sighting.record.marker for ref, sighting in intake.shown.items() if ref not in linked)

    def is_same_kind(sighting: Sighting) -> bool:
        """People turn a stage into a campaign (a task into an epic); it does not become another entity by that."""
        ref, marked = sighting.record.ref, state.entities.get(sighting.record.marker or "")
        return natives.get((ref.tool, ref.native), ref.kind) is ref.kind and (marked is None or marked.kind is ref.kind)

    sightings = [sighting for sighting in intake.shown.values() if is_same_kind(sighting)]

    def words_of_campaign(sighting: Sighting) -> tuple[str, ...]:
        return _campaign_words(sighting.reading.values, workspace)

    campaigns = [s for s in sightings if s.record.ref.kind is Kind.CAMPAIGN]
    _bring_candidates(campaigns, words_of_campaign, state)
    known = _known(state, Kind.CAMPAIGN, lambda e: _campaign_words(e.agreed, workspace))
    intake.campaigns = resolve(Kind.CAMPAIGN, campaigns, known, words_of_campaign, around.new_id)
    owners = dict(state.links())
    for entity, members in intake.campaigns.members.items():
        owners.update({sighting.record.ref: entity for sighting in members.values()})

    def words_of_stage(sighting: Sighting) -> tuple[str, ...]:
        return stage_words(_campaign_of(sighting, owners), sighting.reading.values.get("kind"))

    links = state.links()
    # A child that is no stage (no kind), or hangs on nothing we know, is not ours to mirror.
    stages = [
        s
        for s in sightings
        if s.record.ref.kind is Kind.STAGE and (s.record.ref in links or s.record.marker or words_of_stage(s))
    ]
    _bring_candidates(stages, words_of_stage, state)
    known = _known(state, Kind.STAGE, _stage_entity_words)
    intake.stages = resolve(Kind.STAGE, stages, known, words_of_stage, around.new_id)
    for resolution in (intake.campaigns, intake.stages):
        for entity, members in resolution.members.items():
            if members or entity in intake.touched:
                intake.members[entity] = {
                    tool: _with_campaign(s, _campaign_of(s, owners) if s.record.ref.kind is Kind.STAGE else None)
                    for tool, s in members.items()
                }


def _bring_candidates(sightings: Sequence[Sighting], words: Words, state: State) -> None:
    """Take whatever the records that no link knows may be: what answers to their words or keys."""
    links = state.links()
    loose = [sighting for sighting in sightings if sighting.record.ref not in links]
    # The last of a campaign's words is its name alone, which is part of the others.
    found = {told[-1] for sighting in loose if (told := words(sighting))}
    keys = {key for s in loose for key in (s.record.key, s.reading.key) if key}
    if found or keys:
        state.bring(state.shelf.alike(found, keys))


def _with_campaign(sighting: Sighting, campaign: str | None) -> Sighting:
    """The stage with its campaign as a cell.

    A parent that we do not know leaves the cell unread, and so does none at all: a stage loses its parent when
    somebody deletes the campaign's record, which is no edit of the stage.
    """
    if campaign is None:
        return sighting
    return Sighting(sighting.record, replace(sighting.reading, values=_and_campaign(sighting, campaign)))


def _and_campaign(sighting: Sighting, campaign: str) -> Mapping[str, Value]:
    return {**sighting.reading.values, LINK_FIELD: EntityLink(campaign)}


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


def known_positions(intake: Intake, state: State) -> Mapping[str, Position]:
    """Up to where the tools have been read. One in which too much was missing is listed in full again."""
    lost = {tool: replace(state.positions[tool], text="") for tool in intake.emptied if tool in state.positions}
    return {**{tool: place for tool, place in intake.positions.items() if tool not in intake.emptied}, **lost}
