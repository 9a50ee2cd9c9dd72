"""Scenarios in which what a tool shows is not to be taken at its word: lagging listings, copies of the dead."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.errors import Ambiguous
from sync.guard import Bounds
from sync.model import Kind, Record
from tests.sync.plain import Box, World


def test_what_an_unanswered_write_did_is_nobodys_edit_when_a_lagging_listing_shows_it_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a change that b took without an answer, and that its listing does not show yet
    world = World(tmp_path, Box("a"), Box("b", settle=3600.0))
    world.campaign("a", name="Spring", subject="one")
    world.run()
    listed: list[Record] = list(world.tools["b"].records.values())
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(Ambiguous("no answer"), after=True)
    world.run()
    assert world.shows("b") == ["two"]

    with monkeypatch.context() as patched:
        patched.setattr(world.tools["b"], "fetch", lambda: iter(listed))
        world.run()
    # when somebody edits on before the listing has caught up
    world.edit("a", "a-1", subject="three")
    world.run()
    # then
    assert (world.shows("a"), world.shows("b"), world.open()) == (["three"], ["three"], {})


def test_a_copy_that_carries_the_mark_of_what_was_deleted_for_good_brings_nothing_back(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"), bounds=Bounds(archive_share=1.0))
    world.campaign("a", name="Spring")
    world.run()
    copied = world.tools["b"].records["b-1"]
    for tool in ("a", "b"):
        world.tools[tool].delete(f"{tool}-1")
    world.run()
    world.run()
    assert all(entity.dead for entity in world.state().entities.values())
    written = world.writes()
    # when somebody copies it back, and a tool has joined that never knew it
    world.boxes += (Box("c"),)
    world.tools["c"] = Box("c").connector()
    world.tools["b"].put(Kind.CAMPAIGN, dict(copied.fields), marker=copied.marker)
    for _ in range(2):
        world.run()
    # then
    assert (world.writes(), world.shows("a", "name"), world.shows("c", "name")) == (written, [], [])
    assert all(entity.dead for entity in world.state().entities.values())


def test_an_edit_that_goes_on_from_a_write_without_an_answer_is_mirrored(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"))
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", "a-1", subject="two")
    world.tools["b"].fail_next(Ambiguous("no answer"), after=True)
    world.run()
    # when
    world.edit("a", "a-1", subject="three")
    world.run()
    # then what b shows is known to be our own
    assert (world.shows("b"), world.open(), world.state().intents) == (["three"], {}, [])


def test_a_listing_that_lags_behind_our_own_write_takes_back_nobodys_edit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, Box("a"), Box("b", settle=3600.0))
    world.campaign("a", name="Spring", subject="one")
    world.run()
    listed: list[Record] = list(world.tools["b"].records.values())
    world.edit("a", "a-1", subject="two")
    world.run()
    # when b's listing still shows what stood there before
    monkeypatch.setattr(world.tools["b"], "fetch", lambda: iter(listed))
    world.run()
    # then
    assert (world.shows("a"), world.shows("b"), world.open()) == (["two"], ["two"], {})
