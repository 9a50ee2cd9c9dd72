"""The Mailchimp stand-in's schedule and clock: quarter hours, Timewarp, sending, and what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.sandbox.mailchimp_site import QUARTER, Mailchimp, wrong
from tests.sandbox.sites import NOW

UNHELPFUL = (400, "This campaign cannot be scheduled: .")


def until(mailchimp: Mailchimp, at: str, seconds: float = 0) -> None:
    """The clock stands at a moment, or some seconds after it."""
    mailchimp.world.set_clock(datetime.fromisoformat(at) + timedelta(seconds=seconds))


def test_a_schedule_is_a_time_and_its_end_is_an_empty_text() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.create()
    assert mailchimp.schedule(id, "2026-10-20T15:15:00+02:00") == (204, None)
    shown = mailchimp.read(id)
    assert (shown["status"], shown["send_time"]) == ("schedule", QUARTER)
    assert mailchimp.act(id, "unschedule") == (204, None)
    shown = mailchimp.read(id)
    assert (shown["status"], shown["send_time"]) == ("save", "")
    assert mailchimp.act(id, "unschedule")[0] == 400


@pytest.mark.parametrize("time", ["13:10:00", "13:15:01", "13:14:59", "13:15:00.5"])
def test_a_time_off_the_grid_is_refused_without_a_reason(time: str) -> None:
    mailchimp = Mailchimp()
    id = mailchimp.create()
    assert wrong(mailchimp.schedule(id, f"2026-10-20T{time}Z")) == UNHELPFUL
    mailchimp.switch("rounds_to_grid", True)
    assert mailchimp.schedule(id, f"2026-10-20T{time}Z") == (204, None)
    assert mailchimp.read(id)["send_time"] in (QUARTER, "2026-10-20T13:30:00+00:00")


def test_what_cannot_be_scheduled_is_refused_without_a_reason_and_the_checklist_knows_it() -> None:
    mailchimp = Mailchimp()
    bare = mailchimp.ask("POST", "/campaigns", body={"type": "regular"})[1]["id"]
    assert wrong(mailchimp.schedule(bare)) == UNHELPFUL
    checklist = mailchimp.ask("GET", f"/campaigns/{bare}/send-checklist")[1]
    assert checklist["is_ready"] is False
    wanting = {one["heading"] for one in checklist["items"] if one["type"] == "error"}
    assert wanting == {"List", "Recipients", "Subject Line", "From", "Content"}
    id = mailchimp.create()
    assert mailchimp.ask("GET", f"/campaigns/{id}/send-checklist")[1]["is_ready"] is True
    assert wrong(mailchimp.schedule(id, NOW.isoformat())) == UNHELPFUL, "now is no future"
    assert mailchimp.schedule(id) == (204, None)
    assert wrong(mailchimp.schedule(id)) == UNHELPFUL, "it is scheduled already"
    assert wrong(mailchimp.act(id, "schedule", {})) == (400, "schedule_time")
    assert wrong(mailchimp.schedule(id, "tomorrow")) == (400, "schedule_time")


@pytest.mark.parametrize(
    "made",
    [
        {"type": "rss", "rss_opts": {"feed_url": "https://acme.example/feed", "frequency": "weekly"}},
        {"type": "variate", "variate_settings": {"winner_criteria": "opens", "send_times": [QUARTER, "2026-10-21"]}},
    ],
)
def test_what_follows_its_own_schedule_cannot_be_given_another(made: dict[str, Any]) -> None:
    mailchimp = Mailchimp()
    id = mailchimp.human("create", name="Digest", audience="Newsletter DACH", subject="Digest", **made)["id"]
    assert wrong(mailchimp.schedule(id)) == UNHELPFUL


def test_timewarp_is_readable_and_a_send_in_batches_is_not() -> None:
    mailchimp = Mailchimp()
    batches = {"batch_delay": 10, "batch_count": 4}
    warped, plain, batched = mailchimp.create(), mailchimp.scheduled(), mailchimp.scheduled(batch_delivery=batches)
    answer = mailchimp.schedule(warped, timewarp=True, batch_delivery=batches)
    assert wrong(answer) == (400, "batch_delivery")
    assert mailchimp.schedule(warped, timewarp=True) == (204, None)
    assert mailchimp.read(warped)["settings"]["timewarp"] is True
    one, other = mailchimp.read(plain), mailchimp.read(batched)
    for own in ("id", "web_id", "archive_url", "long_archive_url", "_links"):
        del one[own], other[own]
    assert one == other
    until(mailchimp, QUARTER, 120)
    assert [mailchimp.read(id)["status"] for id in (plain, batched)] == ["sent", "sending"]


def test_timewarp_begins_in_the_east_and_needs_the_time_for_it() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.create()
    assert wrong(mailchimp.schedule(id, "2026-10-05T20:00:00Z", timewarp=True)) == UNHELPFUL
    mailchimp.schedule(id, timewarp=True)
    until(mailchimp, "2026-10-19T23:14:59Z")  # 13:15 comes first where the clocks are 14 hours ahead
    assert mailchimp.read(id)["status"] == "schedule"
    until(mailchimp, "2026-10-19T23:15:00Z")
    assert mailchimp.read(id)["status"] == "sending"
    until(mailchimp, "2026-10-21T01:15:00Z")
    assert mailchimp.read(id)["status"] == "sent"


def test_timewarp_may_mean_the_clock_of_the_account() -> None:
    mailchimp = Mailchimp()
    mailchimp.switch("timewarp_by_account", True)
    id = mailchimp.scheduled(timewarp=True)
    until(mailchimp, "2026-10-20T01:14:59Z")  # 15:15 there
    assert mailchimp.read(id)["status"] == "schedule"
    until(mailchimp, "2026-10-20T01:15:00Z")
    assert mailchimp.read(id)["status"] == "sending"


def test_a_scheduled_campaign_is_sent_at_its_time_and_the_log_says_so() -> None:
    mailchimp = Mailchimp(campaigns=0)
    id = mailchimp.scheduled()
    until(mailchimp, QUARTER, -1)
    assert mailchimp.read(id)["status"] == "schedule"
    until(mailchimp, QUARTER, 30)
    shown = mailchimp.read(id)
    assert (shown["status"], shown["delivery_status"]["status"]) == ("sending", "delivering")
    assert 0 < shown["emails_sent"] < 48210
    until(mailchimp, QUARTER, 60)
    shown = mailchimp.read(id)
    assert (shown["status"], shown["emails_sent"], shown["send_time"]) == ("sent", 48210, QUARTER)
    assert mailchimp.sends() == [(id, "its time has come")]
    assert mailchimp.act(id, "unschedule")[0] == 400


def test_sending_at_once_works_and_is_shouted_into_the_log() -> None:
    mailchimp = Mailchimp()
    id, bare = mailchimp.create(), mailchimp.ask("POST", "/campaigns", body={"type": "regular"})[1]["id"]
    assert mailchimp.act(bare, "send")[0] == 400
    assert mailchimp.sends() == []
    assert mailchimp.act(id, "send") == (204, None)
    assert mailchimp.read(id)["status"] == "sending"
    assert mailchimp.sends() == [(id, "SENT AT ONCE by actions/send")]


def test_an_rss_campaign_that_goes_on_again_is_shouted_into_the_log() -> None:
    mailchimp = Mailchimp()
    feed = {"feed_url": "https://acme.example/feed", "frequency": "daily"}
    id = mailchimp.human("create", name="Feed", type="rss", rss_opts=feed, subject="x", audience=mailchimp.list)["id"]
    assert mailchimp.act(id, "send") == (204, None)
    assert mailchimp.act(id, "pause") == (204, None)
    assert mailchimp.listed(status="paused")[0]["id"] == id
    assert mailchimp.act(id, "resume") == (204, None)
    assert [why for _, why in mailchimp.sends()] == ["SENT AT ONCE by actions/send", "SENDS AGAIN by actions/resume"]


def test_stopping_a_send_is_for_those_who_pay() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.scheduled()
    until(mailchimp, QUARTER, 30)
    assert mailchimp.act(id, "cancel-send")[0] == 403
    mailchimp.switch("cancel_included", True)
    assert mailchimp.act(id, "cancel-send") == (204, None)
    assert mailchimp.read(id)["status"] == "canceling"
    mailchimp.world.advance(3600)
    shown = mailchimp.read(id)
    assert (shown["status"], shown["emails_sent"] + shown["delivery_status"]["emails_canceled"]) == ("canceled", 48210)
    assert id not in [row["id"] for row in mailchimp.listed(status="sent")]


def test_figures_grow_ever_more_slowly_and_agree_with_the_report() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.scheduled()
    assert mailchimp.ask("GET", f"/reports/{id}")[0] == 404
    assert "report_summary" not in mailchimp.read(id)
    opens = []
    for hours in (1, 9, 17, 25, 24 * 30):
        until(mailchimp, QUARTER, hours * 3600)
        report = mailchimp.ask("GET", f"/reports/{id}")[1]
        summary = mailchimp.read(id)["report_summary"]
        opens.append(summary["unique_opens"])
        assert (report["opens"]["unique_opens"], report["opens"]["open_rate"]) == (opens[-1], summary["open_rate"])
        assert report["ecommerce"]["total_orders"] == summary["ecommerce"]["total_orders"]
    gained = [later - earlier for earlier, later in pairwise(opens)]
    assert gained[0] > gained[1] > gained[2] > 0
    assert opens[-1] > opens[-2]
    bounced = report["bounces"]["hard_bounces"] + report["bounces"]["soft_bounces"]
    assert 0 < bounced < 1000
    assert summary["open_rate"] == pytest.approx(opens[-1] / (48210 - bounced), abs=1e-4)
    assert summary["open_rate"] < 1 < report["list_stats"]["open_rate"], "a ratio here, percent there"
    assert mailchimp.ask("GET", "/lists", {"has_ecommerce_store": "true"})[1]["total_items"] == 14
    mailchimp.switch("store_connected", False)
    assert mailchimp.ask("GET", "/lists", {"has_ecommerce_store": "true"})[1]["total_items"] == 0
    assert mailchimp.read(id)["report_summary"]["ecommerce"]["total_orders"] == 0


def test_reports_are_listed_by_the_time_of_the_send() -> None:
    mailchimp = Mailchimp(campaigns=0)
    ids = [mailchimp.scheduled(), mailchimp.scheduled("2026-10-21T13:15:00Z")]
    until(mailchimp, "2026-10-22T00:00:00Z")
    everything = mailchimp.ask("GET", "/reports")[1]
    assert [row["id"] for row in everything["reports"]] == ids[::-1]
    page = mailchimp.ask("GET", "/reports", {"since_send_time": "2026-10-21T00:00:00Z"})[1]
    assert ([row["id"] for row in page["reports"]], page["total_items"]) == (ids[1:], 1)


def test_the_points_that_the_reference_leaves_open_can_be_turned() -> None:
    mailchimp = Mailchimp(campaigns=0)
    draft, scheduled = mailchimp.create(), mailchimp.scheduled()
    mailchimp.switch("draft_send_time", "null")
    assert mailchimp.read(draft)["send_time"] is None
    mailchimp.switch("draft_send_time", "absent")
    assert "send_time" not in mailchimp.read(draft)
    mailchimp.switch("draft_send_time", "empty")
    mailchimp.switch("shows_scheduled_time", False)
    assert mailchimp.read(scheduled)["send_time"] == ""
    with pytest.raises(ValueError, match="no switch wonder"):
        mailchimp.switch("wonder", True)
    with pytest.raises(ValueError, match="takes true or false"):
        mailchimp.switch("strict_edits", "yes")
