"""Runs that webhooks ask for: at once, one for all that comes together, and one more for what comes during a run."""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from jobs import worker
from jobs.settings import Settings, load_settings
from jobs.webhooks_calls import Calls
from sync.errors import ConfigError
from sync.model import Kind
from tests.jobs.conftest import Office
from tests.jobs.telling import AIRTABLE_SECRET, event, from_airtable, from_jira, hints, told

FINE: dict[str, Any] = {"said": None, "failed": False}


class Place(logging.Handler):
    """Where the worker says that it receives webhooks."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: queue.Queue[str] = queue.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("webhooks are received on"):
            assert isinstance(record.args, tuple)
            self.urls.put(str(record.args[0]))


@pytest.fixture
def place() -> Iterator[Place]:
    logger, handler = logging.getLogger("campaign_sync.webhooks"), Place()
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.fixture
def settings(office: Office, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("AIRTABLE_WEBHOOK", AIRTABLE_SECRET)
    return told(office, '\n[webhooks]\nlisten = "127.0.0.1:0"\ngather = "0s"\n')


def test_the_worker_runs_at_once_and_once_more_for_all_that_came_during_a_run(settings: Settings, place: Place) -> None:
    begun, go_on = threading.Event(), threading.Event()
    seen: list[list[str]] = []
    statuses: list[int] = []

    def vendors() -> None:
        url = place.urls.get(timeout=60)
        statuses.append(from_jira(url, event("1"), "1").status_code)
        begun.wait(60)
        statuses.extend(from_jira(url, event(str(number)), str(number)).status_code for number in range(2, 12))
        statuses.append(from_airtable(url).status_code)
        go_on.set()

    def sync(current: Settings, stop: worker.Stop) -> dict[str, Any]:
        seen.append([native for _, _, native in hints(current)])
        begun.set()
        go_on.wait(60)
        if len(seen) == 2:
            stop.set()
        return FINE

    telling = threading.Thread(target=vendors)
    telling.start()
    assert worker.serve(settings, sync=sync, mail=lambda *_: FINE) == 0
    telling.join(60)

    assert set(statuses) == {204}
    assert seen == [["1"], [str(number) for number in range(1, 12)]]
    assert {(tool, kind) for tool, kind, _ in hints(settings)} == {("jira", Kind.CAMPAIGN)}
    with closing(sqlite3.connect(worker.database_of(settings))) as database:
        assert database.execute("SELECT count(*) FROM workflow_status WHERE name = 'pass'").fetchall() == [(2,)]


def test_a_receiver_that_ends_by_itself_ends_the_worker() -> None:
    stop = worker.Stop()
    stop.fail()
    assert (stop.is_set(), stop.failed) == (True, True)


def test_webhooks_are_not_received_without_a_secret(office: Office, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="no tool has a webhook_secret_file, so nobody could be believed"):
        worker.serve(load_settings(office.config), webhooks=True)
    refused = office.call("worker", "--once", "--webhooks")
    assert refused.exit_code == 1
    assert "Leave one of --once and --webhooks out." in refused.stderr


class Handle:
    """A run that ends when it is told to, as DBOS gives one."""

    def __init__(self, ends: threading.Event) -> None:
        self._ends = ends

    def get_result(self, *, polling_interval_sec: float) -> None:
        assert polling_interval_sec < 1
        assert self._ends.wait(60)


class Asked:
    """The queue: how often a run was asked for. `fails` is how often that cannot be done."""

    def __init__(self, fails: int = 0) -> None:
        self.asked: queue.Queue[threading.Event] = queue.Queue()
        self.fails = fails

    def enqueue(self) -> Handle:
        if self.fails:
            self.fails -= 1
            raise OSError("no room")
        ends = threading.Event()
        self.asked.put(ends)
        return Handle(ends)


def test_what_rings_before_a_run_begins_is_answered_by_it() -> None:
    calls, runs = Calls(), Asked()
    with calls.followed(runs.enqueue, 0):
        calls.ring()
        run = runs.asked.get(timeout=60)
        calls.ring()
        calls.answered()
        run.set()
        with pytest.raises(queue.Empty):
            runs.asked.get(timeout=0.2)


def test_what_rings_after_a_run_has_begun_is_followed_by_another() -> None:
    calls, runs = Calls(), Asked()
    with calls.followed(runs.enqueue, 0):
        calls.ring()
        first = runs.asked.get(timeout=60)
        calls.answered()
        calls.ring()
        assert runs.asked.empty()
        first.set()
        second = runs.asked.get(timeout=60)
        calls.answered()
        second.set()
    assert runs.asked.empty()


def test_the_end_does_not_wait_for_what_is_gathered() -> None:
    calls, runs = Calls(), Asked()
    with calls.followed(runs.enqueue, 3600):
        calls.ring()
    assert runs.asked.empty()


def test_a_run_that_could_not_be_asked_for_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.webhooks_calls.PAUSE_SECONDS", 0)
    calls, runs = Calls(), Asked(fails=2)
    with calls.followed(runs.enqueue, 0):
        calls.ring()
        run = runs.asked.get(timeout=60)
        calls.answered()
        run.set()
    assert runs.fails == 0
