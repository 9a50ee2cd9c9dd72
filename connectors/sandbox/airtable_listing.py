"""Listing records: parameters, filter, order, pages behind an opaque offset (reference airtable §2.1)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import QueryParams

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, Column, Row, Table, make_id
from connectors.sandbox.airtable_cells import record, shown
from connectors.sandbox.airtable_formula import Context, condition

PAGE = 100
IDLE = timedelta(minutes=5)  # the vendor names no figure
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

    def digest(self) -> str:
        """What must stay the same from page to page."""
        same = (self.max_records, self.view, self.formula, self.sort, self.fields)
        return hashlib.sha256(repr(same).encode()).hexdigest()


@dataclass(slots=True)
class Cursor:
    """Where a client stands in a listing."""

    digest: str
    last: str
    given: int
    used: datetime


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
    if sort:
        members["sort"] = [sort[index] for index in sorted(sort)]
    if fields:
        members["fields"] = fields
    return from_members(members)


def from_members(members: Mapping[str, Any]) -> Listing:
    """The members of a POST to listRecords. INVALID_REQUEST_UNKNOWN on a wrong shape."""
    if members.get("cellFormat", "json") != "json":
        raise errors.bad_request("this server shows cells as json only")
    for name, kind in (("sort", list), ("filterByFormula", str), ("view", str), ("offset", str), ("fields", list)):
        if not isinstance(members.get(name), (kind, type(None))):
            raise errors.bad_request(f"parameter validation failed for `{name}`")
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
    )


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

    def page(self, base: Base, table: Table, asked: Listing, now: datetime) -> dict[str, Any]:
        """One page as Airtable answers it. Not a snapshot: what moves while paging may be missed or come twice."""
        columns = None if asked.fields is None else [table.column(name) for name in asked.fields]
        rows = _ordered(base, table, asked, now)
        start, given = self._position(asked, rows, now)
        left = len(rows) - start if asked.max_records is None else min(len(rows) - start, asked.max_records - given)
        page = rows[start : start + min(asked.page_size, left)]
        answer: dict[str, Any] = {"records": [record(base, table, row, columns, asked.by_id) for row in page]}
        if page and len(page) < left:
            answer["offset"] = self._keep(Cursor(asked.digest(), page[-1].id, given + len(page), now))
        return answer

    def _keep(self, cursor: Cursor) -> str:
        self._made += 1
        offset = make_id("itr", "iterator", self._made, cursor.digest)
        live = {token: other for token, other in self._cursors.items() if cursor.used - other.used <= IDLE}
        self._cursors = {**live, offset: cursor}
        return f"{offset}/{cursor.last}"

    def _position(self, asked: Listing, rows: list[Row], now: datetime) -> tuple[int, int]:
        """Where the page starts, and how many records came before it. 422 when the cursor is no longer good."""
        if asked.offset is None:
            return 0, 0
        token = str(asked.offset).partition("/")[0]
        cursor = self._cursors.get(token)
        if cursor is None or cursor.digest != asked.digest() or now - cursor.used > IDLE:
            raise errors.iterator_gone()
        for place, row in enumerate(rows):
            if row.id == cursor.last:
                return place + 1, cursor.given
        raise errors.iterator_gone()


def _ordered(base: Base, table: Table, asked: Listing, now: datetime) -> list[Row]:
    rows = list(table.rows.values())
    if asked.view is not None and not any(asked.view in (view["id"], view["name"]) for view in table.views):
        raise errors.refused(422, "VIEW_NAME_NOT_FOUND", f"View {asked.view} not found")
    if asked.formula is not None:
        kept = condition(asked.formula, table)
        rows = [row for row in rows if kept(Context(base, table, row, now))]
    if asked.view is None and not asked.sort:
        rows.sort(key=lambda row: row.id)  # no order is promised, and ids tell nothing
    for name, descending in reversed(asked.sort):
        column = table.column(name)
        rows.sort(key=lambda row, column=column: _rank(base, column, row), reverse=descending)  # type: ignore[misc]
    return rows


def _rank(base: Base, column: Column, row: Row) -> tuple[int, Any]:
    """Empty cells first; choices in the order of the column's options."""
    value = shown(base, column, row)
    if value is None:
        return 0, 0
    if column.type == "singleSelect":
        return 1, column.choices.index(value)
    if isinstance(value, (int, float)):
        return 1, value
    return 1, (value.get("name", "") if isinstance(value, dict) else json.dumps(value, ensure_ascii=False)).casefold()
