"""Webhooks of the Jira stand-in: registering them, and what they are told (reference jira §7)."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from connectors.sandbox.jira_delivery import post, signature
from connectors.sandbox.server import Sandbox
from tests.sandbox.listening import ISSUE_EVENTS, URL, Ear, hearing
from tests.sandbox.sites import NOW, Jira

ADMIN = "/rest/webhooks/1.0/webhook"


def test_the_signature_is_the_one_of_the_documentation() -> None:
    assert signature("It's a Secret to Everybody", b"Hello World!") == (
        "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    )


def test_an_edit_is_told_with_its_changes_and_signed() -> None:
    jira, ear = hearing(secret="s3cret")
    jira.edit("CAM-1", duedate="2026-12-01")
    (told,) = ear.listen()
    assert (told["webhookEvent"], told["issue_event_type_name"]) == ("jira:issue_updated", "issue_generic")
    assert (told["timestamp"], told["user"]["displayName"]) == (int(NOW.timestamp() * 1000), "Campaign sync")
    assert (told["issue"]["id"], told["issue"]["fields"]["duedate"]) == ("10401", "2026-12-01")
    assert [(item["fieldId"], item["to"]) for item in told["changelog"]["items"]] == [("duedate", "2026-12-01")]
    ((headers, body),) = ear.heard
    digest = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature"] == f"sha256={digest}"
    assert headers["X-Atlassian-Webhook-Flow"] == "Primary"
    assert "X-Atlassian-Webhook-Retry" not in headers
    assert ear.listen() == []


def test_what_people_do_is_told_and_a_deleted_issue_is_shown_once_more() -> None:
    jira, ear = hearing(events=ISSUE_EVENTS)
    key = jira.human("create", fields={"Summary": "New"})["key"]
    jira.human("edit", issue=key, fields={"Status": "Approved"})
    jira.human("delete", issue=key)
    created, updated, deleted = ear.listen()
    assert created["user"]["displayName"] == "Ann Lee"
    assert "changelog" not in created
    assert updated["changelog"]["items"][0]["toString"] == "Approved"
    assert (deleted["webhookEvent"], deleted["issue"]["fields"]["summary"]) == ("jira:issue_deleted", "New")


def test_comments_and_properties_have_events_of_their_own() -> None:
    jira, ear = hearing(events=["comment_created", "issue_property_set"])
    jira.human("comment", issue="CAM-1", text="Hi **all**")
    jira.ask("PUT", "/issue/CAM-1/properties/x", body={"a": 1})
    comment, property = ear.listen()
    assert comment["comment"]["body"] == "Hi *all*"
    assert "description" not in comment["issue"]["fields"]
    assert property["property"] == {"key": "x", "value": {"a": 1}}


@pytest.mark.parametrize(("wiki", "kind"), [(True, str), (False, dict)])
def test_rich_text_may_be_wiki_text(wiki: bool, kind: type) -> None:
    jira, ear = hearing()
    jira.human("switch", name="webhook_wiki_text", value=wiki)
    jira.edit("CAM-1", summary="Y")
    assert isinstance(ear.listen()[0]["issue"]["fields"]["description"], kind)


def test_a_filter_lets_through_what_fits() -> None:
    jira, ear = hearing(jql="project = CAM AND issuetype = Task")
    jira.edit("CAM-1", summary="Y")
    (task,) = jira.keys("issuetype = Task ORDER BY key")[:1]
    jira.edit(task, summary="Y")
    assert [told["issue"]["key"] for told in ear.listen()] == [task]


def test_deliveries_may_come_twice_and_in_the_wrong_order_and_late() -> None:
    jira, ear = hearing()
    for name in ("webhook_duplicates", "webhook_reordered"):
        jira.human("switch", name=name, value=True)
    jira.human("switch", name="webhook_delay_seconds", value=900)
    jira.edit("CAM-1", summary="Y")
    jira.edit("CAM-2", summary="Y")
    assert ear.listen() == []
    jira.world.advance(900)
    assert [told["issue"]["key"] for told in ear.listen()] == ["CAM-2", "CAM-2", "CAM-1", "CAM-1"]
    first, second, third, fourth = ear.identifiers()
    assert first == second != third == fourth


def test_what_only_follows_comes_a_quarter_of_an_hour_later() -> None:
    jira, ear = hearing()
    children = jira.keys("parent = CAM-1")
    jira.ask("DELETE", "/issue/CAM-1")
    assert [told["webhookEvent"] for told in ear.listen()] == ["jira:issue_deleted"]
    jira.world.advance(900)
    assert sorted(told["issue"]["key"] for told in ear.listen()) == sorted(children)
    assert {headers["X-Atlassian-Webhook-Flow"] for headers, _ in ear.heard} == {"Secondary"}


def test_deliveries_may_be_lost() -> None:
    jira, ear = hearing()
    jira.human("switch", name="webhook_losses", value=1)
    jira.edit("CAM-1", summary="Y")
    jira.edit("CAM-2", summary="Y")
    assert [told["issue"]["key"] for told in ear.listen()] == ["CAM-2"]


def test_a_receiver_that_fails_is_tried_five_times_more_with_the_same_identifier() -> None:
    jira, ear = hearing()
    ear.status = 503
    jira.edit("CAM-1", summary="Y")
    seen = []
    for _ in range(8):
        ear.listen()
        seen += [
            (ids, headers.get("X-Atlassian-Webhook-Retry"))
            for ids, (headers, _) in zip(ear.identifiers(), ear.heard, strict=True)
        ]
        jira.world.advance(300)
    assert [retry for _, retry in seen] == [None, "1", "2", "3", "4", "5"]
    assert len({identifier for identifier, _ in seen}) == 1


def test_a_receiver_that_refuses_is_not_asked_again() -> None:
    jira, ear = hearing()
    ear.status = 403
    jira.edit("CAM-1", summary="Y")
    ear.listen()
    assert jira.human("deliver", late=True) == {"deliveries": []}


@pytest.mark.parametrize("flavour", ["cloud", "dc"])
def test_only_administrators_register_webhooks_and_nobody_reads_a_secret(flavour: str) -> None:
    jira = Jira(flavour=flavour)
    jira.human("switch", name="webhooks_before_ten", value=True)
    hook: dict[str, Any] = {"name": "Sync", "url": URL, "events": ISSUE_EVENTS, "secret": "s3cret"}
    hook["filters"] = {"issue-related-events-section": "project = CAM"}
    assert jira.whole("POST", ADMIN, hook)[0] == 403
    jira.human("permission", permission="administer", granted=True)
    status, _, made = jira.whole("POST", ADMIN, hook)
    assert (status, made["isSigned"]) == (201, True)
    path = made["self"].removeprefix("http://127.0.0.1")
    assert "s3cret" not in str(jira.whole("GET", ADMIN)[2])
    assert jira.whole("PUT", path, {"enabled": False})[2]["enabled"] is False
    assert jira.whole("POST", ADMIN, hook | {"events": ["issue_eaten"]})[0] == 400
    assert jira.whole("POST", ADMIN, hook | {"filters": {"issue-related-events-section": "colour = red"}})[0] == 400
    assert jira.whole("DELETE", path)[0] == 204
    assert jira.whole("GET", path)[0] == 404


def test_a_data_center_has_had_another_address_since_version_ten() -> None:
    jira, place = Jira(flavour="dc"), "/rest/jira-webhook/1.0/webhooks"
    hook: dict[str, Any] = {"name": "Sync", "url": URL, "events": ISSUE_EVENTS, "secret": "passed over"}
    assert jira.whole("POST", place, hook)[0] == 403
    jira.human("permission", permission="administer", granted=True)
    assert jira.whole("GET", ADMIN)[0] == 404
    status, _, made = jira.whole("POST", place, hook | {"configuration": {"SECRET": "s3cret"}})
    assert (status, made["active"]) == (201, True)
    assert "s3cret" not in str(jira.whole("GET", place)[2])
    ear = Ear(jira)
    jira.human("create", fields={"Summary": "New"})
    ((headers, body),) = ear.heard if ear.listen() else []
    digest = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature"] == f"sha256={digest}"
    one = f"{place}/{made['id']}"
    assert jira.whole("PUT", one, {"active": False})[2]["active"] is False
    assert jira.whole("DELETE", one)[0] == 204
    assert jira.whole("GET", one)[0] == 404


def test_nothing_is_sent_to_another_machine() -> None:
    for url in ("http://192.0.2.1/hook", "http://hook.example/", "https://127.0.0.1/", "http://127.0.0.1.example/"):
        assert post(url, b"{}", {}) == -1
    assert post(URL, b"{}", {}) == 0


class Door(BaseHTTPRequestHandler):
    """A receiver that looks at the issue that it is told of before it answers."""

    def do_POST(self) -> None:
        server: Any = self.server
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        login = server.box.company["credentials"]["jira"]
        url = f"{server.box.urls['jira']}/rest/api/3/issue/{told['issue']['id']}"
        shown = requests.get(url, auth=(login["email"], login["token"]), timeout=10).json()
        server.heard.append((shown["fields"]["summary"], told["issue"]["self"]))
        server.rang.set()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def door() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Door)
    server.heard, server.rang = [], threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_deliveries_go_over_http_by_themselves_and_on_demand(door: HTTPServer) -> None:
    server: Any = door
    with Sandbox(campaigns=1, now=NOW) as box:
        server.box = box
        control = f"{box.control}/control/jira"
        requests.post(f"{control}/webhook", json={"url": f"http://127.0.0.1:{door.server_port}/"}, timeout=10)
        edit = {"as": "ann@acme.example", "issue": "CAM-1", "fields": {"Summary": "By itself"}}
        requests.post(f"{control}/edit", json=edit, timeout=10)
        assert server.rang.wait(10)
        requests.post(f"{control}/switch", json={"name": "webhook_delivery", "value": "manual"}, timeout=10)
        requests.post(f"{control}/edit", json=edit | {"fields": {"Summary": "On demand"}}, timeout=10)
        (sent,) = requests.post(f"{control}/deliver", json={}, timeout=10).json()["deliveries"]
        assert sent["status"] == 200
        assert [summary for summary, _ in server.heard] == ["By itself", "On demand"]
        assert server.heard[0][1].startswith(f"{box.urls['jira']}/rest/api/2/issue/")
