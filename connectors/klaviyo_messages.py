"""Klaviyo of revision 2026-10-15: campaigns with 1..n messages as calendar entries, and what is sent for a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from connectors.answers import items, moment, part, word
from connectors.calendar import PLACEHOLDER, Content, Entry, SendTime, Status
from connectors.klaviyo_campaigns import MARKER
from sync.errors import Rejected
from sync.ports import TimeKind

Document = Mapping[str, Any]

STATUSES = {"draft", "scheduled", "sending", "sent", "cancelled"}  # reference esp §1.1; the neutral words are the same
OVER = frozenset({"sent", "cancelled"})
# The strategies that can be read (reference esp §1.7), and how their time is meant. Those of a test hold the time of
# the whole; `timezone` is the campaign's word for what the message calls local_timezone (K3).
KINDS = {
    "static": TimeKind.INSTANT, "content_variation": TimeKind.INSTANT, "ab_send_time_test": TimeKind.INSTANT,
    "local_timezone": TimeKind.RECIPIENT_LOCAL, "timezone": TimeKind.RECIPIENT_LOCAL,
    "content_variation_local_timezone": TimeKind.RECIPIENT_LOCAL,
    "throttled": TimeKind.STAGGERED, "variation_per_second_throttled": TimeKind.STAGGERED,
    "send_time_optimization": TimeKind.DAY, "personalized_send_time_optimization": TimeKind.DAY,
}  # fmt: skip
# Those that can be written without turning them into another one, as a draft holds them and as a schedule says them.
# Not `throttled`: how many are sent at a time has to be said, and is not told.
PLANS = {
    TimeKind.INSTANT: ("static", "static"),
    TimeKind.RECIPIENT_LOCAL: ("local_timezone", "local_timezone"),
    TimeKind.DAY: ("send_time_optimization", "smart_send_time"),
}
PLANNABLE = frozenset(held for held, _ in PLANS.values())


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its id, attributes, and the id of its audience where that is told."""

    id: str
    attributes: Document
    audience: str | None

    @property
    def status(self) -> str:
        return str(part(self.attributes, "definition").get("status"))


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign with its messages, oldest first. `audiences` (included, excluded, by id) and `tags` (name by id) are
    None where they did not come with it."""

    id: str
    attributes: Document
    messages: tuple[Message, ...]
    audiences: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] | None
    tags: Mapping[str, str] | None

    @property
    def definition(self) -> Document:
        return part(self.attributes, "definition")


@dataclass(frozen=True, slots=True)
class Variation:
    """One variation of a message; `channel` and `subject` are None where they are not told."""

    id: str
    channel: str | None
    subject: str | None


def campaigns_of(document: Document) -> list[Campaign]:
    """The campaigns of a page or of an answer that is one, with their messages, audiences and tags out of `included`.

    LookupError or TypeError where it is of another form, to be `understood`.
    """
    rows = items(document, "data") if isinstance(document.get("data"), list) else [part(document, "data")]
    held = {(word(one, "type"), word(one, "id")): one for one in document.get("included") or ()}
    return [_campaign(row, held) for row in rows]


def _campaign(row: Document, held: Mapping[tuple[str, str], Document]) -> Campaign:
    messages = [_message(one) for one in _related(row, "campaign-messages", held)]
    try:
        audiences = {word(one, "id"): _sides(one) for one in _related(row, "campaign-audiences", held)}
    except (LookupError, TypeError):
        audiences = None
    try:
        tags = {word(one, "id"): word(part(one, "attributes"), "name") for one in _related(row, "tags", held)}
    except (LookupError, TypeError):
        tags = None
    messages.sort(key=lambda one: (str(one.attributes.get("created")), one.id))
    return Campaign(word(row, "id"), part(row, "attributes"), tuple(messages), audiences, tags)


def _related(row: Document, relation: str, held: Mapping[tuple[str, str], Document]) -> Iterator[Document]:
    for link in items(part(part(row, "relationships"), relation), "data"):
        yield held[word(link, "type"), word(link, "id")]


def _message(row: Document) -> Message:
    part(part(row, "attributes"), "definition")
    link = ((row.get("relationships") or {}).get("campaign-audience") or {}).get("data")
    return Message(word(row, "id"), part(row, "attributes"), link.get("id") if isinstance(link, dict) else None)


def _sides(row: Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
    definition = part(part(row, "attributes"), "definition")
    sides = [definition.get(side) or [] for side in ("included", "excluded")]
    if not all(isinstance(ids, list) and all(isinstance(id_, str) for id_ in ids) for ids in sides):
        raise TypeError("audiences")
    return tuple(sides[0]), tuple(sides[1])


def variations_of(document: Document) -> list[Variation]:
    """The variations of a message."""
    found = []
    for one in items(document, "data"):
        details = part(part(one, "attributes"), "definition").get("details") or {}
        channel, subject = details.get("channel"), details.get("subject")
        found.append(Variation(word(one, "id"), channel, subject if isinstance(subject, str) and subject else None))
    return found


def entries_of(campaign: Campaign, variations: Mapping[str, Sequence[Variation]]) -> list[Entry]:
    """The email sends of a campaign. The oldest has the campaign's id and name, each further one its message's
    (docs/decisions/0025-send-entries.md). `variations` by message; a message without them is left out."""
    emails = [
        one
        for one in campaign.messages
        if one.id in variations and all(each.channel in ("email", None) for each in variations[one.id])
    ]
    return [_entry(campaign, one, variations[one.id], one is emails[0]) for one in emails]


def _entry(campaign: Campaign, message: Message, variations: Sequence[Variation], first: bool) -> Entry:
    definition, own = campaign.definition, part(message.attributes, "definition")
    odd: dict[str, Any] = {}
    named, name = definition.get("name"), own.get("name")
    if not isinstance(named, str):
        odd, named = {"name": named}, ""
    called = MARKER.sub("", named).strip()
    # A key at the end of the campaign's name is the first send's alone.
    shown = called if first else str(name or "").strip() or f"{called} (further send)"
    options = own.get("send_options") or {}
    settings = definition.get("send_settings") or {}
    strategy = options.get("send_strategy") or (settings.get("send_strategy") if options.get("send_time") else None)
    at = _time(strategy, options.get("send_time"))
    odd |= {"planned": options} if at is ... else {}
    planned = None if at is ... else at
    status = Status(message.status) if message.status in STATUSES else Status.UNKNOWN
    goes = status in (Status.SCHEDULED, Status.SENDING, Status.SENT)
    audience = _audience_of(campaign, message)
    markers = MARKER.findall(f"{named} {definition.get('description') or ''}") if first else []
    changed = [moment(campaign.attributes.get("updated_at")), moment(message.attributes.get("updated"))]
    return Entry(
        campaign.id if first else message.id,
        shown,
        status,
        message.status,
        archived=bool(definition.get("archived")),
        read_only=_read_only(status, strategy),
        planned=planned,
        scheduled=planned if goes else None,
        subjects=tuple(one.subject for one in variations if one.subject),
        audiences=(campaign.audiences or {}).get(audience or ""),
        tags=None if campaign.tags is None else tuple(campaign.tags.values()),
        marker=markers[-1] if markers else None,
        url=f"https://www.klaviyo.com/campaign/{campaign.id}/wizard",
        changed_at=max((one for one in changed if one), default=None),
        odd=odd,
        raw={
            "campaign": campaign.id, "message": message.id, "first": first, "messages": len(campaign.messages),
            "variations": tuple(variations), "audience": audience, "tags": campaign.tags, "strategy": strategy,
            "shared": sum(_audience_of(campaign, one) == audience for one in campaign.messages) > 1,
            "late": settings.get("send_passed_rltz_immediately"), "name": named,
        },
    )  # fmt: skip


def _audience_of(campaign: Campaign, message: Message) -> str | None:
    """The audience resource of a message; where it is not told, the only one of its campaign."""
    known = list(campaign.audiences or ())
    return message.audience or (known[0] if len(known) == 1 else None)


def _read_only(status: Status, strategy: Any) -> str | None:
    """What would have to be unscheduled to be moved, and could not be scheduled again as it was (§1.7)."""
    if status is not Status.SCHEDULED or KINDS.get(strategy) is TimeKind.STAGGERED or strategy in PLANNABLE:
        return None
    return f"scheduled in Klaviyo as {strategy!r}, which can only be changed there"


def _time(strategy: Any, text: Any) -> Any:
    """The time of the send options; None for none, ... for one that cannot be understood."""
    if text is None:
        return None
    kind, at = KINDS.get(strategy), moment(text)
    if kind is None or at is None:
        return ...
    at = at.replace(microsecond=0)
    if kind is TimeKind.DAY:
        return SendTime(kind, datetime.combine(at.date(), time()))
    # The clock time of a local send is written as if in UTC.
    return SendTime(kind, at.replace(tzinfo=None) if kind is TimeKind.RECIPIENT_LOCAL else at)


def plan_for(entry: Entry, at: SendTime) -> dict[str, Any]:
    """The send options that hold another time. Raises Rejected where the present strategy is to be left alone."""
    held = entry.raw["strategy"]
    if at.kind not in PLANS or not (held is None or held in PLANNABLE):
        raise Rejected(f"The campaign is set to {held!r}; choose a send time for it in Klaviyo.")
    return {"send_strategy": PLANS[at.kind][0], "send_time": _text(at)}


def schedule_for(entry: Entry, at: SendTime) -> dict[str, Any]:
    """The members of a schedule: always a strategy and a time, none of which lets anything go out at once."""
    attributes: dict[str, Any] = {"strategy": PLANS[at.kind][1]}
    attributes |= {"send_date": at.at.date().isoformat()} if at.kind is TimeKind.DAY else {"send_time": _text(at)}
    if at.kind is TimeKind.RECIPIENT_LOCAL:
        # Klaviyo's default sends at once where the clock time is past (K3).
        attributes["timezone_options"] = {"send_past_timezones_tomorrow": entry.raw["late"] is not True}
    message = {"data": {"type": "campaign-message", "id": entry.raw["message"]}}
    return {"attributes": attributes, "relationships": {"campaign-message": message}}


def _text(at: SendTime) -> str:
    return at.at.replace(tzinfo=at.at.tzinfo or UTC).astimezone(UTC).isoformat(timespec="seconds")


def creation(content: Content, marker: str, sender: Sequence[str]) -> dict[str, Any]:
    """The data of a creation: one message to one audience, and the marker in the description, where people read."""
    given = {"a name": content.name, "an audience": content.audiences}
    if lacking := [words for words, value in given.items() if not value]:
        raise Rejected(f"A Klaviyo campaign cannot be created without {' and '.join(lacking)}.")
    included, excluded = content.audiences or ((), ())
    from_email, from_label = sender
    details = {
        "channel": "email", "subject": content.subject or PLACEHOLDER, "from_email": from_email,
        "from_label": from_label,
    }  # fmt: skip
    audience = {"temporary_id": "audience", "included": list(included), "excluded": list(excluded)}
    variations = [{"definition": {"details": details}}]
    definition = {"name": MARKER.sub("", content.name or "").strip(), "description": f"campaign-sync [{marker}]"}
    messages = [{"audience_temporary_id": "audience", "name": "Email", "variations": variations}]
    return {
        "type": "campaign",
        "attributes": {"definition": definition, "audiences": [audience], "messages": messages},
    }


def name_for(entry: Entry, name: str) -> str:
    """A name as it is written; a marker that a classic revision left in the campaign's name stays there."""
    plain = MARKER.sub("", name).strip()
    left = MARKER.findall(entry.raw["name"]) if entry.raw["first"] else []
    return f"{plain} [{left[-1]}]" if left else plain
