"""People in Jira's own interface, and the rich text that the seed brings along (reference jira §5.7)."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox import jira_adf
from connectors.sandbox.jira_adf import from_markdown, is_valid, plain, wiki
from tests.sandbox.sites import Jira

ANN = "ann@acme.example"


def human(jira: Jira, verb: str, **payload: Any) -> dict[str, Any]:
    return jira.server.human(verb, {"as": ANN, **payload})


def test_a_person_edits_with_plain_words() -> None:
    jira = Jira()
    fields = {
        "Summary": "New name",
        "Status": "In Review",
        "Program": "Event",
        "Audiences": ["VIP customers", {"value": "Newsletter UK"}],
        "Assignee": "marta@acme.example",
        "Description": "Read **this**",
        "duedate": "2026-12-01",
        "labels": ["brand"],
    }
    assert human(jira, "edit", issue="CAM-1", fields=fields) == {"id": "10401", "key": "CAM-1"}
    got = jira.fields("CAM-1")
    assert (got["summary"], got["status"]["name"], got["customfield_10031"]["value"]) == (
        "New name",
        "In Review",
        "Event",
    )
    assert got["assignee"]["displayName"] == "Marta Nowak"
    assert {option["value"] for option in got["customfield_10032"]} == {"VIP customers", "Newsletter UK"}
    assert plain(got["description"]) == "Read this"
    authors = {entry["author"]["emailAddress"] for entry in jira.ask("GET", "/issue/CAM-1/changelog")[1]["values"]}
    assert authors == {ANN}


def test_a_person_creates_comments_and_deletes() -> None:
    jira = Jira()
    fields = {"Issue Type": "Task", "Summary": "Design: X", "Parent": "CAM-1", "Stage": "Design", "Status": "Blocked"}
    made = human(jira, "create", fields=fields)
    assert jira.fields(made["key"])["status"]["name"] == "Blocked"
    assert jira.fields(made["key"])["parent"]["key"] == "CAM-1"
    human(jira, "comment", issue=made["key"], text="Is this *urgent*?")
    assert jira.ask("GET", f"/issue/{made['key']}/comment")[1]["total"] == 1
    assert human(jira, "delete", issue=made["id"])["deleted"] is True
    assert jira.ask("GET", f"/issue/{made['key']}")[0] == 404


@pytest.mark.parametrize(
    ("verb", "payload", "message"),
    [
        ("dance", {}, "people cannot dance in jira"),
        ("edit", {"issue": "CAM-1"}, "jira edit needs fields"),
        ("edit", {"issue": "CAM-999", "fields": {}}, "there is no issue CAM-999"),
        ("edit", {"issue": "CAM-1", "fields": {"Colour": "red"}}, "Jira has no field Colour"),
        ("edit", {"issue": "CAM-1", "fields": {"Status": "Lost"}}, "there is no status Lost"),
        ("edit", {"issue": "CAM-1", "fields": {"Program": "Fax"}}, "Option value 'Fax' is not valid"),
        ("switch", {"name": "gravity", "value": False}, "jira has no switch gravity"),
        ("switch", {"name": "index_lag_seconds", "value": True}, "takes a number"),
    ],
)
def test_a_mistake_is_explained(verb: str, payload: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        human(Jira(), verb, **payload)


def test_private_addresses_are_hidden_but_for_ones_own() -> None:
    jira = Jira()
    jira.server.human("switch", {"name": "hide_emails", "value": True})
    assert "emailAddress" not in jira.fields("CAM-1")["assignee"]
    assert jira.ask("GET", "/myself")[1]["emailAddress"] == "sync@acme.example"


def test_only_the_active_are_found_and_can_be_assigned() -> None:
    jira = Jira()
    assert len(jira.ask("GET", "/user/assignable/search", {"project": "CAM", "query": "Ann Lee"})[1]) == 1
    assert jira.ask("GET", "/user/search", {"query": "tomas"}) == (200, [])
    tomas = jira.company.member("tomas").jira_account
    assert jira.ask("GET", "/user", {"accountId": tomas})[1]["active"] is False


def test_markdown_becomes_a_sound_document() -> None:
    text = "# Title\n\n**Goal:** sell *more*\nand `code`.\n\n- one\n- [two](https://x.example)\n\n1. first\n2. second"
    document = from_markdown(text)
    assert document is not None
    assert is_valid(document)
    assert [node["type"] for node in document["content"]] == ["heading", "paragraph", "bulletList", "orderedList"]
    assert plain(document) == "Title\n\nGoal: sell more and code.\n\none\ntwo\n\nfirst\nsecond"
    assert wiki(document) == (
        "h1. Title\n\n*Goal:* sell _more_ and {{code}}.\n\n* one\n* [two|https://x.example]\n\n# first\n# second"
    )
    assert from_markdown("  \n\n ") is None


def test_the_seed_is_the_company() -> None:
    jira = Jira(campaigns=6)
    for seed in jira.company.campaigns:
        if seed.jira is None:
            assert jira.server.find(seed.code) == {"campaign": None, "stages": {}}
            continue
        fields = jira.fields(seed.jira["key"])
        assert fields["summary"] == seed.jira["name"]
        assert fields["labels"] == sorted(seed.jira["tags"])
        assert fields["customfield_10031"]["value"] == seed.jira["program"]
        for stage in seed.stages:
            if stage.in_jira and stage.jira_key:
                task = jira.fields(stage.jira_key)
                assert task["parent"]["key"] == seed.jira["key"]
                assert task["duedate"] == (stage.shown("jira")["due"] and stage.shown("jira")["due"].isoformat())


def test_version_2_of_the_cloud_reads_wiki_text() -> None:
    jira = Jira(campaigns=0)
    key = jira.create()
    text = (
        "h2. Brief\n\nSell *more* to [them|https://x.example],\n_today_ and {{code}} +now+.\n\n* one\n* two\n\n# first"
    )
    assert jira.ask("PUT", f"/issue/{key}", body={"fields": {"description": text}}, version="2")[0] == 204
    document = jira.fields(key)["description"]
    kinds = [node["type"] for node in document["content"]]
    assert kinds == ["heading", "paragraph", "bulletList", "orderedList"]
    assert is_valid(document)
    assert jira.ask("GET", f"/issue/{key}", version="2")[1]["fields"]["description"] == text
    comment = jira.ask("POST", f"/issue/{key}/comment", body={"body": "*Hi*"}, version="2")[1]
    assert jira.ask("GET", f"/issue/{key}/comment/{comment['id']}", version="2")[1]["body"] == "*Hi*"


@pytest.mark.parametrize("flavour", ["cloud", "dc"])
def test_people_and_apps_join_and_leave_on_either_flavour(flavour: str) -> None:
    jira = Jira(flavour=flavour)
    joined = jira.human("join", email="bot@acme.example", name="Bot", kind="app")["user"]
    jira.human("edit", issue="CAM-1", fields={"Assignee": "bot@acme.example", "Description": "**Hi** *there*"})
    shown = jira.fields("CAM-1")
    assert joined in (shown["assignee"].get("accountId"), shown["assignee"].get("name"))
    assert (shown["description"] == "**Hi** *there*") is (flavour == "dc"), "Data Center keeps what is typed"
    human(jira, "comment", issue="CAM-1", text="*Hi*")
    said = jira.ask("GET", "/issue/CAM-1/comment")[1]["comments"][-1]["body"]
    assert said == ("*Hi*" if flavour == "dc" else jira_adf.from_markdown("*Hi*"))
    task = jira.human("create", fields={"Issue Type": "Task", "Summary": "T", "Parent": "CAM-1"})["key"]
    jira.human("convert", issue=task, type="Epic")
    jira.human("leave", person="bot@acme.example")
    assert jira.fields("CAM-1")["assignee"]["active"] is False


@pytest.mark.parametrize(
    ("verb", "payload", "message"),
    [
        ("workflow", {"type": "Task", "name": "1999"}, "there is no workflow 1999"),
        ("permission", {"permission": "fly", "granted": True}, "there is no permission fly"),
        ("hide", {"issue": "CAM-999"}, "there is no issue CAM-999"),
        ("leave", {"person": "nobody@acme.example"}, "nobody with the address"),
        ("switch", {"name": "assignee_refusal", "value": 1}, "takes a text"),
        ("move", {"issue": "CAM-1"}, "jira move needs project"),
    ],
)
def test_an_administrators_mistake_is_explained(verb: str, payload: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        human(Jira(), verb, **payload)
