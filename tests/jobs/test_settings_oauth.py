"""`[tools.jira.oauth]` and `[tools.airtable.oauth]`: what is taken, refused in words, and a tool reached by it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.sandbox.server import Sandbox
from jobs.settings import load_settings
from sync.errors import ConfigError
from tests.e2e.team import TODAY
from tests.jobs.conftest import Office

TOOL = """
[workspace]
name = "Acme email"
timezone = "Europe/Berlin"

[tools.jira]
type = "jira"
url = "{url}/ex/jira/{cloud_id}"
project = "CAM"

[tools.jira.oauth]
client_id = "{client_id}"
client_secret_file = "secrets/app"
tokens_file = "secrets/tokens.json"
server = "{url}/oauth/token"
"""
LOGIN = {"url": "http://127.0.0.1:9", "cloud_id": "1f2e", "client_id": "app"}


def signing_in(office: Office, **login: str) -> None:
    """The workspace of one Jira that signs in by OAuth."""
    office.config.write_text(TOOL.format(**(LOGIN | login)), "utf-8")
    office.write("secrets/app", login.get("client_secret", "geheim-app"))
    office.write("secrets/tokens.json", json.dumps({"refresh_token": login.get("refresh_token", "geheim-refresh")}))


def test_a_tool_is_reached_with_nothing_but_a_refresh_token(office: Office) -> None:
    with Sandbox(seed=4, campaigns=1, now=TODAY) as box:
        login: dict[str, Any] = box.company["credentials"]["jira"]
        signing_in(office, **(login | {"url": box.urls["jira"]}))
        answer = office.call("config", "check", "--online")
        assert (answer.exit_code, "jira: reached" in answer.stdout) == (0, True), answer.output
        assert [e["path"] for e in box.world.entries if e["method"] == "POST"] == ["/oauth/token"]


def test_the_apps_secret_is_hidden_and_the_tokens_file_lies_beside_the_configuration(office: Office) -> None:
    signing_in(office)
    settings = load_settings(office.config)
    assert "geheim-app" in settings.secrets
    assert "geheim" not in repr(settings)
    options: Any = settings.tools["jira"].options
    assert options.oauth.tokens_file == str(office.folder / "secrets" / "tokens.json")
    assert "client_secret_file" in office.call("config", "schema").stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('project = "CAM"', 'project = "CAM"\ntoken_file = "secrets/app"', "has both a token and oauth"),
        ('project = "CAM"', 'project = "CAM"\nemail = "a@acme.example"', "has both oauth and an email or user"),
        ("/ex/jira/1f2e", "", "signs in by oauth, so url must be"),
        ("tokens.json", "nowhere.json", "which is not there; put the answer of the sign-in into it"),
        ("secrets/app", "secrets/nowhere", "cannot be read"),
        ("http://127.0.0.1:9/oauth", "http://auth.example/oauth", "must be an address that begins with https://"),
        ("http://127.0.0.1:9/oauth/token", "https://a:b@auth.example", "must be the plain address"),
        ("client_id", "client", "client_id"),
    ],
)
def test_what_cannot_sign_in_is_told_with_its_line(office: Office, old: str, new: str, said: str) -> None:
    signing_in(office)
    text = office.config.read_text("utf-8")
    assert old in text
    office.config.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ConfigError, match="line") as caught:
        load_settings(office.config)
    assert said in str(caught.value)
    assert "has no token" not in str(caught.value)
    assert "geheim" not in str(caught.value)
