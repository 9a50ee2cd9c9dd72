"""The shelves that a run takes its entities from tell the same, and what is concluded from a tool's register."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sync.findings import FindingKind
from sync.model import Kind, Ref
from sync.state import Shelf, plain, stage_word
from tests.sync.plain import ANN, Box, World, day

HOUR = timedelta(hours=1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Twelve campaigns, the first with a stage, known in two tools that are listed in full every time."""
    world = World(tmp_path, Box("a"), Box("b"), count_every=HOUR)
    for number in range(12):
        world.campaign("a", name=f"Campaign {number}", status="planned")
    world.stage("a", "a-1", kind="design", owner=ANN)
    for _ in range(2):
        world.run()
    return world


def told(shelf: Shelf) -> list[object]:
    """Everything that both shelves can be asked for and do not have at hand anyway."""
    everybody = sorted(shelf.everybody())
    return [
        everybody,
        {tool: (shelf.linked(tool), shelf.register(tool)) for tool in "ab"},
        [sorted(shelf.family([id_])) for id_ in everybody],
        sorted(entity.id for entity in shelf.kin(None)),
        [sorted(entity.id for entity in shelf.kin([id_])) for id_ in everybody],
    ]


def test_what_lies_in_the_database_tells_the_same_as_what_is_at_hand(world: World) -> None:
    world.edit("a", "a-10", status="sent")  # which is the second one there
    world.run()
    world.tools["b"].delete("b-2")
    for _ in range(3):
        world.run()
    world.tools["b"].delete("b-3")
    world.run()
    with world.store() as store:
        stored = told(store.begin(world.now).shelf)
        at_hand = told(store.load().shelf)
    assert stored == at_hand
    _, by_tool, families, _, _ = stored
    assert isinstance(by_tool, dict)
    assert isinstance(families, list)
    assert [by_tool[tool][0] for tool in "ab"] == [13, 12]
    assert sorted(map(len, families)) == [*[0], *[1] * 11, 2]


def test_a_record_is_found_by_its_place_its_words_and_its_key(world: World) -> None:
    spring = next(e for e in world.state().entities.values() if e.agreed.get("name") == "Campaign 0")
    stage = next(e for e in world.state().entities.values() if e.kind is Kind.STAGE)
    with world.store() as store:
        shelf = store.begin(world.now).shelf
        assert shelf.owners([Ref("a", Kind.CAMPAIGN, "a-1"), Ref("b", Kind.CAMPAIGN, "none")]) == {spring.id}
        assert shelf.alike([plain(" CAMPAIGN  0")], []) == {spring.id}
        assert shelf.alike([stage_word(spring.id, "design")], []) == {stage.id}
        assert shelf.alike([], ["a-1"]) == {spring.id}


def test_two_deleted_records_of_many_do_not_make_an_emptied_tool(world: World) -> None:
    for native in ("b-1", "b-2"):
        world.tools["b"].delete(native)
    for _ in range(2):
        world.run()
    assert set(world.open()) == {FindingKind.DELETION}


def test_deletions_of_several_runs_do_not_add_up_to_an_emptied_tool(world: World) -> None:
    for natives in (("b-2", "b-3"), ("b-4",)):
        for native in natives:
            world.tools["b"].delete(native)
        world.run()
    assert set(world.open()) == {FindingKind.DELETION}


def test_those_that_cannot_be_told_apart_are_noted_once(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a", changes=True), Box("b", changes=True))
    for _ in range(2):
        world.campaign("a", name="Twin", planned_send=day("2026-05-01"))
    for _ in range(4):
        world.run()
        assert len(world.open()[FindingKind.AMBIGUOUS]) == 2
    assert sorted(hint.ref.native for hint in world.state().hints) == ["a-1", "a-2"]
