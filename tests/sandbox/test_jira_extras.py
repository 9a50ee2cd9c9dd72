"""What hangs on an issue of the Jira stand-in, its rich text, and its state (reference jira §5.7, §5.10-5.11)."""

from __future__ import annotations

import json

from connectors.sandbox.jira import JiraServer
from tests.sandbox.sites import Jira

DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}],
}


def test_properties_move_neither_history_nor_time() -> None:
    jira = Jira(campaigns=0)
    key = jira.create()
    before = jira.fields(key)
    jira.world.advance(60)
    url = f"/issue/{key}/properties/campaign-sync"
    assert jira.ask("GET", url)[0] == 404
    assert jira.ask("PUT", url, body={"entity": "a"})[0] == 201
    assert jira.ask("PUT", url, body={"entity": "b"})[0] == 200
    assert jira.ask("GET", url) == (200, {"key": "campaign-sync", "value": {"entity": "b"}})
    assert [p["key"] for p in jira.ask("GET", f"/issue/{key}/properties")[1]["keys"]] == ["campaign-sync"]
    found = jira.search(f"key = {key}", properties=["campaign-sync"])[1]["issues"][0]
    assert found["properties"] == {"campaign-sync": {"entity": "b"}}
    assert jira.fields(key) == before
    assert jira.ask("DELETE", url) == (204, None)


def test_a_remote_link_is_written_over_by_its_global_id() -> None:
    jira = Jira(campaigns=0)
    url = f"/issue/{jira.create()}/remotelink"
    link = {
        "globalId": "system=x&id=1",
        "relationship": "mirrors",
        "object": {"url": "https://x.example", "title": "A"},
    }
    status, made = jira.ask("POST", url, body=link)
    assert status == 201
    again = {"globalId": "system=x&id=1", "object": {"url": "https://x.example", "title": "B"}}
    assert jira.ask("POST", url, body=again) == (200, made)
    (shown,) = jira.ask("GET", url)[1]
    assert shown["object"]["title"] == "B"
    assert "relationship" not in shown
    assert jira.ask("POST", url, body={"object": {"url": "https://x.example"}})[1]["errors"] == {
        "title": "'title' is required."
    }
    assert jira.ask("DELETE", url, {"globalId": "system=x&id=1"}) == (204, None)


def test_comments_are_documents_and_move_the_time() -> None:
    jira = Jira(campaigns=0)
    key = jira.create()
    jira.world.advance(60)
    url = f"/issue/{key}/comment"
    assert jira.ask("POST", url, body={"body": "plain"})[1]["errors"] == {"comment": "Comment body is not valid!"}
    assert jira.ask("POST", url, body={"body": DOCUMENT})[0] == 201
    assert jira.ask("GET", url)[1]["total"] == 1
    assert jira.ask("GET", url, {"orderBy": "updated"})[0] == 400
    assert jira.fields(key)["updated"] == "2026-10-05T05:01:00.000-0400"
    bad = {"fields": {"summary": "New"}, "update": {"comment": [{"add": {"body": "plain"}}]}}
    assert jira.ask("PUT", f"/issue/{key}", body=bad)[0] == 400
    assert jira.fields(key)["summary"] == "Spring launch"


def test_rich_text_comes_back_with_noise_unless_switched_off_and_as_wiki_text_in_version_2() -> None:
    jira = Jira(campaigns=0)
    content = [{"type": "paragraph", "content": [{"type": "text", "text": f"Line {n}"}]} for n in range(8)]
    document = {"type": "doc", "version": 1, "content": content}
    key = jira.create(description=document)
    noisy = jira.fields(key)["description"]
    assert noisy != document
    assert noisy == jira.fields(key)["description"]
    jira.server.human("switch", {"name": "adf_noise", "value": False})
    assert jira.fields(key)["description"] == document
    shown = jira.ask("GET", f"/issue/{key}", version="2")[1]["fields"]["description"]
    assert shown.startswith("Line 0\n\nLine 1")
    assert jira.ask("PUT", f"/issue/{key}", body={"fields": {"description": "a\nb"}}, version="2")[0] == 204
    assert jira.fields(key)["description"]["content"][0]["content"][1] == {"type": "hardBreak"}


def test_the_state_survives_a_restart() -> None:
    jira = Jira()
    jira.edit("CAM-1", summary="Changed")
    state = json.loads(json.dumps(jira.server.dump()))
    other = JiraServer(jira.world)
    other.restore(state)
    assert other.dump() == state
    assert other.find("c001") == jira.server.find("c001")
