"""The worker, on the real DBOS over SQLite: one pass at a time, nothing secret kept, no fault that ends it."""

from __future__ import annotations

import signal
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS

from jobs import worker
from jobs.mailbox import Mailbox
from jobs.settings import Settings, load_settings
from jobs.wiring import open_state
from jobs.worker_alone import alone
from sync.errors import ConfigError, Unavailable
from tests.e2e.calendar_office import Offices, offices
from tests.e2e.team import INTERVAL
from tests.jobs.conftest import EMAIL, RARELY, Office

__all__ = ["offices"]

FINE = {"said": "fine", "failed": False}


@pytest.fixture
def settings(office: Office) -> Settings:
    return load_settings(office.config)


def kept(settings: Settings, query: str) -> list[Any]:
    with closing(sqlite3.connect(worker.database_of(settings))) as database:
        return database.execute(query).fetchall()


def test_one_pass_syncs_and_mails_what_is_new(office: Office, capfd: pytest.CaptureFixture[str]) -> None:
    office.call("sync")
    office.edit("left", "a", "Subject line", "Left says")
    office.edit("right", "right-1", "Subject line", "Right says")
    with Mailbox(office.folder / "mail") as box:
        office.config.write_text(office.config.read_text("utf-8") + EMAIL.format(url=box.url))
        settings = load_settings(office.config)

        codes = [worker.serve(settings, once=True), worker.serve(settings, once=True)]
        mails = len(box.messages())

    log = capfd.readouterr().err.splitlines()
    assert codes == [0, 0]
    assert mails == 1
    assert ["sync: Nothing to do until people settle what is flagged. New: 1 flag: 1 conflict." in log[0]] == [True]
    assert "report: Sent the report to team@acme.example: 1 new, 0 settled." in log[1]
    assert len(log) == 3


def test_a_send_that_a_stopped_move_left_off_the_calendar_is_mailed_in_the_same_pass(
    offices: Offices,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = offices.of("mailchimp")
    with open_state(team.settings) as store:  # all that stood before has been told
        store.mark_emailed(team.now, {known.finding.fingerprint for known in store.open_findings()})
    team.plan(team.campaign("c002"), datetime(2026, 3, 6, 9, 15, tzinfo=UTC))
    refused = {"method": "POST", "path": "/actions/schedule", "status": 400, "times": 100}
    team.control("fault", {"tool": "mailchimp", **refused})
    team.now += INTERVAL
    team.control("clock", {"now": team.now.isoformat()})
    monkeypatch.setattr("jobs.wiring.clock", lambda: team.now)
    with Mailbox(tmp_path / "mail") as box:
        team.change('smtp = "smtp://127.0.0.1:9"', f'smtp = "{box.url}"')
        team.change("*/15 * * * *", RARELY)

        worker.serve(load_settings(team.config), once=True)
        (mail,) = box.messages()

    assert team.held_by_esp("mailchimp", team.campaign("c002")) == ("draft", None)
    assert "1 send unscheduled" in mail["Subject"]
    text = mail.get_body(("plain",))
    assert text is not None
    told = " ".join(str(text.get_content()).split())
    assert "Price change notice is no longer scheduled in Mailchimp: moving its send stopped halfway [NEW]" in told
    assert "Schedule it in Mailchimp for Fri 6 Mar 2026, 10:15 (Europe/Berlin)." in told


def test_a_failing_pass_is_one_line_without_secrets_and_no_end_of_the_worker(
    office: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    office.write("secret", "pat-geheim")
    text = office.config.read_text("utf-8").replace('"left.json"', '"left.json"\ntoken_file = "secret"')
    office.config.write_text(text)
    settings = load_settings(office.config)
    mailed: list[str] = []

    def broken(_settings: Settings, _stop: worker.Stop) -> dict[str, Any]:
        raise RuntimeError("the token\npat-geheim was wrong")

    def mail(_settings: Settings, _stop: worker.Stop) -> dict[str, Any]:
        mailed.append("mail")
        return FINE

    assert worker.serve(settings, once=True, sync=broken, mail=mail) == 1
    log = capfd.readouterr().err.splitlines()
    assert [line.split(" ", 2)[2] for line in log] == [
        "error sync: failed (RuntimeError): the token [hidden] was wrong"
    ]
    assert mailed == []
    assert b"geheim" not in worker.database_of(settings).read_bytes()


def test_while_a_pass_runs_the_schedule_starts_no_other(settings: Settings) -> None:
    passes: list[str] = []

    def ticks() -> None:
        for _ in range(2):
            DBOS.trigger_schedule(worker.SCHEDULE).get_result(polling_interval_sec=0.05)

    def slow(_settings: Settings, _stop: worker.Stop) -> dict[str, Any]:
        passes.append("pass")
        others = threading.Thread(target=ticks)  # a thread of its own: a step may not start workflows
        others.start()
        others.join(60)
        return FINE

    assert worker.serve(settings, once=True, sync=slow, mail=lambda *_: FINE) == 0

    assert passes == ["pass"]
    assert kept(settings, "SELECT count(*) FROM workflow_status WHERE name = 'tick' AND status = 'SUCCESS'") == [(2,)]
    assert kept(settings, "SELECT count(*) FROM workflow_status WHERE name = 'pass'") == [(1,)]


def test_the_workspaces_schedule_is_the_one_that_is_kept(office: Office) -> None:
    office.config.write_text(
        office.config.read_text("utf-8").replace(f'schedule = "{RARELY}"', 'schedule = "5 7 * * 1"', 1)
    )
    settings = load_settings(office.config)

    worker.serve(settings, once=True, sync=lambda *_: FINE, mail=lambda *_: FINE)

    rows = kept(settings, "SELECT schedule_name, schedule, cron_timezone, workflow_name FROM workflow_schedules")
    assert rows == [("sync", "5 7 * * 1", "Europe/Berlin", "tick")]


def test_a_second_worker_of_a_workspace_is_refused(settings: Settings) -> None:
    with (
        alone(worker.database_of(settings).with_suffix(".lock"), settings.name),
        pytest.raises(ConfigError, match="A worker serves Acme email already"),
    ):
        worker.serve(settings, once=True)


def test_a_database_that_is_none_is_told(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    worker.database_of(settings).write_bytes(b"not a database " * 100)

    with pytest.raises(ConfigError, match=r"The worker.s own database .* cannot be used"):
        worker.serve(settings, once=True)

    assert "Traceback" not in capfd.readouterr().err


def test_a_tool_that_is_down_fails_the_pass_but_is_told_in_words(
    office: Office, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    (office.folder / "left.json").unlink()

    assert worker.serve(settings, once=True) == 1

    assert "Left was left out: left does not answer. The next run tries again." in capfd.readouterr().err


def test_a_file_that_was_broken_meanwhile_is_a_line_in_the_log(
    office: Office, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    office.write("people.toml", "[[people]]\nid = 4\n")

    assert worker.serve(settings, once=True) == 1

    assert "error sync: failed: The configuration has" in capfd.readouterr().err


def test_a_stop_ends_a_run_between_two_steps() -> None:
    stop = worker.Stop()
    stop.progress("reading jira", 1, None)
    stop.set()

    with pytest.raises(worker.Stopped):
        stop.progress("reading jira", 2, None)
    assert not issubclass(worker.Stopped, Exception)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_worker_cleanly(office: Office, number: signal.Signals) -> None:
    call = office.spawn("worker")
    assert call.stderr
    while f"worker of Acme email started; schedule: {RARELY} (Europe/Berlin)" not in (line := call.stderr.readline()):
        assert line
    call.send_signal(number)
    rest = call.communicate(timeout=60)[1]

    assert call.returncode == 0
    assert [line.split(" ", 2)[2] for line in rest.splitlines()] == ["worker stops"]


def test_the_worker_is_refused_in_words(office: Office) -> None:
    office.config = Path("nowhere.toml")

    refused = office.call("worker", "--once")

    assert refused.exit_code == 1
    assert "There is no file nowhere.toml" in refused.stderr


def test_an_unavailable_mail_server_fails_the_pass_after_the_sync(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    def mail(_settings: Settings, _stop: worker.Stop) -> dict[str, Any]:
        raise Unavailable("The mail server does not answer.")

    assert worker.serve(settings, once=True, sync=lambda *_: dict(FINE), mail=mail) == 1

    log = capfd.readouterr().err
    assert "sync: fine" in log
    assert "error report: failed: The mail server does not answer." in log
