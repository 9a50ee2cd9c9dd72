"""The write protocol of ESPs: what may be done to a schedule, in which order, and what is refused before any call."""

# Long because the rules of the protocol are one list, read from its beginning to its end.

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.calendar import Schedule, Status
from sync.errors import Ambiguous, Rejected, Stale, Unavailable
from sync.ports import Failed, TimeKind, Written
from tests.connectors.calendar_esp import NOW, Desk, TinyEsp, at, draft, scheduled

LOCAL, DAY, STAGGERED = TimeKind.RECIPIENT_LOCAL, TimeKind.DAY, TimeKind.STAGGERED


def test_a_draft_is_planned_and_edited_and_nothing_is_scheduled() -> None:
    desk = Desk(TinyEsp(draft()))
    record = desk.done(planned=at(72), name="Summer")
    assert desk.esp.calls == ["plan 2026-11-13T08:00:00+00:00", "edit"]
    assert (record.fields["name"], record.fields["scheduled"], desk.steps) == ("Summer", None, [])


@pytest.mark.parametrize("schedule", [Schedule.NEVER, Schedule.MOVE])
def test_a_draft_is_scheduled_only_where_the_workspace_lets_a_sync_do_that(schedule: Schedule) -> None:
    desk = Desk(TinyEsp(draft()), schedule)
    assert "takes no value for status" in desk.refused(status="scheduled", planned=at(72))


def test_a_draft_is_scheduled_for_the_time_it_holds_or_is_given() -> None:
    held, given = Desk(TinyEsp(draft()), Schedule.FULL), Desk(TinyEsp(draft()), Schedule.FULL)
    assert held.done(status="scheduled").fields["scheduled"] == at(48).native()
    given.done(status="scheduled", planned=at(72), name="Summer")
    assert given.esp.calls == ["plan 2026-11-13T08:00:00+00:00", "edit", "schedule 2026-11-13T08:00:00+00:00"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (draft(planned=None), "no planned send"),
        (draft(planned=at(0.5)), "less than 30 minutes away"),
        (draft(planned=at(-1)), "is past"),
        (draft(planned=at(14, LOCAL)), "has begun somewhere"),
    ],
)
def test_a_draft_without_an_explicit_future_time_is_never_scheduled(entry: Any, words: str) -> None:
    assert words in Desk(TinyEsp(entry), Schedule.FULL).refused(status="scheduled")


def test_no_other_status_can_be_asked_for() -> None:
    for word in ("sent", "sending", "cancelled", "paused"):
        assert "never" in Desk(TinyEsp(draft()), Schedule.FULL).refused(status=word)


def test_a_scheduled_campaign_is_moved_in_steps_that_are_remembered() -> None:
    desk = Desk(TinyEsp(scheduled()))
    record = desk.done(planned=at(72))
    goes = "2026-11-13T08:00:00+00:00"
    assert desk.esp.calls == ["unschedule", f"plan {goes}", f"schedule {goes}"]
    assert desk.steps == ["unschedule"]
    assert (record.fields["planned"], record.fields["scheduled"]) == (at(72).native(), at(72).native())


def test_an_esp_whose_drafts_hold_no_time_is_not_asked_to_plan() -> None:
    desk = Desk(TinyEsp(scheduled(), plans_drafts=False))
    desk.done(planned=at(72))
    assert desk.esp.calls == ["unschedule", "schedule 2026-11-13T08:00:00+00:00"]


def test_an_esp_that_moves_at_once_is_asked_once() -> None:
    desk = Desk(TinyEsp(scheduled(), moves_at_once=True))
    desk.done(planned=at(72))
    assert desk.esp.calls == ["move 2026-11-13T08:00:00+00:00"]
    assert desk.steps == []


def test_the_time_that_it_has_already_is_not_set_again() -> None:
    desk = Desk(TinyEsp(scheduled()))
    desk.done(planned={"kind": "instant", "at": "2026-11-12T09:00:00+01:00"})
    assert desk.esp.calls == []


@pytest.mark.parametrize("moves_at_once", [True, False])
@pytest.mark.parametrize(
    ("present", "wanted", "words"),
    [
        (at(0.5), at(72), "within 30 minutes of that nothing is moved"),
        (at(-1), at(72), "nothing is moved"),
        (at(14, LOCAL), at(72, LOCAL), "nothing is moved"),
        (at(48), at(0.5), "is less than 30 minutes away"),
        (at(48), at(-1), "is past"),
        (at(48, LOCAL), at(14.4, LOCAL), "is less than 30 minutes away"),
        (at(72, DAY), at(12, DAY), "has begun somewhere"),
        (at(48, LOCAL), at(72), "how it is sent can only be changed there"),
        (at(48, DAY), at(72), "how it is sent can only be changed there"),
        (at(48, STAGGERED), at(72), "how it is sent can only be changed there"),
        (at(48), at(72, STAGGERED), "how it is sent can only be changed there"),
        (at(48), at(72, LOCAL), "how it is sent can only be changed there"),
    ],
)
def test_a_move_too_near_or_to_another_kind_is_refused_before_any_call(
    present: Any, wanted: Any, words: str, moves_at_once: bool
) -> None:
    desk = Desk(TinyEsp(scheduled(present), moves_at_once=moves_at_once))
    assert words in desk.refused(planned=wanted)


@pytest.mark.parametrize("kind", [LOCAL, DAY, STAGGERED])
def test_a_move_keeps_the_kind_of_the_time(kind: TimeKind) -> None:
    desk = Desk(TinyEsp(scheduled(at(72, kind))))
    assert desk.done(planned=at(96, kind)).fields["scheduled"] == at(96, kind).native()


def test_a_kind_that_cannot_be_written_and_a_time_off_the_grid_are_refused() -> None:
    kinds = frozenset({TimeKind.INSTANT})
    assert "do it there" in Desk(TinyEsp(scheduled(at(72, DAY)), writes=kinds)).refused(planned=at(96, DAY))
    desk = Desk(TinyEsp(scheduled(), grid=15))
    assert "13 Nov 2026, 08:15 UTC would be possible" in desk.refused(planned=at(72.1))
    assert desk.done(planned=at(72.25)).fields["status"] == "scheduled"


def test_the_esps_own_clock_decides_what_is_near() -> None:
    esp = TinyEsp(scheduled())
    esp.now = NOW + timedelta(hours=47, minutes=45)
    assert "nothing is moved" in Desk(esp).refused(planned=at(72))
    esp.now = None
    assert Desk(esp).done(planned=at(72)).fields["scheduled"] == at(72).native()


def test_where_no_schedule_may_be_touched_nothing_is() -> None:
    desk = Desk(TinyEsp(scheduled(), edits_scheduled=True), Schedule.NEVER)
    assert "lets no sync touch a schedule" in desk.refused(planned=at(72))
    assert "lets no sync touch a schedule" in desk.refused(planned=None)
    assert Desk(TinyEsp(scheduled()), Schedule.NEVER).record.locked
    assert not desk.record.locked


def test_emptying_the_time_of_a_scheduled_campaign_unschedules_it_and_tells_what_the_draft_still_holds() -> None:
    desk = Desk(TinyEsp(scheduled()))
    outcome = desk.update(planned=None)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Rejected)
    assert "is not scheduled, and its draft still holds 12 Nov 2026, 08:00 UTC" in str(outcome.error)
    assert (desk.esp.calls, desk.steps) == (["unschedule"], [])
    assert outcome.record == desk.look()
    assert (outcome.record.fields["status"], outcome.record.fields["planned"]) == ("draft", at(48).native())
    desk.record = outcome.record
    for _ in range(2):
        assert "still holds 12 Nov 2026, 08:00 UTC" in desk.refused(planned=None)


def test_emptying_the_time_is_done_where_drafts_hold_none() -> None:
    desk = Desk(TinyEsp(scheduled(), plans_drafts=False))
    assert desk.done(planned=None).fields["status"] == "draft"
    assert desk.esp.calls == ["unschedule"]


def test_the_word_draft_unschedules_where_the_workspace_lets_it() -> None:
    desk = Desk(TinyEsp(scheduled()), Schedule.FULL)
    assert desk.done(status="draft", planned=at(72)).fields["planned"] == at(72).native()
    assert desk.esp.calls == ["unschedule", "plan 2026-11-13T08:00:00+00:00"]


def test_the_planned_time_of_a_draft_cannot_be_taken_away_nor_kept_where_drafts_hold_none() -> None:
    assert "cannot take a planned send time away" in Desk(TinyEsp(draft())).refused(planned=None)
    bare = Desk(TinyEsp(draft(planned=None), plans_drafts=False))
    assert "keeps no send time on a draft" in bare.refused(planned=at(72))


def test_the_content_of_a_scheduled_campaign_is_edited_only_where_the_esp_takes_that() -> None:
    assert "its name, tags cannot be changed" in Desk(TinyEsp(scheduled())).refused(name="Summer", tags=["spring"])
    desk = Desk(TinyEsp(scheduled(), edits_scheduled=True))
    assert desk.done(name="Summer").fields["status"] == "scheduled"
    assert desk.esp.calls == ["edit"]


def test_a_move_does_not_wait_for_content_that_is_refused_beside_it() -> None:
    desk = Desk(TinyEsp(scheduled()))
    outcome = desk.update(planned=at(72), name="Summer")
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Rejected)
    assert outcome.record == desk.look()
    assert outcome.record.fields["scheduled"] == at(72).native()
    assert outcome.record.fields["name"] == "Spring"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "By hand"},
        {"scheduled": at(60), "planned": at(60)},
        {"status": Status.DRAFT, "scheduled": None},
        {"status": Status.SENDING},
        {"archived": True},
        {"read_only": "held for review"},
    ],
)
def test_what_somebody_changed_since_it_was_read_is_left_alone(changes: dict[str, Any]) -> None:
    desk = Desk(TinyEsp(scheduled()))
    desk.esp.holds(**changes)
    assert desk.refused(planned=at(72), name="Summer").startswith("Stale")
    del desk.esp.held["C1"]
    assert desk.refused(planned=at(72)).startswith("Stale")


@pytest.mark.parametrize("failing", ["plan", "schedule"])
@pytest.mark.parametrize("error", [Rejected("no"), Unavailable("down")])
def test_a_failure_after_unscheduling_says_so_and_shows_the_draft(failing: str, error: Exception) -> None:
    desk = Desk(TinyEsp(scheduled()))
    desk.esp.failing[failing] = error
    outcome = desk.update(planned=at(72))
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is type(error)
    assert "was unscheduled to be moved to 13 Nov 2026, 08:00 UTC, and is not scheduled again yet" in str(outcome.error)
    assert outcome.record
    assert outcome.record.fields["status"] == "draft"
    assert desk.sure, "it was certainly us who took it off, and nobody has put it back"


@pytest.mark.parametrize("done", [True, False])
def test_a_scheduling_without_an_answer_is_doubtful_unless_a_look_shows_the_draft(done: bool) -> None:
    """It may be undone by somebody before the next run."""
    desk = Desk(TinyEsp(scheduled()))
    (desk.esp.doubtful if done else desk.esp.failing)["schedule"] = Ambiguous("silence")
    outcome = desk.update(planned=at(72))
    assert isinstance(outcome, Failed)
    assert desk.sure is not done


def test_what_was_put_back_is_not_put_back_once_more_whoever_takes_it_off() -> None:
    desk = Desk(TinyEsp(scheduled()))
    desk.done(planned=at(72))
    assert desk.sure is False


def test_an_unscheduling_that_nobody_answers_for_is_remembered_as_a_doubtful_one() -> None:
    desk = Desk(TinyEsp(scheduled()))
    desk.esp.doubtful["unschedule"] = Unavailable("silence")
    outcome = desk.update(planned=at(72))
    assert isinstance(outcome, Failed)
    assert (desk.begun, desk.steps, desk.esp.calls) == (1, [], ["unschedule"])
    assert outcome.record
    assert outcome.record.fields["status"] == "draft"


def test_an_unscheduling_that_was_taken_and_does_not_show_is_a_sure_one() -> None:
    desk = Desk(TinyEsp(scheduled()))
    desk.esp.failing["shown"] = Unavailable("shows it still")
    outcome = desk.update(planned=at(72))
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is Unavailable
    assert "was unscheduled to be moved to 13 Nov 2026, 08:00 UTC, and is not scheduled again yet" in str(outcome.error)
    assert (desk.begun, desk.steps, desk.esp.calls) == (1, ["unschedule"], ["unschedule"])
    del desk.esp.failing["shown"]
    desk.record = desk.look()
    assert isinstance(desk.update(planned=at(72), resumed=True), Written)
    assert desk.look().fields["scheduled"] == at(72).native()


def test_a_draft_goes_by_the_answer_to_its_change_where_that_tells() -> None:
    silent, telling = Desk(TinyEsp(draft())), Desk(TinyEsp(draft()))
    telling.esp.answers = True
    for desk, looks in ((silent, 2), (telling, 1)):
        desk.esp.looks = 0
        outcome = desk.update(name="Summer", planned=at(72))
        assert isinstance(outcome, Written)
        assert desk.esp.looks == looks
        assert outcome.record == desk.look()


def test_an_unscheduling_that_is_refused_is_no_step() -> None:
    desk = Desk(TinyEsp(scheduled()))
    desk.esp.failing["unschedule"] = Rejected("not in this plan")
    assert "not in this plan" in desk.refused(planned=at(72))
    assert desk.steps == []


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        ("unschedule", {"audiences": (("L2",), ())}),
        ("unschedule", {"name": "By hand"}),
        ("unschedule", {"planned": None}),
        ("unschedule", {"planned": at(60)}),
        ("plan", {"planned": at(60)}),
        ("plan", {"planned": None}),
        ("plan", {"archived": True}),
        ("plan", {"status": Status.SCHEDULED, "scheduled": at(60)}),
        ("plan", {"status": Status.CANCELLED}),
    ],
)
def test_a_human_in_between_is_never_overruled(after: str, changes: dict[str, Any]) -> None:
    desk = Desk(TinyEsp(scheduled()))
    desk.esp.after[after] = lambda: desk.esp.holds(**changes)
    outcome = desk.update(planned=at(72))
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Stale)
    assert not any(call.startswith("schedule") for call in desk.esp.calls)
    assert outcome.record
    mine = {name: value for name, value in desk.look().fields.items() if name not in changes or name != "planned"}
    assert outcome.record.fields == mine, "a time that somebody has set is not told as what the change left behind"


def test_whoever_schedules_it_anew_while_it_is_unscheduled_has_the_last_word() -> None:
    desk = Desk(TinyEsp(scheduled()))
    desk.esp.after["unschedule"] = lambda: desk.esp.holds(status=Status.SCHEDULED, planned=at(60), scheduled=at(60))
    desk.esp.doubtful["unschedule"] = Unavailable("shows it as scheduled still")
    outcome = desk.update(planned=at(72))
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Stale)
    assert desk.steps == [], "it is not off the calendar"
    assert outcome.record
    assert "planned" not in outcome.record.fields


def test_a_draft_that_got_its_time_before_the_move_stopped_is_resumed_by_being_asked_for_nothing() -> None:
    desk = Desk(TinyEsp(draft(planned=at(72))))
    assert isinstance(desk.update(resumed=True), Written)
    assert desk.esp.calls == ["schedule 2026-11-13T08:00:00+00:00"]


def test_time_that_passes_while_waiting_counts() -> None:
    desk = Desk(TinyEsp(scheduled()))

    def much_later() -> None:
        desk.esp.now = NOW + timedelta(hours=72)

    desk.esp.after["unschedule"] = much_later
    outcome = desk.update(planned=at(72.25))
    assert isinstance(outcome, Failed)
    assert "not scheduled again yet" in str(outcome.error)
    assert not any(call.startswith("schedule") for call in desk.esp.calls)


@pytest.mark.parametrize("call", ["schedule", "move"])
def test_what_the_esp_made_of_a_time_is_read_back(call: str) -> None:
    desk = Desk(TinyEsp(scheduled(), moves_at_once=call == "move"))
    desk.esp.after[call] = lambda: desk.esp.holds(scheduled=at(73))
    outcome = desk.update(planned=at(72))
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Stale)
    assert "shows 13 Nov 2026, 09:00 UTC where 13 Nov 2026, 08:00 UTC was asked for" in str(outcome.error)
    assert outcome.record
    assert outcome.record.fields["scheduled"] == at(73).native()


@pytest.mark.parametrize("plans", [True, False])
def test_a_killed_move_is_finished_by_whoever_resumes_it(plans: bool) -> None:
    desk = Desk(TinyEsp(scheduled(), plans_drafts=plans))
    desk.esp.after["unschedule"] = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.update(planned=at(72))
    again = Desk(desk.esp)
    again.done(planned=at(72), resumed=True)
    goes = "2026-11-13T08:00:00+00:00"
    assert again.esp.calls == ["unschedule", *([f"plan {goes}"] if plans else []), f"schedule {goes}"]
    assert again.look().fields["scheduled"] == at(72).native()


def test_a_resumed_move_schedules_nothing_twice() -> None:
    desk = Desk(TinyEsp(draft()))
    desk.esp.held["C1"] = scheduled(at(72))
    assert desk.done(planned=at(72), resumed=True).fields["status"] == "scheduled"
    assert desk.refused(planned=at(96), resumed=True).startswith("Stale")
    assert desk.esp.calls == []


@pytest.mark.parametrize(
    ("schedule", "wanted", "words"),
    [
        (Schedule.NEVER, at(72), "lets no sync touch a schedule any more"),
        (Schedule.MOVE, at(0.4), "less than 30 minutes away"),
        (Schedule.MOVE, at(72, STAGGERED), "in portions"),
    ],
)
def test_a_move_that_can_be_resumed_no_more_says_that_nothing_is_scheduled(
    schedule: Schedule, wanted: Any, words: str
) -> None:
    told = Desk(TinyEsp(draft()), schedule).refused(planned=wanted, resumed=True)
    assert words in told
    assert "is not scheduled again yet" in told


def test_a_resumed_change_writes_the_rest_of_it_as_well() -> None:
    desk = Desk(TinyEsp(draft()))
    assert desk.done(planned=at(48), name="Summer", resumed=True).fields["name"] == "Summer"
    assert desk.esp.calls == ["edit", "schedule 2026-11-12T08:00:00+00:00"]


def test_a_draft_is_not_scheduled_by_a_change_that_resumes_nothing() -> None:
    desk = Desk(TinyEsp(draft()))
    desk.done(planned=at(72))
    assert desk.esp.calls == ["plan 2026-11-13T08:00:00+00:00"]
    assert isinstance(desk.update(planned=at(72), status="scheduled"), Failed)


def test_a_time_in_another_form_is_refused() -> None:
    for odd in (
        {"kind": "now"},
        {"kind": "instant", "at": "2026-11-13T08:00:00"},
        "now",
        5,
        {"kind": "day", "at": "x"},
    ):
        assert "is no time of a send" in Desk(TinyEsp(scheduled())).refused(planned=odd)


def test_a_change_looks_once_before_and_once_after() -> None:
    desk = Desk(TinyEsp(draft()))
    desk.esp.looks = 0
    desk.update(name="Summer")
    assert desk.esp.looks == 2
