"""A campaign's record carries links to the same campaign in the other tools, where a tool can carry links."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import MemoryConnector
from jobs.side_by_side import side_by_side
from sync.engine import run
from sync.errors import Rejected
from sync.model import Record
from sync.ports import Change, Outcome, Relation
from sync.workspace import Surroundings
from tests.sync.plain import Box, World

PATIENCE = 60  # seconds, which only a machine under a heavy load takes


class Opened(MemoryConnector):
    """A tool whose records can be opened in a browser."""

    def _make(self, *arguments: object) -> str:
        native = super()._make(*arguments)  # type: ignore[arg-type]
        self.records[native] = self.records[native]._replace(url=f"https://{self.tool}.example/{native}")
        return native


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A campaign in two tools, of which "a" carries links."""
    made = World(tmp_path, Box("a", changes=True), Box("b", changes=True))
    for box in made.boxes:
        made.tools[box.name] = Opened(box.name, box.native(), changes=True, relates=box.name == "a", batch=3)
    made.campaign("a", name="Spring")
    made.run()
    return made


def links(world: World) -> list[tuple[str, str]]:
    return [(one.title, one.url) for one in world.tools["a"].relations.get("a-1", {}).values()]


def asked(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The records that are given links from now on."""
    calls: list[str] = []

    def relate(record: Record, relations: list[Relation], dropped: list[str]) -> None:
        calls.append(record.ref.native)

    monkeypatch.setattr(world.tools["a"], "relate", relate)
    return calls


def test_it_is_linked_in_the_run_that_makes_its_other_record(world: World) -> None:
    assert links(world) == [("Spring in B", "https://b.example/b-1")]
    assert world.tools["b"].relations == {}, "a tool that cannot carry links is given none"


def test_it_is_written_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = asked(world, monkeypatch)
    world.edit("a", "a-1", subject="Now")
    world.run()
    world.run(full=True)
    assert calls == []


def test_a_new_name_is_a_new_title(world: World) -> None:
    world.edit("b", "b-1", name="Summer")
    world.run()
    assert links(world) == [("Summer in B", "https://b.example/b-1")]


def test_a_record_that_is_gone_is_linked_no_more(world: World) -> None:
    world.tools["b"].delete("b-1")
    for _ in range(2):
        world.run()
    assert links(world) == [("Spring in B", "https://b.example/b-1")], "nobody has decided about the deletion yet"
    (known,) = world.state().entities.values()
    with world.store() as store:
        (finding,) = (one.finding for one in store.open_findings())
        store.decide(finding.fingerprint, "restore", world.now)
    world.run()
    assert links(world) == [("Spring in B", "https://b.example/b-2")]
    assert known.links["a"].related == {"b": ("Spring in B", "https://b.example/b-1")}


def test_what_is_refused_is_told_and_made_up_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise Rejected("linking is turned off")

    with monkeypatch.context() as patched:
        patched.setattr(world.tools["a"], "relate", refuses)
        world.edit("b", "b-1", name="Summer")
        assert world.run().waiting == ("A has something to catch up: linking is turned off",)
    world.run(full=True)
    assert links(world) == [("Summer in B", "https://b.example/b-1")]


def test_a_dry_run_links_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = asked(world, monkeypatch)
    world.edit("b", "b-1", name="Summer")
    world.run(dry=True)
    assert calls == []


def test_records_are_linked_while_a_slow_tool_is_still_being_written(world: World) -> None:
    """Given a tool that takes one record at a time, the second only once the first one is linked from the other tool,
    when two campaigns are made there, then both are and carry their links after one run."""
    linked, relate, write = threading.Event(), world.tools["a"].relate, world.tools["b"].write
    batches = iter([None, linked])

    def relates(*arguments: Any) -> None:
        relate(*arguments)
        linked.set()

    def writes(changes: Sequence[Change]) -> Sequence[Outcome]:
        if waits := next(batches):
            assert waits.wait(PATIENCE)
        return write(changes)

    world.tools["b"].__dict__.update(write=writes, capability=replace(world.tools["b"].capability, batch=1))
    world.tools["a"].__dict__["relate"] = relates
    world.campaign("a", name="Summer")
    world.campaign("a", name="Autumn")
    world.now += timedelta(minutes=15)
    with world.store() as store:
        run(world.workspace(), store, Surroundings(lambda: world.now, world.new_id, side_by_side=side_by_side))
    found = [one.title for told in world.tools["a"].relations.values() for one in told.values()]
    assert sorted(found) == ["Autumn in B", "Spring in B", "Summer in B"]
