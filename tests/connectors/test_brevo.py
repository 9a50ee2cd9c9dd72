"""Brevo read over the wire: what is asked, how few calls it takes, and what each answer comes to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.calendar import Audience, SendTime, Status
from sync.errors import ConfigError, Outdated, Unavailable
from sync.ports import Metering, TimeKind
from tests.connectors.brevo_account import API, KEY, NOW, Account, campaign, day, queued, refusal


@pytest.fixture
def account(wire: Any) -> Account:
    return Account(wire)


def test_the_key_goes_into_its_own_header(account: Account) -> None:
    list(account.esp().entries())
    (call,) = account.wire.calls
    assert call.request.headers["api-key"] == KEY
    assert "Authorization" not in call.request.headers


def test_a_hundred_campaigns_of_all_states_with_their_counts_cost_one_call_of_the_hour(account: Account) -> None:
    account.holds(*(campaign(number) for number in range(1, 101)))
    assert len(list(account.esp().entries())) == 100
    ((_, path, query),) = account.asked
    assert path == "/emailCampaigns"
    assert query == {
        "type": ["classic"], "statistics": ["globalStats"], "excludeHtmlContent": ["true"],
        "limit": ["100"], "offset": ["0"], "sort": ["asc"],
    }  # fmt: skip


def test_an_account_without_campaigns_has_none(account: Account) -> None:
    assert list(account.esp().entries()) == []


def test_a_listing_goes_on_to_its_last_page(account: Account) -> None:
    account.holds(*(campaign(number) for number in range(1, 251)))
    assert [entry.id for entry in account.esp().entries()] == [str(number) for number in range(1, 251)]
    assert account.hourly() == 3


def test_a_campaign_that_is_deleted_while_a_listing_is_paged_hides_no_other(account: Account) -> None:
    account.holds(*(campaign(number) for number in range(1, 151)))
    account.after = lambda: account.campaigns.pop(5, None)
    ids = [entry.id for entry in account.esp().entries()]
    assert sorted(map(int, ids)) == list(range(1, 151)), "the deleted one was seen before it was"
    assert len(ids) == len(set(ids))


def test_a_deletion_and_a_creation_between_two_pages_are_not_taken_for_nothing(account: Account) -> None:
    account.holds(*(campaign(number) for number in range(1, 151)))

    def replace_one() -> None:
        if 5 in account.campaigns:
            del account.campaigns[5]
            account.campaigns[151] = campaign(151)

    account.after = replace_one
    assert {"101", "151"} <= {entry.id for entry in account.esp().entries()}


def test_a_listing_that_never_stands_still_is_not_complete(account: Account) -> None:
    account.holds(*(campaign(number) for number in range(1, 250)))
    account.after = lambda: account.campaigns.pop(min(account.campaigns))
    with pytest.raises(Unavailable, match="overtaken by changes"):
        list(account.esp().entries())


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("draft", Status.DRAFT),
        ("queued", Status.SCHEDULED),
        ("in_review", Status.SCHEDULED),
        ("inReview", Status.SCHEDULED),
        ("suspended", Status.PAUSED),
        ("in_process", Status.SENDING),
        ("inProcess", Status.SENDING),
        ("cancelling", Status.SENDING),
        ("sent", Status.SENT),
        ("cancelled", Status.CANCELLED),
        ("resting", Status.UNKNOWN),
    ],
)
def test_a_status_is_known_by_both_its_spellings(account: Account, raw: str, status: Status) -> None:
    account.holds(queued(7, status=raw))
    entry = account.entry(7)
    assert (entry.status, entry.status_raw, entry.archived) == (status, raw, False)


def test_what_is_under_review_takes_no_edit(account: Account) -> None:
    account.holds(queued(7, status="in_review"))
    assert account.entry(7).read_only == "under review by Brevo before it goes out"


def test_what_is_queued_without_a_time_is_on_its_way_out(account: Account) -> None:
    account.holds(campaign(7, status="queued"))
    assert account.entry(7).status is Status.SENDING


@pytest.mark.parametrize(("date", "status"), [("2026-10-01T08:00:00Z", Status.SENT), (None, Status.DRAFT)])
def test_an_archived_campaign_is_sent_or_was_never(account: Account, date: str | None, status: Status) -> None:
    account.holds(campaign(7, status="archive", sentDate=date))
    entry = account.entry(7)
    assert entry.archived
    assert entry.status is status


@pytest.mark.parametrize(
    "written", ["2026-11-27T13:00:00.000Z", "2026-11-27T14:00:00+01:00", "2026-11-27T18:30:00.000+0530"]
)
def test_every_form_of_a_moment_is_the_same_moment(account: Account, written: str) -> None:
    account.holds(queued(7, written, modifiedAt=written))
    entry = account.entry(7)
    moment = datetime(2026, 11, 27, 13, tzinfo=UTC)
    assert entry.scheduled == SendTime(TimeKind.INSTANT, moment)
    assert entry.changed_at == moment
    assert entry.planned is None


def test_a_draft_shows_no_time_even_if_it_was_scheduled_before(account: Account) -> None:
    account.holds(queued(7, status="draft"), queued(8, status="suspended"))
    assert [entry.scheduled for entry in account.esp().entries()] == [None, None]


@pytest.mark.parametrize("written", ["2026-11-27T23:00:00.000Z", "2026-11-28T00:00:00.000+01:00"])
def test_a_send_at_the_best_time_is_a_day_of_the_accounts_zone(account: Account, written: str) -> None:
    account.holds(queued(7, written, sendAtBestTime=True))
    assert account.entry(7, zone=ZoneInfo("Europe/Berlin")).scheduled == day("2026-11-28")


def test_a_time_that_nobody_understands_is_given_as_it_is(account: Account) -> None:
    account.holds(queued(7, "tomorrow"))
    entry = account.entry(7)
    assert (entry.scheduled, entry.odd) == (None, {"scheduled": "tomorrow"})


@pytest.mark.parametrize(
    ("members", "subjects"),
    [
        ({}, ("Hello",)),
        ({"subject": "TBD"}, ()),
        ({"subject": None}, ()),
        ({"abTesting": True, "subject": None, "subjectA": "Hi", "subjectB": "Hello"}, ("Hi", "Hello")),
        ({"subject": 5}, None),
    ],
)
def test_subjects_are_one_none_or_the_two_of_a_test(account: Account, members: dict[str, Any], subjects: Any) -> None:
    account.holds(campaign(7, **members))
    assert account.entry(7).subjects == subjects


def test_lists_and_segments_of_one_number_are_told_apart(account: Account) -> None:
    account.holds(
        campaign(7, recipients={"lists": [32], "segments": [32], "exclusionLists": [8], "excludedSegments": [4]}),
        campaign(8, recipients={"lists": "all"}),
        campaign(9, recipients=None),
    )
    first, odd, none = account.esp().entries()
    assert first.audiences == (("list:32", "segment:32"), ("list:8", "segment:4"))
    assert (odd.audiences, odd.odd) == (None, {"audiences": {"lists": "all"}})
    assert none.audiences == ((), ())


def test_audiences_have_names_and_lists_a_size(account: Account) -> None:
    assert account.esp().audiences() == [
        Audience("list:8", "Staff", 10), Audience("list:32", "Customers", 10), Audience("list:33", "Newcomers", 10),
        Audience("segment:32", "Lapsed"),
    ]  # fmt: skip
    assert account.hourly() == 0


def test_an_audience_that_no_listing_showed_is_looked_up(account: Account) -> None:
    esp = account.esp()
    assert esp.audience("list:33") == Audience("list:33", "Newcomers", 10)
    assert esp.audience("segment:32") == Audience("segment:32", "Lapsed")
    assert [esp.audience(id_) for id_ in ("list:99", "segment:99", "33", "list:../8", "")] == [None] * 5


@pytest.mark.parametrize(
    ("members", "marker", "name"),
    [
        ({"tag": "cs-7k2m9x4q", "tags": ["cs-7k2m9x4q"]}, "cs-7k2m9x4q", "Spring"),
        ({"tag": None, "tags": ["promo", "cs-7k2m9x4q"]}, "cs-7k2m9x4q", "Spring"),
        ({"tag": "promo", "name": "Spring [CAM-17] [cs-7k2m9x4q]"}, "cs-7k2m9x4q", "Spring [CAM-17]"),
        ({"tag": "promo"}, None, "Spring"),
        ({"tag": "not cs-7k2m9x4q"}, None, "Spring"),
    ],
)
def test_the_marker_is_the_tag_or_stands_in_the_name(
    account: Account, members: dict[str, Any], marker: str | None, name: str
) -> None:
    account.holds(campaign(7, **members))
    entry = account.entry(7)
    assert (entry.marker, entry.name) == (marker, name)


@pytest.mark.parametrize("id_", ["", "0", "-1", "07", "../8", "7?x=1", "\u0667", "9" * 40, "list:7"])
def test_what_is_no_id_is_not_asked_for(account: Account, id_: str) -> None:
    assert account.esp().entry(id_) is None
    assert account.asked == []


def test_a_campaign_that_brevo_does_not_know_is_none(account: Account) -> None:
    assert account.esp().entry("77") is None


def test_a_gateways_404_is_not_taken_for_brevos(account: Account) -> None:
    account.refuses = lambda _: (404, {"Content-Type": "text/html"}, "<html><title>Not here</title></html>")
    with pytest.raises(ConfigError, match=r"Check url and token of \[tools.brevo\]"):
        account.esp().entry("7")


@pytest.mark.parametrize(
    "body", ["[]", "{}", '{"count": 1}', '{"count": 1, "campaigns": [{}]}', '{"campaigns": [{"id": true}]}', "<html>"]
)
def test_a_listing_of_another_form_is_no_listing(account: Account, body: str) -> None:
    account.refuses = lambda _: (200, {}, body)
    with pytest.raises(Unavailable):
        list(account.esp().entries())


def test_the_key_is_quoted_nowhere_even_where_brevo_quotes_it(account: Account) -> None:
    account.refuses = lambda _: refusal(401, "unauthorized", "x" * 250 + f" Key not found: {KEY}")
    with pytest.raises(ConfigError) as refused:
        account.esp().entry("7")
    assert KEY[:14] not in str(refused.value)


def test_a_key_that_can_be_none_is_a_matter_of_configuration(account: Account) -> None:
    for token in ("xkeysib-é", "xkeysib\n"):
        esp = account.esp(token=token)
        with pytest.raises(ConfigError, match="holds characters that no token has"):
            list(esp.entries())


def test_a_redirect_does_not_take_the_key_along(account: Account) -> None:
    account.refuses = lambda _: (302, {"Location": "https://evil.example/"}, "")
    with pytest.raises(Unavailable):
        list(account.esp().entries())
    assert all(call.request.url.startswith(API) for call in account.wire.calls)


def test_the_calendar_says_what_brevo_can_do(account: Account) -> None:
    calendar = account.esp().calendar
    assert calendar.moves_at_once
    assert calendar.edits_scheduled
    assert calendar.tells_changed_at
    assert not calendar.lists_changed
    assert not calendar.plans_drafts
    assert (calendar.correlates, calendar.metering, calendar.calls_per_hour) == ("tag", Metering.ROW, 100)
    with pytest.raises(Outdated):
        account.esp().changed(NOW)


def test_brevos_time_is_that_of_its_last_answer(account: Account) -> None:
    esp = account.esp()
    assert esp.time() is None
    list(esp.entries())
    assert esp.time() is not None
    assert json.dumps(esp.tag_names()) == "[]"
