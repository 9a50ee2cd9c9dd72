"""Opens the database of a workspace: engine, durability and time-outs, migrations, and errors in words.

Nobody waits for ever. On SQLite a writer waits BUSY_SECONDS for another one, a reader for nobody. On PostgreSQL a
connection is tried for CONNECT_SECONDS, a lock waited for BUSY_SECONDS, a statement may take STATEMENT_SECONDS, and a
program that stands still inside a transaction (it was stopped, its machine went away) loses its connection after
STATEMENT_SECONDS, so that it holds up no other one for longer. A wait that was too long is Unavailable.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import PoolProxiedConnection, StaticPool

from sync.errors import ConfigError, SyncError, Unavailable

# The newest migration. A database that is there already needs no look at Alembic, which is slow to import.
HEAD = "0001"
BUSY_SECONDS = 30
CONNECT_SECONDS = 10
STATEMENT_SECONDS = 60
_LOOKS = "campaign-sync looks"
_MIGRATING = 0x6373796E63  # the number of our advisory lock in PostgreSQL: "csync"

# What a driver says (text or [SQLSTATE]), what recovers from it, and what to tell.
# https://www.postgresql.org/docs/current/errcodes-appendix.html, https://sqlite.org/rescode.html
_SAYINGS: tuple[tuple[tuple[str, ...], type[SyncError], str], ...] = (
    (
        ("disk is full", "disk I/O", "No space", "[53100]"),
        Unavailable,
        "no room to save the state in {where}: {reason}. Free some space; the last step is undone.",
    ),
    (
        ("is locked", "[55P03]"),
        Unavailable,
        "another program keeps the state {where} locked. Stop it or try again in a minute.",
    ),
    (
        ("[40001]", "[40P01]", "[23505]", "UNIQUE constraint"),
        Unavailable,
        "another program changed the state {where} at the same moment. The last step is undone; try again.",
    ),
    (
        ("[57014]", "[25P03]", "idle-in-transaction"),
        Unavailable,
        "a step on the state {where} took too long and is undone. Try again when the database has less to do.",
    ),
    (
        ("not a database", "malformed"),
        ConfigError,
        "{where} is not a database of ours ({reason}). Move it away or restore a copy.",
    ),
    (
        ("readonly", "unable to open"),
        ConfigError,
        "the state {where} cannot be written ({reason}). Check the folder and its permissions.",
    ),
    (
        ("[42501]", "[25006]"),
        ConfigError,
        "the state {where} cannot be written ({reason}). Its user needs to own the database, and a copy that only "
        "follows another server will not do.",
    ),
    (
        ("authentication failed", "no password supplied", "[28P01]", "[28000]", "pg_hba.conf"),
        ConfigError,
        "the state database {where} refuses this user or password. Check workspace.state.",
    ),
    (
        ("does not exist",),
        ConfigError,
        "the state database {where} is not there ({reason}). Create it or change workspace.state.",
    ),
)


def open_database(url: str) -> Engine:
    """An engine on a migrated database. `url` is a SQLAlchemy URL or the path of an SQLite file.

    `sqlite://` is one in memory, which all connections of the engine share. Raises ConfigError for a URL or file that
    cannot be a database of ours, Unavailable when it does not answer.
    """
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise ArgumentError("a kind of database that is not ours")
        engine = create_engine(parsed, **_settings(parsed))
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        # Not its text, and not as the cause, which a log would show: either may hold a part of a password.
        raise ConfigError(
            f"the state database is not usable: {type(error).__name__}. Give a file name or a SQLAlchemy URL "
            "such as postgresql+psycopg://host/name as workspace.state."
        ) from None
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, parsed.database)
    else:
        event.listen(engine, "connect", _limit_waits)
    with database_errors(engine):
        _migrate(engine)
    return engine


def describe(engine: Engine) -> str:
    """Where the database is, without a password."""
    if engine.url.get_backend_name() == "sqlite":
        return engine.url.database or "memory"
    url = engine.url
    return URL.create("postgresql", url.username, None, url.host, url.port, url.database).render_as_string()


@contextmanager
def database_errors(engine: Engine) -> Iterator[None]:
    """Turn the driver's failures into errors that say what to do."""
    try:
        yield
    except DBAPIError as error:
        raise _in_words(engine, error.orig) from error
    except engine.dialect.loaded_dbapi.Error as error:
        raise _in_words(engine, error) from error


def _in_words(engine: Engine, error: BaseException | None) -> SyncError:
    said, where = str(error).strip(), describe(engine)
    reason = said.splitlines()[0] if said else type(error).__name__
    sign = f"{said} [{getattr(error, 'sqlstate', None)}]"
    for signs, recovery, saying in _SAYINGS:
        if any(one in sign for one in signs):
            return recovery(saying.format(where=where, reason=reason))
    return Unavailable(f"the state database {where} does not answer: {reason}")


def _settings(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        if url.database in {None, "", ":memory:"}:
            return {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        return {}
    if not url.get_driver_name().startswith("psycopg"):
        return {}
    # A server that went away is noticed; https://www.postgresql.org/docs/current/libpq-connect.html
    waits = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": STATEMENT_SECONDS * 1000, "keepalives_idle": 30}
    mine = {name: value for name, value in waits.items() if name not in url.query}
    return {"connect_args": mine, "pool_pre_ping": True, "isolation_level": "READ COMMITTED"}


def _limit_waits(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    cursor.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{STATEMENT_SECONDS}s'")
    cursor.close()
    connection.commit()


def _prepare_sqlite(engine: Engine, file: str | None) -> None:
    if file and file != ":memory:" and not Path(file).parent.is_dir():
        raise ConfigError(f"the folder of the state file {file} does not exist. Create it or change workspace.state.")

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are ours: _begin_sqlite
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    # The dialect's own way to begin does nothing. (A listener to "begin" would slow every statement down.)
    engine.dialect.do_begin = _begin_sqlite  # type: ignore[assignment,method-assign]


def _write_ahead(cursor: Any) -> None:
    """Switch the file to its write-ahead log, as which it stays. Of several who do so with a new file at once all but
    one are refused without a wait: they look at each other's locks."""
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    import tenacity  # noqa: PLC0415 (needed once in the life of a file)

    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception_message(match=".*is locked"),
        wait=tenacity.wait_random(0.01, 0.1),
        stop=tenacity.stop_after_delay(BUSY_SECONDS),
        reraise=True,
    )
    attempts(cursor.execute, "PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: PoolProxiedConnection) -> None:
    """Take the lock for writing at once: who reads first and writes then may find that another one wrote meanwhile."""
    connection.cursor().execute("BEGIN" if connection.info.pop(_LOOKS, False) else "BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.info[_LOOKS] = True
        if _is_current(engine, connection):
            return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # as SQLite does, let one at a time make tables
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATING})
        if not _is_current(engine, connection):
            _upgrade(connection)


def _is_current(engine: Engine, connection: Connection) -> bool:
    """Whether the database has the newest shape. Raises ConfigError when it is not ours to change."""
    tables = inspect(connection).get_table_names()
    if tables and "entity" not in tables:
        raise ConfigError(f"{describe(engine)} holds another program's tables. Choose another workspace.state.")
    if "alembic_version" not in tables:
        return False
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is not None and version > HEAD:
        raise ConfigError(
            f"the state {describe(engine)} was made by a newer campaign-sync (its shape is {version}, this "
            f"one knows {HEAD}). Update campaign-sync."
        )
    return bool(version == HEAD)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 (slow to import, and needed once)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
