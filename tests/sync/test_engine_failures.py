"""Scenarios of failure: each leaves out no more than itself, and the next runs converge without duplicates."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.errors import ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.findings import FindingKind
from sync.model import Kind
from sync.ports import Create
from sync.report import Action, State
from tests.sync.plain import Box, World

CAMPAIGNS = frozenset({Kind.CAMPAIGN})


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


@pytest.mark.parametrize("error", [Unavailable("no answer"), ConfigError("the token is wrong")])
@pytest.mark.parametrize("call", ["schema", "fetch"])
def test_a_tool_that_cannot_be_read_leaves_only_itself_out(world: World, error: SyncError, call: str) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(error, call=call)
    report = world.run()
    assert [tool.error for tool in report.tools] == [None, str(error), None]
    assert (world.shows("b"), world.shows("c")) == (["one"], ["two"])
    assert set(world.open()) == {FindingKind.TOOL_TROUBLE}
    world.run()
    assert (world.shows("b"), world.open()) == (["two"], {})


def test_a_listing_that_breaks_off_is_no_listing(world: World) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("b", "b-1", subject="two")
    world.tools["b"].fail_next(Unavailable("broke off"), call="fetch", after=True)
    report = world.run(full=True)
    assert report.tools[1].error == "broke off"
    assert world.shows("a") == ["one"]


@pytest.mark.parametrize("error", [Unavailable("no answer"), ConfigError("the token is wrong")])
def test_a_tool_that_fails_while_it_is_written_is_left_alone_for_the_rest_of_the_run(
    tmp_path: Path, error: SyncError
) -> None:
    world = World(tmp_path, Box("a"), Box("b", batch=1), Box("c"))
    for number in range(3):
        world.campaign("a", name=f"Campaign {number}")
    world.tools["b"].fail_next(error)
    report = world.run()
    assert report.count(state=State.DEFERRED, tool="b") == 3
    assert report.count(state=State.DONE, tool="c") == 3
    assert set(world.open()) == {FindingKind.TOOL_TROUBLE}
    world.run()
    assert len(world.tools["b"].records) == 3


def test_a_tool_that_cannot_be_read_again_before_writing_is_put_off(world: World) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(Unavailable("busy"), call="read")
    report = world.run()
    assert report.count(Action.UPDATE, State.DEFERRED, "b") == 1
    assert world.shows("b") == ["one"]
    converges(world)
    assert world.shows("b") == ["two"]


def test_a_rejected_write_is_flagged_and_the_others_go_on(world: World) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.campaign("a", name="Summer", subject="one")
    world.run()
    world.edit("a", "a-1", subject="two")
    world.edit("a", "a-2", subject="two")
    world.tools["b"].fail_next(Rejected("the subject is too long"))
    report = world.run()
    assert (report.count(state=State.FAILED), report.count(state=State.DONE)) == (1, 3)
    (finding,) = world.open()[FindingKind.NOT_WRITTEN]
    assert "the subject is too long" in finding.title
    world.run()
    assert (world.shows("b"), world.open()) == (["two", "two"], {})


def test_a_record_that_is_locked_is_flagged_and_written_once_it_is_open(world: World) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.tools["b"].lock("b-1", "it is being sent")
    world.edit("a", "a-1", subject="two")
    report = world.run()
    assert report.count(tool="b") == 0
    assert "it is being sent" in world.open()[FindingKind.NOT_WRITTEN][0].title
    world.tools["b"].lock("b-1", None)
    world.run()
    assert (world.shows("b"), world.open()) == (["two"], {})


def test_a_record_that_changes_between_the_plan_and_the_write_waits_for_the_next_run(world: World) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="two")
    tool, before = world.tools["b"], world.tools["b"].read

    def somebody_is_faster(refs: object) -> object:
        world.edit("b", "b-1", subject="mine")
        tool.read = before  # type: ignore[method-assign]
        return before(refs)  # type: ignore[arg-type]

    tool.read = somebody_is_faster  # type: ignore[method-assign,assignment]
    report = world.run()
    assert report.count(state=State.DEFERRED, tool="b") == 1
    assert (world.shows("b"), world.shows("c")) == (["mine"], ["two"])
    world.run()
    assert set(world.open()) == {FindingKind.CONFLICT}
    assert world.shows("b") == ["mine"]


def test_a_record_whose_other_cells_change_meanwhile_is_written_all_the_same(world: World) -> None:
    world.campaign("a", name="Spring", subject="one", brief="long")
    world.run()
    world.edit("a", "a-1", subject="two")
    tool, before = world.tools["b"], world.tools["b"].read

    def somebody_is_faster(refs: object) -> object:
        world.edit("b", "b-1", brief="short")
        tool.read = before  # type: ignore[method-assign]
        return before(refs)  # type: ignore[arg-type]

    tool.read = somebody_is_faster  # type: ignore[method-assign,assignment]
    world.run()
    assert world.shows("b") == ["two"]
    world.run()
    assert world.shows("a", "brief") == ["short"]


def test_a_tool_that_calls_a_write_stale_is_asked_again_in_the_next_run(world: World) -> None:
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(Stale("it changed"))
    report = world.run()
    assert (report.count(state=State.DEFERRED), world.open()) == (1, {})
    world.run()
    assert world.shows("b") == ["two"]


def test_records_that_cannot_be_told_apart_are_flagged_and_nothing_is_made_beside_them(world: World) -> None:
    for tool in ("a", "b", "b"):
        world.campaign(tool, name="Spring")
    world.run()
    assert world.writes() == 0
    assert {f.kind for found in world.open().values() for f in found} == {FindingKind.AMBIGUOUS}
    world.edit("b", "b-2", name="Spring again")
    converges(world)
    assert [sorted(map(str, world.shows(tool, "name"))) for tool in "abc"] == [["Spring", "Spring again"]] * 3
    assert world.open() == {}


def test_batches_are_as_large_as_the_tool_takes(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b", batch=2))
    for number in range(5):
        world.campaign("a", name=f"Campaign {number}")
    sizes = []
    write = world.tools["b"].write
    world.tools["b"].write = lambda changes: (sizes.append(len(changes)), write(changes))[1]  # type: ignore[func-returns-value, method-assign]
    world.run()
    assert sizes == [2, 2, 1]


def test_a_stage_waits_for_a_campaign_that_could_not_be_made(world: World) -> None:
    spring = world.campaign("a", name="Spring")
    world.stage("a", spring, kind="design")
    world.tools["b"].fail_next(Rejected("no"))
    report = world.run()
    assert report.count(Action.CREATE, State.FAILED, "b") == 1
    assert report.count(Action.CREATE, State.DEFERRED, "b") == 1
    assert not any(isinstance(change, Create) and change.parent is None for change in world.tools["b"].log)
    converges(world)
    assert len(world.tools["b"].records) == 2


def test_a_tools_defaults_in_a_new_record_are_nobodys_edit(world: World) -> None:
    make = world.tools["b"]._make

    def with_default(kind: Kind, fields: dict[str, object], *rest: object) -> str:
        return make(kind, {"status": "planned", **fields}, *rest)  # type: ignore[arg-type]

    world.tools["b"]._make = with_default  # type: ignore[method-assign,assignment]
    world.campaign("a", name="Spring")
    converges(world)
    assert (world.shows("a", "status"), world.shows("b", "status")) == ([None], ["planned"])
    world.edit("b", "b-1", status="sent")
    world.run()
    assert world.shows("a", "status") == ["sent"]


def test_what_only_a_full_look_can_take_back_stands_while_a_tool_is_away(world: World) -> None:
    for tool in ("a", "b", "b"):
        world.campaign(tool, name="Spring")
    world.run()
    standing = world.open()[FindingKind.AMBIGUOUS]
    world.tools["b"].down = Unavailable("no answer")
    world.run()
    assert world.open()[FindingKind.AMBIGUOUS] == standing
