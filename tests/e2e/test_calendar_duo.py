"""One workspace with two ESPs, and one with a feed beside an ESP: each campaign keeps to its own calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sync.findings import FindingKind
from sync.model import Instant, Kind
from tests.e2e.calendar_office import Office, by_esp, flags, office, offices

__all__ = ["office", "offices"]

SEND = datetime(2026, 3, 4, 13, 30, tzinfo=UTC)
MOVED = datetime(2026, 3, 6, 9, 15, tzinfo=UTC)
TWO = ("klaviyo", "brevo")
FED = ("klaviyo", "ics")
AUTUMN = {
    "Name": "Autumn",
    "Subject line": "Leaves",
    "Planned send": "2026-04-10T09:00:00.000Z",
    "Audiences": ["Newsletter UK"],
}


def calendars(office: Office) -> dict[str, set[str]]:
    """By campaign, the ESPs and feeds that hold it."""
    campaigns = [e for e in office.state().entities.values() if e.kind is Kind.CAMPAIGN]
    return {str(one.agreed.get("name")): set(office.esps) & one.links.keys() for one in campaigns}


@by_esp(TWO)
def test_with_two_esps_each_campaign_stays_in_its_own_and_a_new_one_gets_one_draft_in_the_first(office: Office) -> None:
    first, second = office.esps
    held = calendars(office)
    assert all(len(esps) == 1 for esps in held.values())
    assert set().union(*held.values()) == {first, second}
    office.create_row(**AUTUMN)
    mark = office.mark()
    office.sync()
    assert calendars(office) == held | {"Autumn": {first}}
    assert office.writes(mark, second) == []
    office.assert_quiet()


@by_esp(TWO)
def test_a_send_that_moves_is_moved_in_its_own_esp_of_two(office: Office) -> None:
    scheduled = office.campaign("c002")
    (esp,) = set(office.esps) & scheduled.links.keys()
    (other,) = set(office.esps) - {esp}
    office.plan(scheduled, MOVED)
    mark = office.mark()
    office.sync()
    assert office.held_by_esp(esp, scheduled) == ("scheduled", MOVED)
    assert office.writes(mark, other) == []
    office.assert_quiet()


@by_esp(TWO)
def test_while_one_of_two_esps_cannot_be_read_a_new_campaign_gets_no_second_draft(office: Office) -> None:
    first, second = office.esps
    office.control("fault", {"tool": first, "status": 403, "times": 100})
    office.create_row(**AUTUMN)
    report = office.sync()
    office.box.world.faults.clear()
    for _ in range(2):
        office.sync()
    assert [finding.subject for finding in report.findings if finding.kind is FindingKind.TOOL_TROUBLE] == [first]
    assert len(calendars(office)["Autumn"]) == 1
    assert second in office.esps
    office.assert_quiet()


# A feed, which is only read: c002 is a confirmed event there, c004 a tentative one.


@by_esp(FED)
@pytest.mark.parametrize("code", ["c002", "c004"])
def test_an_event_that_is_moved_moves_the_plan_everywhere_else(office: Office, code: str) -> None:
    campaign = office.campaign(code)
    assert "klaviyo" not in campaign.links, "what a feed shows is no draft in the ESP"
    office.human("ics", "move", campaign=campaign.links["ics"].ref.native, at=MOVED.isoformat())
    mark = office.mark()
    office.sync()
    scheduled = Instant(MOVED) if code == "c002" else None
    for tool in ("airtable", "jira"):
        assert office.says(tool, campaign)[2] == scheduled
    assert office.says("airtable", campaign)[1] == Instant(MOVED)
    assert office.writes(mark, "ics") == office.writes(mark, "klaviyo") == []
    office.assert_quiet()


@by_esp(FED)
def test_a_plan_that_moves_away_from_its_event_is_flagged_and_can_follow_the_feed_only(office: Office) -> None:
    campaign = office.campaign("c002")
    office.plan(campaign, MOVED)
    report = office.sync()
    conflict = flags(report, campaign, FindingKind.CONFLICT)["planned_send"]
    assert {claim.tool for claim in conflict.claims} == {"airtable", "ics"}
    assert conflict.options == ("--take ics",)
    office.decide(conflict, "ics")
    office.sync()
    assert office.says("airtable", campaign)[1] == Instant(SEND)
    office.assert_quiet()


@by_esp(FED)
def test_an_event_that_is_cancelled_or_gone_is_told_of_and_nothing_is_deleted(office: Office) -> None:
    cancelled, gone = office.campaign("c002"), office.campaign("c004")
    office.human("ics", "cancel", campaign=cancelled.links["ics"].ref.native)
    office.human("ics", "delete", campaign=gone.links["ics"].ref.native)
    held = {tool: len(office.held(tool)) for tool in ("jira", "airtable")}
    for _ in range(2):
        report = office.sync()
    assert office.says("airtable", cancelled)[0] == "cancelled"
    assert set(flags(report, gone, FindingKind.DELETION)) == {"ics"}
    assert {tool: len(office.held(tool)) for tool in ("jira", "airtable")} == held
    office.assert_quiet()


@by_esp(FED)
def test_an_event_that_leaves_the_feed_once_it_is_over_is_nobodys_deletion(office: Office) -> None:
    sent = office.campaign("c002")
    office.human("ics", "switch", name="past_days", value=1)
    for later in (timedelta(hours=2), timedelta(days=2), timedelta(days=2, hours=1)):
        office.now = SEND + later
        assert flags(office.sync(), sent, FindingKind.DELETION) == {}
    assert office.says("airtable", sent)[0] == "sent"
    office.assert_quiet()
