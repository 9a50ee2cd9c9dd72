"""Airtable's cells: what a write must look like, what it becomes, what a read shows (reference airtable §3)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, Column, Row, Table, Writing, make_id, stamp

TEXT = ("singleLineText", "multilineText", "email", "url", "phoneNumber", "richText")
NUMBER = ("number", "currency", "percent", "rating", "duration")
COLOURS = ("blueLight2", "cyanLight2", "tealLight2", "greenLight2", "yellowLight2", "orangeLight2", "redLight2")


def parsed(writing: Writing, table: Table, cells: Any, typecast: bool) -> dict[str, Any]:
    """The checked values by column id. Raises AirtableError as §6 tells; changes nothing before the commit."""
    if not isinstance(cells, Mapping):
        raise errors.bad_request("`fields` must be an object")
    return {
        (column := table.column(name)).id: _parsed(writing, column, value, typecast) for name, value in cells.items()
    }


def _parsed(writing: Writing, column: Column, value: Any, typecast: bool) -> Any:
    if column.computed:
        raise errors.computed(column.name)
    if value is None:
        return None
    if column.type in TEXT:
        return _text(column, value, typecast)
    if column.type in NUMBER:
        return _number(column, value, typecast)
    if column.type == "checkbox":
        return value if isinstance(value, bool) else _bad(column)
    if column.type == "singleSelect":
        return _choice(writing, column, value, typecast)
    if column.type == "multipleSelects":
        names = (
            value
            if isinstance(value, list)
            else value.split(",")
            if typecast and isinstance(value, str)
            else _bad(column)
        )
        return list(dict.fromkeys(_choice(writing, column, name, typecast) for name in names))
    if column.type in ("date", "dateTime"):
        return _moment(column, value)
    if column.type == "singleCollaborator":
        return _person(writing.base, column, value, typecast)
    if column.type == "multipleRecordLinks":
        return _links(writing, column, value, typecast)
    return _bad(column)


def _bad(column: Column) -> Any:
    raise errors.bad_value(column.name)


def _text(column: Column, value: Any, typecast: bool) -> str:
    text = str(value) if typecast and isinstance(value, (int, float)) else value
    if not isinstance(text, str):
        raise errors.bad_value(column.name)
    if column.type != "richText":
        return text
    text = re.sub(r"^(\s*)[*+] ", r"\1- ", text, flags=re.MULTILINE)
    return text.rstrip("\n") + "\n" if text.strip() else ""


def _number(column: Column, value: Any, typecast: bool) -> int | float:
    if typecast and isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            _bad(column)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise errors.bad_value(column.name)
    return int(value) if value == int(value) else float(value)


def _choice(writing: Writing, column: Column, value: Any, typecast: bool) -> str:
    if not isinstance(value, str):
        raise errors.bad_value(column.name)
    name = value.strip() if typecast else value
    if name and name not in column.choices:
        if not typecast:
            raise errors.unknown_choice(name)
        writing.later(lambda: add_choice(writing.base, column, name))
    return name


def add_choice(base: Base, column: Column, name: str) -> None:
    """One more option of a select column, unless it is there."""
    if name not in column.choices:
        choices = column.options.setdefault("choices", [])
        colour = COLOURS[len(choices) % len(COLOURS)]
        choices.append({"id": make_id("sel", base.id, column.id, name), "name": name, "color": colour})


def _moment(column: Column, value: Any) -> str:
    """A day, or a moment in UTC. Text without a zone is read in the field's own zone."""
    try:
        at = datetime.fromisoformat(value)
        if column.type == "date":
            return at.date().isoformat()
        if at.tzinfo is None:
            zone = column.options.get("timeZone", "utc")
            at = at.replace(tzinfo=UTC if zone in ("utc", "client") else ZoneInfo(zone))
        return stamp(at)
    except (TypeError, ValueError, OverflowError) as error:
        raise errors.bad_value(column.name) from error


def _person(base: Base, column: Column, value: Any, typecast: bool) -> str:
    if typecast and isinstance(value, str):
        value = {"id": value} if value in base.people else {"email": value}
    if isinstance(value, Mapping):
        for user, person in base.people.items():
            if user in base.left:
                continue
            if value.get("id", user) == user and value.get("email", person["email"]) == person["email"] and value:
                return user
    return str(_bad(column))


def _links(writing: Writing, column: Column, value: Any, typecast: bool) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(link, str) for link in value):
        _bad(column)
    table = writing.base.table(column.options["linkedTableId"])
    found = [link if link in table.rows else _link_by_name(writing, table, link, typecast) for link in value]
    return list(dict.fromkeys(found))


def _link_by_name(writing: Writing, table: Table, name: str, typecast: bool) -> str:
    """With typecast, the row whose primary value it is, or else a new one."""
    if not typecast or re.fullmatch("rec[A-Za-z0-9]{14}", name):
        raise errors.unknown_row(name)
    primary = table.columns[0].id
    for row in table.rows.values():
        if row.cells.get(primary) == name:
            return row.id
    return writing.new_row(table, name)


def shown(base: Base, column: Column, row: Row) -> Any:
    """The cell as the API shows it; None where it leaves it out."""
    if column.type == "createdTime":
        return row.created
    if column.type == "createdBy":
        return base.person(row.creator)
    if column.type in ("lastModifiedTime", "lastModifiedBy"):
        at, who = last_change(row, column.options.get("referencedFieldIds"))
        return at if column.type == "lastModifiedTime" else who and base.person(who)
    value = row.cells.get(column.id)
    if value is not None and column.type == "singleCollaborator":
        return base.person(value)
    return value


def last_change(row: Row, columns: list[str] | None = None) -> tuple[str | None, str | None]:
    """When and by whom one of the columns (or any) was last changed; None, None if never."""
    latest: tuple[str | None, str | None] = (None, None)
    for id, (at, who) in row.changed.items():
        if (not columns or id in columns) and at >= (latest[0] or ""):
            latest = (at, who)
    return latest


def record(base: Base, table: Table, row: Row, only: list[Column] | None, by_id: bool) -> dict[str, Any]:
    """A row as the API shows it: empty cells left out."""
    cells = {}
    for column in table.columns if only is None else only:
        value = shown(base, column, row)
        if value is not None:
            cells[column.id if by_id else column.name] = value
    return {"id": row.id, "createdTime": row.created, "fields": cells}


def day_or_moment(text: str) -> date | datetime:
    """What a stored date or dateTime cell means."""
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
