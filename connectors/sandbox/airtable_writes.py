"""Airtable's writes: create, update, upsert and delete, each all or nothing (reference airtable §2.3 to §2.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, Row, Table, stamp
from connectors.sandbox.airtable_cells import parsed
from connectors.sandbox.airtable_shown import record
from connectors.sandbox.airtable_writing import Writing

BATCH = 10
TWICE = "the same record cannot be updated twice in one request"
MERGEABLE = ("number", "singleLineText", "multilineText", "singleSelect", "multipleSelects", "date")  # §2.5


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

    def row(self, record: str) -> Row:
        """422 if it is not there."""
        if record not in self.table.rows:
            raise errors.unknown_row(record, self.base.rules.unknown_row)
        return self.table.rows[record]

    def lacking(self, message: str) -> errors.AirtableError:
        return errors.missing_fields(message, self.base.rules.missing_fields)

    def shown(self, row: Row) -> dict[str, Any]:
        return record(self.base, self.table, row, None, self.by_id)


def create(change: Change, members: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The answer and the new ids, in the order of the request."""
    single = "records" not in members
    if single and "fields" not in members:
        raise change.lacking('Could not find field "fields" in the request body')
    items = [{"fields": members["fields"]}] if single else _items(change, members["records"])
    writing = change.writing()
    rows = []
    with _all_or_nothing(writing):
        for item in items:
            cells = parsed(writing, change.table, item.get("fields", {}), change.typecast)
            rows.append(_created(change, writing, cells))
    shown = [change.shown(row) for row in rows]
    return shown[0] if single else {"records": shown}, [row.id for row in rows]


def update(change: Change, members: Mapping[str, Any], *, replace: bool) -> tuple[dict[str, Any], list[str]]:
    """PATCH or PUT of several records, with `performUpsert` if asked. The answer and the ids written."""
    items = _items(change, members.get("records"))
    upsert = members.get("performUpsert")
    merge_on = None if upsert is None else _merge_fields(change.table, upsert)
    ids = [item["id"] for item in items if "id" in item]
    if len(set(ids)) < len(ids):
        raise errors.bad_request(TWICE)
    writing = change.writing()
    created: list[str] = []
    rows = []
    with _all_or_nothing(writing):
        for item in items:
            cells = parsed(writing, change.table, item.get("fields", {}), change.typecast)
            row = _target(change, item, cells, merge_on)
            if row is None:
                row = _created(change, writing, cells)
                created.append(row.id)
            elif row in rows:
                raise errors.bad_request(TWICE)
            else:
                writing.later(partial(writing.change, change.table, row, cells, replace))
            rows.append(row)
    answer: dict[str, Any] = {"records": [change.shown(row) for row in rows]}
    if merge_on is not None:
        answer |= {"createdRecords": created, "updatedRecords": [row.id for row in rows if row.id not in created]}
    return answer, [row.id for row in rows]


def delete(change: Change, ids: list[str]) -> list[str]:
    """Delete all of them, or none if one is not there."""
    if not 0 < len(ids) <= BATCH:
        raise errors.bad_request(f"between 1 and {BATCH} records can be deleted at once")
    rows = {id: change.row(id) for id in ids}
    writing = change.writing()
    for row in rows.values():
        writing.delete(change.table, row)
    return ids


def restore(change: Change, record: str) -> dict[str, Any]:
    """A record out of the trash, as people bring it back. ValueError if it is not there."""
    if record not in change.table.bin:
        raise ValueError(f"there is no record {record} in the trash")
    return change.shown(change.writing().restore(change.table, record))


def bulk(change: Change, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Any number of records edited, or made where they have no id, in one action of the interface."""
    writing = change.writing()
    rows = []
    with _all_or_nothing(writing):
        for item in records:
            cells = parsed(writing, change.table, item["fields"], change.typecast)
            if "id" in item:
                rows.append(change.row(item["id"]))
                writing.later(partial(writing.change, change.table, rows[-1], cells))
            else:
                rows.append(_created(change, writing, cells))
    return [change.shown(row) for row in rows]


@contextmanager
def _all_or_nothing(writing: Writing) -> Iterator[None]:
    """Carry the steps out when all have been checked; before a refusal only where batches are not atomic (§2.4)."""
    try:
        yield
    except errors.AirtableError:
        if not writing.base.rules.atomic:
            writing.commit()
        raise
    writing.commit()


def _items(change: Change, records: Any) -> list[dict[str, Any]]:
    if not isinstance(records, list) or not records or not all(isinstance(item, dict) for item in records):
        raise change.lacking("`records` must be an array of records")
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
    if "id" in item:
        return change.row(str(item["id"]))
    if merge_on is None:
        raise change.lacking("each record needs an `id`")
    if any(id not in cells for id in merge_on):
        raise change.lacking("each record needs a value for every field to merge on")
    key = {id: None if cells[id] in ("", []) else cells[id] for id in merge_on}
    seen = stamp(change.now - timedelta(seconds=change.base.rules.upsert_blind))
    found = [
        row
        for row in change.table.rows.values()
        if all(row.cells.get(id) == value for id, value in key.items())
        and (not change.base.rules.upsert_blind or row.created <= seen)
    ]
    if len(found) > 1:
        raise errors.ambiguous([change.table.column(id).name for id in merge_on])
    return found[0] if found else None
