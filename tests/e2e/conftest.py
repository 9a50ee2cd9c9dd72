"""Sandboxes and workspaces for end-to-end tests: a fresh one, and one after its first sync."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.server import Sandbox
from sync.report import RunReport
from sync.state import State
from tests.e2e.team import TODAY, Morning, Team


@dataclass(frozen=True, slots=True)
class FirstSync:
    """A first sync of twenty-four campaigns: what it leaves on disk and in the tools, told, remembered, and made the
    tools log.
    """

    folder: Path
    morning: Morning
    company: dict[str, Any]
    planned: RunReport
    planning: tuple[dict[str, Any], ...]
    report: RunReport
    state: State
    writes: tuple[dict[str, Any], ...]
    calls: tuple[dict[str, Any], ...]


@pytest.fixture(scope="session")
def first_syncs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], FirstSync]]:
    """The first sync with a flavour of Jira, made once. Nobody may change what it left on disk."""
    with ExitStack() as stack:

        @cache
        def of(flavour: str) -> FirstSync:
            folder = tmp_path_factory.mktemp("synced")
            box = stack.enter_context(Sandbox(seed=1, campaigns=24, now=TODAY, jira=flavour))
            team = Team(box, folder)
            planned, planning, team.ids = team.sync(dry=True), tuple(team.writes()), 0
            mark = team.mark()
            report = team.sync()
            calls = tuple(entry for entry in box.world.entries if entry["actor"] == "api")
            writes = tuple(team.writes(mark))
            return FirstSync(folder, Morning(box), box.company, planned, planning, report, team.state(), writes, calls)

        yield of


@pytest.fixture
def flavour() -> str:
    """Which Jira the team has; `on_both` makes a test run with each."""
    return "cloud"


@pytest.fixture
def first_sync(first_syncs: Callable[[str], FirstSync], flavour: str) -> FirstSync:
    return first_syncs(flavour)


@pytest.fixture(scope="session")
def untouched() -> Iterator[Morning]:
    """Nine campaigns in three tools that nobody has synced yet."""
    with Sandbox(seed=1, campaigns=9, now=TODAY) as box:
        yield Morning(box)


@pytest.fixture
def team(untouched: Morning, tmp_path: Path) -> Team:
    """The team before its first sync."""
    return Team(untouched.again(), tmp_path)


@pytest.fixture
def synced(first_sync: FirstSync, flavour: str, tmp_path: Path) -> Team:
    """The team right after its first sync. With Jira Cloud it goes on from there; with Data Center its clock was set
    back, so that it reads every set-up and lists every record anew.
    """
    folder = tmp_path / "workspace"
    shutil.copytree(first_sync.folder, folder)
    return Team.resume(first_sync.morning.again(None if flavour == "cloud" else TODAY), folder)
