"""The stand-in calendar feed as iCalendar text (RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar, Component, vRecur
from icalendar import Event as Written

from connectors.sandbox.ics_state import Event, FeedState, Start, moment

JSON = dict[str, Any]

# VTIMEZONE as calendars write it: offset, name, onset and rule of standard time, then of summer time. icalendar can
# make one, but writes the onset by the clock that it leads to; RFC 5545 §3.6.5 wants the clock before.
_EUROPE = ("+0100", "CET", "19961027T030000", "BYMONTH=10;BYDAY=-1SU"), (
    "+0200", "CEST", "19810329T020000", "BYMONTH=3;BYDAY=-1SU",
)  # fmt: skip
_AMERICA = ("-0500", "EST", "20071104T020000", "BYMONTH=11;BYDAY=1SU"), (
    "-0400", "EDT", "20070311T020000", "BYMONTH=3;BYDAY=2SU",
)  # fmt: skip
ZONES = {"Europe/Berlin": _EUROPE, "America/New_York": _AMERICA}
WINDOWS = {"Europe/Berlin": "W. Europe Standard Time", "America/New_York": "Eastern Standard Time"}
_LINE = 75  # octets, without the line's end


def feed(state: FeedState, now: datetime) -> bytes:
    """The whole feed. Times are written in the form in which they were given."""
    calendar = Calendar()
    calendar.add("prodid", "-//Acme//Send calendar 1.4//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Acme sends")
    calendar.add("x-wr-timezone", state.zone)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    shown = [event for event in state.events.values() if _shown(state, event, now)]
    for zone in dict.fromkeys(event.start.zone for event in shown if event.start.zone):
        calendar.add_component(_zone(zone))
    for event in shown:
        for component in _components(state, event, now):
            calendar.add_component(component)
    text = bytes(calendar.to_ical())
    if state.switches.zone_names == "windows":
        text = _renamed(text)
    if state.switches.folds_split_signs:
        text = _folded_blindly(text)
    return text if state.switches.line_ends == "crlf" else text.replace(b"\r\n", b"\n")


def _shown(state: FeedState, event: Event, now: datetime) -> bool:
    if event.status == "CANCELLED" and not state.switches.cancelled_shown:
        return False
    oldest = now - timedelta(days=state.switches.past_days)
    return state.switches.past_days == 0 or bool(event.rule) or event.start.moment(state.zone) >= oldest


def _zone(name: str) -> Component:
    (standard, *winter), (daylight, *summer) = ZONES[name]
    parts = [("STANDARD", daylight, standard, winter), ("DAYLIGHT", standard, daylight, summer)]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    for part, before, after, (short, onset, rule) in parts:
        lines += [f"BEGIN:{part}", f"DTSTART:{onset}", f"RRULE:FREQ=YEARLY;{rule}", f"TZNAME:{short}"]
        lines += [f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", f"END:{part}"]
    return Component.from_ical("\r\n".join([*lines, "END:VTIMEZONE", ""]))


def _components(state: FeedState, event: Event, now: datetime) -> Iterator[Component]:
    """The event, and each instance that differs, which has the same UID."""
    yield _component(state, event, event.start, now)
    for original, own in event.moved.items():
        start = replace(event.start, **own["start"]) if "start" in own else replace(event.start, at=original)
        told = replace(event, rule="", excluded=[], **{name: own[name] for name in ("name", "status") if name in own})
        if told.status == "CANCELLED" and not state.switches.cancelled_shown:
            continue
        yield _component(state, told, start, now, replace(event.start, at=original))


def _component(state: FeedState, event: Event, start: Start, now: datetime, instead: Start | None = None) -> Component:
    made = Written()
    made.add("uid", event.uid)
    made.add("dtstamp", now if state.switches.stamps_move else moment(event.modified))
    made.add("dtstart", start.value)
    made.add("dtend", _end(start, event.minutes))
    if instead is not None:
        made.add("recurrence-id", instead.value)
    if event.rule:
        made.add("rrule", vRecur.from_ical(event.rule))
    if event.excluded:
        made.add("exdate", [replace(event.start, at=at).value for at in event.excluded])
    made.add("summary", event.name)
    made.add("status", event.status)
    made.add("sequence", event.sequence)
    for name, value in (("categories", event.categories), ("description", event.description), ("url", event.url)):
        if value:
            made.add(name, value)
    if state.switches.tells_changes:
        made.add("created", moment(event.created))
        made.add("last-modified", moment(event.modified))
    return made


def _end(start: Start, minutes: int) -> date | datetime:
    """By the clock of its zone: nothing here lasts over a change of the clocks."""
    value = start.value
    return value + timedelta(minutes=minutes) if isinstance(value, datetime) else value + timedelta(days=1)


def _renamed(text: bytes) -> bytes:
    """The zones under other names. A parameter value with spaces needs no quotes."""
    for name, other in WINDOWS.items():
        text = re.sub(rb"(TZID[=:])" + re.escape(name.encode()), rb"\g<1>" + other.encode(), text)
    return text


def _folded_blindly(text: bytes) -> bytes:
    lines = text.replace(b"\r\n ", b"").split(b"\r\n")
    return b"\r\n".join(b"\r\n ".join(_cut(line)) for line in lines)


def _cut(line: bytes) -> list[bytes]:
    first, rest = line[:_LINE], line[_LINE:]
    return [first, *(rest[place : place + _LINE - 1] for place in range(0, len(rest), _LINE - 1))]


def http_moment(at: str) -> datetime:
    """A moment as HTTP tells it: whole seconds of UTC."""
    return moment(at).astimezone(UTC).replace(microsecond=0)
