"""The canonical words: value types, fields, campaigns, stages, people, and the records that tools hold for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any, Final, NamedTuple


class Unset(Enum):
    """Nothing is known of a value. Unlike None, which is the knowledge that a cell is empty."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """A calendar day without a time or a zone. Never a midnight."""

    date: date


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """One moment for everybody, kept in UTC."""

    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an instant needs a time zone; use WallClock for a recipient-local time")


@dataclass(frozen=True, slots=True, order=True)
class WallClock:
    """The same clock time in every recipient's own zone; it has no instant."""

    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is not None:
            raise ValueError("a wall-clock time has no time zone; use Instant")


@dataclass(frozen=True, slots=True, order=True)
class Person:
    """Somebody in the people directory, by the directory's id."""

    id: str


@dataclass(frozen=True, slots=True, order=True)
class Stranger:
    """Somebody a tool names whom the directory does not know. Never the same as nobody.

    The account makes them who they are; the name they show is for people to read.
    """

    tool: str
    native: str
    name: str = field(compare=False)


@dataclass(frozen=True, slots=True, order=True)
class EntityLink:
    """A pointer to another entity, such as a stage's campaign, by our own id."""

    id: str


When = Instant | WallClock | Day
Value = None | str | bool | int | float | Day | Instant | WallClock | Person | Stranger | EntityLink | frozenset[str]


class FieldType(StrEnum):
    """What a canonical field may hold. Every field may also be empty (None)."""

    TEXT = "text"  # str, one line
    RICH_TEXT = "rich_text"  # str, Markdown
    CHOICE = "choice"  # str, one of Field.choices when those are given
    SET = "set"  # frozenset[str]; an empty set is frozenset(), never None
    PERSON = "person"  # Person | Stranger
    WHEN = "when"  # Instant | WallClock | Day
    DAY = "day"  # Day
    NUMBER = "number"  # int | float
    FLAG = "flag"  # bool
    LINK = "link"  # EntityLink


class Kind(StrEnum):
    """What an entity is."""

    CAMPAIGN = "campaign"
    STAGE = "stage"

    __hash__ = str.__hash__  # an enum's own is written in Python, and half of all keys have one of these in them


@dataclass(frozen=True, slots=True)
class Field:
    """A canonical field: its name in configuration, its type, and its label for people."""

    name: str
    type: FieldType
    label: str
    choices: tuple[str, ...] = ()
    custom: bool = False


CAMPAIGN_STATUSES = (
    "planned", "in_progress", "in_review", "approved", "scheduled", "sending", "sent", "cancelled",
)  # fmt: skip
STAGE_STATUSES = ("todo", "in_progress", "blocked", "done", "dropped")
STAGE_KINDS = (
    "strategy", "segmentation", "content", "design", "build", "qa", "compliance", "deployment", "analysis",
)  # fmt: skip
METRICS = ("delivered", "opens", "machine_opens", "clicks", "conversions", "unsubscribes", "bounces")

CAMPAIGN_FIELDS = (
    Field("name", FieldType.TEXT, "Name"),
    Field("brief", FieldType.RICH_TEXT, "Brief"),
    Field("program", FieldType.CHOICE, "Program"),
    Field("status", FieldType.CHOICE, "Status", CAMPAIGN_STATUSES),
    Field("owner", FieldType.PERSON, "Owner"),
    Field("audiences", FieldType.SET, "Audiences"),
    Field("subject", FieldType.TEXT, "Subject line"),
    Field("tags", FieldType.SET, "Tags"),
    Field("planned_send", FieldType.WHEN, "Planned send"),
    Field("scheduled_send", FieldType.WHEN, "Scheduled send"),
    *(Field(metric, FieldType.NUMBER, metric.replace("_", " ").capitalize()) for metric in METRICS),
)
STAGE_FIELDS = (
    Field("campaign", FieldType.LINK, "Campaign"),
    Field("kind", FieldType.CHOICE, "Stage", STAGE_KINDS),
    Field("owner", FieldType.PERSON, "Owner"),
    Field("status", FieldType.CHOICE, "Status", STAGE_STATUSES),
    Field("due", FieldType.DAY, "Due date"),
    Field("notes", FieldType.RICH_TEXT, "Notes"),
)


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of a workspace: the canonical ones and those that its configuration adds."""

    campaign: Mapping[str, Field]
    stage: Mapping[str, Field]

    def of(self, kind: Kind) -> Mapping[str, Field]:
        return self.campaign if kind is Kind.CAMPAIGN else self.stage


def schema(campaign: tuple[Field, ...] = (), stage: tuple[Field, ...] = ()) -> Schema:
    """The canonical schema with a workspace's custom fields added."""
    return Schema(
        {f.name: f for f in (*CAMPAIGN_FIELDS, *campaign)},
        {f.name: f for f in (*STAGE_FIELDS, *stage)},
    )


@dataclass(frozen=True, slots=True)
class Entity:
    """A canonical campaign or stage: an id of our own and the agreed value of each cell that has one."""

    id: str
    kind: Kind
    cells: Mapping[str, Value] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Value:
        """The agreed value, None where nothing is known."""
        return self.cells.get(name)


class Ref(NamedTuple):
    """Where a tool keeps a record: the tool, the kind, and the tool's immutable id."""

    tool: str
    kind: Kind
    native: str


class Record(NamedTuple):
    """What a tool holds for an entity, in the tool's own words.

    `fields` maps the tool's field id to the value as the tool's JSON has it. `parent` is the native id of the
    campaign record that a stage hangs on. `marker` is the entity id that we wrote at creation. `key` is the name
    people use for the record (CAM-17). `locked` says why the tool takes no edit of it now.
    """

    ref: Ref
    fields: Mapping[str, Any]
    parent: str | None = None
    marker: str | None = None
    key: str | None = None
    url: str | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None
    locked: str | None = None


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """One person of the directory and the accounts (tool -> native id) that are theirs."""

    id: str
    name: str
    email: str
    role: str = ""
    active: bool = True
    accounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who last changed a field and when, as far as the tool tells.

    `untouched` says for certain that nobody has changed it since the record was made, `ours` that the last change was
    a write of this program.
    """

    who: str | None
    at: datetime | None
    untouched: bool = False
    ours: bool = False
