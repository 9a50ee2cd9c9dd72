"""A change of a cell that no rule looks at need not have its campaign looked at again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sync.audit import AuditRules, Board, audit
from sync.campaign import Campaign, Stage
from sync.findings import Finding, FindingKind
from sync.model import CAMPAIGN_FIELDS, METRICS, STAGE_FIELDS, EntityLink, Kind, PersonEntry, Stranger, Value
from sync.state import Remembered
from sync.upkeep import LOOKED_AT, looked_at
from sync.wording import Wording
from tests.sync.plain import BERLIN, BO, START, Box, World, day

PEOPLE = {"bo": PersonEntry("bo", "Bo Ek", "b@x", active=False)}
SEND, LATE = day("2026-03-20"), day("2026-03-25")
CELLS: dict[Kind, dict[str, Value]] = {
    Kind.CAMPAIGN: {
        "name": "Spring", "brief": "b", "program": "p", "status": "planned", "owner": Stranger("jira", "5b", "Cy"),
        "audiences": frozenset({"All"}), "subject": "s", "tags": frozenset({"x"}),
        "planned_send": SEND, "scheduled_send": SEND, **dict.fromkeys(METRICS, 1),
    },
    Kind.STAGE: {"campaign": EntityLink("s"), "kind": "qa", "owner": BO, "status": "todo", "due": LATE, "notes": "n"},
}  # fmt: skip
UNSEEN = [
    (kind, field.name)
    for kind, fields in ((Kind.CAMPAIGN, CAMPAIGN_FIELDS), (Kind.STAGE, STAGE_FIELDS))
    for field in fields
    if field.name not in LOOKED_AT[kind]
]


def found(without: dict[Kind, str]) -> list[Finding]:
    """What all rules find of a campaign with a stage beside one like it, which lack a cell."""
    cells = {kind: {n: v for n, v in all_.items() if n != without.get(kind)} for kind, all_ in CELLS.items()}
    campaigns = [Campaign.of(Remembered(id_, Kind.CAMPAIGN, cells[Kind.CAMPAIGN]).entity()) for id_ in "st"]
    stage = Stage.of(Remembered("s1", Kind.STAGE, cells[Kind.STAGE]).entity())
    rules, words = AuditRules(), Wording(BERLIN, {"bo": "Bo Ek"})
    return list(audit(Board({c.id: c for c in campaigns}, {"s": (stage,)}, PEOPLE, rules, START, words)))


@pytest.mark.parametrize(("kind", "name"), UNSEEN)
def test_the_rules_find_the_same_without_a_cell_that_they_do_not_look_at(kind: Kind, name: str) -> None:
    assert found({kind: name}) == found({}) != []


@pytest.mark.parametrize("kind", Kind)
def test_every_cell_that_they_look_at_is_one_that_makes_a_difference(kind: Kind) -> None:
    entity = Remembered("s", kind, CELLS[kind])
    lacking = [replace(entity, agreed={n: v for n, v in CELLS[kind].items() if n != name}) for name in LOOKED_AT[kind]]
    assert looked_at(entity) not in map(looked_at, lacking)


def test_who_dies_or_is_disputed_is_looked_at_again() -> None:
    stage = Remembered("s1", Kind.STAGE, CELLS[Kind.STAGE])
    others = [replace(stage, dead=True), replace(stage, disputed={"owner": {"a": None}})]
    assert looked_at(stage) not in map(looked_at, others)
    assert looked_at(stage) == looked_at(replace(stage, disputed={"notes": {"a": None}}))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two tools that tell what changed, with a stage that belongs to nobody."""
    world = World(tmp_path, *(Box(name, changes=True) for name in "ab"), count_every=timedelta(hours=1))
    world.stage("a", world.campaign("a", name="Spring"), kind="design")
    for _ in range(3):
        world.run()
    assert set(world.open()) == {FindingKind.UNOWNED_STAGE}
    return world


def test_a_flag_stands_while_people_edit_what_it_is_not_about(world: World) -> None:
    world.edit("a", "a-2", notes="Blue")
    report = world.run()
    assert world.shows("b", "notes") == ["Blue"]
    assert (report.opened, [finding.kind for finding in report.standing], report.closed) == (
        (), [FindingKind.UNOWNED_STAGE], (),
    )  # fmt: skip


def test_the_flag_of_a_stage_that_was_deleted_everywhere_closes(world: World) -> None:
    world.tools["a"].delete("a-2")
    world.tools["b"].delete("b-2")
    for _ in range(3):
        world.now += timedelta(hours=1)  # by when its records are counted
        world.run()
    assert world.open() == {}
