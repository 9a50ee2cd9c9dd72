"""What the connectors are asked to do, by tool: the columns of the matrix."""

from __future__ import annotations

from typing import Any

from sync.model import Kind
from sync.ports import Archive, Change, Create, Outcome, Update
from tests.faults.desk import MARKER, Desk, Operation

Oddities = tuple[tuple[str, Any], ...]

NEW_NAME = "Changed by us"
PLAN = {"kind": "instant", "at": "2026-04-01T10:00:00+00:00"}


def _only(desk: Desk, change: Change) -> Outcome:
    (outcome,) = desk.connector.write([change])
    return outcome


def _schema(desk: Desk) -> Any:
    fresh = desk.connect()
    try:
        return fresh.schema()
    finally:
        fresh.close()


def _read(desk: Desk) -> Any:
    return desk.connector.read([desk.campaign.ref])[desk.campaign.ref]


def _name(desk: Desk) -> str:
    return desk.field(Kind.CAMPAIGN, "Summary" if desk.tool == "jira" else "Name")


def _rename(desk: Desk) -> Outcome:
    return _only(desk, Update(desk.campaign, {_name(desk): NEW_NAME}))


def _renamed(desk: Desk) -> bool:
    now = desk.now(desk.campaign.ref)
    return now is not None and now.fields[_name(desk)] == NEW_NAME


def _create(desk: Desk) -> Outcome:
    fields: dict[str, Any] = {_name(desk): "Made by us"}
    if desk.tool == "klaviyo":
        fields |= {"audiences": desk.campaign.fields["audiences"], "planned": PLAN}
    return _only(desk, Create(MARKER, Kind.CAMPAIGN, fields))


def _created(desk: Desk) -> bool:
    assert desk.made() <= 1, "made twice"
    return desk.made() == 1


def _transit(desk: Desk) -> Outcome:
    return _only(desk, Update(desk.campaign, {"status": {"name": "Cancelled"}}))


def _in_transit(desk: Desk) -> bool:
    now = desk.now(desk.campaign.ref)
    return now is not None and bool(now.fields["status"]["name"] == "Cancelled")


def _move(desk: Desk) -> Outcome:
    return _only(desk, Update(desk.stage, {}, parent=desk.other.ref.native))


def _moved(desk: Desk) -> bool:
    now = desk.now(desk.stage.ref)
    return now is not None and now.parent == desk.other.ref.native


def _archive(desk: Desk) -> Outcome:
    return _only(desk, Archive(desk.stage))


def _archived(desk: Desk) -> bool:
    now = desk.now(desk.stage.ref)
    return now is None or now.locked is not None


def _attribute(desk: Desk) -> Any:
    return desk.connector.attribution(desk.campaign, "summary")


_ISSUE = r"/issue/\d+$"
_ODD_ISSUE: Oddities = (
    ("fields/summary", 5), ("fields/labels", "x"), ("fields/labels", [5]), ("fields/parent", "x"),
    ("fields/parent", {}), ("fields/updated", "yesterday"), ("fields/updated", {}), ("fields/status", []),
    ("fields/issuetype", 5), ("fields/project", "CAM"), ("key", 5), ("properties", []),
)  # fmt: skip
_ODD_ROW: Oddities = (
    ("fields/{campaign.Name}", 5), ("fields/{campaign.Tags}", "x"), ("fields/{campaign.Owner}", 5),
    ("fields/{campaign.Planned send}", {}), ("createdTime", 5),
)  # fmt: skip
_ODD_STAGE: Oddities = (
    ("fields/{stage.Title}", 5),
    ("fields/{stage.Owner}", [5]),
    ("fields/{stage.Due}", {}),
    ("createdTime", 5),
)
_ODD_CAMPAIGN: Oddities = (
    ("attributes/name", 5), ("attributes/audiences", "x"), ("attributes/audiences", {"included": [5]}),
    ("attributes/updated_at", "never"), ("attributes/updated_at", 5), ("attributes/send_strategy", []),
    ("attributes/send_time", 5), ("attributes/status", {}), ("relationships", None), ("relationships", {"tags": 5}),
    ("relationships", {"campaign-messages": {"data": [5]}}),
)  # fmt: skip


def _under(prefix: str, oddities: Oddities) -> Oddities:
    return tuple((f"{prefix}/{pointer}", value) for pointer, value in oddities)


_SEARCH = ("/issues", "/issues/0", "/issues/0/id", "/issues/0/fields")
_ROWS = ("/records", "/records/0", "/records/0/id", "/records/0/fields")
_DATA = ("/data", "/data/0", "/data/0/id", "/data/0/attributes")
_ONE = ("/data", "/data/id", "/data/attributes")

JIRA = {
    "schema": Operation(_schema, "GET", r"/field$", essentials=("/0", "/0/id", "/0/name")),
    "first page": Operation(Desk.listing, "POST", r"/search/jql$", 0, _SEARCH, _under("/issues/0", _ODD_ISSUE)),
    "later page": Operation(Desk.listing, "POST", r"/search/jql$", 2, _SEARCH, _under("/issues/0", _ODD_ISSUE)),
    "read": Operation(_read, "POST", r"/issue/bulkfetch$", 0, _SEARCH, _under("/issues/0", _ODD_ISSUE)),
    "create": Operation(_create, "POST", r"/issue/bulk$", 0, ("/issues", "/issues/0", "/issues/0/id"), holds=_created),
    "update": Operation(_rename, "PUT", _ISSUE, holds=_renamed),
    "status": Operation(_transit, "POST", r"/transitions$", holds=_in_transit),
    "move": Operation(_move, "PUT", _ISSUE, holds=_moved),
    "archive": Operation(_archive, "PUT", _ISSUE, holds=_archived),
    "attribution": Operation(_attribute, "GET", r"/changelog$", 0, ("/values",)),
}

_TABLE = r"/v0/app\w+/tbl\w+$"
AIRTABLE = {
    "schema": Operation(
        _schema, "GET", r"/tables$", 0, ("/tables", "/tables/0", "/tables/0/id", "/tables/0/name", "/tables/0/fields")
    ),
    "first page": Operation(Desk.listing, "GET", _TABLE, 0, _ROWS, _under("/records/0", _ODD_ROW)),
    "later page": Operation(Desk.listing, "GET", _TABLE, 2, _ROWS, _under("/records/0", _ODD_STAGE)),
    "read": Operation(_read, "GET", _TABLE, 0, _ROWS, _under("/records/0", _ODD_ROW)),
    "create": Operation(_create, "PATCH", _TABLE, 0, _ROWS, _under("/records/0", _ODD_ROW), _created),
    "update": Operation(_rename, "PATCH", _TABLE, 0, _ROWS, _under("/records/0", _ODD_ROW), _renamed),
    "move": Operation(_move, "PATCH", _TABLE, 0, _ROWS, _under("/records/0", _ODD_STAGE), _moved),
    "archive": Operation(_archive, "DELETE", _TABLE, 0, ("/records", "/records/0"), holds=_archived),
}

_CAMPAIGN = r"/api/campaigns/\w+$"
KLAVIYO = {
    "schema": Operation(_schema, "GET", r"/api/lists$", 0, (*_DATA, "/links")),
    "first page": Operation(
        Desk.listing, "GET", r"/api/campaigns$", 0, (*_DATA, "/links"), _under("/data/0", _ODD_CAMPAIGN)
    ),
    "later page": Operation(
        Desk.listing, "GET", r"/api/campaigns$", 1, (*_DATA, "/links"), _under("/data/0", _ODD_CAMPAIGN)
    ),
    "read": Operation(_read, "GET", _CAMPAIGN, 0, _ONE, _under("/data", _ODD_CAMPAIGN)),
    "create": Operation(_create, "POST", r"/api/campaigns$", 0, ("/data", "/data/id"), holds=_created),
    "update": Operation(_rename, "PATCH", _CAMPAIGN, 0, ("/data",), holds=_renamed),
    "archive": Operation(_archive, "DELETE", _CAMPAIGN, holds=_archived),
}
OPERATIONS = {"jira": JIRA, "airtable": AIRTABLE, "klaviyo": KLAVIYO}
COLUMNS = tuple(JIRA)
