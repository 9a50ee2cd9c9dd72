"""Klaviyo's revision 2026-10-15 written over HTTP: each send by itself, and none at once."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.calendar import Schedule
from connectors.klaviyo_omnichannel import KlaviyoOmnichannelEsp
from connectors.sandbox.world import Fault
from sync.errors import Stale
from sync.model import Kind
from sync.ports import Archive, Failed, Update, Written
from tests.connectors.klaviyo_desk import (
    LATER,
    LOCAL,
    SMART,
    STATIC,
    THROTTLED,
    Desk,
    box,
    desk,
    refused,
)

__all__ = ["box", "desk"]


def test_subject_and_audience_are_written_where_they_are_kept(desk: Desk) -> None:
    campaign, other = desk.campaign(), desk.option(1)
    assert isinstance(desk.write(campaign, subject=["Hi"], audiences={"included": [other]}), Written)
    assert desk.held(campaign).fields["subject"] == ["Hi"]
    assert desk.held(campaign).fields["audiences"] == {"included": [other], "excluded": []}
    assert desk.written() == [("PATCH", "campaign-variations"), ("PATCH", "campaign-audiences")]


def test_an_audience_that_other_sends_have_too_is_not_changed_from_here(desk: Desk) -> None:
    campaign = desk.campaign()
    second = desk.people("add_message", campaign=campaign, name="Reminder")
    for native in (campaign, second):
        words = refused(desk.write(native, audiences={"included": [desk.option(1)]}, name="x"))
        assert "other sends of the campaign have the same audience" in words
    assert desk.written() == []


def test_tags_are_the_campaigns_and_changed_on_its_first_send(desk: Desk) -> None:
    campaign = desk.campaign(tags=["promo"])
    second = desk.people("add_message", campaign=campaign, name="Reminder")
    (field,) = (one for one in desk.klaviyo.schema()[Kind.CAMPAIGN] if one.id == "tags")
    other = next(name for _, name in field.options if name != "promo")
    assert "tags are the whole campaign's" in refused(desk.write(second, tags=[other]))
    assert isinstance(desk.write(campaign, tags=[other]), Written)
    assert desk.held(second).fields["tags"] == desk.held(campaign).fields["tags"] == [other]


@pytest.mark.parametrize(
    ("strategy", "later", "scheduled"),
    [
        (STATIC, LATER, {"strategy": "static", "send_time": LATER["at"]}),
        (
            LOCAL,
            {"kind": "recipient_local", "at": "2026-05-03T10:00:00"},
            {
                "strategy": "local_timezone",
                "send_time": LATER["at"],
                "timezone_options": {"send_past_timezones_tomorrow": True},
            },
        ),
        (SMART, {"kind": "day", "at": "2026-05-03"}, {"strategy": "smart_send_time", "send_date": "2026-05-03"}),
    ],
)
def test_a_scheduled_message_is_reverted_planned_and_scheduled_in_its_own_strategy(
    desk: Desk, strategy: dict[str, Any], later: dict[str, str], scheduled: dict[str, Any]
) -> None:
    campaign = desk.campaign(send_strategy=strategy)
    desk.people("schedule", campaign=campaign)
    outcome = desk.write(campaign, planned=later)
    assert isinstance(outcome, Written), outcome.error
    assert (desk.held(campaign).fields["status"], desk.held(campaign).fields["scheduled"]) == ("scheduled", later)
    assert [kind for _, kind in desk.written()] == [
        "campaign-message-schedule", "campaign-messages", "campaign-message-schedule",
    ]  # fmt: skip
    assert desk.bodies("campaign-message-schedule") == [{"action": "revert"}, scheduled]
    assert not any(entry.get("sent") for entry in desk.box.world.entries)


def test_a_schedule_whose_answer_is_lost_is_looked_for_and_not_repeated(desk: Desk) -> None:
    campaign = desk.campaign()
    desk.people("schedule", campaign=campaign)
    desk.box.world.faults.append(Fault("klaviyo", 0, "POST", r"/api/campaign-message-schedule$", after=True))
    outcome = desk.write(campaign, planned=LATER)
    assert isinstance(outcome, Written), outcome.error
    assert desk.written().count(("POST", "campaign-message-schedule")) == 1


def test_a_throttled_send_is_not_moved_for_its_share_is_not_told(desk: Desk) -> None:
    campaign = desk.campaign(send_strategy=THROTTLED)
    desk.people("schedule", campaign=campaign)
    later = {"kind": "staggered", "at": LATER["at"]}
    assert "in portions; do it there" in refused(desk.write(campaign, planned=later))
    assert desk.written() == []


def test_a_scheduled_test_shows_its_subjects_and_is_locked(desk: Desk) -> None:
    campaign = desk.campaign()
    desk.people("test", campaign=campaign, subjects=["Hi there"])
    assert "2 subject lines" in refused(desk.write(campaign, subject=["x"]))
    assert "content_variation" in refused(desk.write(campaign, planned=LATER))
    desk.people("schedule", campaign=campaign)
    record = desk.held(campaign)
    assert record.fields["subject"] == ["Hello", "Hi there"]
    assert record.locked == "scheduled in Klaviyo as 'content_variation', which can only be changed there"
    assert desk.written() == []


def test_a_draft_is_scheduled_by_itself_beside_its_siblings(desk: Desk) -> None:
    campaign = desk.campaign()
    second = desk.people("add_message", campaign=campaign, name="Reminder", subject="Last day", send_strategy=STATIC)
    full = desk.connector(KlaviyoOmnichannelEsp, Schedule.FULL)
    (outcome,) = full.write([Update(desk.held(second), {"status": "scheduled"})])
    full.close()
    assert isinstance(outcome, Written), outcome.error
    assert [desk.held(native).fields["status"] for native in (second, campaign)] == ["scheduled", "draft"]


def test_where_drafts_hold_no_times_a_plan_is_refused_and_nothing_scheduled(desk: Desk) -> None:
    campaign = desk.campaign()
    desk.people("switch", name="drafts_hold_times", value=False)
    assert "read-only" in refused(desk.write(campaign, planned=LATER))
    assert desk.written() == [("PATCH", "campaign-messages")]


def test_a_campaign_beside_a_scheduled_send_may_refuse_its_name(desk: Desk) -> None:
    campaign = desk.campaign()
    second = desk.people("add_message", campaign=campaign, name="Reminder", subject="Last day", send_strategy=STATIC)
    desk.people("schedule", campaign=second)
    assert "none of its messages is scheduled" in refused(desk.write(campaign, name="Summer"))
    desk.people("switch", name="edits_beside_scheduled", value=True)
    assert isinstance(desk.write(campaign, name="Summer"), Written)


def test_only_one_send_is_removed_and_no_campaign_from_under_others(desk: Desk) -> None:
    campaign = desk.campaign()
    second = desk.people("add_message", campaign=campaign, name="Reminder")
    (outcome,) = desk.klaviyo.write([Archive(desk.held(campaign))])
    assert "other sends" in refused(outcome)
    for native in (second, campaign):
        (outcome,) = desk.klaviyo.write([Archive(desk.held(native))])
        assert isinstance(outcome, Written), outcome.error
    assert desk.written() == [("DELETE", "campaign-messages"), ("DELETE", "campaigns")]
    assert [desk.read(native) for native in (second, campaign)] == [None, None]


def test_a_send_that_somebody_removed_is_stale(desk: Desk) -> None:
    campaign = desk.campaign()
    second = desk.people("add_message", campaign=campaign, name="Reminder")
    record = desk.held(second)
    desk.people("remove_message", campaign=second)
    (outcome,) = desk.klaviyo.write([Update(record, {"name": "x"})])
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is Stale
