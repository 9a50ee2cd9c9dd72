"""What became of Brevo's sends: counts with the listing, orders where the account has them, old sends by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.brevo_account import COUNTS, Account, campaign, refusal


@pytest.fixture
def account(wire: Any) -> Account:
    return Account(wire)


def sent(number: int, on: str, **changes: Any) -> dict[str, Any]:
    counted = {"statistics": {"globalStats": COUNTS}}
    return campaign(number, **{"status": "sent", "scheduledAt": on, "sentDate": on, **counted, **changes})


def test_counts_come_with_the_listing_and_machine_opens_apart(account: Account) -> None:
    account.holds(sent(7, "2026-11-01T08:00:00Z"), campaign(8, statistics={"globalStats": COUNTS}))
    over, draft = account.esp(conversions=False).entries()
    assert over.metrics == {
        "delivered": 980, "opens": 500, "machine_opens": 120, "clicks": 80, "unsubscribes": 4, "bounces": 20,
    }  # fmt: skip
    assert draft.metrics == {}


def test_a_count_that_is_not_told_is_left_out_and_no_zero(account: Account) -> None:
    some = {"globalStats": {"delivered": 5, "hardBounces": 1, "uniqueViews": "many", "uniqueClicks": True}}
    account.holds(sent(7, "2026-11-01T08:00:00Z", statistics=some))
    assert account.entry(7).metrics == {"delivered": 5}


def test_counts_of_a_send_of_long_ago_come_from_a_look_at_it_alone(account: Account) -> None:
    account.holds(sent(7, "2026-03-01T08:00:00Z"))
    esp = account.esp()
    (listed,) = esp.entries()
    assert listed.metrics == {}, "a listing counts the events of six months only"
    assert esp.measure(["7", "99"])["7"]["delivered"] == 980


def test_orders_are_asked_for_once_a_page_and_for_recent_sends_only(account: Account) -> None:
    account.holds(sent(7, "2026-11-01T08:00:00Z"), sent(8, "2026-09-01T08:00:00Z"), campaign(9))
    account.orders = [{"id": 7, "ordersCount": 12, "revenue": 300.0}]
    recent, old, _ = account.esp().entries()
    assert recent.metrics["conversions"] == 12
    assert "conversions" not in old.metrics
    assert [query.get("emailCampaignId[]") for _, path, query in account.asked if "attribution" in path] == [["7"]]


@pytest.mark.parametrize("status", [402, 403])
def test_an_account_without_the_commerce_add_on_has_no_orders_and_no_trouble(account: Account, status: int) -> None:
    account.holds(sent(7, "2026-11-01T08:00:00Z"))
    account.refuses = lambda r: refusal(status, "permission_denied") if "ecommerce" in str(r.url) else None
    esp = account.esp()
    for _ in range(2):
        (entry,) = esp.entries()
        assert "conversions" not in entry.metrics
        assert entry.metrics["delivered"] == 980
    assert account.hourly() == 3, "it is not asked again"


def test_whoever_knows_that_there_are_no_orders_saves_the_call(account: Account) -> None:
    account.holds(sent(7, "2026-11-01T08:00:00Z"))
    list(account.esp(conversions=False).entries())
    assert account.hourly() == 1


def test_that_there_are_no_orders_is_told_to_the_next_run_until_that_forgets_it(account: Account) -> None:
    account.holds(sent(7, "2026-11-01T08:00:00Z"))
    account.refuses = lambda r: refusal(403, "permission_denied") if "ecommerce" in str(r.url) else None
    first, later = account.esp(), account.esp()
    list(first.entries())
    later.recall(first.memory())
    before = account.hourly()
    list(later.entries())
    assert account.hourly() == before + 1
    later.recall({})
    list(later.entries())
    assert account.hourly() == before + 3
