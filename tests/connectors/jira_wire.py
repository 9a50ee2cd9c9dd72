"""Canned answers of a Jira site, Cloud or Data Center, for tests of single exchanges."""

from __future__ import annotations

import json
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import responses

from connectors.jira import JiraConnector
from sync.errors import SyncError
from sync.model import Kind, Record, Ref
from sync.ports import Change, Failed, Outcome

SITE = "https://acme.atlassian.net"
API = f"{SITE}/rest/api/3"
HOUSE = "https://jira.acme.example/jira"
HOUSE_API = f"{HOUSE}/rest/api/2"
TOKEN = "ATATT3xFfGF0-made-up-token-1234567890"

EPIC_STATUSES = {"10100": "Planned", "10101": "In Progress", "10106": "Sent", "10107": "Cancelled"}
TASK_STATUSES = {"10110": "To Do", "10113": "Done"}


def connector(**changes: Any) -> JiraConnector:
    """One that never waits."""
    options: dict[str, Any] = {
        "url": SITE, "email": "sync@acme.example", "token": TOKEN, "project": "CAM", "per_second": None,
        "sleep": lambda _seconds: None, "rng": lambda: 0.5,
    }  # fmt: skip
    return JiraConnector("jira", **(options | changes))


def house_connector(**changes: Any) -> JiraConnector:
    """One to a Data Center, with a personal access token."""
    return connector(**({"url": HOUSE, "email": None, "token": "NjE2-made-up-pat"} | changes))


NO_ISSUE = {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}
EMPTY = {"issues": [], "isLast": True}


class Wire(responses.RequestsMock):
    """A site with an epic and a task type. Answers to one address are given in turn; the last one stays."""

    api = API

    def __init__(self) -> None:
        super().__init__(assert_all_requests_are_fired=False)

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def site(self) -> None:
        """Whatever a connector asks to find its place."""
        self.on("GET", "serverInfo", {"versionNumbers": [1001, 0, 0], "deploymentType": "Cloud"})
        self.on("GET", "myself", {"accountId": "5b10", "displayName": "Sync"})
        self.on("GET", "project/CAM", {"id": "10000", "key": "CAM"})
        self.on(
            "GET",
            "project/CAM/statuses",
            [_type("10001", "Epic", EPIC_STATUSES), _type("10002", "Task", TASK_STATUSES)],
        )
        self.on("GET", "field", FIELDS)
        self.on("GET", "issue/createmeta/10000/issuetypes/10001", {"fields": EPIC_SCREEN, "total": len(EPIC_SCREEN)})
        self.on("GET", "issue/createmeta/10000/issuetypes/10002", {"fields": TASK_SCREEN, "total": len(TASK_SCREEN)})

    def on(self, method: str, path: str, body: Any, status: int = 200, **options: Any) -> None:
        """Answer with JSON, or with an exception that breaks the connection."""
        if isinstance(body, Exception):
            self.add(method, f"{self.api}/{path}", body=body, **options)
        elif status == 204:
            self.add(method, f"{self.api}/{path}", status=204, **options)
        else:
            self.add(method, f"{self.api}/{path}", json=body, status=status, **options)

    def sent(self, method: str, path: str) -> list[Any]:
        """The JSON bodies of the requests to one address, in order, without the mark for the history."""
        return [
            {name: one for name, one in body.items() if name != "historyMetadata"} if isinstance(body, dict) else body
            for body in self.bodies(method, path)
        ]

    def bodies(self, method: str, path: str) -> list[Any]:
        """The same as they went over the wire."""
        calls = [c.request for c in self.calls if c.request.method == method]
        found = [c for c in calls if str(c.url).partition("?")[0] == f"{self.api}/{path}"]
        return [json.loads(c.body) if c.body else None for c in found]

    def asked(self, path: str, name: str) -> list[str]:
        """The values of a query parameter in the requests to one address, in order."""
        urls = [urlsplit(str(c.request.url)) for c in self.calls]
        return [parse_qs(url.query)[name][0] for url in urls if url.path.endswith(path)]


class House(Wire):
    """The same company's Data Center: stages hang on epics by a field, and every answer says whom it is for."""

    api = HOUSE_API

    def site(self) -> None:
        headers = {"X-AUSERNAME": "sync"}
        self.on("GET", "serverInfo", {"versionNumbers": [10, 3, 24], "deploymentType": "Server", "baseUrl": HOUSE})
        self.on("GET", "myself", {"name": "sync", "key": "JIRAUSER10100"}, headers=headers)
        self.on("GET", "project/CAM", {"id": "10000", "key": "CAM"}, headers=headers)
        types = [_type("10001", "Epic", EPIC_STATUSES), _type("10002", "Task", TASK_STATUSES)]
        types.append(_type("10003", "Sub-task", TASK_STATUSES) | {"subtask": True})
        self.on("GET", "project/CAM/statuses", types)
        self.on("GET", "field", [*FIELDS, EPIC_LINK, EPIC_NAME])
        for native, screen in (("10001", [*EPIC_SCREEN, {"fieldId": EPIC_NAME["id"], **_SET}]), ("10002", TASK_SCREEN)):
            half = {"values": screen[:1], "total": len(screen), "isLast": False}
            self.on("GET", f"issue/createmeta/10000/issuetypes/{native}", half)
            rest = {"values": screen[1:], "total": len(screen), "isLast": True}
            self.on("GET", f"issue/createmeta/10000/issuetypes/{native}", rest)
        self.on("GET", "issue/createmeta/10000/issuetypes/10003", {"values": TASK_SCREEN, "total": len(TASK_SCREEN)})


def issue(native: str = "10451", **fields: Any) -> dict[str, Any]:
    """An epic as search and bulkfetch show it. `properties` goes beside the fields."""
    properties = fields.pop("properties", {})
    return {
        "id": native,
        "key": f"CAM-{int(native) - 10434}",
        "properties": properties,
        "fields": {
            "summary": "Spring launch", "labels": [], "status": {"id": "10100", "name": "Planned"},
            "issuetype": {"id": "10001", "name": "Epic"}, "project": {"id": "10000", "key": "CAM"},
            "updated": "2026-10-08T07:08:33.123-0800",
        } | fields,
    }  # fmt: skip


def task(native: str, parent: str | None = None, **fields: Any) -> dict[str, Any]:
    """A task under an epic."""
    above = {"parent": {"id": parent, "key": "CAM-1"}} if parent else {}
    status = {"id": "10110", "name": "To Do"}
    return issue(native, **({"issuetype": {"id": "10002", "name": "Task"}, "status": status} | above | fields))


def epic_record(native: str = "10451", marker: str | None = None, **fields: Any) -> Record:
    """An epic as the connector gives it."""
    shown = {"summary": "Spring launch", "labels": [], "status": {"id": "10100", "name": "Planned"}} | fields
    return Record(Ref("jira", Kind.CAMPAIGN, native), shown, marker=marker, key=f"CAM-{int(native) - 10434}")


def one(made: JiraConnector, change: Change) -> Outcome:
    """What becomes of a single change."""
    (outcome,) = made.write([change])
    return outcome


def error_of(outcome: Outcome) -> SyncError:
    """Why a change failed."""
    assert isinstance(outcome, Failed)
    return outcome.error


def transitions(*ids: str) -> dict[str, Any]:
    """What the workflow of an epic offers, by the status it leads to."""
    offered = [{"id": f"1{id_}", "name": "Go", "to": {"id": id_, "name": EPIC_STATUSES[id_]}} for id_ in ids]
    return {"transitions": offered}


def _type(native: str, name: str, statuses: dict[str, str]) -> dict[str, Any]:
    return {"id": native, "name": name, "statuses": [{"id": id_, "name": shown} for id_, shown in statuses.items()]}


def _field(native: str, name: str, **schema: Any) -> dict[str, Any]:
    return {"id": native, "name": name, "schema": schema}


_CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes"
FIELDS = [
    _field("summary", "Summary", type="string", system="summary"),
    _field("description", "Description", type="string", system="description"),
    _field("duedate", "Due date", type="date", system="duedate"),
    _field("assignee", "Assignee", type="user", system="assignee"),
    _field("labels", "Labels", type="array", items="string", system="labels"),
    _field("status", "Status", type="status", system="status"),
    _field("created", "Created", type="datetime", system="created"),
    _field("creator", "Creator", type="user", system="creator"),
    _field("attachment", "Attachment", type="array", items="attachment", system="attachment"),
    _field("issuetype", "Issue Type", type="issuetype", system="issuetype"),
    {"id": "thumbnail", "name": "Images"},
    _field("customfield_10031", "Program", type="option", custom=f"{_CUSTOM}:select"),
    _field("customfield_10032", "Audiences", type="array", items="option", custom=f"{_CUSTOM}:multiselect"),
    _field("customfield_10036", "Notes", type="string", custom=f"{_CUSTOM}:textarea"),
    _field("customfield_10040", "Delivered", type="number", custom=f"{_CUSTOM}:float"),
    _field("customfield_10099", "Region", type="option") | {"scope": {"type": "PROJECT", "project": {"id": "10777"}}},
]
_SET = {"operations": ["set"]}
EPIC_LINK = _field("customfield_10008", "Epic Link", type="any", custom="com.pyxis.greenhopper.jira:gh-epic-link")
EPIC_NAME = _field("customfield_10009", "Epic Name", type="string", custom="com.pyxis.greenhopper.jira:gh-epic-label")
EPIC_SCREEN = [
    {"fieldId": "summary", **_SET},
    {"fieldId": "description", **_SET},
    {"fieldId": "labels", "operations": ["add", "set", "remove"]},
    {"fieldId": "customfield_10031", "allowedValues": [{"id": "1", "value": "Newsletter"}], **_SET},
    {"fieldId": "customfield_10032", "allowedValues": [{"id": "7", "value": "VIP"}], "operations": ["add", "set"]},
]
TASK_SCREEN = [{"fieldId": "summary", **_SET}, {"fieldId": "duedate", **_SET}, {"fieldId": "labels", **_SET}]
