"""Receiving webhooks, over HTTP and into a state on disk: what is believed, kept, refused, and never told."""

from __future__ import annotations

import logging
import socket
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
import requests

from jobs import webhooks, wiring
from jobs.settings import Settings, load_settings
from jobs.settings_file import place
from jobs.webhooks import LONGEST, Receiver
from jobs.webhooks_service import heard, listening
from sync import database
from sync.errors import ConfigError
from sync.model import Kind, Ref
from tests.jobs.conftest import Office
from tests.jobs.telling import AIRTABLE_SECRET, JIRA_SECRET, event, from_airtable, from_jira, hints, told

EPIC = ("jira", Kind.CAMPAIGN, "10451")


class House(logging.Handler):
    """A workspace whose door is open: where it is, how often a run was asked for, what is logged."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings, self.rings, self.breaks = settings, 0, False
        self.url = ""
        self.log: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.log.append(record.getMessage())

    def ring(self) -> None:
        self.rings += 1

    def keep(self, refs: Collection[Ref]) -> None:
        if self.breaks:
            raise RuntimeError(f"{refs} TOP SECRET")
        with wiring.open_state(self.settings) as store:
            store.hint(refs)

    def hints(self) -> list[tuple[str, Kind, str]]:
        return hints(self.settings)

    def raw(self, sent: bytes) -> bytes:
        """What is answered to bytes after which nothing more comes."""
        place = urlsplit(self.url)
        with socket.create_connection((str(place.hostname), place.port or 0), timeout=20) as connection:
            connection.sendall(sent)
            return connection.recv(100)


@pytest.fixture
def settings(office: Office, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("AIRTABLE_WEBHOOK", AIRTABLE_SECRET)
    return told(office)


@pytest.fixture
def house(settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[House]:
    house = House(settings)
    logger = logging.getLogger("campaign_sync.webhooks")
    monkeypatch.setattr(logger, "handlers", [house])
    monkeypatch.setattr(logger, "level", logging.INFO)
    receiver = Receiver(heard(settings), house.keep, house.ring)
    ends: list[None] = []
    with listening(receiver, "127.0.0.1:0", lambda: ends.append(None)) as house.url:
        yield house
    receiver.close()
    seen = "".join([*house.log, *capfd.readouterr()])
    assert [secret for secret in ("geheim", AIRTABLE_SECRET, "TOP SECRET") if secret in seen] == []
    assert ends == []


def test_an_edit_in_jira_is_kept_and_a_run_is_asked_for(house: House) -> None:
    answer = from_jira(house.url, event(), "first")

    assert (answer.status_code, answer.content) == (204, b"")
    assert house.hints() == [EPIC]
    assert house.rings == 1
    assert house.log == ["webhook of jira: 1 record to look at"]


def test_what_names_no_record_of_ours_is_followed_by_a_run_alone(house: House) -> None:
    assert from_jira(house.url, event(name="Bug"), "first").status_code == 204
    assert from_jira(house.url, b"", "second").status_code == 204
    ping = from_airtable(house.url)

    assert (ping.status_code, ping.content) == (204, b"")
    assert house.hints() == []
    assert house.rings == 3


def test_nobody_else_is_believed(house: House) -> None:
    statuses = [
        from_jira(house.url, event(), secret="guessed").status_code,
        from_airtable(house.url, key=b"guessed").status_code,
        requests.post(f"{house.url}/webhooks/jira", event(), timeout=20).status_code,
        requests.post(
            f"{house.url}/webhooks/jira", event(), headers={"X-Hub-Signature": "\xff="}, timeout=20
        ).status_code,
    ]

    assert statuses == [401] * 4
    assert (house.hints(), house.rings) == ([], 0)
    assert house.log == [
        "webhook of jira: refused, because there is no valid signature (1 so far)",
        "webhook of airtable: refused, because there is no valid signature (1 so far)",
    ]


def test_there_is_a_door_only_for_tools_with_a_secret(house: House) -> None:
    paths = ("/webhooks/left", "/webhooks/nobody", "/webhooks/", "/webhooks/jira/", "/", "/docs")
    assert {requests.post(house.url + path, event(), timeout=20).status_code for path in paths} == {404}
    assert requests.get(f"{house.url}/webhooks/jira", timeout=20).status_code == 405
    assert requests.get(f"{house.url}/healthz", timeout=20).status_code == 200
    assert house.log == []


def test_what_is_too_big_or_cannot_be_read_or_does_not_come_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = b"POST /webhooks/jira HTTP/1.1\r\nHost: x\r\n"
    chunk = post + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (LONGEST + 1)

    assert from_jira(house.url, b"no json").status_code == 400
    assert from_jira(house.url, b"[" * LONGEST).status_code == 400
    assert house.raw(post + b"Content-Length: %d\r\n\r\n" % (LONGEST + 1)).startswith(b"HTTP/1.1 413")
    assert house.raw(chunk + b" " * (LONGEST + 1)).startswith(b"HTTP/1.1 413")
    monkeypatch.setattr(webhooks, "BODY_SECONDS", 0.05)
    assert house.raw(post + b"Content-Length: 10\r\n\r\n12").startswith(b"HTTP/1.1 408")
    assert (house.hints(), house.rings) == ([], 0)


def test_what_is_told_again_is_kept_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for identifier in ("first", "first", "second"):
        assert from_jira(house.url, event(), identifier).status_code == 204
    assert (house.hints(), house.rings) == ([EPIC, EPIC], 2)

    monkeypatch.setattr(webhooks, "REMEMBERED", 1)
    for identifier in ("third", "second"):
        assert from_jira(house.url, event(), identifier).status_code == 204
    assert house.rings == 4


def test_while_the_state_is_locked_the_vendor_is_to_come_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert from_jira(house.url, event("1"), "before").status_code == 204
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    with closing(sqlite3.connect(house.settings.folder / "state.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert from_jira(house.url, event(), "first").status_code == 503
        assert from_airtable(house.url).status_code == 204
        monkeypatch.setattr(database, "BUSY_SECONDS", 20)
        monkeypatch.setattr(webhooks, "STATE_SECONDS", 0.1)
        assert from_jira(house.url, event(), "first").status_code == 503
    monkeypatch.setattr(webhooks, "STATE_SECONDS", 20)

    assert from_jira(house.url, event(), "first").status_code == 204
    assert set(house.hints()) == {("jira", Kind.CAMPAIGN, "1"), EPIC}


def test_whatever_goes_wrong_the_vendor_is_to_come_again(house: House) -> None:
    house.breaks = True
    assert from_jira(house.url, event(), "first").status_code == 500
    house.breaks = False

    assert from_jira(house.url, event(), "first").status_code == 204
    assert house.log[0] == "webhook of jira: something unforeseen went wrong (RuntimeError)"
    assert house.hints() == [EPIC]


def test_a_port_that_is_taken_is_told(settings: Settings) -> None:
    receiver = Receiver({}, lambda _: None, lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        with (
            pytest.raises(ConfigError, match=rf"cannot be received on {taken}: Address already in use"),
            listening(receiver, taken, lambda: None),
        ):
            pass


def test_a_secret_that_is_none_or_for_nothing_is_told(
    office: Office, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRTABLE_WEBHOOK", "geheim!")
    with pytest.raises(ConfigError, match="the webhook_secret of airtable is no macSecretBase64") as raised:
        heard(load_settings(office.config))
    assert "geheim" not in str(raised.value)

    text = office.config.read_text("utf-8")
    office.config.write_text(text.replace('"left.json"', '"left.json"\nwebhook_secret_file = "secrets/token"'), "utf-8")
    with pytest.raises(ConfigError, match="left has a webhook_secret, but tools of the type notebook send us nothing"):
        heard(load_settings(office.config))


def test_the_check_of_the_files_says_who_is_heard(office: Office, settings: Settings) -> None:
    said = office.call("config", "check").stdout
    assert "Webhooks: `worker --webhooks` listens on 127.0.0.1:8080 and believes jira, airtable." in said

    office.write("secrets/jira-webhook", "")
    refused = office.call("config", "check")
    assert refused.exit_code == 1
    assert "webhook_secret_file" in refused.stderr


@pytest.mark.parametrize(
    "listen", ["8080", ":8080", "host", "host:http", "http://x:80", "x:80/hook", "me@x:80", "x:65536"]
)
def test_what_is_no_address_to_listen_on_is_told(office: Office, listen: str) -> None:
    office.config.write_text(f'{office.config.read_text("utf-8")}\n[webhooks]\nlisten = "{listen}"\n', "utf-8")
    with pytest.raises(ConfigError, match=r"must be a host and a port, such as 0\.0\.0\.0:8080"):
        load_settings(office.config)


def test_an_address_of_the_sixth_version_stands_in_brackets() -> None:
    assert place("[::]:8080") == ("::", 8080)


def test_no_secret_is_shown(settings: Settings) -> None:
    assert {JIRA_SECRET, AIRTABLE_SECRET} <= set(settings.secrets)
    assert "geheim" not in repr(settings)
