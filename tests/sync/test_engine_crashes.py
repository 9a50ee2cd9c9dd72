"""Scenarios of not knowing how a write ended: unanswered calls, crashes, copies, two runs at once. No duplicates."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sync.engine import run
from sync.errors import Ambiguous, Busy, Unavailable
from sync.findings import FindingKind
from sync.model import Kind
from sync.ports import Create
from sync.report import State
from sync.workspace import Surroundings
from tests.sync.plain import Box, World

CAMPAIGNS = frozenset({Kind.CAMPAIGN})


class Crashed(Exception):
    """The process dies: no error of ours, caught by nobody."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, Box("a"), Box("b"), Box("c"))


def converges(world: World, runs: int = 3) -> None:
    """After some runs in which nothing fails, a run writes nothing."""
    for _ in range(runs):
        world.run()
    written = world.writes()
    assert world.run().changes == ()
    assert world.writes() == written


def markers(world: World, tool: str) -> list[str | None]:
    return [record.marker for record in world.tools[tool].records.values()]


@pytest.mark.parametrize("applied", [True, False])
def test_an_unanswered_creation_is_looked_up_and_made_once(tmp_path: Path, applied: bool) -> None:
    world = World(tmp_path, Box("a"), Box("b", settle=3600.0))
    world.campaign("a", name="Spring")
    world.tools["b"].fail_next(Ambiguous("no answer"), after=applied)
    world.run()
    # while it may still turn up, nothing is created beside it
    for _ in range(2):
        report = world.run()
        assert len(world.tools["b"].records) == applied
        # and nobody is told that there is nothing left to do
        waiting = [text.partition(":")[0] for text in report.unsettled]
        assert waiting == ([] if applied else ["1 record waits to be made in B"])
        assert report.troubled is not applied
    world.now += timedelta(hours=1)
    assert world.run().unsettled == ()
    assert len(world.tools["b"].records) == 1
    converges(world)
    assert world.state().intents == []
    (entity,) = world.state().entities
    assert markers(world, "b") == [entity]


def test_an_unanswered_creation_that_a_listing_shows_late_is_found_again(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b", settle=3600.0))
    world.campaign("a", name="Spring")
    world.tools["b"].unlisted.add("b-1")
    world.tools["b"].fail_next(Ambiguous("no answer"), after=True)
    for _ in range(3):
        world.run()
    world.tools["b"].unlisted.clear()
    converges(world)
    assert len(world.tools["b"].records) == 1


def test_what_somebody_makes_where_a_creation_went_astray_is_theirs(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b", settle=3600.0))
    world.campaign("a", name="Spring", subject="one")
    world.tools["b"].fail_next(Ambiguous("no answer"))
    world.run()
    world.campaign("b", name="Spring", subject="two")
    world.run()
    assert (world.shows("a"), world.shows("b")) == (["one"], ["two"])
    assert FindingKind.CONFLICT in world.open(), "what it shows is no wording of ours"


def test_an_unanswered_creation_is_not_repeated_while_its_tool_is_away(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"))
    world.campaign("a", name="Spring")
    world.tools["b"].fail_next(Ambiguous("no answer"), after=True)
    world.run()
    world.tools["b"].down = Unavailable("no answer")
    world.run()
    assert len(world.state().intents) == 1
    world.tools["b"].down = None
    converges(world)
    assert len(world.tools["b"].records) == 1


@pytest.mark.parametrize("applied", [True, False])
def test_an_unanswered_update_is_settled_by_what_the_tool_shows(world: World, applied: bool) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(Ambiguous("no answer"), after=applied)
    world.run()
    converges(world)
    assert (world.shows("b"), world.open(), world.state().intents) == (["two"], {}, [])


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("at", range(5))
def test_a_crash_at_any_write_of_a_first_run_leaves_no_duplicates(tmp_path: Path, at: int, applied: bool) -> None:
    world = World(tmp_path, Box("a"), Box("b", batch=2), Box("c", kinds=CAMPAIGNS, batch=1))
    spring = world.campaign("a", name="Spring", subject="one")
    world.stage("a", spring, kind="design")
    world.stage("a", spring, kind="content")
    world.campaign("a", name="Summer")
    _crash_at(world, at, applied)
    with pytest.raises(Crashed):
        world.run()
    world.now += timedelta(hours=1)  # its hold on the workspace has ended
    converges(world)
    assert [len(tool.records) for tool in world.tools.values()] == [4, 4, 2]
    assert all(len(set(markers(world, tool))) == len(world.tools[tool].records) for tool in "bc")


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("at", range(3))
def test_a_crash_at_any_write_of_an_edit_converges(tmp_path: Path, at: int, applied: bool) -> None:
    world = World(tmp_path, Box("a"), Box("b"), Box("c", batch=1))
    world.campaign("a", name="Spring", subject="one")
    world.campaign("a", name="Summer", subject="one")
    world.run()
    for native in ("a-1", "a-2"):
        world.edit("a", native, subject="two")
    _crash_at(world, at, applied)
    with pytest.raises(Crashed):
        world.run()
    world.now += timedelta(hours=1)
    converges(world)
    assert [world.shows(tool) for tool in world.tools] == [["two", "two"]] * 3
    assert world.open() == {}


def _crash_at(world: World, at: int, applied: bool) -> None:
    """Let the write number `at`, counted over all tools in the order of their calls, be the last thing that happens."""
    left = [at]
    for tool in world.tools.values():

        def counted(change: object, tool: object = tool, write: object = tool._write) -> object:
            left[0] -= 1
            if left[0] < 0 and not applied:
                raise Crashed
            outcome = write(change)  # type: ignore[operator]
            if left[0] < 0:
                del tool._write  # type: ignore[attr-defined]
                raise Crashed
            return outcome

        tool._write = counted  # type: ignore[method-assign,assignment]
    real_run = world.run

    def once(**options: bool) -> object:
        try:
            return real_run(**options)  # type: ignore[arg-type]
        finally:
            for tool in world.tools.values():
                tool.__dict__.pop("_write", None)
            del world.run

    world.run = once  # type: ignore[method-assign,assignment]


def test_an_edit_made_after_a_crash_is_not_lost(world: World) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(Crashed(), after=True)
    with pytest.raises(Crashed):
        world.run()
    world.now += timedelta(hours=1)
    world.edit("c", "c-1", subject="three")
    world.run()
    # c had not been shown "two": that is a conflict, and neither value is overwritten
    assert {claim.value for claim in world.open()[FindingKind.CONFLICT][0].claims} >= {"two", "three"}
    assert (world.shows("a"), world.shows("c")) == (["two"], ["three"])


def test_what_somebody_empties_in_a_record_that_a_killed_run_had_made_stays_empty(world: World) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.tools["b"].fail_next(Crashed(), after=True)
    with pytest.raises(Crashed):
        world.run()
    world.tools["b"].clear("b-1", "subject")
    world.now += timedelta(hours=1)
    world.run()
    assert [world.shows(tool) for tool in "abc"] == [[None], [None], [None]]
    converges(world)


def test_a_lost_database_is_rebuilt_from_the_marks_without_a_write(world: World) -> None:
    spring = world.campaign("a", name="Spring", subject="one")
    world.stage("a", spring, kind="design")
    world.run()
    written = world.writes()
    known = {name for entity in world.state().entities.values() for name in [entity.id]}
    for file in world.file.parent.glob("state.db*"):
        file.unlink()
    world.run()
    assert world.writes() == written
    assert set(world.state().entities) == known


def test_a_copied_record_that_still_carries_the_mark_is_flagged_and_left_alone(world: World) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.run()
    (mark,) = markers(world, "b")
    world.tools["b"].put(Kind.CAMPAIGN, {"name": "Spring", "subject": "copy"}, marker=mark)
    written = world.writes()
    world.run()
    assert (world.writes(), world.shows("a")) == (written, ["one"])
    assert set(world.open()) == {FindingKind.DUPLICATE}


def test_two_runs_at_once_are_refused_by_name(world: World) -> None:
    with world.store() as store, store.lease("a night job", lambda: world.now, timedelta(hours=1)):
        with pytest.raises(Busy, match="a night job"):
            world.run()
        assert world.run(dry=True).dry


def test_a_run_gives_the_workspace_back_also_when_it_crashes(world: World) -> None:
    world.campaign("a", name="Spring")
    world.tools["b"].fail_next(Crashed())
    with pytest.raises(Crashed):
        world.run()
    world.run()
    assert world.shows("b", "name") == ["Spring"]


def test_the_hold_of_a_killed_run_ends_by_itself(world: World) -> None:
    around = Surroundings(lambda: world.now, world.new_id, holder="the killed one")
    with world.store() as store:
        hold = store.lease("the killed one", lambda: world.now, timedelta(minutes=30))
        hold.__enter__()
    with pytest.raises(Busy, match="the killed one"):
        world.run()
    world.now += timedelta(minutes=30)
    with world.store() as store:
        assert run(world.workspace(), store, around).changes == ()


@pytest.mark.parametrize("applied", [True, False])
def test_a_call_that_fails_as_a_whole_leaves_everything_to_be_looked_up(world: World, applied: bool) -> None:
    world.campaign("a", name="Spring")
    tool, write = world.tools["b"], world.tools["b"].write

    def fails(changes: list[Create]) -> object:
        tool.write = write  # type: ignore[method-assign]
        if applied:
            write(changes)
        raise Unavailable("the line is dead")

    tool.write = fails  # type: ignore[method-assign,assignment]
    report = world.run()
    assert (report.count(state=State.DEFERRED, tool="b"), report.count(state=State.DONE, tool="c")) == (1, 1)
    assert len(world.state().intents) == 1
    converges(world)
    assert len(tool.records) == 1
    assert world.state().intents == []
