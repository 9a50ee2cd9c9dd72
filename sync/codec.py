"""Canonical values as JSON and back: what the database and `--json` hold."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from sync.model import Day, EntityLink, Instant, Person, Stranger, Value, WallClock

Json = Any


def encode(value: Value) -> Json:
    """The value as JSON. Scalars stand for themselves, every other type is an object with one key that names it."""
    match value:
        case None | str() | bool() | int() | float():
            return value
        case frozenset():
            return {"set": sorted(value)}
        case Day(day):
            return {"day": day.isoformat()}
        case Instant(at):
            return {"instant": at.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        case WallClock(at):
            return {"wall_clock": at.isoformat()}
        case Person(person):
            return {"person": person}
        case Stranger(tool, native, name):
            return {"stranger": [tool, native, name]}
        case EntityLink(entity):
            return {"entity": entity}


def decode(data: Json) -> Value:
    """The inverse of `encode`. Raises ValueError on anything that `encode` cannot have made."""
    if not isinstance(data, dict):
        if data is None or isinstance(data, str | bool | int | float):
            return data
        raise ValueError(f"not a canonical value: {data!r}")
    match data:
        case {"set": list(items)}:
            return frozenset(items)
        case {"day": str(text)}:
            return Day(date.fromisoformat(text))
        case {"instant": str(text)}:
            return Instant(datetime.fromisoformat(text))
        case {"wall_clock": str(text)}:
            return WallClock(datetime.fromisoformat(text))
        case {"person": str(person)}:
            return Person(person)
        case {"stranger": [str(tool), str(native), str(name)]}:
            return Stranger(tool, native, name)
        case {"entity": str(entity)}:
            return EntityLink(entity)
    raise ValueError(f"not a canonical value: {data!r}")


def order_key(value: Value) -> str:
    """A total order over values of any type, so that no choice depends on the order of tools."""
    return json.dumps(encode(value), sort_keys=True)
