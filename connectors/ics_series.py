"""When events begin, and on which dates one repeats: rules, additions and exceptions by the clock of its zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from dateutil.rrule import rrule, rrulestr  # type: ignore[import-untyped]

from connectors.calendar import SendTime
from sync.ports import TimeKind

MOST = 1000  # dates of one series
TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
LATEST = time(23, 59, 59)
LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # days of a month


class Odd(ValueError):
    """Why the dates of a series cannot be told, in a few words."""


def start_of(prop: Any) -> SendTime | str:
    """When it begins, or a few words why that cannot be told: a moment in UTC, a clock time without a zone (every
    recipient's own), or a day."""
    if prop is None:
        return "no start"
    at = _dt(prop)
    if isinstance(at, datetime):
        return _timed(at, str(prop.params.get("TZID", "")))
    if isinstance(at, date):
        return SendTime(TimeKind.DAY, datetime.combine(at, time()))
    return f"unclear time {str(prop)[:20]!r}"


def key_of(at: SendTime) -> str:
    """Which instance of a series began, or was to begin, at a time. It outlives a move."""
    if at.kind is TimeKind.DAY:
        return f"{at.at:%Y%m%d}"
    return f"{at.at:%Y%m%dT%H%M%S}" + ("Z" if at.kind is TimeKind.INSTANT else "")


@dataclass(frozen=True, slots=True)
class Series:
    """An event that repeats, by the clock of its zone: a nine o'clock stays nine o'clock when summer begins.

    `first` is naive, a midnight for days; `zone` is None for days and for times without one.
    """

    first: datetime
    zone: tzinfo | None
    days: bool
    rules: tuple[rrule, ...]
    also: frozenset[datetime]
    never: frozenset[datetime | date]

    @classmethod
    def of(cls, event: Any) -> Series:
        """The series that an event with RRULE or RDATE is. Raises Odd."""
        prop = _first(event.get("DTSTART"))
        starts = start_of(prop)
        if isinstance(starts, str):
            raise Odd(starts)
        at = prop.dt
        days = starts.kind is TimeKind.DAY
        zone = None if days else at.tzinfo
        first = starts.at if days else at.replace(tzinfo=None)
        try:
            rules = tuple(_rule(one, first, zone, days) for one in _each(event.get("RRULE")))
            also = {_wall(one, zone, days) for one in _listed(event, "RDATE")}
            never = {one if _is_day(one) and not days else _wall(one, zone, days) for one in _listed(event, "EXDATE")}
        except Odd:
            raise
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as exc:
            raise Odd("unclear repetition") from exc
        return cls(first, zone, days, rules, frozenset(also), frozenset(never))

    def dates(self, since: date | None, until: datetime) -> Mapping[str, SendTime]:
        """Every date from a day on and up to a moment, by its key. Raises Odd where there are too many."""
        low = max(self.first, datetime.combine(since, time())) if since else self.first
        high = until.astimezone(self.zone or UTC).replace(tzinfo=None)
        walls = {wall for wall in (self.first, *self.also) if wall <= high and (since is None or wall >= low)}
        for rule in self.rules:
            for wall in rule.xafter(low, inc=True):
                if wall > high:
                    break
                walls.add(wall)
                if len(walls) > MOST:
                    raise Odd(f"more than {MOST} dates")
        kept = sorted(wall for wall in walls if wall not in self.never and wall.date() not in self.never)
        return {key_of(at): at for at in map(self._send_time, kept)}

    def key_of(self, original: SendTime) -> str:
        """The key of the date that an exception replaces, even where it is written otherwise than the series."""
        wall = original.at
        if self.days:
            return key_of(SendTime(TimeKind.DAY, datetime.combine(wall.date(), time())))
        if original.kind is TimeKind.DAY:
            wall = datetime.combine(wall.date(), self.first.time())
        return key_of(original if original.kind is TimeKind.INSTANT else self._send_time(wall))

    def _send_time(self, wall: datetime) -> SendTime:
        if self.days:
            return SendTime(TimeKind.DAY, wall)
        if self.zone is None:
            return SendTime(TimeKind.RECIPIENT_LOCAL, wall)
        # In a gap the clock is read as before it, at a repetition as the first time: RFC 5545 and fold=0 alike.
        return SendTime(TimeKind.INSTANT, wall.replace(tzinfo=self.zone).astimezone(UTC))


def _rule(recur: Any, first: datetime, zone: tzinfo | None, days: bool) -> rrule:
    frequency = str(_first(recur.get("FREQ")))
    if frequency in TOO_OFTEN:
        raise Odd(f"repeats {frequency.lower()}")
    months, in_month = recur.get("BYMONTH"), recur.get("BYMONTHDAY")
    if months and in_month and not any(abs(day) <= LONGEST[month - 1] for month in months for day in in_month):
        raise Odd("dates that no month has")  # such as 30 February, which a search would go on for until 9999
    parts = [part for part in recur.to_ical().decode().split(";") if not part.upper().startswith("UNTIL=")]
    rule = rrulestr(";".join(parts), dtstart=first)
    ends = _first(recur.get("UNTIL"))
    if ends is None:
        return rule
    if _is_day(ends):
        return rule.replace(until=datetime.combine(ends, LATEST))
    return rule.replace(until=_wall(ends, zone, days))


def _wall(at: Any, zone: tzinfo | None, days: bool) -> datetime:
    """A time of a rule by the series' own clock."""
    if _is_day(at):
        return datetime.combine(at, time())
    if at.tzinfo is not None:
        at = at.astimezone(zone or UTC).replace(tzinfo=None)
    return datetime.combine(at.date(), time()) if days else at


def _timed(at: datetime, zone: str) -> SendTime | str:
    if at.tzinfo is None:
        # A zone that the calendar names and nobody knows is not no zone.
        return f"unknown zone {zone[:30]!r}" if zone else SendTime(TimeKind.RECIPIENT_LOCAL, at)
    try:
        return SendTime(TimeKind.INSTANT, at.astimezone(UTC))
    except (OverflowError, ValueError):
        return f"unclear time {at.isoformat()!r}"


def _dt(prop: Any) -> Any:
    try:
        return prop.dt
    except (AttributeError, ValueError):  # a property that could not be read says so when it is asked
        return None


def _listed(event: Any, name: str) -> Iterator[Any]:
    """The times of all properties of this name; of a period its beginning."""
    for prop in _each(event.get(name)):
        for one in prop.dts:
            yield one.dt[0] if isinstance(one.dt, tuple) else one.dt


def _each(held: Any) -> Iterator[Any]:
    if held is not None:
        yield from held if isinstance(held, list) else (held,)


def _first(held: Any) -> Any:
    return (held[0] if held else None) if isinstance(held, list) else held


def _is_day(at: Any) -> bool:
    return isinstance(at, date) and not isinstance(at, datetime)
