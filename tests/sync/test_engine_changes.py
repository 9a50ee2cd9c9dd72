"""Runs that read what changed: they cost what changed, and come to the same as a run that reads everything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sync.errors import Ambiguous, Unavailable
from sync.findings import FindingKind
from sync.model import Kind, Record, Ref
from sync.workspace import Scope
from tests.sync.plain import Box, World
from tests.sync.telling import HOUR, Calls, natives, settled


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three campaigns with a stage each, known in three tools that tell what changed, and nothing left to do."""
    return settled(tmp_path)


def test_a_run_after_nothing_happened_asks_each_tool_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(world, monkeypatch)
    report = world.run()
    assert calls.made == [(tool, "changes", 0) for tool in "abc"]
    assert (report.changes, report.opened, report.closed) == ((), (), ())


def test_an_edit_is_read_in_its_tool_and_looked_up_in_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(world, monkeypatch)
    world.edit("b", "b-1", subject="Two")
    world.run()
    assert [world.shows(tool) for tool in "abc"] == [["Two", "One", "One"]] * 3
    assert calls.of("b") == [("changes", 1)]
    assert calls.of("a") == [("changes", 0), ("read", 1), ("read", 1)]  # the second right before the write


def test_what_a_tool_tells_again_is_looked_up_nowhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = list(world.tools["a"].records.values())
    monkeypatch.setattr(world.tools["a"], "changes", lambda _since: iter(told))
    calls = Calls(world, monkeypatch)
    world.run()
    assert calls.made == [("a", "changes", 6), ("b", "changes", 0), ("c", "changes", 0)]


def test_a_new_record_that_is_a_known_campaign_has_the_others_read(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a", changes=True), Box("b", changes=True), count_every=HOUR)
    world.campaign("a", name="Spring", subject="One", status="sent")
    for _ in range(2):
        world.run()
    assert world.shows("b") == []  # a campaign that is over is made nowhere
    world.campaign("b", name="Spring", subject="Two", status="sent")
    world.run()
    assert (world.shows("a"), world.shows("b")) == (["One"], ["Two"])
    (conflict,) = world.open()[FindingKind.CONFLICT]
    assert {claim.value for claim in conflict.claims} == {"One", "Two"}


def test_stages_get_their_records_when_their_campaign_is_not_over_any_more(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a", changes=True), Box("b", changes=True), count_every=HOUR)
    campaign = world.campaign("a", name="Spring", status="sent")
    stage = world.stage("a", campaign, kind="design")
    world.edit("a", stage, status="done")
    for _ in range(3):
        world.run()
    assert world.tools["b"].records == {}
    world.edit("a", campaign, status="planned")
    for _ in range(2):
        world.run()
    assert [record.ref.kind for record in world.tools["b"].records.values()] == [Kind.CAMPAIGN, Kind.STAGE]


def test_a_stage_moves_to_a_campaign_that_nobody_touched(world: World) -> None:
    stage = natives(world, "a", Kind.STAGE)[0]
    world.tools["a"].move(stage, natives(world, "a", Kind.CAMPAIGN)[2])
    world.run()
    parents = [record.parent for record in world.tools["b"].records.values() if record.ref.kind is Kind.STAGE]
    assert len(parents) == 3
    assert len(set(parents)) == 2


def test_a_new_stage_of_a_campaign_that_nobody_touched_is_made_everywhere(world: World) -> None:
    world.stage("b", natives(world, "b", Kind.CAMPAIGN)[0], kind="content")
    world.run()
    assert [len(tool.records) for tool in world.tools.values()] == [7, 7, 7]


def test_what_could_not_be_written_is_tried_again_although_no_tool_tells_of_it(world: World) -> None:
    world.edit("a", "a-1", subject="Two")
    world.tools["c"].fail_next(Unavailable("busy"))
    world.run()
    assert world.shows("c")[0] == "One"
    world.run()
    assert world.shows("c")[0] == "Two"


def test_a_tool_that_was_down_is_caught_up_with(world: World) -> None:
    world.edit("a", "a-1", subject="Two")
    world.tools["c"].down = Unavailable("no answer")
    world.run()
    world.tools["c"].down = None
    world.run()
    assert [world.shows(tool)[0] for tool in "bc"] == ["Two", "Two"]


def test_what_a_tool_missed_while_it_was_down_waits_for_it(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a", changes=True), Box("b", changes=True), count_every=HOUR)
    world.campaign("a", name="Spring", subject="One")
    for _ in range(2):
        world.run()
    world.edit("a", "a-1", subject="Two")
    world.tools["b"].down = Unavailable("no answer")
    for _ in range(2):
        world.run()
    world.tools["b"].down = None
    world.run()
    assert world.shows("b") == ["Two"]


def test_a_conflict_stands_while_nobody_touches_it_and_ends_when_they_agree(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.edit("a", "a-1", subject="Two")
    world.edit("b", "b-1", subject="Three")
    world.run()
    (conflict,) = world.open()[FindingKind.CONFLICT]
    world.run()
    calls = Calls(world, monkeypatch)
    report = world.run()
    assert (report.opened, report.closed, report.standing) == ((), (), (conflict,))
    assert calls.made == [(tool, "changes", 0) for tool in "abc"]
    world.edit("b", "b-1", subject="Two")
    world.run()
    assert world.open() == {}
    assert world.shows("c")[0] == "Two"


def test_a_claim_that_is_taken_back_ends_a_conflict(world: World) -> None:
    world.edit("a", "a-1", subject="Two")
    world.edit("b", "b-1", subject="Three")
    for _ in range(2):
        world.run()
    world.edit("b", "b-1", subject="One")
    world.run()
    assert world.open() == {}
    assert [world.shows(tool)[0] for tool in "abc"] == ["Two"] * 3


def test_a_decision_is_carried_out_although_no_tool_tells_of_a_change(world: World) -> None:
    world.edit("a", "a-1", subject="Two")
    world.edit("b", "b-1", subject="Three")
    for _ in range(3):
        world.run()
    world.decide(FindingKind.CONFLICT, "b")
    world.run()
    assert world.open() == {}
    assert [world.shows(tool)[0] for tool in "abc"] == ["Three"] * 3


def test_a_record_that_a_webhook_told_of_is_read_although_the_listing_lags(world: World) -> None:
    world.edit("b", "b-1", subject="Two")
    world.tools["b"].unlisted.add("b-1")
    with world.store() as store:
        store.hint([Ref("b", Kind.CAMPAIGN, "b-1")])
    world.run()
    assert world.shows("a")[0] == "Two"
    assert world.state().hints == []


def test_what_an_index_did_not_show_yet_is_told_of_later(world: World) -> None:
    world.edit("b", "b-1", subject="Two")
    world.tools["b"].unlisted.add("b-1")
    world.run()
    assert world.shows("a")[0] == "One"
    world.tools["b"].unlisted.clear()
    world.run()
    assert world.shows("a")[0] == "Two"


def test_a_position_that_is_too_old_is_followed_by_a_full_listing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.tools["b"].forgets = True
    calls = Calls(world, monkeypatch)
    world.edit("b", "b-1", subject="Two")
    world.run()
    assert calls.of("b")[0] == ("fetch", 6)
    assert world.shows("a")[0] == "Two"


def test_what_a_listing_told_before_it_broke_off_counts_and_the_rest_comes_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = natives(world, "b", Kind.CAMPAIGN)
    world.edit("b", first, subject="Two")
    world.edit("b", second, subject="Three")
    tool = world.tools["b"]
    whole = tool.changes

    def broken(since: str) -> Iterator[Record | Ref]:
        yield next(whole(since))
        monkeypatch.setattr(tool, "_position", str(tool._ticks - 1))  # just before the second edit
        raise Unavailable("broke off")

    monkeypatch.setattr(tool, "changes", broken)
    report = world.run()
    assert report.tools[1].error == "broke off"
    assert world.shows("a") == ["Two", "One", "One"]
    monkeypatch.setattr(tool, "changes", whole)
    world.run()
    assert world.shows("a") == ["Two", "Three", "One"]
    assert world.open() == {}


def test_everything_is_read_again_once_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(world, monkeypatch)
    world.now += timedelta(days=1)
    world.run()
    assert [(call, size) for _, call, size in calls.made] == [("fetch", 6)] * 3


@pytest.mark.parametrize("why", ["asked for", "forced", "the clock was set back", "a tool left"])
def test_everything_is_read_again_when_what_is_known_may_not_hold(
    world: World, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    calls = Calls(world, monkeypatch)
    if why == "the clock was set back":
        world.now -= timedelta(days=2)
    if why == "a tool left":
        world.boxes = world.boxes[:2]
    world.run(full=why == "asked for", scope=Scope(force=True) if why == "forced" else None)
    assert {call for _, call, _ in calls.made} == {"fetch"}


def test_an_unanswered_creation_is_looked_for_in_a_full_listing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.tools["c"].fail_next(Ambiguous("no answer"), after=True)
    world.campaign("a", name="New")
    world.run()
    calls = Calls(world, monkeypatch)
    world.run()
    assert calls.of("c")[0] == ("fetch", 7)
    assert len(world.tools["c"].records) == 7


def test_a_dry_run_moves_no_position(world: World) -> None:
    world.edit("b", "b-1", subject="Two")
    planned = world.run(dry=True)
    done = world.run()
    assert [change.cells for change in planned.changes] == [change.cells for change in done.changes] != []
    assert world.shows("a")[0] == "Two"
