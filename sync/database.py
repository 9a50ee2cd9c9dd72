"""Opens the database of a workspace: engine, durability settings, migrations, and errors in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from sync.errors import ConfigError, SyncError, Unavailable

# The newest migration. A database that is there already needs no look at Alembic, which is slow to import.
HEAD = "0001"
BUSY_SECONDS = 30


def open_database(url: str) -> Engine:
    """An engine on a migrated database. `url` is a SQLAlchemy URL or the path of an SQLite file.

    Raises ConfigError for a URL or file that cannot be a database of ours, Unavailable when it does not answer.
    """
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
        engine = create_engine(parsed)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"the state database is not usable: {type(error).__name__}. Give a file name or a SQLAlchemy URL "
            "such as postgresql+psycopg://host/name as workspace.state."
        ) from error
    if parsed.get_backend_name() == "sqlite":
        _prepare_sqlite(engine, parsed.database)
    with database_errors(engine):
        _migrate(engine)
    return engine


def describe(engine: Engine) -> str:
    """Where the database is, without a password."""
    return engine.url.database or "memory" if engine.url.get_backend_name() == "sqlite" else str(engine.url)


@contextmanager
def database_errors(engine: Engine) -> Iterator[None]:
    """Turn the driver's failures into errors that say what to do."""
    try:
        yield
    except DBAPIError as error:
        raise _in_words(engine, error) from error


def _in_words(engine: Engine, error: DBAPIError) -> SyncError:
    reason, where = str(error.orig), describe(engine)
    if "disk is full" in reason or "disk I/O" in reason or "No space" in reason:
        return Unavailable(f"no room to save the state in {where}: {reason}. Free some space; the last step is undone.")
    if "locked" in reason:
        return Unavailable(f"another program keeps the state {where} locked. Stop it or try again in a minute.")
    if "not a database" in reason or "malformed" in reason:
        return ConfigError(f"{where} is not a database of ours ({reason}). Move it away or restore a copy.")
    if "readonly" in reason or "unable to open" in reason:
        return ConfigError(f"the state {where} cannot be written ({reason}). Check the folder and its permissions.")
    if isinstance(error, OperationalError):
        return Unavailable(f"the state database {where} does not answer: {reason.splitlines()[0]}")
    return Unavailable(f"the state database {where} failed: {type(error.orig).__name__}")


def _prepare_sqlite(engine: Engine, file: str | None) -> None:
    if file and file != ":memory:" and not Path(file).parent.is_dir():
        raise ConfigError(f"the folder of the state file {file} does not exist. Create it or change workspace.state.")

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are ours: BEGIN IMMEDIATE below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    with engine.begin() as connection:
        tables = inspect(connection).get_table_names()
        if tables and "entity" not in tables:
            raise ConfigError(f"{describe(engine)} holds another program's tables. Choose another workspace.state.")
        if "alembic_version" in tables:
            version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if version == HEAD:
                return
            if version is not None and version > HEAD:
                raise ConfigError(
                    f"the state {describe(engine)} was made by a newer campaign-sync (its shape is {version}, this "
                    f"one knows {HEAD}). Update campaign-sync."
                )
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 (slow to import, and needed once)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
