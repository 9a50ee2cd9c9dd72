"""Scenarios of tools that show less than there is, make something else of it, or cannot be written."""

from __future__ import annotations

from pathlib import Path

from sync.errors import Unavailable
from sync.findings import FindingKind
from sync.merge import Memory
from sync.model import Kind
from sync.report import Action, State
from sync.workspace import Scope
from tests.sync.plain import CURSED, AsIs, Box, DayOnly, Only, World, day, instant

CAMPAIGNS = frozenset({Kind.CAMPAIGN})


def test_a_day_shown_by_one_tool_keeps_the_time_in_the_other(tmp_path: Path) -> None:
    world = World(tmp_path, Box("jira", {"planned_send": DayOnly()}), Box("airtable"))
    world.campaign("airtable", name="Spring", planned_send=instant("2026-04-01T08:30"))
    world.run()
    assert world.shows("jira", "planned_send") == [day("2026-04-01")]
    world.edit("jira", "jira-1", planned_send=day("2026-04-03"))
    world.run()
    assert world.shows("airtable", "planned_send") == [instant("2026-04-03T08:30")]


def test_a_choice_that_a_tool_lacks_is_flagged_and_reaches_the_others(tmp_path: Path) -> None:
    few = Only(frozenset({"planned"}))
    world = World(tmp_path, Box("a"), Box("b", {"status": few}), Box("c"))
    native = world.campaign("a", name="Spring", status="planned")
    world.run()
    world.edit("a", native, status="sending")
    world.run()
    assert (world.shows("b", "status"), world.shows("c", "status")) == (["planned"], ["sending"])
    (finding,) = world.open()[FindingKind.NOT_WRITTEN]
    assert "there is no choice sending" in finding.title
    world.edit("a", native, status="planned")
    world.run()
    assert world.open() == {}


def test_words_of_a_set_that_a_tool_lacks_are_flagged(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b", {"tags": Only(frozenset({"sale"}))}))
    world.campaign("a", name="Spring", tags=frozenset({"sale", "odd"}))
    world.run()
    world.run()
    assert world.shows("b", "tags") == [frozenset({"sale"})]
    assert world.shows("a", "tags") == [frozenset({"sale", "odd"})]
    assert "odd" in world.open()[FindingKind.NOT_WRITTEN][0].title
    written = world.writes()
    world.run()
    assert world.writes() == written


def test_what_a_read_only_view_cannot_show_is_no_trouble_to_anybody(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b", {"tags": Only(frozenset(), writable=False)}))
    world.campaign("a", name="Spring", tags=frozenset({"sale"}))
    world.run()
    world.run()
    assert world.open() == {}


def test_a_value_refused_at_creation_stays_flagged(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"))
    world.campaign("a", name="Spring", subject=CURSED)
    world.run()
    assert [f.detail_key for f in world.open()[FindingKind.NOT_WRITTEN]] == ["b/subject"]
    written = world.writes()
    world.run()
    assert [f.detail_key for f in world.open()[FindingKind.NOT_WRITTEN]] == ["b/subject"]
    assert world.writes() == written


def test_a_normalising_tool_is_given_a_value_once(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"))
    native = world.campaign("a", name="Spring", subject="one")
    world.run()
    world.edit("a", native, subject="Two!")
    plain_change = world.tools["b"]._change

    def normalising(native: str, fields: dict[str, object], who: str, **rest: object) -> None:
        kept = {n: str(v).rstrip("!") if n == "subject" and who == "sync" else v for n, v in fields.items()}
        plain_change(native, kept, who, **rest)  # type: ignore[arg-type]

    world.tools["b"]._change = normalising  # type: ignore[method-assign,assignment]
    world.run()
    written = world.writes()
    assert world.shows("b") == ["Two"]
    report = world.run()
    assert (world.writes(), report.findings, world.shows("a")) == (written, (), ["Two!"])
    # and an edit there supersedes what was agreed
    world.edit("b", "b-1", subject="Three")
    world.run()
    assert world.shows("a") == ["Three"]


def test_a_forced_resync_gives_a_normalising_tool_the_value_again(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"))
    world.campaign("a", name="Spring", subject="Two!")
    world.run()
    record = world.tools["b"].records["b-1"]
    with world.store() as store:
        (entity,) = store.load().entities.values()
        entity.links["b"].memory["subject"] = Memory("Two", "Two!")
        with store.transaction() as transaction:
            transaction.save([entity])
    world.tools["b"].records["b-1"] = type(record)(
        record.ref, {**record.fields, "subject": "Two"}, marker=record.marker
    )
    assert world.run().changes == ()
    report = world.run(scope=Scope(force=True))
    assert report.count(Action.UPDATE, State.DONE, "b") == 1
    assert world.shows("b") == ["Two!"]


def test_a_read_only_field_is_mirrored_from_its_tool_and_never_into_it(tmp_path: Path) -> None:
    world = World(tmp_path, Box("esp", read_only=frozenset({"status"})), Box("plan"))
    world.campaign("esp", name="Spring", status="planned")
    world.run()
    assert world.shows("plan", "status") == ["planned"]
    world.edit("plan", "plan-1", status="sent")
    report = world.run()
    (conflict,) = world.open()[FindingKind.CONFLICT]
    assert conflict.options == ("--take esp",)
    assert (report.changes, world.shows("esp", "status")) == ((), ["planned"])
    world.edit("esp", "esp-1", status="sent")
    world.run()
    assert world.open() == {}


def test_a_read_only_field_that_was_away_while_others_agreed_is_a_conflict_when_it_is_back(tmp_path: Path) -> None:
    world = World(tmp_path, Box("esp", {"status": AsIs(writable=False)}), Box("plan"), Box("jira"))
    world.campaign("esp", name="Spring", status="planned")
    world.run()
    world.tools["esp"].down = Unavailable("it does not answer")
    world.edit("plan", "plan-1", status="sent")
    world.run()
    assert world.shows("jira", "status") == ["sent"]
    world.tools["esp"].down = None
    world.run()
    assert [f.detail_key for f in world.open()[FindingKind.CONFLICT]] == ["status"]


def test_what_a_tool_makes_of_a_value_at_creation_is_no_edit_either(tmp_path: Path) -> None:
    world = World(tmp_path, Box("a"), Box("b"))
    plain_change = world.tools["b"]._change

    def normalising(native: str, fields: dict[str, object], who: str, **rest: object) -> None:
        kept = {n: str(v).rstrip("!") if n == "subject" and who == "sync" else v for n, v in fields.items()}
        plain_change(native, kept, who, **rest)  # type: ignore[arg-type]

    world.tools["b"]._change = normalising  # type: ignore[method-assign,assignment]
    world.campaign("a", name="Spring", subject="Two!")
    world.run()
    report = world.run()
    assert (report.changes, report.findings) == ((), ())
    assert (world.shows("a"), world.shows("b")) == (["Two!"], ["Two"])
