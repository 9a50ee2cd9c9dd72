"""What a write makes an ESP show besides what was written, and what of it may go on at once."""

from __future__ import annotations

from typing import Any, cast

import pytest

from sync.delivery import Delivery, Result
from sync.identity import Sighting
from sync.intake import Intake
from sync.merge import Memory
from sync.model import Kind, Record, Ref, Value
from sync.plan import Side, Step
from sync.ports import Capability, Reading
from sync.report import Action
from sync.report import State as Progressed
from sync.ripples import ripples
from sync.shelf import AtHand
from sync.state import Link, Remembered, State
from tests.sync.calendar_tool import CALENDAR, EspBox
from tests.sync.plain import START, World

REF = Ref("esp", Kind.CAMPAIGN, "esp-1")


def wrote(tool: str, *names: str) -> Result:
    """A write of these fields into a tool."""
    values: dict[str, Value] = dict.fromkeys(names)
    return Result(Step(Action.UPDATE, tool, Kind.CAMPAIGN, "cs-1", "cs-1", values, {}, ()), Progressed.DONE)


def moved(tmp_path: Any, *results: Result, calendar: bool = True) -> frozenset[str]:
    """The cells that go on after these writes, when the ESP's name and status have changed."""
    box = EspBox("esp")
    side = Side(Capability(frozenset({Kind.CAMPAIGN}), calendar=CALENDAR if calendar else None), box.mapping())
    link = Link(REF, memory={"name": Memory("Spring"), "status": Memory("planned")})
    entities = {"cs-1": Remembered("cs-1", Kind.CAMPAIGN, links={"esp": link})}
    state = State(AtHand(entities), entities)
    shown = Record(REF, {"name": "Summer", "status": "scheduled"})
    intake = Intake(sides={"esp": side}, members={"cs-1": {"esp": Sighting(Record(REF, {}), Reading({}))}})
    world = World(tmp_path, box)
    moves = type("Moves", (), {"off": {}})
    told = {"results": results, "shown": {("cs-1", "esp"): shown}, "moves": moves}
    delivery = cast(Delivery, type("Written", (), told))
    return ripples(delivery, intake, state, world.workspace(), START).get("cs-1", frozenset())


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([wrote("esp", "planned_send")], {"name", "status"}),
        ([wrote("esp", "planned_send", "status")], {"name"}),
        ([wrote("esp", "planned_send"), wrote("plan", "name")], {"status"}),
    ],
)
def test_what_was_written_in_this_run_does_not_go_on_by_what_was_read_before(
    tmp_path: Any, results: list[Result], expected: set[str]
) -> None:
    assert moved(tmp_path, *results) == expected


def test_only_a_calendar_has_ripples(tmp_path: Any) -> None:
    assert moved(tmp_path, wrote("esp", "planned_send"), calendar=False) == frozenset()
