"""A tool refuses a change: the bad cell is told, and the other cells of its record are written all the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sync.errors import Rejected
from sync.findings import FindingKind
from sync.report import State
from sync.workspace import Scope
from tests.sync.plain import Box, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, Box("a"), Box("b"))
    made.campaign("a", name="Spring", subject="one", status="planned")
    made.run()
    return made


def test_one_bad_cell_holds_back_no_other(world: World) -> None:
    world.edit("a", "a-1", name="Summer", subject="two", status="approved")
    for _ in range(2):  # the whole change, then its first cell alone
        world.tools["b"].fail_next(Rejected("that is too long"))

    report = world.run()

    assert (report.count(state=State.FAILED), report.count(state=State.DONE)) == (1, 2)
    (finding,) = world.open()[FindingKind.NOT_WRITTEN]
    assert finding.detail_key == "b/name"
    assert [world.shows("b", name) for name in ("name", "subject", "status")] == [["Spring"], ["two"], ["approved"]]
    world.run()
    assert (world.shows("b", "name"), world.open()) == (["Summer"], {})
    written = world.writes()
    assert world.run().changes == ()
    assert world.writes() == written


def test_every_bad_cell_is_a_finding_of_its_own(world: World) -> None:
    world.edit("a", "a-1", name="Summer", subject="two")
    for _ in range(3):
        world.tools["b"].fail_next(Rejected("no"))
    world.run()
    assert {f.detail_key for f in world.open()[FindingKind.NOT_WRITTEN]} == {"b/name", "b/subject"}


def test_what_was_written_before_the_refusal_is_not_written_again(world: World) -> None:
    """As a tool does that takes the fields, and then not the status."""
    tool = world.tools["b"]
    world.edit("a", "a-1", subject="two", status="approved")
    tool.fail_next(Rejected("the workflow has no such step"), after=True)
    before = len(tool.log)
    report = world.run()
    assert len(tool.log) == before + 1
    assert report.count(state=State.FAILED) == 0
    assert world.run().changes == ()


def test_a_refusal_stands_while_runs_leave_its_tool_alone(world: World) -> None:
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(Rejected("no"))
    world.run()
    report = world.run(scope=Scope(tools=frozenset({"a"})))
    assert [finding.kind for finding in report.standing] == [FindingKind.NOT_WRITTEN]
    assert [finding.kind for finding in world.run().closed] == [FindingKind.NOT_WRITTEN]


def test_one_bad_value_does_not_keep_a_record_from_being_made(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b", requires=("name",)))
    world.campaign("a", name="Spring", subject="one", status="planned")
    world.tools["b"].fail_next(Rejected("no such person"))

    world.run()

    assert [world.shows("b", name) for name in ("name", "subject", "status")] == [["Spring"], [None], [None]]
    for _ in range(2):  # the rest at once, then the first of its cells
        world.tools["b"].fail_next(Rejected("no such person"))
    world.run()
    (finding,) = world.open()[FindingKind.NOT_WRITTEN]
    assert finding.detail_key == "b/status"
    assert (world.shows("b", "status"), world.shows("b")) == ([None], ["one"])
    world.run()
    assert (world.shows("b", "status"), world.open()) == (["planned"], {})
    assert len(world.tools["b"].records) == 1


def test_a_creation_that_is_refused_as_it_stands_is_one_finding(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b", requires=("name",)))
    world.campaign("a", name="Spring", subject="one")
    for _ in range(2):  # with everything, then with its name alone
        world.tools["b"].fail_next(Rejected("no"))
    report = world.run()
    assert (world.tools["b"].records, report.count(state=State.FAILED)) == ({}, 1)
    assert len(world.open()[FindingKind.NOT_WRITTEN]) == 1


def test_what_was_refused_is_tried_again_though_the_clock_was_set_back(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a", changes=True), Box("b", changes=True), count_every=timedelta(hours=1))
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(Rejected("it is closed today"))
    world.run()
    world.run()
    assert world.shows("b") == ["one"], "an hour has not passed yet"
    world.now -= timedelta(days=1)
    world.run()
    assert world.shows("b") == ["two"]
