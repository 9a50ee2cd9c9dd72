"""A campaign and its stages as the audits see them: the agreed cells with their types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Self
from zoneinfo import ZoneInfo

from sync.model import (
    CAMPAIGN_FIELDS,
    STAGE_FIELDS,
    Day,
    Entity,
    EntityLink,
    Instant,
    Person,
    Stranger,
    Value,
    WallClock,
    When,
)
from sync.wording import one_line

FINISHED_CAMPAIGN = frozenset({"sent", "cancelled"})
FINISHED_STAGE = frozenset({"done", "dropped"})
_CAMPAIGN = frozenset(f.name for f in CAMPAIGN_FIELDS)
_STAGE = frozenset(f.name for f in STAGE_FIELDS)


@dataclass(frozen=True, slots=True)
class Metrics:
    """What happened after the send, in counts. Rates are fractions of what was delivered, None without a count.

    `machine_opens` are those that a mail program made by itself, where the ESP tells them apart; `opens` has them too.
    """

    delivered: float | None = None
    opens: float | None = None
    machine_opens: float | None = None
    clicks: float | None = None
    conversions: float | None = None
    unsubscribes: float | None = None
    bounces: float | None = None

    def rate(self, count: float | None) -> float | None:
        """A count as a fraction of the delivered mails."""
        return count / self.delivered if count is not None and self.delivered else None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign. `planned_send` is what the team intends, `scheduled_send` what the ESP will do."""

    id: str
    name: str | None = None
    brief: str | None = None
    program: str | None = None
    status: str | None = None
    owner: Person | Stranger | None = None
    audiences: frozenset[str] = frozenset()
    subject: str | None = None
    tags: frozenset[str] = frozenset()
    planned_send: When | None = None
    scheduled_send: When | None = None
    metrics: Metrics = Metrics()
    custom: Mapping[str, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, entity: Entity) -> Self:
        """The campaign in an entity's agreed cells."""
        cells = entity.cells
        return cls(
            id=entity.id,
            name=_text(cells.get("name")),
            brief=_text(cells.get("brief")),
            program=_text(cells.get("program")),
            status=_text(cells.get("status")),
            owner=_owner(cells.get("owner")),
            audiences=_set(cells.get("audiences")),
            subject=_text(cells.get("subject")),
            tags=_set(cells.get("tags")),
            planned_send=_when(cells.get("planned_send")),
            scheduled_send=_when(cells.get("scheduled_send")),
            metrics=Metrics(*(_number(cells.get(name)) for name in Metrics.__slots__)),
            custom={name: value for name, value in cells.items() if name not in _CAMPAIGN},
        )

    @property
    def title(self) -> str:
        """The name, or a stand-in for people."""
        return one_line(self.name) if self.name else f"the campaign without a name ({self.id})"

    @property
    def send(self) -> When | None:
        """When it goes out as far as anybody knows: what the ESP will do, else what is planned."""
        return self.scheduled_send or self.planned_send

    def is_over(self, now: datetime, zone: ZoneInfo) -> bool:
        """Whether it was sent or cancelled, or its send has passed."""
        return is_over({"status": self.status, "planned_send": self.send}, now, zone)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a campaign's production."""

    id: str
    campaign: str | None = None
    kind: str | None = None
    owner: Person | Stranger | None = None
    status: str | None = None
    due: Day | None = None
    notes: str | None = None
    custom: Mapping[str, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, entity: Entity) -> Self:
        """The stage in an entity's agreed cells."""
        cells = entity.cells
        campaign, due = cells.get("campaign"), cells.get("due")
        return cls(
            id=entity.id,
            campaign=campaign.id if isinstance(campaign, EntityLink) else None,
            kind=_text(cells.get("kind")),
            owner=_owner(cells.get("owner")),
            status=_text(cells.get("status")),
            due=due if isinstance(due, Day) else None,
            notes=_text(cells.get("notes")),
            custom={name: value for name, value in cells.items() if name not in _STAGE},
        )

    @property
    def title(self) -> str:
        """The kind in words for people."""
        return kind_title(self.kind)

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED_STAGE


def is_over(cells: Mapping[str, Value], now: datetime, zone: ZoneInfo) -> bool:
    """Whether a campaign of these cells was sent or cancelled, or its send has passed."""
    if cells.get("status") in FINISHED_CAMPAIGN:
        return True
    send = _when(cells.get("scheduled_send")) or _when(cells.get("planned_send"))
    return send is not None and last_moment(send, zone) < now


def kind_title(kind: str | None) -> str:
    """A stage kind in words: "Design", "QA"."""
    return "QA" if kind == "qa" else (kind or "unnamed stage").replace("_", " ").capitalize()


def day_of(when: When, zone: ZoneInfo) -> date:
    """The calendar day of a send, in the workspace's zone for an instant."""
    match when:
        case Instant(at):
            return at.astimezone(zone).date()
        case WallClock(at):
            return at.date()
        case Day(day):
            return day


def first_moment(when: When, zone: ZoneInfo) -> datetime:
    """The earliest moment at which a send can begin, in the workspace's zone for wall clocks and days."""
    match when:
        case Instant(at):
            return at
        case WallClock(at):
            return at.replace(tzinfo=zone)
        case Day(day):
            return datetime.combine(day, time.min, zone)


def last_moment(when: When, zone: ZoneInfo) -> datetime:
    """The latest moment at which a send can begin."""
    return datetime.combine(when.date, time.max, zone) if isinstance(when, Day) else first_moment(when, zone)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _set(value: Value) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()


def _number(value: Value) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _owner(value: Value) -> Person | Stranger | None:
    return value if isinstance(value, Person | Stranger) else None


def _when(value: Value) -> When | None:
    return value if isinstance(value, Instant | WallClock | Day) else None
