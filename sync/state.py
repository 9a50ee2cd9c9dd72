"""What is remembered between runs, as the engine holds it: entities, links, unanswered writes, decisions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from sync.findings import Finding
from sync.merge import Memory, Past
from sync.model import UNSET, Entity, EntityLink, Kind, Record, Ref, Value

# So many outcomes are shown at once; people read no more.
SHOWN = 50


def plain(name: str) -> str:
    """A name without what people do not see in it: case and spaces."""
    return " ".join(name.casefold().split())


def stage_word(campaign: str, kind: str) -> str:
    """What tells the stages of all campaigns apart."""
    return f"{campaign}\x1f{kind}"


@dataclass(slots=True)
class Link:
    """Which record of a tool an entity is, and the memory of its cells.

    `related` are the links to other tools' records that we gave it (tool -> title, url), `measured` is when the outcome
    of its send was last looked up. `fingerprint` is a digest of the record that showed nothing but what is remembered
    here, None where none did so yet. `learned` is when the memory last changed, by the tool's own clock where it has
    one: what an index shows may be of before. `missed` counts the confirmed absences in a row, `contested` says that
    somebody edited the entity elsewhere since, `gone` that the deletion was accepted.
    """

    ref: Ref
    key: str | None = None
    url: str | None = None
    memory: dict[str, Memory] = field(default_factory=dict)
    missed: int = 0
    contested: bool = False
    gone: bool = False
    related: dict[str, tuple[str, str]] = field(default_factory=dict)
    measured: datetime | None = None
    fingerprint: str | None = None
    learned: datetime | None = None


@dataclass(slots=True)
class Remembered:
    """One entity: agreed values, the claims of cells in conflict (field -> tool -> value), and its links by tool.

    `pending` says that a run has to look at it even where no tool tells of a change: something is left to do; `due`
    is when the passing of time makes it worth a look, and `sent` when it was sent, of a campaign with an outcome.
    """

    id: str
    kind: Kind
    agreed: dict[str, Value] = field(default_factory=dict)
    disputed: dict[str, dict[str, Value]] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    dead: bool = False
    pending: bool = True
    due: datetime | None = None
    sent: datetime | None = None

    @property
    def campaign(self) -> str | None:
        """The campaign (entity id) that it belongs to as agreed, itself for a campaign."""
        parent = self.agreed.get("campaign") if self.kind is Kind.STAGE else EntityLink(self.id)
        return parent.id if isinstance(parent, EntityLink) else None

    @property
    def word(self) -> str | None:
        """What a record that no link knows may be recognised by: a campaign's name, a stage's campaign and kind."""
        if self.dead:
            return None
        name, kind = self.agreed.get("name"), self.agreed.get("kind")
        if self.kind is Kind.STAGE:
            return stage_word(self.campaign, kind) if self.campaign and isinstance(kind, str) else None
        return plain(name) or None if isinstance(name, str) else None

    @property
    def is_unsettled(self) -> bool:
        """Whether the next run has to look at it, whatever the tools tell."""
        return not self.dead and (self.pending or any(link.missed and not link.gone for link in self.links.values()))

    @property
    def shown_in(self) -> Set[str]:
        """The tools that have a record of it."""
        return {tool for tool, link in self.links.items() if not link.gone}

    def past(self, name: str, tools: Set[str]) -> Past:
        """A cell's past, for the merge, as far as it is about these tools."""
        memory = {t: link.memory[name] for t, link in self.links.items() if t in tools and name in link.memory}
        return Past(self.agreed.get(name, UNSET), memory)

    def entity(self) -> Entity:
        """The agreed model of it."""
        return Entity(self.id, self.kind, dict(self.agreed))


@dataclass(frozen=True, slots=True)
class Edit:
    """An agreement that changed a value: the tools it was edited in, and the values that lost, by tool."""

    entity: str
    field: str
    old: Value
    new: Value
    editors: frozenset[str]
    lost: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was begun and of which nobody knows the end. `cells` says of each field its old and new value.

    `unscheduled` says that it set about taking a scheduled send off the calendar, which is then still to be put back;
    `sure` that the tool had confirmed that.
    """

    id: int
    tool: str
    entity: str
    action: str
    at: datetime
    cells: Mapping[str, tuple[Value, Value]] = field(default_factory=dict)
    unscheduled: bool = False
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a tool has been read: the connector's own word for it, a digest of what its records meant then, and
    when (by our clock) all of it was last listed and its records were last counted."""

    text: str
    meaning: str
    listed: datetime
    counted: datetime


@dataclass(frozen=True, slots=True)
class Hint:
    """A record of which a tool told, on its own, that something happened to it."""

    id: int
    ref: Ref


@dataclass(frozen=True, slots=True)
class Reached:
    """About how many people an audience has, None where its tool does not tell, and when that was asked."""

    size: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Setup:
    """What a tool's connector was told about itself, in its own words, and when all of that was last asked."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """A full listing of a tool that broke off: how far it came in the connector's own words, the position and our time
    at its beginning, and a digest of what its records meant."""

    reached: str
    position: str
    meaning: str
    began: datetime


class Held(NamedTuple):
    """What the register of a tool's records says of one: whose it is, its fingerprint, how often it was missing, and
    whether its deletion was accepted."""

    entity: str
    fingerprint: str | None
    missed: int
    gone: bool


class Shelf(Protocol):
    """Where the entities lie that a run has not taken out."""

    def take(self, ids: Collection[str]) -> Iterable[Remembered]:
        """These entities with their links, those of them that there are."""

    def everybody(self) -> Collection[str]:
        """All of them."""

    def owners(self, refs: Collection[Ref]) -> Set[str]:
        """The entities of the records of these tools and native ids, of whatever kind."""

    def register(self, tool: str) -> dict[Kind, dict[str, Held]]:
        """All linked records of a tool, by kind and native id."""

    def listed(self, tool: str) -> Mapping[Ref, Record | None]:
        """What a full listing of the tool that broke off had read; None for a record that is as it was."""

    def family(self, campaigns: Collection[str]) -> Set[str]:
        """These campaigns and their stages."""

    def kin(self, campaigns: Collection[str] | None) -> Iterable[Remembered]:
        """The same, or all that live, without their links: to look at only."""

    def alike(self, words: Collection[str], keys: Collection[str]) -> Set[str]:
        """The living entities that answer to one of these words, or have a record of one of these keys."""

    def near(self, audiences: Collection[str], first: datetime, last: datetime) -> Set[str]:
        """The campaigns that reach one of these audiences between two moments."""

    def sent(self, since: datetime) -> Iterable[Remembered]:
        """The campaigns with an outcome that were sent since, the latest first, at most SHOWN, without their links."""

    def linked(self, tool: str) -> int:
        """How many records of the tool are linked."""


@dataclass(slots=True)
class State:
    """What a run works on: of the entities those that it has to do with, taken from the shelf as it goes.

    `bindings` say from which field of a tool a canonical one ("campaign/program") was last read, `positions` up to
    where each tool was, `audiences` (tool, name) how large they are, `setups` what connectors know of their tools,
    `listings` where full ones broke off, and `rules` by which rules the campaigns were last looked at.
    """

    shelf: Shelf
    entities: dict[str, Remembered] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)
    decisions: dict[str, str] = field(default_factory=dict)
    bindings: dict[str, dict[str, str]] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    hints: list[Hint] = field(default_factory=list)
    audiences: dict[tuple[str, str], Reached] = field(default_factory=dict)
    setups: dict[str, Setup] = field(default_factory=dict)
    listings: dict[str, Listing] = field(default_factory=dict)
    rules: str | None = None

    def bring(self, ids: Iterable[str | None]) -> None:
        """Take these entities from the shelf, unless they are here."""
        wanted = sorted({id_ for id_ in ids if id_ is not None and id_ not in self.entities})
        for entity in self.shelf.take(wanted) if wanted else ():
            self.entities[entity.id] = entity

    def bring_owners(self, refs: Collection[Ref]) -> None:
        """Take the entities that these records are."""
        if refs:
            self.bring(self.shelf.owners(refs))

    def bring_families(self, campaigns: Collection[str]) -> None:
        """Take these campaigns and their stages."""
        if campaigns:
            self.bring(self.shelf.family(campaigns))

    def bring_campaigns(self) -> None:
        """Take the campaigns of all stages that are here."""
        self.bring([entity.campaign for entity in self.entities.values()])

    def records_besides(self, entities: Collection[str]) -> Set[tuple[str, str]]:
        """The records (entity, tool) that are there of all but these entities, as far as they are here."""
        others = [entity for entity in self.entities.values() if entity.id not in entities]
        return {(e.id, tool) for e in others for tool, link in e.links.items() if not (link.gone or link.missed)}

    def due_by(self, at: datetime, every: timedelta) -> datetime:
        """By when whatever is due is due `at` this moment. After a clock was set back nothing waits until it has caught
        up: all that was put off for as long as `every` before is due, and a little more."""
        latest = max((position.counted for position in self.positions.values()), default=at)
        return at if latest <= at else latest + 2 * every

    def links(self) -> Mapping[Ref, str]:
        """The entity behind each record that is linked, also those that are gone, as far as they are here."""
        return {link.ref: entity.id for entity in self.entities.values() for link in entity.links.values()}


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding that stands, since when, and when it was last told by email."""

    finding: Finding
    opened: datetime
    emailed: datetime | None
