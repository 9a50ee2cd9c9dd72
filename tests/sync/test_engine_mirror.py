"""Scenarios of the loop when nothing goes wrong: adopting, creating, mirroring, moving, and being quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.findings import FindingKind
from sync.model import Kind
from sync.ports import Create, Update
from sync.report import Action, State
from sync.workspace import Scope
from tests.sync.plain import ANN, BO, Box, World, day

CAMPAIGNS = frozenset({Kind.CAMPAIGN})


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two tools of campaigns and stages, one of campaigns only."""
    return World(tmp_path, Box("jira"), Box("airtable"), Box("klaviyo", kinds=CAMPAIGNS))


def test_what_exists_in_one_tool_is_made_in_the_others_and_the_next_run_is_quiet(world: World) -> None:
    world.campaign("airtable", name="Spring", subject="Hello", owner=ANN, tags=frozenset({"sale"}))
    report = world.run()
    assert report.count(Action.CREATE, State.DONE) == 2
    for tool in world.tools:
        assert world.shows(tool, "name") == ["Spring"]
        assert world.shows(tool) == ["Hello"]
        assert world.shows(tool, "tags") == [frozenset({"sale"})]
    written = world.writes()
    report = world.run()
    assert (world.writes(), report.changes, report.findings) == (written, (), ())


def test_records_of_the_same_campaign_are_adopted_and_nothing_is_created(world: World) -> None:
    for tool in world.tools:
        world.campaign(tool, name="Spring", planned_send=day("2026-04-01"))
    report = world.run()
    assert (world.writes(), report.adopted, report.changes) == (0, 3, ())
    assert len(world.state().entities) == 1


def test_adopted_records_fill_each_others_gaps(world: World) -> None:
    world.campaign("jira", name="Spring", subject="Hello")
    world.campaign("airtable", name="Spring", owner=ANN)
    world.run()
    assert world.shows("jira", "owner") == world.shows("airtable", "owner") == [ANN]
    assert world.shows("jira") == world.shows("airtable") == ["Hello"]


def test_a_campaign_is_made_before_its_stages_and_they_hang_on_it(world: World) -> None:
    spring = world.campaign("jira", name="Spring")
    world.stage("jira", spring, kind="design", owner=ANN)
    world.run()
    kinds = [change.kind for change in world.tools["airtable"].log if isinstance(change, Create)]
    assert kinds == [Kind.CAMPAIGN, Kind.STAGE]
    campaign, stage = world.tools["airtable"].records.values()
    assert stage.parent == campaign.ref.native
    assert len(world.tools["klaviyo"].records) == 1


def test_every_created_record_carries_the_id_of_its_entity(world: World) -> None:
    world.campaign("jira", name="Spring")
    world.run()
    (entity,) = world.state().entities
    assert [r.marker for r in world.tools["airtable"].records.values()] == [entity]


def test_edits_in_different_tools_cross_in_one_run(world: World) -> None:
    a = world.campaign("jira", name="Spring", subject="one", owner=ANN)
    world.run()
    world.edit("jira", a, subject="two")
    world.edit("airtable", "airtable-1", owner=BO)
    world.edit("klaviyo", "klaviyo-1", tags=frozenset({"sale"}))
    report = world.run()
    for tool in world.tools:
        assert (world.shows(tool), world.shows(tool, "owner")) == (["two"], [BO])
        assert world.shows(tool, "tags") == [frozenset({"sale"})]
    changed = {(c.tool, cell.field): cell.sources for c in report.changes for cell in c.cells}
    assert changed[("airtable", "subject")] == ("jira",)
    written = world.writes()
    world.run()
    assert world.writes() == written


def test_only_the_cells_that_changed_are_written(world: World) -> None:
    a = world.campaign("jira", name="Spring", subject="one", brief="long")
    world.run()
    world.edit("jira", a, subject="two")
    world.run()
    assert [dict(change.fields) for change in world.tools["airtable"].log[1:] if isinstance(change, Update)] == [
        {"subject": "two"}
    ]


def test_a_clearing_is_mirrored(world: World) -> None:
    a = world.campaign("jira", name="Spring", subject="one")
    world.run()
    world.edit("jira", a, subject=None)
    world.run()
    assert world.shows("airtable") == world.shows("klaviyo") == [None]


def test_a_record_that_a_tool_needs_more_for_waits(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b", requires=("planned_send",)))
    native = world.campaign("a", name="Spring")
    assert world.run().waiting == ("Spring waits to be made in B: it needs planned_send",)
    world.edit("a", native, planned_send=day("2026-04-01"))
    assert world.run().waiting == ()
    assert world.shows("b", "name") == ["Spring"]


def test_nothing_is_created_of_a_campaign_that_is_over(world: World) -> None:
    world.campaign("jira", name="Winter", status="sent")
    world.campaign("jira", name="Autumn", planned_send=day("2026-01-01"))
    world.run()
    assert world.writes() == 0


def test_edits_of_a_campaign_that_is_over_are_still_mirrored(world: World) -> None:
    a = world.campaign("jira", name="Spring", status="planned")
    world.run()
    world.edit("jira", a, status="sent")
    world.run()
    assert world.shows("klaviyo", "status") == ["sent"]


def test_a_stage_moved_to_another_campaign_moves_everywhere(world: World) -> None:
    one = world.campaign("jira", name="One")
    two = world.campaign("jira", name="Two")
    stage = world.stage("jira", one, kind="design")
    world.run()
    world.tools["jira"].move(stage, two)
    world.run()
    airtable = world.tools["airtable"].records
    (moved,) = [r for r in airtable.values() if r.ref.kind is Kind.STAGE]
    assert moved.parent is not None
    assert airtable[moved.parent].fields["name"] == "Two"
    written = world.writes()
    world.run()
    assert world.writes() == written


def test_a_stage_whose_new_campaign_has_no_record_somewhere_has_its_other_cells_mirrored_there(tmp_path: Path) -> None:
    world = World(tmp_path, Box("jira"), Box("airtable", requires=("planned_send",)))
    one = world.campaign("jira", name="One", planned_send=day("2026-04-01"))
    stage = world.stage("jira", one, kind="design")
    world.run()
    two = world.campaign("jira", name="Two")
    world.tools["jira"].move(stage, two)
    world.edit("jira", stage, notes="news")
    world.run()
    assert world.shows("airtable", "notes") == ["news"]
    world.edit("jira", two, planned_send=day("2026-04-02"))
    world.run()
    records = world.tools["airtable"].records
    (moved,) = [r for r in records.values() if r.ref.kind is Kind.STAGE]
    assert records[moved.parent or ""].fields["name"] == "Two"


def test_a_stage_moved_to_two_campaigns_is_a_conflict(world: World) -> None:
    for name in ("One", "Two", "Three"):
        world.campaign("jira", name=name)
    stage = world.stage("jira", "jira-1", kind="design")
    world.run()
    world.tools["jira"].move(stage, "jira-2")
    (copy,) = [n for n, r in world.tools["airtable"].records.items() if r.ref.kind is Kind.STAGE]
    (third,) = [n for n, r in world.tools["airtable"].records.items() if r.fields.get("name") == "Three"]
    world.tools["airtable"].move(copy, third)
    world.run()
    assert [f.detail_key for f in world.open()[FindingKind.CONFLICT]] == ["campaign"]
    assert world.tools["jira"].records[stage].parent == "jira-2"
    assert world.tools["airtable"].records[copy].parent == third


def test_children_without_a_kind_are_not_mirrored(world: World) -> None:
    spring = world.campaign("jira", name="Spring")
    world.stage("jira", spring, notes="a chore")
    world.run()
    assert len(world.tools["airtable"].records) == 1


def test_a_dry_run_writes_nothing_anywhere_and_plans_what_the_real_run_does(world: World) -> None:
    a = world.campaign("jira", name="Spring", subject="one")
    world.run()
    world.edit("jira", a, subject="two")
    world.campaign("airtable", name="Summer")
    records = {name: dict(tool.records) for name, tool in world.tools.items()}
    database, ids, now = world.file.read_bytes(), world.ids, world.now
    dry = world.run(dry=True)
    assert {name: dict(tool.records) for name, tool in world.tools.items()} == records
    assert world.file.read_bytes() == database
    world.ids, world.now = ids, now
    real = world.run()
    assert {c.state for c in dry.changes} == {State.PLANNED}
    planned, done = ({(c.action, c.tool, c.entity, c.cells) for c in report.changes} for report in (dry, real))
    assert planned == done
    assert len(dry.changes) == len(real.changes) == 4
    assert {c.state for c in real.changes} == {State.DONE}


def test_a_scope_limits_the_writes_and_the_next_run_catches_up(world: World) -> None:
    one = world.campaign("jira", name="One", subject="a")
    two = world.campaign("jira", name="Two", subject="b")
    world.run()
    world.edit("jira", one, subject="aa")
    world.edit("jira", two, subject="bb")
    with world.store() as store:
        ((entity, _),) = store.find_entity("one")
    world.run(scope=Scope(campaigns=frozenset({entity}), tools=frozenset({"klaviyo"})))
    assert world.shows("klaviyo") == ["aa", "b"]
    assert world.shows("airtable") == ["a", "b"]
    world.run()
    assert world.shows("klaviyo") == world.shows("airtable") == ["aa", "bb"]
