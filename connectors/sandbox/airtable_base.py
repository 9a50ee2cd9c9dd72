"""One Airtable base in memory: its columns, its rows, the links between them, and who changed which cell when."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox import airtable_errors as errors

COMPUTED = ("lastModifiedTime", "lastModifiedBy", "createdTime", "createdBy")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def stamp(at: datetime) -> str:
    """A moment as Airtable writes it: UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make_id(prefix: str, *parts: object) -> str:
    """An id of 17 characters that depends on the parts only."""
    number = int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest())
    letters = []
    for _ in range(14):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return prefix + "".join(letters)


@dataclass(slots=True)
class Column:
    """A field of a table. `options` as in the schema answer (§8)."""

    id: str
    name: str
    type: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def computed(self) -> bool:
        return self.type in COMPUTED

    @property
    def choices(self) -> list[str]:
        return [choice["name"] for choice in self.options.get("choices", ())]

    def dump(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "type": self.type, "options": self.options}

    def json(self) -> dict[str, Any]:
        shown = {"id": self.id, "name": self.name, "type": self.type}
        silent = not self.options or self.type == "lastModifiedBy"  # its options are ours, the API shows none
        return shown if silent else shown | {"options": self.options}


@dataclass(slots=True)
class Row:
    """A record. `cells` holds what is not empty, by column id; a person is a user id, a link a list of record ids.

    `changed` tells of each cell when and by whom (user id) it was last changed.
    """

    id: str
    created: str
    creator: str
    cells: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Table:
    """A table: its first column is the primary one. Columns in the `trash` keep their cells in the rows."""

    id: str
    name: str
    columns: list[Column]
    views: list[dict[str, str]]
    rows: dict[str, Row] = field(default_factory=dict)
    trash: list[Column] = field(default_factory=list)

    def column(self, name: str) -> Column:
        """By id or by name. UNKNOWN_FIELD_NAME if there is none."""
        for column in self.columns:
            if name in (column.id, column.name):
                return column
        raise errors.unknown_field(name)

    def row(self, record: str) -> Row:
        """404 if it is not there."""
        if record not in self.rows:
            raise errors.not_found()
        return self.rows[record]

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "primaryFieldId": self.columns[0].id,
            "fields": [column.json() for column in self.columns],
            "views": self.views,
        }

    def dump(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "columns": [column.dump() for column in self.columns],
            "trash": [column.dump() for column in self.trash],
            "views": self.views,
            "rows": [
                {
                    "id": row.id,
                    "created": row.created,
                    "creator": row.creator,
                    "cells": row.cells,
                    "changed": row.changed,
                }
                for row in self.rows.values()
            ],
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Table:
        rows = [Row(**row) for row in state["rows"]]
        columns, trash = ([Column(**column) for column in state.get(name, ())] for name in ("columns", "trash"))
        return cls(state["id"], state["name"], columns, state["views"], {row.id: row for row in rows}, trash)


@dataclass(slots=True)
class Base:
    """A base, the people who may be named in it (user id -> name, email), and a counter for new ids.

    Those who have `left` stand in the cells as before and can be named no more. `trash` holds removed tables.
    """

    id: str
    name: str
    people: dict[str, dict[str, str]]
    tables: list[Table] = field(default_factory=list)
    made: int = 0
    left: list[str] = field(default_factory=list)
    trash: list[Table] = field(default_factory=list)

    def table(self, name: str) -> Table:
        """By id or by name. 403, not 404, if there is none (§6)."""
        for table in self.tables:
            if name in (table.id, table.name):
                return table
        raise errors.model_not_found()

    def new_id(self, prefix: str) -> str:
        self.made += 1
        return make_id(prefix, self.id, self.made)

    def person(self, user: str) -> dict[str, str]:
        """A collaborator as a cell shows them."""
        return {"id": user, **self.people.get(user, {})}

    def dump(self) -> dict[str, Any]:
        """The state as JSON; it shares what the base holds, so it is to be written out at once."""
        return {
            "id": self.id,
            "name": self.name,
            "people": self.people,
            "made": self.made,
            "tables": [table.dump() for table in self.tables],
            "left": self.left,
            "trash": [table.dump() for table in self.trash],
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Base:
        tables, trash = ([Table.load(table) for table in state.get(name, ())] for name in ("tables", "trash"))
        left = list(state.get("left", ()))
        return cls(state["id"], state["name"], state["people"], tables, state["made"], left, trash)


@dataclass(slots=True)
class Writing:
    """One request's changes, all or nothing: everything is checked first, then `commit` carries it out."""

    base: Base
    who: str
    at: str
    steps: list[Callable[[], None]] = field(default_factory=list)
    made: dict[tuple[str, str], str] = field(default_factory=dict)

    def new_row(self, table: Table, name: str) -> str:
        """The id of a row to be created under this primary value, once for the whole request."""
        if (table.id, name) not in self.made:
            row = Row(self.base.new_id("rec"), self.at, self.who)
            self.made[table.id, name] = row.id
            self.later(lambda: self.add(table, row, {table.columns[0].id: name}))
        return self.made[table.id, name]

    def later(self, step: Callable[[], None]) -> None:
        self.steps.append(step)

    def commit(self) -> None:
        for step in self.steps:
            step()

    def add(self, table: Table, row: Row, cells: Mapping[str, Any]) -> None:
        """Put a new row in place, with its (checked) cells."""
        table.rows[row.id] = row
        self.change(table, row, cells)

    def change(self, table: Table, row: Row, cells: Mapping[str, Any], clear_others: bool = False) -> None:
        """Give the cells these (checked) values; an equal value is no change. PUT clears the others."""
        if clear_others:
            cells = {c.id: None for c in table.columns if not c.computed} | dict(cells)
        for id, value in cells.items():
            self._set(table.column(id), row, value)

    def delete(self, table: Table, row: Row) -> None:
        """Take a row away, and every link to it."""
        for column in table.columns:
            if column.type == "multipleRecordLinks":
                self._set(column, row, None)
        table.rows.pop(row.id, None)

    def _set(self, column: Column, row: Row, value: Any) -> None:
        old = row.cells.get(column.id)
        if value is False or value in ("", []):  # but 0 is a number like any other
            value = None
        if old == value:
            return
        if value is None:
            row.cells.pop(column.id)
        else:
            row.cells[column.id] = value
        self._mark(row, column.id)
        if column.type == "multipleRecordLinks":
            for other, linked in self._linked(column, set(old or ()) ^ set(value or ())):
                self._relink(column.options["inverseLinkFieldId"], other, row.id, add=linked in set(value or ()))

    def _linked(self, column: Column, records: set[str]) -> Iterator[tuple[Row, str]]:
        rows = self.base.table(column.options["linkedTableId"]).rows
        yield from ((rows[record], record) for record in sorted(records) if record in rows)

    def _relink(self, column: str, row: Row, to: str, *, add: bool) -> None:
        """The other side of a link follows."""
        links = [link for link in row.cells.get(column, ()) if link != to] + ([to] if add else [])
        row.cells[column] = links
        if not links:
            row.cells.pop(column)
        self._mark(row, column)

    def _mark(self, row: Row, column: str) -> None:
        """The latest change stands last, also among changes of one moment."""
        row.changed.pop(column, None)
        row.changed[column] = [self.at, self.who]
