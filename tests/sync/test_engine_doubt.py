"""Scenarios in which what a tool shows is not to be taken at its word: lagging listings, copies of the dead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import MemoryConnector
from sync.errors import Ambiguous, Rejected
from sync.findings import FindingKind
from sync.guard import Bounds
from sync.model import UNSET, Attribution, Kind, Record, Ref, Unset
from sync.ports import Change, Failed, Outcome, Update
from sync.workspace import LEASE
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


def noted(tool: MemoryConnector, monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Ref]]:
    """The records that a tool is asked for by their ids from now on."""
    asked: list[Sequence[Ref]] = []
    read = tool.read

    def reads(refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        asked.append(refs)
        return read(refs)

    monkeypatch.setattr(tool, "read", reads)
    return asked


@pytest.mark.parametrize(
    ("own_clock", "minutes", "changed", "looks"),
    [(True, 5, 4, 1), (True, 15, 14, 0), (True, 15, -1, 1), (True, 15, None, 1), (False, 15, 14, 1)],
)
def test_what_an_index_shows_changed_is_looked_at_again_while_it_may_be_of_before_what_we_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_clock: bool, minutes: int, changed: int | None, looks: int
) -> None:
    """Given an index that may lag ten minutes behind, when it shows an edit of a record so many minutes after we last
    wrote that, then it is read past the index while that may show what was there before; also when the record says that
    it was changed before, or does not say when, and where only our own clock tells for how long."""
    world = World(tmp_path, Box("a"), Box("b", settle=600.0))
    tool = world.tools["b"]
    monkeypatch.setattr(tool, "time", lambda: world.now if own_clock else None)
    world.campaign("a", name="Spring", subject="one")
    world.run()
    asked = noted(tool, monkeypatch)
    world.edit("b", "b-1", subject="two")
    at = None if changed is None else world.now + timedelta(minutes=changed)
    tool.records["b-1"] = tool.records["b-1"]._replace(changed_at=at)
    world.now += timedelta(minutes=minutes - 15)  # a run comes a quarter of an hour later
    world.run()
    assert (world.shows("a"), len(asked)) == (["two"], looks)


@pytest.mark.parametrize("minutes", [1, 9])
def test_an_index_that_falls_back_behind_an_edit_that_we_have_seen_takes_nothing_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    world = World(tmp_path, Box("a"), Box("b", settle=600.0))
    tool = world.tools["b"]
    monkeypatch.setattr(tool, "time", lambda: world.now)
    world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("b", "b-1", subject="half of it")
    tool.records["b-1"] = tool.records["b-1"]._replace(changed_at=world.now + timedelta(minutes=1))
    before = list(tool.records.values())
    world.edit("b", "b-1", subject="two")
    world.run()
    assert world.shows("a") == ["two"]
    monkeypatch.setattr(tool, "fetch", lambda: iter(before))
    written = world.writes()
    world.now += timedelta(minutes=minutes - 15)  # a run comes a quarter of an hour later
    report = world.run()
    assert (report.changes, world.writes(), world.shows("a")) == ((), written, ["two"])


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


class _Halfway(MemoryConnector):
    """A tool whose status goes from `planned` to `approved` by way of `in_review`, and stops there when told to."""

    stops: Exception | None = None

    def _change(self, native: str, fields: Mapping[str, Any], who: str, *, parent: str | Unset | None = UNSET) -> None:
        if who == "sync" and fields.get("status") == "approved" and self.stops:
            super()._change(native, {"status": "in_review"}, who, parent=parent)
            raise self.stops
        super()._change(native, fields, who, parent=parent)

    def _write(self, change: Change) -> Outcome:
        outcome = super()._write(change)
        if isinstance(outcome, Failed) and isinstance(change, Update):
            return replace(outcome, record=self.records[change.record.ref.native])
        return outcome

    def attribution(self, record: Record, field_id: str) -> Attribution | None:
        return Attribution(record.changed_by, record.changed_at, ours=record.changed_by == "sync")


def _halfway(folder: Path) -> tuple[World, _Halfway]:
    world = World(folder, Box("a"), Box("b"), Box("c"))
    tool = world.tools["b"] = _Halfway("b", Box("b").native())
    world.campaign("a", name="Spring", status="planned")
    world.run()
    world.edit("a", "a-1", status="approved")
    return world, tool


def test_a_status_that_got_half_of_its_way_is_nobodys_edit(tmp_path: Path) -> None:
    world, tool = _halfway(tmp_path)
    tool.stops = Rejected("no way leads on from there")
    for _ in range(2):
        world.run()
        assert [world.shows(name, "status") for name in "abc"] == [["approved"], ["in_review"], ["approved"]]
        assert FindingKind.NOT_WRITTEN in world.open()
    tool.stops = None
    world.run()
    assert world.shows("b", "status") == ["approved"]
    assert world.open() == {}


def test_a_run_that_was_killed_halfway_to_a_status_goes_on_from_there(tmp_path: Path) -> None:
    world, tool = _halfway(tmp_path)
    tool.stops = SystemError("killed")
    with pytest.raises(SystemError):
        world.run()
    assert world.shows("b", "status") == ["in_review"]
    tool.stops = None
    world.now += LEASE
    world.run()
    assert [world.shows(name, "status") for name in "abc"] == [["approved"]] * 3


def test_what_somebody_set_while_a_write_got_no_answer_is_theirs_and_asked_about(tmp_path: Path) -> None:
    world, tool = _halfway(tmp_path)
    tool.fail_next(Ambiguous("no answer"))
    world.run()
    world.edit("b", "b-1", status="in_progress")
    world.run()
    assert [world.shows(name, "status") for name in "abc"] == [["approved"], ["in_progress"], ["approved"]]
    assert FindingKind.CONFLICT in world.open()


def test_an_unanswered_creation_is_not_repeated_by_a_listing_that_lacks_what_is_there(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b", changes=True))
    world.campaign("a", name="Spring")
    world.run()
    world.campaign("a", name="Summer")
    world.tools["b"].fail_next(Ambiguous("no answer"), after=True)
    world.run()
    world.tools["b"].unlisted |= {"b-1", "b-2"}  # cut short without a sign; the first of them is seen to be there
    assert world.run().unsettled
    assert len(world.tools["b"].records) == 2
    world.tools["b"].unlisted.clear()
    world.run()
    assert len(world.tools["b"].records) == 2
    assert world.state().intents == []


def test_what_was_edited_before_an_unanswered_creation_shows_is_given_to_it(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b", settle=3600.0))
    world.campaign("a", name="Spring", subject="one")
    world.tools["b"].fail_next(Ambiguous("no answer"), after=True)
    world.run()
    world.tools["b"].unlisted.add("b-1")
    world.edit("a", "a-1", subject="two")
    world.run()
    world.tools["b"].unlisted.clear()
    world.run()
    assert (world.shows("a"), world.shows("b"), world.open()) == (["two"], ["two"], {})


def test_a_person_may_let_it_be_repeated_where_a_tool_never_lists_all(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"))
    world.campaign("a", name="Spring")
    world.run()
    world.campaign("a", name="Summer")
    world.tools["b"].fail_next(Ambiguous("no answer"), after=False)
    world.tools["b"].unlisted.add("b-1")
    for _ in range(3):
        world.run()
        assert len(world.tools["b"].records) == 1
    world.run(allow_mass=True)
    assert len(world.tools["b"].records) == 2
