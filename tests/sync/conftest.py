"""Databases for tests of the heart: every test of `store` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.store import Store, open_store
from tests import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database, empty and of the newest shape where it is a PostgreSQL one, and not there yet where it is a file."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    server: postgres.Server = request.getfixturevalue("server")
    return server.fresh()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """The memory of the workspace "test"."""
    with open_store(url, "test") as store:
        yield store
