"""People at work in Airtable's own interface: the control API's edits of its records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.sandbox.airtable_base import Base
from connectors.sandbox.airtable_errors import AirtableError
from connectors.sandbox.airtable_writes import Change, create, delete, update

NEEDS = {"edit": ("table", "record", "fields"), "create": ("table", "fields"), "delete": ("table", "record")}


def perform(base: Base, now: datetime, verb: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Edit, create or delete: `as` (email), `table`, `record`, `fields` by column name in Airtable's own values.

    Gives the record as the API would show it, or {"id", "deleted"}. ValueError says what is wrong.
    """
    if verb not in NEEDS:
        raise ValueError(f"people cannot {verb} in airtable; they can {', '.join(NEEDS)}")
    missing = [name for name in ("as", *NEEDS[verb]) if name not in payload]
    if missing:
        raise ValueError(f"airtable {verb} needs {', '.join(missing)}")
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
