"""What the sync account may not do at a Jira that somebody set up long ago: ways, screens, permissions (§5.4-5.9)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.sites import Jira

EVERY_FLAVOUR = pytest.mark.parametrize("flavour", ["cloud", "dc"])


def of_2019(flavour: str = "cloud") -> tuple[Jira, str]:
    """A site with the old workflow, and one of its tasks that is to do."""
    jira = Jira(flavour=flavour)
    for kind in ("Task", "Epic", "Sub-task"):
        jira.human("workflow", type=kind, name="2019")
    key = str(jira.human("create", fields={"Issue Type": "Task", "Summary": "X", "Stage": "Design"})["key"])
    return jira, key


def offered(jira: Jira, key: str, **query: str) -> dict[str, str]:
    found = jira.ask("GET", f"/issue/{key}/transitions", query)[1]["transitions"]
    return {one["id"]: one["to"]["name"] for one in found}


def walk(jira: Jira, key: str, id: str, **more: Any) -> tuple[int, Any]:
    return jira.ask("POST", f"/issue/{key}/transitions", body={"transition": {"id": id}, **more})


@EVERY_FLAVOUR
def test_done_is_three_steps_away_and_asks_for_a_resolution(flavour: str) -> None:
    jira, key = of_2019(flavour)
    assert offered(jira, key) == {"112": "In Progress"}
    assert walk(jira, key, "112") == (204, None)
    assert offered(jira, key) == {"113": "Wartet auf Freigabe", "115": "Blocked"}
    assert walk(jira, key, "113") == (204, None)
    assert walk(jira, key, "114") == (
        400,
        {"errorMessages": [], "errors": {"resolution": "Resolution is required."}},
    )
    assert walk(jira, key, "114", fields={"summary": "Y", "resolution": {"name": "Done"}})[1]["errors"] == {
        "summary": "Field 'summary' cannot be set. It is not on the appropriate screen, or unknown."
    }
    assert walk(jira, key, "114", fields={"resolution": {"name": "Lost"}})[0] == 400
    assert walk(jira, key, "114", fields={"resolution": {"name": "Done"}}) == (204, None)
    done = jira.ask("GET", f"/issue/{key}", {"expand": "changelog"})[1]
    assert (done["fields"]["status"]["name"], done["fields"]["resolution"]["name"]) == ("Done", "Done")
    assert [item["field"] for item in done["changelog"]["histories"][0]["items"]] == ["resolution", "status"]
    assert walk(jira, key, "118") == (204, None)
    assert jira.fields(key)["resolution"] is None


def test_names_of_transitions_are_translated_and_not_unique() -> None:
    jira, key = of_2019()
    walk(jira, key, "112")
    found = jira.ask("GET", f"/issue/{key}/transitions", {"includeUnavailableTransitions": "true"})[1]["transitions"]
    assert [one["name"] for one in found].count("Weiter") == 4
    here = [one for one in found if one["isAvailable"]]
    assert {one["id"] for one in here} == {"113", "115"}
    barred = next(one for one in found if one["id"] == "119")
    assert (barred["isConditional"], barred["isGlobal"], barred["hasScreen"]) == (True, False, False)


def test_a_conditional_transition_is_neither_shown_nor_walked_but_by_people() -> None:
    jira, key = of_2019()
    epic = jira.human("create", fields={"Summary": "E", "Status": "In Review"})["key"]
    assert offered(jira, epic) == {"217": "Cancelled", "218": "In Progress"}
    assert walk(jira, epic, "213")[0] == 400
    jira.human("edit", issue=epic, fields={"Status": "Approved"})
    assert offered(jira, epic)["214"] == "Scheduled"
    assert offered(jira, key, transitionId="117") == {}


def test_the_screen_of_a_transition_tells_its_fields() -> None:
    jira, key = of_2019()
    jira.human("edit", issue=key, fields={"Status": "Wartet auf Freigabe"})
    (way,) = (
        one
        for one in jira.ask("GET", f"/issue/{key}/transitions", {"expand": "transitions.fields"})[1]["transitions"]
        if one["id"] == "114"
    )
    assert {id: meta["required"] for id, meta in way["fields"].items()} == {"resolution": True, "assignee": False}
    assert [value["name"] for value in way["fields"]["resolution"]["allowedValues"]] == [
        "Done",
        "Won't Do",
        "Duplicate",
    ]


def test_a_status_may_be_of_no_category() -> None:
    jira, _ = of_2019()
    known = {s["name"]: s["statusCategory"]["key"] for s in jira.ask("GET", "/status")[1]}
    assert known["Wartet auf Freigabe"] == "undefined"
    jira.human("switch", name="undefined_category", value=False)
    known = {s["name"]: s["statusCategory"]["key"] for s in jira.ask("GET", "/status")[1]}
    assert known["Wartet auf Freigabe"] == "indeterminate"


@EVERY_FLAVOUR
def test_a_permission_taken_away_is_felt(flavour: str) -> None:
    jira = Jira(flavour=flavour)

    def without(permission: str, method: str, path: str, body: Any = None) -> int:
        jira.human("permission", permission=permission, granted=False)
        status = jira.ask(method, path, body=body)[0]
        jira.human("permission", permission=permission, granted=True)
        return status

    person = {"accountId" if flavour == "cloud" else "name": jira.company.member("ann").jira_account}
    epic = {"project": {"key": "CAM"}, "issuetype": {"name": "Epic"}, "summary": "X"}
    assert without("edit", "PUT", "/issue/CAM-1", {"fields": {"summary": "Y"}}) == 400
    assert without("edit", "PUT", "/issue/CAM-1/properties/x", {"a": 1}) == 403
    assert without("assign", "PUT", "/issue/CAM-1", {"fields": {"assignee": person}}) == 400
    assert without("create", "POST", "/issue", {"fields": epic}) in (400, 403)
    assert without("delete", "DELETE", "/issue/CAM-1") == 403
    assert without("transition", "POST", "/issue/CAM-1/transitions", {"transition": {"id": "41"}}) == 400
    assert without("comment", "POST", "/issue/CAM-1/comment", {"body": "x"}) == 400
    assert without("browse", "GET", "/issue/CAM-1") == 404
    assert without("browse", "GET", "/project/CAM") == 404
    assert without("browse", "GET", "/issue/createmeta/CAM/issuetypes") in (400, 404)
    assert jira.ask("GET", "/issue/CAM-1")[0] == 200


def test_silencing_notifications_needs_an_administrator() -> None:
    jira = Jira()
    assert jira.ask("PUT", "/issue/CAM-1", {"notifyUsers": "false"}, {"fields": {"summary": "Y"}})[0] == 204
    jira.human("permission", permission="administer_project", granted=False)
    assert jira.ask("PUT", "/issue/CAM-1", {"notifyUsers": "false"}, {"fields": {"summary": "Z"}})[0] == 403


def test_who_may_not_edit_is_offered_nothing() -> None:
    jira = Jira()
    for permission in ("edit", "transition", "create"):
        jira.human("permission", permission=permission, granted=False)
    assert jira.ask("GET", "/issue/CAM-1/editmeta")[1] == {"fields": {}}
    assert offered(jira, "CAM-1") == {}
    assert jira.ask("GET", "/issue/createmeta/CAM/issuetypes")[1]["issueTypes"] == []
    query = {"permissions": "EDIT_ISSUES,BROWSE_PROJECTS", "projectKey": "CAM"}
    rights = jira.ask("GET", "/mypermissions", query)[1]["permissions"]
    assert {key: right["havePermission"] for key, right in rights.items()} == {
        "EDIT_ISSUES": False, "BROWSE_PROJECTS": True
    }  # fmt: skip


def test_out_of_sight_looks_like_deleted_and_a_lost_project_like_a_typing_mistake() -> None:
    jira = Jira()
    jira.human("hide", issue="CAM-1")
    assert jira.ask("GET", "/issue/CAM-1")[0] == 404
    assert jira.ask("POST", "/issue/bulkfetch", body={"issueIdsOrKeys": ["CAM-1"]})[1] == {
        "issues": [], "issueErrors": []
    }  # fmt: skip
    assert "CAM-1" not in jira.keys("project = CAM")
    assert jira.complaint("key = CAM-1") == "Issue does not exist or you do not have permission to see it."
    jira.human("show", issue="CAM-1")
    assert "CAM-1" in jira.keys("project = CAM")
    jira.human("permission", permission="browse", granted=False)
    assert jira.complaint("project = CAM") == "The value 'CAM' does not exist for the field 'project'."


@EVERY_FLAVOUR
def test_a_moved_issue_keeps_its_id_and_answers_to_its_old_key(flavour: str) -> None:
    jira = Jira(flavour=flavour)
    moved = jira.human("move", issue="CAM-1", project="OPS")
    assert moved == {"id": "10401", "key": "OPS-1"}
    shown = jira.ask("GET", "/issue/cam-1")[1]
    assert (shown["id"], shown["key"], shown["fields"]["project"]["key"]) == ("10401", "OPS-1", "OPS")
    search = jira.keys if flavour == "cloud" else jira.keys_by_offset
    assert "OPS-1" not in search("project = CAM")
    assert search("project = OPS") == ["OPS-1"]
    task = search("project = CAM AND issuetype = Task")[0]
    hidden = jira.human("move", issue=task, project="SECRET", visible=False)
    assert jira.ask("GET", f"/issue/{hidden['id']}")[0] == 404


def test_a_project_with_a_new_key_answers_to_the_old_one_but_not_in_full() -> None:
    jira = Jira()
    jira.human("rekey", key="MKT")
    assert jira.ask("GET", "/issue/CAM-1")[1]["key"] == "MKT-1"
    assert jira.ask("GET", "/project/CAM")[1]["key"] == "MKT"
    assert jira.keys("project = 10000") == jira.keys("project = MKT") == jira.keys("project = CAM")
    assert jira.create().startswith("MKT-")


def test_sub_tasks_hang_on_issues_and_stand_in_the_way_of_their_deletion() -> None:
    jira = Jira(campaigns=0)
    task = jira.create("Task")
    epic = jira.create()
    sub = jira.create("Sub-task", parent={"key": task})
    assert jira.fields(sub)["parent"]["key"] == task
    assert [one["key"] for one in jira.fields(task)["subtasks"]] == [sub]
    fields = {"project": {"key": "CAM"}, "issuetype": {"name": "Sub-task"}, "summary": "X"}
    assert "parent" in jira.ask("POST", "/issue", body={"fields": fields})[1]["errors"]
    assert jira.ask("PUT", f"/issue/{sub}", body={"update": {"parent": [{"set": {"none": True}}]}})[0] == 400
    assert jira.ask("DELETE", f"/issue/{task}")[0] == 400
    assert jira.ask("DELETE", f"/issue/{task}", {"deleteSubtasks": "true"}) == (204, None)
    assert jira.keys("project = CAM") == [epic]


def test_a_field_that_a_person_makes_required_or_takes_off_the_screens() -> None:
    jira = Jira()
    jira.human("add", field="Cost centre", kind="text", types=["Epic"])
    jira.human("require", field="Cost centre", required=True)
    jira.human("add", field="Nowhere", kind="text", types=[])
    known = {field["name"]: field["id"] for field in jira.ask("GET", "/field")[1]}
    fields = {"project": {"key": "CAM"}, "issuetype": {"name": "Epic"}, "summary": "X"}
    assert jira.ask("POST", "/issue", body={"fields": fields})[1]["errors"] == {
        known["Cost centre"]: "Cost centre is required."
    }
    refused = jira.edit("CAM-1", **{known["Nowhere"]: "x"})
    assert (refused[0], list(refused[1]["errors"])) == (400, [known["Nowhere"]])


def test_lists_of_parts_and_options_below_options() -> None:
    jira = Jira()
    parts = {"components": [{"name": "Landing page"}, {"id": "10300"}], "fixVersions": [{"name": "Spring 2027"}]}
    market = {"value": "Europe", "child": {"value": "Germany"}}
    assert jira.edit("CAM-1", **parts, customfield_10060=market, customfield_10061=["b", "a"]) == (204, None)
    got = jira.fields("CAM-1")
    assert [part["name"] for part in got["components"]] == ["Newsletter", "Landing page"]
    assert (got["customfield_10060"]["value"], got["customfield_10060"]["child"]["value"]) == ("Europe", "Germany")
    assert got["customfield_10061"] == ["a", "b"]
    assert jira.edit("CAM-1", components=[{"name": "Fax"}])[0] == 400
    assert jira.edit("CAM-1", customfield_10060={"value": "America", "child": {"value": "Germany"}})[0] == 400
    update = {"components": [{"remove": {"name": "Newsletter"}}]}
    assert jira.ask("PUT", "/issue/CAM-1", body={"update": update})[0] == 204
    assert jira.keys('component = "Landing page" AND fixVersion = "Spring 2027"') == ["CAM-1"]


def test_nobody_can_be_assigned_who_is_not_assignable() -> None:
    jira = Jira()
    jira.human("assignable", person="marta@acme.example", value=False)
    marta = jira.company.member("marta").jira_account
    jira.human("switch", name="assignee_refusal", value="No: {}")
    assert jira.edit("CAM-1", assignee={"accountId": marta})[1]["errors"] == {"assignee": f"No: {marta}"}
    assert jira.ask("GET", "/user/assignable/search", {"project": "CAM", "accountId": marta})[1] == []


def test_a_clone_may_bring_the_properties_of_the_first() -> None:
    jira = Jira()
    jira.ask("PUT", "/issue/CAM-1/properties/campaign-sync", body={"entity": "a"})
    key = jira.human("clone", issue="CAM-1")["key"]
    assert jira.ask("GET", f"/issue/{key}/properties/campaign-sync")[1]["value"] == {"entity": "a"}
    jira.human("switch", name="clone_copies_properties", value=False)
    key = jira.human("clone", issue="CAM-1")["key"]
    assert jira.ask("GET", f"/issue/{key}/properties/campaign-sync")[0] == 404


@pytest.mark.parametrize(
    ("switch", "method", "path", "body"),
    [
        ("property_moves_updated", "PUT", "/issue/CAM-1/properties/x", {"a": 1}),
        (
            "link_moves_updated",
            "POST",
            "/issue/CAM-1/remotelink",
            {"object": {"url": "https://x.example", "title": "A"}},
        ),
        (
            "comment_moves_updated",
            "POST",
            "/issue/CAM-1/comment",
            {"body": {"type": "doc", "version": 1, "content": [{"type": "rule"}]}},
        ),
    ],
)
@pytest.mark.parametrize("moves", [True, False])
def test_what_moves_the_time_of_the_last_change_is_a_switch(
    switch: str, method: str, path: str, body: Any, moves: bool
) -> None:
    jira = Jira()
    before = jira.fields("CAM-1")["updated"]
    jira.human("switch", name=switch, value=moves)
    jira.world.advance(60)
    assert jira.ask(method, path, body=body)[0] in (200, 201)
    assert (jira.fields("CAM-1")["updated"] != before) is moves


def test_a_text_may_be_too_long() -> None:
    jira = Jira(flavour="dc")
    jira.human("switch", name="text_limit", value=10)
    assert jira.edit("CAM-1", description="x" * 10)[0] == 204
    assert "exceeds the allowed limit of 10" in jira.edit("CAM-1", description="x" * 11)[1]["errors"]["description"]
