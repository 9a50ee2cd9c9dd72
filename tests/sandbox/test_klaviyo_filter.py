"""Klaviyo's filter language (reference esp §1.3)."""

from __future__ import annotations

import pytest

from tests.sandbox.sites import Klaviyo

EMAIL = "equals(messages.channel,'email')"


@pytest.fixture
def klaviyo() -> Klaviyo:
    klaviyo = Klaviyo(campaigns=0)
    klaviyo.created(name="Black Friday")
    klaviyo.world.advance(3600)
    klaviyo.created(name="It's (not) black, [CAM-1]")
    return klaviyo


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ([], ["Black Friday", "It's (not) black, [CAM-1]"]),
        (["contains(name,'black')"], ["Black Friday", "It's (not) black, [CAM-1]"]),
        (['contains(name,"It\'s (not) black, [CAM-1]")'], ["It's (not) black, [CAM-1]"]),
        ([r"contains(name,'It\'s')"], ["It's (not) black, [CAM-1]"]),
        (["any(status,['Draft','Sent'])"], ["Black Friday", "It's (not) black, [CAM-1]"]),
        (['any(status,["Sent"])'], []),
        (["equals(status,'Scheduled')"], []),
        (["greater-or-equal(updated_at,2026-10-05T10:00:00Z)"], ["It's (not) black, [CAM-1]"]),
        (["greater-than(updated_at,2026-10-05T10:00:00+00:00)"], []),
        (["less-than(created_at,2026-10-05T11:30:00+02:00)", "equals(archived,false)"], ["Black Friday"]),
        (["greater-than(scheduled_at,2020-01-01T00:00:00Z)"], []),
        (["and(contains(name,'Friday'),equals(archived,false))"], ["Black Friday"]),
    ],
)
def test_a_filter_finds_what_it_means(klaviyo: Klaviyo, conditions: list[str], found: list[str]) -> None:
    assert sorted(klaviyo.names(*conditions)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "equals(status,'Draft')",
        "equals(messages.channel,'fax')",
        f"{EMAIL},equals(colour,'red')",
        f"{EMAIL},equals(name,'x')",
        f"{EMAIL},contains(status,'x')",
        f"{EMAIL},any(status,'Draft')",
        f"{EMAIL},any(status,['Lost'])",
        f"{EMAIL},equals(archived,'false')",
        f"{EMAIL},greater-than(updated_at,'2026-10-05T10:00:00Z')",
        f"{EMAIL},greater-than(updated_at,2026-10-05T10:00:00)",
        f"or({EMAIL},equals(archived,true))",
        f"not({EMAIL})",
        "equals(messages.channel,'email'",
        "equals(messages.channel,email)",
        "looks-like(name,'x')",
    ],
)
def test_a_bad_filter_is_refused(klaviyo: Klaviyo, text: str) -> None:
    status, answer = klaviyo.ask("GET", "/campaigns", {"filter": text})
    assert (status, answer["errors"][0]["source"]) == (400, {"parameter": "filter"})


def test_sorting_goes_either_way(klaviyo: Klaviyo) -> None:
    assert klaviyo.names(sort="name")[0] == "Black Friday"
    assert klaviyo.names(sort="-updated_at")[0] == "It's (not) black, [CAM-1]"


def test_lists_and_segments_are_apart_and_paged_by_ten() -> None:
    klaviyo = Klaviyo(campaigns=400)
    status, page = klaviyo.ask("GET", "/segments")
    assert (status, len(page["data"])) == (200, 10)
    assert page["links"]["next"]
    assert klaviyo.ask("GET", "/segments", {"page[size]": "11"})[0] == 400
    name = page["data"][0]["attributes"]["name"]
    assert len(klaviyo.ask("GET", "/segments", {"filter": f"equals(name,'{name}')"})[1]["data"]) == 1
    assert klaviyo.ask("GET", f"/segments/{klaviyo.list}")[0] == 404
    found = klaviyo.ask("GET", f"/lists/{klaviyo.list}", {"additional-fields[list]": "profile_count"})[1]["data"]
    assert found["attributes"]["profile_count"] > 0


def test_the_account_tells_its_zone() -> None:
    assert Klaviyo().ask("GET", "/accounts")[1]["data"][0]["attributes"]["timezone"] == "Europe/Berlin"
