"""What a tool's field type looks like: how its JSON reads as plain Python, and how it is written back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sync.ports import NativeField


class Sort(Enum):
    """The plain Python that a shape reads to, which decides the canonical types it can hold."""

    LINE = "line"  # str
    PROSE = "prose"  # str, Markdown
    WORD = "word"  # str, one of the field's options where it has any
    WORDS = "words"  # frozenset[str]
    ACCOUNT = "account"  # Account
    DATE = "date"  # date
    MOMENT = "moment"  # aware datetime
    NUMBER = "number"  # int | float
    FLAG = "flag"  # bool
    WHEN = "when"  # a canonical When: the shape knows instants, wall clocks and days by itself


@dataclass(frozen=True, slots=True)
class Account:
    """A person as a tool names them. `email`, `name` and `active` are there as far as the tool tells."""

    id: str
    email: str = ""
    name: str = ""
    active: bool | None = None


class Unreadable(ValueError):
    """A native value that this mapping does not understand; the text says so for a person."""


class Unwritable(ValueError):
    """A value that the field cannot take as it now stands; the text says why."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One native type.

    `read` turns the tool's JSON into plain Python (None for empty) and may raise Unreadable. `write` takes the new
    plain value (None clears) and the JSON that the record holds now, so that it can keep what is not ours; it may
    raise Unwritable. `limit` counts UTF-16 units. `loses` names what overwriting this JSON would destroy.
    `fits` tells which words can be held at all; `options` are the words of a set where they differ from the field's.
    """

    sorts: frozenset[Sort]
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any]
    limit: int | None = None
    by_email: bool = False
    fits: Callable[[str], bool] = lambda _: True
    options: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What people are told of a native type: its name, how it is read and written ("" for never), what gets lost."""

    name: str
    read: str = ""
    write: str = ""
    loss: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A tool's native types. `absent_is_empty`: the tool leaves empty fields out of a record.

    For the documentation: `told` says of every native type, by its word, what becomes of it, and `usual` of which type
    the fields of the packaged mapping are. Where `usual` is empty, `told` is by field: a calendar has one of a kind.
    """

    shape: Callable[[NativeField], Shape | None]
    absent_is_empty: bool = False
    told: Mapping[str, Told] = field(default_factory=dict)
    usual: Mapping[str, str] = field(default_factory=dict)


def expect(raw: Any, kind: type | tuple[type, ...]) -> Any:
    """The value itself when it is of this JSON type, None when empty; Unreadable otherwise."""
    if raw is None or (isinstance(raw, kind) and not (isinstance(raw, bool) and kind is not bool)):
        return raw
    raise Unreadable(f"the tool sent {_short(raw)}")


def member(raw: Any, key: str) -> str | None:
    """The text under `key` of a JSON object, None when the object is empty."""
    held = expect(raw, dict)
    if held is None:
        return None
    if not isinstance(held.get(key), str):
        raise Unreadable(f"the tool sent {_short(raw)}")
    return str(held[key])


def units(text: str) -> int:
    """The length as Java and JavaScript count it: a character beyond the basic plane counts twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def same(value: Any, _: Any) -> Any:
    """Writes the plain value as it is."""
    return value


def _short(raw: Any) -> str:
    text = repr(raw)
    return text if len(text) <= 60 else text[:57] + "..."
