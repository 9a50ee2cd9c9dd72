"""The made-up company with other ESPs than Klaviyo: it plans nothing that its ESP cannot do."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from connectors.sandbox.company import Company, make_company
from connectors.sandbox.control import drifted
from tests.sandbox.sites import NOW


def company(*esps: str) -> Company:
    return make_company(1, 24, NOW, esps)


def drift(*esps: str) -> list[tuple[str, str]]:
    """Tool and field of what has drifted."""
    found = [change for campaign in company(*esps).campaigns for change in drifted(campaign)]
    return sorted((change["tool"], change["field"]) for change in found)


def test_the_esp_changes_what_the_company_plans_as_little_as_can_be() -> None:
    one, other = company("klaviyo"), company("ics")
    for mine, theirs in zip(one.campaigns, other.campaigns, strict=True):
        assert mine.truth == theirs.truth
        assert [copy is None for copy in (mine.jira, mine.esp)] == [copy is None for copy in (theirs.jira, theirs.esp)]
        assert (mine.calendar, theirs.calendar) == ("klaviyo", "ics")


@pytest.mark.parametrize(
    ("esp", "without"), [("klaviyo", set()), ("mailchimp", {"Day"}), ("brevo", {"Recipient local"})]
)
def test_nobody_plans_a_kind_of_send_that_the_esp_has_not(esp: str, without: set[str]) -> None:
    kinds = {campaign.truth["planned"]["type"] for campaign in company(esp).campaigns}
    assert kinds == {"Exact time", "Recipient local", "Day"} - without


def test_a_campaign_in_mailchimp_goes_to_one_audience_and_two_pairs_still_meet() -> None:
    campaigns = company("mailchimp").campaigns
    assert {len(campaign.truth["audiences"]) for campaign in campaigns} == {1}
    neighbours = Counter(one.truth["audiences"] == other.truth["audiences"] for one, other in pairwise(campaigns))
    assert neighbours[True] == 2


@pytest.mark.parametrize("esp", ["mailchimp", "brevo"])
def test_what_a_draft_does_not_show_cannot_drift_there(esp: str) -> None:
    there = [field for tool, field in drift(esp) if tool == esp]
    assert sorted(there) == ["name", "subject"]
    assert len(drift(esp)) == 6


def test_several_esps_take_turns() -> None:
    campaigns = company("mailchimp", "brevo", "klaviyo").campaigns
    assert [one.calendar for one in campaigns[:4]] == ["mailchimp", "brevo", "klaviyo", "mailchimp"]
    for campaign in campaigns:
        others = {"mailchimp", "brevo", "klaviyo"} - {campaign.calendar}
        assert [campaign.copy(name) for name in others] == [None, None]
        assert campaign.copy(campaign.calendar) == campaign.esp
    assert len(drift("mailchimp", "brevo", "klaviyo")) >= 6
