"""What is remembered between runs, as the engine holds it: entities, links, unanswered writes, decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

from sync.findings import Finding
from sync.merge import Memory, Past
from sync.model import UNSET, Entity, Kind, Ref, Value


@dataclass(slots=True)
class Link:
    """Which record of a tool an entity is, and the memory of its cells.

    `related` are the links to other tools' records that we gave it (tool -> title, url), `measured` is when the outcome
    of its send was last looked up. `missed` counts the confirmed absences in a row, `contested` says that somebody
    edited the entity elsewhere since, `gone` that the deletion was accepted.
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


@dataclass(slots=True)
class Remembered:
    """One entity: agreed values, the claims of cells in conflict (field -> tool -> value), and its links by tool.

    `pending` says that a run has to look at it even where no tool tells of a change: something is left to do.
    """

    id: str
    kind: Kind
    agreed: dict[str, Value] = field(default_factory=dict)
    disputed: dict[str, dict[str, Value]] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    dead: bool = False
    pending: bool = True

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


@dataclass(slots=True)
class State:
    """Everything a run starts from. `bindings` say from which field of a tool a canonical one ("campaign/program") was
    last read, `positions` up to where each tool was, `audiences` (tool, name) how large they are."""

    entities: dict[str, Remembered] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)
    decisions: dict[str, str] = field(default_factory=dict)
    bindings: dict[str, dict[str, str]] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    hints: list[Hint] = field(default_factory=list)
    audiences: dict[tuple[str, str], Reached] = field(default_factory=dict)

    def linked(self) -> Mapping[str, int]:
        """How many records of each tool are linked."""
        return Counter(tool for entity in self.entities.values() for tool in entity.shown_in)

    def records_besides(self, entities: Collection[str]) -> Set[tuple[str, str]]:
        """The records (entity, tool) that are there of all but these entities."""
        others = [entity for entity in self.entities.values() if entity.id not in entities]
        return {(e.id, tool) for e in others for tool, link in e.links.items() if not (link.gone or link.missed)}

    def links(self) -> Mapping[Ref, str]:
        """The entity behind each record that is linked, also those that are gone."""
        return {link.ref: entity.id for entity in self.entities.values() for link in entity.links.values()}


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding that stands, since when, and when it was last told by email."""

    finding: Finding
    opened: datetime
    emailed: datetime | None
