"""What is known of a Jira project's set-up, as text for the next run to go by instead of asking."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.jira_fields import Layout
from connectors.jira_place import Options, Place, number
from connectors.jira_site import Introduction
from sync.model import Kind
from sync.ports import NativeField

VERSION = 1
LONGEST = 200_000  # characters
SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Setup:
    """The site, the place in it, its fields, and a few issues that this account saw there."""

    site: Introduction
    place: Place
    layout: Layout
    seen: tuple[str, ...] = ()


def text_of(setup: Setup, asked: Sequence[str]) -> str | None:
    """The set-up as JSON; `asked` is what it answers: the address, the project, its types, the account's name. None
    where it is too long to be kept."""
    place, layout = setup.place, setup.layout
    told = {
        "version": VERSION,
        "asked": list(asked),
        "site": [setup.site.cloud, setup.site.address, setup.site.user],
        "project": [place.project, place.key],
        "types": place.types,
        "statuses": place.statuses,
        "subtasks": sorted(place.subtasks),
        "fields": {
            kind: [[one.id, one.name, one.type, one.read_only, one.options] for one in fields]
            for kind, fields in layout.schema.items()
        },
        "differing": {kind: sorted(names) for kind, names in layout.differing.items()},
        "epic": [layout.epic_link, layout.epic_name],
        "seen": list(setup.seen[:SAMPLES]),
    }
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= LONGEST else None


def setup_of(text: str, asked: Sequence[str]) -> Setup | None:
    """The set-up that `text_of` told; None for the answer to other questions, and for what we do not understand."""
    try:
        told = json.loads(text)
        if told["version"] != VERSION or told["asked"] != list(asked):
            return None
        cloud, address, user = told["site"]
        link, name = told["epic"]
        layout = Layout(
            {kind: tuple(_field(one) for one in told["fields"][kind]) for kind in Kind},
            {kind: frozenset(_words(told["differing"].get(kind, ()))) for kind in Kind},
            _word(link, or_none=True),
            _word(name, or_none=True),
        )
        site = Introduction(bool(cloud), str(_word(address)), _word(user, or_none=True))
        return Setup(site, _place(told), layout, tuple(number({"id": one}, "id") for one in told["seen"]))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _place(told: Mapping[str, Any]) -> Place:
    """Its ids are proven to be such, for they go into queries."""
    project, key = told["project"]
    return Place(
        number({"id": project}, "id"),
        str(_word(key)),
        {kind: number(told["types"], kind) for kind in Kind},
        {
            kind: tuple((number({"id": id_}, "id"), name) for id_, name in _pairs(told["statuses"][kind]))
            for kind in Kind
        },
        frozenset(Kind(one) for one in told["subtasks"]),
    )


def _field(one: Any) -> NativeField:
    *words, read_only, options = one
    native, name, sort = _words(words)
    return NativeField(native, name, sort, bool(read_only), _pairs(options))


def _pairs(held: Any) -> Options:
    return tuple((first, second) for first, second in map(_words, held))


def _words(held: Any) -> tuple[str, ...]:
    return tuple(str(_word(one)) for one in held)


def _word(held: Any, *, or_none: bool = False) -> str | None:
    if isinstance(held, str) or (or_none and held is None):
        return held
    raise TypeError(held)
