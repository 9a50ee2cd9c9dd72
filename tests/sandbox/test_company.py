"""The made-up company: always the same for one seed, and with the troubles that real teams have."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from connectors.sandbox.company import CampaignSeed, Company, make_company
from connectors.sandbox.control import drifted

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
SEEDS = (1, 2, 3, 7, 42)


@pytest.fixture(params=SEEDS)
def company(request: pytest.FixtureRequest) -> Company:
    return make_company(request.param, 24, NOW)


def only_in(campaign: CampaignSeed) -> str | None:
    tools = [tool for tool in ("jira", "airtable", "klaviyo") if campaign.copy(tool) is not None]
    return tools[0] if len(tools) == 1 else None


def instants(company: Company) -> list[tuple[datetime, CampaignSeed]]:
    exact = [c for c in company.campaigns if c.truth["planned"]["type"] == "Exact time"]
    return [(datetime.fromisoformat(c.truth["planned"]["value"]), c) for c in exact]


def test_the_same_arguments_give_the_same_company_byte_for_byte() -> None:
    assert repr(make_company(3, 40, NOW)) == repr(make_company(3, 40, NOW))
    assert repr(make_company(3, 40, NOW)) != repr(make_company(4, 40, NOW))


@pytest.mark.parametrize("campaigns", [0, 1, 2, 3, 5, 6, 7, 11, 12, 13, 23, 24, 25, 60, 400, 1300])
def test_any_number_of_campaigns_can_be_had(campaigns: int) -> None:
    company = make_company(1, campaigns, NOW)

    names = Counter(campaign.truth["name"] for campaign in company.campaigns)
    assert len(company.campaigns) == campaigns
    assert {name for name, count in names.items() if count > 1} <= {"Newsletter"}
    assert all(name.isprintable() and len(name) < 60 for name in names)


@pytest.mark.parametrize("day", range(7))
def test_it_works_on_every_day_of_the_week_and_around_a_change_of_summer_time(day: int) -> None:
    for start in (NOW, datetime(2026, 3, 25, 23, 30, tzinfo=UTC), datetime(2026, 10, 22, 0, 5, tzinfo=UTC)):
        company = make_company(1, 24, start + timedelta(days=day))

        statuses = Counter(campaign.truth["status"] for campaign in company.campaigns)
        assert statuses["sent"] == 4
        assert statuses["scheduled"] >= 1
        assert statuses["planned"] >= 6


def test_twelve_people_of_five_roles_one_of_whom_has_left(company: Company) -> None:
    assert len(company.people) == 12
    assert len({member.role for member in company.people}) == 5
    assert [member.id for member in company.people if not member.active] == ["tomas"]
    accounts = [a for m in (*company.people, *company.strangers) for a in (m.jira_account, m.airtable_user) if a]
    assert len(set(accounts)) == len(accounts)
    assert all(member.jira_account and member.airtable_user for member in company.people)


def test_each_tool_has_an_account_that_the_directory_does_not_know(company: Company) -> None:
    assert [(bool(m.jira_account), bool(m.airtable_user)) for m in company.strangers] == [(True, False), (False, True)]
    owners = {stage.owner for campaign in company.campaigns for stage in campaign.stages}
    assert {"contractor", "freelancer", "tomas", None} <= owners


def test_most_campaigns_are_in_all_tools_and_two_in_each_one_only(company: Company) -> None:
    assert Counter(only_in(campaign) for campaign in company.campaigns) == {
        None: 18, "jira": 2, "airtable": 2, "klaviyo": 2
    }  # fmt: skip


def test_six_values_have_drifted_where_a_key_still_ties_the_copies(company: Company) -> None:
    drift = [change for campaign in company.campaigns for change in drifted(campaign)]

    fields = [(change["tool"], change["field"]) for change in drift]
    assert sorted(fields) == [
        ("airtable", "due"), ("airtable", "owner"), ("airtable", "planned"), ("airtable", "status"),
        ("klaviyo", "planned"), ("klaviyo", "subject"),
    ]  # fmt: skip
    for campaign in company.campaigns:
        if drifted(campaign):
            assert campaign.jira
            assert campaign.airtable
            assert campaign.esp
            assert campaign.airtable["jira_key"] == campaign.jira["key"]
            assert campaign.esp["name"].endswith(f"[{campaign.jira['key']}]")


def test_keys_are_unique_and_a_copy_names_the_right_one(company: Company) -> None:
    keys = [c.jira["key"] for c in company.campaigns if c.jira]
    keys += [s.jira_key for c in company.campaigns for s in c.stages if s.jira_key]

    assert sorted(int(key.removeprefix("CAM-")) for key in keys) == list(range(1, len(keys) + 1))
    in_both = [c for c in company.campaigns if c.jira and c.airtable]
    named = [c for c in in_both if c.jira and c.airtable and c.airtable["jira_key"] == c.jira["key"]]
    assert 0.5 < len(named) / len(in_both) < 0.9


def test_two_pairs_and_no_others_meet_in_one_audience_within_a_day(company: Company) -> None:
    at = instants(company)
    pairs = [
        (first.code, second.code)
        for t1, first in at
        for t2, second in at
        if timedelta(0) <= t2 - t1 < timedelta(days=1)
        and first is not second
        and set(first.truth["audiences"]) & set(second.truth["audiences"])
    ]

    assert len(pairs) == 2


def test_the_twins_share_a_name_and_nothing_else(company: Company) -> None:
    twins = [campaign for campaign in company.campaigns if campaign.truth["name"] == "Newsletter"]

    assert len(twins) == 2
    assert twins[0].truth["planned"] != twins[1].truth["planned"]
    assert all(twin.jira and twin.airtable and twin.esp for twin in twins)


def test_stages_have_the_gaps_that_audits_look_for(company: Company) -> None:
    stages = [(c, s) for c in company.campaigns for s in c.stages]

    assert sum(s.owner is None for _, s in stages) > 5
    assert sum(len(c.stages) < 9 for c in company.campaigns) > 5
    late = [
        s for c, s in stages if s.kind != "analysis" and s.due and s.due.isoformat() > c.truth["planned"]["value"][:10]
    ]
    assert 1 <= len(late) <= 5
    assert {s.status for _, s in stages} >= {"todo", "in_progress", "done"}
    lone = [s for c, s in stages if c.jira and c.airtable and s.in_jira != s.in_airtable]
    assert 2 <= len(lone) <= 8


def test_status_and_scheduled_time_fit_the_date(company: Company) -> None:
    for campaign in company.campaigns:
        truth = campaign.truth
        past = truth["planned"]["value"][:10] < "2026-10-05"
        assert (truth["status"] == "sent") == past
        assert (truth["scheduled"] is not None) == (truth["status"] in ("scheduled", "sent"))


def test_every_audience_and_tag_that_is_used_exists(company: Company) -> None:
    audiences = {audience.name for audience in company.audiences}

    assert len(audiences) == len(company.audiences)
    for campaign in company.campaigns:
        assert set(campaign.truth["audiences"]) <= audiences
        assert set(campaign.truth["tags"]) <= set(company.tags)


def test_sends_are_instants_mostly_and_of_the_other_kinds_too(company: Company) -> None:
    kinds = Counter(campaign.truth["planned"]["type"] for campaign in company.campaigns)

    assert kinds["Exact time"] > 15
    assert kinds["Recipient local"] >= 2
    assert kinds["Day"] >= 1
