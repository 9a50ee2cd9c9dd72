"""Scenarios of disagreement: a conflict is held, told, and settled by people, by a decision, or by a rule."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from sync.errors import Unavailable
from sync.findings import FindingKind
from sync.guard import Bounds
from sync.model import Kind
from sync.policy import Policy
from tests.sync.plain import ANN, GARBLED, Box, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return _disputed(World(tmp_path, Box("a"), Box("b"), Box("c")))


def _disputed(world: World) -> World:
    """Spring in three tools, its subject edited in a and in b."""
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="mine")
    world.edit("b", "b-1", subject="yours")
    return world


def subjects(world: World) -> list[object]:
    return [value for tool in world.tools for value in world.shows(tool)]


def test_a_conflict_is_written_nowhere_and_told_with_both_values_and_who(world: World) -> None:
    world.edit("a", "a-1", owner=ANN)
    world.run()
    assert subjects(world) == ["mine", "yours", "one"]
    assert world.shows("b", "owner") == [ANN]  # every other cell goes on
    (finding,) = world.open()[FindingKind.CONFLICT]
    told = [(claim.tool, claim.value, claim.who) for claim in finding.claims]
    assert told == [("a", "mine", "person"), ("b", "yours", "person")]
    assert finding.options == ("--take a", "--take b")
    assert all(isinstance(claim.at, datetime) for claim in finding.claims)


def test_a_conflict_stands_as_one_finding_until_it_ends(world: World) -> None:
    (opened,) = world.run().opened
    for _ in range(3):
        report = world.run()
        assert (report.opened, report.standing, report.changes) == ((), (opened,), ())


def test_people_settle_a_conflict_in_either_tool(world: World) -> None:
    world.run()
    world.edit("b", "b-1", subject="mine")
    report = world.run()
    assert subjects(world) == ["mine", "mine", "mine"]
    assert [f.kind for f in report.closed] == [FindingKind.CONFLICT]
    assert world.run().changes == ()


def test_a_third_party_may_join_a_conflict_and_still_nothing_is_lost(world: World) -> None:
    world.run()
    world.edit("c", "c-1", subject="theirs")
    world.run()
    (finding,) = world.open()[FindingKind.CONFLICT]
    assert {claim.value for claim in finding.claims} == {"mine", "yours", "theirs"}


@pytest.mark.parametrize(("tool", "wins", "loses"), [("a", "mine", "yours"), ("b", "yours", "mine")])
def test_a_decision_takes_one_side_once_and_keeps_the_other_in_the_history(
    world: World, tool: str, wins: str, loses: str
) -> None:
    world.run()
    world.decide(FindingKind.CONFLICT, tool)
    world.run()
    assert subjects(world) == [wins] * 3
    assert loses in json.loads(world.history()[-1].lost).values()
    # and the decision does not outlive the conflict
    assert world.state().decisions == {}
    world.edit("a", "a-1", subject="again")
    world.edit("b", "b-1", subject="anew")
    world.run()
    assert len(world.open()[FindingKind.CONFLICT]) == 1


def test_a_rule_settles_a_conflict_at_once_and_keeps_the_loser_in_the_history(tmp_path: Path) -> None:
    policy = Policy({(Kind.CAMPAIGN, "subject"): "prefer:b"})
    world = _disputed(World(tmp_path, Box("a"), Box("b"), Box("c"), policy=policy))
    world.run()
    assert subjects(world) == ["yours"] * 3
    assert world.open() == {}
    last = world.history()[-1]
    assert (json.loads(last.lost), json.loads(last.editors)) == ({"a": "mine"}, ["a", "b"])


def test_a_decision_for_what_was_agreed_already_keeps_the_loser_in_the_history(tmp_path: Path) -> None:
    # given an edit in b by somebody whom the agreed value had not reached
    world = World(tmp_path, Box("a"), Box("b"))
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(Unavailable("busy"))
    world.run()
    world.edit("b", "b-1", subject="stale")
    world.run()
    # when the agreed value is taken
    world.decide(FindingKind.CONFLICT, "a")
    world.run()
    assert subjects(world) == ["two", "two"]
    assert json.loads(world.history()[-1].lost)["b"] == "stale"


def test_a_conflict_is_held_while_one_of_its_tools_is_away(world: World) -> None:
    world.run()
    world.tools["b"].down = Unavailable("no answer")
    report = world.run()
    assert subjects(world) == ["mine", "yours", "one"]
    assert [f.kind for f in report.standing] == [FindingKind.CONFLICT]
    world.tools["b"].down = None
    report = world.run()
    assert [f.kind for f in report.standing] == [FindingKind.CONFLICT]


def test_a_conflict_and_a_decision_about_it_outlast_a_run_in_which_every_tool_is_away(world: World) -> None:
    world.run()
    world.decide(FindingKind.CONFLICT, "a")
    for tool in world.tools.values():
        tool.down = Unavailable("no network")
    report = world.run()
    assert report.closed == ()
    for tool in world.tools.values():
        tool.down = None
    world.run()
    assert subjects(world) == ["mine"] * 3


def test_a_conflict_is_held_while_one_claim_cannot_be_understood(world: World) -> None:
    world.run()
    world.tools["b"].edit("b-1", subject=GARBLED)
    report = world.run()
    assert world.shows("c") == ["one"]
    assert {f.kind for f in report.findings} == {FindingKind.CONFLICT, FindingKind.UNREADABLE}


def test_a_conflict_is_held_until_the_deletion_of_a_partys_record_is_confirmed(world: World) -> None:
    world.run()
    world.tools["b"].delete("b-1")
    world.run()
    assert FindingKind.CONFLICT in world.open()
    world.run()
    assert set(world.open()) == {FindingKind.DELETION_CONFLICT}
    assert world.shows("c") == ["mine"]


def test_a_tool_that_left_the_workspace_holds_no_conflict(world: World) -> None:
    world.run()
    world.boxes = tuple(box for box in world.boxes if box.name != "b")
    world.run()
    assert world.open() == {}
    assert world.shows("c") == ["mine"]


def test_a_decision_outlasts_a_run_that_was_not_carried_out(tmp_path: Path) -> None:
    bounds = Bounds(overwrite_count=0, overwrite_share=0.0)
    world = World(tmp_path, Box("a"), Box("b"), bounds=bounds)
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="mine")
    world.edit("b", "b-1", subject="yours")
    world.run()
    world.decide(FindingKind.CONFLICT, "a")
    report = world.run()
    assert FindingKind.UNSAFE_PLAN in {f.kind for f in report.findings}
    assert FindingKind.CONFLICT in {f.kind for f in report.findings}
    assert subjects(world) == ["mine", "yours"]
    world.run(allow_mass=True)
    assert subjects(world) == ["mine", "mine"]
    assert world.open() == {}


def test_a_stale_edit_does_not_overrule_one_whose_tool_is_away(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"))
    world.campaign("a", name="Spring", subject="one")
    world.run()
    # given an edit in a that did not reach b
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(Unavailable("busy"))
    world.run()
    # when a is away and somebody edits b
    world.tools["a"].down = Unavailable("no answer")
    world.edit("b", "b-1", subject="stale")
    world.run()
    # then it is a conflict, at once and when a is back
    for _ in range(2):
        (finding,) = world.open()[FindingKind.CONFLICT]
        assert {claim.value for claim in finding.claims} == {"two", "stale"}
        world.tools["a"].down = None
        world.run()
    assert subjects(world) == ["two", "stale"]


def test_records_that_differ_at_first_sight_are_in_conflict_and_fill_nobody_else(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"), Box("c"))
    world.campaign("a", name="Spring", subject="one")
    world.campaign("b", name="Spring", subject="two")
    world.run()
    assert subjects(world) == ["one", "two", None]
    world.edit("a", "a-1", subject="two")
    world.run()
    assert subjects(world) == ["two"] * 3
    written = world.writes()
    world.run()
    assert world.writes() == written


def test_a_stage_that_people_moved_to_different_campaigns_is_not_deleted_with_the_one_it_left(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"), bounds=Bounds(archive_share=1.0))
    for name in ("Spring", "Summer", "Autumn"):
        world.campaign("a", name=name)
    stage = world.stage("a", "a-1", kind="design")
    world.run()
    world.tools["b"].delete("b-1")
    for _ in range(2):
        world.run()
    world.decide(FindingKind.DELETION, "delete")
    world.tools["a"].move(stage, "a-2")
    world.tools["b"].move("b-4", "b-3")
    world.run()
    assert (stage in world.tools["a"].records, "b-4" in world.tools["b"].records) == (True, True)
    assert FindingKind.CONFLICT in world.open()
