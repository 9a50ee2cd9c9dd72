"""What became of Mailchimp campaigns: counts from reports, by few requests, and no rate of the vendor's."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.mailchimp_reports import counts
from sync.ports import Metering
from tests.connectors.mailchimp_account import Account, campaign, problem, report


@pytest.fixture
def mailchimp(wire: Any) -> Account:
    return Account(wire)


def test_counts_are_people_and_delivered_is_what_did_not_bounce() -> None:
    told = {"delivered": 9900, "opens": 4000, "clicks": 500, "conversions": 40, "unsubscribes": 12, "bounces": 100}
    assert counts(report("C1"), store=True) == told
    assert "conversions" not in counts(report("C1"), store=False)


def test_what_is_not_told_or_no_number_is_left_out() -> None:
    assert counts({"id": "C1"}, store=True) == {}
    assert counts(
        report("C1", bounces=None, opens={"unique_opens": True}, clicks=[], unsubscribed="12"), store=True
    ) == {"conversions": 40}
    assert counts({"bounces": {"hard_bounces": 3}}, store=True) == {"bounces": 3}


def test_several_sends_are_measured_by_one_listing_from_a_day_before_the_earliest(mailchimp: Account) -> None:
    mailchimp.holds(
        campaign("C1", status="sent", at="2026-10-20T09:00:00+00:00"),
        campaign("C2", status="sent", at="2026-10-24T09:00:00+00:00", timewarp=True),
        campaign("C3", status="sent", at="2026-01-24T09:00:00+00:00"),
    )
    mailchimp.reports = [report("C1"), report("C2"), report("C3")]
    esp = mailchimp.esp()
    assert esp.calendar.metering is Metering.REPORT
    list(esp.entries())
    assert set(esp.measure(["C1", "C2"])) == {"C1", "C2"}
    (query,) = mailchimp.queries("/reports")
    assert (query["since_send_time"], query["count"]) == ("2026-10-19T09:00:00+00:00", "1000")


def test_without_knowing_when_each_went_out_all_reports_are_listed(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1", status="sent", at="2026-10-20T09:00:00+00:00"))
    mailchimp.reports = [report("C1"), report("C2"), report("C3")]
    esp = mailchimp.esp()
    list(esp.entries())
    assert set(esp.measure(["C1", "C3", "GONE"])) == {"C1", "C3"}
    (query,) = mailchimp.queries("/reports")
    assert "since_send_time" not in query


def test_one_send_is_measured_by_its_own_report(mailchimp: Account) -> None:
    mailchimp.reports = [report("C1")]
    assert mailchimp.esp().measure(["C1"])["C1"]["delivered"] == 9900
    assert mailchimp.esp().measure(["GONE"]) == {}
    assert not mailchimp.queries("/reports")


def test_nothing_is_asked_for_nothing(mailchimp: Account) -> None:
    assert mailchimp.esp().measure([]) == {}
    assert not mailchimp.asked()


@pytest.mark.parametrize(("selling", "conversions"), [(("L1",), 0), ((), None)])
def test_no_orders_mean_none_only_where_a_shop_is_connected(
    mailchimp: Account, selling: tuple[str, ...], conversions: int | None
) -> None:
    mailchimp.selling = selling
    mailchimp.reports = [report(id_, ecommerce={"total_orders": 0}) for id_ in ("C1", "C2")]
    measured = mailchimp.esp().measure(["C1", "C2"])
    assert [told.get("conversions") for told in measured.values()] == [conversions] * 2
    assert len(mailchimp.queries("/lists")) == 1


def test_where_the_account_may_not_know_of_shops_the_other_counts_stand(mailchimp: Account) -> None:
    mailchimp.reports = [report("C1", ecommerce={"total_orders": 0})]
    esp = mailchimp.esp()
    answer = mailchimp._told("/reports/C1", {})
    mailchimp.next = [answer, problem(403, "Your plan has no stores.")]
    assert esp.measure(["C1"])["C1"]["opens"] == 4000
