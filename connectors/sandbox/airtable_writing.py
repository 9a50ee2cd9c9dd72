"""One request's changes of a base, all or nothing: checked first, then carried out, with what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.airtable_base import Base, Column, Row, Table


@dataclass(slots=True)
class Writing:
    """Steps that have been checked; `commit` carries them out. `who` is a user id, `at` a stamp."""

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
        self.steps.clear()

    def add(self, table: Table, row: Row, cells: Mapping[str, Any]) -> None:
        """Put a new row in place, with its (checked) cells."""
        table.counted += 1
        row.number = row.number or table.counted
        table.rows[row.id] = row
        self.base.touch(table.id, row.id)
        self.change(table, row, cells)
        if not self.base.rules.creation_edits:
            row.changed.clear()

    def change(self, table: Table, row: Row, cells: Mapping[str, Any], clear_others: bool = False) -> None:
        """Give the cells these (checked) values; an equal value is no change. PUT clears the others."""
        if clear_others:
            cells = {c.id: None for c in table.columns if not c.computed} | dict(cells)
        for id, value in cells.items():
            self._set(table, table.column(id), row, value)

    def delete(self, table: Table, row: Row) -> None:
        """Move a row to the bin, and take away every link to it."""
        kept = dict(row.cells)
        for column in table.columns:
            if column.type == "multipleRecordLinks":
                self._set(table, column, row, None)
        table.rows.pop(row.id, None)
        row.cells = kept
        table.bin[row.id] = row
        self.base.touch(table.id, row.id)

    def restore(self, table: Table, record: str) -> Row:
        """Put a row of the bin back, with its links to what is still there. KeyError if it is not in the bin."""
        row = table.bin.pop(record)
        kept, row.cells = row.cells, {}
        links = {c.id: c for c in table.columns if c.type == "multipleRecordLinks"}
        row.cells = {id: value for id, value in kept.items() if id not in links}
        if not self.base.rules.restore_keeps_id:
            row.id = self.base.new_id("rec")
        table.rows[row.id] = row
        self.base.touch(table.id, row.id)
        for id, column in links.items():
            there = self.base.linked(column).rows
            self._set(table, column, row, [link for link in kept.get(id, ()) if link in there])
        return row

    def _set(self, table: Table, column: Column, row: Row, value: Any) -> None:
        old = row.cells.get(column.id)
        if value is False or value in ("", []):  # but 0 is a number like any other
            value = None
        if old == value:
            return
        if value is None:
            row.cells.pop(column.id)
        else:
            row.cells[column.id] = value
        self._mark(table.id, row, column.id)
        if column.type == "multipleRecordLinks" and "inverseLinkFieldId" in column.options:
            linked = set(value or ())
            for other in self._linked(column, set(old or ()) ^ linked):
                self._relink(column, other, row.id, add=other.id in linked)

    def _linked(self, column: Column, records: set[str]) -> Iterator[Row]:
        rows = self.base.linked(column).rows
        yield from (rows[record] for record in sorted(records) if record in rows)

    def _relink(self, column: Column, row: Row, to: str, *, add: bool) -> None:
        """The other side of a link follows."""
        inverse = column.options["inverseLinkFieldId"]
        links = [link for link in row.cells.get(inverse, ()) if link != to] + ([to] if add else [])
        row.cells[inverse] = links
        if not links:
            row.cells.pop(inverse)
        self._mark(column.options["linkedTableId"], row, inverse)

    def _mark(self, table: str, row: Row, column: str) -> None:
        """The latest change stands last, also among changes of one moment."""
        row.changed.pop(column, None)
        row.changed[column] = [self.at, self.who]
        self.base.touch(table, row.id)
