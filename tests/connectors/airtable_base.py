"""A small Airtable base as canned JSON, and readers of what was sent to it."""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests import PreparedRequest

from connectors.airtable import AirtableConnector
from connectors.airtable_log import SPECIFICATION
from connectors.http import Retry
from sync.model import Kind, Record, Ref

API = "https://api.airtable.com/v0"
CAMPAIGNS, STAGES = f"{API}/appB/tblC", f"{API}/appB/tblS"
META, HOOKS = f"{API}/meta/bases/appB/tables", f"{API}/bases/appB/webhooks"
PAYLOADS = f"{HOOKS}/achOURS/payloads"
DATE = "Thu, 08 Oct 2026 07:00:00 GMT"
SCHEMA: dict[str, Any] = {
    "tables": [
        {
            "id": "tblC",
            "name": "Campaigns",
            "fields": [
                {"id": "fldName", "name": "Name", "type": "singleLineText"},
                {
                    "id": "fldStatus",
                    "name": "Status",
                    "type": "singleSelect",
                    "options": {"choices": [{"id": "sel1", "name": "Planned"}, {"id": "sel2", "name": "Sent"}]},
                },
                {"id": "fldTotal", "name": "Total", "type": "formula", "options": {"isValid": True}},
                {"id": "fldNew", "name": "New", "type": "a type of next year"},
                {"id": "fldSync", "name": "Sync ID", "type": "singleLineText"},
                {"id": "fldStages", "name": "Stages", "type": "multipleRecordLinks"},
                {"id": "fldAt", "name": "Last modified", "type": "lastModifiedTime"},
                {"id": "fldBy", "name": "Last modified by", "type": "lastModifiedBy"},
            ],
        },
        {
            "id": "tblS",
            "name": "Stages",
            "fields": [
                {"id": "fldTitle", "name": "Title", "type": "singleLineText"},
                {"id": "fldLink", "name": "Campaign", "type": "multipleRecordLinks"},
                {"id": "fldSyncS", "name": "Sync ID", "type": "singleLineText"},
            ],
        },
    ]
}


def row(native: str, **fields: Any) -> dict[str, Any]:
    return {"id": native, "createdTime": "2026-10-01T08:00:00.000Z", "fields": fields}


def campaign(native: str, **fields: Any) -> Record:
    return Record(Ref("airtable", Kind.CAMPAIGN, native), fields)


def body(request: PreparedRequest) -> Any:
    return json.loads(request.body or "null")


def query(request: PreparedRequest) -> dict[str, list[str]]:
    return parse_qs(urlsplit(str(request.url)).query)


def failure(status: int, type_: str, message: str = "No.") -> dict[str, Any]:
    return {"status": status, "json": {"error": {"type": type_, "message": message}}}


def sent(wire: Any, method: str = "PATCH") -> list[PreparedRequest]:
    return [call.request for call in wire.calls if call.request.method == method]


def table(table_id: str, **changes: Any) -> dict[str, Any]:
    """The base's schema where columns of a table, by id, are described otherwise; None takes one away."""
    tables = []
    for one in copy.deepcopy(SCHEMA["tables"]):
        fields: list[Any] = one["fields"]
        if one["id"] == table_id:
            fields[:] = [f | (changes.get(f["id"]) or {}) for f in fields if changes.get(f["id"], {}) is not None]
        tables.append(one)
    return {"tables": tables}


def schema_answers(wire: Any, *schemas: dict[str, Any]) -> None:
    """What the base says of its tables, one answer after the other; each tells the time."""
    wire.remove("GET", META)
    for schema in schemas:
        wire.get(META, json=schema, headers={"Date": DATE})


def connector(slept: list[float], **options: Any) -> AirtableConnector:
    retry = Retry(sleep=slept.append, rng=lambda: 0.0)
    return AirtableConnector("airtable", token="patSecret", base="appB", per_second=None, retry=retry, **options)


def hook(**changes: Any) -> dict[str, Any]:
    """A webhook like ours, as the base lists it."""
    ours = {
        "id": "achOURS", "notificationUrl": None, "isHookEnabled": True, "areNotificationsEnabled": True,
        "cursorForNextPayload": 5, "expirationTime": "2026-10-15T00:00:00.000Z", "specification": SPECIFICATION,
    }  # fmt: skip
    return ours | changes


def listed(wire: Any, *hooks: dict[str, Any]) -> None:
    wire.get(HOOKS, json={"webhooks": [*hooks]})


def rows(wire: Any, campaigns: Any = (), stages: Any = ()) -> None:
    wire.get(CAMPAIGNS, json={"records": [*campaigns]})
    wire.get(STAGES, json={"records": [*stages]})


def begun(wire: Any, airtable: AirtableConnector) -> Any:
    """What is remembered of the log after a listing, which wrote nothing by itself."""
    rows(wire)
    list(airtable.fetch())
    assert {call.request.method for call in wire.calls} == {"GET"}
    text = airtable.position()
    assert text is not None
    assert airtable.position() == text
    return json.loads(text)["log"]


def payload(table: str = "tblC", **changes: Any) -> dict[str, Any]:
    return {"timestamp": "2026-10-08T07:08:33.000Z", "payloadFormat": "v0", "changedTablesById": {table: changes}}


def noted(wire: Any, *payloads: dict[str, Any], cursor: int | None = None, more: bool = False) -> None:
    wire.get(PAYLOADS, json={
        "cursor": 5 + len(payloads) if cursor is None else cursor, "mightHaveMore": more, "payloads": [*payloads],
    })  # fmt: skip
