"""Creators of a base at work: they change its tables, fields, options and views, and who works in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.airtable_base import Base, Column, Table, stamp
from connectors.sandbox.airtable_cells import NUMBER, TEXT, add_choice
from connectors.sandbox.airtable_formula import SyntaxFault, parse
from connectors.sandbox.airtable_shown import names

SELECTS = ("singleSelect", "multipleSelects")


def shape(base: Base, verb: str, payload: Mapping[str, Any]) -> None:
    """Tables, fields, options and views. None of it counts as a change of a row. ValueError says what is not there."""
    if verb == "view":
        _add_view(base, payload)
    elif "field" not in payload:
        _shape_table(base, verb, payload)
    else:
        table = base.table(payload["table"])
        if verb == "restore":
            _out_of(table.trash, payload["field"], table.columns)
        elif verb == "add" and "option" not in payload:
            _add_column(base, table, payload)
        else:
            _shape_column(base, table, table.column(payload["field"]), verb, payload)
    base.reshaped = True
    for table in base.tables:
        for column in table.columns:
            _validate(table, column)


def staff(base: Base, verb: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Somebody joins, leaves or returns. ValueError if nobody is meant."""
    if verb == "join":
        user = base.new_id("usr")
        base.people[user] = {"email": str(payload["email"]), "name": str(payload["name"])}
        return {"user": user}
    text = payload["person"]
    user = next((id for id, person in base.people.items() if text in (id, person["email"])), "")
    if not user:
        raise ValueError(f"nobody with the address or id {text} works in this base")
    base.left = [other for other in base.left if other != user] + [user] * (verb == "leave")
    return {}


def _out_of(trash: list[Any], name: str, into: list[Any]) -> None:
    found = next((thing for thing in trash if name in (thing.id, thing.name)), None)
    if found is None:
        raise ValueError(f"there is no {name} in the trash")
    trash.remove(found)
    into.append(found)


def _shape_table(base: Base, verb: str, payload: Mapping[str, Any]) -> None:
    if verb == "restore":
        _out_of(base.trash, payload["table"], base.tables)
        return
    table = base.table(payload["table"])
    if verb == "rename":
        table.name = str(payload["name"])
    elif verb == "remove":
        base.tables.remove(table)
        base.trash.append(table)
    else:
        raise ValueError(f"airtable {verb} needs field")


def _add_view(base: Base, payload: Mapping[str, Any]) -> None:
    """`name`, and maybe `filter` (a formula), `sort` (pairs of a field and whether it descends), `hidden` fields."""
    table = base.table(payload["table"])
    if formula := payload.get("filter"):
        try:
            parse(formula, names(table))
        except SyntaxFault as error:
            raise ValueError(str(error)) from error
    view = {"id": base.new_id("viw"), "name": str(payload["name"]), "type": "grid", "filter": payload.get("filter")}
    view["sort"] = [[table.column(name).id, down] for name, down in payload.get("sort", ())]
    view["hidden"] = [table.column(name).id for name in payload.get("hidden", ())]
    table.views.append(view)


def _add_column(base: Base, table: Table, payload: Mapping[str, Any]) -> None:
    """A field of a `type`, with its `options`; fields and tables in them may go by name. A link has its other side."""
    options = {"choices": []} if payload["type"] in SELECTS else dict(payload.get("options", {}))
    column = Column(base.new_id("fld"), str(payload["field"]), str(payload["type"]), options)
    for choice in payload.get("choices", ()):
        add_choice(base, column, choice)
    if column.type == "multipleRecordLinks":
        other = base.table(options["linkedTableId"])
        back = {"linkedTableId": table.id, "inverseLinkFieldId": column.id, "isReversed": False}
        inverse = Column(base.new_id("fld"), table.name, column.type, back | {"prefersSingleRecordLink": False})
        other.columns.append(inverse)
        options |= back | {"linkedTableId": other.id, "inverseLinkFieldId": inverse.id}
        options.setdefault("prefersSingleRecordLink", False)
    if "recordLinkFieldId" in options:
        link = table.column(options["recordLinkFieldId"])
        options["recordLinkFieldId"] = link.id
        if "fieldIdInLinkedTable" in options:
            other = base.table(link.options["linkedTableId"])
            options["fieldIdInLinkedTable"] = other.column(options["fieldIdInLinkedTable"]).id
    if "formula" in options:
        known = {field.name: field.id for field in table.columns}
        named = re.sub(r"\{([^}]*)\}", lambda m: "{" + known.get(m[1], m[1]) + "}", options["formula"])
        options |= {"formula": named, "referencedFieldIds": re.findall(r"\{(fld\w{14})\}", named)}
    if "referencedFieldIds" in options:
        options["referencedFieldIds"] = [table.column(name).id for name in options["referencedFieldIds"]]
    table.columns.append(column)


def _validate(table: Table, column: Column) -> None:
    """`isValid` is false once what a formula or lookup reads has gone (§8)."""
    here = {field.id for field in table.columns}
    if column.type == "formula":
        try:
            parse(column.options["formula"], names(table), ids=True)
        except SyntaxFault:
            column.options["isValid"] = False
        else:
            column.options["isValid"] = True
    elif "recordLinkFieldId" in column.options:
        column.options["isValid"] = column.options["recordLinkFieldId"] in here


def _shape_column(base: Base, table: Table, column: Column, verb: str, payload: Mapping[str, Any]) -> None:
    if "option" in payload:
        _shape_option(base, table, column, verb, payload)
    elif verb == "rename":
        column.name = str(payload["name"])
    elif verb == "remove":
        table.columns.remove(column)
        table.trash.append(column)
    else:
        _retype(base, table, column, payload)


def _shape_option(base: Base, table: Table, column: Column, verb: str, payload: Mapping[str, Any]) -> None:
    old, new = str(payload["option"]), str(payload.get("name", ""))
    if verb == "add":
        add_choice(base, column, old)
        return
    if old not in column.choices:
        raise ValueError(f"{column.name} has no option {old}")
    choices = [choice | {"name": new} if choice["name"] == old else choice for choice in column.options["choices"]]
    column.options["choices"] = [choice for choice in choices if choice["name"]]
    for row in table.rows.values():
        held = row.cells.get(column.id)
        if isinstance(held, list):
            kept = [new if word == old else word for word in held]
            _put(row.cells, column, [word for word in kept if word])
        elif held == old:
            _put(row.cells, column, new)


def _retype(base: Base, table: Table, column: Column, payload: Mapping[str, Any]) -> None:
    """Cells are converted by way of their text; what means nothing in the new type is lost."""
    options = dict(payload.get("options", {}))
    if payload["type"] in SELECTS:
        options["choices"] = column.options["choices"] if column.type in SELECTS else []
    column.type, column.options = str(payload["type"]), options
    for row in table.rows.values():
        held = row.cells.get(column.id)
        if held is not None:
            text = ", ".join(map(str, held)) if isinstance(held, list) else str(held)
            _put(row.cells, column, _converted(base, column, text))


def _converted(base: Base, column: Column, text: str) -> Any:
    match column.type:
        case "singleSelect" | "multipleSelects":
            words = text.split(", ") if column.type == "multipleSelects" else [text]
            for word in words:
                add_choice(base, column, word)
            return words if column.type == "multipleSelects" else text
        case "date" | "dateTime":
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                return None
            return (
                at.date().isoformat() if column.type == "date" else stamp(at if at.tzinfo else at.replace(tzinfo=UTC))
            )
        case kind if kind in NUMBER:
            return float(text) if text.replace(".", "", 1).isdigit() else None
        case kind if kind in TEXT:
            return text
    return None


def _put(cells: dict[str, Any], column: Column, value: Any) -> None:
    if value in (None, "", []):
        cells.pop(column.id, None)
    else:
        cells[column.id] = value
