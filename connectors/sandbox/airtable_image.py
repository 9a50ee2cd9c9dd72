"""What a base looked like after the last action, so that webhooks can tell what the next one changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.airtable_base import Base, Column, Row, Table
from connectors.sandbox.airtable_listing import in_view
from connectors.sandbox.airtable_shown import WRONG, raw, shown
from connectors.sandbox.airtable_values import text

BOOKKEEPING = ("lastModifiedTime", "lastModifiedBy")  # they change with every cell; nobody is told of them as well
DERIVED = ("formula", "rollup", "multipleLookupValues", "count")
BY_ID = ("multipleRecordLinks", "multipleAttachments")  # a new name or address of what is held is no change


@dataclass(frozen=True, slots=True)
class RowImage:
    """A record: its cells by field id in the encoding of payloads (§5.3), empty ones left out, and its views' ids."""

    created: str
    cells: dict[str, Any]
    views: frozenset[str]


@dataclass(slots=True)
class TableImage:
    """A table: name and description, what is told of its fields by id, and its rows by id."""

    name: str
    description: str
    fields: dict[str, dict[str, Any]]
    rows: dict[str, RowImage] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableChange:
    """A table before and after an action (None: it was not there), and the ids of the records that differ."""

    id: str
    before: TableImage | None
    after: TableImage | None
    records: dict[str, tuple[RowImage | None, RowImage | None]]


class Image:
    """A base as it was. `changes` compares it with the base as it is, and moves on."""

    def __init__(self, base: Base) -> None:
        self.tables = {table.id: _table(base, table) for table in base.tables}
        base.touched.clear()
        base.reshaped = False

    def changes(self, base: Base) -> list[TableChange]:
        """What has changed since, by table. Only records that were touched, or are computed, are looked at."""
        touched, whole = set(base.touched), base.reshaped
        base.touched.clear()
        base.reshaped = False
        found = []
        now = {table.id: table for table in base.tables}
        for id in [*self.tables, *(id for id in now if id not in self.tables)]:
            before, table = self.tables.get(id), now.get(id)
            if table is None:
                found.append(TableChange(id, self.tables.pop(id), None, {}))
                continue
            if before is None or whole:
                after = _table(base, table)
            else:
                after = _moved_on(base, table, before, _dirty(table, touched))
            self.tables[id] = after
            if before is not None and before is not after:
                found.append(TableChange(id, before, after, _differences(before, after)))
            elif before is None:
                found.append(TableChange(id, None, after, {}))
        return [change for change in found if _tells(change)]


def _dirty(table: Table, touched: set[tuple[str, str]]) -> set[str]:
    """The records to look at again: computed cells may follow from any other."""
    own = {record for where, record in touched if where == table.id}
    derived = touched and any(column.type in DERIVED for column in table.columns)
    return own | set(table.rows) if derived else own


def _moved_on(base: Base, table: Table, before: TableImage, dirty: set[str]) -> TableImage:
    if not dirty:
        return before
    rows = dict(before.rows)
    for id in dirty:
        rows.pop(id, None)
        if id in table.rows:
            rows[id] = _row(base, table, table.rows[id])
    return TableImage(before.name, before.description, before.fields, rows)


def _tells(change: TableChange) -> bool:
    before, after = change.before, change.after
    if before is None or after is None or change.records:
        return True
    return (before.name, before.description, before.fields) != (after.name, after.description, after.fields)


def _differences(before: TableImage, after: TableImage) -> dict[str, tuple[RowImage | None, RowImage | None]]:
    ids = [*after.rows, *(id for id in before.rows if id not in after.rows)]
    pairs = {id: (before.rows.get(id), after.rows.get(id)) for id in ids}
    return {id: pair for id, pair in pairs.items() if _differ(after, *pair)}


def _differ(table: TableImage, a: RowImage | None, b: RowImage | None) -> bool:
    if a is None or b is None or a is b:
        return a is not b
    return a.views != b.views or any(True for _ in changed_cells(table, a, b))


def changed_cells(table: TableImage, before: RowImage, after: RowImage) -> Iterator[str]:
    """The ids of the fields whose cells differ. A field that has come or gone is no change of its cells."""
    for id, told in table.fields.items():
        old, new = before.cells.get(id), after.cells.get(id)
        if told["type"] in BY_ID:
            old, new = ([item["id"] for item in side or ()] for side in (old, new))
        if old != new:
            yield id


def _table(base: Base, table: Table) -> TableImage:
    fields = {c.id: {"name": c.name, "type": c.type, "options": _frozen(c.options)} for c in table.columns}
    rows = {row.id: _row(base, table, row) for row in table.rows.values()}
    return TableImage(table.name, table.description, fields, rows)


def _frozen(options: Any) -> Any:
    """A copy that later changes do not reach."""
    if isinstance(options, dict):
        return {name: _frozen(value) for name, value in options.items()}
    return [_frozen(value) for value in options] if isinstance(options, list) else options


def _row(base: Base, table: Table, row: Row) -> RowImage:
    cells = {}
    for column in table.columns:
        if column.type in BOOKKEEPING or (column.computed and not base.rules.computed_in_payloads):
            continue
        value = encoded(base, table, column, row)
        if value is not None:
            cells[column.id] = value
    views = frozenset(view["id"] for view in table.views if in_view(base, table, view, [row]))
    return RowImage(row.created, cells, views)


def encoded(base: Base, table: Table, column: Column, row: Row) -> Any:
    """A cell as payloads write it (§5.3): choices and links as objects, lookups by linked record."""
    value = shown(base, table, column, row)
    if value is None:
        return None
    match column.type:
        case "singleSelect":
            return _choice(column, value)
        case "multipleSelects":
            return [_choice(column, name) for name in value]
        case "multipleRecordLinks":
            other = base.linked(column)
            return [{"id": link, "name": _title(base, other, link)} for link in value if link in other.rows]
        case "multipleLookupValues":
            return _lookup(base, table, column, row)
    return _frozen(value)


def _choice(column: Column, name: str) -> dict[str, Any]:
    found = next((choice for choice in column.options.get("choices", ()) if choice["name"] == name), {"name": name})
    return dict(found)


def _title(base: Base, table: Table, record: str) -> str:
    try:
        return text(raw(base, table, table.columns[0], table.rows[record]))
    except WRONG:
        return "#ERROR!"


def _lookup(base: Base, table: Table, column: Column, row: Row) -> dict[str, Any]:
    link = next(c for c in table.columns if c.id == column.options["recordLinkFieldId"])
    other = base.linked(link)
    target = other.column(column.options["fieldIdInLinkedTable"])
    ids = [id for id in row.cells.get(link.id, ()) if id in other.rows]
    values = {id: encoded(base, other, target, other.rows[id]) for id in ids}
    listed = {id: value if isinstance(value, list) else [value] for id, value in values.items() if value is not None}
    return {"linkedRecordIds": ids, "valuesByLinkedRecordId": listed}
