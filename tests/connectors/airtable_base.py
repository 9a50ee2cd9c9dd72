"""A small Airtable base as canned JSON, and readers of what was sent to it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests import PreparedRequest

from sync.model import Kind, Record, Ref

API = "https://api.airtable.com/v0"
CAMPAIGNS, STAGES = f"{API}/appB/tblC", f"{API}/appB/tblS"
SCHEMA = {
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
