"""Jira Data Center: the same company on the other flavour of the stand-in (reference jira §1-§2, §4.1, §5.9)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.sites import Jira, basic, bearer

EPIC_LINK, EPIC_NAME = "customfield_10014", "customfield_10011"


def data_center(campaigns: int = 2, **settings: Any) -> Jira:
    return Jira(campaigns, flavour="dc", **settings)


def epic(**fields: Any) -> dict[str, Any]:
    whole = {"project": {"key": "CAM"}, "issuetype": {"name": "Epic"}, "summary": "X", EPIC_NAME: "X"}
    return {name: value for name, value in (whole | fields).items() if value is not None}


def made(jira: Jira, **fields: Any) -> str:
    status, answer = jira.ask("POST", "/issue", body={"fields": epic(**fields)})
    assert status == 201, answer
    return str(answer["key"])


def found(jira: Jira, jql: str, **more: Any) -> dict[str, Any]:
    status, answer = jira.ask("POST", "/search", body={"jql": jql, "fields": ["summary"], **more})
    assert status == 200, answer
    return dict(answer)


def test_it_says_what_it_is() -> None:
    info = data_center().ask("GET", "/serverInfo")[1]
    assert (info["deploymentType"], info["versionNumbers"][0]) == ("Server", 10)
    jira = data_center()
    jira.human("switch", name="deployment_type", value="DataCenter")
    assert jira.ask("GET", "/serverInfo", version="latest")[1]["deploymentType"] == "DataCenter"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/rest/api/3/myself"), ("POST", "/rest/api/2/search/jql"), ("POST", "/rest/api/2/issue/bulkfetch"),
        ("POST", "/rest/api/2/search/approximate-count"), ("POST", "/rest/api/2/jql/match"),
        ("GET", "/rest/api/2/issue/CAM-1/changelog"), ("POST", "/rest/api/2/webhook"),
        ("GET", "/rest/api/2/issue/createmeta"), ("GET", "/ex/jira/x/rest/api/2/myself"),
    ],
)  # fmt: skip
def test_what_only_the_cloud_has_is_missing(method: str, path: str) -> None:
    assert data_center().whole(method, path)[0] in (404, 405)


def test_search_pages_by_offset_with_a_total() -> None:
    jira = data_center()
    everything = len(jira.server.state.issues)
    first = found(jira, "project = CAM ORDER BY key", maxResults=4)
    second = found(jira, "project = CAM ORDER BY key", maxResults=4, startAt=4)
    keys = [issue["key"] for issue in (*first["issues"], *second["issues"])]
    assert keys == [f"CAM-{n}" for n in range(1, 9)]
    assert (first["total"], first["startAt"], first["maxResults"]) == (everything, 0, 4)
    query = [("jql", "project = CAM"), ("startAt", str(everything + 5)), ("maxResults", "5000"), ("fields", "summary")]
    status, beyond = jira.ask("GET", "/search", query)
    assert (status, beyond["issues"], beyond["maxResults"]) == (200, [], 1000)


def test_a_query_need_not_be_bounded_and_a_bad_one_may_be_let_through() -> None:
    jira = data_center()
    assert found(jira, "ORDER BY key")["total"] == found(jira, "")["total"] > 0
    assert jira.ask("POST", "/search", body={"jql": "colour = red"})[0] == 400
    assert jira.ask("POST", "/search", body={"jql": "project = CAM", "colour": 1})[0] == 400
    lenient = found(jira, "status = Lost", validateQuery=False)
    assert lenient["issues"] == []
    assert "does not exist" in lenient["warningMessages"][0]


def test_rich_text_is_wiki_text_and_comes_back_as_it_was_written() -> None:
    jira = data_center()
    brief = jira.fields("CAM-1")["description"]
    assert isinstance(brief, str)
    assert brief == Jira().ask("GET", "/issue/CAM-1", version="2")[1]["fields"]["description"]
    text = "h2. Brief\n\n* one\n** two\n|a|b|\n{code}x{code} [~ann] !pic.png!"
    assert jira.edit("CAM-1", description=text) == (204, None)
    assert jira.fields("CAM-1")["description"] == text
    document = {"type": "doc", "version": 1, "content": []}
    status, answer = jira.edit("CAM-1", description=document)
    assert (status, answer["errors"]) == (400, {"description": "Operation value must be a string"})
    assert jira.ask("POST", "/issue/CAM-1/comment", body={"body": "*hi*"})[1]["body"] == "*hi*"
    assert jira.ask("POST", "/issue/CAM-1/comment", body={"body": document})[0] == 400


def test_users_have_names_and_keys_and_addresses() -> None:
    jira = data_center()
    jira.human("switch", name="hide_emails", value=True)
    me = jira.ask("GET", "/myself")[1]
    assert (me["name"], me["key"], me["emailAddress"]) == ("sync", "JIRAUSER10100", "sync@acme.example")
    assert "accountId" not in me
    (ann,) = jira.ask("GET", "/user/search", {"username": "ann@"})[1]
    assert (ann["name"], ann["emailAddress"], ann["key"]) == ("ann", "ann@acme.example", "JIRAUSER10101")
    assert jira.ask("GET", "/user", {"key": ann["key"]})[1]["name"] == "ann"
    assert jira.ask("GET", "/user/search", {"username": "tomas"})[1] == []
    assert len(jira.ask("GET", "/user/search", {"username": "tomas", "includeInactive": "true"})[1]) == 1
    assert jira.ask("GET", "/user/assignable/search", {"project": "CAM", "username": "tomas"})[1] == []
    assert jira.ask("GET", "/user", {"username": "nobody"})[0] == 404


def test_people_are_assigned_by_name() -> None:
    jira = data_center()
    assert jira.edit("CAM-1", assignee={"name": "marta"}) == (204, None)
    assert jira.fields("CAM-1")["assignee"]["name"] == "marta"
    assert jira.edit("CAM-1", assignee={"accountId": "marta"})[0] == 400
    assert jira.edit("CAM-1", assignee={"name": "tomas"})[1]["errors"] == {
        "assignee": "User 'tomas' cannot be assigned issues."
    }
    assert jira.ask("PUT", "/issue/CAM-1/assignee", body={"name": "ann"}) == (204, None)
    assert jira.ask("PUT", "/issue/CAM-1/assignee", body={"name": None}) == (204, None)
    assert jira.fields("CAM-1")["assignee"] is None
    jira.human("permission", permission="assign", granted=False)
    assert jira.ask("PUT", "/issue/CAM-1/assignee", body={"name": "ann"})[0] == 401
    assert jira.ask("GET", "/user/assignable/search", {"project": "CAM", "username": "a"})[0] == 401


def test_a_stage_hangs_on_its_campaign_by_the_epic_link() -> None:
    jira = data_center()
    known = {field["id"]: field for field in jira.ask("GET", "/field")[1]}
    assert known[EPIC_LINK]["schema"]["custom"] == "com.pyxis.greenhopper.jira:gh-epic-link"
    task = jira.keys_by_offset('"Epic Link" = CAM-1')[0]
    fields = jira.fields(task)
    assert fields[EPIC_LINK] == "CAM-1"
    assert "parent" not in fields
    other = made(jira)
    assert jira.edit(task, **{EPIC_LINK: other}) == (204, None)
    assert jira.keys_by_offset(f"cf[10014] = {other}") == [task]
    assert jira.edit(task, **{EPIC_LINK: task})[0] == 400
    assert jira.edit(task, parent={"key": other})[1]["errors"]["parent"].startswith("Field 'parent' cannot be set.")
    assert jira.edit(task, **{EPIC_LINK: None}) == (204, None)
    assert jira.fields(task)[EPIC_LINK] is None


def test_an_epic_needs_its_epic_name() -> None:
    jira = data_center()
    body = {"fields": epic(**{EPIC_NAME: None})}
    assert jira.ask("POST", "/issue", body=body)[1]["errors"] == {EPIC_NAME: "Epic Name is required."}
    fields = jira.ask("GET", "/issue/createmeta/CAM/issuetypes/10001")[1]["values"]
    assert [f["required"] for f in fields if f["fieldId"] == EPIC_NAME] == [True]
    jira.human("switch", name="epic_name_required", value=False)
    assert jira.ask("POST", "/issue", body=body)[0] == 201
    key = jira.human("create", fields={"Summary": "By hand"})["key"]
    assert jira.fields(key)[EPIC_NAME] == "By hand"


def test_create_metadata_comes_in_pages() -> None:
    jira = data_center()
    first = jira.ask("GET", "/issue/createmeta/CAM/issuetypes", {"maxResults": "2"})[1]
    assert ([t["name"] for t in first["values"]], first["isLast"], first["total"]) == (["Epic", "Task"], False, 3)
    last = jira.ask("GET", "/issue/createmeta/CAM/issuetypes", {"startAt": "2"})[1]
    assert [(t["name"], t["subtask"]) for t in last["values"]] == [("Sub-task", True)]
    assert jira.ask("GET", "/issue/createmeta/NOPE/issuetypes")[0] == 400


def test_issues_are_made_in_bulk_with_properties() -> None:
    jira = data_center()
    marked = {"fields": epic(labels=["cs-1"]), "properties": [{"key": "campaign-sync", "value": {"entity": "1"}}]}
    status, answer = jira.ask("POST", "/issue/bulk", body={"issueUpdates": [marked, {"fields": epic(duedate="x")}]})
    assert status == 201
    assert [error["failedElementNumber"] for error in answer["errors"]] == [1]
    shown = jira.ask("GET", f"/issue/{answer['issues'][0]['key']}", {"properties": "campaign-sync"})[1]
    assert shown["properties"] == {"campaign-sync": {"entity": "1"}}


def test_the_history_comes_with_the_issue() -> None:
    jira = data_center()
    jira.edit("CAM-1", summary="Y")
    (entry,) = jira.ask("GET", "/issue/CAM-1", {"expand": "changelog"})[1]["changelog"]["histories"]
    assert (entry["author"]["name"], entry["items"][0]["toString"]) == ("sync", "Y")
    assert "historyMetadata" not in entry


def test_what_a_program_says_of_its_change_stands_in_the_history() -> None:
    jira, told = data_center(), {"type": "sync", "generator": {"id": "sync", "type": "application"}}
    jira.ask("PUT", "/issue/CAM-1", body={"fields": {"summary": "Y"}, "historyMetadata": told})
    (entry,) = jira.ask("GET", "/issue/CAM-1", {"expand": "changelog"})[1]["changelog"]["histories"]
    assert entry["historyMetadata"] == told


def test_what_is_archived_is_found_no_more_and_cannot_be_changed() -> None:
    jira = data_center()
    assert jira.ask("PUT", "/issue/CAM-1/archive") == (204, None)
    assert "CAM-1" not in jira.keys_by_offset("project = CAM")
    assert jira.ask("GET", "/issue/CAM-1")[0] == 200
    assert jira.edit("CAM-1", summary="Y")[0] == 400
    assert jira.ask("PUT", "/issue/CAM-1/restore") == (204, None)
    assert "CAM-1" in jira.keys_by_offset("project = CAM")


def test_an_id_of_no_transition_is_an_error_of_the_server() -> None:
    jira = data_center()
    assert jira.ask("POST", "/issue/CAM-1/transitions", body={"transition": {"id": "9999"}})[0] == 500
    assert jira.ask("POST", "/issue/CAM-1/transitions", body={"transition": {"id": "41"}}) == (204, None)


def test_every_answer_says_whom_it_takes_the_caller_for() -> None:
    jira = data_center()
    password = basic("sync", jira.credentials["password"])
    for login, name in ((None, "sync"), (password, "sync"), ({}, "anonymous"), (bearer("wrong"), "anonymous")):
        status, headers, answer = jira.whole("GET", "/rest/api/2/search", login=login)
        assert (status, headers["x-ausername"], answer["total"] > 0) == (200, name, name == "sync")
    failed = jira.whole("GET", "/rest/api/2/myself", login=bearer("wrong"))
    assert (failed[0], failed[1]["x-seraph-loginreason"]) == (401, "AUTHENTICATED_FAILED")
    assert failed[2] == {"message": "Client must be authenticated to access this resource.", "status-code": 401}
    assert (
        jira.whole("GET", "/rest/api/2/myself", login=basic("sync@acme.example", jira.credentials["token"]))[0] == 401
    )


def test_a_captcha_locks_everybody_out() -> None:
    jira = data_center()
    jira.human("switch", name="captcha", value=True)
    status, headers, page = jira.whole("GET", "/rest/api/2/myself")
    assert (status, page[:6]) == (401, "<html>")
    assert headers["x-authentication-denied-reason"].startswith("CAPTCHA_CHALLENGE")


def test_the_state_survives_a_restart() -> None:
    jira = data_center()
    made(jira)
    state = jira.server.dump()
    other = Jira(0, flavour="dc")
    other.server.restore(state)
    assert other.server.dump() == state
    assert other.keys_by_offset('"Epic Link" = CAM-1') == jira.keys_by_offset('"Epic Link" = CAM-1')
