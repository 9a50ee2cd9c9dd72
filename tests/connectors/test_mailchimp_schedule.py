"""Mailchimp scheduled and unscheduled over the wire: what is sent, and what a refusal or a silence comes to."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.calendar import SendTime, Status
from sync.errors import Ambiguous, Rejected, Stale, Unavailable
from sync.ports import TimeKind
from tests.connectors.mailchimp_account import Account, Answer, campaign, held, problem

AT = datetime(2026, 11, 27, 13, tzinfo=UTC)
INSTANT = SendTime(TimeKind.INSTANT, AT)
LOCAL = SendTime(TimeKind.RECIPIENT_LOCAL, AT.replace(tzinfo=None))
BAD_GATEWAY: Answer = (502, {}, "<html>")


@pytest.fixture
def mailchimp(wire: Any) -> Account:
    return Account(wire)


@pytest.mark.parametrize(
    ("at", "timewarp"),
    [
        (INSTANT, False),
        (LOCAL, True),
        (SendTime(TimeKind.INSTANT, datetime.fromisoformat("2026-11-27T18:30+05:30")), False),
    ],
)
def test_a_draft_is_scheduled_in_utc_and_says_whether_by_everybodys_own_clock(
    mailchimp: Account, at: SendTime, timewarp: bool
) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    esp.schedule(held(esp), at)
    body = {"schedule_time": "2026-11-27T13:00:00+00:00", "timewarp": timewarp}
    assert mailchimp.writes == [("POST", "/campaigns/C1/actions/schedule", body)]
    assert held(esp).status is Status.SCHEDULED


def test_a_recipients_clock_time_has_nothing_to_do_with_the_zone_of_this_machine(
    mailchimp: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        esp.schedule(held(esp), LOCAL)
    time.tzset()
    assert held(esp).scheduled == LOCAL


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (SendTime(TimeKind.INSTANT, AT.replace(minute=7)), "the nearest is 13:00 UTC"),
        (SendTime(TimeKind.RECIPIENT_LOCAL, datetime(2026, 11, 27, 13, 53)), "the nearest is 14:00\\."),
        (SendTime(TimeKind.INSTANT, AT.replace(second=1)), "the nearest is 13:00 UTC"),
        (SendTime(TimeKind.DAY, datetime(2026, 11, 27)), "a day and a time"),
        (SendTime(TimeKind.STAGGERED, AT), "another way of sending"),
    ],
)
def test_a_time_off_the_grid_is_proposed_anew_and_never_rounded(mailchimp: Account, at: SendTime, why: str) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    assert esp.calendar.grid == 15
    with pytest.raises(Rejected, match=why):
        esp.schedule(held(esp), at)
    assert not mailchimp.writes


def test_a_refusal_to_schedule_comes_with_the_items_of_the_checklist(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    mailchimp.items = [
        {"type": "success", "heading": "List", "details": "Fine."},
        {"type": "error", "heading": "HTML", "details": "<p>Your campaign has no <b>content</b>.</p>"},
        {"type": "warning", "heading": "Subject", "details": ""},
    ]
    esp = mailchimp.esp()
    entry = held(esp)
    mailchimp.next = [problem(400, "This campaign cannot be scheduled: .")]
    with pytest.raises(Rejected) as caught:
        esp.schedule(entry, INSTANT)
    assert str(caught.value) == (
        "mailchimp refused scheduling a campaign (400): This campaign cannot be scheduled: . "
        "Its checklist says: HTML: Your campaign has no content.; Subject."
    )


@pytest.mark.parametrize(
    ("answers", "words"),
    [([], "Its checklist is clean"), ([problem(500, "Oh.")] * 6, "Its checklist could not be read")],
)
def test_a_refusal_without_objections_points_at_the_time(mailchimp: Account, answers: list[Any], words: str) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    entry = held(esp)
    mailchimp.next = [problem(400, "This campaign cannot be scheduled: ."), *answers]
    with pytest.raises(Rejected, match=words):
        esp.schedule(entry, INSTANT)


def test_a_lost_answer_to_scheduling_is_settled_by_a_look(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    entry = held(esp)
    mailchimp.holds(campaign("C1", status="schedule", at=AT.isoformat()))
    mailchimp.next = [BAD_GATEWAY]
    esp.schedule(entry, INSTANT)
    mailchimp.holds(campaign("C1"))
    mailchimp.next = [BAD_GATEWAY]
    with pytest.raises(Ambiguous):
        esp.schedule(entry, INSTANT)
    assert len(mailchimp.asked("POST")) == 2


def test_a_page_in_the_place_of_the_empty_answer_is_no_success(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    entry = held(esp)
    mailchimp.next = [(200, {}, "<html>Sign in</html>")]
    with pytest.raises(Ambiguous):
        esp.schedule(entry, INSTANT)


def test_unscheduling_returns_when_the_campaign_is_a_draft_again(mailchimp: Account) -> None:
    scheduled = campaign("C1", status="schedule", at=AT.isoformat())
    mailchimp.holds(scheduled)
    slept: list[float] = []
    esp = mailchimp.esp(slept)
    entry = held(esp)
    mailchimp.next = [(204, {}, ""), (200, {}, json.dumps(scheduled))]
    mailchimp.holds(campaign("C1"))
    esp.unschedule(entry)
    assert slept == [1.0]
    assert [url.partition("?")[0] for url in mailchimp.asked("POST")] == ["/campaigns/C1/actions/unschedule"]


def test_a_campaign_that_begins_to_go_out_cannot_be_unscheduled(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", status="schedule", at=AT.isoformat()))
    esp = mailchimp.esp()
    entry = held(esp)
    mailchimp.holds(campaign("C1", status="sending", at=AT.isoformat()))
    mailchimp.next = [(204, {}, "")]
    with pytest.raises(Stale, match="by now sending"):
        esp.unschedule(entry)


def test_a_campaign_that_stays_scheduled_is_looked_at_again_by_the_next_run(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", status="schedule", at=AT.isoformat()))
    esp = mailchimp.esp()
    entry = held(esp)
    mailchimp.next = [BAD_GATEWAY]
    with pytest.raises(Unavailable, match="does not show yet"):
        esp.unschedule(entry)
