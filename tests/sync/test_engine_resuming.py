"""What a listing that goes on is told: all that the ones before it have shown, so that none of it is read again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.errors import Unavailable
from sync.model import Record, Ref
from sync.transaction import Transaction
from tests.sync.plain import Box, World


class Careful:
    """A tool whose listing leaves out whatever is known, as long as it goes on somewhere."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tool, self.given, self.known = world.tools["a"], list[str](), list[set[str]]()
        self._real = self.tool.fetch
        monkeypatch.setattr(self.tool, "fetch", self.fetch)

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        self.known.append({ref.native for ref in known})
        for record in self._real():
            if after is None or record.ref not in known:
                self.given.append(record.ref.native)
                yield record


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Nine campaigns in a tool whose listings can go on."""
    made = World(tmp_path, *(Box(name, changes=True, resumes=True) for name in "ab"))
    for number in range(9):
        made.campaign("a", name=f"Campaign {number}", subject="One")
    return made


def test_a_listing_is_told_what_all_the_ones_before_it_have_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    careful = Careful(world, monkeypatch)
    for place in (3, 5):
        careful.tool.break_after = place
        world.run()
    world.edit("a", careful.given[0], subject="Two")
    world.run()
    natives = sorted(careful.given)
    assert natives == sorted(set(natives)), "each is read once"
    assert [len(known) for known in careful.known] == [0, 3, 5]
    assert (sorted(world.shows("b"), key=str), world.open()) == (["One"] * 8 + ["Two"], {})


def test_a_listing_that_came_to_its_end_is_kept_when_what_has_changed_cannot_be_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    careful = Careful(world, monkeypatch)
    careful.tool.break_after = 5
    world.run()
    changes = careful.tool.changes

    def broken(since: str) -> Iterator[Record | Ref]:
        raise Unavailable(f"a: nothing can be told since {since}")

    monkeypatch.setattr(careful.tool, "changes", broken)
    world.run()
    monkeypatch.setattr(careful.tool, "changes", changes)
    world.run()
    assert len(careful.known[-1]) == len(careful.given) == 9
    assert len(world.shows("b")) == 9


def test_what_is_kept_is_not_written_anew_while_nothing_more_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.tools["a"].break_after = 5
    world.run()
    kept: list[object] = []
    real = Transaction.break_off

    def noted(*given: Any) -> None:
        kept.append(given[1])
        real(*given)

    monkeypatch.setattr(Transaction, "break_off", noted)
    world.tools["a"].fail_next(Unavailable("a: its quota is used up"), call="fetch")
    world.run()
    assert kept == []
    world.run()
    assert kept == ["a"]
    assert len(world.shows("b")) == 9
