"""Scenarios of absence: a deletion is confirmed, held for a person, and never undone or spread by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.errors import Unavailable
from sync.findings import FindingKind
from sync.guard import Bounds
from sync.model import Kind
from sync.report import Action, State
from sync.workspace import Scope
from tests.sync.plain import ANN, Box, World

RELAXED = Bounds(archive_share=1.0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Spring with a design stage in three tools."""
    world = World(tmp_path, Box("a"), Box("b"), Box("c"), bounds=RELAXED)
    world.campaign("a", name="Spring", subject="one")
    world.stage("a", "a-1", kind="design", notes="blue", owner=ANN)
    world.run()
    return world


def kinds(world: World) -> set[FindingKind]:
    return set(world.open())


def records(world: World, kind: Kind = Kind.CAMPAIGN) -> list[int]:
    return [sum(1 for r in tool.records.values() if r.ref.kind is kind) for tool in world.tools.values()]


def run_twice(world: World) -> None:
    """As often as it takes to believe an absence."""
    world.run()
    world.run()


def test_a_deletion_is_told_when_it_is_missed_twice_and_spreads_nowhere(world: World) -> None:
    world.tools["b"].delete("b-1")
    world.run()
    assert kinds(world) == set()
    for _ in range(3):
        world.run()
        assert kinds(world) == {FindingKind.DELETION}
    assert records(world) == [1, 0, 1]
    (finding,) = world.open()[FindingKind.DELETION]
    assert set(finding.options) == {"--delete", "--restore"}


def test_a_stage_can_be_deleted_by_itself(world: World) -> None:
    world.tools["b"].delete("b-2")
    run_twice(world)
    assert kinds(world) == {FindingKind.DELETION}
    world.decide(FindingKind.DELETION, "delete")
    world.run()
    assert (records(world), records(world, Kind.STAGE)) == ([1, 1, 1], [0, 0, 0])
    assert kinds(world) == set()


def test_a_campaign_that_is_deleted_with_its_stages_is_one_finding(world: World) -> None:
    world.tools["b"].delete("b-2")
    world.tools["b"].delete("b-1")
    run_twice(world)
    assert [len(found) for found in world.open().values()] == [1]


def test_a_deletion_that_a_person_confirms_archives_the_campaign_and_its_stages_everywhere_for_good(
    world: World,
) -> None:
    world.tools["b"].delete("b-1")
    run_twice(world)
    world.decide(FindingKind.DELETION, "delete")
    report = world.run()
    assert report.count(Action.ARCHIVE, State.DONE) == 5  # two campaigns, and the stages of all three
    assert (records(world), records(world, Kind.STAGE)) == ([0, 0, 0], [0, 0, 0])
    assert all(entity.dead for entity in world.state().entities.values())
    assert kinds(world) == set()
    assert world.run().changes == ()


def test_stages_are_archived_before_their_campaign(world: World) -> None:
    world.tools["b"].delete("b-1")
    run_twice(world)
    world.decide(FindingKind.DELETION, "delete")
    before = len(world.tools["a"].log)
    world.run()
    assert [change.record.ref.kind for change in world.tools["a"].log[before:]] == [  # type: ignore[union-attr]
        Kind.STAGE,
        Kind.CAMPAIGN,
    ]


def test_what_was_deleted_for_good_is_not_resurrected_by_an_undeleted_record(world: World) -> None:
    kept = dict(world.tools["b"].records)
    world.tools["b"].delete("b-1")
    run_twice(world)
    world.decide(FindingKind.DELETION, "delete")
    world.run()
    written = world.writes()
    world.tools["b"].records.update(kept)
    world.run()
    assert (world.writes(), records(world)) == (written, [0, 1, 0])


def test_a_restored_record_is_made_anew_with_its_stages_on_it(world: World) -> None:
    world.tools["b"].delete("b-1")
    run_twice(world)
    world.decide(FindingKind.DELETION, "restore")
    run_twice(world)
    assert (records(world), kinds(world)) == ([1, 1, 1], set())
    (campaign,) = [r for r in world.tools["b"].records.values() if r.ref.kind is Kind.CAMPAIGN]
    (stage,) = [r for r in world.tools["b"].records.values() if r.ref.kind is Kind.STAGE]
    assert campaign.fields["subject"] == "one"
    assert stage.parent == campaign.ref.native
    assert world.run().changes == ()


def test_a_restoration_that_the_tool_does_not_take_is_tried_again(world: World) -> None:
    world.tools["b"].delete("b-1")
    run_twice(world)
    world.decide(FindingKind.DELETION, "restore")
    world.tools["b"].fail_next(Unavailable("busy"))
    world.run()
    assert records(world) == [1, 0, 1]
    world.run()
    assert records(world) == [1, 1, 1]


def test_a_confirmed_deletion_that_one_tool_does_not_take_is_tried_again(world: World) -> None:
    world.tools["b"].delete("b-1")
    run_twice(world)
    world.decide(FindingKind.DELETION, "delete")
    world.tools["c"].fail_next(Unavailable("busy"))
    world.run()
    assert kinds(world) == {FindingKind.DELETION, FindingKind.TOOL_TROUBLE}
    run_twice(world)
    assert (records(world), records(world, Kind.STAGE)) == ([0, 0, 0], [0, 0, 0])
    assert kinds(world) == set()


def test_a_decision_outside_of_a_runs_scope_waits_for_the_next_run(world: World) -> None:
    world.tools["b"].delete("b-1")
    run_twice(world)
    world.decide(FindingKind.DELETION, "delete")
    world.run(scope=Scope(tools=frozenset({"b"})))
    assert kinds(world) == {FindingKind.DELETION}
    world.run()
    assert records(world) == [0, 0, 0]


def test_a_deletion_against_an_edit_is_a_conflict(world: World) -> None:
    world.tools["b"].delete("b-1")
    world.edit("a", "a-1", subject="two")
    run_twice(world)
    assert kinds(world) == {FindingKind.DELETION_CONFLICT}
    assert world.shows("c", "subject")[0] == "two"
    world.decide(FindingKind.DELETION_CONFLICT, "delete")
    world.run()
    assert records(world) == [0, 0, 0]


def test_an_edit_that_everybody_had_before_the_deletion_does_not_contest_it(world: World) -> None:
    world.edit("a", "a-1", subject="two")
    world.run()
    world.tools["b"].delete("b-1")
    run_twice(world)
    assert kinds(world) == {FindingKind.DELETION}


def test_a_decision_to_delete_does_not_count_against_an_edit_that_came_after_it(world: World) -> None:
    world.tools["b"].delete("b-1")
    run_twice(world)
    world.decide(FindingKind.DELETION, "delete")
    world.edit("a", "a-1", subject="wait!")
    world.run()
    assert kinds(world) == {FindingKind.DELETION_CONFLICT}
    assert records(world) == [1, 0, 1]


def test_a_stage_that_was_moved_elsewhere_since_is_not_deleted_with_its_campaign(world: World) -> None:
    world.campaign("a", name="Summer")
    world.run()
    world.tools["b"].delete("b-1")
    run_twice(world)
    world.decide(FindingKind.DELETION, "delete")
    world.tools["a"].move("a-2", "a-3")
    world.run()
    assert records(world) == [1, 1, 1]
    assert records(world, Kind.STAGE) == [1, 1, 1]
    assert {record.parent for record in world.tools["c"].records.values() if record.parent} == {"c-3"}


def test_a_record_that_reappears_is_no_deletion_and_catches_up(world: World) -> None:
    kept = dict(world.tools["b"].records)
    world.tools["b"].delete("b-1")
    run_twice(world)
    world.edit("a", "a-1", subject="two")
    world.run()
    world.tools["b"].records.update(kept)
    world.run()
    assert kinds(world) == set()
    assert world.shows("b")[0] == "two"
    # and its absences are counted from the beginning
    world.tools["b"].delete("b-1")
    world.run()
    assert kinds(world) == set()


def test_a_record_that_is_gone_everywhere_is_gone_without_a_word(world: World) -> None:
    for name, tool in world.tools.items():
        tool.delete(f"{name}-2")
    for _ in range(3):
        report = world.run()
        assert (report.findings, report.changes) == ((), ())
    assert [e.dead for e in world.state().entities.values() if e.kind is Kind.STAGE] == [True]


def test_a_record_of_a_campaign_that_is_over_may_go_without_a_word(world: World) -> None:
    world.edit("a", "a-1", status="sent")
    world.run()
    world.tools["b"].delete("b-1")
    for _ in range(3):
        world.run()
    assert (kinds(world), records(world)) == (set(), [1, 0, 1])


def test_a_deletion_is_not_flagged_by_the_run_that_learns_of_the_send(world: World) -> None:
    world.tools["b"].delete("b-1")
    world.run()
    world.edit("a", "a-1", status="sent")
    assert world.run().opened == ()


def test_a_record_that_went_without_a_word_and_reappears_is_watched_again(world: World) -> None:
    world.edit("a", "a-1", status="sent")
    world.run()
    kept = dict(world.tools["b"].records)
    world.tools["b"].delete("b-1")
    for _ in range(3):
        world.run()
    world.tools["b"].records.update(kept)
    world.edit("a", "a-1", status="planned")
    world.run()
    assert world.tools["b"].records["b-1"].fields["status"] == "planned"
    world.tools["b"].delete("b-1")
    run_twice(world)
    assert kinds(world) == {FindingKind.DELETION}


def test_a_record_that_a_listing_leaves_out_is_looked_at_directly(world: World) -> None:
    world.tools["b"].unlisted |= {"b-1", "b-2"}
    world.edit("a", "a-1", subject="two")
    for _ in range(3):
        world.run()
    assert (kinds(world), world.shows("b")[0]) == (set(), "two")


def test_a_tool_that_fails_on_the_direct_look_is_no_evidence(world: World) -> None:
    world.tools["b"].delete("b-1")
    for _ in range(3):
        world.tools["b"].fail_next(Unavailable("busy"), call="read")
        world.run()
        assert FindingKind.DELETION not in kinds(world)


def test_a_tool_that_is_down_deletes_nothing(world: World) -> None:
    world.tools["b"].down = Unavailable("no answer")
    for _ in range(4):
        world.run()
    assert kinds(world) == {FindingKind.TOOL_TROUBLE}
    assert all(link.missed == 0 for e in world.state().entities.values() for link in e.links.values())


def test_an_absence_is_counted_again_from_the_start_after_a_restoration(world: World) -> None:
    world.tools["b"].delete("b-2")
    run_twice(world)
    world.decide(FindingKind.DELETION, "restore")
    world.run()
    assert records(world, Kind.STAGE) == [1, 1, 1]
    (stage,) = [n for n, r in world.tools["b"].records.items() if r.ref.kind is Kind.STAGE]
    world.tools["b"].delete(stage)
    world.run()
    assert kinds(world) == set()
    world.run()
    assert kinds(world) == {FindingKind.DELETION}
