"""What the stand-in calendar feed remembers: events, their instances that differ, and the secret of its address."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.ics_switches import Switches

JSON = dict[str, Any]

STATUSES = ("TENTATIVE", "CONFIRMED", "CANCELLED")


@dataclass(slots=True)
class Start:
    """When an event begins, in one of RFC 5545's four forms: `utc` (`at` ends in +00:00), `zoned` (a clock time in
    `zone`), `floating` (a clock time of whoever reads it), `day` (a date).
    """

    form: str
    at: str
    zone: str = ""

    @property
    def value(self) -> date | datetime:
        """As Python knows it: aware, naive, or a date."""
        if self.form == "day":
            return date.fromisoformat(self.at)
        at = datetime.fromisoformat(self.at)
        return at.replace(tzinfo=ZoneInfo(self.zone)) if self.form == "zoned" else at

    def moment(self, zone: str) -> datetime:
        """The moment, by the feed's own zone where the form leaves it open."""
        value = self.value
        if not isinstance(value, datetime):
            value = datetime.combine(value, time())
        return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))


@dataclass(slots=True)
class Event:
    """A VEVENT. Moments of change are ISO text in UTC. A recurring one has a `rule`, the starts that it leaves out,
    and the instances that differ (`moved`: original start -> what it has of its own, of the same members).
    """

    uid: str
    name: str
    start: Start
    created: str
    modified: str
    minutes: int = 30
    status: str = "TENTATIVE"
    categories: list[str] = field(default_factory=list)
    description: str = ""
    url: str = ""
    sequence: int = 0
    rule: str = ""
    excluded: list[str] = field(default_factory=list)
    moved: dict[str, JSON] = field(default_factory=dict)


@dataclass(slots=True)
class FeedState:
    """The whole calendar. `changed` is when it last did; `secrets` counts the addresses that it has had."""

    seed: int = 0
    zone: str = "Europe/Berlin"
    changed: str = ""
    events: dict[str, Event] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    number: int = 0
    secrets: int = 0
    switches: Switches = field(default_factory=Switches)

    def new_uid(self) -> str:
        self.number += 1
        return f"{_digest(f'event/{self.seed}/{self.number}')[:26]}@calendar.acme.example"

    @property
    def secret(self) -> str:
        return _digest(f"ics/{self.seed}/{self.secrets}")[:32]

    def dump(self) -> JSON:
        """Everything as JSON, shared with nobody."""
        return dict(json.loads(json.dumps(_members(self), default=_members)))

    @classmethod
    def load(cls, state: JSON) -> FeedState:
        """The inverse of dump."""
        plain = copy.deepcopy(state)
        for event in plain["events"].values():
            event["start"] = Start(**event["start"])
        plain["events"] = {uid: Event(**event) for uid, event in plain["events"].items()}
        plain["switches"] = Switches(**plain["switches"])
        return cls(**plain)


def _members(thing: Any) -> JSON:
    return {one.name: getattr(thing, one.name) for one in fields(thing)}


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def stamp(at: datetime) -> str:
    """A moment as it is remembered: UTC, to the second, as RFC 5545 and HTTP tell it."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def moment(text: str) -> datetime:
    """The moment of a stamp."""
    return datetime.fromisoformat(text)
