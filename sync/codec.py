"""Canonical values as JSON and back: what the database and `--json` hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sync.model import Day, EntityLink, Instant, Person, Stranger, Value, WallClock

Json = Any


def encode(value: Value) -> Json:
    """The value as JSON. Scalars stand for themselves, every other type is an object with one key that names it."""
    kind = type(value)
    if kind is str or value is None or kind in _SCALARS:
        return value
    return _ENCODERS[kind](value)


def decode(data: Json) -> Value:
    """The inverse of `encode`. Raises ValueError on anything that `encode` cannot have made."""
    kind = type(data)
    if kind is str or data is None or kind in _SCALARS:
        return data  # type: ignore[no-any-return]
    try:
        ((name, told),) = data.items()
        return _DECODERS[name](told)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(f"not a canonical value: {data!r}") from None


_SCALARS = frozenset({bool, int, float})


def _text(told: Any) -> str:
    if type(told) is not str:
        raise TypeError(told)
    return told


def _set(told: Any) -> frozenset[str]:
    if type(told) is not list:
        raise TypeError(told)
    return frozenset(told)


# The same people, days and campaigns stand in many cells, which then share them.
@lru_cache(10_000)
def _day(told: Any) -> Day:
    return Day(date.fromisoformat(told))


@lru_cache(10_000)
def _person(told: Any) -> Person:
    return Person(_text(told))


@lru_cache(10_000)
def _entity(told: Any) -> EntityLink:
    return EntityLink(_text(told))


def _stranger(told: Any) -> Stranger:
    tool, native, name = map(_text, told)
    return Stranger(tool, native, name)


# A dispatch by type and name, since a state of 100,000 records has a million values.
_ENCODERS: dict[type, Callable[[Any], Json]] = {
    frozenset: lambda value: {"set": sorted(value)},
    Day: lambda value: {"day": value.date.isoformat()},
    Instant: lambda value: {"instant": value.at.astimezone(UTC).isoformat().replace("+00:00", "Z")},
    WallClock: lambda value: {"wall_clock": value.at.isoformat()},
    Person: lambda value: {"person": value.id},
    Stranger: lambda value: {"stranger": [value.tool, value.native, value.name]},
    EntityLink: lambda value: {"entity": value.id},
}
_DECODERS: dict[str, Callable[[Any], Value]] = {
    "set": _set,
    "day": _day,
    "instant": lambda told: Instant(datetime.fromisoformat(told)),
    "wall_clock": lambda told: WallClock(datetime.fromisoformat(told)),
    "person": _person,
    "stranger": _stranger,
    "entity": _entity,
}


def order_key(value: Value) -> str:
    """A total order over values of any type, so that no choice depends on the order of tools."""
    return json.dumps(encode(value), sort_keys=True)
