"""The Jira stand-in's answers against the vendor's own description."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.sites import Jira
from tests.sandbox.vendor import description

DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}],
}
SEARCH = {"jql": "project = CAM", "fields": ["*all"], "expand": "changelog,names,schema,transitions,editmeta"}
FETCH = {"issueIdsOrKeys": ["CAM-1", "CAM-2"], "expand": ["changelog"], "properties": ["x"]}
EPIC = {"project": {"key": "CAM"}, "issuetype": {"id": "10001"}, "summary": "X"}
LINK = {"globalId": "a", "object": {"url": "https://x.example", "title": "A"}}


def request(jira: Jira, method: str, path: str, query: Any = (), body: Any = None) -> None:
    vendor = description("jira-cloud-v3.json")
    status, answer = jira.ask(method, path, query, body)
    found = vendor.complaints(method, vendor.template(f"/rest/api/3{path}"), status, answer)
    # The description has no nulls, but a history of empty fields does (§5.12, examples).
    assert [complaint for complaint in found if "None is not of type" not in complaint] == []


@pytest.mark.parametrize(
    "path",
    [
        "/serverInfo", "/myself", "/field", "/status", "/priority", "/issuetype", "/project/CAM",
        "/project/CAM/statuses",
        "/issue/createmeta/CAM/issuetypes", "/issue/createmeta/CAM/issuetypes/10001",
        "/issue/createmeta/CAM/issuetypes/10002", "/user/search?query=a", "/user/assignable/search?project=CAM",
        "/issue/CAM-1?expand=changelog,transitions,editmeta,names,schema&properties=*all", "/issue/CAM-1/transitions",
        "/issue/CAM-1/changelog", "/issue/CAM-1/editmeta", "/issue/CAM-1/properties", "/issue/CAM-1/remotelink",
        "/issue/CAM-1/comment", "/search/jql?jql=project%20%3D%20CAM", "/project/search",
    ],
)  # fmt: skip
def test_reading(path: str) -> None:
    jira = Jira()
    jira.server.human(
        "edit", {"as": "ann@acme.example", "issue": "CAM-1", "fields": {"Status": "Sent", "duedate": None}}
    )
    jira.ask("POST", "/issue/CAM-1/comment", body={"body": DOCUMENT})
    jira.ask("POST", "/issue/CAM-1/remotelink", body=LINK)
    jira.ask("PUT", "/issue/CAM-1/properties/x", body={"a": 1})
    bare, _, query = path.partition("?")
    pairs = [tuple(pair.split("=", 1)) for pair in query.replace("%20%3D%20", " = ").split("&") if pair]
    request(jira, "GET", bare, pairs)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/search/jql", SEARCH),
        ("POST", "/search/approximate-count", {"jql": "project = CAM"}),
        ("POST", "/issue/bulkfetch", FETCH),
        ("POST", "/issue", {"fields": EPIC, "transition": {"id": "41"}}),
        ("POST", "/issue", {"fields": {}, "update": {"labels": []}}),
        ("POST", "/issue/bulk", {"issueUpdates": [{"fields": EPIC}, {"fields": {"summary": "X"}}]}),
        ("PUT", "/issue/CAM-1", {"fields": {"summary": "Y"}}),
        ("POST", "/issue/CAM-1/transitions", {"transition": {"id": "41"}}),
        ("PUT", "/issue/CAM-1/properties/x", {"a": 1}),
        ("POST", "/issue/CAM-1/remotelink", LINK),
        ("POST", "/issue/CAM-1/comment", {"body": DOCUMENT}),
        ("PUT", "/issue/CAM-1/assignee", {"accountId": None}),
        ("DELETE", "/issue/CAM-1", None),
    ],
)
def test_writing(method: str, path: str, body: Any) -> None:
    if path.endswith("/properties/x"):  # the description leaves the shape of this answer open
        assert Jira().ask(method, path, body=body)[0] == 201
        return
    request(Jira(), method, path, body=body)
