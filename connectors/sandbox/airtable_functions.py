"""The functions of Airtable's formula language that take values and give one."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any


class FormulaError(Exception):
    """The formula's value is #ERROR!; a filter leaves the row out."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how many values it takes; `most` None means any number."""

    call: Callable[..., Any]
    least: int
    most: int | None

    def takes(self, count: int) -> bool:
        return count >= self.least and (self.most is None or count <= self.most)


def text(value: Any) -> str:
    """A value as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, list):
        return ", ".join(map(text, value))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value)


def number(value: Any) -> float:
    """A value as a number; empty is 0, text is an error."""
    if value is None or isinstance(value, (bool, int, float)):
        return float(value or 0)
    raise FormulaError


def moment(value: Any) -> datetime:
    """A value as a moment; text is read as ISO, in UTC where it has no zone."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise FormulaError from error
    if not isinstance(value, datetime):
        raise FormulaError
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def equal(a: Any, b: Any) -> bool:
    """Airtable's `=`: empty equals empty text, lists are compared as text."""
    if isinstance(a, datetime) and isinstance(b, datetime):
        return a == b
    if isinstance(a, (bool, int, float)) and isinstance(b, (bool, int, float)):
        return float(a) == float(b)
    if (a is None and isinstance(b, (int, float))) or (b is None and isinstance(a, (int, float))):
        return not a and not b
    return text(a) == text(b)


UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0, "weeks": 604800.0, "milliseconds": 0.001}


def _unit(unit: Any) -> float:
    name = text(unit).lower()
    found = UNITS.get(name, UNITS.get(name + "s"))
    if found is None:
        raise FormulaError
    return found


def _same(a: Any, b: Any, unit: Any = None) -> bool:
    first, second = moment(a), moment(b)
    if unit is None:
        return first == second
    length = {"day": 10, "month": 7, "year": 4, "hour": 13, "minute": 16}.get(text(unit).rstrip("s"))
    if length is None:
        raise FormulaError
    return text(first)[:length] == text(second)[:length]


def _find(needle: Any, where: Any, start: Any = 1.0) -> float:
    return float(text(where).find(text(needle), int(number(start)) - 1) + 1)


def _search(needle: Any, where: Any, start: Any = 1.0) -> float | None:
    return _find(text(needle).lower(), text(where).lower(), start) or None


def _value(value: Any) -> float:
    digits = re.sub(r"[^0-9.\-]", "", text(value))
    try:
        return float(digits)
    except ValueError:
        return math.nan


def _matches(value: Any, pattern: Any) -> bool:
    try:
        return re.search(text(pattern), text(value)) is not None
    except re.error as error:
        raise FormulaError from error


def _joined(values: Any, separator: Any = ", ") -> str:
    return text(separator).join(text(v) for v in (values if isinstance(values, list) else [values]) if text(v))


def _parse(value: Any, _format: Any = None, _locale: Any = None) -> datetime | None:
    return None if value in (None, "") else moment(value)


def _after(a: Any, b: Any) -> bool:
    """An empty date is neither after nor before anything."""
    return a is not None and b is not None and moment(a) > moment(b)


def _function(call: Callable[..., Any]) -> Function:
    parameters = inspect.signature(call).parameters.values()
    any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    needed = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    return Function(call, max(len(needed), 1 if any_number else 0), None if any_number else len(parameters))


VALUES: dict[str, Callable[..., Any]] = {
    "AND": lambda *values: all(values),
    "OR": lambda *values: any(values),
    "XOR": lambda *values: sum(map(bool, values)) % 2 == 1,
    "NOT": lambda value: not value,
    "BLANK": lambda: None,
    "TRUE": lambda: True,
    "FALSE": lambda: False,
    "LOWER": lambda value: text(value).lower(),
    "UPPER": lambda value: text(value).upper(),
    "TRIM": lambda value: text(value).strip(),
    "LEN": lambda value: float(len(text(value))),
    "LEFT": lambda value, count: text(value)[: int(number(count))],
    "RIGHT": lambda value, count: text(value)[-int(number(count)) :] if number(count) else "",
    "CONCATENATE": lambda *values: "".join(map(text, values)),
    "SUBSTITUTE": lambda value, old, new: text(value).replace(text(old), text(new)),
    "FIND": _find,
    "SEARCH": _search,
    "VALUE": _value,
    "REGEX_MATCH": _matches,
    "ARRAYJOIN": _joined,
    "DATETIME_PARSE": _parse,
    "DATETIME_DIFF": lambda a, b, unit="seconds": (moment(a) - moment(b)).total_seconds() // _unit(unit),
    "DATEADD": lambda value, count, unit: moment(value) + timedelta(seconds=number(count) * _unit(unit)),
    "DATETIME_FORMAT": lambda value: text(moment(value)),
    "IS_AFTER": _after,
    "IS_BEFORE": lambda a, b: _after(b, a),
    "IS_SAME": _same,
}
FUNCTIONS = {name: _function(call) for name, call in VALUES.items()}
