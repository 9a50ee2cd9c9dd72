"""Transactions on the database, by the driver's own cursors: most statements of ours take a fraction of what SQLAlchemy
would do around them. It keeps the pool, the URLs, the tables and their migrations.

The driver's errors come out as they are; `sync.database.database_errors` puts them into words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Engine
from sqlalchemy.pool import PoolProxiedConnection

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]

# How a transaction begins that sees one moment and waits for nobody. SQLite's plain BEGIN takes no lock for writing.
_ONE_MOMENT = {"sqlite": "BEGIN", "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"}


@dataclass(frozen=True, slots=True)
class Session:
    """A connection and what the database behind it speaks."""

    connection: PoolProxiedConnection
    dialect: Dialect

    def run(self, text: str, values: Values) -> Any:
        """A cursor that has run this, once or, given a sequence of values, for each of them."""
        cursor = self.connection.cursor()
        if isinstance(values, Mapping):
            cursor.execute(text, values)
        else:
            cursor.executemany(text, values)
        return cursor


@contextmanager
def looking(engine: Engine) -> Iterator[Session]:
    """Questions each of which sees its own moment of the database."""
    connection = engine.raw_connection()
    try:
        yield Session(connection, engine.dialect)
    except engine.dialect.loaded_dbapi.Error as error:
        if engine.dialect.is_disconnect(error, connection.driver_connection, None):
            connection.invalidate(error)  # there is nothing to roll back on it, and nobody else is to get it
        raise
    finally:
        connection.close()


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A transaction that only reads: it sees one moment of the database, waits for no writer and holds none up."""
    with looking(engine) as session:
        session.run(_ONE_MOMENT[engine.dialect.name], {})
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A durable commit; an exception inside undoes it."""
    with looking(engine) as session:
        engine.dialect.do_begin(session.connection)
        yield session
        engine.dialect.do_commit(session.connection)
