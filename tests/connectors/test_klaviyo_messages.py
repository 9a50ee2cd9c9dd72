"""What Klaviyo shows in revision 2026-10-15, in forms that nobody expects: told for what it is, and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.calendar import Entry, SendTime, Status
from connectors.klaviyo_messages import Variation, campaigns_of, entries_of, plan_for, schedule_for
from sync.errors import Rejected
from sync.ports import TimeKind

AT = "2026-11-27T13:00:00+00:00"
INSTANT = SendTime(TimeKind.INSTANT, datetime(2026, 11, 27, 13, tzinfo=UTC))
DAY = SendTime(TimeKind.DAY, datetime(2026, 11, 27))
WALL = SendTime(TimeKind.RECIPIENT_LOCAL, datetime(2026, 11, 27, 13))
STAGGERED = SendTime(TimeKind.STAGGERED, datetime(2026, 11, 27, 13, tzinfo=UTC))


def message(native: str = "M1", created: str = "2026-11-01T09:00:00+00:00", **definition: Any) -> dict[str, Any]:
    options = {"send_strategy": "static", "send_time": AT}
    whole = {"name": "Email", "status": "draft", "send_options": options} | definition
    return {
        "type": "campaign-message",
        "id": native,
        "attributes": {"created": created, "updated": created, "definition": whole},
        "relationships": {"campaign-audience": {"data": {"type": "campaign-audience", "id": "A1"}}},
    }


def document(*messages: dict[str, Any], included: tuple[str, ...] = ("A1",), **definition: Any) -> dict[str, Any]:
    """The answer that is one campaign. `included`: the audience resources that come with it."""
    sides = {"definition": {"included": ["L1"], "excluded": ["S1"]}}
    audiences = [{"type": "campaign-audience", "id": id_, "attributes": sides} for id_ in included]
    attributes = {"updated_at": "2026-11-02T09:00:00+00:00", "definition": {"name": "Spring"} | definition}
    relationships = {
        "campaign-messages": {"data": [{"type": "campaign-message", "id": one["id"]} for one in messages]},
        "campaign-audiences": {"data": [{"type": "campaign-audience", "id": "A1"}]},
        "tags": {"data": []},
    }
    data = {"type": "campaign", "id": "C1", "attributes": attributes, "relationships": relationships}
    return {"data": data, "included": [*messages, *audiences]}


def entries(shown: dict[str, Any], **variations: list[Variation]) -> list[Entry]:
    (campaign,) = campaigns_of(shown)
    email = {one.id: [Variation("V1", "email", "Hello")] for one in campaign.messages}
    return entries_of(campaign, email | variations)


def entry(shown: dict[str, Any]) -> Entry:
    (found,) = entries(shown)
    return found


def test_the_oldest_email_goes_by_the_campaigns_id_in_whatever_order_they_come() -> None:
    first, second = message("M9", "2026-11-01T09:00:00+00:00"), message("M1", "2026-11-02T09:00:00+00:00")
    for order in ((first, second), (second, first)):
        assert [one.id for one in entries(document(*order))] == ["C1", "M1"]
    text = [Variation("V2", "sms", None)]
    assert [one.id for one in entries(document(first, second), M9=text)] == ["C1"]


def test_a_campaign_without_a_message_sends_nothing() -> None:
    assert entries(document()) == []


@pytest.mark.parametrize(
    ("strategy", "time"),
    [
        ("static", INSTANT),
        ("content_variation", INSTANT),
        ("ab_send_time_test", INSTANT),
        ("local_timezone", WALL),
        ("content_variation_local_timezone", WALL),
        ("throttled", STAGGERED),
        ("variation_per_second_throttled", STAGGERED),
        ("send_time_optimization", DAY),
        ("personalized_send_time_optimization", DAY),
    ],
)
def test_each_strategy_says_how_its_time_is_meant(strategy: str, time: SendTime) -> None:
    options = {"send_strategy": strategy, "send_time": AT}
    draft, scheduled = (entry(document(message(status=one, send_options=options))) for one in ("draft", "scheduled"))
    assert (draft.planned, draft.scheduled) == (time, None)
    assert (scheduled.planned, scheduled.scheduled) == (time, time)


@pytest.mark.parametrize(
    "options",
    [
        {"send_strategy": "psychic", "send_time": AT},
        {"send_strategy": "static", "send_time": "soon"},
        {"send_strategy": "static", "send_time": "2026-11-27T13:00:00"},
        {"send_strategy": None, "send_time": AT},
    ],
)
def test_a_time_of_another_form_is_told_as_it_is_and_never_taken_for_a_moment(options: dict[str, Any]) -> None:
    found = entry(document(message(send_options=options)))
    assert (found.planned, found.odd) == (None, {"planned": options})


@pytest.mark.parametrize("options", [None, {}, {"send_strategy": "static", "send_time": None}])
def test_a_draft_without_a_time_has_none(options: Any) -> None:
    found = entry(document(message(send_options=options)))
    assert (found.planned, found.odd) == (None, {})


def test_where_the_message_tells_no_strategy_the_campaigns_counts() -> None:
    options = {"send_strategy": None, "send_time": AT}
    shown = document(message(send_options=options), send_settings={"send_strategy": "timezone"})
    assert entry(shown).planned == WALL


def test_an_unknown_status_and_a_missing_name_are_told_and_the_rest_is_read() -> None:
    found = entry(document(message(status="psychic"), name=None))
    assert (found.status, found.status_raw, found.odd, found.subjects) == (
        Status.UNKNOWN, "psychic", {"name": None}, ("Hello",),
    )  # fmt: skip


def test_audiences_that_did_not_come_are_not_known_and_not_empty() -> None:
    assert entry(document(message(), included=())).audiences is None
    assert entry(document(message())).audiences == (("L1",), ("S1",))


@pytest.mark.parametrize("strategy", ["throttled", "content_variation", "ab_send_time_test", "psychic"])
def test_a_strategy_that_cannot_be_written_is_left_alone(strategy: str) -> None:
    options = {"send_strategy": strategy, "send_time": AT}
    with pytest.raises(Rejected, match=strategy):
        plan_for(entry(document(message(send_options=options))), INSTANT)


@pytest.mark.parametrize("at", [INSTANT, WALL, DAY])
@pytest.mark.parametrize("late", [True, False, None])
def test_a_schedule_always_says_a_strategy_and_a_time(at: SendTime, late: bool | None) -> None:
    shown = document(message(), send_settings={"send_passed_rltz_immediately": late})
    attributes = schedule_for(entry(shown), at)["attributes"]
    assert attributes["strategy"] in ("static", "local_timezone", "smart_send_time")
    assert attributes.get("send_time") == AT or attributes.get("send_date") == "2026-11-27"
    if at is WALL:
        assert attributes["timezone_options"] == {"send_past_timezones_tomorrow": late is not True}
