"""The fixtures of the small company: a team of its own for every test, at the price of one first sync."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.sandbox.server import Sandbox
from tests.e2e.team import TODAY
from tests.faults.company import Crew, found


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Crew]]:
    """Gives the team as it was after the first runs, with a workspace of its own in the folder."""
    folder = tmp_path_factory.mktemp("office")
    with Sandbox(seed=5, campaigns=0, now=TODAY) as box:
        first = found(box, folder)
        tools = box.world.snapshot()

        def opened(place: Path) -> Crew:
            shutil.copytree(folder, place, dirs_exist_ok=True)
            box.world.rewind(tools)
            box.world.faults.clear()
            crew = Crew(box, place)
            crew.now, crew.ids = first.now, first.ids
            return crew

        yield opened


@pytest.fixture
def crew(office: Callable[[Path], Crew], tmp_path: Path) -> Crew:
    """The team after its first runs."""
    return office(tmp_path / "workspace")
