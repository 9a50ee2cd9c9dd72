"""Brevo's campaigns: their JSON as calendar entries, and what may be sent for a change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from connectors.answers import moment
from connectors.brevo_audiences import LIST, SEGMENT
from connectors.calendar import PLACEHOLDER, Content, Entry, SendTime, Status
from sync.errors import Rejected
from sync.ports import TimeKind

MARKER = re.compile(r"\s*\[(cs-[0-9a-z]{8})\]")
TAG = re.compile(r"cs-[0-9a-z]{8}")
# A campaign needs a content of more than ten characters (reference esp §3.4). Only a creation ever sends one: rewriting
# it takes the drag-and-drop editor away from people.
BLANK = "<html><body><p>Placeholder made by campaign-sync. Design the email here.</p></body></html>"
BLANK_SIGN = "Placeholder made by campaign-sync"
TOLD_FOR = timedelta(days=180)  # a listing counts the events of six months only (§3.6)

# As answered (§3.3); the filter spells two of them otherwise, and whoever mixes that up is understood.
STATUSES = {
    "draft": Status.DRAFT, "queued": Status.SCHEDULED, "in_review": Status.SCHEDULED, "inReview": Status.SCHEDULED,
    "suspended": Status.PAUSED, "in_process": Status.SENDING, "inProcess": Status.SENDING,
    "cancelling": Status.SENDING, "sent": Status.SENT, "cancelled": Status.CANCELLED,
}  # fmt: skip
COUNTS = {
    "delivered": ("delivered",), "opens": ("uniqueViews",), "machine_opens": ("appleMppOpens",),
    "clicks": ("uniqueClicks",), "unsubscribes": ("unsubscriptions",), "bounces": ("hardBounces", "softBounces"),
}  # fmt: skip

RECIPIENTS = (
    ("listIds", LIST, 0), ("segmentIds", SEGMENT, 0),
    ("exclusionListIds", LIST, 1), ("exclusionSegmentIds", SEGMENT, 1),
)  # fmt: skip
Ids = tuple[tuple[str, ...], tuple[str, ...]]  # included, excluded


def entry_of(row: Mapping[str, Any], *, zone: tzinfo | None = None, counted_since: datetime | None = None) -> Entry:
    """A campaign as an entry. LookupError or TypeError where it is no campaign, to be `understood`.

    `zone` is the account's: the day of a best-time send that is written in UTC is that zone's. The counts of a send
    before `counted_since` are not all told, and left out.
    """
    id_, name, raw = row["id"], row.get("name"), row["status"]
    if isinstance(id_, bool) or not isinstance(id_, int) or not isinstance(raw, str):
        raise TypeError("id")
    sent_at = moment(row.get("sentDate"))
    status = _status(row, sent_at)
    odd: dict[str, Any] = {} if isinstance(name, str) else {"name": name}
    scheduled = None
    if status in {Status.SCHEDULED, Status.SENDING, Status.SENT}:
        scheduled = _send_time(row, zone)
        if scheduled is None and sent_at:
            scheduled = SendTime(TimeKind.INSTANT, sent_at)
        if scheduled is None and row.get("scheduledAt"):
            odd["scheduled"] = row["scheduledAt"]
    recipients = _recipients(row.get("recipients"))
    if recipients is None and row.get("recipients") is not None:
        odd["audiences"] = row["recipients"]
    began = scheduled.at.replace(tzinfo=scheduled.at.tzinfo or UTC) if scheduled else sent_at
    told = status in {Status.SENDING, Status.SENT} and not (counted_since and began and began < counted_since)
    name = name if isinstance(name, str) else ""
    return Entry(
        str(id_),
        MARKER.sub("", name).strip(),
        status,
        raw,
        archived=raw == "archive",
        read_only=_read_only(row),
        scheduled=scheduled,
        subjects=_subjects(row),
        audiences=recipients,
        marker=_marker(row, name),
        changed_at=moment(row.get("modifiedAt")),
        metrics=counts_of(row) if told else {},
        odd=odd,
        raw=row,
    )


def counts_of(row: Mapping[str, Any]) -> dict[str, float]:
    """The counts that the row tells; those that it does not are left out. Opens are those of people and machines
    together, each recipient once, as the open rate wants them (reference esp §6.5)."""
    statistics = row.get("statistics")
    held = statistics.get("globalStats") if isinstance(statistics, dict) else None
    counts: dict[str, float] = {}
    for name, parts in COUNTS.items():
        numbers = [held.get(part) for part in parts] if isinstance(held, dict) else []
        told = [n for n in numbers if isinstance(n, int | float) and not isinstance(n, bool)]
        if told and len(told) == len(parts):
            counts[name] = sum(told)
    return counts


def creation(content: Content, marker: str, sender: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a creation: a draft, for no time is given with it (reference esp §0.1)."""
    name = _name(content.name, None)
    body: dict[str, Any] = {
        "name": name, "subject": content.subject or PLACEHOLDER, "sender": dict(sender), "htmlContent": BLANK,
        "tag": marker,
    }  # fmt: skip
    if content.audiences and any(content.audiences):
        body["recipients"] = _recipients_for(content.audiences, None)
    return body


def edition(entry: Entry, content: Content) -> dict[str, Any]:
    """The body of an edit: only what changes, for PUT is partial there (§3.4). The tag is never in it."""
    body: dict[str, Any] = {}
    if content.name is not None:
        held = str(entry.raw.get("name") or "")
        found = MARKER.findall(held)
        body["name"] = _name(content.name, found[-1] if found else None)
    if content.subject is not None:
        if entry.raw.get("abTesting"):
            raise Rejected("The campaign tests two subject lines; change them in Brevo.")
        if not content.subject and entry.status is not Status.DRAFT:
            raise Rejected("A scheduled campaign cannot go without its subject line; unschedule it first.")
        body["subject"] = content.subject or PLACEHOLDER
    if content.audiences is not None:
        if entry.audiences is None:
            raise Rejected("The campaign's present audiences cannot be understood; change them in Brevo.")
        body["recipients"] = _recipients_for(content.audiences, entry.audiences)
    return body


def written(at: SendTime, zone: tzinfo | None) -> str:
    """A send time for Brevo, with an explicit offset. Of a day it ignores the time (§3.4), which is noon, so that the
    day is the same one in nearly every zone."""
    if at.kind is TimeKind.DAY:
        return datetime.combine(at.at.date(), time(12), zone or UTC).isoformat(timespec="seconds")
    return at.at.isoformat(timespec="seconds")


def lacking(row: Mapping[str, Any]) -> str | None:
    """What a draft still needs before it may be scheduled, in words for a marketer; None when nothing."""
    recipients = _recipients(row.get("recipients"))
    subjects = _subjects(row)
    if not recipients or not recipients[0]:
        return "a list or segment to go to"
    if not subjects:
        return "a subject line"
    if not isinstance(row.get("htmlContent"), str) or len(row["htmlContent"]) <= len("<html></html>"):
        return "a content"
    return "a content besides the placeholder" if BLANK_SIGN in row["htmlContent"] else None


def _status(row: Mapping[str, Any], sent_at: datetime | None) -> Status:
    raw = row["status"]
    if raw == "archive":  # where it was before is not told, but for whether it went out
        return Status.SENT if sent_at or counts_of(row).get("delivered") else Status.DRAFT
    if raw == "queued" and not row.get("scheduledAt"):
        return Status.SENDING  # somebody sends it at this moment: in the queue, for no later time
    return STATUSES.get(raw, Status.UNKNOWN)


def _read_only(row: Mapping[str, Any]) -> str | None:
    if row.get("type", "classic") != "classic":
        return "part of an automation in Brevo"
    if row["status"] in {"in_review", "inReview"}:
        return "under review by Brevo before it goes out"
    return None


def _send_time(row: Mapping[str, Any], zone: tzinfo | None) -> SendTime | None:
    """Any offset, with or without milliseconds (§3.2); None where there is none, or it cannot be understood."""
    text = row.get("scheduledAt")
    at = moment(text)
    if at is None or not isinstance(text, str):
        return None
    if not row.get("sendAtBestTime"):
        return SendTime(TimeKind.INSTANT, at)
    local = datetime.fromisoformat(text)
    if zone is not None:
        local = local.astimezone(zone)
    return SendTime(TimeKind.DAY, datetime.combine(local.date(), time()))


def _subjects(row: Mapping[str, Any]) -> tuple[str, ...] | None:
    keys = ("subjectA", "subjectB") if row.get("abTesting") else ("subject",)
    held = [row.get(key) for key in keys]
    if not all(isinstance(subject, str | None) for subject in held):
        return None
    return tuple(subject for subject in held if subject and subject != PLACEHOLDER)


def _marker(row: Mapping[str, Any], name: str) -> str | None:
    """The tag is the carrier (§3.5). Whoever needs the tag for something else can move ours into the name."""
    tags = row.get("tags")
    for tag in (row.get("tag"), *(tags if isinstance(tags, list) else ())):
        if isinstance(tag, str) and TAG.fullmatch(tag.strip()):
            return tag.strip()
    found = MARKER.findall(name)
    return found[-1] if found else None


def _recipients(held: Any) -> Ids | None:
    if held is None:
        return (), ()
    if not isinstance(held, dict):
        return None
    sides = []
    for lists, segments in (("lists", "segments"), ("exclusionLists", "excludedSegments")):
        ids: list[str] = []
        for prefix, key in ((LIST, lists), (SEGMENT, segments)):
            numbers = held.get(key) or []
            if not isinstance(numbers, list) or not all(isinstance(n, int) for n in numbers):
                return None
            ids += (f"{prefix}{n}" for n in numbers)
        sides.append(tuple(ids))
    return sides[0], sides[1]


def _recipients_for(wanted: Ids, held: Ids | None) -> dict[str, list[int]]:
    """The recipients to send. Their kind cannot change: lists stay lists, segments stay segments (§3.4)."""
    if held and held[0]:
        for prefix, kind, other in ((LIST, "lists", "segments"), (SEGMENT, "segments", "lists")):
            if _numbers(prefix, wanted[0]) and not _numbers(prefix, held[0]):
                raise Rejected(
                    f"The campaign goes to {other}, and Brevo does not let it go to {kind} instead; "
                    f"choose {other}, or make it anew in Brevo."
                )
    before = held or ((), ())
    body: dict[str, list[int]] = {}
    for key, prefix, side in RECIPIENTS:
        ids = _numbers(prefix, wanted[side])
        if ids or _numbers(prefix, before[side]):  # what is emptied has to be said, the rest is left out
            body[key] = ids
    return body


def _numbers(prefix: str, ids: Sequence[str]) -> list[int]:
    for id_ in ids:
        if not re.fullmatch(rf"({LIST}|{SEGMENT})\d{{1,18}}", id_):
            raise Rejected(f"Brevo has no list or segment called {id_}.")
    return [int(id_.removeprefix(prefix)) for id_ in ids if id_.startswith(prefix)]


def _name(name: str | None, marker: str | None) -> str:
    plain = MARKER.sub("", name or "").strip()
    if not plain:
        raise Rejected("Brevo needs a name for every campaign.")
    return f"{plain} [{marker}]" if marker else plain
