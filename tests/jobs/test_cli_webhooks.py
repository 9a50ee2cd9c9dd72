"""`campaign-sync webhooks`: making the tools' webhooks, showing them, and taking them away, against the stand-ins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.jira_webhooks import JiraWebhook
from connectors.sandbox.server import Sandbox
from jobs.settings import load_settings
from jobs.webhooks_service import heard
from sync.errors import ConfigError
from tests.e2e.team import TODAY, on_both
from tests.jobs.conftest import Office

HERE = "http://127.0.0.1:9"  # where nobody answers
TOOLS = """
[workspace]
name = "Acme email"
timezone = "Europe/Berlin"

[tools.jira]
type = "jira"
url = "{jira}"
{login}
project = "CAM"
webhook_secret_file = "secrets/jira-webhook"

[tools.airtable]
type = "airtable"
url = "{airtable}"
base = "{base}"
token_file = "secrets/airtable"
requests_per_second = 500
webhook_secret_file = "secrets/airtable-webhook"
"""


class Bureau:
    """A workspace with a Jira and an Airtable, whose administrators are the sync account itself."""

    def __init__(self, office: Office, box: Sandbox) -> None:
        self.office, self.box = office, box
        self.logins: dict[str, Any] = box.company["credentials"]
        self.cloud = self.logins["jira"]["flavour"] == "cloud"
        for tool in ("jira", "airtable"):
            office.write(f"secrets/{tool}", self.logins[tool]["token"])
        login = 'token_file = "secrets/jira"' + ('\nemail = "sync@acme.example"' if self.cloud else "")
        text = TOOLS.format(**box.urls, login=login, base=self.logins["airtable"]["base"])
        office.config.write_text(text, "utf-8")
        self.allow(True)

    def allow(self, granted: bool) -> None:
        self.people("jira/permission", permission="administer", granted=granted)

    def people(self, path: str, **order: Any) -> None:
        answer = requests.post(
            f"{self.box.control}/control/{path}", json={"as": "ann@acme.example", **order}, timeout=9
        )
        assert answer.ok, answer.text

    def edit(self, old: str, new: str) -> None:
        text = self.office.config.read_text("utf-8")
        assert old in text
        self.office.config.write_text(text.replace(old, new), "utf-8")

    def call(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """The exit code and what is told of each tool; in which no secret stands."""
        answer = self.office.call("webhooks", *arguments, "--json")
        told: dict[str, Any] = json.loads(answer.stdout)
        for file in (self.office.folder / "secrets").iterdir():
            assert file.read_text("utf-8").strip() not in answer.output
        return answer.exit_code, told.get("tools", told)

    def states(self, *arguments: str) -> dict[str, str]:
        return {name: one["state"] for name, one in self.call(*arguments)[1].items()}

    def secret(self, tool: str) -> Path:
        return self.office.folder / "secrets" / f"{tool}-webhook"

    def ours(self) -> dict[str, list[str]]:
        """What tells us, by tool."""
        shown = self.call("list")[1]
        return {name: [h["url"] for h in one["webhooks"] if h["ours"]] for name, one in shown.items()}


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    with Sandbox(seed=4, campaigns=1, now=TODAY) as cloud, Sandbox(seed=4, campaigns=1, now=TODAY, jira="dc") as house:
        yield {"cloud": cloud, "dc": house}


@pytest.fixture
def bureaus(office: Office, sandboxes: dict[str, Sandbox]) -> Iterator[Any]:
    starts = {name: box.world.snapshot() for name, box in sandboxes.items()}
    yield lambda flavour: Bureau(office, sandboxes[flavour])
    for name, box in sandboxes.items():
        box.world.faults.clear()
        box.world.rewind(starts[name])
        box.world.set_clock(TODAY)


@pytest.fixture
def bureau(bureaus: Any) -> Bureau:
    made: Bureau = bureaus("cloud")
    return made


@on_both
def test_one_command_makes_webhooks_that_are_believed_and_another_leaves_them(bureaus: Any, flavour: str) -> None:
    bureau = bureaus(flavour)
    with pytest.raises(ConfigError, match="campaign-sync webhooks register"):
        heard(load_settings(bureau.office.config))
    code, told = bureau.call("register", "--url", f"{HERE}/")
    assert (code, {name: one["state"] for name, one in told.items()}) == (0, {"jira": "made", "airtable": "made"})
    assert told["airtable"]["webhooks"][0]["expires"] == "2026-03-09T08:00:00+00:00"
    assert bureau.ours() == {"jira": [f"{HERE}/webhooks/jira"], "airtable": [f"{HERE}/webhooks/airtable"]}
    kept = {tool: bureau.secret(tool).read_text("utf-8") for tool in ("jira", "airtable")}
    assert {bureau.secret(tool).stat().st_mode & 0o777 for tool in kept} == {0o600}

    bureau.box.world.advance(86_400)
    code, told = bureau.call("register", "--url", HERE)
    assert (code, {name: one["state"] for name, one in told.items()}) == (0, {"jira": "kept", "airtable": "kept"})
    assert told["airtable"]["webhooks"][0]["expires"] == "2026-03-10T08:00:00+00:00"
    assert {tool: bureau.secret(tool).read_text("utf-8") for tool in kept} == kept
    assert bureau.ours() == {"jira": [f"{HERE}/webhooks/jira"], "airtable": [f"{HERE}/webhooks/airtable"]}


@on_both
def test_what_is_delivered_afterwards_carries_the_signature_of_the_kept_secret(
    bureaus: Any, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau = bureaus(flavour)
    sent: list[tuple[dict[str, str], bytes]] = []

    def post(_url: str, body: bytes, headers: dict[str, str]) -> int:
        sent.append((headers, body))
        return 204

    courier = bureau.box._servers.tools["jira"].courier
    monkeypatch.setattr(courier, "post", post)
    bureau.people("jira/switch", name="webhook_delivery", value="manual")
    assert bureau.states("register", "--url", HERE, "--tool", "jira") == {"jira": "made"}
    bureau.people("jira/create", fields={"Summary": "New"})
    bureau.people("jira/deliver")
    ((headers, body),) = sent
    secret = bureau.secret("jira").read_text("utf-8").strip()
    assert JiraWebhook("jira", secret=secret, project="CAM").is_signed(headers, body)


def test_a_data_center_before_version_ten_is_asked_at_its_old_address(bureaus: Any) -> None:
    bureau = bureaus("dc")
    bureau.people("jira/switch", name="webhooks_before_ten", value=True)
    assert bureau.states("register", "--url", HERE, "--tool", "jira") == {"jira": "made"}
    assert bureau.states("remove", "--tool", "jira") == {"jira": "removed"}


def test_ours_are_taken_away_and_others_stay(bureau: Bureau) -> None:
    bureau.people("jira/webhook", url="https://other.example/hook", events=["jira:issue_updated"], name="Other")
    bureau.call("register", "--url", HERE)
    assert bureau.states("remove") == {"jira": "removed", "airtable": "removed"}
    assert bureau.states("remove") == {"jira": "none", "airtable": "none"}
    shown = bureau.call("list")[1]
    assert [(one["url"], one["ours"]) for one in shown["jira"]["webhooks"]] == [("https://other.example/hook", False)]
    assert bureau.ours() == {"jira": [], "airtable": []}


def test_a_move_is_told_and_two_places_are_not_guessed_between(bureau: Bureau) -> None:
    bureau.call("register", "--url", HERE)
    _, told = bureau.call("register", "--url", "http://localhost:9/sync")
    assert any(f"webhooks remove --url {HERE}" in note for note in told["jira"]["notes"])
    code, told = bureau.call("remove", "--tool", "jira")
    assert (code, told["jira"]["state"]) == (1, "failed")
    assert "Say which by --url" in told["jira"]["text"]
    assert bureau.states("remove", "--url", HERE) == {"jira": "removed", "airtable": "removed"}
    assert bureau.ours()["jira"] == ["http://localhost:9/sync/webhooks/jira"]


def test_a_secret_of_airtable_that_got_lost_costs_a_new_webhook(bureau: Bureau) -> None:
    bureau.call("register", "--url", HERE)
    before = bureau.secret("airtable").read_text("utf-8")
    bureau.secret("airtable").unlink()
    assert bureau.states("register", "--url", HERE)["airtable"] == "made"
    assert bureau.secret("airtable").read_text("utf-8") != before
    assert bureau.ours()["airtable"] == [f"{HERE}/webhooks/airtable"]


def test_one_that_has_ended_is_made_anew(bureau: Bureau) -> None:
    bureau.call("register", "--url", HERE)
    bureau.people("airtable/rules", expired_hook="disabled")
    bureau.box.world.advance(8 * 86_400)
    assert bureau.states("register", "--url", HERE)["airtable"] == "made"
    assert len(bureau.ours()["airtable"]) == 1


def test_who_is_no_administrator_is_told_what_a_person_enters(bureau: Bureau) -> None:
    bureau.allow(False)
    bureau.office.write("secrets/airtable", bureau.logins["airtable"]["no_webhooks_token"])
    code, told = bureau.call("register", "--url", HERE)
    assert (code, {name: one["state"] for name, one in told.items()}) == (1, {"jira": "by hand", "airtable": "by hand"})
    assert f'URL: {HERE}/webhooks/jira. JQL: project = "CAM".' in told["jira"]["notes"][0]
    assert told["jira"]["notes"][1] == f"Secret: what is in {bureau.secret('jira')}."
    assert "scope webhook:manage" in told["airtable"]["text"]


def test_an_oauth_app_of_jira_is_told_that_its_webhooks_are_of_another_kind(bureau: Bureau) -> None:
    login = bureau.logins["jira"]
    bureau.edit('email = "sync@acme.example"\n', "")
    bureau.edit(f'url = "{bureau.box.urls["jira"]}"', f'url = "{bureau.box.urls["jira"]}/ex/jira/{login["cloud_id"]}"')
    bureau.office.write("secrets/jira", login["access_token"])
    code, told = bureau.call("register", "--url", HERE, "--tool", "jira")
    assert (code, told["jira"]["state"]) == (1, "by hand")
    assert "OAuth app, which may only have dynamic webhooks" in told["jira"]["text"]


def test_a_base_without_room_says_so_and_keeps_nothing(bureau: Bureau) -> None:
    login = bureau.logins["airtable"]
    url = f"{bureau.box.urls['airtable']}/v0/bases/{login['base']}/webhooks"
    body = {"specification": {"options": {"filters": {"dataTypes": ["tableFields"]}}}}
    for _ in range(10):
        assert requests.post(url, json=body, headers={"Authorization": f"Bearer {login['token']}"}, timeout=9).ok
    code, told = bureau.call("register", "--url", HERE)
    assert (code, told["airtable"]["state"], told["jira"]["state"]) == (1, "failed", "made")
    assert "ten webhooks at most" in told["airtable"]["text"]
    assert not bureau.secret("airtable").exists()


def test_a_tool_without_a_place_for_the_secret_is_left_out_with_the_line_to_add(bureau: Bureau) -> None:
    bureau.edit('webhook_secret_file = "secrets/airtable-webhook"\n', "")
    code, told = bureau.call("register", "--url", HERE)
    assert (code, told["airtable"]["state"]) == (0, "left out")
    assert 'add webhook_secret_file = "secrets/airtable-webhook" to [tools.airtable]' in told["airtable"]["text"]


def test_a_tool_that_lets_nobody_in_is_one_failure_and_the_others_go_on(bureau: Bureau) -> None:
    bureau.office.write("secrets/jira", "ATATT-wrong-1234567890")
    code, told = bureau.call("register", "--url", HERE)
    assert (code, {name: one["state"] for name, one in told.items()}) == (1, {"jira": "failed", "airtable": "made"})
    assert "(401)" in told["jira"]["text"]


def test_a_tool_that_has_no_webhooks_is_left_out(office: Office) -> None:
    answer = office.call("webhooks", "register", "--url", HERE)
    assert answer.exit_code == 1  # nobody was registered
    assert "left: has none that we know; it is synced on the schedule." in answer.stdout
    assert office.call("webhooks", "list", "--tool", "middle").exit_code == 1


def test_people_read_lines(bureau: Bureau) -> None:
    answer = bureau.office.call("webhooks", "register", "--url", HERE)
    assert f"jira: tells now {HERE}/webhooks/jira." in answer.stdout
    assert "Nobody answers at" in answer.stdout
    shown = bureau.office.call("webhooks", "list").stdout
    assert f"ours: {HERE}/webhooks/airtable (id ach" in shown
    assert "until 2026-03-09 08:00 UTC" in shown


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://sync.acme.example", "must begin with https://"), ("sync.acme.example", "must be the receiver's public"),
     ("https://me:pw@x.example", "without user, password"), ("https://x.example/?a=b", "without user, password"),
     ("https://x.example/webhooks/jira", "the part before /webhooks/"), ("", "must be the receiver's public"),
     ("https://x .example", "must be the receiver's public"), ("https://[", "must be the receiver's public")],
)  # fmt: skip
def test_an_address_that_is_none_is_told_before_anything_is_asked(bureau: Bureau, url: str, said: str) -> None:
    before = len(bureau.box.world.entries)
    code, told = bureau.call("register", "--url", url)
    assert code == 1
    assert said in told["error"]
    assert len(bureau.box.world.entries) == before
