"""Moments in Airtable's formulas: units, differences, and the letters of a format."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from connectors.sandbox.airtable_values import FormulaError, number, text

UNITS = {"milliseconds": 0.001, "seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0, "weeks": 604800.0}
MONTHS = {"months": 1, "quarters": 3, "years": 12}
SHORT = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks", "M": "months",
         "Q": "quarters", "y": "years"}  # fmt: skip
LETTERS = re.compile(r"\[[^\]]*\]|YYYY|YY|Q|MMMM|MMM|MM|M|DD|Do|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|SSS|A|a|ZZ|Z|X|x")
SAME = {"years": 4, "months": 7, "days": 10, "hours": 13, "minutes": 16, "seconds": 19}


def moment(value: object) -> datetime:
    """A value as a moment; text is read as ISO, in UTC where it has no zone."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise FormulaError from error
    if not isinstance(value, datetime):
        raise FormulaError
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def unit(value: object) -> str:
    """The full name of a unit of time."""
    name = text(value)
    name = SHORT.get(name, name.lower())
    name = name if name.endswith("s") else name + "s"
    if name not in UNITS and name not in MONTHS:
        raise FormulaError
    return name


def added(value: object, count: object, of: object) -> datetime:
    """DATEADD. A day that the month has not is its last one."""
    at, name = moment(value), unit(of)
    if name in UNITS:
        return at + timedelta(seconds=number(count) * UNITS[name])
    months = at.year * 12 + at.month - 1 + int(number(count)) * MONTHS[name]
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise FormulaError
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def difference(a: object, b: object, of: object = "seconds") -> float:
    """DATETIME_DIFF: whole units, towards nothing."""
    first, second, name = moment(a), moment(b), unit(of)
    if name in UNITS:
        return float(int((first - second).total_seconds() / UNITS[name]))
    low, high = min(first, second), max(first, second)
    months = (high.year - low.year) * 12 + high.month - low.month
    months -= added(low, months, "months") > high
    return float(months // MONTHS[name]) * (1 if first >= second else -1)


def same(a: object, b: object, of: object = None) -> bool:
    """IS_SAME, down to a unit if one is given."""
    first, second = moment(a).astimezone(UTC), moment(b).astimezone(UTC)
    if of is None:
        return first == second
    name = unit(of)
    if name == "weeks":
        return first.isocalendar()[:2] == second.isocalendar()[:2]
    if name not in SAME:
        raise FormulaError
    return first.isoformat()[: SAME[name]] == second.isoformat()[: SAME[name]]


def after(a: object, b: object) -> bool:
    """An empty date is neither after nor before anything."""
    return a is not None and b is not None and moment(a) > moment(b)


def in_zone(value: object, zone: object) -> datetime:
    """SET_TIMEZONE: how DATETIME_FORMAT writes it."""
    try:
        return moment(value).astimezone(ZoneInfo(text(zone)))
    except (KeyError, ValueError, OSError) as error:
        raise FormulaError from error


def formatted(value: object, letters: object = None) -> str:
    """DATETIME_FORMAT; without a format, ISO in UTC."""
    at = moment(value)
    if letters is None:
        return text(at)
    return LETTERS.sub(lambda match: _written(at, match.group()), text(letters))


def parsed(value: object, letters: object = None, _locale: object = None) -> datetime | None:
    """DATETIME_PARSE; without a format, ISO."""
    if value in (None, ""):
        return None
    if letters is None or isinstance(value, datetime):
        return moment(value)
    pattern, at = "", 0
    given = text(letters)
    for match in LETTERS.finditer(given):
        pattern += re.escape(given[at : match.start()]) + _pattern(match.group())
        at = match.end()
    found = re.fullmatch(pattern + re.escape(given[at:]), text(value).strip())
    if found is None:
        raise FormulaError
    return _assembled(found.groupdict())


def _written(at: datetime, letter: str) -> str:
    if letter.startswith("["):
        return letter[1:-1]
    half = at.hour % 12 or 12
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(at.day % 10 if at.day not in (11, 12, 13) else 0, "th")
    offset = at.strftime("%z") or "+0000"
    written: dict[str, str] = {
        "YYYY": f"{at.year:04}", "YY": f"{at.year % 100:02}", "Q": str((at.month + 2) // 3),
        "MMMM": calendar.month_name[at.month], "MMM": calendar.month_abbr[at.month],
        "MM": f"{at.month:02}", "M": str(at.month), "DD": f"{at.day:02}", "D": str(at.day), "Do": f"{at.day}{suffix}",
        "dddd": calendar.day_name[at.weekday()], "ddd": calendar.day_abbr[at.weekday()],
        "HH": f"{at.hour:02}", "H": str(at.hour), "hh": f"{half:02}", "h": str(half),
        "mm": f"{at.minute:02}", "m": str(at.minute), "ss": f"{at.second:02}", "s": str(at.second),
        "SSS": f"{at.microsecond // 1000:03}", "A": "PM" if at.hour > 11 else "AM", "a": "pm" if at.hour > 11 else "am",
        "Z": f"{offset[:3]}:{offset[3:5]}", "ZZ": offset[:5], "X": str(int(at.timestamp())),
        "x": str(int(at.timestamp() * 1000)),
    }  # fmt: skip
    return written[letter]


PATTERNS = {
    "YYYY": r"(?P<year>\d{4})", "YY": r"(?P<short>\d\d)", "MMMM": r"(?P<name>[A-Za-z]+)", "MMM": r"(?P<name>[A-Za-z]+)",
    "MM": r"(?P<month>\d\d)", "M": r"(?P<month>\d\d?)", "DD": r"(?P<day>\d\d)", "D": r"(?P<day>\d\d?)",
    "HH": r"(?P<hour>\d\d)", "H": r"(?P<hour>\d\d?)", "hh": r"(?P<hour>\d\d)", "h": r"(?P<hour>\d\d?)",
    "mm": r"(?P<minute>\d\d)", "m": r"(?P<minute>\d\d?)", "ss": r"(?P<second>\d\d)", "s": r"(?P<second>\d\d?)",
    "SSS": r"(?P<milli>\d{3})", "A": "(?P<half>[AP]M)", "a": "(?P<half>[ap]m)", "X": r"(?P<epoch>\d+)",
    "Z": r"(?P<zone>Z|[+-]\d\d:?\d\d)", "ZZ": r"(?P<zone>Z|[+-]\d\d:?\d\d)", "x": r"(?P<millis>\d+)",
}  # fmt: skip


def _pattern(letter: str) -> str:
    if letter.startswith("["):
        return re.escape(letter[1:-1])
    if letter not in PATTERNS:
        raise FormulaError
    return PATTERNS[letter]


def _assembled(found: dict[str, str]) -> datetime:
    if "epoch" in found or "millis" in found:
        return datetime.fromtimestamp(int(found.get("epoch", 0)) or int(found["millis"]) / 1000, UTC)
    names: dict[str, int] = {calendar.month_name[n].lower()[:3]: n for n in range(1, 13)}
    month = names.get(found.get("name", "").lower()[:3], 0) or int(found.get("month", 1))
    hour = int(found.get("hour", 0))
    if half := found.get("half"):
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    year = int(found.get("year", 0)) or 2000 + int(found.get("short", 0))
    rest: Callable[[str], int] = lambda name: int(found.get(name, 0))  # noqa: E731 a word for four look-ups
    try:
        return datetime(
            year, month, int(found.get("day", 1)), hour, rest("minute"), rest("second"), rest("milli") * 1000,
            _offset(found.get("zone", "Z")),
        )  # fmt: skip
    except ValueError as error:
        raise FormulaError from error


def _offset(zone: str) -> timezone:
    if zone == "Z":
        return UTC
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return timezone(size if zone[0] == "+" else -size)
