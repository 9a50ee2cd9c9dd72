"""What became of a send is looked up ever more rarely, for many at once, and again where that failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.errors import Rejected
from sync.model import Kind
from tests.sync.calendar_tool import LATER, EspBox, EspConnector, PlanBox, scheduled
from tests.sync.plain import World, instant


def sent(folder: Path) -> tuple[World, EspConnector]:
    """The campaign went out at LATER, and it is just after that."""
    world, esp = scheduled(folder)
    world.now = LATER.at
    esp.send("esp-1")
    world.run()
    return world, esp


def counted(world: World) -> Mapping[str, Any]:
    """What the plan shows of its campaign."""
    return world.tools["plan"].records["plan-1"].fields


def at(world: World, hours: float) -> None:
    """The run of so many hours after the send."""
    world.now = LATER.at + timedelta(hours=hours) - timedelta(minutes=15)
    world.run()


def test_its_outcome_is_looked_up_ever_more_rarely(tmp_path: Path) -> None:
    world, esp = sent(tmp_path)
    assert esp.reports == []
    looked = []
    for hours in (1, 1.5, 3, 5.9, 6, 12, 24.25, 48, 72, 100, 168, 400, 720, 721, 5000):
        esp.counts["esp-1"] = {"delivered": hours * 10}
        before = len(esp.reports)
        at(world, hours)
        if len(esp.reports) > before:
            looked.append(hours)
            assert counted(world)["delivered"] == hours * 10
    assert looked == [1, 6, 24.25, 72, 168, 720]


def test_a_look_that_fails_is_made_up_for(tmp_path: Path) -> None:
    world, esp = sent(tmp_path)
    esp.counts["esp-1"] = {"opens": 7}
    real, esp.measure = esp.measure, refuses  # type: ignore[method-assign, assignment]
    at(world, 1)
    assert "opens" not in counted(world)
    esp.measure = real  # type: ignore[method-assign]
    at(world, 1.25)
    assert counted(world)["opens"] == 7


def refuses(_refs: object) -> None:
    raise Rejected("the quota of reports is used up")


def test_why_it_was_not_looked_up_is_in_the_report(tmp_path: Path) -> None:
    world, esp = sent(tmp_path)
    esp.measure = refuses  # type: ignore[method-assign, assignment]
    world.now = LATER.at.replace(hour=11)
    assert world.run().waiting == ("Esp has something to catch up: the quota of reports is used up",)


def test_sends_of_one_tool_are_looked_up_at_once(tmp_path: Path) -> None:
    world = World(tmp_path, PlanBox("plan", kinds=frozenset({Kind.CAMPAIGN})), EspBox("esp"))
    esp = world.tools["esp"]
    assert isinstance(esp, EspConnector)
    for name in ("Spring", "Summer"):
        world.campaign("plan", name=name, planned_send=LATER)
    world.run()
    for native in ("esp-1", "esp-2"):
        esp.schedule(native, LATER)
        esp.send(native)
    at(world, 2)
    assert esp.reports == [["esp-1", "esp-2"]]


def test_many_sends_at_once_are_looked_up_by_several_runs_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.metering.AT_ONCE", 2)
    world = World(tmp_path, PlanBox("plan", kinds=frozenset({Kind.CAMPAIGN})), EspBox("esp"))
    esp = world.tools["esp"]
    assert isinstance(esp, EspConnector)
    for day in (1, 4, 2, 3, 5):
        world.campaign("esp", name=f"Campaign {day}")
        esp.schedule(f"esp-{len(esp.records)}", instant(f"2026-03-0{day}T09:00"))
        esp.send(f"esp-{len(esp.records)}")
    esp.counts = {f"esp-{number}": {"delivered": number} for number in range(1, 6)}
    world.now = LATER.at
    waiting = [world.run().waiting for _ in range(3)]
    assert esp.reports == [["esp-5", "esp-2"], ["esp-4", "esp-3"], ["esp-1"]]
    assert waiting[0] == (
        "Esp has something to catch up: what became of 3 earlier sends is looked up by the next runs",
    )
    assert waiting[2] == ()
    assert {entity.agreed["delivered"] for entity in world.state().entities.values()} == {1, 2, 3, 4, 5}
