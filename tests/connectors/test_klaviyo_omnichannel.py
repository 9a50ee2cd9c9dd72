"""Klaviyo's revision 2026-10-15 read over HTTP: each message of a campaign is a send of its own."""

from __future__ import annotations

import json
from datetime import timedelta

from pydantic import SecretStr

from connectors.klaviyo import KlaviyoEsp
from jobs.tools_calendar import KlaviyoOptions
from jobs.tools_calendar import klaviyo as tool_type
from sync.model import Kind
from sync.ports import Create, Written
from tests.connectors.klaviyo_desk import (
    AT,
    LOCAL,
    NOW,
    SENDER,
    SMART,
    STATIC,
    THROTTLED,
    Desk,
    box,
    desk,
)

__all__ = ["box", "desk"]


def test_the_revision_chooses_the_model() -> None:
    for revision, marked in (("2026-07-15", "name"), ("2026-10-15", "description"), ("2027-01-15", "description")):
        options = KlaviyoOptions.model_validate({"revision": revision, **SENDER})
        calendar = tool_type.build("klaviyo", options, SecretStr("pk_secret")).capability.calendar
        assert calendar
        assert calendar.correlates == marked


def test_every_request_pins_the_revision_and_opts_out_of_falling_forward(desk: Desk) -> None:
    desk.sends()
    assert {one.headers["revision"] for one in desk.heard} == {"2026-10-15"}
    assert {one.headers["x-klaviyo-revision-fall-forward-opt-out"] for one in desk.heard} == {"1"}


def test_an_account_reads_alike_in_both_revisions_so_that_links_outlive_a_change_of_it(desk: Desk) -> None:
    desk.campaign("Spring [CAM-17] [cs-7k2m9x4q]", tags=["promo"])
    for strategy in (LOCAL, SMART, THROTTLED):
        desk.people("schedule", campaign=desk.campaign(str(strategy["method"]), send_strategy=strategy))
    classic = {record.ref: record for record in desk.connector(KlaviyoEsp).fetch()}
    newer = {record.ref: record for record in desk.klaviyo.fetch()}
    assert len(newer) > 6
    assert {ref: (one.fields, one.marker, one.locked) for ref, one in newer.items()} == {
        ref: (one.fields, one.marker, one.locked) for ref, one in classic.items()
    }


def test_a_second_send_takes_nothing_from_the_first_and_is_one_more(desk: Desk) -> None:
    campaign = desk.campaign("Spring [CAM-17]")
    alone = desk.sends()
    desk.box.world.advance(60)
    second = desk.people("add_message", campaign=campaign, name="Reminder", subject="Last day", audiences=[])
    both = desk.sends()
    assert both.keys() - alone.keys() == {second}
    assert both[campaign] == alone[campaign] == desk.held(campaign)
    assert both[second] == desk.held(second)
    assert (both[second].fields["name"], both[second].fields["subject"]) == ("Reminder", ["Last day"])
    assert (both[second].fields["planned"], both[second].fields["status"]) == (None, "draft")


def test_a_second_send_that_goes_again_leaves_the_first_as_it_was(desk: Desk) -> None:
    campaign = desk.campaign()
    second = desk.people("add_message", campaign=campaign, name="Reminder")
    desk.people("remove_message", campaign=second)
    assert desk.read(second) is None
    assert campaign in desk.sends()


def test_when_the_first_send_goes_the_next_one_takes_its_place(desk: Desk) -> None:
    campaign = desk.campaign()
    second = desk.people("add_message", campaign=campaign, name="Reminder", subject="Last day")
    desk.people("remove_message", campaign=campaign)
    assert second not in desk.sends()
    assert desk.read(second) is None
    assert (desk.held(campaign).fields["name"], desk.held(campaign).fields["subject"]) == ("Spring", ["Last day"])


def test_a_further_send_without_a_name_says_whose_it_is_and_claims_no_key(desk: Desk) -> None:
    campaign = desk.campaign("Spring [CAM-17]")
    second = desk.people("add_message", campaign=campaign, name="")
    assert desk.held(second).fields["name"] == "Spring [CAM-17] (further send)"
    assert isinstance(desk.write(second, name="Reminder"), Written)
    assert (desk.held(second).fields["name"], desk.held(campaign).fields["name"]) == ("Reminder", "Spring [CAM-17]")


def test_the_marker_stands_in_the_description_and_is_the_first_sends_alone(desk: Desk) -> None:
    planned = {"kind": "instant", "at": AT}
    fields = {"name": "Autumn", "audiences": {"included": [desk.list]}, "planned": planned, "tags": []}
    (outcome,) = desk.klaviyo.write([Create("cs-7k2m9x4q", Kind.CAMPAIGN, fields)])
    assert isinstance(outcome, Written), outcome.error
    assert outcome.record
    assert (outcome.record.marker, outcome.record.fields["planned"]) == ("cs-7k2m9x4q", planned)
    (made,) = desk.bodies("campaigns")
    assert made["definition"] == {"name": "Autumn", "description": "campaign-sync [cs-7k2m9x4q]"}
    second = desk.people("add_message", campaign=outcome.record.ref.native, name="Reminder")
    assert desk.held(second).marker is None


def test_what_people_write_into_a_description_is_never_touched(desk: Desk) -> None:
    campaign = desk.campaign()
    text = "Ask Ann before you move it. [cs-7k2m9x4q]"
    desk.people("describe", campaign=campaign, description=text)
    assert isinstance(desk.write(campaign, name="Summer"), Written)
    assert desk.held(campaign).marker == "cs-7k2m9x4q"
    assert desk.bodies("campaigns") == [{"definition": {"name": "Summer"}}]
    account = json.loads(desk.box.world.snapshot()["klaviyo"])
    assert account["campaigns"][campaign]["description"] == text


def test_a_marker_that_a_classic_revision_left_in_the_name_stays_there(desk: Desk) -> None:
    campaign = desk.campaign("Spring [CAM-17] [cs-7k2m9x4q]")
    assert (desk.held(campaign).fields["name"], desk.held(campaign).marker) == ("Spring [CAM-17]", "cs-7k2m9x4q")
    assert isinstance(desk.write(campaign, name="Summer"), Written)
    assert desk.bodies("campaigns") == [{"definition": {"name": "Summer [cs-7k2m9x4q]"}}]


def test_a_message_that_changes_alone_is_told_though_its_campaigns_time_stands(desk: Desk) -> None:
    quiet, campaign = desk.campaign("Quiet"), desk.campaign()
    desk.box.world.advance(3600)
    since = NOW + timedelta(minutes=30)
    assert desk.told_since(since) == []
    desk.people("schedule", campaign=campaign)
    assert desk.told_since(since) == [campaign]
    desk.people("edit", campaign=quiet, name="Loud")
    assert sorted(desk.told_since(since)) == sorted([campaign, quiet])


def test_sms_campaigns_are_none_of_ours(desk: Desk) -> None:
    text = desk.people("create", name="Text", channel="sms", audiences=[desk.list["name"]], send_strategy=STATIC)
    assert text not in desk.sends()
    assert desk.read(text) is None


def test_archived_campaigns_are_there_and_locked(desk: Desk) -> None:
    campaign = desk.campaign()
    desk.people("archive", campaign=campaign)
    assert desk.sends()[campaign].locked == "archived in Klaviyo"


def test_subjects_of_what_is_over_are_asked_for_once(desk: Desk) -> None:
    def asked() -> int:
        desk.heard.clear()
        assert desk.sends()
        return sum(one.path.endswith("/campaign-variations") for one in desk.heard)

    first, second = asked(), asked()
    over = [one for one in desk.sends().values() if one.fields["status"] in ("sent", "cancelled")]
    assert over
    assert second == first - len(over)
