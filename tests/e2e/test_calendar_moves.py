"""A send moves in one tool and moves in all: by the plan, or by a person in the ESP, and never but as it is allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync.findings import FindingKind
from sync.model import Day, Instant
from tests.e2e.calendar_office import Office, by_esp, flags, office, offices

__all__ = ["office", "offices"]

SEND = datetime(2026, 3, 4, 13, 30, tzinfo=UTC)
MOVED = datetime(2026, 3, 6, 9, 15, tzinfo=UTC)
OTHER = datetime(2026, 3, 7, 10, 0, tzinfo=UTC)
PLANNERS = ("jira", "airtable")
# A schedule that is only read is a party to a conflict; one that may not be touched takes no value.
TELLING = (FindingKind.NOT_WRITTEN, FindingKind.CONFLICT)


def days(at: datetime) -> Day:
    return Day(at.astimezone(ZoneInfo("Europe/Berlin")).date())


def assert_all_say(office: Office, code: str, at: datetime) -> None:
    """Every tool shows the campaign as scheduled for this moment, as far as it can show one."""
    entity = office.campaign(code)
    assert office.held_by_esp(office.esp, entity) == ("scheduled", at)
    assert office.says("airtable", entity) == ("scheduled", Instant(at), Instant(at))
    assert office.says("jira", entity) == ("scheduled", days(at), Instant(at))


@by_esp()
def test_a_plan_that_moves_moves_the_send_and_every_tool_agrees_after_one_run(office: Office) -> None:
    scheduled = office.campaign("c002")
    office.plan(scheduled, MOVED)
    mark = office.mark()
    report = office.sync()
    assert_all_say(office, "c002", MOVED)
    assert report.opened == ()
    assert len(office.writes(mark, office.esp)) == {"brevo": 1, "mailchimp": 2, "klaviyo": 3}[office.esp]
    office.assert_quiet()


@by_esp("brevo")
def test_a_due_date_that_moves_in_jira_moves_the_send_and_keeps_its_hour(office: Office) -> None:
    scheduled = office.campaign("c002")
    native = scheduled.links["jira"].ref.native
    office.control(
        "jira/edit", {"as": office.member("designer"), "issue": native, "fields": {"Due date": "2026-03-09"}}
    )
    office.sync()
    assert_all_say(office, "c002", datetime(2026, 3, 9, 13, 30, tzinfo=UTC))


@by_esp("klaviyo", "mailchimp")
def test_a_send_that_a_person_moves_in_the_esp_arrives_in_the_plan(office: Office) -> None:
    office.move(office.esp, office.campaign("c002"), MOVED)
    mark = office.mark()
    office.sync()
    assert_all_say(office, "c002", MOVED)
    assert office.writes(mark, office.esp) == []
    office.assert_quiet()


@by_esp("klaviyo")
def test_a_plan_that_is_emptied_takes_the_send_off_the_calendar_and_the_time_that_the_draft_keeps_is_flagged(
    office: Office,
) -> None:
    scheduled = office.campaign("c002")
    office.plan(scheduled, None)
    office.sync()
    assert office.held_by_esp(office.esp, scheduled)[0] == "draft"
    (flag,) = flags(office.sync(), scheduled, FindingKind.NOT_WRITTEN).values()
    assert "its draft still holds" in flag.title
    for tool in PLANNERS:
        assert office.says(tool, scheduled) == ("planned", None, None), tool
    office.assert_no_news()


@by_esp("brevo")
def test_a_plan_that_is_emptied_takes_the_send_off_the_calendar(office: Office) -> None:
    scheduled = office.campaign("c002")
    office.plan(scheduled, None)
    office.sync()
    assert office.held_by_esp(office.esp, scheduled) == ("draft", None)
    for tool in PLANNERS:
        assert office.says(tool, scheduled) == ("planned", None, None), tool
    office.assert_quiet()


@by_esp("mailchimp", "brevo")
def test_a_send_that_a_person_takes_off_the_calendar_is_planned_as_before(office: Office) -> None:
    scheduled = office.campaign("c002")
    office.unschedule(office.esp, scheduled)
    report = office.sync()
    assert office.held_by_esp(office.esp, scheduled) == ("draft", None)
    assert office.says("airtable", scheduled) == ("planned", Instant(SEND), None)
    assert office.says("jira", scheduled) == ("planned", days(SEND), None)
    assert flags(report, scheduled, FindingKind.UNSCHEDULED) == {}, "it was nobody's mistake"


@by_esp("klaviyo", "mailchimp")
def test_a_draft_that_a_person_schedules_as_planned_is_scheduled_everywhere(office: Office) -> None:
    draft = office.campaign("c003")
    planned = draft.agreed["planned_send"]
    assert isinstance(planned, Instant)
    office.schedule(office.esp, draft, planned.at)
    report = office.sync()
    assert_all_say(office, "c003", planned.at)
    assert report.opened == ()


@pytest.mark.parametrize(("office", "taken"), [("mailchimp", "airtable"), ("brevo", "esp")], indirect=["office"])
def test_a_draft_scheduled_for_another_time_than_planned_is_a_conflict_until_somebody_decides(
    office: Office, taken: str
) -> None:
    draft, esp = office.campaign("c003"), office.esp
    planned = draft.agreed["planned_send"]
    assert isinstance(planned, Instant)
    office.schedule(esp, draft, OTHER)
    report = office.sync()
    conflict = flags(report, draft, FindingKind.CONFLICT)["planned_send"]
    assert {claim.tool for claim in conflict.claims} >= {"airtable", esp}
    assert office.held_by_esp(esp, draft) == ("scheduled", OTHER), "nothing is moved while people disagree"
    assert office.says("airtable", draft)[1] == planned

    office.decide(conflict, "airtable" if taken == "airtable" else esp)
    report = office.sync()

    assert_all_say(office, "c003", planned.at if taken == "airtable" else OTHER)
    assert flags(report, draft, FindingKind.CONFLICT) == {}


@by_esp("klaviyo")
def test_where_drafts_hold_a_time_one_scheduled_for_another_is_a_change_of_plan(office: Office) -> None:
    draft = office.campaign("c003")
    office.schedule("klaviyo", draft, OTHER)
    office.sync()
    assert_all_say(office, "c003", OTHER)


@by_esp("klaviyo")
def test_a_plan_moved_in_two_tools_at_once_moves_nothing(office: Office) -> None:
    scheduled = office.campaign("c002")
    office.plan(scheduled, MOVED)
    office.move(office.esp, scheduled, OTHER)
    mark = office.mark()
    report = office.sync()
    assert "planned_send" in flags(report, scheduled, FindingKind.CONFLICT)
    assert office.held_by_esp(office.esp, scheduled) == ("scheduled", OTHER)
    assert office.writes(mark, office.esp) == []
    conflict = flags(report, scheduled, FindingKind.CONFLICT)["planned_send"]
    office.decide(conflict, "airtable")
    office.sync()
    assert_all_say(office, "c002", MOVED)


# What a workspace allows.


@by_esp("klaviyo", "brevo")
def test_a_workspace_that_lets_nothing_be_scheduled_says_so_and_moves_nothing(office: Office) -> None:
    scheduled = office.campaign("c002")
    office.rule('sends = "never"')
    office.sync()
    office.plan(scheduled, MOVED)
    mark = office.mark()
    report = office.sync()
    assert office.held_by_esp(office.esp, scheduled) == ("scheduled", SEND)
    assert office.writes(mark, office.esp) == []
    (told,) = [
        flag for kind in TELLING for key, flag in flags(report, scheduled, kind).items() if "planned_send" in key
    ]
    assert told.title.startswith("Planned send of Price change notice")
    office.assert_quiet()


@by_esp()
def test_a_draft_is_scheduled_from_here_only_where_the_workspace_lets_it(office: Office) -> None:
    draft, esp = office.campaign("c003"), office.esp
    planned = draft.agreed["planned_send"]
    assert isinstance(planned, Instant)
    office.row(draft, Status="Scheduled")
    report = office.sync()
    assert office.held_by_esp(esp, draft) == ("draft", None)
    assert set(flags(report, draft, FindingKind.CONFLICT)) == {"status"}
    office.rule('sends = "full"')
    report = office.sync()
    assert flags(report, draft, FindingKind.CONFLICT) == {}
    assert_all_say(office, "c003", planned.at)


@by_esp("mailchimp")
def test_a_scheduled_campaign_is_made_a_draft_by_its_status_only_where_the_workspace_lets_it(office: Office) -> None:
    scheduled, esp = office.campaign("c002"), office.esp
    office.rule('sends = "full"')
    office.sync()
    office.row(scheduled, Status="Planned")
    office.sync()
    assert office.held_by_esp(esp, scheduled) == ("draft", None)
    assert office.says("airtable", scheduled) == ("planned", Instant(SEND), None)


# Near to a send, and off the grid.


@by_esp("klaviyo")
def test_within_the_margin_of_a_send_it_is_moved_no_more_and_the_flag_says_so(office: Office) -> None:
    scheduled = office.campaign("c002")
    office.now = SEND - timedelta(minutes=35)
    office.plan(scheduled, MOVED)
    mark = office.mark()
    report = office.sync()
    assert office.held_by_esp(office.esp, scheduled) == ("scheduled", SEND)
    assert office.writes(mark, office.esp) == []
    (flag,) = [f for key, f in flags(report, scheduled, FindingKind.NOT_WRITTEN).items() if office.esp in key]
    assert "within 30 minutes" in flag.title


@by_esp("brevo")
def test_nothing_is_moved_to_within_the_margin_either(office: Office) -> None:
    scheduled = office.campaign("c002")
    soon = office.now.replace(minute=0) + timedelta(hours=1)  # the run is a quarter of an hour after now
    office.now = soon - timedelta(minutes=35)
    office.plan(scheduled, soon)
    report = office.sync()
    assert office.held_by_esp(office.esp, scheduled) == ("scheduled", SEND)
    (flag,) = [f for key, f in flags(report, scheduled, FindingKind.NOT_WRITTEN).items() if office.esp in key]
    assert "less than 30 minutes away" in flag.title


@by_esp("mailchimp")
def test_off_the_quarter_hours_the_next_time_that_can_be_had_is_named_and_nothing_rounded(office: Office) -> None:
    scheduled = office.campaign("c002")
    office.plan(scheduled, MOVED + timedelta(minutes=5))
    report = office.sync()
    (flag,) = [f for key, f in flags(report, scheduled, FindingKind.NOT_WRITTEN).items() if "mailchimp" in key]
    assert "10:30 would be possible" in flag.title, "in the zone of the workspace"
    assert office.held_by_esp("mailchimp", scheduled) == ("scheduled", SEND)
    assert office.says("airtable", scheduled)[1] == Instant(MOVED + timedelta(minutes=5))
    office.assert_quiet()
    office.plan(scheduled, MOVED + timedelta(minutes=15))
    office.sync()
    assert_all_say(office, "c002", MOVED + timedelta(minutes=15))
    office.assert_quiet()
