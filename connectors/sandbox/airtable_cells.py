"""Airtable's cells as they are written: what a value must look like, and what is stored of it (reference §3)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, Column, Table, make_id, stamp
from connectors.sandbox.airtable_writing import Writing

TEXT = ("singleLineText", "multilineText", "email", "url", "phoneNumber", "richText")
NUMBER = ("number", "currency", "percent", "rating", "duration")
COLOURS = ("blueLight2", "cyanLight2", "tealLight2", "greenLight2", "yellowLight2", "orangeLight2", "redLight2")
RECORD = re.compile("rec[A-Za-z0-9]{14}")
LOOSE_DATES = ("%m/%d/%Y", "%m/%d/%Y %H:%M", "%B %d, %Y", "%d %B %Y")  # what typecast reads besides ISO
Parser = Callable[[Writing, Column, Any, bool], Any]


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
    return PARSERS.get(column.type, _unknown)(writing, column, value, typecast)


def _bad(column: Column) -> Any:
    raise errors.bad_value(column.name)


def _unknown(_: Writing, column: Column, __: Any, ___: bool) -> Any:
    return _bad(column)


def _text(writing: Writing, column: Column, value: Any, typecast: bool) -> str:
    text = str(value) if typecast and isinstance(value, (int, float)) else value
    if not isinstance(text, str) or len(text) > writing.base.rules.text_limit:
        raise errors.bad_value(column.name)
    if column.type != "richText" or not writing.base.rules.richtext:
        return text
    text = re.sub(r"^(\s*)[*+] ", r"\1- ", text, flags=re.MULTILINE)
    return text.rstrip("\n") + "\n" if text.strip() else ""


def _number(_: Writing, column: Column, value: Any, typecast: bool) -> int | float:
    if typecast and isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            _bad(column)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise errors.bad_value(column.name)
    whole = value == int(value)
    if column.type == "rating" and not (whole and 1 <= value <= column.options.get("max", 5)):
        _bad(column)
    return int(value) if whole else float(value)


def _checkbox(_: Writing, column: Column, value: Any, typecast: bool) -> bool:
    if typecast and str(value).lower() in ("true", "checked", "1", "false", "", "0"):
        return str(value).lower() in ("true", "checked", "1")
    return value if isinstance(value, bool) else bool(_bad(column))


def _choice(writing: Writing, column: Column, value: Any, typecast: bool) -> str:
    if not isinstance(value, str):
        raise errors.bad_value(column.name)
    name = value.strip() if typecast else value
    if name and name not in column.choices:
        if not typecast or writing.base.role != "create":
            raise errors.unknown_choice(name)
        writing.later(lambda: add_choice(writing.base, column, name))
    return name


def _choices(writing: Writing, column: Column, value: Any, typecast: bool) -> list[str]:
    if typecast and isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        _bad(column)
    return list(dict.fromkeys(_choice(writing, column, name, typecast) for name in value))


def add_choice(base: Base, column: Column, name: str) -> None:
    """One more option of a select column, unless it is there."""
    if name not in column.choices:
        choices = column.options.setdefault("choices", [])
        colour = COLOURS[len(choices) % len(COLOURS)]
        choices.append({"id": make_id("sel", base.id, column.id, name), "name": name, "color": colour})
        base.reshaped = True


def _moment(_: Writing, column: Column, value: Any, typecast: bool) -> str:
    """A day, or a moment in UTC. Text without a zone is read in the field's own zone."""
    try:
        at = _read(value, typecast)
        if column.type == "date":
            return at.date().isoformat()
        if at.tzinfo is None:
            zone = column.options.get("timeZone", "utc")
            at = at.replace(tzinfo=UTC if zone in ("utc", "client") else ZoneInfo(zone))
        return stamp(at)
    except (TypeError, ValueError, OverflowError) as error:
        raise errors.bad_value(column.name) from error


def _read(value: Any, typecast: bool) -> datetime:
    if typecast and isinstance(value, str):
        for form in LOOSE_DATES:
            try:
                return datetime.strptime(value.strip(), form)  # noqa: DTZ007 read in the field's own zone
            except ValueError:
                continue
    return datetime.fromisoformat(value)


def _person(writing: Writing, column: Column, value: Any, typecast: bool) -> str:
    base = writing.base
    if typecast and isinstance(value, str):
        names = [id for id, person in base.people.items() if person.get("name") == value]
        value = {"id": value} if value in base.people else {"id": names[0]} if names else {"email": value}
    if isinstance(value, Mapping):
        for user, person in base.people.items():
            if user in base.left:
                continue
            if value.get("id", user) == user and value.get("email", person["email"]) == person["email"] and value:
                return user
    return str(_bad(column))


def _people(writing: Writing, column: Column, value: Any, typecast: bool) -> list[str]:
    if not isinstance(value, list):
        _bad(column)
    plain = [{"id": item} if isinstance(item, str) and item in writing.base.people else item for item in value]
    return list(dict.fromkeys(_person(writing, column, item, typecast) for item in plain))


def _links(writing: Writing, column: Column, value: Any, typecast: bool) -> list[str]:
    if typecast and isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    if not isinstance(value, list) or not all(isinstance(link, str) for link in value):
        _bad(column)
    table = writing.base.table(column.options["linkedTableId"])
    found = [link if link in table.rows else _link_by_name(writing, table, link, typecast) for link in value]
    return list(dict.fromkeys(found))


def _link_by_name(writing: Writing, table: Table, name: str, typecast: bool) -> str:
    """With typecast, the row whose primary value it is, or else a new one."""
    if not typecast or RECORD.fullmatch(name):
        raise errors.unknown_row(name, writing.base.rules.unknown_row)
    primary = table.columns[0].id
    for row in table.rows.values():
        if row.cells.get(primary) == name:
            return row.id
    return writing.new_row(table, name)


def _attachments(writing: Writing, column: Column, value: Any, _: bool) -> list[dict[str, str]]:
    """New ones by `url`, those that stay by `id`."""
    found = []
    for item in value if isinstance(value, list) else [None]:
        if not isinstance(item, Mapping) or not isinstance(item.get("id", item.get("url")), str):
            raise errors.bad_value(column.name)
        if "url" in item and "id" not in item:
            name = str(item.get("filename") or item["url"].rstrip("/").rpartition("/")[2] or "file")
            found.append({"id": writing.base.new_id("att"), "filename": name, "at": writing.at})
        else:
            found.append(_kept(writing.base, column, item["id"]))
    return found


def _kept(base: Base, column: Column, attachment: str) -> dict[str, str]:
    for table in base.tables:
        for row in table.rows.values():
            for held in row.cells.get(column.id, ()) if column in table.columns else ():
                if held["id"] == attachment:
                    return dict(held)
    return dict(_bad(column))


def _barcode(_: Writing, column: Column, value: Any, typecast: bool) -> dict[str, str]:
    if typecast and isinstance(value, str):
        value = {"text": value}
    if not isinstance(value, Mapping) or not set(value) <= {"text", "type"} or not isinstance(value.get("text"), str):
        _bad(column)
    return dict(value)


PARSERS: dict[str, Parser] = {
    **dict.fromkeys(TEXT, _text),
    **dict.fromkeys(NUMBER, _number),
    **dict.fromkeys(("date", "dateTime"), _moment),
    "checkbox": _checkbox,
    "singleSelect": _choice,
    "multipleSelects": _choices,
    "singleCollaborator": _person,
    "multipleCollaborators": _people,
    "multipleRecordLinks": _links,
    "multipleAttachments": _attachments,
    "barcode": _barcode,
}
