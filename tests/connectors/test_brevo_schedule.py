"""The time of Brevo's sends: moved in one call, never to what is past, never a draft by accident."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.brevo_campaigns import BLANK
from connectors.calendar import Status
from sync.errors import Rejected, Stale, Unavailable
from tests.connectors.brevo_account import Account, at, campaign, day, queued, refusal

LATER = at("2026-11-28T14:00:00+01:00")


@pytest.fixture
def account(wire: Any) -> Account:
    return Account(wire)


def test_a_scheduled_send_is_moved_in_one_call_with_an_explicit_offset(account: Account) -> None:
    account.holds(queued(7))
    account.esp().move(account.entry(7), LATER)
    assert account.sent == [("PUT", "/emailCampaigns/7", {"scheduledAt": "2026-11-28T14:00:00+01:00"})]


def test_a_best_time_send_moves_to_another_day_and_stays_one(account: Account) -> None:
    account.holds(queued(7, sendAtBestTime=True))
    esp, entry = account.esp(), account.entry(7)
    esp.move(entry, day("2026-12-01"))
    assert account.sent == [("PUT", "/emailCampaigns/7", {"scheduledAt": "2026-12-01T12:00:00+00:00"})]
    assert account.entry(7).scheduled == day("2026-12-01")
    with pytest.raises(Rejected, match="best time of a day can only be changed there"):
        esp.move(entry, LATER)


def test_a_draft_is_never_moved_for_that_would_schedule_it(account: Account) -> None:
    account.holds(campaign(7))
    with pytest.raises(Stale, match="not scheduled any more"):
        account.esp().move(account.entry(7), LATER)
    assert account.sent == []


@pytest.mark.parametrize("late", [at("2026-11-10T08:59:00Z"), at("2026-11-10T09:00:00Z")])
def test_a_time_that_is_past_is_never_written(account: Account, late: Any) -> None:
    account.holds(queued(7), campaign(8))
    for write in (account.esp().move, account.esp().schedule):
        with pytest.raises(Rejected, match="is past"):
            write(account.entry(7 if write.__name__ == "move" else 8), late)
    assert account.sent == []


def test_a_move_without_an_answer_is_not_repeated_for_the_campaign_may_be_a_draft_by_then(account: Account) -> None:
    account.holds(queued(7))
    entry = account.entry(7)
    account.refuses = lambda _: (502, {}, "")
    with pytest.raises(Unavailable):
        account.esp().move(entry, LATER)
    assert len(account.asked) == 2


def test_a_draft_that_is_fit_is_scheduled_for_its_time(account: Account) -> None:
    account.holds(campaign(7))
    account.esp().schedule(account.entry(7), LATER)
    assert account.sent == [("PUT", "/emailCampaigns/7", {"scheduledAt": "2026-11-28T14:00:00+01:00"})]
    assert account.entry(7).status is Status.SCHEDULED


@pytest.mark.parametrize(
    ("members", "missing"),
    [
        ({"recipients": {"lists": [], "exclusionLists": [8]}}, "a list or segment to go to"),
        ({"subject": "TBD"}, "a subject line"),
        ({"htmlContent": ""}, "a content"),
        ({"htmlContent": BLANK}, "a content besides the placeholder"),
    ],
)
def test_a_draft_that_would_go_out_empty_is_not_scheduled(
    account: Account, members: dict[str, Any], missing: str
) -> None:
    account.holds(campaign(7, **members))
    with pytest.raises(Rejected, match=f"needs {missing} before"):
        account.esp().schedule(account.entry(7), LATER)
    assert account.sent == []


def test_a_draft_that_somebody_scheduled_meanwhile_is_not_scheduled_again(account: Account) -> None:
    account.holds(campaign(7))
    entry = account.entry(7)
    account.holds(queued(7))
    with pytest.raises(Stale, match="somebody just made the campaign 'queued'"):
        account.esp().schedule(entry, LATER)


def test_unscheduling_makes_a_draft(account: Account) -> None:
    account.holds(queued(7))
    account.esp().unschedule(account.entry(7))
    assert account.sent == [("PUT", "/emailCampaigns/7/status", {"status": "draft"})]


@pytest.mark.parametrize("how", ["refused", "ignored"])
def test_where_a_draft_cannot_be_made_at_once_the_campaign_is_suspended_first(account: Account, how: str) -> None:
    account.holds(queued(7))
    entry = account.entry(7)

    def strict(request: Any) -> Any:
        from_queue = account.campaigns[7]["status"] == "queued"
        if request.method != "PUT" or not from_queue or b"draft" not in request.body:
            return None
        return refusal(400, "invalid_parameter") if how == "refused" else (204, {}, "")

    account.refuses = strict
    account.esp().unschedule(entry)
    assert [body["status"] for _, _, body in account.sent] == ["suspended", "draft"]
    assert account.entry(7).status is Status.DRAFT


def test_a_campaign_that_is_only_suspended_is_unscheduled_too(account: Account) -> None:
    account.holds(queued(7))
    entry = account.entry(7)
    account.refuses = lambda r: refusal(400, "invalid_parameter") if b"draft" in (r.body or b"") else None
    account.esp().unschedule(entry)
    assert account.entry(7).status is Status.PAUSED


def test_a_campaign_that_stays_scheduled_is_said_to(account: Account) -> None:
    account.holds(queued(7))
    entry = account.entry(7)
    account.refuses = lambda r: refusal(400, "invalid_parameter", "Not so.") if r.method == "PUT" else None
    with pytest.raises(Rejected, match=r"did not let the campaign be unscheduled; do it there.*Not so"):
        account.esp().unschedule(entry)
