"""Jira's fields: which there are by issue type, of what shape, and what their ids mean in a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.answers import items, understood, word
from connectors.jira_place import Options, Place
from connectors.jira_site import Site
from sync.errors import ConfigError
from sync.model import Kind
from sync.ports import NativeField, NativeSchema

PAGE = 200  # the most that createmeta gives at once

_ALIKE = frozenset(
    {
        "string", "number", "date", "datetime", "option", "option-with-child", "status", "priority", "resolution",
        "version", "issuetype", "project",
    }
)  # fmt: skip
_LISTS = frozenset({"string", "option", "user", "component", "version"})
_FIXED = frozenset({"issuetype", "project"})  # a record of another type or project would not be ours any more
_RICH = ("description", "environment")  # system fields that hold rich text (reference jira §1)
_EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"  # Data Center (§5.9)
_EPIC_NAME = "com.pyxis.greenhopper.jira:gh-epic-label"
_CASCADE = "option-with-child"
_SLASH = re.compile(r"(?<![^ ])(\\*)/(?![^ ])")
_ID_IN_TEXT = re.compile(r"\bcustomfield_\d+\b|\b[a-z]+(?=: )")

Listed = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """A project's fields: for the mapping, and what only the wire needs to know of them.

    `differing` are by kind the lists that take single additions and removals. `epic_link` holds on a Data Center the
    key of the epic that a stage hangs on; `epic_name` is what an epic cannot be created without there.
    """

    schema: NativeSchema
    differing: Mapping[Kind, frozenset[str]] = field(default_factory=dict)
    epic_link: str | None = None
    epic_name: str | None = None


def read_layout(site: Site, place: Place) -> Layout:
    """Every field of a shape we speak, by kind; those that the issue type's screen does not take are read-only.

    `/field` names what the account can see, createmeta what it can set and from which options, and the project's
    statuses what a transition may lead to (reference jira §5.6, §5.8).
    """
    doing = "reading fields"
    listed = site.look(doing, "GET", "field")
    with understood(site.tool, doing):
        seen = [one for one in items({"fields": listed}, "fields") if _in_scope(one, place.project)]
        screens = {kind: _settable(site, place, kind) for kind in place.types}
        schema = {
            kind: tuple(_fields(seen, screens[kind], place.statuses[kind], cloud=site.cloud)) for kind in place.types
        }
        differing = {
            kind: frozenset(name for name, one in screen.items() if {"add", "remove"} <= set(one.get("operations", ())))
            for kind, screen in screens.items()
        }
        link, name = _custom(seen, _EPIC_LINK), _custom(seen, _EPIC_NAME)
    if site.cloud or Kind.STAGE in place.subtasks:
        return Layout(schema, differing, epic_name=_needed(name, screens))
    if link is None:
        raise ConfigError(
            f"{site.tool} has no field Epic Link that this account sees, so that stages cannot hang on campaigns. "
            f"Choose a sub-task type as stage_type in [tools.{site.tool}], or add that field."
        )
    return Layout(schema, differing, link, _needed(name, screens))


def shape(schema: Mapping[str, Any], *, cloud: bool) -> str | None:
    """Our word for a field's value by its JSON type; None for what we do not speak (attachments, work logs, …).

    Rich text is a `doc` on Cloud and `wiki` on a Data Center, a person there is a `username`; a list is `array:…`.
    """
    kind = schema.get("type")
    if kind == "array":
        kept = schema.get("items")
        return f"array:{_person(kept, cloud=cloud)}" if kept in _LISTS else None
    if kind == "string" and (schema.get("system") in _RICH or str(schema.get("custom", "")).endswith(":textarea")):
        return "doc" if cloud else "wiki"
    if kind == "user":
        return _person(kind, cloud=cloud)
    return kind if kind in _ALIKE else None


def in_words(text: str, schema: NativeSchema) -> str:
    """A refusal with the names that people see in place of field ids."""
    names = {field.id: field.name for fields in schema.values() for field in fields}
    return _ID_IN_TEXT.sub(lambda found: names.get(found[0], found[0]), text)


def _person(kind: str, *, cloud: bool) -> str:
    return "username" if kind == "user" and not cloud else kind


def _in_scope(field: Listed, project: str) -> bool:
    """Team-managed projects keep fields of their own, which `/field` lists for everybody."""
    owner = ((field.get("scope") or {}).get("project") or {}).get("id")
    return owner is None or str(owner) == project


def _custom(seen: list[Listed], sort: str) -> str | None:
    return next((word(one, "id") for one in seen if (one.get("schema") or {}).get("custom") == sort), None)


def _needed(epic_name: str | None, screens: Mapping[Kind, Mapping[str, Listed]]) -> str | None:
    return epic_name if epic_name in screens[Kind.CAMPAIGN] else None


def _settable(site: Site, place: Place, kind: Kind) -> dict[str, Listed]:
    path = f"issue/createmeta/{place.project}/issuetypes/{place.types[kind]}"
    found: dict[str, Listed] = {}
    start = 0
    while True:
        query = {"startAt": start, "maxResults": PAGE}
        page = site.look("reading what can be set", "GET", path, params=query)
        # Cloud says `fields` and is to say `results`; Data Center says `values`.
        fields = items(page, next((name for name in ("fields", "results") if name in page), "values"))
        found |= {word(one, "fieldId" if one.get("fieldId") else "key"): one for one in fields}
        start += len(fields)  # the server may give fewer than asked for
        if not fields or start >= int(page["total"]):
            return found


def _fields(
    seen: list[Listed], settable: Mapping[str, Listed], statuses: Options, *, cloud: bool
) -> Iterator[NativeField]:
    for one in seen:
        sort = shape(one.get("schema") or {}, cloud=cloud)
        if sort is None:
            continue
        if sort == "status":
            # Set through transitions, so that no screen lists it.
            yield NativeField(word(one, "id"), word(one, "name"), sort, options=statuses)
            continue
        screen = settable.get(word(one, "id"))
        fixed = sort in _FIXED or screen is None or "set" not in screen.get("operations", ("set",))
        options = () if sort in _FIXED else _pairs(screen) if sort == _CASCADE else _options(screen)
        yield NativeField(word(one, "id"), word(one, "name"), sort, fixed, options)


def _options(screen: Listed | None) -> Options:
    allowed = (screen or {}).get("allowedValues") or []
    return tuple((word(one, "id"), _name(one)) for one in allowed if "id" in one)


def _pairs(screen: Listed | None) -> Options:
    """A cascading select's choices, and below each those that narrow it down, as `Parent / Child`.

    A name that itself holds a slash between spaces has a backslash before it.
    """
    return tuple(
        (word(one, "id"), " / ".join(_SLASH.sub(r"\\\1/", _name(part)) for part in parts))
        for outer in (screen or {}).get("allowedValues") or []
        for one, parts in [(outer, [outer]), *((child, [outer, child]) for child in outer.get("children") or [])]
    )


def _name(option: Listed) -> str:
    return str(option.get("value", option.get("name", "")))
