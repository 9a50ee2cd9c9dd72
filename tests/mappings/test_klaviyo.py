"""Klaviyo: names with keys, send strategies, a status that is only a view, audiences."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from mappings.bind import bind
from mappings.load import load
from sync.model import Day, Instant, Kind, Record, Value, WallClock, schema
from sync.ports import NativeField, Refusal
from tests.mappings.company import AUDIENCES, PEOPLE, ZONE, bound, record

KLAVIYO = bound("klaviyo")
NOON = Instant(datetime(2026, 11, 27, 12, tzinfo=UTC))
LATER = Instant(datetime(2026, 11, 28, 13, tzinfo=UTC))
STATIC: dict[str, Any] = {"method": "static", "datetime": "2026-11-27T12:00:00+00:00", "options": {"is_local": False}}


def plan(value: Value, strategy: dict[str, Any] | None) -> Any:
    native = KLAVIYO.put(Kind.CAMPAIGN, {"planned_send": value}, record("klaviyo", send_strategy=strategy))
    refusal = native.refusals.get("planned_send")
    return refusal.reason if refusal else native.fields.get("send_strategy")


def read(strategy: dict[str, Any] | None) -> Value:
    return KLAVIYO.get(record("klaviyo", send_strategy=strategy)).values["planned_send"]


def test_the_key_in_a_name_is_read_kept_and_not_shown() -> None:
    held = record("klaviyo", name="Spring sale [CAM-17]")

    assert KLAVIYO.get(held).values["name"] == "Spring sale"
    assert KLAVIYO.get(held).key == "CAM-17"
    assert KLAVIYO.put(Kind.CAMPAIGN, {"name": "Summer sale"}, held).fields == {"name": "Summer sale [CAM-17]"}
    assert KLAVIYO.put(Kind.CAMPAIGN, {"name": "Spring sale"}, held).fields == {}
    assert KLAVIYO.put(Kind.CAMPAIGN, {"name": "Spring sale"}, None).fields == {"name": "Spring sale"}


def test_a_name_is_never_emptied() -> None:
    native = KLAVIYO.put(Kind.CAMPAIGN, {"name": None}, record("klaviyo", name="Sale"))

    assert native.fields == {}
    assert "cannot be emptied" in native.refusals["name"].reason


@pytest.mark.parametrize(
    ("strategy", "value"),
    [
        (STATIC, NOON),
        ({**STATIC, "options": {"is_local": True}}, WallClock(datetime(2026, 11, 27, 12))),
        ({"method": "throttled", "datetime": "2026-11-27T13:00:00+01:00", "throttle_percentage": 10}, NOON),
        ({"method": "smart_send_time", "date": "2026-11-27"}, Day(date(2026, 11, 27))),
        ({"method": "immediate"}, None),
        ({"method": "ab_test_campaign"}, None),
        (None, None),
    ],
)
def test_strategies_read_as_what_they_mean(strategy: dict[str, Any] | None, value: Value) -> None:
    assert read(strategy) == value


def test_rescheduling_keeps_what_is_not_ours() -> None:
    local = {**STATIC, "options": {"is_local": True, "send_past_recipients_immediately": True}}
    throttled = {"method": "throttled", "datetime": "2026-11-27T12:00:00+00:00", "throttle_percentage": 10}

    assert plan(WallClock(datetime(2026, 11, 28, 9)), local) == {**local, "datetime": "2026-11-28T09:00:00+00:00"}
    assert plan(LATER, throttled) == {**throttled, "datetime": "2026-11-28T13:00:00+00:00"}
    assert plan(LATER, STATIC) == {**STATIC, "datetime": "2026-11-28T13:00:00+00:00"}
    assert plan(LATER, None) == {**STATIC, "datetime": "2026-11-28T13:00:00+00:00"}


def test_a_day_and_a_time_may_replace_each_other() -> None:
    smart = {"method": "smart_send_time", "date": "2026-11-27"}

    assert plan(Day(date(2026, 11, 27)), STATIC) == smart
    assert plan(NOON, smart) == STATIC


@pytest.mark.parametrize(
    ("value", "strategy", "words"),
    [
        (Day(date(2026, 11, 28)), {"method": "throttled", "datetime": "2026-11-27T12:00:00+00:00"}, "in batches"),
        (
            WallClock(datetime(2026, 11, 28)),
            {"method": "throttled", "datetime": "2026-11-27T12:00:00+00:00"},
            "batches",
        ),
        (LATER, {"method": "immediate"}, "set to 'immediate'"),
        (LATER, {"method": "ab_test_campaign"}, "set to 'ab_test_campaign'"),
        (None, STATIC, "cannot take back"),
    ],
)
def test_what_would_change_how_it_is_sent_is_refused(value: Value, strategy: dict[str, Any], words: str) -> None:
    assert words in plan(value, strategy)


def test_a_method_that_nobody_knows_is_a_trouble() -> None:
    assert "'psychic'" in KLAVIYO.get(record("klaviyo", send_strategy={"method": "psychic"})).troubles["planned_send"]


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ({"method": "static", "is_local": False, "value": "2026-11-27T12:00:00+00:00"}, NOON),
        ({"is_local": True, "value": "2026-11-27T12:00:00+00:00"}, WallClock(datetime(2026, 11, 27, 12))),
        ({"method": "smart_send_time", "is_local": False, "value": "2026-11-27"}, Day(date(2026, 11, 27))),
        (None, None),
    ],
)  # fmt: skip
def test_the_scheduled_send_is_read_only(sent: dict[str, Any] | None, value: Value) -> None:
    assert KLAVIYO.get(record("klaviyo", send_time=sent)).values["scheduled_send"] == value
    assert not KLAVIYO.views(Kind.CAMPAIGN)["scheduled_send"].writable
    assert KLAVIYO.put(Kind.CAMPAIGN, {"scheduled_send": NOON, "status": "sent"}, record("klaviyo")).fields == {}


def test_a_draft_shows_that_nothing_is_scheduled_and_hides_nothing_else() -> None:
    status = KLAVIYO.views(Kind.CAMPAIGN)["status"]

    assert not status.writable
    assert status.project("in_review") == "planned"
    assert status.lift("in_review", "planned") == "in_review"
    assert status.lift("sent", "planned") == "planned"
    assert status.lift("approved", "scheduled") == "scheduled"


@pytest.mark.parametrize(
    ("word", "value"),
    [("Draft", "planned"), ("Preparing to schedule", "scheduled"), ("Variations Sent", "sending"), ("Sent", "sent"),
     ("Cancelled: No Recipients", "cancelled")],
)  # fmt: skip
def test_status_words(word: str, value: str) -> None:
    assert KLAVIYO.get(record("klaviyo", status=word)).values["status"] == value


def test_an_unknown_status_is_a_trouble() -> None:
    reading = KLAVIYO.get(record("klaviyo", status="Unknown"))

    assert "'Unknown'" in reading.troubles["status"]
    assert "status" not in reading.values


def test_audiences_go_by_name_and_the_excluded_stay() -> None:
    newsletter = {"id": "Y6nRLr", "name": "Newsletter list"}
    held = record("klaviyo", audiences={"included": [newsletter], "excluded": [{"id": "Xk2p9a"}]})

    native = KLAVIYO.put(Kind.CAMPAIGN, {"audiences": frozenset({"VIP customers", "Not in Klaviyo"})}, held)

    assert KLAVIYO.get(held).values["audiences"] == frozenset({"Newsletter list"})
    assert native.fields["audiences"] == {
        "included": [{"id": "UTd5ui", "name": "VIP customers"}],
        "excluded": [{"id": "Xk2p9a"}],
    }


def test_a_campaign_is_not_left_without_an_audience() -> None:
    held = record("klaviyo", audiences={"included": [{"id": "Y6nRLr"}], "excluded": []})

    native = KLAVIYO.put(Kind.CAMPAIGN, {"audiences": frozenset({"Not in Klaviyo"})}, held)

    assert native.fields == {}
    assert "at least one" in native.refusals["audiences"].reason


def test_a_list_and_a_segment_of_one_name_stay_apart() -> None:
    natives = (NativeField("audiences", "Audiences", "audiences", options=(*AUDIENCES, ("dup", "Lapsed"))),)
    both = {"included": [{"id": "Xk2p9a", "name": "Lapsed"}, {"id": "dup", "name": "Lapsed"}], "excluded": []}
    shape = {Kind.CAMPAIGN: (*natives, *(NativeField(n, n, n) for n in ("send_strategy", "send_time", "tags"))
                             , *(NativeField(n, n, "string") for n in ("name", "subject", "status")))}  # fmt: skip
    mapping = bind(load(None, "klaviyo"), "klaviyo", shape, schema(), PEOPLE, ZONE)

    assert mapping.get(Record(record("klaviyo").ref, {"audiences": both})).values["audiences"] == frozenset(
        {"Lapsed (Xk2p9a)", "Lapsed (dup)"}
    )
    assert mapping.views(Kind.CAMPAIGN)["audiences"].project(frozenset({"Lapsed"})) == frozenset()


def test_what_a_new_campaign_lacks_is_said_in_words() -> None:
    audience = frozenset({"Lapsed"})

    assert KLAVIYO.lacking(Kind.CAMPAIGN, {"name": "Sale", "planned_send": NOON, "audiences": audience}) is None
    assert KLAVIYO.lacking(Kind.CAMPAIGN, {"name": "Sale"}) == "a planned send and an audience that exists in Klaviyo"
    assert KLAVIYO.lacking(
        Kind.CAMPAIGN, {"name": "Sale", "planned_send": NOON, "audiences": frozenset({"Elsewhere"})}
    ) == ("an audience that exists in Klaviyo")
    assert KLAVIYO.lacking(Kind.CAMPAIGN, {"planned_send": NOON, "audiences": audience}) == "a name"


def test_projection_of_a_status_without_a_word_is_refused() -> None:
    assert isinstance(KLAVIYO.views(Kind.CAMPAIGN)["status"].project("odd"), Refusal)
