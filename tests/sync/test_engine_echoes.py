"""Things that look like somebody's edit and are none: stale listings, our own writes, new columns, wiped records."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.memory import MemoryConnector
from sync.errors import Ambiguous, Unavailable
from sync.findings import FindingKind
from sync.model import Kind
from sync.ports import Update
from sync.report import State
from tests.sync.plain import GARBLED, Box, PlainMapping, World


class Crashed(Exception):
    """The process dies."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, Box("a"), Box("b", settle=60.0), Box("c"))


def test_what_a_lagging_listing_shows_of_the_time_before_our_write_is_no_edit(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    world.run()
    stale = list(world.tools["b"].records.values())
    world.edit("a", native, subject="Two")
    world.run()
    assert world.shows("b") == ["Two"]
    # when the index still shows what stood there before
    world.tools["b"].fetch = lambda after=None, known=(): iter(stale)  # type: ignore[method-assign]
    report = world.run()
    assert (report.changes, report.findings) == ((), ())
    assert world.shows("a") == ["Two"]


def test_a_record_that_is_listed_and_gone_is_looked_for_like_a_missing_one(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    world.run()
    (gone,) = world.tools["b"].records.values()
    stale = [gone._replace(fields={**gone.fields, "subject": "Old"})]
    world.tools["b"].delete(gone.ref.native)
    world.tools["b"].fetch = lambda after=None, known=(): iter(stale)  # type: ignore[method-assign]
    world.run()
    world.run()
    assert [f.subject for f in world.open()[FindingKind.DELETION]]
    assert world.tools["a"].records[native].fields["subject"] == "One"


def test_an_update_that_got_no_answer_is_not_taken_for_an_edit_of_the_tool(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    world.run()
    world.edit("a", native, subject="Two")
    world.tools["c"].fail_next(Ambiguous("no answer"), after=True)
    world.run()
    world.edit("a", native, subject="Three")  # by somebody who had written "Two" and not seen c
    report = world.run()
    assert FindingKind.CONFLICT not in {finding.kind for finding in report.findings}
    assert world.shows("c") == ["Three"]


def test_a_tool_that_cannot_be_read_keeps_its_unanswered_update_open(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    world.run()
    world.edit("a", native, subject="Two")
    world.tools["c"].fail_next(Ambiguous("no answer"), after=True)
    world.run()
    world.tools["c"].down = Unavailable("down")
    world.run()
    assert len(world.state().intents) == 1
    world.tools["c"].down = None
    world.run()
    assert world.state().intents == []


def _default_status(tool: MemoryConnector) -> None:
    plain = tool._make

    def made(kind: Kind, fields: dict[str, object], parent: str | None, marker: str | None, who: str) -> str:
        return plain(kind, {**fields, "status": "planned"} if who == "sync" else fields, parent, marker, who)

    tool._make = made  # type: ignore[method-assign,assignment]


def test_the_first_status_of_a_record_whose_creation_got_no_answer_is_nobodys_edit(world: World) -> None:
    _default_status(world.tools["c"])
    world.campaign("a", name="Spring", status="approved")
    world.tools["c"].fail_next(Crashed(), after=True)
    with pytest.raises(Crashed):
        world.run()
    world.now += timedelta(minutes=15)
    report = world.run()
    assert world.open().get(FindingKind.CONFLICT) is None
    assert world.shows("c", "status") == ["approved"]
    assert not report.troubled


@pytest.mark.parametrize("tells", [True, False])
def test_what_somebody_changed_in_such_a_record_meanwhile_is_their_edit(world: World, tells: bool) -> None:
    _default_status(world.tools["c"])
    world.campaign("a", name="Spring", status="approved")
    world.tools["c"].fail_next(Crashed(), after=True)
    with pytest.raises(Crashed):
        world.run()
    if tells:
        world.edit("c", next(iter(world.tools["c"].records)), status="planned")
    else:
        refuses = Unavailable("no history now")
        world.tools["c"].attribution = _raising(refuses)  # type: ignore[method-assign,assignment]
    world.now += timedelta(minutes=15)
    world.run()
    assert [f.detail_key for f in world.open()[FindingKind.CONFLICT]] == ["status"]


def _raising(error: Exception) -> object:
    def ask(*_: object) -> None:
        raise error

    return ask


def test_a_decision_does_not_count_for_what_was_written_after_it(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    world.run()
    (other,) = world.tools["c"].records
    world.edit("a", native, subject="Two")
    world.edit("c", other, subject="Three")
    world.run()
    world.decide(FindingKind.CONFLICT, "a")
    world.edit("c", other, subject="Four")
    # when
    report = world.run()
    # then
    assert world.shows("c") == ["Four"]
    assert report.waiting == ("Subject line of Spring waits for a new decision: somebody edited it since the last",)
    assert world.state().decisions == {}
    world.decide(FindingKind.CONFLICT, "a")
    world.run()
    assert world.shows("c") == ["Two"]


def test_a_decision_counts_for_what_its_winner_says_by_then(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    world.run()
    (other,) = world.tools["c"].records
    world.edit("a", native, subject="Two")
    world.edit("c", other, subject="Three")
    world.run()
    world.decide(FindingKind.CONFLICT, "a")
    world.edit("a", native, subject="Two, better")
    world.run()
    assert world.shows("c") == ["Two, better"]


def test_a_column_that_was_made_anew_is_filled_and_clears_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    native = world.campaign("a", name="Spring", subject="One", brief="Long")
    world.run()
    (row,) = world.tools["c"].records
    plain = PlainMapping.native_field

    def renewed(mapping: PlainMapping, kind: Kind, name: str) -> str | None:
        return "subject, the second" if (mapping.tool, name) == ("c", "subject") else plain(mapping, kind, name)

    monkeypatch.setattr(PlainMapping, "native_field", renewed)
    world.tools["c"].clear(row, "subject")
    # when
    world.run()
    # then
    assert world.tools["a"].records[native].fields["subject"] == "One"
    assert world.shows("c") == ["One"]
    # and from then on it is a field like every other
    world.tools["c"].clear(row, "subject")
    world.run()
    assert world.shows("a") == [None]


def test_a_wiped_record_clears_nothing_elsewhere_until_something_stands_in_it_again(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    world.run()
    (row,) = world.tools["c"].records
    world.tools["c"].clear(row, *world.tools["c"].records[row].fields)
    world.run()
    (told,) = world.open()[FindingKind.UNREADABLE]
    assert told.title == "Name of Spring in C cannot be understood: nothing at all is left in the record"
    assert world.tools["a"].records[native].fields["subject"] == "One"
    world.edit("c", row, name="Spring", subject="One")
    assert world.run().findings == ()


def test_what_is_wrong_with_a_whole_field_is_told_once(world: World) -> None:
    for number in range(5):
        native = world.campaign("a", name=f"Campaign {number}")
        world.tools["a"].edit(native, subject=GARBLED)
    report = world.run()
    (told,) = [finding for finding in report.findings if finding.kind is FindingKind.UNREADABLE]
    assert told.title == "Subject line of 5 campaigns in A cannot be understood: it is garbled"


def test_a_stage_that_people_turn_into_a_campaign_becomes_nothing_new(world: World) -> None:
    campaign = world.campaign("a", name="Spring")
    stage = world.stage("a", campaign, kind="design")
    world.run()
    record = world.tools["a"].records[stage]
    turned = record._replace(ref=record.ref._replace(kind=Kind.CAMPAIGN), parent=None)
    world.tools["a"].records[stage] = turned._replace(fields={"name": "QA: Spring"})
    world.run()
    world.run()
    campaigns = [e for e in world.state().entities.values() if e.kind is Kind.CAMPAIGN]
    assert len(campaigns) == 1


def test_a_tool_that_deletes_nothing_is_told_to_people_who_can(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"))
    world.tools["b"].capability = replace(world.tools["b"].capability, archives=False)
    native = world.campaign("a", name="Spring")
    world.run()
    world.tools["a"].delete(native)
    world.run()
    world.run()
    world.decide(FindingKind.DELETION, "delete")
    world.run()
    (told,) = world.open()[FindingKind.NOT_WRITTEN]
    assert told.title == "Spring is still in B, which takes no deletion from us"
    (left,) = world.tools["b"].records
    world.tools["b"].delete(left)
    world.run()
    world.run()
    assert world.open() == {}
    assert all(entity.dead for entity in world.state().entities.values())


def test_a_change_that_nobody_answered_is_deferred_and_not_failed(world: World) -> None:
    native = world.campaign("a", name="Spring", subject="One")
    world.run()
    world.edit("a", native, subject="Two")
    world.tools["c"].fail_next(Ambiguous("no answer"))
    report = world.run()
    assert report.count(state=State.DEFERRED, tool="c") == 1
    world.run()
    assert world.shows("c") == ["Two"]
    assert len([change for change in world.tools["c"].log if isinstance(change, Update)]) == 1
