"""Airtable's cells as they are read: what the API shows, what formulas see, what is computed (reference §3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, Column, Row, Table, make_id, stamp
from connectors.sandbox.airtable_formula import Context, Names, SyntaxFault, parse
from connectors.sandbox.airtable_values import FormulaError, empty, flat, text

EXPIRY = timedelta(hours=2)  # of an attachment's address (§3)
TIMES = ("date", "dateTime", "lastModifiedTime", "createdTime")
WRONG = (FormulaError, SyntaxFault, ValueError, ArithmeticError, RecursionError)


def names(table: Table) -> Names:
    return tuple((column.id, column.name) for column in table.columns)


def condition(base: Base, table: Table, formula: str) -> Callable[[Row], bool]:
    """Whether a row is kept (§2.1). INVALID_FILTER_BY_FORMULA if the formula is wrong or names an unknown field."""
    try:
        node = parse(formula, names(table), ids=base.rules.ids_in_formulas)
    except SyntaxFault as error:
        raise errors.bad_formula(str(error)) from error

    def kept(row: Row) -> bool:
        try:
            return not empty(node(_context(base, table, row)))
        except WRONG:  # a number too great, a day that no calendar has
            return False

    return kept


def shown(base: Base, table: Table, column: Column, row: Row) -> Any:
    """The cell as the API shows it; None where it leaves it out."""
    if column.computed:
        return _computed(base, table, column, row)
    value = row.cells.get(column.id)
    if value is None:
        return None
    match column.type:
        case "singleCollaborator":
            return base.person(value)
        case "multipleCollaborators":
            return [base.person(user) for user in value]
        case "multipleAttachments":
            return [_attachment(base, held) for held in value]
    return value


def _computed(base: Base, table: Table, column: Column, row: Row) -> Any:
    match column.type:
        case "createdTime":
            return _day_if(column, row.created)
        case "createdBy":
            return base.person(row.creator)
        case "lastModifiedTime":
            at = _last(base, row, column.options.get("referencedFieldIds") or ())[0]
            return at and _day_if(column, at)
        case "lastModifiedBy":
            who = last_change(row, column.options.get("referencedFieldIds"))[1]
            return who and base.person(who)
        case "formula" | "rollup":
            return _result(base, table, column, row)
        case "multipleLookupValues":
            return _looked_up(base, table, column, row)
        case "count":
            return len(row.cells.get(column.options["recordLinkFieldId"], ()))
        case "autoNumber":
            return row.number
        case "button":
            return {"label": column.options.get("label", column.name), "url": column.options.get("url")}
    return row.cells.get(column.id)


def record(base: Base, table: Table, row: Row, only: Sequence[Column] | None, by_id: bool) -> dict[str, Any]:
    """A row as the API shows it: empty cells left out."""
    cells = {}
    for column in table.columns if only is None else only:
        value = shown(base, table, column, row)
        if value is not None:
            cells[column.id if by_id else column.name] = value
    return {"id": row.id, "createdTime": row.created, "fields": cells}


def last_change(row: Row, columns: Sequence[str] | None = None) -> tuple[str | None, str | None]:
    """When and by whom one of the columns (or any) was last changed; None, None if never."""
    latest: tuple[str | None, str | None] = (None, None)
    for id, (at, who) in row.changed.items():
        if (not columns or id in columns) and at >= (latest[0] or ""):
            latest = (at, who)
    return latest


def _last(base: Base, row: Row, columns: Sequence[str]) -> tuple[str | None, str | None]:
    at, who = last_change(row, columns)
    return (at[:19] + ".000Z" if at and base.rules.whole_seconds else at), who


def _day_if(column: Column, at: str) -> str:
    return at[:10] if column.options.get("result", {}).get("type") == "date" else at


def raw(base: Base, table: Table, column: Column, row: Row) -> Any:
    """The cell as formulas see it: people by name, links by primary value, dates as moments. Raises one of WRONG."""
    match column.type:
        case "formula":
            node = parse(str(column.options.get("formula", "")), names(table), ids=True)
            return node(_context(base, table, row))
        case "rollup":
            values = tuple(flat([raw(base, *cell) for cell in _linked(base, table, column, row)]))
            node = parse(str(column.options.get("aggregation", "values")), (), rollup=True)
            return node(_context(base, table, row, values))
        case "multipleLookupValues":
            return flat([raw(base, *cell) for cell in _linked(base, table, column, row)])
        case "multipleRecordLinks":
            other = base.linked(column)
            rows = [other.rows[link] for link in row.cells.get(column.id, ()) if link in other.rows]
            return [text(raw(base, other, other.columns[0], linked)) for linked in rows] or None
    value = shown(base, table, column, row)
    if value is None:
        return None
    if column.type in TIMES:
        at = datetime.fromisoformat(value)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    if isinstance(value, list):
        return [_name(item) for item in value]
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else _name(value)


def _name(value: Any) -> Any:
    """What stands for an object in text: a person's name, a file's, a barcode's text."""
    if not isinstance(value, dict):
        return value
    return next((value[key] for key in ("name", "filename", "text", "label") if key in value), "")


def _context(base: Base, table: Table, row: Row, values: tuple[Any, ...] = ()) -> Context:
    columns = {column.id: column for column in table.columns}

    def modified(fields: tuple[str, ...]) -> datetime | None:
        at, _ = _last(base, row, fields or (*columns, "comment"))
        return datetime.fromisoformat(at) if at else None

    def cell(id: str) -> Any:
        return raw(base, table, columns[id], row)

    return Context(row.id, datetime.fromisoformat(row.created), base.now, cell, modified, values)


def _result(base: Base, table: Table, column: Column, row: Row) -> Any:
    """A formula's or rollup's value; what went wrong in it is an object (§3)."""
    try:
        value = raw(base, table, column, row)
    except WRONG:
        return {"error": "#ERROR!"}
    return _plain(column, value)


def _plain(column: Column, value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(column, item) for item in value if item is not None] or None
    if isinstance(value, datetime):
        return _day_if(column, stamp(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            return {"specialValue": "NaN" if math.isnan(value) else "Infinity"}
        return int(value) if value.is_integer() else value
    return value or None


def _looked_up(base: Base, table: Table, column: Column, row: Row) -> list[Any] | None:
    try:
        linked = _linked(base, table, column, row)
    except FormulaError:
        return None
    return flat([value for value in (shown(base, *cell) for cell in linked) if value is not None]) or None


def _linked(base: Base, table: Table, column: Column, row: Row) -> list[tuple[Table, Column, Row]]:
    """The cells in the other table that a lookup or rollup reads. None if a field on the way is gone."""
    link = next((c for c in table.columns if c.id == column.options["recordLinkFieldId"]), None)
    if link is None or link.type != "multipleRecordLinks":
        raise FormulaError
    try:
        other = base.linked(link)
        target = other.column(column.options["fieldIdInLinkedTable"])
    except errors.AirtableError as error:
        raise FormulaError from error
    return [(other, target, other.rows[id]) for id in row.cells.get(link.id, ()) if id in other.rows]


def _attachment(base: Base, held: dict[str, Any]) -> dict[str, Any]:
    """Its address holds for two hours; its size and type are known once it has been fetched, later than the write."""
    until = stamp(base.now + EXPIRY)
    token = make_id("", held["id"], until)
    shown = {"id": held["id"], "url": f"https://v5.airtableusercontent.com/v3/u/{token}", "filename": held["filename"]}
    if stamp(base.now) > held["at"]:
        shown |= {"size": len(held["filename"]) * 1000, "type": "application/octet-stream"}
    return shown


def as_text(base: Base, table: Table, column: Column, row: Row, zone: str) -> str:
    """The cell as `cellFormat=string` shows it to people; not stable (§2.1)."""
    try:
        value = raw(base, table, column, row)
    except WRONG:
        return "#ERROR!"
    if isinstance(value, datetime) and column.type != "date":
        return value.astimezone(ZoneInfo(zone)).strftime("%-m/%-d/%Y %-I:%M%p").lower()
    if isinstance(value, datetime):
        return value.strftime("%-m/%-d/%Y")
    return "checked" if column.type == "checkbox" else text(value)
