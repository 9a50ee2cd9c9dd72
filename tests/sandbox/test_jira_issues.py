"""Single issues in the Jira stand-in: create, edit, move, delete, history (reference jira §5.1-5.7, §5.12)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.sites import Jira

DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}],
}
BAD_DOCUMENT = {"type": "doc", "version": 1, "content": [{"type": "text", "text": "loose"}]}


def create(jira: Jira, fields: dict[str, Any], **more: Any) -> tuple[int, Any]:
    return jira.ask("POST", "/issue", body={"fields": fields, **more})


def epic(**fields: Any) -> dict[str, Any]:
    return {"project": {"key": "CAM"}, "issuetype": {"id": "10001"}, "summary": "X"} | fields


def member(jira: Jira, id: str) -> str:
    return str(jira.company.member(id).jira_account)


def histories(jira: Jira, key: str) -> list[dict[str, Any]]:
    return list(jira.ask("GET", f"/issue/{key}/changelog")[1]["values"])


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"summary": "X"}, {"project": "Specify a valid project ID or key"}),
        ({"project": {"key": "NOPE"}, "summary": "X"}, {"project": "Specify a valid project ID or key"}),
        ({"project": {"id": "10000"}, "summary": "X"}, {"issuetype": "Specify an issue type"}),
        (epic(summary="x" * 256), {"summary": "Summary must be less than 255 characters."}),
        (epic(summary="a\nb"), {"summary": "The summary is invalid because it contains newline characters."}),
        (epic(customfield_10031={"value": "Fax"}), {"customfield_10031": "Option value 'Fax' is not valid"}),
        (epic(customfield_10031={"id": "1"}), {"customfield_10031": "Option id '1' is not valid"}),
        (epic(duedate="12.10.2026"), {"duedate": "Error parsing date string: 12.10.2026"}),
        (epic(duedate="2026-02-30"), {"duedate": "Error parsing date string: 2026-02-30"}),
        (
            epic(customfield_10034="2026-10-08T07:08:33Z"),
            {"customfield_10034": "Error parsing time: 2026-10-08T07:08:33Z"},
        ),
        (epic(labels=["two words"]), {"labels": "The label 'two words' contains spaces which is invalid."}),
        (epic(customfield_10040="many"), {"customfield_10040": "Operation value must be a number"}),
        (epic(assignee={"accountId": "nobody"}), {"assignee": "User 'nobody' does not exist."}),
        (
            epic(description="plain"),
            {"description": "Operation value must be an Atlassian Document (see the Atlassian Document Format)"},
        ),
        (
            epic(status={"name": "Sent"}),
            {"status": "Field 'status' cannot be set. It is not on the appropriate screen, or unknown."},
        ),
        (
            epic(customfield_10030={"value": "Design"}),
            {
                "customfield_10030": "Field 'customfield_10030' cannot be set."
                " It is not on the appropriate screen, or unknown."
            },
        ),
    ],
)
def test_a_value_that_a_field_does_not_take_is_refused_by_field(fields: dict[str, Any], errors: dict[str, str]) -> None:
    jira = Jira(campaigns=0)
    assert create(jira, fields) == (400, {"errorMessages": [], "errors": errors})
    assert jira.keys("project = CAM") == []


def test_a_document_with_a_misplaced_node_is_refused() -> None:
    status, answer = create(Jira(campaigns=0), epic(description=BAD_DOCUMENT))
    assert (status, answer["errorMessages"]) == (400, ["INVALID_INPUT"])


def test_an_inactive_person_cannot_be_assigned_but_may_still_own() -> None:
    jira = Jira()
    tomas = member(jira, "tomas")
    status, answer = create(jira, epic(assignee={"accountId": tomas}))
    assert (status, answer["errors"]) == (400, {"assignee": f"User '{tomas}' cannot be assigned issues."})
    owned = jira.keys(f"assignee = {tomas}")[0]
    assert jira.fields(owned)["assignee"]["active"] is False


def test_an_empty_payload_is_refused() -> None:
    jira = Jira(campaigns=0)
    assert jira.ask("POST", "/issue", body={})[1]["errorMessages"] == ["No Issue Create payload supplied"]


def test_an_issue_is_created_with_its_properties_and_read_back() -> None:
    jira = Jira()
    fields = epic(
        description=DOCUMENT,
        duedate="2026-10-12",
        labels=["cs-7k2m9x4q", "email"],
        assignee={"accountId": member(jira, "ann")},
        customfield_10031={"value": "Event"},
        customfield_10032=[{"value": "VIP customers"}, {"value": "Newsletter UK"}],
        customfield_10034="2026-10-12T09:00:00.000+0200",
        customfield_10040=12,
    )
    properties = [{"key": "campaign-sync", "value": {"entity": "cs-7k2m9x4q"}}]
    status, answer = create(jira, fields, properties=properties)
    assert status == 201
    assert set(answer) == {"id", "key", "self"}
    _, shown = jira.ask("GET", f"/issue/{answer['key']}", {"properties": "*all"})
    assert shown["properties"] == {"campaign-sync": {"entity": "cs-7k2m9x4q"}}
    got = shown["fields"]
    assert got["status"]["name"] == "Planned"
    assert got["customfield_10031"]["value"] == "Event"
    assert [option["value"] for option in got["customfield_10032"]] == ["Newsletter UK", "VIP customers"]
    assert got["customfield_10034"] == "2026-10-12T03:00:00.000-0400"
    assert got["created"] == "2026-10-05T05:00:00.000-0400"
    assert (got["customfield_10040"], got["duedate"], got["assignee"]["displayName"]) == (12.0, "2026-10-12", "Ann Lee")
    assert jira.keys("labels = cs-7k2m9x4q") == [answer["key"]]


def test_a_stage_hangs_on_a_campaign_and_not_on_a_stage() -> None:
    jira = Jira(campaigns=0)
    parent = jira.create()
    stage = jira.create("Task", parent={"key": parent})
    assert jira.fields(stage)["parent"]["fields"]["summary"] == "Spring launch"
    fields = {"project": {"key": "CAM"}, "issuetype": {"name": "Task"}, "summary": "X", "parent": {"key": stage}}
    assert create(jira, fields)[1]["errors"] == {
        "parentId": "Given parent issue does not belong to appropriate hierarchy."
    }


def test_bulk_create_keeps_what_succeeds() -> None:
    jira = Jira(campaigns=0)
    updates = [{"fields": epic()}, {"fields": {"project": {"key": "CAM"}}}, {"fields": epic(summary="Y")}]
    status, answer = jira.ask("POST", "/issue/bulk", body={"issueUpdates": updates})
    assert status == 201
    assert [issue["key"] for issue in answer["issues"]] == ["CAM-2", "CAM-1"]  # in no order to rely on
    assert answer["errors"] == [
        {
            "status": 400,
            "elementErrors": {"errorMessages": [], "errors": {"issuetype": "Specify an issue type"}},
            "failedElementNumber": 1,
        }
    ]
    assert jira.ask("POST", "/issue/bulk", body={"issueUpdates": updates[1:2]})[0] == 400
    assert jira.ask("POST", "/issue/bulk", body={"issueUpdates": updates * 17})[0] == 400


def test_an_edit_is_all_or_nothing() -> None:
    jira = Jira(campaigns=0)
    key = jira.create()
    assert jira.edit(key, summary="New", duedate="tomorrow")[0] == 400
    assert jira.fields(key)["summary"] == "Spring launch"
    assert histories(jira, key) == []


def test_labels_are_added_and_removed_by_verbs() -> None:
    jira = Jira(campaigns=0)
    key = jira.create(labels=["cs-7k2m9x4q", "b"])
    update = {"labels": [{"add": "a"}, {"remove": "b"}, {"remove": "not there"}]}
    assert jira.ask("PUT", f"/issue/{key}", body={"update": update})[0] == 400
    update["labels"].pop()
    assert jira.ask("PUT", f"/issue/{key}", body={"update": update}) == (204, None)
    assert jira.fields(key)["labels"] == ["a", "cs-7k2m9x4q"]
    both = {"fields": {"labels": []}, "update": update}
    assert jira.ask("PUT", f"/issue/{key}", body=both)[1]["errors"]["labels"].endswith("in both 'fields' and 'update'")


def test_return_issue_and_clearing() -> None:
    jira = Jira(campaigns=0)
    key = jira.create(duedate="2026-10-12", labels=["a"], customfield_10031={"value": "Event"})
    body: dict[str, Any] = {"fields": {"duedate": None, "labels": [], "customfield_10031": None}}
    status, answer = jira.ask("PUT", f"/issue/{key}", {"returnIssue": "true", "notifyUsers": "false"}, body)
    assert status == 200
    assert [answer["fields"][f] for f in ("duedate", "labels", "customfield_10031")] == [None, [], None]


def test_every_change_is_in_the_history_with_its_author() -> None:
    jira = Jira(campaigns=0)
    key = jira.create(duedate="2026-10-10")
    jira.world.advance(60)
    jira.ask("PUT", f"/issue/{key}", body={"fields": {"duedate": "2026-10-12"}, "historyMetadata": {"type": "sync"}})
    jira.server.human("edit", {"as": "ann@acme.example", "issue": key, "fields": {"Status": "Approved"}})
    first, second = histories(jira, key)
    assert first["author"]["displayName"] == "Campaign sync"
    assert first["historyMetadata"] == {"type": "sync"}
    assert first["items"] == [
        {
            "field": "duedate",
            "fieldtype": "jira",
            "fieldId": "duedate",
            "from": "2026-10-10",
            "fromString": "2026-10-10 00:00:00.0",
            "to": "2026-10-12",
            "toString": "2026-10-12 00:00:00.0",
        }
    ]
    assert second["author"]["displayName"] == "Ann Lee"
    assert second["items"][0]["toString"] == "Approved"
    newest = jira.ask("GET", f"/issue/{key}", {"expand": "changelog"})[1]["changelog"]["histories"]
    assert [entry["id"] for entry in newest] == [second["id"], first["id"]]


def test_what_a_program_says_of_its_transition_stands_in_the_history_and_a_persons_says_nothing() -> None:
    jira = Jira(campaigns=0)
    key = jira.create()
    told = {"type": "sync", "generator": {"id": "sync", "type": "application"}}
    url = f"/issue/{key}/transitions"
    sent = next(t for t in jira.ask("GET", url)[1]["transitions"] if t["to"]["name"] == "Sent")
    assert jira.ask("POST", url, body={"transition": {"id": sent["id"]}, "historyMetadata": told})[0] == 204
    jira.server.human("edit", {"as": "ann@acme.example", "issue": key, "fields": {"Status": "Approved"}})
    shown = [entry.get("historyMetadata") for entry in histories(jira, key)]
    assert shown == [told, None]
    logs = jira.ask("POST", "/changelog/bulkfetch", body={"issueIdsOrKeys": [key]})[1]["issueChangeLogs"]
    assert [entry.get("historyMetadata") for entry in logs[0]["changeHistories"]] == shown


@pytest.mark.parametrize("told", ["sync", {"type": 1}, {"generator": "sync"}, {"generator": {"id": 1}}])
def test_what_a_program_says_of_its_change_has_a_shape(told: Any) -> None:
    jira = Jira(campaigns=0)
    key = jira.create()
    body = {"fields": {"summary": "Y"}, "historyMetadata": told}
    assert jira.ask("PUT", f"/issue/{key}", body=body)[0] == 400
    assert jira.fields(key)["summary"] == "Spring launch"


def test_an_edit_that_changes_nothing_leaves_no_trace() -> None:
    jira = Jira(campaigns=0)
    key = jira.create(duedate="2026-10-10")
    before = jira.fields(key)
    jira.world.advance(60)
    assert jira.edit(key, duedate="2026-10-10", summary="Spring launch")[0] == 204
    assert jira.fields(key) == before


def test_a_status_changes_by_a_transition_only() -> None:
    jira = Jira(campaigns=0)
    key = jira.create()
    transitions = jira.ask("GET", f"/issue/{key}/transitions")[1]["transitions"]
    sent = next(t for t in transitions if t["to"]["name"] == "Sent")
    assert sent["id"] != sent["to"]["id"]
    assert len(transitions) == 8
    url = f"/issue/{key}/transitions"
    assert jira.ask("POST", url, body={})[1]["errorMessages"] == ["Missing 'transition' identifier"]
    assert jira.ask("POST", url, body={"transition": {"id": sent["to"]["id"]}})[0] == 400
    assert jira.ask("POST", url, body={"transition": {"id": sent["id"]}, "fields": {"duedate": None}})[0] == 400
    assert jira.ask("POST", url, body={"transition": {"id": sent["id"]}, "fields": {}}) == (204, None)
    assert jira.fields(key)["status"]["name"] == "Sent"
    assert jira.ask("GET", url, {"transitionId": "999"})[1]["transitions"] == []


def test_a_deleted_campaign_leaves_its_stages_without_a_parent() -> None:
    jira = Jira(campaigns=0)
    parent = jira.create()
    stage = jira.create("Task", parent={"key": parent})
    assert jira.ask("DELETE", f"/issue/{parent}") == (204, None)
    assert jira.ask("GET", f"/issue/{parent}")[1]["errorMessages"] == [
        "Issue does not exist or you do not have permission to see it."
    ]
    assert jira.fields(stage)["parent"] is None
    assert histories(jira, stage)[0]["items"][0]["field"] == "IssueParentAssociation"
