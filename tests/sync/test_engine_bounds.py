"""Scenarios of too much at once: emptied tools, mass archives and mass changes stop before the first write."""

from __future__ import annotations

from pathlib import Path

from sync.errors import Ambiguous
from sync.findings import FindingKind
from sync.guard import Bounds
from tests.sync.plain import Box, World, day

RELAXED = Bounds(archive_share=1.0)


def kinds(world: World) -> set[FindingKind]:
    return set(world.open())


def _many(folder: Path) -> World:
    world = World(folder, Box("a"), Box("b"))
    for number in range(12):
        world.campaign("a", name=f"Campaign {number}", planned_send=day("2026-05-01"))
    world.run()
    return world


def test_a_tool_that_looks_emptied_is_not_believed_until_a_person_says_so(tmp_path: Path) -> None:
    world = _many(tmp_path)
    world.tools["b"].records.clear()
    for _ in range(3):
        report = world.run()
        assert report.changes == ()
        assert kinds(world) == {FindingKind.UNSAFE_PLAN}
    world.run(allow_mass=True)
    world.run(allow_mass=True)
    assert len(world.open()[FindingKind.DELETION]) == 12


def test_nothing_is_made_in_a_tool_that_looks_emptied(tmp_path: Path) -> None:
    """It may be there already, and so may what was made without an answer."""
    world = _many(tmp_path)
    world.campaign("a", name="Summer", planned_send=day("2026-05-01"))
    world.tools["b"].fail_next(Ambiguous("no answer"), after=True)
    world.run()
    held = dict(world.tools["b"].records)
    world.tools["b"].records.clear()
    world.campaign("a", name="Autumn", planned_send=day("2026-05-01"))
    for _ in range(2):
        report = world.run()
        assert (report.unsettled, world.tools["b"].records, len(world.state().intents)) == ((), {}, 1)
    world.tools["b"].records.update(held)
    world.run()
    assert "Autumn" in world.shows("b", "name")
    assert len(world.tools["b"].records) == len(world.tools["a"].records) == 14
    assert world.open() == {}


def test_a_plan_that_archives_too_much_writes_nothing_until_a_person_allows_it(tmp_path: Path) -> None:
    world = _many(tmp_path)
    for number in (1, 2, 3, 4):
        world.tools["b"].delete(f"b-{number}")
        world.run()
    world.run()
    with world.store() as store:
        for finding in world.open()[FindingKind.DELETION]:
            store.decide(finding.fingerprint, "delete", world.now)
    report = world.run()
    assert report.changes == ()
    assert kinds(world) == {FindingKind.UNSAFE_PLAN, FindingKind.DELETION}
    assert len(world.tools["a"].records) == 12
    world.run(allow_mass=True)
    assert len(world.tools["a"].records) == 8
    assert kinds(world) == set()


def test_a_plan_that_overwrites_too_much_writes_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"), bounds=Bounds(overwrite_count=2, overwrite_share=0.5))
    for number in range(4):
        world.campaign("a", name=f"Campaign {number}", subject="one")
    world.run()
    for number in range(4):
        world.edit("a", f"a-{number + 1}", subject="two")
    world.run()
    assert world.shows("b") == ["one"] * 4
    assert kinds(world) == {FindingKind.UNSAFE_PLAN}
    world.run(allow_mass=True)
    assert world.shows("b") == ["two"] * 4
