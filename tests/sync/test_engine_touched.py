"""A run loads what it touches; what it concludes is the same as if it had loaded everything."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.desk import Desk, counted_statements
from benchmarks.engine_step import settle
from sync.audit import AuditRules
from sync.commits import Commits
from sync.errors import Ambiguous, Rejected
from sync.findings import FindingKind
from sync.model import EntityLink, Kind, Record
from sync.ports import Reading
from sync.shelf import Stored
from tests.sync.plain import ANN, Box, PlainMapping, World, day, instant

HOUR = timedelta(hours=1)
QUIET = 3  # runs until nothing is left to do or to note


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two tools that tell what changed, and a team that wants an owner for every design."""
    boxes = (Box(name, changes=True) for name in "ab")
    return World(tmp_path, *boxes, count_every=HOUR, audit=AuditRules(stages=("design",)))


def settled(world: World) -> None:
    for _ in range(QUIET):
        world.run()


def test_a_flag_closes_when_its_campaign_is_over_though_nothing_has_changed(world: World) -> None:
    world.campaign("a", name="Spring", planned_send=instant("2026-03-03T09:00"))
    settled(world)
    assert len(world.open()[FindingKind.MISSING_STAGE]) == 1
    world.now = instant("2026-03-03T09:00").at
    world.run()
    assert world.open() == {}


def test_two_campaigns_clash_though_one_of_them_was_not_looked_at(world: World) -> None:
    lists = frozenset({"VIP"})
    spring = world.campaign("a", name="Spring", audiences=lists, planned_send=instant("2026-04-01T09:00"))
    world.campaign("a", name="Summer", audiences=lists, planned_send=instant("2026-06-01T09:00"))
    settled(world)
    assert FindingKind.AUDIENCE_CLASH not in world.open()
    world.edit("a", spring, planned_send=instant("2026-06-01T12:00"))
    world.run()
    (clash,) = world.open()[FindingKind.AUDIENCE_CLASH]
    assert "Spring" in clash.title
    assert "Summer" in clash.title
    world.run()
    assert world.open()[FindingKind.AUDIENCE_CLASH] == [clash]
    world.edit("a", spring, audiences=frozenset({"Others"}))
    world.run()
    assert FindingKind.AUDIENCE_CLASH not in world.open()


def test_a_clash_stands_while_only_a_stage_of_one_campaign_changes(world: World) -> None:
    lists, send = frozenset({"VIP"}), instant("2026-06-01T09:00")
    spring = world.campaign("a", name="Spring", audiences=lists, planned_send=send)
    world.campaign("a", name="Summer", audiences=lists, planned_send=send)
    stage = world.stage("a", spring, kind="design", owner=ANN)
    settled(world)
    (clash,) = world.open()[FindingKind.AUDIENCE_CLASH]
    world.edit("a", stage, owner=None)
    report = world.run()
    assert [finding.kind for finding in report.opened] == [FindingKind.UNOWNED_STAGE]
    assert world.open()[FindingKind.AUDIENCE_CLASH] == [clash]


def test_a_campaign_that_loses_its_stage_to_another_one_lacks_it(world: World) -> None:
    spring, summer = world.campaign("a", name="Spring"), world.campaign("a", name="Summer")
    stage = world.stage("a", spring, kind="design", owner=ANN)
    settled(world)
    (before,) = world.open()[FindingKind.MISSING_STAGE]
    assert before.campaign_name == "Summer"
    tool = world.tools["a"]
    tool.move(stage, summer)
    world.run()
    assert [finding.campaign_name for finding in world.open()[FindingKind.MISSING_STAGE]] == ["Spring"]


def test_other_rules_are_applied_to_every_campaign(world: World) -> None:
    world.campaign("a", name="Spring")
    settled(world)
    world.settings["audit"] = AuditRules(stages=("design", "qa"))
    world.run()
    assert len(world.open()[FindingKind.MISSING_STAGE]) == 2


@pytest.mark.parametrize("words", [{"name": "spring  SALE"}, {"name": "Other words", "key": "a-1"}])
def test_a_new_record_is_recognised_as_a_campaign_that_nobody_touched(tmp_path: Path, words: dict[str, str]) -> None:
    boxes = Box("a", changes=True), Box("b", changes=True, requires=("planned_send",))
    world = World(tmp_path, *boxes, count_every=6 * HOUR)
    world.campaign("a", name="Spring sale")
    world.campaign("a", name="Another one")
    settled(world)
    assert world.shows("b") == []
    world.campaign("b", **words)
    world.run()
    (entity,) = (e for e in world.state().entities.values() if "b" in e.links)
    assert set(entity.links) == {"a", "b"}
    assert entity.links["a"].ref.native == "a-1"


def test_what_a_tool_refuses_is_not_tried_in_every_run(world: World) -> None:
    world.settings["count_every"] = 6 * HOUR
    native = world.campaign("a", name="Spring", subject="One")
    settled(world)
    world.edit("a", native, subject="Two")
    world.tools["b"].fail_next(Rejected("b: not with me"))
    world.run()
    (refused,) = world.open()[FindingKind.NOT_WRITTEN]
    before = world.tools["b"].requests
    world.run()
    world.run()
    assert world.tools["b"].requests == before + 4  # its fields and what has changed
    assert world.open()[FindingKind.NOT_WRITTEN] == [refused]
    assert world.shows("b") == ["One"]
    world.edit("a", native, subject="Two")  # which is listed once more, and no news
    world.run()
    world.now += 6 * HOUR
    world.run()
    assert world.shows("b") == ["Two"]
    assert set(world.open()) == {FindingKind.MISSING_STAGE}


def test_a_stage_that_waits_for_its_campaigns_record_gets_its_own_with_it(tmp_path: Path) -> None:
    needs = Box("b", changes=True, requires=("planned_send",))
    world = World(tmp_path, Box("a", changes=True), needs, count_every=HOUR)
    campaign = world.campaign("a", name="Spring")
    world.stage("a", campaign, kind="design", due=day("2026-03-20"))
    settled(world)
    assert world.shows("b", "kind") == []
    world.edit("a", campaign, planned_send=instant("2026-04-01T09:00"))
    world.run()
    assert world.shows("b", "kind") == ["design"]
    (stage,) = (e for e in world.state().entities.values() if e.kind is Kind.STAGE)
    assert isinstance(stage.agreed["campaign"], EntityLink)


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> list[Desk]:
    """Two workspaces in sync, one ten times as large as the other."""
    found = []
    for count in (90, 900):
        desk = Desk.made(tmp_path_factory.mktemp("desk"), count, filled=("left", "middle", "right"))
        settle(desk)
        desk.run()
        found.append(desk)
    return found


@pytest.mark.parametrize("changes", [0, 9])
def test_what_a_run_asks_and_loads_does_not_grow_with_the_workspace(
    desks: list[Desk], changes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    for method in ("take", "kin"):
        real = getattr(Stored, method)

        def counting(self: Stored, ids: object, real: object = real) -> object:
            found = list(real(self, ids))  # type: ignore[operator]
            taken[-1] += len(found)
            return found

        monkeypatch.setattr(Stored, method, counting)
    costs = []
    for desk in desks:
        desk.edit(changes)
        taken.append(0)
        before = desk.calls()
        with counted_statements() as statements:
            desk.run()
        calls = {call: number - before.get(call, 0) for call, number in desk.calls().items()}
        costs.append(({call: number for call, number in calls.items() if number}, statements(), taken[-1]))
    small, large = costs
    assert small[0] == large[0]
    assert large[1]["statements"] <= small[1]["statements"] + 2
    assert large[2] <= (0 if not changes else small[2] + 9 * changes)
    assert changes or large[0] == {"changes": 3}
    assert large[1]["statements"] <= (30 if not changes else 90)


def test_a_full_compare_of_what_is_as_it_was_loads_nobody(desks: list[Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    for desk in desks:
        desk.run(full=True)  # what was written since is seen once more
    taken: list[str] = []
    monkeypatch.setattr(Stored, "take", lambda _self, ids: taken.extend(ids))
    for desk in desks:
        with counted_statements() as statements:
            desk.run(full=True)
        assert statements()["statements"] <= 40
    assert taken == []


class _Killed(BaseException):
    """What a kill is inside one process."""


def test_a_run_that_is_killed_before_its_account_is_made_up_for_by_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spring = world.campaign("a", name="Spring", subject="One")
    stage = world.stage("a", spring, kind="design", owner=ANN)
    settled(world)
    world.edit("a", stage, owner=None)
    world.edit("a", spring, subject="Two")
    world.edit("b", "b-1", subject="Three")

    def killed(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as patched:
        patched.setattr(Commits, "account", killed)
        with pytest.raises(_Killed):
            world.run()
    assert world.open() == {}
    world.run()
    assert set(world.open()) == {FindingKind.UNOWNED_STAGE, FindingKind.CONFLICT}


@dataclass
class Roster(Box):
    """A tool whose records say whether their owners are still there."""

    left: set[str] = field(default_factory=set)

    def mapping(self) -> PlainMapping:
        mapping, real = super().mapping(), PlainMapping.get

        def get(record: Record) -> Reading:
            reading = real(mapping, record)
            owner = getattr(reading.values.get("owner"), "id", None)
            about = frozenset({owner} if owner else ())
            return replace(reading, inactive=about & self.left, active=about - self.left)

        mapping.get = get  # type: ignore[method-assign]
        return mapping


@pytest.fixture
def staffed(tmp_path: Path) -> World:
    """Two campaigns with a stage of Ann's each, in a tool that says who has left."""
    world = World(tmp_path, Roster("a", changes=True), Box("b", changes=True), count_every=HOUR)
    for name in ("Spring", "Summer"):
        world.stage("a", world.campaign("a", name=name), kind="design", owner=ANN)
    settled(world)
    return world


def test_who_has_left_is_flagged_wherever_she_owns_something_and_no_more_once_she_is_back(staffed: World) -> None:
    (roster, _), (stage, other) = staffed.boxes, [n for n, r in staffed.tools["a"].records.items() if r.parent]
    assert isinstance(roster, Roster)
    roster.left.add("ann")
    staffed.edit("a", stage, notes="One")
    staffed.run()
    assert len(staffed.open()[FindingKind.INACTIVE_OWNER]) == 2
    staffed.run()
    assert len(staffed.open()[FindingKind.INACTIVE_OWNER]) == 2
    roster.left.clear()
    staffed.edit("a", other, notes="Two")
    staffed.run()
    assert staffed.open() == {}


def test_a_write_that_got_no_answer_keeps_its_number_while_others_are_written(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a", changes=True), Box("b", changes=True, settle=3600.0))
    world.campaign("a", name="Spring")
    world.tools["b"].fail_next(Ambiguous("no answer"))
    world.run()
    world.campaign("a", name="Summer")
    world.run()
    assert world.shows("b", "name") == ["Summer"]
    assert [intent.id for intent in world.state().intents] == [1]
