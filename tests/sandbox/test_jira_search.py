"""Searching and fetching many issues in the Jira stand-in (reference jira §4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import ask
from tests.sandbox.sites import Jira, basic

ALL = "project = CAM ORDER BY updated ASC, key ASC"


def switch(jira: Jira, name: str, value: Any) -> None:
    jira.server.human("switch", {"name": name, "value": value})


def pages(jira: Jira, size: int, **more: Any) -> list[list[str]]:
    found, token = [], None
    while True:
        body = {"fields": ["key"], "maxResults": size, "nextPageToken": token} | more
        status, answer = jira.search(ALL, **body)
        assert status == 200, answer
        found.append([issue["key"] for issue in answer["issues"]])
        token = answer.get("nextPageToken")
        assert answer["isLast"] is (token is None)
        if token is None:
            return found


def test_pages_follow_by_token_until_the_last() -> None:
    jira = Jira()
    found = pages(jira, 4)
    assert [len(page) for page in found[:-1]] == [4] * (len(found) - 1)
    keys = [key for page in found for key in page]
    assert len(keys) == len(set(keys)) == len(jira.server.state.issues)


def test_a_short_page_need_not_be_the_last() -> None:
    jira = Jira()
    switch(jira, "short_pages", True)
    found = pages(jira, 6)
    assert len(found[0]) == 4
    assert len([key for page in found for key in page]) == len(jira.server.state.issues)


def test_an_issue_that_is_touched_while_paging_is_seen_again_and_none_is_lost() -> None:
    jira = Jira()
    status, first = jira.search(ALL, fields=["key"], maxResults=3)
    assert status == 200
    touched = first["issues"][0]["key"]
    jira.world.advance(60)
    assert jira.edit(touched, summary="Touched")[0] == 204
    rest = jira.search(ALL, fields=["key"], maxResults=5000, nextPageToken=first["nextPageToken"])[1]["issues"]
    keys = [issue["key"] for issue in rest]
    assert keys[-1] == touched
    assert len(keys) + 3 == len(jira.server.state.issues) + 1


@pytest.mark.parametrize("age", [0, 8 * 86400])
def test_a_token_is_bound_to_its_query_and_ages(age: int) -> None:
    jira = Jira()
    token = jira.search(ALL, maxResults=1)[1]["nextPageToken"]
    jira.world.advance(age)
    query = ALL if age else "project = CAM"
    status, answer = jira.search(query, nextPageToken=token)
    assert (status, answer["errorMessages"]) == (400, ["The provided next page token is invalid or expired."])


def test_only_the_id_comes_without_fields() -> None:
    answer = Jira().search("key = CAM-1")[1]
    assert answer == {"issues": [{"id": "10401"}], "isLast": True}


@pytest.mark.parametrize(
    "body",
    [{"colour": "red"}, {"fields": "summary"}, {"maxResults": "5"}, {"startAt": 0}, {"reconcileIssues": ["CAM-1"]}],
)
def test_an_undeclared_member_or_type_is_refused(body: dict[str, Any]) -> None:
    status, answer = Jira().search("project = CAM", **body)
    assert status == 400
    assert "Invalid request payload" in answer["errorMessages"][0]


def test_null_and_empty_members_count_as_absent() -> None:
    status, _ = Jira().search("project = CAM", expand=None, reconcileIssues=[], nextPageToken=None, properties=None)
    assert status == 200


@pytest.mark.parametrize("size", [0, 5001])
def test_the_size_of_a_page_has_bounds(size: int) -> None:
    answer = Jira().search("project = CAM", maxResults=size)[1]
    assert answer["errorMessages"] == ["The max results parameter has to be between 1 and 5,000."]


def test_search_lags_but_reconciled_ids_get_and_bulkfetch_do_not() -> None:
    jira = Jira(campaigns=0)
    key = jira.create(summary="Before")
    id = jira.ask("GET", f"/issue/{key}")[1]["id"]
    switch(jira, "index_lag_seconds", 5.0)
    jira.edit(key, summary="After")
    new = jira.create(summary="New")

    def seen(**more: Any) -> list[str]:
        issues = jira.search("project = CAM ORDER BY key", fields=["summary"], **more)[1]["issues"]
        return [issue["fields"]["summary"] for issue in issues]

    assert seen() == ["Before"]
    assert seen(reconcileIssues=[int(id)]) == ["After"]
    assert jira.fields(key)["summary"] == "After"
    fetched = jira.ask("POST", "/issue/bulkfetch", body={"issueIdsOrKeys": [new], "fields": ["summary"]})[1]
    assert fetched["issues"][0]["fields"] == {"summary": "New"}
    jira.world.advance(5)
    assert seen() == ["After", "New"]


def test_a_deleted_issue_lingers_in_a_lagging_search() -> None:
    jira = Jira(campaigns=0)
    key = jira.create()
    switch(jira, "index_lag_seconds", 5.0)
    assert jira.ask("DELETE", f"/issue/{key}")[0] == 204
    assert jira.keys("project = CAM") == [key]
    assert jira.ask("GET", f"/issue/{key}")[0] == 404
    jira.world.advance(5)
    assert jira.keys("project = CAM") == []


def test_bulkfetch_names_neither_the_missing_nor_why() -> None:
    jira = Jira()
    body = {"issueIdsOrKeys": ["cam-2", "10401", "CAM-99999"], "fields": ["summary"], "expand": ["names"]}
    status, answer = jira.ask("POST", "/issue/bulkfetch", body=body)
    assert status == 200
    assert [issue["key"] for issue in answer["issues"]] == ["CAM-1", "CAM-2"]
    assert answer["issueErrors"] == []
    assert answer["issues"][0]["names"] == {"summary": "Summary"}


@pytest.mark.parametrize("count", [0, 101])
def test_bulkfetch_takes_one_to_a_hundred(count: int) -> None:
    body = {"issueIdsOrKeys": [str(10401 + n) for n in range(count)]}
    assert Jira().ask("POST", "/issue/bulkfetch", body=body)[0] == 400


def test_anonymous_callers_are_not_refused_but_see_nothing() -> None:
    jira = Jira()
    for jql in ("project = CAM", "colour = red", 'updated > "never"'):
        assert jira.anonymous("POST", "/search/jql", {"jql": jql}) == (200, {"issues": [], "isLast": True})
    assert jira.anonymous("GET", "/myself")[0] == 401
    assert jira.anonymous("GET", "/issue/CAM-1")[0] == 404
    wrong = basic("sync@acme.example", "wrong")
    assert ask(jira.server.app, "GET", "/rest/api/3/myself", headers=wrong)[0] == 401
    assert ask(jira.server.app, "GET", "/rest/api/3/serverInfo", headers=wrong)[0] == 200


def test_the_old_search_is_gone() -> None:
    for method in ("GET", "POST"):
        status, answer = Jira().ask(method, "/search", body={} if method == "POST" else None)
        assert status == 410
        assert "/rest/api/3/search/jql" in answer["errorMessages"][0]


def test_an_unknown_path_is_a_problem() -> None:
    status, answer = Jira().ask("GET", "/nonsense")
    assert status == 404
    assert answer == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "No endpoint GET /rest/api/3/nonsense.",
        "instance": "/rest/api/3/nonsense",
    }


def test_a_parameter_of_another_type_is_a_problem() -> None:
    status, answer = Jira().ask("GET", "/search/jql", {"jql": "key = CAM-1", "maxResults": "many"})
    assert (status, answer["title"], answer["instance"]) == (400, "Bad Request", "/rest/api/3/search/jql")


def test_search_by_get_takes_lists_in_either_form() -> None:
    jira = Jira()
    query = [("jql", "key = CAM-1"), ("fields", "summary,labels"), ("fields", "status"), ("expand", "changelog")]
    status, answer = jira.ask("GET", "/search/jql", query)
    assert status == 200
    assert set(answer["issues"][0]["fields"]) == {"summary", "labels", "status"}
    assert answer["issues"][0]["changelog"]["total"] == 0


def test_a_count_is_estimated() -> None:
    jira = Jira(campaigns=0)
    jira.create()
    assert jira.ask("POST", "/search/approximate-count", body={"jql": "project = CAM"}) == (200, {"count": 1})


def test_histories_are_fetched_in_bulk_by_date() -> None:
    jira = Jira()
    for number, key in enumerate(("CAM-2", "CAM-1", "CAM-2")):
        jira.world.advance(60)
        jira.edit(key, summary=f"{number}", duedate="2026-12-01")
    body: dict[str, Any] = {"issueIdsOrKeys": ["CAM-1", "10402", "GONE-1"], "fieldIds": ["summary"], "maxResults": 2}
    first = jira.ask("POST", "/changelog/bulkfetch", body=body)[1]
    assert [(log["issueId"], len(log["changeHistories"])) for log in first["issueChangeLogs"]] == [
        ("10402", 1), ("10401", 1)
    ]  # fmt: skip
    last = jira.ask("POST", "/changelog/bulkfetch", body=body | {"nextPageToken": first["nextPageToken"]})[1]
    assert [log["issueId"] for log in last["issueChangeLogs"]] == ["10402"]
    assert "nextPageToken" not in last
    assert jira.ask("POST", "/changelog/bulkfetch", body={"issueIdsOrKeys": []})[0] == 400


def test_fields_are_found_in_pages() -> None:
    jira = Jira()
    page = jira.ask("GET", "/field/search", {"query": "s", "maxResults": "2"})[1]
    assert (len(page["values"]), page["isLast"]) == (2, False)


def test_many_users_are_read_at_once_and_the_gone_are_listed() -> None:
    jira = Jira()
    ann, tomas = (str(jira.company.member(name).jira_account) for name in ("ann", "tomas"))
    found = jira.ask("GET", "/user/bulk", [("accountId", ann), ("accountId", tomas), ("accountId", "x")])[1]
    assert [user["active"] for user in found["values"]] == [True, False]
    assert tomas in [user["accountId"] for user in jira.ask("GET", "/users/search")[1]]
    switch(jira, "hide_emails", True)
    assert jira.ask("GET", "/user/search", {"query": "ann@acme"})[1] == []


def test_what_is_archived_is_neither_searched_nor_fetched() -> None:
    jira = Jira()
    jira.human("archive", issue="CAM-1")
    assert "CAM-1" not in jira.keys("project = CAM")
    assert jira.ask("POST", "/issue/bulkfetch", body={"issueIdsOrKeys": ["CAM-1"]})[1]["issues"] == []
    assert jira.ask("GET", "/issue/CAM-1")[0] == 200
    jira.human("unarchive", issue="CAM-1")
    assert "CAM-1" in jira.keys("project = CAM")
