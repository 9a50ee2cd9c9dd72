"""The public `jira` library works with the stand-in over HTTP (reference jira §9)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from jira import JIRA, JIRAError

from connectors.sandbox.server import Sandbox
from tests.sandbox.sites import NOW

DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}],
}
EPIC = {"project": {"key": "CAM"}, "issuetype": {"name": "Epic"}, "summary": "X"}


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(campaigns=2, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def client(box: Sandbox) -> JIRA:
    login = box.company["credentials"]["jira"]
    return JIRA(
        box.urls["jira"],
        options={"rest_api_version": "3"},
        basic_auth=(login["email"], login["token"]),
        max_retries=0,
        timeout=(5, 30),
    )


def test_it_knows_the_cloud_and_itself(client: JIRA) -> None:
    assert client.server_info()["deploymentType"] == "Cloud"
    assert client.myself()["displayName"] == "Campaign sync"
    assert {field["name"] for field in client.fields()} >= {"Summary", "Stage", "Scheduled send"}


def test_it_searches_all_pages(client: JIRA) -> None:
    for post in (False, True):
        found = client.enhanced_search_issues(
            "project = CAM ORDER BY key", maxResults=0, fields=["summary", "parent"], reconcileIssues=[], use_post=post
        )
        keys = [issue.key for issue in found]
        assert keys == sorted(keys, key=lambda key: int(key.split("-")[1]))
        assert len(keys) > 10


def test_it_creates_edits_moves_and_deletes(client: JIRA) -> None:
    issue = client.create_issue(fields=EPIC | {"labels": ["cs-7k2m9x4q"]})
    issue.update(fields={"summary": "Y"}, update={"labels": [{"add": "brand"}]})
    client.transition_issue(issue, "In Review")
    client.add_comment(issue, DOCUMENT)
    again = client.issue(issue.key, expand="changelog")
    assert (again.fields.summary, again.fields.status.name) == ("Y", "In Review")
    assert again.fields.labels == ["brand", "cs-7k2m9x4q"]
    assert again.changelog.histories[0].items[0].field == "status"
    issue.delete()  # type: ignore[no-untyped-call]
    with pytest.raises(JIRAError) as gone:
        client.issue(issue.key)
    assert gone.value.status_code == 404


def test_it_knows_a_data_center_by_what_it_says() -> None:
    with Sandbox(campaigns=2, now=NOW, jira="dc") as box:
        login = box.company["credentials"]["jira"]
        assert (login["flavour"], login["user"], box.company["people"][0]["accounts"]["jira"]) == ("dc", "sync", "ann")
        client = JIRA(box.urls["jira"], token_auth=login["token"], max_retries=0, timeout=(5, 30))
        assert client.server_info()["deploymentType"] == "Server"
        found = client.search_issues('"Epic Link" = CAM-1 ORDER BY key', maxResults=0, fields=["summary"])
        assert len(found) > 5
        created = client.create_issue(fields=EPIC | {"customfield_10011": "X", "description": "h1. X"})
        client.assign_issue(created, "ann")
        assert client.issue(created.key).fields.description == "h1. X"
        assert [kind.name for kind in client.project_issue_types("CAM")] == ["Epic", "Task", "Sub-task"]
        listed = next(c for c in box.company["campaigns"] if c["jira"])
        assert listed["stages"]["content"]["jira"]


def test_a_site_stays_what_it_was_when_it_is_started_again(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox(campaigns=1, now=NOW, jira="dc", state=state) as box:
        before = box.company["credentials"]["jira"]
    with Sandbox(campaigns=1, now=NOW, state=state) as box:
        assert box.company["credentials"]["jira"] == before
        assert requests.get(box.urls["jira"] + "/rest/api/3/myself", timeout=5).status_code == 404


def test_there_are_two_flavours() -> None:
    with pytest.raises(ValueError, match="there is no Jira of the flavour vanilla"), Sandbox(jira="vanilla"):
        pass


def test_secrets_stay_out_of_the_log(box: Sandbox) -> None:
    login = box.company["credentials"]["jira"]
    order = {name: login[name] for name in ("client_id", "client_secret", "refresh_token")}
    order["grant_type"] = "refresh_token"
    assert requests.post(box.urls["jira"] + "/oauth/token", json=order, timeout=5).status_code == 200
    hook = {"name": "x", "url": "http://127.0.0.1:1/", "events": ["jira:issue_updated"], "secret": "s3cret"}
    jira = f"{box.control}/control/jira"
    requests.post(f"{jira}/permission", json={"permission": "administer", "granted": True}, timeout=5)
    requests.post(f"{jira}/webhook", json=hook, timeout=5)
    url = box.urls["jira"] + "/rest/webhooks/1.0/webhook"
    assert requests.post(url, json=hook, auth=(login["email"], login["token"]), timeout=5).status_code == 201
    log = str(box.world.entries)
    assert "s3cret" not in log
    assert not [secret for name, secret in login.items() if name.endswith(("token", "secret")) and secret in log]
    assert "POST /oauth/token" in [f"{entry['method']} {entry['path']}" for entry in box.world.entries]


def test_the_log_tells_of_each_write_once(client: JIRA, box: Sandbox) -> None:
    client.create_issue(fields=EPIC, prefetch=False)
    client.enhanced_search_issues("project = CAM", use_post=True)
    writes = [entry for entry in box.world.entries if entry["write"]]
    assert [(entry["method"], entry["path"], entry["who"]) for entry in writes] == [
        ("POST", "/rest/api/3/issue", "sync@acme.example")
    ]
    assert len(writes[0]["touched"]) == 1


def test_the_answers_have_their_media_types(box: Sandbox) -> None:
    answer = requests.get(box.urls["jira"] + "/rest/api/4/myself", timeout=5)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    answer = requests.post(box.urls["jira"] + "/rest/api/3/search/jql", data="{", timeout=5)
    assert (answer.status_code, answer.json()) == (
        400,
        {"errorMessages": ["There was an error parsing JSON. Check that your request body is valid."]},
    )
