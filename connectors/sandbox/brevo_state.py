"""What the Brevo stand-in remembers: campaigns, lists, segments, senders, users (reference esp §3.1-3.3)."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.brevo_switches import Switches

JSON = dict[str, Any]

STATUSES = (
    "draft", "sent", "archive", "queued", "suspended", "in_process", "in_review", "cancelling", "cancelled",
)  # fmt: skip
FIRST_CAMPAIGN, FIRST_LIST, FIRST_SEGMENT = 1201, 2, 1  # a list and a segment may have the same number


@dataclass(slots=True)
class Audience:
    """A list or a segment (`kind`)."""

    id: int
    kind: str
    name: str
    size: int
    created: str


@dataclass(slots=True)
class Campaign:
    """A campaign. Moments are ISO text in UTC; `due` is when the pending status `next` comes.

    `subjects` are the two of an A/B test. `scheduled` may be older than the status: only what is queued goes out then.
    `began` is when sending began, for `lasts` seconds, to `size` recipients; `before` what an archived one was.
    """

    id: int
    name: str
    status: str
    created: str
    modified: str
    kind: str = "classic"
    subject: str = ""
    subjects: list[str] = field(default_factory=list)
    test: JSON = field(default_factory=dict)
    sender: int = 1
    sender_name: str = ""
    reply_to: str = ""
    html: str = ""
    designed: bool = False
    tag: str = ""
    more: JSON = field(default_factory=dict)
    lists: list[int] = field(default_factory=list)
    exclusion_lists: list[int] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    excluded_segments: list[int] = field(default_factory=list)
    scheduled: str | None = None
    best_time: bool = False
    ever_scheduled: bool = False
    began: str | None = None
    lasts: float = 0.0
    size: int = 0
    sent: str | None = None
    before: str | None = None
    next: str | None = None
    due: str | None = None

    @property
    def kinds(self) -> set[str]:
        """By what its recipients are chosen: lists, segments, both (people can), or nothing yet."""
        return ({"lists"} if self.lists else set()) | ({"segments"} if self.segments else set())


@dataclass(slots=True)
class BrevoState:
    """The whole account. `sms` are campaigns of the other channel, which no email listing shows."""

    seed: int = 0
    zone: str = "Europe/Berlin"
    campaigns: dict[int, Campaign] = field(default_factory=dict)
    lists: dict[int, Audience] = field(default_factory=dict)
    segments: dict[int, Audience] = field(default_factory=dict)
    senders: dict[int, JSON] = field(default_factory=dict)
    users: list[JSON] = field(default_factory=list)
    sms: dict[int, JSON] = field(default_factory=dict)
    activities: list[JSON] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    number: int = FIRST_CAMPAIGN
    switches: Switches = field(default_factory=Switches)

    def new_id(self) -> int:
        """The next number; email and SMS campaigns share them."""
        self.number += 1
        return self.number - 1

    def recipients(self, campaign: Campaign) -> int:
        """How many a campaign would reach now; nobody knows the overlaps."""
        reached = [self.lists[id].size for id in campaign.lists if id in self.lists]
        return sum(reached + [self.segments[id].size for id in campaign.segments if id in self.segments])

    def dump(self) -> JSON:
        """Everything as JSON, shared with nobody."""
        return dict(json.loads(json.dumps(_members(self), default=_members)))

    @classmethod
    def load(cls, state: JSON) -> BrevoState:
        """The inverse of dump."""
        plain = copy.deepcopy(state)
        plain["campaigns"] = {int(id): Campaign(**one) for id, one in plain["campaigns"].items()}
        for kind in ("lists", "segments"):
            plain[kind] = {int(id): Audience(**one) for id, one in plain[kind].items()}
        for kind in ("senders", "sms"):
            plain[kind] = {int(id): one for id, one in plain[kind].items()}
        plain["switches"] = Switches(**plain["switches"])
        return cls(**plain)


def _members(thing: Any) -> JSON:
    return {one.name: getattr(thing, one.name) for one in fields(thing)}


def stamp(at: datetime) -> str:
    """A moment as it is remembered: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def moment(text: str) -> datetime:
    """The moment of a stamp."""
    return datetime.fromisoformat(text)


def written(text: str, zone: str, style: str, place: int) -> str:
    """A stamp as the API writes it. `mixed` gives a client every form in turn, the same for the same `place`."""
    at = moment(text)
    form = {"utc": 0, "account": 1}.get(style, place % 3)
    if form == 0:
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
    there = at.astimezone(ZoneInfo(zone))
    return there.isoformat(timespec="milliseconds" if form == 1 else "seconds")
