"""The events of an iCalendar text (RFC 5545): what each says, and the dates of those that repeat."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from icalendar import Calendar
from icalendar.timezone import tzp

from connectors.calendar import SendTime
from connectors.ics_series import Odd, Series, key_of, start_of
from sync.ports import TimeKind

_ALONE = threading.Lock()  # the library keeps the zones that a calendar brings along in one place for all


class Unparsable(ValueError):
    """The text is no calendar, or was cut."""


@dataclass(frozen=True, slots=True)
class Event:
    """One date of a calendar. `id` is its UID, with the date of an instance. `odd` says, in place of `starts`, why it
    cannot be told when it begins. `state` is the event's STATUS in upper case, empty where it has none."""

    id: str
    name: str | None
    starts: SendTime | None
    odd: str | None
    state: str
    tags: tuple[str, ...]
    url: str | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Events:
    """What a calendar holds. `nameless` are its events without UID: nothing could find them again."""

    dated: Sequence[Event]
    nameless: int = 0


def events_of(text: str, since: date | None, until: datetime) -> Events:
    """The events from a day on. Of those that repeat, each date up to `until` is one. Raises Unparsable."""
    by_uid: dict[str, list[Any]] = {}
    nameless = 0
    for component in _components(text):
        uid = str(_first(component, "UID") or "").strip()
        if uid:
            by_uid.setdefault(uid, []).append(component)
        else:
            nameless += 1
    dated: dict[str, Event] = {}
    for uid, components in by_uid.items():
        for event in _dates(uid, components, since, until):
            dated.setdefault(event.id, event)
    return Events(tuple(dated.values()), nameless)


def _components(text: str) -> Sequence[Any]:
    with _ALONE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tzp.use_default()  # a zone of one calendar means nothing in the next
        try:
            calendars = Calendar.from_ical(text, multiple=True)
            found = [one for calendar in calendars for one in calendar.walk("VEVENT")]
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as exc:
            raise Unparsable("not a calendar") from exc
    if not calendars:
        raise Unparsable("cut off")
    return found


def _dates(uid: str, components: Sequence[Any], since: date | None, until: datetime) -> Iterator[Event]:
    exceptions: list[Any] = []
    masters: list[Any] = []
    for component in components:
        (masters if _first(component, "RECURRENCE-ID") is None else exceptions).append(component)
    master, tie = _newest(masters)
    series, odd = None, "several events with this id" if tie else None
    found: Mapping[str, SendTime] = {}
    if master is not None and ("RRULE" in master or "RDATE" in master) and not tie:
        try:
            series = Series.of(master)
            found = series.dates(since, until)
        except Odd as why:
            odd = str(why)
    if master is not None and (series is None or odd):
        yield from _single(uid, master, since, odd)
    replaced = _by_key(exceptions, series)
    for key, starts in found.items():
        if key not in replaced:
            yield _event(f"{uid}#{key}", master, starts, None)
    for key, component in replaced.items():
        yield from _single(f"{uid}#{key}", component, since, None)


def _by_key(exceptions: Sequence[Any], series: Series | None) -> Mapping[str, Any]:
    """The dates of a series that were changed, each by the date that it had."""
    found: dict[str, Any] = {}
    for component in exceptions:
        original = start_of(_first(component, "RECURRENCE-ID"))
        if isinstance(original, SendTime):
            key = series.key_of(original) if series else key_of(original)
            found[key] = _newer(component, found[key])[0] if key in found else component
    return found


def _single(id_: str, component: Any, since: date | None, odd: str | None) -> Iterator[Event]:
    starts = start_of(_first(component, "DTSTART"))
    if isinstance(starts, str):
        yield _event(id_, component, None, odd or starts)
    elif since is None or starts.at.date() >= since:
        yield _event(id_, component, None if odd else starts, odd)


def _event(id_: str, component: Any, starts: SendTime | None, odd: str | None) -> Event:
    name, address = _first(component, "SUMMARY"), str(_first(component, "URL") or "").strip()
    changed = start_of(_first(component, "LAST-MODIFIED"))
    return Event(
        id_,
        " ".join(str(name).split()) or None if name is not None else None,
        starts,
        odd,
        str(_first(component, "STATUS") or "").strip().upper(),
        _tags(component),
        address if _is_web(address) else None,
        changed.at if isinstance(changed, SendTime) and changed.kind is TimeKind.INSTANT else None,
    )


def _newest(masters: Sequence[Any]) -> tuple[Any, bool]:
    """Which of several events of one id counts, and whether nothing tells."""
    chosen, tie = None, False
    for one in masters:
        chosen, tie = (one, False) if chosen is None else _newer(one, chosen)
    return chosen, tie


def _newer(one: Any, other: Any) -> tuple[Any, bool]:
    """The later edition of an event, and whether neither is."""
    mine, others = _edition(one), _edition(other)
    if mine == others:
        return other, one.to_ical() != other.to_ical()
    return (one, False) if mine > others else (other, False)


def _edition(component: Any) -> tuple[int, datetime, datetime]:
    number = _first(component, "SEQUENCE")
    at = [start_of(_first(component, key)) for key in ("LAST-MODIFIED", "DTSTAMP")]
    never = datetime.min.replace(tzinfo=UTC)
    modified, stamped = (one.at if isinstance(one, SendTime) and one.kind is TimeKind.INSTANT else never for one in at)
    return number if isinstance(number, int) else 0, modified, stamped


def _tags(component: Any) -> tuple[str, ...]:
    held = component.get("CATEGORIES") or ()
    words: set[str] = set()
    for category in held if isinstance(held, list) else (held,):
        names = getattr(category, "cats", None)
        words.update(str(name).strip() for name in (names if names is not None else str(category).split(",")))
    return tuple(sorted(filter(None, words)))


def _is_web(address: str) -> bool:
    try:
        return urlsplit(address).scheme in {"http", "https"} and bool(urlsplit(address).hostname)
    except ValueError:
        return False


def _first(component: Any, name: str) -> Any:
    """A property, the first one where it stands several times; None where there is none."""
    held = component.get(name)
    return (held[0] if held else None) if isinstance(held, list) else held
