"""How often a run looks at what it is about to write: by pages where that will do, and always right before a write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.memory import MemoryConnector
from sync.batches import needs_set_up, phases
from sync.errors import Ambiguous
from sync.findings import FindingKind
from sync.model import Kind, Record, Ref
from sync.plan import Step
from sync.ports import Calendar, Capability, Change, NativeField, NativeSchema, Outcome, TimeKind
from sync.report import Action, State
from tests.sync.plain import Box, World


class Indexed(MemoryConnector):
    """A tool that reads records one by one and shows many at once, as an index has them that may be `behind`."""

    def __init__(self, box: Box) -> None:
        super().__init__(box.name, box.native(), batch=box.batch, changes=True)
        self.asked: list[tuple[str, list[str]]] = []
        self.behind: dict[str, Record] = {}
        self.unknown: set[str] = set()

    def glance(self, refs: Sequence[Ref]) -> Mapping[Ref, Record]:
        self.asked.append(("glance", [ref.native for ref in refs]))
        shown = {ref: self.behind.get(ref.native, self.records.get(ref.native)) for ref in refs}
        return {ref: one for ref, one in shown.items() if one and ref.native not in self.unknown}

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        self.asked.append(("read", [ref.native for ref in refs]))
        return super().read(refs)

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        self.asked.append(("write", []))
        return super().write(changes)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two campaigns in two tools; nothing was counted lately."""
    made = World(tmp_path, Box("a", changes=True), Box("b", changes=True), count_every=timedelta(hours=2))
    made.tools["b"] = Indexed(made.boxes[1])
    for name in ("Spring", "Summer"):
        made.campaign("a", name=name, subject="one")
    for _ in range(3):
        made.run()
    asked(made).clear()
    return made


def asked(world: World) -> list[tuple[str, list[str]]]:
    tool = world.tools["b"]
    assert isinstance(tool, Indexed)
    return tool.asked


def indexed(world: World) -> Indexed:
    tool = world.tools["b"]
    assert isinstance(tool, Indexed)
    return tool


def edit_both(world: World) -> None:
    for native in ("a-1", "a-2"):
        world.edit("a", native, subject="two")


BOTH = ["b-1", "b-2"]


def test_what_was_edited_elsewhere_is_glanced_at_for_the_merge_and_read_right_before_the_write(world: World) -> None:
    edit_both(world)
    world.run()
    assert asked(world) == [("glance", BOTH), ("read", BOTH), ("write", [])]
    assert world.shows("b") == ["two", "two"]


def test_a_single_record_is_as_soon_read(world: World) -> None:
    world.edit("a", "a-1", subject="two")
    world.run()
    assert [how for how, _ in asked(world)] == ["read", "read", "write"]


def test_an_edit_that_a_glance_does_not_show_yet_is_overwritten_by_nobody(world: World) -> None:
    tool = indexed(world)
    tool.behind["b-1"] = tool.records["b-1"]
    world.edit("b", "b-1", subject="mine")
    tool._changed.pop("b-1")  # the index of changes is behind as well
    edit_both(world)
    report = world.run()
    assert report.count(state=State.DEFERRED, tool="b") == 1
    assert world.shows("b") == ["mine", "two"]
    tool.behind.clear()
    world.run(full=True)
    assert set(world.open()) == {FindingKind.CONFLICT}
    assert world.shows("b") == ["mine", "two"]


def test_what_a_glance_shows_of_the_time_before_our_own_write_is_read_and_no_edit(world: World) -> None:
    tool = indexed(world)
    old = dict(tool.records)
    edit_both(world)
    world.run()
    world.run()  # sees what that one wrote
    tool.behind.update(old)
    for native in ("a-1", "a-2"):
        world.edit("a", native, brief="long")
    asked(world).clear()
    report = world.run()
    assert asked(world)[:2] == [("glance", BOTH), ("read", BOTH)]
    assert (world.shows("a"), world.shows("b"), report.count(tool="a")) == (["two", "two"], ["two", "two"], 0)


def test_what_a_glance_lacks_is_read(world: World) -> None:
    indexed(world).unknown.add("b-2")
    edit_both(world)
    world.run()
    assert asked(world)[:2] == [("glance", BOTH), ("read", ["b-2"])]
    assert world.shows("b") == ["two", "two"]


def test_what_an_unanswered_write_may_have_changed_is_read(world: World) -> None:
    tool = indexed(world)
    edit_both(world)
    tool.fail_next(Ambiguous("no answer"), after=True)
    world.run()
    tool.behind["b-1"] = tool.records["b-1"]
    for native in ("a-1", "a-2"):
        world.edit("a", native, brief="long")
    asked(world).clear()
    world.run()
    assert world.shows("b") == ["two", "two"]
    assert world.open() == {}


class Comparing(MemoryConnector):
    """A tool whose writes look by themselves."""

    def __init__(self, box: Box) -> None:
        super().__init__(box.name, box.native(), batch=box.batch, changes=True)
        self.capability = replace(self.capability, compares=True)
        self.reads = 0

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        self.reads += 1
        return super().read(refs)


def test_nobody_looks_before_a_write_that_looks_itself(world: World) -> None:
    held, tool = indexed(world), Comparing(world.boxes[1])
    for name in ("records", "_made", "_ticks", "_changed"):
        setattr(tool, name, getattr(held, name))
    world.tools["b"] = tool
    edit_both(world)
    world.run()
    assert (tool.reads, world.shows("b")) == (1, ["two", "two"]), "only for the merge"


def step(action: Action, kind: Kind, **native: str) -> Step:
    return Step(action, "b", kind, "cs-1", "cs-1", {}, native, ())


def test_campaigns_and_stages_go_together_unless_a_stage_may_wait_for_its_campaign() -> None:
    change, stage = step(Action.UPDATE, Kind.CAMPAIGN), step(Action.CREATE, Kind.STAGE)
    make, archive = step(Action.CREATE, Kind.CAMPAIGN), step(Action.ARCHIVE, Kind.STAGE)
    assert list(phases([stage, archive, change])) == [[change, stage], [archive]]
    assert list(phases([stage, archive, make])) == [[make], [stage], [archive]]


KNOWN: NativeSchema = {
    Kind.CAMPAIGN: (
        NativeField("name", "Name", "string"),
        NativeField("lists", "Lists", "lists", options=(("1", "VIP"),)),
    )
}


@pytest.mark.parametrize(
    ("calendar", "steps", "needed"),
    [
        (True, [step(Action.UPDATE, Kind.CAMPAIGN, name="Spring")], False),
        (True, [step(Action.UPDATE, Kind.CAMPAIGN, name="Spring", lists="VIP")], True),
        (True, [step(Action.CREATE, Kind.CAMPAIGN, name="Spring")], True),
        (False, [step(Action.UPDATE, Kind.CAMPAIGN, name="Spring")], True),
    ],
)
def test_the_set_up_of_an_esp_is_asked_for_where_its_names_are_written(
    calendar: bool, steps: list[Step], needed: bool
) -> None:
    esp = Calendar(frozenset({TimeKind.INSTANT})) if calendar else None
    assert needs_set_up(steps, KNOWN, Capability(frozenset(Kind), calendar=esp)) is needed
