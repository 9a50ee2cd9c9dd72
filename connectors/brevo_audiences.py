"""Brevo's lists and segments: two kinds whose numbers overlap, so that each id carries its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from connectors.answers import understood, word
from connectors.brevo_wire import Wire
from connectors.calendar import Audience
from connectors.calendar_wire import Missing

LIST, SEGMENT = "list:", "segment:"
PAGE = 50  # the most that Brevo gives at once
LONGEST_ID = 18  # digits


class Audiences:
    """The lists and segments of one account. They cost none of the hour's calls (reference esp §3.2)."""

    def __init__(self, tool: str, wire: Wire) -> None:
        self._tool = tool
        self._wire = wire

    def all(self) -> Sequence[Audience]:
        """Every list, with the number of its contacts, and every segment, without."""
        return [*self._named("lists", _list), *self._named("segments", _segment)]

    def one(self, id_: str) -> Audience | None:
        """A list is read by itself, a segment can only be listed; None where there is none."""
        if id_.startswith(SEGMENT):
            return next((one for one in self._named("segments", _segment) if one.id == id_), None)
        number = id_.removeprefix(LIST)
        if not id_.startswith(LIST) or not is_number(number):
            return None
        doing = "reading a list"
        with suppress(Missing):
            row = self._wire.get(doing, f"/contacts/lists/{number}")
            with understood(self._tool, doing):
                return _list(row)
        return None

    def _named(self, what: str, audience: Callable[[Mapping[str, Any]], Audience]) -> Iterator[Audience]:
        doing = f"reading the {what}"
        for rows in self._wire.rows(doing, f"/contacts/{what}", what, PAGE):
            with understood(self._tool, doing):
                found = [audience(row) for row in rows]
            yield from found


def is_number(text: str) -> bool:
    """Whether this is an id as Brevo gives them, which means itself in an address."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID and not text.startswith("0")


def _list(row: Mapping[str, Any]) -> Audience:
    size = row.get("uniqueSubscribers")
    return Audience(f"{LIST}{int(row['id'])}", word(row, "name"), size if isinstance(size, int) else None)


def _segment(row: Mapping[str, Any]) -> Audience:
    return Audience(f"{SEGMENT}{int(row['id'])}", word(row, "segmentName"))
