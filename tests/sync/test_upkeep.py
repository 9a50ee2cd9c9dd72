"""What a run keeps so that later ones need not look, and what makes them look all the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from sync.audit import AuditRules
from sync.codec import encode
from sync.errors import Rejected
from sync.findings import FindingKind
from sync.fingerprint import fingerprint
from sync.guard import Bounds
from sync.model import Kind, Record, Ref
from sync.ports import Change, Failed, Outcome
from tests.sync.plain import GARBLED, Box, World, instant

HOUR = timedelta(hours=1)
RECORD = Record(Ref("a", Kind.STAGE, "a-2"), {"kind": "design"}, "a-1", "cs-2", "A-2", "https://a.example/2")
OTHER = {
    "fields": {"kind": "content"},
    "parent": "a-9",
    "marker": "cs-9",
    "key": "A-9",
    "url": "https://a.example/9",
    "locked": "it is sent",
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two tools that tell what changed."""
    return World(tmp_path, *(Box(name, changes=True) for name in "ab"), count_every=HOUR)


def settled(world: World) -> None:
    for _ in range(3):
        world.run()


@pytest.mark.parametrize("name", OTHER)
def test_a_fingerprint_tells_of_everything_that_a_record_shows(name: str) -> None:
    assert fingerprint(RECORD._replace(**{name: OTHER[name]}), b"") != fingerprint(RECORD, b"")  # type: ignore[arg-type]


def test_a_fingerprint_is_one_of_what_the_record_means() -> None:
    assert fingerprint(RECORD, b"one") == fingerprint(RECORD, b"one") != fingerprint(RECORD, b"another")


def test_what_is_put_back_to_what_it_was_before_our_write_is_seen_in_a_full_listing(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    settled(world)
    world.edit("a", native, subject="Two")
    world.run()
    assert world.shows("b") == ["Two"]
    world.edit("b", "b-1", subject="One")
    world.run(full=True)
    assert world.shows("a") == ["One"]


@pytest.fixture
def plain(tmp_path: Path) -> World:
    """Two tools that are listed in full every time."""
    return World(tmp_path, Box("a"), Box("b"), count_every=HOUR)


def test_a_stage_that_moved_to_what_was_not_listed_yet_follows_when_it_is(plain: World) -> None:
    stage = plain.stage("a", plain.campaign("a", name="Spring"), kind="design")
    settled(plain)
    summer = plain.campaign("a", name="Summer")
    plain.tools["a"].unlisted.add(summer)
    plain.tools["a"].move(stage, summer)
    for _ in range(2):
        plain.run()
    plain.tools["a"].unlisted.clear()
    for _ in range(2):
        plain.run()
    names = {record.ref.native: record.fields.get("name") for record in plain.tools["b"].records.values()}
    (shown,) = (record for record in plain.tools["b"].records.values() if record.ref.kind is Kind.STAGE)
    assert names[shown.parent or ""] == encode("Summer")


def test_what_is_put_back_to_what_it_was_before_a_half_of_our_write_is_seen(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    native = plain.campaign("a", name="Spring", subject="One")
    settled(plain)
    plain.edit("a", native, subject="Two")
    real = plain.tools["b"].write

    def write(changes: Sequence[Change]) -> Sequence[Outcome]:
        refusal = Rejected("b: it has kept the half of it")
        return [Failed(done.change, refusal, done.record) for done in real(changes)]

    with monkeypatch.context() as patched:
        patched.setattr(plain.tools["b"], "write", write)
        plain.run()
    plain.edit("b", "b-1", subject="One")
    plain.run()
    assert plain.shows("a") == ["One"]


def test_a_stage_that_is_moved_is_seen_in_a_full_listing(plain: World) -> None:
    spring, summer = plain.campaign("a", name="Spring"), plain.campaign("a", name="Summer")
    stage = plain.stage("a", spring, kind="design")
    settled(plain)
    before = plain.tools["b"].records["b-3"].parent
    plain.tools["a"].move(stage, summer)
    plain.run()
    assert plain.tools["b"].records["b-3"].parent not in (before, None)


def test_a_full_run_tries_at_once_what_was_put_off(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    settled(world)
    world.edit("a", native, subject="Two")
    world.tools["b"].fail_next(Rejected("b: not with me"))
    for _ in range(2):
        world.run()
    assert world.shows("b") == ["One"]
    world.run(full=True)
    assert world.shows("b") == ["Two"]


def test_what_is_tried_again_is_due_before_the_send_of_its_campaign(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One", planned_send=instant("2026-06-01T09:00"))
    settled(world)
    world.edit("a", native, subject="Two")
    world.tools["b"].fail_next(Rejected("b: not with me"))
    world.run()
    world.now += HOUR
    world.run()
    assert world.shows("b") == ["Two"]


def test_who_is_over_does_not_come_due_any_more(world: World) -> None:
    world.campaign("a", name="Spring", planned_send=instant("2026-03-03T09:00"))
    settled(world)
    assert [entity.due for entity in world.state().entities.values()] == [instant("2026-03-03T09:00").at]
    world.now = instant("2026-03-03T09:00").at
    for _ in range(2):
        world.run()
    assert [entity.due for entity in world.state().entities.values()] == [None]


def test_a_stage_is_flagged_until_its_campaign_is_over(world: World) -> None:
    world.settings["audit"] = AuditRules(stages=("design",))
    spring = world.campaign("a", name="Spring", planned_send=instant("2026-03-03T09:00"))
    world.stage("a", spring, kind="design")
    settled(world)
    assert set(world.open()) == {FindingKind.UNOWNED_STAGE}
    world.now = instant("2026-03-03T09:00").at
    world.run()
    assert world.open() == {}


@pytest.mark.parametrize("moved", ["Spring", "Summer"])
@pytest.mark.parametrize("to", ["2026-05-31T22:00", "2026-06-01T12:00"])
def test_a_clash_is_found_and_ended_whichever_of_the_two_is_moved(world: World, moved: str, to: str) -> None:
    vip = frozenset({"VIP"})
    natives = {
        "Spring": world.campaign("a", name="Spring", audiences=vip, planned_send=instant("2026-06-01T09:00")),
        "Summer": world.campaign("a", name="Summer", audiences=vip, planned_send=instant("2026-06-01T09:00")),
    }
    settled(world)
    assert set(world.open()) == {FindingKind.AUDIENCE_CLASH}
    world.edit("a", natives[moved], planned_send=instant("2026-07-01T09:00"))
    world.run()
    assert world.open() == {}
    world.edit("a", natives[moved], planned_send=instant(to))
    world.run()
    assert set(world.open()) == {FindingKind.AUDIENCE_CLASH}
    world.edit("a", natives[moved], planned_send=instant("2026-07-01T09:00"))
    world.run()
    assert world.open() == {}
    (other,) = natives.keys() - {moved}
    world.edit("a", natives[other], planned_send=instant("2026-07-01T12:00"))
    world.run()
    assert set(world.open()) == {FindingKind.AUDIENCE_CLASH}


def test_the_stages_of_a_campaign_that_is_not_over_any_more_are_woken_with_it(world: World) -> None:
    spring = world.campaign("a", name="Spring", status="planned")
    settled(world)
    world.edit("a", spring, status="sent")
    world.run()
    world.stage("a", spring, kind="design")
    settled(world)
    assert world.shows("b", "kind") == []
    world.edit("a", spring, status="planned")
    world.run()
    assert world.shows("b", "kind") == ["design"]


def test_a_stage_that_is_looked_at_alone_is_still_called_by_its_campaign(world: World) -> None:
    stage = world.stage("a", world.campaign("a", name="Spring"), kind="design")
    settled(world)
    world.tools["a"].edit(stage, notes=GARBLED)
    world.run()
    (flag,) = world.open()[FindingKind.UNREADABLE]
    assert flag.campaign_name == "Spring"
    for _ in range(2):
        world.run()
        assert world.open()[FindingKind.UNREADABLE] == [flag]


@pytest.mark.parametrize("words", [{"name": "spring  SALE"}, {"name": "Other words", "key": "a-1"}])
def test_a_new_record_is_recognised_as_a_campaign_that_was_at_rest(world: World, words: dict[str, str]) -> None:
    for name in ("Spring sale", "Summer sale"):
        world.campaign("a", name=name, status="sent")
    settled(world)
    world.campaign("b", **words, status="sent")
    world.run()
    (entity,) = (e for e in world.state().entities.values() if "b" in e.links)
    assert entity.links["a"].ref.native == "a-1"


def test_a_copy_of_a_record_of_what_was_deleted_for_good_is_no_campaign(world: World) -> None:
    world.campaign("a", name="Spring")
    world.campaign("a", name="Summer")
    settled(world)
    copied = world.tools["b"].records["b-1"]
    world.tools["b"].delete("b-1")
    world.now += HOUR
    for _ in range(2):
        world.run()
    world.decide(FindingKind.DELETION, "delete")
    for _ in range(2):
        world.run()
    assert [len(tool.records) for tool in world.tools.values()] == [1, 1]
    world.tools["b"].put(Kind.CAMPAIGN, copied.fields, marker=copied.marker)
    for _ in range(2):
        world.run()
    assert [len(tool.records) for tool in world.tools.values()] == [1, 2]


def test_a_decision_to_delete_a_campaign_takes_its_stages_that_nobody_touched(world: World) -> None:
    spring = world.campaign("a", name="Spring")
    world.stage("a", spring, kind="design")
    world.campaign("a", name="Summer")
    world.settings["bounds"] = Bounds(archive_share=1.0)
    settled(world)
    world.tools["b"].delete("b-1")
    world.now += HOUR
    for _ in range(4):
        world.run()
    world.decide(FindingKind.DELETION, "delete")
    for _ in range(2):
        world.run()
    assert world.shows("a", "name") == world.shows("b", "name") == ["Summer"]
    assert world.shows("a", "kind") == world.shows("b", "kind") == []


def test_after_a_refused_plan_other_rules_are_still_others(world: World) -> None:
    world.settings["bounds"] = Bounds(overwrite_count=0, overwrite_share=0.1)
    native = world.campaign("a", name="Spring", subject="One")
    settled(world)
    before = world.state().rules
    world.settings["audit"] = AuditRules(stages=("design",))
    world.edit("a", native, subject="Two")
    world.run()
    assert FindingKind.UNSAFE_PLAN in world.open()
    assert world.state().rules == before
    world.run(allow_mass=True)
    assert world.state().rules != before
