"""Airtable's schema API: bases, tables and fields, and what a program may change of them (reference airtable §8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import COMPUTED, Base, Column, Table
from connectors.sandbox.airtable_cells import PARSERS, add_choice

WRITABLE = ("name", "description")
NEW_TYPES = tuple(PARSERS)


def listed(bases: Sequence[Base], offset: str | None, size: int) -> dict[str, Any]:
    """One page of bases; `offset` is the first id of the next."""
    ids = [base.id for base in bases]
    if offset is not None and offset not in ids:
        raise errors.bad_request("parameter validation failed for `offset`")
    start = ids.index(offset) if offset is not None else 0
    page = [{"id": b.id, "name": b.name, "permissionLevel": b.role} for b in bases[start : start + size]]
    return {"bases": page} | ({"offset": ids[start + size]} if start + size < len(ids) else {})


def tables(base: Base, include: Sequence[str]) -> dict[str, Any]:
    if not set(include) <= {"visibleFieldIds"}:
        raise errors.bad_request("parameter validation failed for `include`")
    return {"tables": [table.json(visible=bool(include)) for table in base.tables]}


def rename_table(base: Base, table: Table, members: Mapping[str, Any]) -> dict[str, Any]:
    """Name and description; a name is taken once."""
    _rename(table, members, [other.name for other in base.tables if other is not table])
    base.reshaped = True
    return table.json()


def rename_field(base: Base, table: Table, column: Column, members: Mapping[str, Any]) -> dict[str, Any]:
    """Name and description; neither type nor choices (§8)."""
    _rename(column, members, [other.name for other in table.columns if other is not column])
    base.reshaped = True
    return column.json()


def add_field(base: Base, table: Table, members: Mapping[str, Any]) -> dict[str, Any]:
    column = _field(base, members, [other.name for other in table.columns])
    table.columns.append(column)
    base.reshaped = True
    return column.json()


def add_table(base: Base, members: Mapping[str, Any]) -> dict[str, Any]:
    """A table of at least one field, with a grid view."""
    name, fields = members.get("name"), members.get("fields")
    if not isinstance(name, str) or not name or name in [table.name for table in base.tables]:
        raise errors.bad_request("`name` is missing, or taken by another table")
    if not isinstance(fields, list) or not fields or not all(isinstance(field, Mapping) for field in fields):
        raise errors.bad_request("`fields` must be an array of fields")
    columns: list[Column] = []
    for field in fields:
        columns.append(_field(base, field, [column.name for column in columns]))
    view = {"id": base.new_id("viw"), "name": "Grid view", "type": "grid"}
    table = Table(base.new_id("tbl"), name, columns, [view], description=str(members.get("description", "")))
    base.tables.append(table)
    base.reshaped = True
    return table.json()


def _rename(thing: Table | Column, members: Mapping[str, Any], taken: Sequence[str]) -> None:
    if not members or not set(members) <= set(WRITABLE) or not all(isinstance(v, str) for v in members.values()):
        raise errors.bad_request("only `name` and `description` can be changed")
    if members.get("name") == "" or members.get("name") in taken:
        raise errors.bad_request("the name is empty, or taken")
    thing.name = members.get("name", thing.name)
    thing.description = members.get("description", thing.description)


def _field(base: Base, members: Mapping[str, Any], taken: Sequence[str]) -> Column:
    name, type_ = members.get("name"), members.get("type")
    if not isinstance(name, str) or not name or name in taken:
        raise errors.bad_request("the field's name is missing, or taken")
    if type_ in COMPUTED or type_ not in NEW_TYPES or type_ == "multipleRecordLinks":
        raise errors.bad_request(f"a field of type {type_} cannot be created")
    options = dict(members.get("options") or {})
    choices = options.pop("choices", ())
    column = Column(base.new_id("fld"), name, str(type_), options, str(members.get("description", "")))
    for choice in choices:
        add_choice(base, column, str(choice["name"]))
    return column
