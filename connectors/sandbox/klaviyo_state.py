"""What the Klaviyo stand-in remembers, and how campaigns go their way by the clock (reference esp §1.3-1.5)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

JSON = dict[str, Any]

# What a test or a demo may turn. Where the vendor says nothing, the strict reading is the default.
SWITCHES: dict[str, Any] = {
    "schedule_delay_seconds": 2.0,  # from a send job or its revert to the new status
    "sending_seconds": 60.0,  # how long a plain campaign is in Sending
    "strict_edits": True,  # only drafts can be edited (§1.6)
    "unfiltered_shows_archived": False,  # a listing without a filter on `archived` (§1.3)
    "empty_audience_allowed": False,  # creating a campaign for nobody (§1.6)
    "tagging_moves_updated": False,  # whether a campaign's tags are part of what `updated_at` watches
    "takes_orders": True,  # whether the account has the metric of a shop's orders
    # Of revision 2026-10-15 only (§1.7).
    "message_moves_campaign": False,  # whether a message's change moves its campaign's `updated_at`
    "variation_moves_message": True,  # whether a variation's change moves its message's `updated`
    "drafts_hold_times": True,  # whether a draft message can be given a send time that schedules nothing
    "edits_beside_scheduled": False,  # whether a campaign can be edited while one of its messages is scheduled
}
LOCKED = {
    "Queued without Recipients", "Adding Recipients", "Preparing to send", "Sending", "Sending Segments",
    "Variations Sent",
}  # fmt: skip
# What of a campaign in this state is its message's own.
MESSAGES_OWN = (
    "message", "status", "included", "excluded", "strategy", "content", "label", "scheduled_at", "send_time", "job",
    "next", "due", "channel", "message_updated", "variants", "shares",
)  # fmt: skip
EARLIEST, LATEST = timedelta(hours=14), timedelta(hours=12)  # the zones of the world around UTC


@dataclass(slots=True)
class Audience:
    """A list or a segment (`kind`)."""

    id: str
    kind: str
    name: str
    size: int
    created: str
    updated: str


@dataclass(slots=True)
class Campaign:
    """A campaign with its first message, or a further message of the campaign `parent` (revision 2026-10-15 only).

    Moments are ISO text in UTC; `due` is when the pending status `next` comes. `updated` is the last change of
    anything; of revision 2026-10-15 are the last of the campaign's own members and of its message (empty: not known
    apart), `description`, `color`, `settings`, the `variants` (contents of a test's other variations), and `shares`:
    the message whose audience this one has.
    """

    id: str
    message: str
    name: str
    status: str
    included: list[str]
    excluded: list[str]
    strategy: JSON
    content: JSON
    created: str
    updated: str
    label: str = "Main"
    archived: bool = False
    scheduled_at: str | None = None
    send_time: str | None = None
    tags: list[str] = field(default_factory=list)
    send_options: JSON = field(default_factory=lambda: {"use_smart_sending": True})
    tracking: JSON = field(
        default_factory=lambda: {
            "add_tracking_params": False,
            "custom_tracking_params": [],
            "is_tracking_clicks": True,
            "is_tracking_opens": True,
        }
    )
    job: str | None = None
    next: str | None = None
    due: str | None = None
    parent: str | None = None
    channel: str = "email"
    own_updated: str = ""
    message_updated: str = ""
    description: str | None = None
    color: str | None = None
    settings: JSON = field(default_factory=dict)
    variants: list[JSON] = field(default_factory=list)
    shares: str | None = None

    def changed(self, at: str, *parts: str) -> None:
        """Something of the campaign's own ("campaign") or of the message ("message") is different since then."""
        self.message_updated = self.message_updated or self.updated
        self.updated = at
        if "campaign" in parts:
            self.own_updated = at
        if "message" in parts:
            self.message_updated = at


@dataclass(slots=True)
class KlaviyoState:
    """The whole account. `tags` maps ids to names, `further` has the messages of campaigns beyond their first."""

    seed: int = 0
    zone: str = "Europe/Berlin"
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    audiences: dict[str, Audience] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    number: int = 0
    switches: JSON = field(default_factory=lambda: dict(SWITCHES))
    further: dict[str, Campaign] = field(default_factory=dict)

    def sends(self, campaign: str | None = None) -> list[Campaign]:
        """Every message, as what it is sent with; those of one campaign, its first message first."""
        if campaign is None:
            return [*self.campaigns.values(), *self.further.values()]
        return [self.campaigns[campaign], *(one for one in self.further.values() if one.parent == campaign)]

    def drop_message(self, message: Campaign) -> None:
        """Remove a message; the next one takes the place of a campaign's first. ValueError for the only one."""
        campaign = self.campaigns[message.parent or message.id]
        rest = [one for one in self.sends(campaign.id) if one is not message]
        if not rest:
            raise ValueError("A campaign keeps at least one message.")
        for one in rest:
            if one.shares == message.message:
                one.shares = None if one is rest[0] else rest[0].message
        if message is campaign:
            heir = self.further.pop(rest[0].id)
            for name in MESSAGES_OWN:
                setattr(campaign, name, getattr(heir, name))
        else:
            del self.further[message.id]

    def new_id(self, kind: str, now: datetime) -> str:
        """An id of 26 signs whose order is that of creation."""
        self.number += 1
        return make_id(self.seed, f"{kind}/{self.number}", now)

    def by_message(self, id: str) -> Campaign | None:
        return self.further.get(id) or next((c for c in self.campaigns.values() if c.message == id), None)

    def tag(self, name: str, now: datetime) -> str:
        """The id of the tag of this name, which is made if there is none."""
        known = next((id for id, known in self.tags.items() if known == name), None)
        if known is None:
            self.number += 1
            known = make_uuid(f"{self.seed}/tag/{self.number}/{stamp(now)}")
            self.tags[known] = name
        return known

    def dump(self) -> JSON:
        """Everything as JSON, shared with nobody. By way of text, which is many times faster than a deep copy."""
        return dict(json.loads(json.dumps(_members(self), default=_members)))

    @classmethod
    def load(cls, state: JSON) -> KlaviyoState:
        """The inverse of dump."""
        plain = copy.deepcopy(state)
        plain["campaigns"] = {id: Campaign(**campaign) for id, campaign in plain["campaigns"].items()}
        plain["further"] = {id: Campaign(**message) for id, message in plain["further"].items()}
        plain["audiences"] = {id: Audience(**audience) for id, audience in plain["audiences"].items()}
        return cls(**plain)


def _members(thing: Any) -> JSON:
    return {one.name: getattr(thing, one.name) for one in fields(thing)}


def post_job(state: KlaviyoState, campaign: Campaign, now: datetime) -> None:
    """A send job for a draft. One with the strategy `immediate` begins to send at once."""
    campaign.job = "queued"
    campaign.scheduled_at = stamp(now)
    campaign.changed(stamp(now), "message")
    begin, _ = window(state, campaign.strategy, now)
    campaign.send_time = stamp(now if campaign.strategy["method"] == "immediate" else _goal(state, campaign.strategy))
    if campaign.strategy["method"] == "immediate":
        campaign.status, campaign.next, campaign.due = "Adding Recipients", "Sending", stamp(begin)
    else:
        delay = timedelta(seconds=float(state.switches["schedule_delay_seconds"]))
        campaign.status, campaign.next, campaign.due = "Preparing to schedule", "Scheduled", stamp(now + delay)


def revert_job(state: KlaviyoState, campaign: Campaign, now: datetime) -> None:
    """Back to a draft, after a while."""
    delay = timedelta(seconds=float(state.switches["schedule_delay_seconds"]))
    campaign.next, campaign.due = "Draft", stamp(now + delay)


def cancel_job(campaign: Campaign, now: datetime) -> None:
    """The campaign will never be sent."""
    campaign.status, campaign.job = "Cancelled", "cancelled"
    campaign.changed(stamp(now), "message")
    campaign.next = campaign.due = None


def settle(state: KlaviyoState, now: datetime) -> Iterator[Campaign]:
    """Let everything happen that the clock has brought. Gives the campaigns that have begun to send."""
    for campaign in state.sends():
        while campaign.next is not None and campaign.due is not None and moment(campaign.due) <= now:
            step(state, campaign, moment(campaign.due))
            if campaign.status == "Sending":
                yield campaign


def step(state: KlaviyoState, campaign: Campaign, at: datetime) -> None:
    """Let the campaign's pending status come now, and say which one is next."""
    campaign.status = str(campaign.next)
    campaign.changed(stamp(at), "message")
    campaign.next = campaign.due = None
    begin, end = window(state, campaign.strategy, moment(campaign.send_time) if campaign.send_time else at)
    match campaign.status:
        case "Scheduled":
            campaign.next, campaign.due = "Sending", stamp(max(begin, at))
        case "Sending":
            campaign.job = "processing"
            campaign.next, campaign.due = "Sent", stamp(max(end, at))
        case "Sent":
            campaign.job = "complete"
        case "Draft":
            campaign.scheduled_at = campaign.send_time = None
            campaign.job = "cancelled"


def window(state: KlaviyoState, strategy: JSON, now: datetime) -> tuple[datetime, datetime]:
    """When sending by this strategy begins and ends; `immediate` begins now."""
    lasts = timedelta(seconds=float(state.switches["sending_seconds"]))
    if strategy["method"] not in ("static", "throttled", "smart_send_time"):
        return now, now + lasts
    goal = _goal(state, strategy)
    if strategy["method"] == "throttled":
        return goal, goal + timedelta(hours=100 / strategy["throttle_percentage"])
    if strategy["method"] == "smart_send_time":
        return goal, goal + timedelta(days=1)
    if (strategy.get("options") or {}).get("is_local"):
        return goal - EARLIEST, goal + LATEST
    return goal, goal + lasts


def _goal(state: KlaviyoState, strategy: JSON) -> datetime:
    """The moment that a strategy names: a local time as if in UTC, a day as its first moment in the account's zone."""
    if "datetime" in strategy:
        return moment(strategy["datetime"])
    day = datetime.fromisoformat(strategy["date"]).date()
    return datetime.combine(day, time(), ZoneInfo(state.zone)).astimezone(UTC)


def stamp(at: datetime) -> str:
    """A moment as the API shows it: UTC, seconds, offset written out."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def moment(text: str) -> datetime:
    """The moment of a stamp."""
    return datetime.fromisoformat(text)


_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def make_id(seed: int, name: str, at: datetime) -> str:
    """A ULID: ten signs of time, sixteen that only look random."""
    number = int(at.timestamp() * 1000) << 80 | int.from_bytes(sha256(f"{seed}/{name}".encode()).digest()[:10])
    return "".join(_SIGNS[number >> 5 * place & 31] for place in range(25, -1, -1))


def make_short_id(seed: int, name: str) -> str:
    """Six signs, as lists and segments have them."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
    return "".join(letters[byte % len(letters)] for byte in sha256(f"{seed}/{name}".encode()).digest()[:6])


def make_uuid(name: str) -> str:
    digest = sha256(name.encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
