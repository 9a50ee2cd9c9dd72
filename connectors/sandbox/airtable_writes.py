"""Airtable's writes: create, update, upsert and delete, each all or nothing (reference airtable §2.3 to §2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, Row, Table, Writing, stamp
from connectors.sandbox.airtable_cells import parsed, record

BATCH = 10
MERGEABLE = (
    "number", "currency", "percent", "rating", "singleLineText", "multilineText", "singleSelect", "multipleSelects",
    "date", "dateTime",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """Where, by whom, and how a request writes."""

    base: Base
    table: Table
    who: str
    now: datetime
    typecast: bool = False
    by_id: bool = False

    def writing(self) -> Writing:
        return Writing(self.base, self.who, stamp(self.now))

    def shown(self, row: Row) -> dict[str, Any]:
        return record(self.base, self.table, row, None, self.by_id)


def create(change: Change, members: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The answer and the new ids, in the order of the request."""
    single = "records" not in members
    if single and "fields" not in members:
        raise errors.missing_fields('Could not find field "fields" in the request body')
    items = [{"fields": members["fields"]}] if single else _items(members["records"])
    writing = change.writing()
    checked = [parsed(writing, change.table, item.get("fields", {}), change.typecast) for item in items]
    rows = [_created(change, writing, cells) for cells in checked]
    writing.commit()
    shown = [change.shown(row) for row in rows]
    return shown[0] if single else {"records": shown}, [row.id for row in rows]


def update(change: Change, members: Mapping[str, Any], *, replace: bool) -> tuple[dict[str, Any], list[str]]:
    """PATCH or PUT of several records, with `performUpsert` if asked. The answer and the ids written."""
    items = _items(members.get("records"))
    upsert = members.get("performUpsert")
    merge_on = None if upsert is None else _merge_fields(change.table, upsert)
    ids = [item["id"] for item in items if "id" in item]
    if len(set(ids)) < len(ids):
        raise errors.bad_request("the same record cannot be updated twice in one request")
    writing = change.writing()
    created: list[str] = []
    rows = []
    for item in items:
        cells = parsed(writing, change.table, item.get("fields", {}), change.typecast)
        row = _target(change, item, cells, merge_on)
        if row is None:
            row = _created(change, writing, cells)
            created.append(row.id)
        else:
            writing.later(partial(writing.change, change.table, row, cells, replace))
        rows.append(row)
    writing.commit()
    answer: dict[str, Any] = {"records": [change.shown(row) for row in rows]}
    if merge_on is not None:
        answer |= {"createdRecords": created, "updatedRecords": [row.id for row in rows if row.id not in created]}
    return answer, [row.id for row in rows]


def delete(change: Change, ids: list[str]) -> list[str]:
    """Delete all of them, or none if one is not there."""
    if not 0 < len(ids) <= BATCH:
        raise errors.bad_request(f"between 1 and {BATCH} records can be deleted at once")
    for id in ids:
        if id not in change.table.rows:
            raise errors.unknown_row(id)
    writing = change.writing()
    for id in dict.fromkeys(ids):
        writing.delete(change.table, change.table.rows[id])
    return ids


def _items(records: Any) -> list[dict[str, Any]]:
    if not isinstance(records, list) or not records or not all(isinstance(item, dict) for item in records):
        raise errors.missing_fields("`records` must be an array of records")
    if not all(isinstance(item.get("id", ""), str) for item in records):
        raise errors.bad_request("a record's `id` must be a string")
    if len(records) > BATCH:
        raise errors.bad_request(f"records: no more than {BATCH} records per request")
    return records


def _created(change: Change, writing: Writing, cells: Mapping[str, Any]) -> Row:
    row = Row(change.base.new_id("rec"), stamp(change.now.replace(microsecond=0)), change.who)
    writing.later(partial(writing.add, change.table, row, cells))
    return row


def _merge_fields(table: Table, upsert: Any) -> list[str]:
    names = upsert.get("fieldsToMergeOn") if isinstance(upsert, dict) else None
    if not isinstance(names, list) or not 1 <= len(names) <= 3:
        raise errors.bad_request("`performUpsert.fieldsToMergeOn` takes one to three fields")
    columns = [table.column(str(name)) for name in names]
    for column in columns:
        if column.type not in MERGEABLE:
            raise errors.bad_request(f'field "{column.name}" cannot be merged on')
    return [column.id for column in columns]


def _target(
    change: Change, item: Mapping[str, Any], cells: Mapping[str, Any], merge_on: list[str] | None
) -> Row | None:
    """The row to update; None to create one. More than one match fails the whole request."""
    rows = change.table.rows
    if "id" in item:
        if item["id"] not in rows:
            raise errors.unknown_row(str(item["id"]))
        return rows[item["id"]]
    if merge_on is None:
        raise errors.missing_fields("each record needs an `id`")
    if any(id not in cells for id in merge_on):
        raise errors.missing_fields("each record needs a value for every field to merge on")
    key = {id: None if cells[id] in ("", []) else cells[id] for id in merge_on}
    found = [row for row in rows.values() if {id: row.cells.get(id) for id in merge_on} == key]
    if len(found) > 1:
        raise errors.ambiguous([change.table.column(id).name for id in merge_on])
    return found[0] if found else None
