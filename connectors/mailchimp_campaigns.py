"""Mailchimp campaigns: their JSON as entries of the neutral calendar, and what may be sent for a change."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from connectors.answers import items, moment, word
from connectors.calendar import PLACEHOLDER, Audience, Content, Entry, SendTime, Status
from sync.errors import Rejected
from sync.ports import TimeKind

MARKER = re.compile(r"\s*\[(cs-[0-9a-z]{8})\]")
GRID: Final = 15  # minutes (reference esp §2.4)
LONGEST_DESCRIPTION: Final = 80
AD_HOC: Final = "~"  # begins the part of an audience's id that stands for conditions without a name
FIELDS: Final = (
    "id", "web_id", "type", "status", "emails_sent", "send_time", "recipients", "settings",
    "variate_settings", "ab_split_opts", "delivery_status",
)  # fmt: skip

_STATUS: Final = {
    "save": Status.DRAFT,
    "paused": Status.PAUSED,
    "schedule": Status.SCHEDULED,
    "sending": Status.SENDING,
    "canceling": Status.SENDING,
    "sent": Status.SENT,
    "canceled": Status.CANCELLED,
}
_DELIVERY: Final = {"delivered": Status.SENT, "canceled": Status.CANCELLED}  # what became of one that is "sending"
_TIMED: Final = frozenset({Status.SCHEDULED, Status.SENDING, Status.SENT, Status.CANCELLED})
_PLAIN: Final = frozenset({"regular", "plaintext"})
_OTHERS: Final = {
    "rss": "an RSS campaign, which goes out by a timetable of its own",
    "variate": "an A/B test, which is set up in Mailchimp only",
    "absplit": "an A/B test, which is set up in Mailchimp only",
}

Row = Mapping[str, Any]


def is_email(row: Row) -> bool:
    """Whether a campaign is one of emails; newer contracts list text messages as well."""
    return "sms" not in str(row.get("type"))


def entry_of(row: Row, centre: str | None, *, batches: bool = False) -> Entry:
    """The campaign of a listing's row (reference esp §2.2-2.4).

    With `batches`, a scheduled campaign may be set to go out in batches, which Mailchimp does not tell. LookupError or
    TypeError where the row is of another form, to be `understood`.
    """
    settings, odd = object_in(row, "settings"), {}
    title, subject = settings.get("title") or "", settings.get("subject_line") or ""
    if not isinstance(title, str):
        odd["name"], title = title, ""
    if not isinstance(subject, str):
        odd["subject"], subject = subject, ""
    status, raw = _status(row)
    at, kind = row.get("send_time") or None, _kind(settings)
    scheduled = _send_time(at, kind) if status in _TIMED else None
    if at and scheduled is None and status in _TIMED:
        odd["scheduled"] = at
    marker = MARKER.findall(title)
    return Entry(
        id=word(row, "id"),
        # Mailchimp itself shows the subject of a campaign that has no title.
        name=MARKER.sub("", title).strip() or (subject if subject != PLACEHOLDER else ""),
        status=status,
        status_raw=raw,
        archived=raw == "archived",
        read_only=_read_only(row, status, kind, batches),
        scheduled=scheduled,
        subjects=None if "subject" in odd else _subjects(row, subject),
        audiences=_audiences(row),
        marker=marker[-1] if marker else None,
        url=f"https://{centre}.admin.mailchimp.com/campaigns/show/?id={row['web_id']}"
        if centre and row.get("web_id")
        else None,
        odd=odd,
        raw=row,
    )


def _status(row: Row) -> tuple[Status, str]:
    raw = word(row, "status")
    if raw == "archived":  # put away after it was sent, or instead
        return (Status.SENT if row.get("emails_sent") else Status.CANCELLED), raw
    delivery = object_in(row, "delivery_status").get("status")
    if raw == "sending" and delivery in _DELIVERY:
        return _DELIVERY[delivery], f"{raw}, {delivery}"
    return _STATUS.get(raw, Status.UNKNOWN), raw


def _read_only(row: Row, status: Status, kind: TimeKind, batches: bool) -> str | None:
    type_ = str(row.get("type"))
    if type_ not in _PLAIN:
        return _OTHERS.get(type_, f'a campaign of the type "{type_}", which is not known to take edits')
    if batches and status is Status.SCHEDULED and kind is TimeKind.INSTANT:  # batches and timewarp exclude each other
        return "perhaps to be sent in batches, which Mailchimp does not tell; unschedule it there first"
    return None


def _kind(settings: Row) -> TimeKind:
    return TimeKind.RECIPIENT_LOCAL if settings.get("timewarp") is True else TimeKind.INSTANT


def _send_time(at: Any, kind: TimeKind) -> SendTime | None:
    """A recipient-local time is the clock time written as UTC, no moment (§2.4)."""
    found = moment(at)
    if found is None:
        return None
    return SendTime(kind, found.replace(tzinfo=None) if kind is TimeKind.RECIPIENT_LOCAL else found)


def _subjects(row: Row, subject: str) -> tuple[str, ...]:
    """Those that a test compares, else the one; none where it is a placeholder."""
    tested: Sequence[Any] = ()
    if row.get("type") == "variate":
        tested = object_in(row, "variate_settings").get("subject_lines") or ()
    elif object_in(row, "ab_split_opts").get("split_test") == "subject":
        tested = [object_in(row, "ab_split_opts").get(side) for side in ("subject_a", "subject_b")]
    told = [one for one in tested if isinstance(one, str)] or [subject]
    return tuple(one for one in told if one not in {"", PLACEHOLDER})


def _audiences(row: Row) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The one list or part of a list; nothing is ever excluded. None where that is not told."""
    if not isinstance(row.get("recipients"), dict):
        return None
    audience = audience_of(row)
    return ((audience.id,) if audience else ()), ()


def audience_of(row: Row) -> Audience | None:
    """Whom a campaign goes to: a list ("<list>"), a saved segment or tag of it ("<list>/<number>"), or what fits
    conditions that only this campaign has ("<list>/~…"), which Mailchimp describes in HTML."""
    recipients = object_in(row, "recipients")
    list_ = recipients.get("list_id")
    if not isinstance(list_, str) or not list_:
        return None
    name = str(recipients.get("list_name") or list_)
    options = object_in(recipients, "segment_opts")
    if options.get("saved_segment_id"):
        return Audience(f"{list_}/{options['saved_segment_id']}", f"{name}: {options['saved_segment_id']}")
    if not options.get("conditions") and not options.get("prebuilt_segment_id"):
        return Audience(list_, name)
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()[:8]
    text = plain(recipients.get("segment_text")) or str(options.get("prebuilt_segment_id") or "a part of it")
    if len(text) > LONGEST_DESCRIPTION:
        text = f"{text[: LONGEST_DESCRIPTION - 1].rstrip()}…"
    return Audience(f"{list_}/{AD_HOC}{digest}", f"{name}: {text}")


def plain(text: Any) -> str:
    """The words of a piece of HTML in one line; empty for anything but a text."""
    if not isinstance(text, str):
        return ""
    apart = re.sub(r"</?(?:br|div|h\d|li|ol|p|ul)\b[^>]*>", " ", text, flags=re.IGNORECASE)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", apart)).split())


def settings_for(content: Content, row: Row, sender: Mapping[str, str], marker: str | None) -> dict[str, str]:
    """The settings that a PATCH has to carry: the three that it demands as they are, and what changes (§2.5).

    `sender` (from_name, reply_to) stands in where the campaign has none yet.
    """
    held = object_in(row, "settings")
    settings = {"subject_line": str(held.get("subject_line") or "")}
    settings |= {key: str(held.get(key) or given) for key, given in sender.items()}
    if content.name is not None:
        settings["title"] = titled(content.name, marker)
    elif content.subject is not None and _untitled(held) and settings["subject_line"]:
        settings["title"] = titled(settings["subject_line"], marker)  # it was the name, which is not to change with it
    if content.subject is not None:
        settings["subject_line"] = content.subject or PLACEHOLDER
    return settings


def _untitled(settings: Row) -> bool:
    return not MARKER.sub("", str(settings.get("title") or "")).strip()


def titled(name: str, marker: str | None) -> str:
    """The name with our marker at its end, where no recipient sees it."""
    name = MARKER.sub("", name).strip()
    if not name:
        raise Rejected("Mailchimp shows the subject line in the place of an empty name; give the campaign a name.")
    return f"{name} [{marker}]" if marker else name


def recipients_for(audiences: tuple[tuple[str, ...], tuple[str, ...]]) -> dict[str, Any] | None:
    """The recipients that these audience ids stand for; None for nobody. Rejected for what cannot be one campaign's."""
    included, excluded = audiences
    if excluded:
        raise Rejected("Mailchimp leaves nobody out by a list; make a segment there without them and choose that.")
    if len(included) > 1:
        raise Rejected(
            f"A Mailchimp campaign goes to one audience or one segment of it, not to {len(included)}. Choose one, or "
            "make a campaign for each."
        )
    if not included:
        return None
    list_, _, segment = included[0].partition("/")
    if not segment:
        return {"list_id": list_}
    if not segment.isdecimal():
        raise Rejected("These conditions belong to another campaign; save them as a segment in Mailchimp first.")
    return {"list_id": list_, "segment_opts": {"saved_segment_id": int(segment)}}


def scheduling(at: SendTime) -> dict[str, Any]:
    """The body that schedules for this time. Rejected, with a proposal, for one off the grid (§2.4)."""
    if at.kind not in {TimeKind.INSTANT, TimeKind.RECIPIENT_LOCAL}:
        raise Rejected("Mailchimp is told a day and a time from here; choose another way of sending there.")
    local = at.kind is TimeKind.RECIPIENT_LOCAL
    moment_ = at.at.replace(tzinfo=UTC) if local else at.at.astimezone(UTC)
    if (moment_.minute % GRID, moment_.second, moment_.microsecond) != (0, 0, 0):
        near = datetime.fromtimestamp(round(moment_.timestamp() / (GRID * 60)) * GRID * 60, UTC)
        raise Rejected(f"Mailchimp sends on quarter hours only; the nearest is {near:%H:%M}{'' if local else ' UTC'}.")
    return {"schedule_time": moment_.isoformat(timespec="seconds"), "timewarp": local}


def objections(checklist: Row) -> str:
    """What Mailchimp's checklist holds against sending, in words."""
    held = [item for item in items(checklist, "items") if item.get("type") in {"error", "warning"}]
    told = [(plain(item.get("heading")), plain(item.get("details"))) for item in held]
    return "; ".join(": ".join(filter(None, words)) for words in told if any(words))


def object_in(holder: Row, key: str) -> Row:
    """The object under a key; an empty one where there is none."""
    held = holder.get(key)
    return held if isinstance(held, dict) else {}
