"""Runs that read what changed, and what is gone, emptied, too much, or cannot be told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.findings import FindingKind
from sync.guard import Bounds
from sync.model import Kind
from tests.sync.plain import Box, World, day
from tests.sync.telling import HOUR, Calls, natives, settled


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three campaigns with a stage each, known in three tools that tell what changed, and nothing left to do."""
    return settled(tmp_path)


def test_deletions_are_found_when_records_are_counted_and_confirmed_by_a_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.tools["b"].delete("b-4")
    world.now += HOUR
    calls = Calls(world, monkeypatch)
    world.run()
    assert calls.of("b") == [("changes", 0), ("census", 5), ("read", 1)]
    world.run()
    (flag,) = world.open()[FindingKind.DELETION]
    assert "deleted in B" in flag.title


def test_a_deletion_that_a_tool_tells_of_is_found_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = world.tools["b"].records["b-4"].ref
    world.tools["b"].delete("b-4")
    monkeypatch.setattr(world.tools["b"], "changes", lambda _since: iter([ref]))
    for _ in range(2):
        world.run()
    assert FindingKind.DELETION in world.open()


def test_a_deletion_that_a_tool_tells_of_and_that_is_none_deletes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = world.tools["b"].records["b-4"].ref
    monkeypatch.setattr(world.tools["b"], "changes", lambda _since: iter([ref]))
    for _ in range(2):
        world.run()
    assert world.open() == {}


def test_a_record_that_comes_back_from_the_bin_ends_its_deletion(world: World) -> None:
    kept = world.tools["b"].records["b-4"]
    world.tools["b"].delete("b-4")
    world.now += HOUR
    for _ in range(2):
        world.run()
    assert FindingKind.DELETION in world.open()
    world.tools["b"].records["b-4"] = kept
    world.run()
    assert world.open() == {}


def test_a_record_that_went_without_a_word_and_is_counted_again_is_looked_at(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a", changes=True), Box("b", changes=True), count_every=HOUR)
    world.campaign("a", name="Spring", status="planned")
    world.run()
    world.edit("a", "a-1", status="sent")
    world.run()
    kept = dict(world.tools["b"].records)
    world.tools["b"].delete("b-1")
    world.now += HOUR
    for _ in range(3):
        world.run()
    assert world.open() == {}
    world.tools["b"].records.update(kept)
    world.edit("a", "a-1", status="planned")
    world.now += HOUR
    for _ in range(2):
        world.run()
    assert world.tools["b"].records["b-1"].fields["status"] == "planned"


def test_a_tool_that_is_emptied_is_looked_at_again_until_it_is_not(world: World) -> None:
    kept = dict(world.tools["b"].records)
    world.tools["b"].records.clear()
    world.now += HOUR
    for _ in range(3):
        world.run()
        assert FindingKind.UNSAFE_PLAN in world.open()
        assert world.writes() == 12
    world.tools["b"].records.update(kept)
    world.run()
    assert world.open() == {}


def test_records_that_cannot_be_told_apart_stay_flagged(world: World) -> None:
    for _ in range(2):
        world.campaign("a", name="Twin", planned_send=day("2026-05-01"))
    for _ in range(3):
        world.run()
        assert len(world.open()[FindingKind.AMBIGUOUS]) == 2


def test_what_the_guard_stopped_is_read_again(tmp_path: Path) -> None:
    bounds = Bounds(overwrite_count=1, overwrite_share=0.1)
    world = World(tmp_path, Box("a", changes=True), Box("b", changes=True), bounds=bounds, count_every=HOUR)
    for number in range(3):
        world.campaign("a", name=f"Campaign {number}", subject="One")
    for _ in range(2):
        world.run()
    for native in natives(world, "a", Kind.CAMPAIGN):
        world.edit("a", native, subject="Two")
    for _ in range(2):
        world.run()
        assert world.shows("b") == ["One"] * 3
        assert FindingKind.UNSAFE_PLAN in world.open()
    world.run(allow_mass=True)
    assert world.shows("b") == ["Two"] * 3


def test_a_new_record_is_flagged_under_one_id_only_once_a_run_may_keep_it(tmp_path: Path) -> None:
    bounds = Bounds(overwrite_count=0, overwrite_share=0.1)
    world = World(tmp_path, Box("a"), Box("b"), bounds=bounds)
    campaign = world.campaign("a", name="Spring", subject="One")
    world.run()
    world.edit("a", campaign, subject="Two")
    world.stage("a", campaign, kind="design")  # which belongs to nobody
    for _ in range(2):
        assert {flag.kind for flag in world.run().findings} == {FindingKind.UNSAFE_PLAN}
    world.run(allow_mass=True)
    assert FindingKind.UNOWNED_STAGE in world.open()
