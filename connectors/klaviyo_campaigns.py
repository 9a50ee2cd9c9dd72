"""Klaviyo campaigns of the classic revisions: their JSON as calendar entries, and what is sent for a change of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from connectors.answers import items, moment, part, word
from connectors.calendar import PLACEHOLDER, Content, Entry, SendTime, Status
from sync.errors import Rejected
from sync.ports import TimeKind

T = TypeVar("T")

MARKER = re.compile(r"\s*\[(cs-[0-9a-z]{8})\]")

# The only strategies that are ever written or scheduled. `immediate` would let a send job go out at once (esp §0.1).
WRITABLE = frozenset({"static", "throttled", "smart_send_time"})
# Strategies without a time, which are left alone: a test is read-only (§1.5), and whoever chose "at once" must choose
# again. `ab_test` is a word of older revisions.
TESTS = frozenset({"ab_test", "ab_test_campaign"})
TIMELESS = TESTS | {"immediate", "unsupported"}

STATUSES = {  # reference esp §1.4
    "Draft": Status.DRAFT, "Scheduled": Status.SCHEDULED, "Preparing to schedule": Status.SCHEDULED,
    "Sent": Status.SENT,
    **dict.fromkeys(
        ("Queued without Recipients", "Adding Recipients", "Preparing to send", "Sending", "Sending Segments",
         "Variations Sent"),
        Status.SENDING,
    ),
    **dict.fromkeys(
        ("Cancelled", *(f"Cancelled: {why}" for why in (
            "Account Disabled", "Billing Limit", "Internal Error", "Misconfigured", "No Recipients", "Smart Sending",
        ))),
        Status.CANCELLED,
    ),
}  # fmt: skip


def entries_of(document: Mapping[str, Any]) -> list[Entry]:
    """The campaigns of a page, with their messages and tags out of `included`.

    LookupError or TypeError where the page is of another form, to be `understood`.
    """
    included = _included(document)
    return [_entry(thing, included) for thing in items(document, "data")]


def entry_of(document: Mapping[str, Any]) -> Entry:
    """The same for the answer that is one campaign."""
    return _entry(part(document, "data"), _included(document))


def as_answered(document: Mapping[str, Any], before: Entry) -> Entry | None:
    """A campaign as the answer to a change of it shows it, which brings neither message nor tags: these are as they
    were right before. None where the answer does not tell the campaign."""
    try:
        now = _entry(part(document, "data"), {})
    except (AttributeError, LookupError, TypeError):
        return None
    raw = {**now.raw, "messages": before.raw.get("messages"), "tags": before.raw.get("tags")}
    return replace(now, subjects=before.subjects, tags=before.tags, raw=raw) if now.id == before.id else None


def with_subject(entry: Entry, message: str, document: Mapping[str, Any]) -> Entry | None:
    """A campaign with its only message as the answer to a change of that shows it; None where it does not."""
    try:
        data = part(document, "data")
        subject = word(part(part(part(data, "attributes"), "definition"), "content"), "subject")
        if word(data, "id") != message:
            return None
    except (AttributeError, LookupError, TypeError):
        return None
    return replace(entry, subjects=(subject,), raw={**entry.raw, "messages": ((message, subject),)})


def _included(document: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    things = document.get("included") or ()
    return {(word(thing, "type"), word(thing, "id")): thing for thing in things if isinstance(thing, dict)}


def _entry(thing: Mapping[str, Any], included: Mapping[tuple[str, str], Mapping[str, Any]]) -> Entry:
    """Messages and tags are None where they, or what they refer to, did not come with the campaign: that is not known,
    and not empty."""

    def messages() -> Iterator[tuple[str, str | None]]:
        for id_, attributes in _related(thing, "campaign-messages", included):
            subject = part(part(attributes, "definition"), "content")["subject"]
            yield id_, word({"subject": subject}, "subject") if subject else None

    def tags() -> Iterator[tuple[str, str]]:
        for id_, attributes in _related(thing, "tags", included):
            yield id_, word(attributes, "name")

    id_, attributes = word(thing, "id"), part(thing, "attributes")
    known, labels = _known(messages), _known(tags)
    status, strategy = str(attributes.get("status")), attributes.get("send_strategy")
    odd: dict[str, Any] = {}
    name = attributes.get("name")
    if not isinstance(name, str):
        odd["name"], name = name, ""
    markers = MARKER.findall(name)
    audiences = _audiences(attributes.get("audiences") or {})
    if audiences is None:
        odd["audiences"] = attributes.get("audiences")
    goes = attributes.get("send_time")
    planned, scheduled = _planned(strategy), _scheduled(goes, strategy)
    odd |= {"planned": strategy} if planned is ... else {}
    if isinstance(strategy, dict) and strategy.get("method") in TESTS:  # its message shows one of the subjects only
        known, odd["subject"] = None, {"experiment": strategy}
    odd |= {"scheduled": goes} if scheduled is ... else {}
    return Entry(
        id_,
        MARKER.sub("", name).strip(),
        STATUSES.get(status, Status.UNKNOWN),
        status,
        archived=bool(attributes.get("archived")),
        read_only=_read_only(status, strategy),
        planned=None if planned is ... else planned,
        scheduled=None if scheduled is ... else scheduled,
        subjects=None if known is None else tuple(subject for _, subject in known if subject),
        audiences=audiences or ((), ()),
        tags=None if labels is None else tuple(name for _, name in labels),
        marker=markers[-1] if markers else None,
        # Where the editor opens, as browsers show it; the vendor documents no address.
        url=f"https://www.klaviyo.com/campaign/{id_}/wizard",
        changed_at=moment(attributes.get("updated_at")),
        odd=odd,
        raw={"send_strategy": strategy, "messages": known, "tags": labels},
    )


def _read_only(status: str, strategy: Any) -> str | None:
    """What would have to be unscheduled to be moved, and could not be scheduled again as it was (esp §1.5)."""
    method = strategy.get("method") if isinstance(strategy, dict) else None
    if STATUSES.get(status) is not Status.SCHEDULED or method in WRITABLE:
        return None
    return f"scheduled in Klaviyo as {method!r}, which can only be changed there"


def _related(
    thing: Mapping[str, Any], relation: str, included: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for link in items(part(part(thing, "relationships"), relation), "data"):
        yield word(link, "id"), part(included[word(link, "type"), word(link, "id")], "attributes")


def _known(things: Callable[[], Iterator[T]]) -> tuple[T, ...] | None:
    """All of them, or None where a single one is not told."""
    try:
        return tuple(things())
    except (LookupError, TypeError):
        return None


def _audiences(held: Any) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The ids included and excluded; None when they are nothing that audiences can be."""
    sides = [held.get(side) or [] for side in ("included", "excluded")] if isinstance(held, dict) else [None]
    if not all(isinstance(ids, list) and all(isinstance(id_, str) for id_ in ids) for ids in sides):
        return None
    included, excluded = sides
    return tuple(included or ()), tuple(excluded or ())


def _planned(strategy: Any) -> Any:
    """The time of a strategy (reference esp §1.5); None for none, ... for one that cannot be understood."""
    if strategy is None:
        return None
    try:
        method = strategy["method"]
        if method in TIMELESS:
            return None
        if method == "smart_send_time":
            return SendTime(TimeKind.DAY, datetime.combine(date.fromisoformat(strategy["date"]), time()))
        at = moment(strategy["datetime"])
        if method not in WRITABLE or at is None:
            return ...
        at = at.replace(microsecond=0)
        if method == "throttled":
            return SendTime(TimeKind.STAGGERED, at)
        if bool((strategy.get("options") or {}).get("is_local")):  # the clock time is written as if in UTC
            return SendTime(TimeKind.RECIPIENT_LOCAL, at.replace(tzinfo=None))
    except (AttributeError, LookupError, TypeError, ValueError):
        return ...
    return SendTime(TimeKind.INSTANT, at)


def _scheduled(at: Any, strategy: Any) -> Any:
    """When it goes or went out; None while no send job exists (the three times: reference esp §1.3)."""
    if not at:
        return None
    goes = moment(at)
    if goes is None:
        return ...
    planned = _planned(strategy)
    # A local time is the wall clock and a smart one is a day: only the strategy has these.
    if isinstance(planned, SendTime) and planned.kind in (TimeKind.RECIPIENT_LOCAL, TimeKind.DAY):
        return planned
    kind = planned.kind if isinstance(planned, SendTime) else TimeKind.INSTANT
    return SendTime(kind, goes.replace(microsecond=0))


def attributes_for(content: Content, marker: str | None) -> dict[str, Any]:
    """The campaign attributes to send for a content; the marker stays."""
    attributes: dict[str, Any] = {}
    if content.name is not None:
        name = MARKER.sub("", content.name).strip()
        attributes["name"] = f"{name} [{marker}]" if marker else name
    if content.audiences is not None:
        included, excluded = content.audiences
        attributes["audiences"] = {"included": list(included), "excluded": list(excluded)}
    return attributes


def creation(content: Content, at: SendTime | None, marker: str, sender: Sequence[str]) -> dict[str, Any]:
    """The data of a creation: never without a strategy, for Klaviyo's own default is to send at once (esp §1.5)."""
    given = {"a name": content.name, "an audience": content.audiences, "a planned send time": at}
    lacking = [words for words, value in given.items() if not value]
    if lacking or at is None:
        raise Rejected(f"A Klaviyo campaign cannot be created without {' and '.join(lacking)}.")
    from_email, from_label = sender
    message = {"subject": content.subject or PLACEHOLDER, "from_email": from_email, "from_label": from_label}
    definition = {"channel": "email", "label": "Main", "content": message}
    attributes = attributes_for(content, marker) | {
        "send_strategy": strategy_for(at, None),
        "campaign-messages": {"data": [{"type": "campaign-message", "attributes": {"definition": definition}}]},
    }
    return {"type": "campaign", "attributes": attributes}


def strategy_for(at: SendTime, held: Any) -> dict[str, Any]:
    """The strategy moved to another time; the particulars of the present one survive (reference esp §1.5).

    Raises Rejected where the present one is to be left alone.
    """
    if held is not None and not isinstance(held, dict):
        raise Rejected("How the campaign is sent cannot be understood; choose a send time for it in Klaviyo.")
    kept = dict(held or {})
    method = kept.get("method")
    if method in TIMELESS:
        raise Rejected(f"The campaign is set to {method!r}; choose a send time for it in Klaviyo first.")
    if at.kind is TimeKind.DAY:
        kept = kept if method == "smart_send_time" else {}
        return {**kept, "method": "smart_send_time", "date": at.at.date().isoformat()}
    local = at.kind is TimeKind.RECIPIENT_LOCAL
    text = at.at.replace(tzinfo=at.at.tzinfo or UTC).astimezone(UTC).isoformat(timespec="seconds")
    if at.kind is TimeKind.STAGGERED:
        if method != "throttled":
            raise Rejected("How many recipients get the campaign at a time can only be chosen in Klaviyo.")
        return {**kept, "datetime": text}
    kept = kept if method == "static" else {}
    options = {**(kept.get("options") or {}), "is_local": local}
    if not local:
        options.pop("send_past_recipients_immediately", None)
    return {**kept, "method": "static", "datetime": text, "options": options}
