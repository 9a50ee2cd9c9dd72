"""Mailchimp read over the wire: what is asked, and what each answer comes to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.calendar import Audience, SendTime, Status
from sync.errors import Outdated, Unavailable
from sync.ports import TimeKind
from tests.connectors.mailchimp_account import Account, campaign, held

NOON = datetime(2026, 11, 27, 13, tzinfo=UTC)


@pytest.fixture
def mailchimp(wire: Any) -> Account:
    return Account(wire)


def test_one_unfiltered_listing_by_creation_tells_every_campaign(mailchimp: Account) -> None:
    mailchimp.holds(*(campaign(f"C{number}", status=status) for number, status in enumerate(("save", "canceled"))))
    assert [entry.id for entry in mailchimp.esp().entries()] == ["C0", "C1"]
    (query,) = mailchimp.queries("/campaigns")
    assert (query["sort_field"], query["sort_dir"], query["count"]) == ("create_time", "ASC", "1000")
    assert not {"status", "type"} & set(query)


def test_there_is_no_modification_time_and_so_no_question_for_changes(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    assert held(esp).changed_at is None
    assert {esp.calendar.lists_changed, esp.calendar.tells_changed_at} == {False}
    with pytest.raises(Outdated):
        esp.changed(NOON)


def test_a_draft_holds_no_time_for_its_empty_text_is_none(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", at=""))
    entry = held(mailchimp.esp())
    assert (entry.status, entry.planned, entry.scheduled) == (Status.DRAFT, None, None)


def test_a_time_that_is_left_over_on_a_draft_schedules_nothing(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", at="2026-11-27T13:00:00+00:00"))
    assert held(mailchimp.esp()).scheduled is None


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("save", Status.DRAFT), ("paused", Status.PAUSED), ("schedule", Status.SCHEDULED), ("sent", Status.SENT),
        ("sending", Status.SENDING), ("canceling", Status.SENDING), ("canceled", Status.CANCELLED),
        ("pondering", Status.UNKNOWN),
    ],
)  # fmt: skip
def test_each_status_is_one_of_the_shared_ones(mailchimp: Account, raw: str, status: Status) -> None:
    mailchimp.holds(campaign("C1", status=raw))
    entry = held(mailchimp.esp())
    assert (entry.status, entry.status_raw, entry.archived) == (status, raw, False)


@pytest.mark.parametrize(("sent", "status"), [(1200, Status.SENT), (0, Status.CANCELLED)])
def test_an_archived_campaign_was_sent_or_never_will_be(mailchimp: Account, sent: int, status: Status) -> None:
    mailchimp.holds(campaign("C1", status="archived", emails_sent=sent))
    entry = held(mailchimp.esp())
    assert (entry.archived, entry.status) == (True, status)


def test_what_is_sending_may_have_been_cancelled_meanwhile(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", status="sending", delivery_status={"enabled": True, "status": "canceled"}))
    entry = held(mailchimp.esp())
    assert (entry.status, entry.status_raw) == (Status.CANCELLED, "sending, canceled")


def test_a_scheduled_time_is_an_instant(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", status="schedule", at="2026-11-27T14:00:00+01:00"))
    assert held(mailchimp.esp()).scheduled == SendTime(TimeKind.INSTANT, NOON)


def test_a_timewarp_time_is_a_clock_time_everywhere_and_never_an_instant(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", status="schedule", at="2026-11-27T13:00:00+00:00", timewarp=True))
    assert held(mailchimp.esp()).scheduled == SendTime(TimeKind.RECIPIENT_LOCAL, NOON.replace(tzinfo=None))


@pytest.mark.parametrize("at", ["soon", "2026-11-27 13:00:00"])
def test_a_time_of_another_form_is_given_as_it_is(mailchimp: Account, at: str) -> None:
    mailchimp.holds(campaign("C1", status="schedule", at=at))
    entry = held(mailchimp.esp())
    assert (entry.scheduled, entry.odd) == (None, {"scheduled": at})


@pytest.mark.parametrize(
    ("title", "subject", "name", "subjects"),
    [
        ("Spring [CAM-17] [cs-7k2m9x4q]", "Hello", "Spring [CAM-17]", ("Hello",)),
        ("", "Hello", "Hello", ("Hello",)),  # Mailchimp shows the subject of what has no title
        ("Spring", "TBD", "Spring", ()),
        ("Spring", "", "Spring", ()),
        ("", "", "", ()),
    ],
)
def test_the_name_is_the_title_without_our_marker_or_the_subject(
    mailchimp: Account, title: str, subject: str, name: str, subjects: tuple[str, ...]
) -> None:
    mailchimp.holds(campaign("C1", title=title, subject=subject))
    entry = held(mailchimp.esp())
    assert (entry.name, entry.subjects) == (name, subjects)
    assert entry.marker == ("cs-7k2m9x4q" if "cs-" in title else None)
    assert entry.url == "https://us6.admin.mailchimp.com/campaigns/show/?id=4521"


TESTED = {"variate_settings": {"subject_lines": ["One", "Two", "Three"]}}
SPLIT = {"ab_split_opts": {"split_test": "subject", "subject_a": "One", "subject_b": "Two"}}
SPLIT_BY_SENDER = {"ab_split_opts": {"split_test": "from_name", "subject_a": "", "subject_b": ""}}


@pytest.mark.parametrize(
    ("row", "subjects"),
    [
        ({"type": "variate", **TESTED}, ("One", "Two", "Three")),
        ({"type": "variate"}, ("Hello",)),
        ({"type": "absplit", **SPLIT}, ("One", "Two")),
        ({"type": "absplit", **SPLIT_BY_SENDER}, ("Hello",)),
    ],
)
def test_a_test_shows_all_its_subjects_and_is_left_alone(
    mailchimp: Account, row: dict[str, Any], subjects: tuple[str, ...]
) -> None:
    mailchimp.holds(campaign("C1", **row))
    entry = held(mailchimp.esp())
    assert entry.subjects == subjects
    assert entry.read_only == "an A/B test, which is set up in Mailchimp only"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"type": "rss"}, "an RSS campaign, which goes out by a timetable of its own"),
        ({"type": "pigeon"}, 'a campaign of the type "pigeon", which is not known to take edits'),
        ({"type": "plaintext"}, None),
    ],
)
def test_what_follows_rules_of_its_own_is_left_alone(mailchimp: Account, row: dict[str, Any], why: str | None) -> None:
    mailchimp.holds(campaign("C1", **row))
    assert held(mailchimp.esp()).read_only == why


def test_text_messages_are_no_emails(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", type="sms"), campaign("C2"))
    assert [entry.id for entry in mailchimp.esp().entries()] == ["C2"]


def test_where_people_send_in_batches_a_scheduled_campaign_is_left_alone(mailchimp: Account) -> None:
    at = {"status": "schedule", "at": NOON.isoformat()}
    mailchimp.holds(campaign("C1", **at), campaign("C2", **at, timewarp=True), campaign("C3"))
    careful, plain = mailchimp.esp(batches=True), mailchimp.esp()
    assert [bool(entry.read_only) for entry in careful.entries()] == [True, False, False]
    assert not any(entry.read_only for entry in plain.entries())


def test_lists_segments_and_tags_are_audiences_with_their_sizes(mailchimp: Account) -> None:
    mailchimp.segments["L1"] = [
        {"id": 3301, "name": "VIPs", "member_count": 210, "type": "saved"},
        {"id": 3302, "name": "Fair", "member_count": 35, "type": "static"},
        {"id": 3303, "name": "Likely to buy", "member_count": 9, "type": "fuzzy"},
    ]
    mailchimp.lists["L2"] = ""  # a list without a name goes by its id
    assert mailchimp.esp().audiences() == (
        Audience("L1", "Customers", 18240),
        Audience("L2", "L2", 18240),
        Audience("L1/3301", "Customers: VIPs", 210),
        Audience("L1/3302", "Customers: Fair", 35),
    )


def test_the_segments_of_many_lists_are_looked_up_only_when_they_are_used(mailchimp: Account) -> None:
    mailchimp.lists = {f"L{number}": f"List {number}" for number in range(12)}
    mailchimp.segments["L11"] = [{"id": 3301, "name": "VIPs", "member_count": 210, "type": "saved"}]
    esp = mailchimp.esp()
    assert len(esp.audiences()) == 12
    assert len(mailchimp.asked()) == 1 + 10
    assert esp.audience("L11/3301") == Audience("L11/3301", "List 11: VIPs", 210)
    assert len(mailchimp.asked()) == 1 + 10 + 1


def test_a_single_audience_is_looked_up_and_a_deleted_one_is_none(mailchimp: Account) -> None:
    mailchimp.segments["L1"] = [{"id": 3301, "name": "VIPs", "member_count": 210, "type": "saved"}]
    esp = mailchimp.esp()
    assert esp.audience("L1/3301") == Audience("L1/3301", "Customers: VIPs", 210)
    assert [esp.audience(id_) for id_ in ("GONE", "L1/9", "L1/../x", "", "L1/~1")] == [None] * 5
    paths = [url.partition("?")[0] for url in mailchimp.asked()]
    assert paths == ["/lists/L1", "/lists/L1/segments/3301", "/lists/GONE", "/lists/L1/segments/9"]


def test_a_saved_segment_is_not_its_whole_list(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", segment={"saved_segment_id": 3301, "match": "any"}), campaign("C2"))
    assert [entry.audiences for entry in mailchimp.esp().entries()] == [(("L1/3301",), ()), (("L1",), ())]


def test_conditions_of_one_campaign_go_by_their_description_without_its_html(mailchimp: Account) -> None:
    row = campaign("C1", segment={"match": "any", "conditions": [{"field": "CITY", "op": "is", "value": "Graz"}]})
    row["recipients"]["segment_text"] = (
        '<p class="x">Contacts that match <b>any</b>:</p><ol><li>Graz &amp; Linz</li></ol>'
    )
    mailchimp.holds(row)
    esp = mailchimp.esp()
    ((id_,), excluded) = held(esp).audiences or ((), ())
    audience = esp.audience(id_)
    assert id_.startswith("L1/~")
    assert not excluded
    assert audience == Audience(id_, "Customers: Contacts that match any: Graz & Linz")
    assert len(mailchimp.asked()) == 1


@pytest.mark.parametrize(("recipients", "audiences"), [({}, ((), ())), ({"list_id": ""}, ((), ())), (None, None)])
def test_no_recipients_are_nobody_and_untold_ones_are_not_known(
    mailchimp: Account, recipients: Any, audiences: Any
) -> None:
    mailchimp.holds(campaign("C1", recipients=recipients))
    assert held(mailchimp.esp()).audiences == audiences


def test_settings_of_another_form_are_given_as_they_are(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", title=["a"], subject=7))
    entry = held(mailchimp.esp())
    assert (entry.name, entry.subjects, entry.odd) == ("", None, {"name": ["a"], "subject": 7})


def test_an_id_that_is_none_is_not_asked_for(mailchimp: Account) -> None:
    assert mailchimp.esp().entry("../lists") is None
    assert mailchimp.esp().entry("GONE") is None
    assert len(mailchimp.asked()) == 1


def test_an_answer_about_another_campaign_is_none(mailchimp: Account) -> None:
    mailchimp.next = [(200, {}, json.dumps(campaign("C2")))]
    with pytest.raises(Unavailable):
        mailchimp.esp().entry("C1")
