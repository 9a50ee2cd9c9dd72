"""The database refuses: locked, full at any commit, read-only, held by another run. Nothing is lost or made twice."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from sync import database
from sync.errors import ConfigError, Unavailable
from tests.faults.company import TOOLS, Crew

pytest_plugins = ["tests.faults.office"]
ROOT = Path(__file__).parents[2]
LONG = "A brief that needs pages of its own. " * 600
CALL = "from jobs.cli import main; raise SystemExit(main())"
LEAST = 3
PATIENCE = 60  # seconds, for a process to come up


def file_of(crew: Crew) -> Path:
    return crew.config.parent / "state.db"


def ask(crew: Crew, query: str) -> Any:
    with closing(sqlite3.connect(file_of(crew))) as state:
        return state.execute(query).fetchone()[0]


def work(crew: Crew) -> None:
    """An edit and a new campaign, both too big for a page that is there already."""
    crew.edit("airtable", crew.record("Alpha"), Brief=LONG)
    crew.plan_campaign("airtable", "Delta", Brief=LONG, **{"Planned send": "2026-04-25T07:00:00.000Z"})


def is_done(crew: Crew) -> None:
    """The work is everywhere, once."""
    crew.settle()
    seen = crew.look()
    assert seen.differing == []
    assert all(seen.names(tool) == ["Alpha", "Beta", "Delta", "Gamma"] for tool in TOOLS)
    assert str(seen.value("jira", crew.record("Alpha"), "brief")).startswith("A brief that needs")


@contextmanager
def begins(listener: Callable[[Any], None]) -> Iterator[None]:
    """The listener is told of every connection that is about to begin a transaction."""
    begin = database._begin_sqlite

    def told(connection: Any) -> None:
        listener(connection)
        begin(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_begin_sqlite", told)
        yield


class FullAt:
    """The disk is full in one transaction: the database must not take another page in it."""

    def __init__(self, number: int) -> None:
        self.number, self.count = number, 0

    def __call__(self, connection: Any) -> None:
        self.count += 1
        ask = connection.cursor().execute
        pages, free = ask("PRAGMA page_count").fetchone()[0], ask("PRAGMA freelist_count").fetchone()[0]
        most = pages - free if self.count == self.number else pages + 1_000_000
        ask(f"PRAGMA max_page_count={most}")


def is_refused(crew: Crew) -> bool:
    """Whether a run says that it has no room. A transaction that needs no new page goes well on a full disk."""
    said = ""
    try:
        crew.sync()
    except Unavailable as error:
        said = str(error)
    assert said == "" or ("no room to save the state" in said and "Free some space" in said)
    return said != ""


@pytest.fixture(scope="module")
def transactions(office: Any, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many transactions a run with this work makes."""
    crew = office(tmp_path_factory.mktemp("counted") / "workspace")
    work(crew)
    counted = FullAt(0)
    with begins(counted):
        crew.sync()
    return counted.count


def test_a_disk_that_is_full_at_any_commit_loses_nothing(crew: Crew, office: Any, transactions: int) -> None:
    refused = 0
    assert transactions > 5
    for number in range(1, transactions + 1):
        crew = office(crew.config.parent)
        work(crew)
        with begins(FullAt(number)):
            no_room = is_refused(crew)
        if no_room:
            refused += 1
            is_done(crew)
    assert refused >= LEAST, "the merge, the results and the account of a run need room"


def test_a_locked_state_is_waited_for_then_told_and_nothing_is_written(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(crew)
    before = crew.mark()
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    with closing(sqlite3.connect(file_of(crew), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match=r"another program keeps the state .* locked. Stop it or try again"):
            crew.sync()
        assert crew.writes(before) == []
        other.execute("ROLLBACK")
    is_done(crew)


def test_a_state_that_gets_locked_between_two_commits_is_caught_up_on(
    crew: Crew, monkeypatch: pytest.MonkeyPatch, transactions: int
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    work(crew)
    count = 0
    with closing(sqlite3.connect(file_of(crew), isolation_level=None)) as other:

        def lock(_: Any) -> None:
            nonlocal count
            count += 1
            if count == transactions // 2:
                other.execute("BEGIN IMMEDIATE")

        with begins(lock), pytest.raises(Unavailable, match="locked"):
            crew.sync()
        other.execute("ROLLBACK")
    is_done(crew)


def test_a_state_that_cannot_be_written_stops_the_run_before_its_first_write(crew: Crew) -> None:
    work(crew)
    before = crew.mark()

    def read_only(connection: Any) -> None:
        connection.cursor().execute("PRAGMA query_only=1")

    # By SQLite's own switch: whoever runs tests as root may write any file.
    with begins(read_only), pytest.raises(ConfigError, match=r"cannot be written.*permissions"):
        crew.sync()
    assert crew.writes(before) == []
    is_done(crew)


def test_two_runs_at_once_are_one_run_and_one_that_says_who_holds_the_workspace(crew: Crew) -> None:
    command = [sys.executable, "-c", CALL, "sync", "--config", str(crew.config)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def started() -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, env=environment)

    with crew.box.world.lock:  # Jira answers nobody meanwhile
        first = started()
        until = time.monotonic() + PATIENCE
        while not ask(crew, "SELECT count(*) FROM lease WHERE until IS NOT NULL"):
            assert first.poll() is None, first.communicate()
            assert time.monotonic() < until
            with suppress(subprocess.TimeoutExpired):
                first.wait(0.1)
        second = started()
        _, refused = second.communicate(timeout=PATIENCE)
    told, _ = first.communicate(timeout=PATIENCE)

    assert second.returncode == 1
    assert "another run holds the workspace Acme email" in refused
    assert f"process {first.pid}" in refused
    assert "Wait for it to end" in refused
    assert first.returncode in (0, 1), told
    assert not ask(crew, "SELECT count(*) FROM lease WHERE until IS NOT NULL"), "the hold was given back"
