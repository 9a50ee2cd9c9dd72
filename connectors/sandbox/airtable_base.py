"""One Airtable base in memory: its tables, columns, rows, comments, and the people who work in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_rules import Rules

COMPUTED = (
    "lastModifiedTime", "lastModifiedBy", "createdTime", "createdBy", "formula", "rollup", "multipleLookupValues",
    "count", "autoNumber", "button", "aiText", "externalSyncSource",
)  # fmt: skip
OURS = ("aggregation",)  # options that the API does not show
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


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
    """A field of a table. `options` as in the schema answer (§8), and for a rollup its `aggregation`."""

    id: str
    name: str
    type: str
    options: dict[str, Any] = field(default_factory=dict)
    description: str = ""

    @property
    def computed(self) -> bool:
        return self.type in COMPUTED

    @property
    def choices(self) -> list[str]:
        return [choice["name"] for choice in self.options.get("choices", ())]

    def dump(self) -> dict[str, Any]:
        shown = {"id": self.id, "name": self.name, "type": self.type, "options": self.options}
        return shown | ({"description": self.description} if self.description else {})

    def json(self) -> dict[str, Any]:
        shown = {name: value for name, value in self.dump().items() if name != "options"}
        options = {name: value for name, value in self.options.items() if name not in OURS}
        silent = not options or self.type == "lastModifiedBy"  # its options are ours, the API shows none
        return shown if silent else shown | {"options": options}


@dataclass(slots=True)
class Row:
    """A record. `cells` holds what is not empty, by column id; a person is a user id, a link a list of record ids.

    `changed` tells of each cell when and by whom (user id) it was last changed. `number` counts the table's rows.
    `comments` are as the API shows them, oldest first, with the user id as their author.
    """

    id: str
    created: str
    creator: str
    cells: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    number: int = 0
    comments: list[dict[str, Any]] = field(default_factory=list)

    def dump(self) -> dict[str, Any]:
        whole: dict[str, Any] = {"id": self.id, "created": self.created, "creator": self.creator}
        whole |= {"cells": self.cells, "changed": self.changed, "number": self.number}
        return whole | ({"comments": self.comments} if self.comments else {})


@dataclass(slots=True)
class Table:
    """A table: its first column is the primary one. Columns in the `trash` keep their cells in the rows.

    A view has `id`, `name`, `type`, and maybe our own `filter` (a formula), `sort` (pairs of a field and whether it
    descends) and `hidden` (field ids). `bin` holds deleted rows with the links that they had.
    """

    id: str
    name: str
    columns: list[Column]
    views: list[dict[str, Any]]
    rows: dict[str, Row] = field(default_factory=dict)
    trash: list[Column] = field(default_factory=list)
    bin: dict[str, Row] = field(default_factory=dict)
    counted: int = 0
    description: str = ""

    def column(self, name: str) -> Column:
        """By id or by name. UNKNOWN_FIELD_NAME if there is none."""
        for column in self.columns:
            if name in (column.id, column.name):
                return column
        raise errors.unknown_field(name)

    def view(self, name: str) -> dict[str, Any]:
        """By id or by name. VIEW_NAME_NOT_FOUND if there is none."""
        for view in self.views:
            if name in (view["id"], view["name"]):
                return view
        raise errors.refused(422, "VIEW_NAME_NOT_FOUND", f"View {name} not found")

    def json(self, *, visible: bool = False) -> dict[str, Any]:
        """As the schema shows it; with the visible fields of its grid views if asked."""
        shown: dict[str, Any] = {"id": self.id, "name": self.name, "primaryFieldId": self.columns[0].id}
        if self.description:
            shown["description"] = self.description
        views = []
        for view in self.views:
            more = [c.id for c in self.columns if c.id not in view.get("hidden", ())]
            plain = {name: view[name] for name in ("id", "name", "type")}
            views.append(plain | ({"visibleFieldIds": more} if visible and view["type"] == "grid" else {}))
        return shown | {"fields": [column.json() for column in self.columns], "views": views}

    def dump(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "columns": [column.dump() for column in self.columns],
            "trash": [column.dump() for column in self.trash],
            "views": self.views,
            "rows": [row.dump() for row in self.rows.values()],
            "bin": [row.dump() for row in self.bin.values()],
            "counted": self.counted,
            "description": self.description,
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Table:
        rows, gone = ({row["id"]: Row(**row) for row in state.get(name, ())} for name in ("rows", "bin"))
        columns, trash = ([Column(**column) for column in state.get(name, ())] for name in ("columns", "trash"))
        rest = (state.get("counted", 0), state.get("description", ""))
        return cls(state["id"], state["name"], columns, state["views"], rows, trash, gone, *rest)


@dataclass(slots=True)
class Base:
    """A base, the people who may be named in it (user id -> name, email), and a counter for new ids.

    Those who have `left` stand in the cells as before and can be named no more. `trash` holds removed tables. `role`
    is what the token's account may do: read, comment, edit or create. `now` is the time of the request under way,
    `rules` are the server's. `touched` gathers what an action has changed: pairs of a table's id and a record's.
    """

    id: str
    name: str
    people: dict[str, dict[str, str]]
    tables: list[Table] = field(default_factory=list)
    made: int = 0
    left: list[str] = field(default_factory=list)
    trash: list[Table] = field(default_factory=list)
    role: str = "create"
    now: datetime = EPOCH
    rules: Rules = field(default_factory=Rules)
    touched: set[tuple[str, str]] = field(default_factory=set)
    reshaped: bool = False
    changes: int = 0

    def table(self, name: str) -> Table:
        """By id or by name. 403, not 404, if there is none (§6)."""
        for table in self.tables:
            if name in (table.id, table.name):
                return table
        raise errors.model_not_found()

    def row(self, table: Table, record: str) -> Row:
        """404 if it is not there, or whatever a deleted one is answered with (§6); maybe another table's (§2.2)."""
        if record in table.rows:
            return table.rows[record]
        if self.rules.foreign_record:
            for other in self.tables:
                if record in other.rows:
                    return other.rows[record]
        if record in table.bin and self.rules.deleted_record == 403:
            raise errors.model_not_found()
        raise errors.not_found(as_object=self.rules.not_found_object)

    def linked(self, column: Column) -> Table:
        """The table that a link column leads to; an empty one if that has been removed."""
        id = column.options["linkedTableId"]
        return next((table for table in self.tables if table.id == id), None) or Table(id, "", [], [])

    def new_id(self, prefix: str) -> str:
        self.made += 1
        return make_id(prefix, self.id, self.made)

    def person(self, user: str) -> dict[str, str]:
        """A collaborator as a cell shows them."""
        return {"id": user, **self.people.get(user, {})}

    def touch(self, table: str, record: str) -> None:
        """A record has changed."""
        self.touched.add((table, record))
        self.changes += 1

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
            "role": self.role,
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Base:
        tables, trash = ([Table.load(table) for table in state.get(name, ())] for name in ("tables", "trash"))
        left = list(state.get("left", ()))
        role = state.get("role", "create")
        return cls(state["id"], state["name"], state["people"], tables, state["made"], left, trash, role)
