"""Values in Airtable's formulas: what counts as text, as a number, as equal, as empty."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


class FormulaError(Exception):
    """The formula's value is #ERROR!; a filter leaves the row out."""


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
    """A value as a number; empty is 0, a list of one is that one, text is an error."""
    if isinstance(value, list) and len(value) == 1:
        return number(value[0])
    if value is None or isinstance(value, (bool, int, float)):
        return float(value or 0)
    raise FormulaError


def equal(a: Any, b: Any) -> bool:
    """Airtable's `=`: empty equals empty text, lists are compared as text."""
    if isinstance(a, datetime) and isinstance(b, datetime):
        return a == b
    if isinstance(a, (bool, int, float)) and isinstance(b, (bool, int, float)):
        return float(a) == float(b)
    if (a is None and isinstance(b, (int, float))) or (b is None and isinstance(a, (int, float))):
        return not a and not b
    return text(a) == text(b)


def empty(value: Any) -> bool:
    """What leaves a record out when it is the filter's value (§2.1): 0, false, "", NaN, []."""
    return value != value or value in (None, 0, False, "", [])  # noqa: PLR0124 NaN is unlike itself


def flat(values: Any) -> list[Any]:
    """The values of arguments, those of lists among them."""
    found: list[Any] = []
    for value in values:
        found += flat(value) if isinstance(value, list) else [value]
    return found
