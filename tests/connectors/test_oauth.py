"""OAuth access that renews itself: once for all processes, through a crash as far as it can be, and without a leak."""

# Long because it has the server, the processes and the crashes that its stories are about.

from __future__ import annotations

import json
import subprocess
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.airtable import AirtableConnector
from connectors.http import Retry
from connectors.jira import JiraConnector
from connectors.oauth import Client, Grant
from connectors.oauth_file import TokenFile
from connectors.sandbox.server import Sandbox
from connectors.sandbox.world import Fault
from sync.errors import ConfigError, SyncError, Unavailable

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = 3600
ROOT = Path(__file__).parents[2]
TOKEN_PATHS = {"jira": "/oauth/token", "airtable": "/oauth2/v1/token"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=4, campaigns=1, now=NOW) as box:
        yield box


class App:
    """An OAuth app of one tool, with its tokens in a file."""

    def __init__(self, box: Sandbox, folder: Path, tool: str = "jira") -> None:
        self.box, self.tool, self.url = box, tool, box.urls[tool]
        self.login: dict[str, str] = box.company["credentials"][tool]
        self.file = folder / "tokens"
        self.put(access=self.login["access_token"], refresh=self.login["refresh_token"])

    def put(self, access: str | None, refresh: str, at: str | None = None) -> None:
        told = {"access_token": access, "refresh_token": refresh, "expires_at": at, "token_type": "Bearer"}
        self.file.write_text(json.dumps(told, indent=1), "utf-8")

    def held(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text("utf-8"))
        return found

    def client(self, **changes: Any) -> Client:
        server = f"{self.url}{TOKEN_PATHS[self.tool]}"
        known = {"id": self.login["client_id"], "secret": self.login["client_secret"], "server": server}
        return Client(**(known | {"form": self.tool == "airtable"} | changes))

    def grant(self, **changes: Any) -> Grant:
        return Grant(self.tool, self.client(**changes), self.file, now=lambda: self.box.world.now().timestamp())

    def connector(self, grant: Grant | None = None) -> JiraConnector:
        url = f"{self.url}/ex/jira/{self.login['cloud_id']}"
        options: dict[str, Any] = {"sleep": lambda _: None, "rng": lambda: 0.0, "per_second": None}
        return JiraConnector("jira", url=url, token="", grant=grant or self.grant(), project="CAM", **options)

    def renewals(self) -> list[int]:
        """The statuses of the requests for new tokens."""
        log = self.box.world.entries
        return [entry["status"] for entry in log if entry["path"] == TOKEN_PATHS[self.tool]]

    def refusals(self) -> int:
        return sum(entry["tool"] == self.tool and entry["status"] == 401 for entry in self.box.world.entries)

    def switch(self, verb: str, **order: Any) -> None:
        url = f"{self.box.control}/control/{self.tool}/{verb}"
        assert requests.post(url, json={"as": "ann@acme.example", **order}, timeout=10).ok

    def secrets(self) -> list[str]:
        now = self.box.company["credentials"][self.tool]
        names = ("access_token", "refresh_token", "client_secret")
        return [login[name] for login in (self.login, now) for name in names]


@pytest.fixture
def app(sandbox: Sandbox, tmp_path: Path) -> Iterator[App]:
    start = sandbox.world.snapshot()
    sandbox.world.entries.clear()
    yield App(sandbox, tmp_path)
    sandbox.world.faults.clear()
    sandbox.world.rewind(start)
    sandbox.world.set_clock(NOW)


@pytest.fixture
def base(app: App, tmp_path: Path) -> App:
    return App(app.box, tmp_path, "airtable")


def told(app: App, error: SyncError) -> str:
    """What a person reads of a failure, in whose whole trace no secret stands."""
    text = "".join(traceback.format_exception(error))
    assert not any(secret in text for secret in app.secrets())
    return str(error)


def test_a_token_that_has_ended_is_renewed_and_the_request_sent_again(app: App) -> None:
    app.box.world.advance(HOUR)
    app.connector().schema()
    assert (app.renewals(), app.refusals()) == ([200], 1)
    current = app.box.company["credentials"]["jira"]
    assert app.held()["refresh_token"] == current["refresh_token"] != app.login["refresh_token"]
    assert app.held()["expires_at"] == "2026-03-02T10:00:00+00:00"
    assert app.file.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in app.file.parent.iterdir()) == ["tokens", "tokens.lock"]


def test_a_token_that_is_about_to_end_is_renewed_before_anything_is_refused(app: App) -> None:
    app.put(app.login["access_token"], app.login["refresh_token"], "2026-03-02T09:00:00+00:00")
    app.box.world.advance(HOUR - 60)
    app.connector().schema()
    assert (app.renewals(), app.refusals()) == ([200], 0)


def test_a_token_that_lasts_is_left_alone(app: App) -> None:
    before = app.file.read_text("utf-8")
    app.connector().schema()
    assert (app.renewals(), app.file.read_text("utf-8")) == ([], before)


def test_the_refresh_token_alone_is_enough_to_begin_with(app: App) -> None:
    app.file.write_text(app.login["refresh_token"] + "\n", "utf-8")
    app.connector().schema()
    assert app.renewals() == [200]


def test_airtable_is_asked_by_a_form(base: App) -> None:
    base.box.world.advance(HOUR)
    url, app = base.url, base.login["base"]
    retry = Retry(sleep=lambda _: None, rng=lambda: 0.0)
    options: dict[str, Any] = {"url": url, "base": app, "per_second": None, "retry": retry}
    made = AirtableConnector("airtable", token="", grant=base.grant(), **options)
    assert made.schema()
    assert (base.renewals(), base.refusals()) == ([200], 1)
    assert base.held()["access_token"].startswith("oaa")


def test_an_airtable_integration_without_a_secret_names_itself_and_is_refused_where_one_is_wanted(base: App) -> None:
    base.box.world.advance(HOUR)
    base.put(None, base.login["refresh_token"])
    with pytest.raises(ConfigError, match=r"\(401, invalid_client\)") as caught:
        base.grant(secret=None)(requests.Request("GET", base.url).prepare())
    told(base, caught.value)


def test_threads_that_need_a_new_token_at_once_ask_for_one(app: App) -> None:
    app.put(None, app.login["refresh_token"])
    with ThreadPoolExecutor(6) as crowd:
        signed = list(crowd.map(lambda _: app.grant()(requests.Request("GET", app.url).prepare()), range(6)))
    assert app.renewals() == [200]
    assert {str(one.headers["Authorization"]) for one in signed} == {f"Bearer {app.held()['access_token']}"}


def test_processes_that_need_a_new_token_at_once_ask_for_one(app: App) -> None:
    app.put(None, app.login["refresh_token"])
    code = (
        "import sys, requests; from pathlib import Path; from connectors.oauth import Client, Grant\n"
        "tool, file, id, secret, server = sys.argv[1:]\n"
        "grant = Grant(tool, Client(id, secret, server), Path(file)); print('ready', flush=True)\n"
        "print(grant(requests.Request('GET', server).prepare()).headers['Authorization'])"
    )
    client = app.client()
    command = [sys.executable, "-c", code, "jira", str(app.file), client.id, str(client.secret), client.server]
    with TokenFile("jira", app.file).alone():  # until both wait
        both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        assert [one.stdout.readline() for one in both if one.stdout] == ["ready\n"] * 2
    said = {one.communicate(timeout=30)[0] for one in both}
    assert said == {f"Bearer {app.held()['access_token']}\n"}
    assert app.renewals() == [200]


def test_tokens_that_were_granted_before_a_crash_are_found_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    app.put(None, app.login["refresh_token"])

    def killed(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(SystemExit):
            app.connector().schema()
    assert app.held()["refresh_token"] == app.login["refresh_token"]
    app.connector().schema()
    assert (app.renewals(), app.held()["refresh_token"] != app.login["refresh_token"]) == ([200], True)


def test_what_a_crash_left_does_not_undo_a_new_sign_in(app: App) -> None:
    with TokenFile("jira", app.file).room() as keep:
        stale = TokenFile("jira", app.file).read()
        keep(stale)
    left = app.file.with_name("tokens.new")
    left.write_text(json.dumps({"refresh_token": "stale", "replaces": "another"}), "utf-8")
    app.put(None, app.login["refresh_token"])
    app.connector().schema()
    assert app.renewals() == [200]
    assert not left.exists()


@pytest.mark.parametrize(("seconds", "renewals"), [(600, [0, 200]), (0, [0, 403])])
def test_an_answer_that_got_lost_costs_the_access_unless_the_server_is_lenient(
    app: App, seconds: int, renewals: list[int]
) -> None:
    app.switch("switch", name="refresh_reuse_seconds", value=seconds)
    app.put(None, app.login["refresh_token"])
    app.box.world.faults.append(Fault("jira", 0, "POST", "/oauth/token", after=True))
    grant = app.grant()
    with pytest.raises(Unavailable, match="did not answer renewing its access") as lost:
        grant(requests.Request("GET", app.url).prepare())
    told(app, lost.value)
    if seconds:
        app.connector(grant).schema()
        assert app.renewals() == renewals
        return
    for _ in range(2):  # and it is not asked for over and over
        with pytest.raises(ConfigError, match="Sign in again and put the new tokens into") as caught:
            app.connector(grant).schema()
        told(app, caught.value)
    assert app.renewals() == renewals
    assert app.held()["refresh_token"] == app.login["refresh_token"]


def test_a_new_sign_in_ends_a_refusal(app: App) -> None:
    grant = app.grant()
    app.put(None, "wrong")
    with pytest.raises(ConfigError, match=r"\(403, unauthorized_client\)"):
        app.connector(grant).schema()
    app.put(None, app.login["refresh_token"])
    app.connector(grant).schema()
    assert app.renewals() == [403, 200]


def test_a_scope_that_is_missing_is_not_taken_for_an_old_token_twice(app: App) -> None:
    app.switch("scopes", scopes=["read:jira-user"])
    with pytest.raises(ConfigError, match="scopes read:jira-work") as caught:
        app.connector().schema()
    told(app, caught.value)
    assert app.renewals() == [200]


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [(503, Unavailable, "did not serve renewing its access"), (429, Unavailable, "did not serve"),
     (404, ConfigError, "Check server in"), (302, ConfigError, "Check server in"),
     (200, Unavailable, "not documented")],
)  # fmt: skip
def test_an_authorization_server_that_does_not_serve_is_named(
    app: App, status: int, kind: type[SyncError], said: str
) -> None:
    app.put(None, app.login["refresh_token"])
    body = {"error": app.login["refresh_token"]}
    headers = {"Location": app.url} if status == 302 else {}
    app.box.world.faults.append(Fault("jira", status, "POST", "/oauth/token", body=body, headers=headers))
    with pytest.raises(kind, match=said) as caught:
        app.grant()(requests.Request("GET", app.url).prepare())
    told(app, caught.value)
    assert sorted(one.name for one in app.file.parent.iterdir()) == ["tokens", "tokens.lock"]


@pytest.mark.parametrize(
    "text", ["", "two words", "{", "[]", '{"access_token": "x"}', '{"refresh_token": 1}', "t\u00f6"]
)
def test_a_file_without_a_refresh_token_is_named_and_not_quoted(app: App, text: str) -> None:
    app.file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="holds no refresh token of jira") as caught:
        app.connector().schema()
    assert not text or text not in str(caught.value)


def test_a_file_that_is_not_there_is_named(app: App) -> None:
    app.file.unlink()
    with pytest.raises(ConfigError, match="Check tokens_file in"):
        app.connector().schema()


def test_nothing_is_renewed_where_the_new_tokens_could_not_be_kept(app: App) -> None:
    app.put(None, app.login["refresh_token"])
    app.file.with_name("tokens.new").mkdir()
    with pytest.raises(ConfigError, match="cannot be kept in"):
        app.connector().schema()
    assert app.renewals() == []


def test_a_lock_that_is_not_given_back_is_waited_for_and_then_told(app: App) -> None:
    waits: list[float] = []
    file = TokenFile("jira", app.file, sleep=waits.append)
    with (
        TokenFile("jira", app.file).alone(),
        pytest.raises(Unavailable, match="for a minute"),
        file.alone(),
    ):
        pass
    assert 59 < sum(waits) < 61


def test_tokens_are_in_no_repr(app: App) -> None:
    shown = f"{app.client()!r} {TokenFile('jira', app.file).read()!r} {app.grant()!r}"
    assert not any(secret in shown for secret in app.secrets())


def test_a_data_center_has_no_such_sign_in(app: App, sandbox: Sandbox) -> None:
    with Sandbox(seed=4, campaigns=1, now=NOW, jira="dc") as house:
        made = JiraConnector("jira", url=house.urls["jira"], token="", grant=app.grant(), project="CAM")
        with pytest.raises(ConfigError, match=r"\[tools.jira.oauth\] is for Jira Cloud"):
            made.schema()
