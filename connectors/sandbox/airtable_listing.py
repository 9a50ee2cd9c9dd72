"""Listing records: parameters, filter, order, pages behind an opaque offset (reference airtable §2.1)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, Column, Row, Table, make_id
from connectors.sandbox.airtable_shown import as_text, condition, record, shown

PAGE = 100
KINDS = {"sort": list, "filterByFormula": str, "view": str, "offset": str, "fields": list, "recordMetadata": list,
         "cellFormat": str, "timeZone": str, "userLocale": str}  # fmt: skip
PLAIN = ("filterByFormula", "view", "offset", "cellFormat", "timeZone", "userLocale")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a client asked for."""

    page_size: int
    max_records: int | None
    offset: str | None
    view: str | None
    formula: str | None
    sort: tuple[tuple[str, bool], ...]
    fields: tuple[str, ...] | None
    by_id: bool
    zone: str | None = None
    comments: bool = False

    def digest(self, table: str) -> str:
        """What must stay the same from page to page."""
        same = (table, self.max_records, self.view, self.formula, self.sort, self.fields)
        return hashlib.sha256(repr(same).encode()).hexdigest()


@dataclass(slots=True)
class Cursor:
    """Where a client stands in a listing."""

    digest: str
    last: str
    given: int
    used: datetime
    changes: int


def from_query(query: QueryParams) -> Listing:
    """The parameters of a GET."""
    members: dict[str, Any] = {name: query[name] for name in PLAIN if name in query}
    for name in ("pageSize", "maxRecords"):
        if name in query:
            members[name] = int(query[name]) if query[name].isdigit() else query[name]
    members["returnFieldsByFieldId"] = query.get("returnFieldsByFieldId") in ("true", "1")
    sort: dict[int, dict[str, str]] = {}
    fields = []
    for name, value in query.multi_items():
        if match := re.fullmatch(r"sort\[(\d+)\]\[(field|direction)\]", name):
            sort.setdefault(int(match[1]), {})[match[2]] = value
        elif re.fullmatch(r"fields(\[\d*\])?", name):
            fields.append(value)
    if metadata := [value for name, value in query.multi_items() if re.fullmatch(r"recordMetadata(\[\d*\])?", name)]:
        members["recordMetadata"] = metadata
    if sort:
        members["sort"] = [sort[index] for index in sorted(sort)]
    if fields:
        members["fields"] = fields
    return from_members(members)


def from_members(members: Mapping[str, Any]) -> Listing:
    """The members of a POST to listRecords. INVALID_REQUEST_UNKNOWN on a wrong shape."""
    for name, kind in KINDS.items():
        if not isinstance(members.get(name), (kind, type(None))):
            raise errors.bad_request(f"parameter validation failed for `{name}`")
    if not set(members.get("recordMetadata") or ()) <= {"commentCount"}:
        raise errors.bad_request("parameter validation failed for `recordMetadata`")
    sort = []
    for item in members.get("sort") or ():
        if not isinstance(item, Mapping) or "field" not in item or item.get("direction", "asc") not in ("asc", "desc"):
            raise errors.bad_request("parameter validation failed for `sort`")
        sort.append((str(item["field"]), item.get("direction") == "desc"))
    fields = members.get("fields")
    return Listing(
        page_size=_count(members, "pageSize", PAGE),
        max_records=_count(members, "maxRecords", None),
        offset=members.get("offset"),
        view=members.get("view"),
        formula=members.get("filterByFormula") or None,
        sort=tuple(sort),
        fields=None if fields is None else tuple(map(str, fields)),
        by_id=bool(members.get("returnFieldsByFieldId")),
        zone=_zone(members),
        comments=bool(members.get("recordMetadata")),
    )


def _zone(members: Mapping[str, Any]) -> str | None:
    """The zone to write cells as text in; None for cells as JSON. Text needs a zone and a locale (§2.1)."""
    form = members.get("cellFormat", "json")
    if form == "json":
        return None
    if form != "string" or not members.get("timeZone") or not members.get("userLocale"):
        raise errors.bad_request("`cellFormat` is json, or string with both `timeZone` and `userLocale`")
    try:
        ZoneInfo(members["timeZone"])
    except (KeyError, ValueError, OSError) as error:
        raise errors.bad_request("parameter validation failed for `timeZone`") from error
    return str(members["timeZone"])


def _count(members: Mapping[str, Any], name: str, most: int | None) -> Any:
    value = members.get(name)
    if value is None:
        return most
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most is not None and value > most):
        raise errors.bad_request(f"parameter validation failed for `{name}`")
    return value


class Pager:
    """The cursors of all listings that are under way."""

    def __init__(self) -> None:
        self._cursors: dict[str, Cursor] = {}
        self._made = 0

    def expire(self) -> None:
        """Whoever is listing must begin again."""
        self._cursors.clear()

    def page(self, base: Base, table: Table, asked: Listing, now: datetime) -> dict[str, Any]:
        """One page as Airtable answers it. Not a snapshot: what moves while paging may be missed or come twice."""
        columns = None if asked.fields is None else [table.column(name) for name in asked.fields]
        rows = _ordered(base, table, asked)
        start, cursor = self._position(base, table, asked, rows)
        given = cursor.given if cursor else 0
        left = len(rows) - start if asked.max_records is None else min(len(rows) - start, asked.max_records - given)
        page = rows[start : start + min(asked.page_size, left)]
        answer: dict[str, Any] = {"records": [_record(base, table, row, columns, asked) for row in page]}
        if page and len(page) < left:
            changes = cursor.changes if cursor else base.changes
            answer["offset"] = self._keep(
                base, Cursor(asked.digest(table.id), page[-1].id, given + len(page), now, changes)
            )
        return answer

    def _keep(self, base: Base, cursor: Cursor) -> str:
        self._made += 1
        offset = make_id("itr", "iterator", self._made, cursor.digest)
        live = {token: other for token, other in self._cursors.items() if cursor.used - other.used <= _idle(base)}
        self._cursors = {**live, offset: cursor}
        return f"{offset}/{cursor.last}"

    def _position(self, base: Base, table: Table, asked: Listing, rows: list[Row]) -> tuple[int, Cursor | None]:
        """Where the page starts, and the cursor that led there. 422 when the cursor is no longer good."""
        if asked.offset is None:
            return 0, None
        token = str(asked.offset).partition("/")[0]
        cursor = self._cursors.get(token)
        if cursor is None or cursor.digest != asked.digest(table.id) or base.now - cursor.used > _idle(base):
            raise errors.iterator_gone()
        if base.changes - cursor.changes > base.rules.much:
            raise errors.iterator_gone()
        for place, row in enumerate(rows):
            if row.id == cursor.last:
                return place + 1, cursor
        raise errors.iterator_gone()


def _idle(base: Base) -> timedelta:
    return timedelta(seconds=base.rules.idle)


def _record(base: Base, table: Table, row: Row, columns: list[Column] | None, asked: Listing) -> dict[str, Any]:
    whole = record(base, table, row, columns, asked.by_id)
    if asked.zone is not None:
        by_name = {column.id if asked.by_id else column.name: column for column in table.columns}
        texts = {name: as_text(base, table, by_name[name], row, asked.zone) for name in whole["fields"]}
        whole["fields"] = texts
    return whole | ({"commentCount": len(row.comments)} if asked.comments else {})


def _ordered(base: Base, table: Table, asked: Listing) -> list[Row]:
    rows = list(table.rows.values())
    view = None if asked.view is None else table.view(asked.view)
    sort = asked.sort
    if view is not None:
        sort = sort or tuple((name, descending) for name, descending in view.get("sort", ()))
        rows = in_view(base, table, view, rows)
    if asked.formula is not None:
        rows = list(filter(condition(base, table, asked.formula), rows))
    if view is None and not sort:
        rows.sort(key=lambda row: row.id)  # no order is promised, and ids tell nothing
    for name, descending in reversed(sort):
        column = table.column(name)
        rows.sort(key=lambda row, column=column: _rank(base, table, column, row), reverse=descending)  # type: ignore[misc]
    return rows


def in_view(base: Base, table: Table, view: Mapping[str, Any], rows: list[Row]) -> list[Row]:
    """The rows that a view's filter keeps."""
    return list(filter(condition(base, table, view["filter"]), rows)) if view.get("filter") else rows


def _rank(base: Base, table: Table, column: Column, row: Row) -> tuple[int, Any]:
    """Empty cells first; choices in the order of the column's options."""
    value = shown(base, table, column, row)
    if value is None:
        return 0, 0
    if column.type == "singleSelect":
        return 1, column.choices.index(value)
    if isinstance(value, (int, float)):
        return 1, value
    return 1, (value.get("name", "") if isinstance(value, dict) else json.dumps(value, ensure_ascii=False)).casefold()
