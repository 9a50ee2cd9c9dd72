"""Where the contract check hears from: stand-ins here and in other processes, and requests to canned answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
import requests
import responses

from connectors.sandbox import exchanges
from connectors.sandbox.exchanges import Exchange, written_where_asked
from connectors.sandbox.server import Sandbox
from connectors.sandbox.world import Fault
from tests.contract.recording import Children, recording
from tests.sandbox.desk import NOW, Desk

SOME = Exchange("jira", "GET", "/rest/api/3/myself", "", {}, "", 200, {}, "{}")


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[list[Exchange]]:
    """What an observer has heard so far."""
    found: list[Exchange] = []
    with recording(found.append, tmp_path):
        yield found


def test_a_stand_in_tells_of_what_it_answers_and_of_no_fault(heard: list[Exchange]) -> None:
    with Sandbox(campaigns=0, now=NOW) as box:
        box.world.faults += [
            Fault("jira", 503, path="serverInfo"),
            Fault("jira", 503, path="serverInfo", after=True),
            Fault("jira", None, path="serverInfo", cut=3, announced=False),
        ]
        for secret in ("Basic eDp5", *[""] * 3):
            headers = {"Authorization": secret} if secret else {}
            requests.get(f"{box.urls['jira']}/rest/api/3/serverInfo?a=%20b", headers=headers, timeout=5)
    # The first was not carried out; of the others the server tells what it said before they were spoilt.
    assert [(one.tool, one.method, one.path, one.query, one.status) for one in heard] == [
        ("jira", "GET", "/rest/api/3/serverInfo", "a=%20b", status) for status in (0, 200, 200, 200)
    ]
    assert heard[0].answer == ""
    assert all("deploymentType" in json.loads(one.answer) for one in heard[1:])
    assert all(one.answer_headers["content-type"] == "application/json" for one in heard[1:])
    assert {one.at for one in heard} == {NOW.isoformat()}
    assert not [one for one in heard if "eDp5" in str(one)]


def test_a_stand_in_called_without_a_network_is_heard_too(heard: list[Exchange]) -> None:
    desk = Desk()
    heard.clear()
    desk.create(Name="Spring launch")
    (exchange,) = heard
    assert (exchange.tool, exchange.method, exchange.status) == ("airtable", "POST", 200)
    assert json.loads(exchange.body) == {"fields": {"Name": "Spring launch"}}
    assert "Spring launch" in exchange.answer


def test_a_request_to_canned_answers_is_heard_without_its_secret(heard: list[Exchange]) -> None:
    with responses.RequestsMock() as wire:
        for url in ("https://acme.atlassian.net/rest/api/3/issue", "https://elsewhere.example/x"):
            wire.post(url, json={})
            requests.post(url, json={"fields": {}}, auth=("a", "secret"), timeout=5)
    (exchange,) = heard
    assert (exchange.tool, exchange.path, exchange.status) == ("jira", "/rest/api/3/issue", 0)
    assert (exchange.body, exchange.headers["content-type"]) == ('{"fields": {}}', "application/json")
    assert "authorization" not in exchange.headers


@pytest.mark.parametrize(
    ("url", "tool"),
    [
        ("https://us21.api.mailchimp.com/3.0/ping", "mailchimp"),
        ("https://api.brevo.com/v3/account", "brevo"),
        ("https://a.klaviyo.com/api/accounts", "klaviyo"),
    ],
)
def test_the_vendors_hosts_are_known_whatever_the_key_is_sent_in(heard: list[Exchange], url: str, tool: str) -> None:
    with responses.RequestsMock() as wire:
        wire.get(url, json={})
        requests.get(url, headers={"Authorization": "Bearer secret", "api-key": "secret"}, timeout=5)
    (exchange,) = heard
    assert exchange.tool == tool
    assert "secret" not in str(exchange)


def test_another_process_writes_its_exchanges_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "observers", [])
    monkeypatch.setenv(exchanges.VARIABLE, str(tmp_path))
    written_where_asked()
    children = Children(tmp_path)
    assert list(children.news()) == []
    exchanges.observers[0](SOME)
    assert list(children.news()) == [SOME]
    assert list(children.news()) == []


def test_a_line_that_is_not_whole_yet_is_read_later(tmp_path: Path) -> None:
    line = json.dumps(asdict(SOME)) + "\n"
    file, children = tmp_path / "1.jsonl", Children(tmp_path)
    file.write_text(line + line[:20], encoding="utf-8")
    assert list(children.news()) == [SOME]
    file.write_text(line + line, encoding="utf-8")
    assert list(children.news()) == [SOME]
