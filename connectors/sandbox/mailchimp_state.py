"""What the Mailchimp stand-in remembers: one account with its audiences, folders, and campaigns (reference esp §2)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from connectors.sandbox.mailchimp_switches import Switches

JSON = dict[str, Any]


@dataclass(slots=True)
class Audience:
    """A list, as the API calls it. One that is not `active` is gone; its campaigns still name it."""

    id: str
    web_id: int
    name: str
    size: int
    created: str
    active: bool = True


@dataclass(slots=True)
class Segment:
    """A saved segment of a list. `kind`: saved, static or fuzzy."""

    id: int
    list_id: str
    name: str
    size: int
    created: str
    updated: str
    kind: str = "saved"


@dataclass(slots=True)
class Campaign:
    """A campaign. Moments are ISO text in UTC; `due` is when the pending status `next` comes.

    `settings` holds what the API lets people write there, `segment` a saved segment's id. `batch` spreads a send over
    batches; nobody can read it. `number` is the web id and the order of creation.
    """

    id: str
    number: int
    kind: str
    status: str
    created: str
    settings: JSON
    list_id: str = ""
    segment: int | None = None
    conditions: list[JSON] = field(default_factory=list)
    match: str = "any"
    send_time: str = ""
    timewarp: bool = False
    batch: JSON | None = None
    html: str = ""
    variate: JSON | None = None
    rss: JSON | None = None
    split: JSON | None = None
    tracking: JSON = field(default_factory=lambda: {"opens": True, "html_clicks": True, "text_clicks": False})
    parent: str = ""
    sent: int = 0
    recipients: int = 0
    next: str | None = None
    due: str | None = None
    was: str = ""  # the status of one that is archived now
    comments: list[JSON] = field(default_factory=list)

    @property
    def title(self) -> str:
        return str(self.settings.get("title", ""))


@dataclass(slots=True)
class MailchimpState:
    """The whole account. `folders` maps ids to names; `events` wait to be told to webhooks."""

    seed: int = 0
    zone: str = "Europe/Berlin"
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    lists: dict[str, Audience] = field(default_factory=dict)
    segments: dict[int, Segment] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    webhooks: list[JSON] = field(default_factory=list)
    events: list[JSON] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    number: int = 4500
    switches: Switches = field(default_factory=Switches)

    def next_number(self) -> int:
        self.number += 1
        return self.number

    def new_id(self, kind: str) -> str:
        """Ten signs that only look random."""
        return make_id(self.seed, f"{kind}/{self.next_number()}")

    def ordered(self) -> list[Campaign]:
        """Campaigns in the order of their creation."""
        return sorted(self.campaigns.values(), key=lambda one: (one.created, one.number))

    def reach(self, campaign: Campaign) -> int:
        """How many people a campaign would go to."""
        audience = self.lists.get(campaign.list_id)
        if audience is None or not audience.active:
            return 0
        segment = self.segments.get(campaign.segment or 0)
        return segment.size if segment else audience.size

    def dump(self) -> JSON:
        """Everything as JSON, shared with nobody."""
        return dict(json.loads(json.dumps(_members(self), default=_members)))

    @classmethod
    def load(cls, state: JSON) -> MailchimpState:
        """The inverse of dump."""
        plain: JSON = json.loads(json.dumps(state))
        plain["campaigns"] = {id: Campaign(**one) for id, one in plain["campaigns"].items()}
        plain["lists"] = {id: Audience(**one) for id, one in plain["lists"].items()}
        plain["segments"] = {int(id): Segment(**one) for id, one in plain["segments"].items()}
        plain["switches"] = Switches(**plain["switches"])
        return cls(**plain)


def _members(thing: Any) -> JSON:
    return {one.name: getattr(thing, one.name) for one in fields(thing)}


def make_id(seed: int, name: str) -> str:
    """Ten signs, as campaigns, lists and folders have them."""
    return sha256(f"mailchimp/{seed}/{name}".encode()).hexdigest()[:10]


def stamp(at: datetime) -> str:
    """A moment as the API shows it: UTC, seconds, offset written out."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def moment(text: str) -> datetime:
    """The moment of a stamp."""
    return datetime.fromisoformat(text)
