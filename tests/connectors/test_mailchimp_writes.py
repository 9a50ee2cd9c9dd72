"""Mailchimp changed over the wire: what is sent for a change, and what a refusal says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.calendar import Content, SendTime
from sync.errors import Ambiguous, Rejected, Stale
from sync.ports import TimeKind
from tests.connectors.mailchimp_account import SENDER, Account, Answer, campaign, held, problem

AT = datetime(2026, 11, 27, 13, tzinfo=UTC)
INSTANT = SendTime(TimeKind.INSTANT, AT)
BAD_GATEWAY: Answer = (502, {}, "<html>")


@pytest.fixture
def mailchimp(wire: Any) -> Account:
    return Account(wire)


def test_a_draft_is_made_with_the_marker_in_its_title_a_sender_and_a_placeholder_for_a_subject(
    mailchimp: Account,
) -> None:
    assert mailchimp.esp().create(Content(name="Spring"), None, "cs-7k2m9x4q") == "NEW"
    settings = {"title": "Spring [cs-7k2m9x4q]", "subject_line": "TBD", **SENDER}
    assert mailchimp.writes == [("POST", "/campaigns", {"type": "regular", "settings": settings})]


def test_a_draft_is_made_for_a_segment_and_in_a_folder(mailchimp: Account) -> None:
    mailchimp.folders = {"F1": "Other", "F2": "Synced"}
    content = Content(name="Spring", subject="Hello", audiences=(("L1/3301",), ()))
    mailchimp.esp(folder="Synced").create(content, None, "cs-7k2m9x4q")
    ((_, _, body),) = mailchimp.writes
    assert body["recipients"] == {"list_id": "L1", "segment_opts": {"saved_segment_id": 3301}}
    assert (body["settings"]["folder_id"], body["settings"]["subject_line"]) == ("F2", "Hello")


def test_a_folder_that_is_not_there_is_told_before_anything_is_made(mailchimp: Account) -> None:
    with pytest.raises(Rejected, match="no campaign folder 'Synced'"):
        mailchimp.esp(folder="Synced").create(Content(name="Spring"), None, "cs-7k2m9x4q")
    assert not mailchimp.writes


@pytest.mark.parametrize("answer", [BAD_GATEWAY, (200, {}, "<html>"), (200, {}, "{}")])
def test_a_creation_without_a_clear_answer_is_not_repeated(mailchimp: Account, answer: Any) -> None:
    mailchimp.next = [answer]
    with pytest.raises(Ambiguous):
        mailchimp.esp().create(Content(name="Spring"), None, "cs-7k2m9x4q")
    assert len(mailchimp.asked("POST")) == 1


def test_a_throttled_creation_was_none_and_is_repeated(mailchimp: Account) -> None:
    mailchimp.next = [(429, {}, ""), (403, {}, "<html>Slow down</html>")]
    assert mailchimp.esp().create(Content(name="Spring"), None, "cs-7k2m9x4q") == "NEW"
    assert len(mailchimp.writes) == 1


def test_a_rename_writes_what_mailchimp_demands_as_it_was_read_and_keeps_the_marker(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", title="Spring [cs-7k2m9x4q]"))
    esp = mailchimp.esp(from_name="Somebody else")
    esp.edit(held(esp), Content(name="Summer [CAM-17]"))
    settings = {"title": "Summer [CAM-17] [cs-7k2m9x4q]", "subject_line": "Hello", **SENDER}
    assert mailchimp.writes == [("PATCH", "/campaigns/C1", {"settings": settings})]


@pytest.mark.parametrize(("title", "marker"), [("", None), ("[cs-7k2m9x4q]", "cs-7k2m9x4q")])
def test_a_new_subject_does_not_rename_a_campaign_that_goes_by_its_subject(
    mailchimp: Account, title: str, marker: str | None
) -> None:
    mailchimp.holds(campaign("C1", title=title))
    esp = mailchimp.esp()
    esp.edit(held(esp), Content(subject="Good day"))
    entry = held(esp)
    assert (entry.name, entry.subjects, entry.marker) == ("Hello", ("Good day",), marker)


def test_no_subject_is_a_placeholder_and_the_title_is_left_alone(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    esp.edit(held(esp), Content(subject=""))
    assert mailchimp.writes == [("PATCH", "/campaigns/C1", {"settings": {"subject_line": "TBD", **SENDER}})]
    assert held(esp).subjects == ()


def test_a_campaign_without_a_sender_is_given_the_configured_one(mailchimp: Account) -> None:
    row = campaign("C1")
    row["settings"] |= {"from_name": "", "reply_to": ""}
    mailchimp.holds(row)
    esp = mailchimp.esp()
    esp.edit(held(esp), Content(name="Summer"))
    ((_, _, body),) = mailchimp.writes
    assert body["settings"] == {"title": "Summer", "subject_line": "Hello", **SENDER}


def test_another_audience_goes_with_the_demanded_settings(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", segment={"saved_segment_id": 3301}))
    esp = mailchimp.esp()
    esp.edit(held(esp), Content(audiences=(("L2",), ())))
    ((_, _, body),) = mailchimp.writes
    assert body == {"settings": {"subject_line": "Hello", **SENDER}, "recipients": {"list_id": "L2"}}
    assert held(esp).audiences == (("L2",), ())


def test_an_audience_that_was_not_taken_is_no_success(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    entry = held(esp)
    mailchimp.next = [(200, {}, json.dumps(campaign("C1")))]
    with pytest.raises(Rejected, match="kept another audience"):
        esp.edit(entry, Content(audiences=(("L2",), ())))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (Content(audiences=(("L1", "L2"), ())), "one audience or one segment of it, not to 2"),
        (Content(audiences=(("L1",), ("L2",))), "leaves nobody out by a list"),
        (Content(audiences=((), ())), "cannot take the audience away"),
        (Content(audiences=(("L1/~1a2b3c4d",), ())), "save them as a segment"),
        (Content(name="  [cs-7k2m9x4q]"), "give the campaign a name"),
        (Content(tags=frozenset({"promo"})), "no tags"),
    ],
)
def test_what_mailchimp_cannot_hold_is_refused_in_words_before_any_request(
    mailchimp: Account, content: Content, why: str
) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    with pytest.raises(Rejected, match=why):
        esp.edit(held(esp), content)
    assert not mailchimp.writes


def test_a_refused_field_is_named(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    entry = held(esp)
    errors = [{"field": "settings.reply_to", "message": "Please enter an email address"}]
    mailchimp.next = [problem(400, "For field-specific details, see the 'errors' array.", errors=errors)]
    with pytest.raises(Rejected, match=r"\(400\): settings.reply_to: Please enter an email address$"):
        esp.edit(entry, Content(name="Summer"))


def test_a_write_that_the_plan_or_role_forbids_is_refused_and_the_rest_goes_on(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    entry = held(esp)
    mailchimp.next = [problem(403, "User action not permitted")]
    with pytest.raises(Rejected, match="User action not permitted"):
        esp.edit(entry, Content(name="Summer"))


@pytest.mark.parametrize("deed", ["edit", "schedule", "unschedule"])
def test_a_campaign_that_is_gone_by_now_is_stale(mailchimp: Account, deed: str) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    entry = held(esp)
    mailchimp.holds()
    deeds = {"edit": Content(name="Summer"), "schedule": INSTANT}
    with pytest.raises(Stale, match="no longer there"):
        getattr(esp, deed)(entry, *([deeds[deed]] if deed in deeds else []))


def test_a_draft_is_deleted_and_one_that_is_gone_stays_gone(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    entry = held(esp)
    esp.delete(entry)
    esp.delete(entry)
    assert [method for method, _, _ in mailchimp.writes] == ["DELETE", "DELETE"]
    assert esp.entry("C1") is None


def test_only_drafts_are_ever_deleted(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", status="sent"))
    esp = mailchimp.esp()
    with pytest.raises(Rejected, match="no draft"):
        esp.delete(held(esp))
    assert not mailchimp.writes


def test_what_the_capability_record_denies_is_refused(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    esp = mailchimp.esp()
    entry = held(esp)
    assert {esp.calendar.plans_drafts, esp.calendar.moves_at_once, esp.calendar.edits_scheduled, esp.tags} == {False}
    for deed in (esp.plan, esp.move):
        with pytest.raises(Rejected):
            deed(entry, INSTANT)
    with pytest.raises(Rejected, match="holds no planned time"):
        esp.create(Content(name="Spring"), INSTANT, "cs-7k2m9x4q")
    assert not mailchimp.writes


def test_the_folder_is_looked_for_once_and_anew_after_the_set_up_is_forgotten(mailchimp: Account) -> None:
    mailchimp.folders = {"F2": "Synced"}
    esp = mailchimp.esp(folder="Synced")
    for _ in range(3):
        esp.create(Content(name="Spring"), None, "cs-7k2m9x4q")
    assert sum("/campaign-folders" in url for url in mailchimp.asked()) == 1
    mailchimp.folders = {"F3": "Synced"}
    esp.recall({})
    esp.create(Content(name="Spring"), None, "cs-7k2m9x4q")
    assert mailchimp.writes[-1][2]["settings"]["folder_id"] == "F3"
