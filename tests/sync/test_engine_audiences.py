"""How large an audience is that two campaigns share: asked of the ESP once a day, and told in the flag."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from sync.errors import Unavailable
from sync.findings import FindingKind
from sync.model import Kind, Value
from tests.sync.calendar_tool import EspBox
from tests.sync.plain import Box, World, instant


class Reach:
    """What the ESP tells of its audiences, and how often it was asked for which."""

    def __init__(self, **sizes: int) -> None:
        self.sizes = sizes
        self.asked: list[list[str]] = []
        self.down = False

    def __call__(self, audiences: Collection[str]) -> Mapping[str, int]:
        self.asked.append(sorted(audiences))
        if self.down:
            raise Unavailable("down")
        return {name: self.sizes[name] for name in audiences if name in self.sizes}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two campaigns that reach VIP and Lapsed within two hours, and one that reaches nobody twice."""
    made = World(tmp_path, Box("plan", kinds=frozenset({Kind.CAMPAIGN})), EspBox("esp"))
    both: Value = frozenset({"VIP", "Lapsed"})
    made.campaign("plan", name="Spring", audiences=both, planned_send=instant("2026-03-20T09:00"))
    made.campaign("plan", name="Summer", audiences=both, planned_send=instant("2026-03-20T11:00"))
    made.campaign("plan", name="Alone", audiences=frozenset({"New"}), planned_send=instant("2026-03-20T10:00"))
    return made


def reach(world: World, **sizes: int) -> Reach:
    told = Reach(**sizes)
    world.tools["esp"].reach = told  # type: ignore[method-assign]
    return told


def clash(world: World) -> str:
    (finding,) = world.open()[FindingKind.AUDIENCE_CLASH]
    return finding.title


def test_the_flag_says_how_many_people_as_far_as_that_is_known(world: World) -> None:
    told = reach(world, VIP=18_240)
    world.run()
    assert "both reach Lapsed, VIP (about 18,000 people), 2 hours apart" in clash(world)
    assert told.asked == [["Lapsed", "VIP"]]


def test_it_is_asked_once_a_day(world: World) -> None:
    told = reach(world, VIP=940, Lapsed=1)
    for _ in range(3):
        world.run()
    assert len(told.asked) == 1
    told.sizes["VIP"] = 1200
    world.now += timedelta(hours=24)
    world.run()
    assert len(told.asked) == 2
    assert "Lapsed (1 person), VIP (about 1,200 people)" in clash(world)


def test_a_run_that_learns_nothing_new_has_no_news(world: World) -> None:
    reach(world, VIP=18_240)
    for _ in range(2):
        world.run()
    world.now += timedelta(hours=25)
    reach(world, VIP=18_251)
    report = world.run()
    assert (report.opened, report.closed) == ((), ())
    assert "about 18,000 people" in clash(world)


def test_an_esp_that_does_not_tell_leaves_a_flag_without_a_size(world: World) -> None:
    told = reach(world)
    told.down = True
    world.run()
    assert "both reach Lapsed, VIP, 2 hours apart" in clash(world)
    told.down, told.sizes = False, {"VIP": 5}
    world.run()
    assert "VIP (about 5 people)" in clash(world)


def test_a_dry_run_asks_nothing(world: World) -> None:
    told = reach(world, VIP=5)
    world.run(dry=True)
    assert told.asked == []
