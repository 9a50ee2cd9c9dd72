"""Sandboxes and workspaces for end-to-end tests: a fresh one, and one after its first sync."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.server import Sandbox
from tests.e2e.team import TODAY, Team


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Twenty-four campaigns in three tools that nobody has synced yet."""
    with Sandbox(seed=1, campaigns=24, now=TODAY) as box:
        yield Team(box, tmp_path)


@pytest.fixture(scope="session")
def first_sync(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first sync leaves on disk: the tools' state and the workspace."""
    folder = tmp_path_factory.mktemp("synced")
    with Sandbox(seed=1, campaigns=24, now=TODAY, state=folder / "sandbox.json") as box:
        Team(box, folder).sync()
    return folder


@pytest.fixture
def synced(first_sync: Path, tmp_path: Path) -> Iterator[Team]:
    """The team right after its first sync."""
    folder = tmp_path / "workspace"
    shutil.copytree(first_sync, folder)
    with Sandbox(seed=1, campaigns=24, now=TODAY, state=folder / "sandbox.json") as box:
        yield Team.resume(box, folder)
