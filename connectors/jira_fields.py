"""Jira's fields: which there are by issue type, of what shape, and what their ids mean in a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.answers import items, understood, word
from connectors.jira_site import Options, Place, Site
from sync.model import Kind
from sync.ports import NativeField, NativeSchema

PAGE = 200  # the most that createmeta gives at once

_PLAIN = frozenset({"string", "date", "datetime", "user", "option", "number", "status"})
_RICH = ("description", "environment")  # system fields that hold a document in v3 (reference jira §1)
_ID_IN_TEXT = re.compile(r"\bcustomfield_\d+\b|\b[a-z]+(?=: )")


def read_schema(site: Site) -> NativeSchema:
    """Every field of a shape we speak, by kind; those that the issue type's screen does not take are read-only.

    `/field` names what the account can see, createmeta what it can set and from which options, and the project's
    statuses what a transition may lead to (reference jira §5.6, §5.8).
    """
    place, doing = site.place(), "reading fields"
    listed = site.look(doing, "GET", "field")
    with understood(site.tool, doing):
        seen = [one for one in items({"fields": listed}, "fields") if _in_scope(one, place.project)]
        return {kind: tuple(_fields(seen, _settable(site, place, kind), place.statuses[kind])) for kind in place.types}


def shape(schema: Mapping[str, Any]) -> str | None:
    """Our word for a field's value by its JSON type; None for what we do not speak (attachments, work logs, …)."""
    kind, items = schema.get("type"), schema.get("items")
    if kind == "array":
        return f"array:{items}" if items in ("option", "string") else None
    if kind == "string" and (schema.get("system") in _RICH or str(schema.get("custom", "")).endswith(":textarea")):
        return "doc"
    return kind if kind in _PLAIN else None


def in_words(text: str, schema: NativeSchema) -> str:
    """A refusal with the names that people see in place of field ids."""
    names = {field.id: field.name for fields in schema.values() for field in fields}
    return _ID_IN_TEXT.sub(lambda found: names.get(found[0], found[0]), text)


def _in_scope(field: Mapping[str, Any], project: str) -> bool:
    """Team-managed projects keep fields of their own, which `/field` lists for everybody."""
    owner = ((field.get("scope") or {}).get("project") or {}).get("id")
    return owner is None or str(owner) == project


def _settable(site: Site, place: Place, kind: Kind) -> dict[str, Mapping[str, Any]]:
    path = f"issue/createmeta/{place.project}/issuetypes/{place.types[kind]}"
    found: dict[str, Mapping[str, Any]] = {}
    start = 0
    while True:
        query = {"startAt": start, "maxResults": PAGE}
        page = site.look("reading what can be set", "GET", path, params=query)
        fields = items(page, "fields" if "fields" in page else "results")
        found |= {word(one, "fieldId" if one.get("fieldId") else "key"): one for one in fields}
        start += len(fields)  # the server may give fewer than asked for
        if not fields or start >= int(page["total"]):
            return found


def _fields(
    seen: list[Mapping[str, Any]], settable: Mapping[str, Mapping[str, Any]], statuses: Options
) -> Iterator[NativeField]:
    for one in seen:
        sort = shape(one.get("schema") or {})
        if sort is None:
            continue
        if sort == "status":
            # Set through transitions, so that no screen lists it.
            yield NativeField(word(one, "id"), word(one, "name"), sort, options=statuses)
            continue
        screen = settable.get(word(one, "id"))
        read_only = screen is None or "set" not in screen.get("operations", ("set",))
        yield NativeField(word(one, "id"), word(one, "name"), sort, read_only, _options(screen or {}))


def _options(screen: Mapping[str, Any]) -> Options:
    allowed = screen.get("allowedValues") or []
    return tuple((word(one, "id"), str(one.get("value", one.get("name", "")))) for one in allowed if "id" in one)
