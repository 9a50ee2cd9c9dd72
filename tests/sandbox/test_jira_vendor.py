"""The Jira stand-in's answers against the vendor's own descriptions: each endpoint of Cloud and of Data Center."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox import exchanges
from connectors.sandbox.company import make_company
from connectors.sandbox.jira import JiraServer
from connectors.sandbox.world import World
from tests.sandbox.desk import Answer, ask
from tests.sandbox.sites import NOW, basic
from tests.sandbox.vendor import Witness, needs_descriptions, pairs, told

pytestmark = needs_descriptions

API = {"cloud": "/rest/api/3", "dc": "/rest/api/2"}
DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}],
}
TEXT = {"cloud": DOCUMENT, "dc": "Hi"}
SEARCH = {"jql": "project = CAM", "fields": ["*all"], "expand": "changelog,names,schema,transitions,editmeta"}
FETCH = {"issueIdsOrKeys": ["CAM-1", "CAM-2"], "expand": ["changelog"], "properties": ["x"]}
EPIC = {"project": {"key": "CAM"}, "issuetype": {"id": "10001"}, "summary": "X"}
LINK = {"globalId": "a", "object": {"url": "https://x.example", "title": "A"}}
HOOK = {"events": ["jira:issue_updated"], "jqlFilter": "project = CAM"}
TOLD = {"type": "sync", "description": "By a program.", "generator": {"id": "sync", "type": "application"}}
EVERYTHING = "expand=changelog,transitions,editmeta,names,schema&properties=*all"
BOTH = ("cloud", "dc")


class Site:
    """A site of one flavour with an issue CAM-1 that has a history, a comment, a link and a property."""

    def __init__(self, flavour: str) -> None:
        self.flavour, self.world = flavour, World(1, NOW)
        self.server = JiraServer(self.world, flavour)
        self.server.seed(make_company(1, 2, NOW))
        credentials = self.server.credentials()
        self.login = basic(credentials["user"], credentials.get("password", credentials["token"]))
        edited = {"as": "ann@acme.example", "issue": "CAM-1", "fields": {"Status": "Sent", "duedate": None}}
        self.server.human("edit", edited)
        self.ask("PUT", "/issue/CAM-1", body={"fields": {"duedate": "2026-10-12"}, "historyMetadata": TOLD})
        self.comment = self.ask("POST", "/issue/CAM-1/comment", body={"body": TEXT[flavour]})[1]["id"]
        self.ask("POST", "/issue/CAM-1/remotelink", body=LINK)
        self.ask("PUT", "/issue/CAM-1/properties/x", body={"a": 1})

    def ask(self, method: str, path: str, query: Any = (), body: Any = None) -> Answer:
        return ask(self.server.app, method, f"{API[self.flavour]}{path}", query, body, self.login)


def judge(flavour: str, method: str, address: str, body: Any, monkeypatch: pytest.MonkeyPatch, status: int = 0) -> None:
    """The vendor has nothing against the exchange. `status`: what it must be answered with; 0 is any success."""
    site, witness = Site(flavour), Witness()
    monkeypatch.setattr(exchanges, "observers", [*exchanges.observers, witness.hear])
    path, _, query = address.partition("?")
    answered, answer = site.ask(method, path.replace("COMMENT", site.comment), pairs(query), body)
    assert answered == status if status else answered < 300, answer
    assert (found := witness.judgement()) == [], told(found)


@pytest.mark.parametrize("flavour", BOTH)
@pytest.mark.parametrize(
    "path",
    [
        "/serverInfo", "/myself", "/field", "/status", "/priority",
        "/resolution", "/issuetype", "/project", "/project/CAM", "/project/CAM/statuses", "/project/CAM/components",
        "/project/CAM/versions",
        "/issue/createmeta/CAM/issuetypes", "/issue/createmeta/CAM/issuetypes/10001",
        "/issue/createmeta/CAM/issuetypes/10002",
        f"/issue/CAM-1?{EVERYTHING}", "/issue/CAM-1/transitions?expand=transitions.fields", "/issue/CAM-1/editmeta",
        "/issue/CAM-1/properties", "/issue/CAM-1/properties/x", "/issue/CAM-1/remotelink", "/issue/CAM-1/comment",
    ],
)  # fmt: skip
def test_reading(flavour: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(flavour, "GET", path, None, monkeypatch)


@pytest.mark.parametrize(
    "path",
    [
        "/field/search", "/project/search", "/issue/CAM-1/changelog", "/search/jql?jql=project = CAM",
        "/user/search?query=a", "/user/assignable/search?project=CAM", "/users/search",
        "/mypermissions?permissions=BROWSE_PROJECTS",
    ],
)  # fmt: skip
def test_reading_on_cloud(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    judge("cloud", "GET", path, None, monkeypatch)


@pytest.mark.parametrize(
    "path",
    [
        "/search?jql=project = CAM&expand=names,schema", "/user?username=sync", "/user/search?username=.",
        "/user/assignable/search?project=CAM&username=a", "/mypermissions", "/issue/CAM-1/subtask",
    ],
)  # fmt: skip
def test_reading_on_data_center(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    judge("dc", "GET", path, None, monkeypatch)


@pytest.mark.parametrize("flavour", BOTH)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/issue/CAM-1", {"fields": {"summary": "Y"}}),
        ("PUT", "/issue/CAM-1", {"update": {"labels": [{"add": "a"}, {"remove": "b"}]}}),
        ("PUT", "/issue/CAM-1", {"fields": {"summary": "Y"}, "historyMetadata": TOLD}),
        ("POST", "/issue/CAM-1/transitions", {"transition": {"id": "41"}}),
        ("POST", "/issue/CAM-1/transitions", {"transition": {"id": "41"}, "historyMetadata": TOLD}),
        ("PUT", "/issue/CAM-1/properties/y", {"a": 1}),
        ("DELETE", "/issue/CAM-1/properties/x", None),
        ("POST", "/issue/CAM-1/remotelink", LINK),
        ("DELETE", "/issue/CAM-1/remotelink?globalId=a", None),
        ("DELETE", "/issue/CAM-1/comment/COMMENT", None),
        ("DELETE", "/issue/CAM-1?deleteSubtasks=true", None),
    ],
)
def test_writing(flavour: str, method: str, path: str, body: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(flavour, method, path, body, monkeypatch)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/search/jql", SEARCH),
        ("POST", "/search/approximate-count", {"jql": "project = CAM"}),
        ("POST", "/jql/parse?validation=strict", {"queries": ["project = CAM", "project = "]}),
        ("POST", "/jql/match", {"jqls": ["project = CAM"], "issueIds": [10001]}),
        ("POST", "/issue/bulkfetch", FETCH),
        ("POST", "/changelog/bulkfetch", {"issueIdsOrKeys": ["CAM-1"]}),
        ("POST", "/issue", {"fields": EPIC, "transition": {"id": "41"}}),
        ("POST", "/issue/bulk", {"issueUpdates": [{"fields": EPIC}, {"fields": {"summary": "X"}}]}),
        ("PUT", "/issue/CAM-1/assignee", {"accountId": "-1"}),
        ("PUT", "/issue/CAM-1?returnIssue=true", {"fields": {"summary": "Y"}}),
        ("POST", "/issue/CAM-1/comment", {"body": DOCUMENT}),
        ("PUT", "/issue/CAM-1/comment/COMMENT", {"body": DOCUMENT}),
    ],
)
def test_writing_on_cloud(method: str, path: str, body: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    judge("cloud", method, path, body, monkeypatch)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/search", {"jql": "project = CAM", "fields": ["*all"]}),
        ("POST", "/issue", {"fields": EPIC | {"customfield_10011": "X"}}),
        ("POST", "/issue/bulk", {"issueUpdates": [{"fields": EPIC | {"customfield_10011": "X"}}]}),
        ("PUT", "/issue/CAM-1/assignee", {"name": "sync"}),
        ("POST", "/issue/CAM-1/comment", {"body": "Hi"}),
        ("PUT", "/issue/CAM-1/comment/COMMENT", {"body": "Ho"}),
    ],
)
def test_writing_on_data_center(method: str, path: str, body: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    judge("dc", method, path, body, monkeypatch)


@pytest.mark.parametrize("flavour", BOTH)
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/issue/CAM-999", None, 404),
        ("POST", "/issue", {"fields": {}, "update": {"labels": []}}, 400),
        ("POST", "/issue/bulk", {"issueUpdates": [{"fields": {"summary": "X"}}]}, 400),
        ("PUT", "/issue/CAM-1", {"fields": {"nowhere": 1}}, 400),
        ("GET", "/project/NONE", None, 404),
    ],
)
def test_refusing(
    flavour: str, method: str, path: str, body: Any, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(flavour, method, path, body, monkeypatch, status)
