"""PostgreSQL as the database: a whole run on it, locks and lost connections, and what is wrong said in words."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from sync import database
from sync.errors import ConfigError, Unavailable
from sync.findings import FindingKind
from sync.report import State
from sync.session import reading, writing
from sync.store import Store, open_store
from sync.transaction import Transaction
from tests.postgres import Server
from tests.sync.plain import Box, World
from tests.sync.test_store import a_finding, an_entity

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "hunter2"


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    with open_store(server.fresh(), "test") as store:
        yield store


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for next to nothing; what PostgreSQL itself takes for no limit is 0."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.02)
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 0.2)


def told(url: str, kind: type[Exception]) -> str:
    """What is said of a database that cannot be opened; it never holds the password."""
    with pytest.raises(kind) as refusal:
        open_store(url, "test")
    assert SECRET not in str(refusal.value)
    return str(refusal.value)


def test_campaigns_are_kept_in_step_and_nothing_is_left_to_do(server: Server, tmp_path: Path) -> None:
    world = World(tmp_path, Box("a", batch=2), Box("b"), Box("c"), url=server.fresh())
    natives = [world.campaign("a", name=f"Campaign {number}", subject="one") for number in range(3)]
    world.run()
    world.edit("a", natives[0], subject="two")
    world.edit("b", "b-1", subject="three")
    world.edit("c", "c-2", subject="four")
    world.run()
    assert world.shows("b") == ["three", "four", "one"]
    world.decide(FindingKind.CONFLICT, "a")
    assert world.run().count(state=State.DONE) == 2
    assert world.shows("a") == world.shows("b") == world.shows("c") == ["two", "four", "one"]
    written = world.writes()
    assert world.run().changes == ()
    assert (world.writes(), world.open(), world.state().intents) == (written, {}, [])
    assert not Path(world.file).exists()


def test_who_reads_sees_one_moment_and_writes_nothing(store: Store) -> None:
    with reading(store.engine) as session:
        count = "SELECT count(*) FROM entity"
        assert session.run(count, {}).fetchone() == (0,)
        with store.transaction() as transaction:
            transaction.save([an_entity()])
        assert session.run(count, {}).fetchone() == (0,)
        with pytest.raises(ConfigError, match="read-only"), database.database_errors(store.engine):
            session.run("DELETE FROM entity", {})
    assert len(store.load().entities) == 1


def test_a_lock_is_waited_for_and_then_said(server: Server, impatient: None) -> None:
    url = server.fresh()
    with open_store(url, "test") as one, open_store(url, "test") as other, one.transaction() as transaction:
        transaction.open_finding(a_finding(), NOW)
        transaction.decide("f", "a", NOW)
        with pytest.raises(Unavailable, match=r"another program keeps the state .* locked"):
            _decide_too(other)
    assert one.load().decisions == {"f": "a"}


def _decide_too(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.decide("f", "b", NOW)


def test_two_people_who_decide_the_same_finding_wait_for_each_other(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(), NOW)
    fingerprint = a_finding().fingerprint
    with store.transaction() as one, store.engine.connect() as other:
        assert one.stands(fingerprint)
        with pytest.raises(Unavailable, match="locked"), database.database_errors(store.engine):
            other.execute(text("SELECT 1 FROM finding FOR UPDATE NOWAIT"))


def test_a_step_that_takes_too_long_is_undone_and_said(server: Server, impatient: None) -> None:
    with open_store(server.fresh(), "test") as store:
        with pytest.raises(Unavailable, match="took too long and is undone"):
            _save_and(store, "SELECT pg_sleep(60)")
        assert store.load().entities == {}


def test_programs_that_wait_for_each_other_are_told_to_try_again(store: Store) -> None:
    with pytest.raises(Unavailable, match=r"another program changed the state .* try again"):
        _save_and(store, "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")
    assert store.load().entities == {}


def test_a_connection_that_was_cut_undoes_the_step_and_the_next_one_gets_a_new_connection(
    server: Server, store: Store
) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        _save_and(store, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert store.load().entities == {}
    _cut(server, store)
    with store.transaction() as transaction:
        transaction.save([an_entity()])
    assert len(store.load().entities) == 1


def _save_and(store: Store, statement: str) -> None:
    with database.database_errors(store.engine), writing(store.engine) as session:
        Transaction(lambda: session, "test", {}, None, count(1)).save([an_entity()])
        session.run(statement, {})


def _cut(server: Server, store: Store) -> None:
    """What a restart of the server does to every connection."""
    server.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{store.engine.url.database}'"
    )


def test_a_program_that_stands_still_inside_a_transaction_loses_it(server: Server, impatient: None) -> None:
    url = server.fresh()
    with open_store(url, "test") as stopped, stopped.engine.connect() as connection:
        limit = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
    assert limit == "200ms"


def test_a_server_that_is_not_there_is_said() -> None:
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        said = told(f"postgresql+psycopg://me:{SECRET}@127.0.0.1:{port}/plans", Unavailable)
    assert f"the state database postgresql://me@127.0.0.1:{port}/plans does not answer" in said
    assert "refused" in said


def test_a_missing_database_is_said(server: Server) -> None:
    said = told(server.url("nowhere"), ConfigError)
    assert "nowhere" in said
    assert "Create it or change workspace.state" in said


def test_a_missing_user_is_said(server: Server) -> None:
    assert "nobody" in told(server.url("postgres", "nobody"), ConfigError)


@pytest.fixture(scope="module")
def careful(server: Server) -> str:
    """A user whose password is asked for, and who owns nothing."""
    server.execute(f"CREATE ROLE careful LOGIN PASSWORD '{SECRET}'")
    rules = server.folder / "pg_hba.conf"
    rules.write_text("local all careful scram-sha-256\n" + rules.read_text())
    server.reload()
    return "careful"


@pytest.mark.parametrize("password", [None, "hunter2?"])
def test_a_wrong_password_is_said(server: Server, careful: str, password: str | None) -> None:
    said = told(server.url("postgres", careful, password), ConfigError)
    assert "refuses this user or password" in said


def test_a_database_that_its_user_may_not_write_is_said(server: Server, careful: str) -> None:
    url = server.fresh("template1")
    assert "Its user needs to own the database" in told(
        server.url(str(make_url(url).database), careful, SECRET), ConfigError
    )


def test_a_password_is_never_logged_either(server: Server, careful: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told(server.url("nowhere", careful, SECRET), ConfigError)
    told(server.url("nowhere", careful).replace("?", f"?password={SECRET}&"), ConfigError)
    assert SECRET not in caplog.text
