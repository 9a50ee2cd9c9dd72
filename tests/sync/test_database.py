"""Opening the database: it is migrated once, and whatever is wrong with it is said in words."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from sync import database
from sync.database import open_database
from sync.errors import ConfigError, Unavailable
from sync.model import Kind
from sync.session import reading
from sync.state import Remembered
from sync.statements import Query
from sync.store import Store, open_store
from sync.tables import METADATA
from tests.postgres import Server
from tests.sync.plain import Box, World

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "state.db"), "test") as store:
        yield store


@pytest.fixture(params=["sqlite", "postgresql"])
def any_empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return str(tmp_path / "new.db")
    server: Server = request.getfixturevalue("server")
    return server.fresh("template1")


def many() -> list[Remembered]:
    return [Remembered(f"cs-{number:08d}", Kind.CAMPAIGN, {"brief": "x" * 1000}) for number in range(500)]


def test_the_migrations_make_what_the_tables_say(any_empty: str) -> None:
    with open_store(any_empty, "test") as store, store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_the_known_head_is_the_newest_migration() -> None:
    folder = Path(database.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == database.HEAD


def test_a_second_opening_does_not_migrate(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_connection: object) -> None:
        raise AssertionError("migrated again")

    monkeypatch.setattr(database, "_upgrade", never)
    with open_store(str(store.engine.url.database), "test") as again:
        assert again.load().entities == {}


def test_a_database_is_durable_and_readable_while_it_is_written(store: Store) -> None:
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_a_url_works_as_well_as_a_file_name(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'state.db'}", "test"):
        assert (tmp_path / "state.db").is_file()


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = database._upgrade

    def broken(connection: object) -> None:
        upgrade(connection)  # type: ignore[arg-type]
        raise ZeroDivisionError

    monkeypatch.setattr(database, "_upgrade", broken)
    with pytest.raises(ZeroDivisionError):
        open_store(str(tmp_path / "state.db"), "test")
    monkeypatch.undo()
    with open_store(str(tmp_path / "state.db"), "test") as store:
        assert store.load().entities == {}


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Dear diary, " * 500)
    with pytest.raises(ConfigError, match=r"notes\.txt is not a database of ours"):
        open_store(str(file), "test")
    assert file.read_text().startswith("Dear diary")


@pytest.mark.parametrize("tables", [("songs",), ("alembic_version", "songs")])
def test_another_programs_database_is_left_alone(tmp_path: Path, tables: tuple[str, ...]) -> None:
    file = tmp_path / "music.db"
    with sqlite3.connect(file) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (version_num)")
        connection.execute(f"INSERT INTO {tables[0]} VALUES ('9f1c5f0f2a')")
    connection.close()
    with pytest.raises(ConfigError, match=r"music\.db holds another program's tables"):
        open_store(str(file), "test")


def test_a_newer_database_asks_for_an_update(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match=r"newer campaign-sync.*Update campaign-sync"):
        open_store(str(store.engine.url.database), "test")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"folder of the state file .* does not exist"):
        open_store(str(tmp_path / "nowhere" / "state.db"), "test")


def test_a_path_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        open_store(str(tmp_path / "state.db"), "test")


def test_a_read_only_database_is_named(store: Store) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=1")
    with pytest.raises(ConfigError, match=r"cannot be written.*permissions"), store.transaction() as transaction:
        transaction.save(many())


@pytest.mark.parametrize(
    "url", ["nosuch://x", "://", "postgresql+psycopg://me@127.0.0.1:hunter2/x", "mysql://x", "postgresql+pg8000://x"]
)
def test_a_url_that_means_nothing_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match="not usable") as refusal:
        open_store(url, "test")
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))


def test_a_full_disk_undoes_the_step_and_is_said(store: Store) -> None:
    with store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 20}")
    with pytest.raises(Unavailable, match="no room to save the state"), store.transaction() as transaction:
        transaction.save(many())
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=100000")
    assert store.load().entities == {}
    with store.transaction() as transaction:
        transaction.save(many())
    assert len(store.load().entities) == 500


def test_a_full_disk_stops_a_run_before_it_writes_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, Box("a"), Box("b"))
    for number in range(200):
        world.campaign("a", name=f"Campaign {number}", brief="x" * 1000)
    open_roomy = world.store

    def open_full() -> Store:
        store = open_roomy()
        with store.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 20}")
        return store

    monkeypatch.setattr(world, "store", open_full)
    with pytest.raises(Unavailable, match="no room"):
        world.run()
    assert world.writes() == 0
    monkeypatch.undo()
    world.run()
    assert len(world.tools["b"].records) == 200


def test_a_locked_database_is_waited_for_and_then_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    file = str(store.engine.url.database)
    with open_store(file, "test") as other, store.transaction() as transaction:
        transaction.save(many())
        assert other.load().entities == {}  # who only reads waits for nobody
        with pytest.raises(Unavailable, match=r"another program keeps the state .* locked"):
            other.mark_emailed(NOW, ["f"])
    with open_store(file, "test") as other:
        assert len(other.load().entities) == 500


def test_a_database_that_another_program_keeps_for_itself_is_waited_for_and_then_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(store.engine.url.database)
    store.engine.dispose()
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as browser:
        browser.execute("PRAGMA locking_mode=EXCLUSIVE")
        browser.execute("BEGIN EXCLUSIVE")
        for attempt in (store.load, lambda: open_store(file, "test")):
            with pytest.raises(Unavailable, match=r"another program keeps the state .* locked"):
                attempt()


def test_a_file_that_was_damaged_is_said(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.save(many())
    file = Path(str(store.engine.url.database))
    store.engine.dispose()
    content = bytearray(file.read_bytes())
    content[4096 * 2 :] = b"x" * (len(content) - 4096 * 2)
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"state\.db is not a database of ours \(.*malformed.*restore a copy"):
        store.load()


def test_a_database_in_memory_is_shared_by_the_stores_on_it() -> None:
    engine = open_database("sqlite://")
    with Store(engine, "test") as one, one.transaction() as transaction:
        transaction.save(many())
    with Store(engine, "test") as two:
        assert len(two.load().entities) == 500
    assert database.describe(engine) == "memory"


def test_who_reads_sees_one_moment(store: Store) -> None:
    everybody = Query("id", "entity")
    with reading(store.engine) as session:
        assert everybody.rows(session, workspace="test") == []
        with store.transaction() as transaction:
            transaction.save(many())
        assert everybody.rows(session, workspace="test") == []


def test_a_transaction_shuts_other_writers_out_from_its_begin(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    store.load()  # a connection that has only read before
    file = str(store.engine.url.database)
    with open_store(file, "test") as other, store.engine.begin(), pytest.raises(Unavailable, match="locked"):
        other.mark_emailed(NOW, ["f"])


def test_many_openings_at_once_migrate_once(any_empty: str) -> None:
    failures = []

    def opens(name: str) -> None:
        try:
            with open_store(any_empty, name) as store, store.lease("one", lambda: NOW, timedelta(hours=1)):
                pass
        except Exception as error:  # noqa: BLE001  (whatever it is, the test names it)
            failures.append(error)

    threads = [threading.Thread(target=opens, args=(f"workspace {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_new_file_that_another_one_is_writing_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = str(tmp_path / "state.db")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        other.rollback()

    monkeypatch.setattr("tenacity.nap.time.sleep", wait)
    open_database(file).dispose()
    other.close()
    assert len(waits) == 1
