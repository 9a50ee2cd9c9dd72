"""Days and moments in ISO 8601 and lists of words, as every tool's JSON has them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from mappings.shape import Unreadable, expect


def day(text: str) -> date:
    """`2026-10-12`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"'{text}' is no day") from None


def moment(text: str) -> datetime:
    """`2026-10-08T07:08:33.123+0000`, `2026-10-08T07:08:33Z`: a date and time in any offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"'{text}' is no date and time") from None
    if at.tzinfo is None:
        raise Unreadable(f"'{text}' has no time zone")
    return at


def read_day(raw: Any) -> date | None:
    text = expect(raw, str)
    return day(text) if text else None


def write_day(value: date | None, _: Any) -> str | None:
    return value.isoformat() if value else None


def read_moment(raw: Any) -> datetime | None:
    text = expect(raw, str)
    return moment(text) if text else None


def read_words(raw: Any) -> frozenset[str]:
    """The words of a list."""
    words = expect(raw, list) or []
    if not all(isinstance(word, str) for word in words):
        raise Unreadable("the tool sent a list that does not hold words only")
    return frozenset(words)


def write_words(words: frozenset[str], raw: Any) -> list[str]:
    """The words as a list: in the record's order, new ones sorted behind."""
    kept = [word for word in raw or () if word in words]
    return kept + sorted(words - set(kept))
