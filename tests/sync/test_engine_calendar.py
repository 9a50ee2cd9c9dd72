"""A scheduled send is moved in steps: one that stops between them is told at once, finished, and taken for no edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sync.codec import encode
from sync.errors import Rejected, SyncError
from sync.findings import FindingKind, Severity
from sync.model import Kind, Value
from sync.ports import Change, Failed, Outcome, Update, Written
from sync.workspace import Scope
from tests.sync.calendar_tool import DOWN, LATER, SOONER, EspBox, PlanBox, scheduled
from tests.sync.plain import World, instant


class KilledError(BaseException):
    """The process ends here."""


def shown(world: World, tool: str = "esp") -> tuple[Value, ...]:
    """What a tool's only campaign shows: status, planned and scheduled time."""
    mapping = next(box.mapping() for box in world.boxes if box.name == tool)
    (record,) = world.tools[tool].records.values()
    values = mapping.get(record).values
    return values["status"], values["planned_send"], values["scheduled_send"]


def is_quiet(world: World) -> bool:
    written = world.writes()
    report = world.run()
    return world.writes() == written and not (report.opened or report.closed or report.changes)


def test_a_moved_plan_moves_the_send_in_every_tool(tmp_path: Path) -> None:
    world, _ = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    world.run()
    assert shown(world) == shown(world, "plan") == ("scheduled", SOONER, SOONER), "in one run"
    assert is_quiet(world)
    assert world.open() == {}


def test_what_somebody_edits_while_we_write_goes_on_with_what_the_write_changed(tmp_path: Path) -> None:
    world, esp = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    esp.meanwhile = {"name": "Summer"}
    world.run()
    assert world.shows("plan", "name") == ["Summer"]
    assert shown(world, "plan") == ("scheduled", SOONER, SOONER)
    assert is_quiet(world)


def test_what_a_write_changed_besides_goes_on_after_a_run_that_was_to_write_one_tool_only(tmp_path: Path) -> None:
    world, _ = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    world.run(scope=Scope(tools=frozenset({"esp"})))
    assert shown(world, "plan") == ("scheduled", SOONER, LATER)
    world.run()
    assert shown(world, "plan") == ("scheduled", SOONER, SOONER)
    assert is_quiet(world)


@pytest.mark.parametrize("stopped", ["refused", "killed"])
def test_a_move_that_stops_halfway_is_finished_by_the_next_run(tmp_path: Path, stopped: str) -> None:
    world, esp = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    if stopped == "refused":
        esp.stops = DOWN
        world.run()
        (finding,) = world.open()[FindingKind.UNSCHEDULED]
        assert finding.severity is Severity.URGENT
        assert "no longer scheduled" in finding.title
    else:
        esp.stops = KilledError()
        with pytest.raises(KilledError):
            world.run()
    assert shown(world)[::2] == ("planned", None)
    world.run()
    assert shown(world) == ("scheduled", SOONER, SOONER)
    assert shown(world, "plan")[0] == "scheduled", "what we did to the schedule is nobody's edit"
    world.run()
    assert shown(world, "plan") == ("scheduled", SOONER, SOONER)
    assert is_quiet(world)
    assert world.open() == {}


@pytest.mark.parametrize("killed", [True, False])
def test_a_draft_of_which_we_cannot_be_sure_is_urgent_and_put_back_by_nobody_but_people(
    tmp_path: Path, killed: bool
) -> None:
    """Cut off between the call that unschedules and its answer: it may have been somebody else."""
    world, esp = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    esp.stops, esp.stops_early = KilledError() if killed else DOWN, "after"
    if killed:
        with pytest.raises(KilledError):
            world.run()
    else:
        world.run()
    esp.stops_early, esp.stops = "", None
    for _ in range(2):
        world.run()
        (finding,) = world.open()[FindingKind.UNSCHEDULED]
        assert "No run does so by itself" in finding.advice
        assert shown(world)[::2] == ("planned", None)
        assert shown(world, "plan")[0] == "scheduled"
    esp.schedule("esp-1", SOONER)
    world.run()
    assert world.open() == {}
    assert shown(world, "plan") == ("scheduled", SOONER, SOONER)


@pytest.mark.parametrize("refused", [True, False])
def test_a_send_that_was_not_taken_off_the_calendar_is_no_flag(tmp_path: Path, refused: bool) -> None:
    world, esp = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    esp.stops, esp.stops_early = Rejected("not now") if refused else KilledError(), "before"
    if refused:
        world.run()
    else:
        with pytest.raises(KilledError):
            world.run()
    assert FindingKind.UNSCHEDULED not in world.open()
    esp.stops_early, esp.stops = "", None
    world.run()
    assert shown(world) == ("scheduled", SOONER, SOONER)
    world.run()
    assert world.open() == {}
    assert is_quiet(world)


def test_it_stands_and_is_tried_again_until_it_is_done(tmp_path: Path) -> None:
    world, esp = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    for _ in range(3):
        esp.stops = Rejected("its content is missing")
        world.run()
        assert FindingKind.UNSCHEDULED in world.open()
        assert shown(world, "plan")[0] == "scheduled"
        esp.stops = None
    world.run()
    assert shown(world) == ("scheduled", SOONER, SOONER)
    assert FindingKind.UNSCHEDULED not in world.open()


def test_a_draft_that_people_want_back_is_made_in_the_run_after_they_said_so(tmp_path: Path) -> None:
    world, esp = scheduled(tmp_path)
    esp.delete("esp-1")
    for _ in range(2):
        world.run()
    world.decide(FindingKind.DELETION, "restore")
    world.run()
    assert shown(world)[:2] == (None, LATER), "a draft, for the time that is planned"
    world.run()
    # then it is told that nothing is scheduled any more
    assert {finding.detail_key for finding in world.open()[FindingKind.CONFLICT]} == {"status", "scheduled_send"}


def test_a_later_plan_is_what_it_is_put_back_to(tmp_path: Path) -> None:
    world, esp = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    esp.stops = DOWN
    world.run()
    newest = instant("2026-03-25T09:00")
    world.edit("plan", "plan-1", planned_send=newest)
    world.run()
    assert shown(world) == ("scheduled", newest, newest)


def test_nobody_is_overruled_who_sets_another_time_there_meanwhile(tmp_path: Path) -> None:
    world, esp = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    esp.stops = DOWN
    world.run()
    theirs = instant("2026-03-27T09:00")
    esp.edit("esp-1", planned_send=encode(theirs))
    world.run()
    world.edit("plan", "plan-1", planned_send=theirs)  # which settles the conflict, and schedules nothing
    for _ in range(3):
        world.run()
        assert shown(world)[::2] == ("planned", None)
    assert "No run does so by itself" in world.open()[FindingKind.UNSCHEDULED][0].advice
    esp.schedule("esp-1", theirs)
    world.run()
    assert FindingKind.UNSCHEDULED not in world.open()


def test_nor_is_anybody_who_sets_another_time_after_the_draft_had_got_the_new_one(tmp_path: Path) -> None:
    world, esp = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    esp.stops_late = True
    for _ in range(2):
        esp.stops = DOWN
        world.run()
    esp.stops = None
    theirs = instant("2026-03-27T09:00")
    esp.edit("esp-1", planned_send=encode(theirs))
    for _ in range(3):
        world.run()
        assert shown(world) == ("planned", theirs, None)
    assert shown(world, "plan")[1] == theirs
    assert FindingKind.UNSCHEDULED in world.open()


@pytest.mark.parametrize("resumed", [True, False])
def test_what_was_put_back_before_a_kill_is_not_put_back_once_more(tmp_path: Path, resumed: bool) -> None:
    """Somebody may have taken it off since, and then it must not go out."""
    world, esp = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    if resumed:
        esp.stops = DOWN
        world.run()
        esp.stops = None
    esp.stops_back = KilledError()
    with pytest.raises(KilledError):
        world.run()
    assert shown(world) == ("scheduled", SOONER, SOONER)
    esp.edit("esp-1", status="planned", scheduled_send=None)
    for _ in range(2):
        world.run()
        assert shown(world)[::2] == ("planned", None)
        (finding,) = world.open()[FindingKind.UNSCHEDULED]
        assert "No run does so by itself" in finding.advice
    world.decide(FindingKind.UNSCHEDULED, "esp")
    world.run()
    assert shown(world, "plan")[::2] == ("planned", None)


@pytest.mark.parametrize("error", [Rejected("its name cannot be changed while it is scheduled"), DOWN])
def test_a_refusal_of_what_was_to_change_besides_does_not_make_a_finished_move_ours_to_repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: SyncError
) -> None:
    world, esp = scheduled(tmp_path)
    write = esp.write

    def refuses(changes: Sequence[Change]) -> Sequence[Outcome]:
        """A scheduled send is moved, and its name is not changed."""
        (change,) = changes
        if not (isinstance(change, Update) and "name" in change.fields):
            return write(changes)
        rest = {name: value for name, value in change.fields.items() if name != "name"}
        (done,) = write([replace(change, fields=rest)]) if rest else (Failed(change, Rejected("no")),)
        record = done.record if isinstance(done, Written) else None
        return [Failed(change, error, record)]

    monkeypatch.setattr(esp, "write", refuses)
    world.edit("plan", "plan-1", planned_send=SOONER, name="Summer")
    world.run()
    assert shown(world) == ("scheduled", SOONER, SOONER)
    assert FindingKind.UNSCHEDULED not in world.open()
    # when somebody takes it off the calendar
    esp.edit("esp-1", status="planned", scheduled_send=None)
    for _ in range(2):
        world.run()
    # then it stays off, everywhere
    assert shown(world)[::2] == shown(world, "plan")[::2] == ("planned", None)


def test_a_person_may_leave_it_unscheduled(tmp_path: Path) -> None:
    world, esp = scheduled(tmp_path)
    world.edit("plan", "plan-1", planned_send=SOONER)
    esp.stops = DOWN
    world.run()
    world.decide(FindingKind.UNSCHEDULED, "esp")
    world.run()
    assert FindingKind.UNSCHEDULED not in world.open()
    world.run()
    assert (shown(world)[::2], shown(world, "plan")[::2]) == (("planned", None), ("planned", None))
    assert is_quiet(world)


def test_a_campaign_goes_out_by_one_esp_only(tmp_path: Path) -> None:
    plan = PlanBox("plan", kinds=frozenset({Kind.CAMPAIGN}))
    world = World(tmp_path, plan, EspBox("first"), EspBox("second"))
    world.campaign("plan", name="Spring", planned_send=LATER)
    world.campaign("second", name="Summer", planned_send=SOONER)
    for _ in range(2):
        world.run()
    assert world.shows("plan", "name") == ["Spring", "Summer"]
    assert world.shows("first", "name") == ["Spring"]
    assert world.shows("second", "name") == ["Summer"]
    assert is_quiet(world)
