"""Sandboxes and workspaces for end-to-end tests: a fresh one, and one after its first sync."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.server import Sandbox
from sync.report import RunReport
from sync.state import State
from tests.e2e.team import TODAY, Team


@dataclass(frozen=True, slots=True)
class FirstSync:
    """A first sync of twenty-four campaigns: what it leaves on disk, told, remembered, and made the tools log."""

    folder: Path
    company: dict[str, Any]
    planned: RunReport
    planning: tuple[dict[str, Any], ...]
    report: RunReport
    state: State
    writes: tuple[dict[str, Any], ...]
    calls: tuple[dict[str, Any], ...]


@pytest.fixture(scope="session")
def first_syncs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], FirstSync]:
    """The first sync with a flavour of Jira, made once. Nobody may change what it left."""

    @cache
    def of(flavour: str) -> FirstSync:
        folder = tmp_path_factory.mktemp("synced")
        with Sandbox(seed=1, campaigns=24, now=TODAY, state=folder / "sandbox.json", jira=flavour) as box:
            team = Team(box, folder)
            planned, planning, team.ids = team.sync(dry=True), tuple(team.writes()), 0
            mark = team.mark()
            report = team.sync()
            calls = tuple(entry for entry in box.world.entries if entry["actor"] == "api")
            return FirstSync(
                folder, box.company, planned, planning, report, team.state(), tuple(team.writes(mark)), calls
            )

    return of


@pytest.fixture
def flavour() -> str:
    """Which Jira the team has; `on_both` makes a test run with each."""
    return "cloud"


@pytest.fixture
def first_sync(first_syncs: Callable[[str], FirstSync], flavour: str) -> FirstSync:
    return first_syncs(flavour)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Nine campaigns in three tools that nobody has synced yet."""
    with Sandbox(seed=1, campaigns=9, now=TODAY) as box:
        yield Team(box, tmp_path)


@pytest.fixture
def synced(first_sync: FirstSync, flavour: str, tmp_path: Path) -> Iterator[Team]:
    """The team right after its first sync."""
    folder = tmp_path / "workspace"
    shutil.copytree(first_sync.folder, folder)
    with Sandbox(seed=1, campaigns=24, now=TODAY, state=folder / "sandbox.json", jira=flavour) as box:
        yield Team.resume(box, folder)
