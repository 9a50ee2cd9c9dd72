"""People at work in Airtable's own interface: the control API's edits of its records, its columns and its people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.airtable_base import Base, Column, Table, stamp
from connectors.sandbox.airtable_cells import NUMBER, TEXT, add_choice
from connectors.sandbox.airtable_errors import AirtableError
from connectors.sandbox.airtable_writes import Change, create, delete, update

NEEDS = {
    "edit": ("as", "table", "record", "fields"),
    "create": ("as", "table", "fields"),
    "delete": ("as", "table", "record"),
}
# What only creators of the base do.
SETUP_NEEDS = {
    "rename": ("table", "name"),
    "remove": ("table",),
    "restore": ("table",),
    "add": ("table", "field"),
    "retype": ("table", "field", "type"),
    "join": ("email", "name"),
    "leave": ("person",),
    "return": ("person",),
}


def perform(base: Base, now: datetime, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Edit, create or delete: `as` (email), `table`, `record`, `fields` by column name in Airtable's own values.

    A creator renames or removes a `table`, a `field` of it or an `option` of that; restores a removed table or field
    with its cells; adds an option or a field (of a `type`); gives a field another type, which converts its cells; lets
    a `person` join, leave and return.
    Gives the record as the API would show it, or {"id", "deleted"}. ValueError says what is wrong.
    """
    needs = NEEDS | SETUP_NEEDS
    if verb not in needs:
        raise ValueError(f"people cannot {verb} in airtable; they can {', '.join(needs)}")
    missing = [name for name in needs[verb] if name not in payload]
    if missing:
        raise ValueError(f"airtable {verb} needs {', '.join(missing)}")
    try:
        if verb in ("join", "leave", "return"):
            return _staff(base, verb, payload)
        if verb in SETUP_NEEDS:
            _shape(base, verb, payload)
            return {}
    except AirtableError as error:
        raise ValueError(f"there is no such table or field: {payload}") from error
    who = next((id for id, person in base.people.items() if person["email"] == payload["as"]), None)
    if who is None:
        raise ValueError(f"nobody with the address {payload['as']} works in this base")
    try:
        change = Change(base, base.table(payload["table"]), who, now, typecast=payload.get("typecast") is True)
        if verb == "create":
            return create(change, {"fields": payload["fields"]})[0]
        if verb == "delete":
            delete(change, [payload["record"]])
            return {"id": payload["record"], "deleted": True}
        answer, _ = update(change, {"records": [{"id": payload["record"], "fields": payload["fields"]}]}, replace=False)
        return dict(answer["records"][0])
    except AirtableError as error:
        reason = error.body["error"]
        raise ValueError(reason["message"] if isinstance(reason, dict) else reason) from error


def _staff(base: Base, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
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


def _shape(base: Base, verb: str, payload: dict[str, Any]) -> None:
    """Tables, fields and options. None of it counts as a change of a row."""
    if "field" not in payload:
        _shape_table(base, verb, payload)
        return
    table = base.table(payload["table"])
    if verb == "restore":
        column = next(c for c in table.trash if payload["field"] in (c.id, c.name))
        table.trash.remove(column)
        table.columns.append(column)
    elif verb == "add" and "option" not in payload:
        options = {"choices": []} if "elect" in payload["type"] else dict(payload.get("options", {}))
        column = Column(base.new_id("fld"), str(payload["field"]), str(payload["type"]), options)
        for choice in payload.get("choices", ()):
            add_choice(base, column, choice)
        table.columns.append(column)
    else:
        _shape_column(base, table, table.column(payload["field"]), verb, payload)


def _shape_table(base: Base, verb: str, payload: dict[str, Any]) -> None:
    if verb == "restore":
        found = next(table for table in base.trash if payload["table"] in (table.id, table.name))
        base.trash.remove(found)
        base.tables.append(found)
        return
    table = base.table(payload["table"])
    if verb == "rename":
        table.name = str(payload["name"])
    else:
        base.tables.remove(table)
        base.trash.append(table)


def _shape_column(base: Base, table: Table, column: Column, verb: str, payload: dict[str, Any]) -> None:
    if "option" in payload:
        _shape_option(base, table, column, verb, payload)
    elif verb == "rename":
        column.name = str(payload["name"])
    elif verb == "remove":
        table.columns.remove(column)
        table.trash.append(column)
    else:
        _retype(base, table, column, payload)


def _shape_option(base: Base, table: Table, column: Column, verb: str, payload: dict[str, Any]) -> None:
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


def _retype(base: Base, table: Table, column: Column, payload: dict[str, Any]) -> None:
    """Cells are converted by way of their text; what means nothing in the new type is lost."""
    selects = ("singleSelect", "multipleSelects")
    options = dict(payload.get("options", {}))
    if payload["type"] in selects:
        options["choices"] = column.options["choices"] if column.type in selects else []
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
