"""Reads every tool and says which record is which entity; a tool that cannot be read leaves only itself out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync.campaign import day_of
from sync.errors import SyncError
from sync.guard import is_emptied
from sync.identity import Known, Resolution, Sighting, campaign_words, resolve, stage_words
from sync.merge import is_empty
from sync.model import UNSET, Day, EntityLink, Instant, Kind, Ref, Value, WallClock
from sync.plan import LINK_FIELD, Side
from sync.ports import Reading
from sync.state import Remembered, State
from sync.workspace import Surroundings, Tool, Workspace

# Without these a record is nothing that people could tell from another.
NEEDED = {Kind.CAMPAIGN: "name", Kind.STAGE: "kind"}


@dataclass(slots=True)
class Intake:
    """What was read: the readable tools, why the others are not, the records, who is who, and what is gone.

    `members` is entity -> tool -> sighting. `absent` are links (entity, tool) whose record a complete listing and a
    direct look both miss. `times` say when each listing began, by the tool's own clock where it tells one.
    """

    sides: dict[str, Side] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    shown: dict[Ref, Sighting] = field(default_factory=dict)
    members: dict[str, dict[str, Sighting]] = field(default_factory=dict)
    campaigns: Resolution = field(default_factory=lambda: Resolution({}, {}))
    stages: Resolution = field(default_factory=lambda: Resolution({}, {}))
    absent: set[tuple[str, str]] = field(default_factory=set)
    emptied: dict[str, str] = field(default_factory=dict)

    @property
    def blocked(self) -> frozenset[tuple[str, str]]:
        return self.campaigns.blocked | self.stages.blocked


def read_tools(workspace: Workspace, state: State, around: Surroundings, *, believe_absence: bool = False) -> Intake:
    """Read all tools. Raises nothing for a single tool's failure.

    With `believe_absence` a tool in which very much is missing is not taken for emptied.
    """
    intake = Intake()
    for name, tool in workspace.tools.items():
        found: dict[Ref, Sighting] = {}  # a page that shifts while it is read shows a record twice
        around.progress(f"reading {name}", 0, None)
        try:
            side = Side(tool.connector.capability, tool.bind(tool.connector.schema()))
            began = tool.connector.time() or around.clock()
            for record in tool.connector.fetch():
                found[record.ref] = Sighting(record, side.mapping.get(record))
                around.progress(f"reading {name}", len(found), None)
            _look_again(tool, side, found, state)
        except SyncError as error:
            intake.errors[name] = str(error)
            continue
        intake.sides[name] = side
        intake.counts[name] = len(found)
        intake.times[name] = began
        intake.shown.update(found)
    _look_for_absent(intake, workspace, state, believe_absence)
    _leave_blank_ones(intake, state)
    return intake


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
        for entity in state.entities.values() if replaced else ():
            if tool in entity.links:
                memory = entity.links[tool].memory
                entity.links[tool].memory = {n: m for n, m in memory.items() if f"{entity.kind}/{n}" not in replaced}
        if (fields := {**before, **now}) != before:
            changed[tool] = fields
    return changed


def _look_again(tool: Tool, side: Side, found: dict[Ref, Sighting], state: State) -> None:
    """Read past the index what a lagging listing shows changed: what was there before our own last write would pass
    for somebody's edit. So is what an unanswered write may have changed."""
    if not side.capability.settle:
        return
    owners = state.links()
    unanswered = {(intent.entity, intent.tool) for intent in state.intents}
    doubtful = []
    for ref, sighting in found.items():
        entity = state.entities.get(owners.get(ref, ""))
        if entity is None:
            continue
        parent = owners.get(Ref(ref.tool, Kind.CAMPAIGN, sighting.record.parent)) if sighting.record.parent else None
        now = _with_campaign(sighting, parent).reading.values
        memory = entity.links[ref.tool].memory
        moved = any(name in memory and memory[name].seen != value for name, value in now.items())
        if moved or (entity.id, ref.tool) in unanswered:
            doubtful.append(ref)
    for ref, record in (tool.connector.read(doubtful) if doubtful else {}).items():
        if record is None:
            del found[ref]  # listed and gone: it is looked for like every other one that is missing
        else:
            found[ref] = Sighting(record, side.mapping.get(record))


def _leave_blank_ones(intake: Intake, state: State) -> None:
    """Take nothing from a record of which nothing at all is left: that is how a tool shows a row that was wiped by
    mistake, or one that it half shows, and it would empty the others."""
    owners = state.links()
    for ref, sighting in intake.shown.items():
        entity = state.entities.get(owners.get(ref, ""))
        if entity is None or not all(map(is_empty, sighting.reading.values.values())):
            continue
        memory = entity.links[ref.tool].memory
        held = (m.seen for name, m in memory.items() if name != LINK_FIELD)
        if any(seen is not UNSET and not is_empty(seen) for seen in held):
            blank = Reading({}, troubles={NEEDED[ref.kind]: "nothing at all is left in the record"})
            intake.shown[ref] = replace(sighting, reading=blank)


def identify(intake: Intake, workspace: Workspace, state: State, around: Surroundings) -> None:
    """Resolve which of the records that were read is which entity."""
    natives = {(ref.tool, ref.native): ref.kind for ref in state.links()}

    def is_same_kind(sighting: Sighting) -> bool:
        """People turn a stage into a campaign (a task into an epic); it does not become another entity by that."""
        ref, marked = sighting.record.ref, state.entities.get(sighting.record.marker or "")
        return natives.get((ref.tool, ref.native), ref.kind) is ref.kind and (marked is None or marked.kind is ref.kind)

    sightings = [sighting for sighting in intake.shown.values() if is_same_kind(sighting)]

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
    for name, side in intake.sides.items():
        links = {e.id: e.links[name] for e in state.entities.values() if not e.dead and name in e.links}
        expected = {entity: link for entity, link in links.items() if not link.gone}
        missing = {entity: link for entity, link in expected.items() if link.ref not in intake.shown}
        news = {entity: link for entity, link in missing.items() if link.missed == 0}
        if not believe and is_emptied(len(news), len(expected), workspace.bounds):
            intake.emptied[name] = f"{len(news)} of {len(expected)} records are not there any more"
            continue
        if not missing:
            continue
        try:
            direct = workspace.tools[name].connector.read([link.ref for link in missing.values()])
        except SyncError as error:
            intake.errors[name] = str(error)
            continue
        for entity, link in missing.items():
            record = direct.get(link.ref)
            if record is None:
                intake.absent.add((entity, name))
            else:
                intake.shown[link.ref] = Sighting(record, side.mapping.get(record))
