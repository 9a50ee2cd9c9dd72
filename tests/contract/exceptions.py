"""The vendors' known defects: `exceptions.toml` repairs a description, or excuses what a description gets wrong.

A repair (`[[repair]]`) mends the description itself, so that what it got wrong is checked all the same. An exception
(`[[exception]]`) drops the complaints that it matches. Both say why, and where that is known from.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path
from typing import Any

# How Jira's lists say where in the whole they are (reference jira §6).
_PAGE = {name: {"type": "integer"} for name in ("startAt", "maxResults", "total")} | {"isLast": {"type": "boolean"}}
_INDEX = re.compile(r"/\d+(?=/|$)")
FILE = Path(__file__).with_name("exceptions.toml")


@dataclass(frozen=True, slots=True)
class Violation:
    """What an exchange should not have been, where, and the exchange itself in short."""

    specification: str
    operation: str
    place: str  # "request query maxResults", "answer 200 body /issues/0/id"
    message: str
    query: str  # of the request, unquoted
    exchange: str

    @property
    def brief(self) -> str:
        """In one line, the same for every item of a list."""
        return f"{self.specification}: {self.operation}: {_INDEX.sub('/*', self.place)}: {self.message}"

    def __str__(self) -> str:
        return f"{self.specification}: {self.operation}\n  {self.place}: {self.message}\n  in {self.exchange}"


@dataclass(frozen=True, slots=True)
class Exempt:
    """A defect of a description that cannot be repaired in it. All but the last two are patterns of fnmatch."""

    specification: str
    operation: str
    place: str
    message: str
    query: str
    reason: str
    source: str

    def covers(self, violation: Violation) -> bool:
        parts = ("specification", "operation", "place", "message", "query")
        return all(_pattern(getattr(self, part)).match(getattr(violation, part)) for part in parts)

    def __str__(self) -> str:
        return f"{self.specification}: {self.operation}: {self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Repair:
    """A change to a description before it is read.

    `at`: JSON Pointers. `change`: "list" makes the schema there a list of what it was, "page" a page of it, "merge"
    adds the members of `value` to what is there, "set" puts `value` there.
    """

    specification: str
    at: tuple[str, ...]
    change: str
    value: Any
    reason: str
    source: str

    def __str__(self) -> str:
        return f"{self.specification}: {self.change} {self.at[0]}"

    def apply(self, document: dict[str, Any]) -> None:
        """Change the description in place. KeyError where it has nothing to repair at that place."""
        for pointer in self.at:
            *path, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))
            holder: Any = document
            for step in path:
                holder = holder[int(step) if isinstance(holder, list) else step]
            if self.change == "list":
                holder[last] = {"type": "array", "items": holder[last]}
            elif self.change == "page":
                holder[last] = {
                    "type": "object",
                    "properties": {**_PAGE, "values": {"type": "array", "items": holder[last]}},
                }
            elif self.change == "merge":
                holder[last] = {**holder[last], **self.value}
            else:
                holder[last] = self.value


@functools.cache
def exceptions() -> tuple[Exempt, ...]:
    """All of the file, in its order."""
    return tuple(Exempt(**{"message": "*", "query": "*", **one}) for one in _file().get("exception", ()))


@functools.cache
def repairs() -> tuple[Repair, ...]:
    """All of the file, in its order."""
    return tuple(Repair(**{"value": None, **one, "at": tuple(one["at"])}) for one in _file().get("repair", ()))


def _file() -> Mapping[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@functools.cache
def _pattern(text: str) -> re.Pattern[str]:
    # A bracket stands for itself: Klaviyo's parameters have brackets in their names, `fields[campaign]`.
    return re.compile(translate(text.replace("[", "[[]")))
