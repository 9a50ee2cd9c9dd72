"""An ESP's campaigns: names with keys, send times, a status that is only a view, audiences, tested subjects."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from mappings.bind import bind
from mappings.load import load
from sync.model import Day, Instant, Kind, Record, Value, WallClock, schema
from sync.ports import BoundMapping, NativeField, Refusal
from tests.mappings.company import AUDIENCES, NATIVE, PEOPLE, ZONE, bound, record

KLAVIYO = bound("klaviyo")
NOON = Instant(datetime(2026, 11, 27, 12, tzinfo=UTC))
LATER = Instant(datetime(2026, 11, 28, 13, tzinfo=UTC))
GOES: dict[str, Any] = {"kind": "instant", "at": "2026-11-27T12:00:00+00:00"}


def plan(value: Value, held: dict[str, Any] | None, mapping: BoundMapping = KLAVIYO) -> Any:
    native = mapping.put(Kind.CAMPAIGN, {"planned_send": value}, record("klaviyo", planned=held))
    refusal = native.refusals.get("planned_send")
    return refusal.reason if refusal else native.fields.get("planned")


def read(held: dict[str, Any] | None) -> Value:
    return KLAVIYO.get(record("klaviyo", planned=held)).values["planned_send"]


def choosy(grid: str, kinds: str) -> BoundMapping:
    """The mapping of an ESP that sends at some times only."""
    fields = [
        replace(field, options=(("grid", grid), ("kinds", kinds))) if field.id == "planned" else field
        for field in NATIVE["klaviyo"][Kind.CAMPAIGN]
    ]
    return bind(load(None, "klaviyo"), "klaviyo", {Kind.CAMPAIGN: tuple(fields)}, schema(), PEOPLE, ZONE)


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
    ("held", "value"),
    [
        (GOES, NOON),
        ({"kind": "recipient_local", "at": "2026-11-27T12:00:00"}, WallClock(datetime(2026, 11, 27, 12))),
        ({"kind": "staggered", "at": "2026-11-27T13:00:00+01:00"}, NOON),
        ({"kind": "day", "at": "2026-11-27"}, Day(date(2026, 11, 27))),
        (None, None),
    ],
)
def test_send_times_read_as_what_they_mean(held: dict[str, Any] | None, value: Value) -> None:
    assert read(held) == value


def test_a_time_that_is_not_told_is_not_known() -> None:
    assert "planned_send" not in KLAVIYO.get(record("klaviyo", name="Sale")).values


def test_a_send_in_portions_stays_one() -> None:
    portions = {"kind": "staggered", "at": "2026-11-27T12:00:00+00:00"}

    assert plan(LATER, portions) == {"kind": "staggered", "at": "2026-11-28T13:00:00+00:00"}
    assert plan(LATER, GOES) == {"kind": "instant", "at": "2026-11-28T13:00:00+00:00"}
    assert plan(LATER, None) == {"kind": "instant", "at": "2026-11-28T13:00:00+00:00"}
    for value in (Day(date(2026, 11, 28)), WallClock(datetime(2026, 11, 28))):
        assert "in portions from an exact time on" in plan(value, portions)


def test_a_day_a_clock_time_and_a_moment_may_replace_each_other() -> None:
    day = {"kind": "day", "at": "2026-11-27"}

    assert plan(Day(date(2026, 11, 27)), GOES) == day
    assert plan(WallClock(datetime(2026, 11, 28, 9)), GOES) == {"kind": "recipient_local", "at": "2026-11-28T09:00:00"}
    assert plan(NOON, day) == GOES
    assert plan(None, GOES) is None


def test_a_time_off_the_grid_is_refused_with_the_next_one_in_the_workspaces_zone() -> None:
    mapping = choosy("15", "instant,recipient_local")
    berlin = datetime(2026, 11, 27, 9, 7, tzinfo=ZONE)

    assert "quarter hours only; 09:15 would be possible" in plan(Instant(berlin.astimezone(UTC)), None, mapping)
    late = Instant(berlin.replace(hour=23, minute=50).astimezone(UTC))
    assert "28 Nov, 00:00 would be possible" in plan(late, None, mapping)
    assert "09:15 would be possible" in plan(WallClock(datetime(2026, 11, 27, 9, 0, 1)), None, mapping)
    assert plan(NOON, None, mapping) == GOES


def test_a_kind_of_time_that_cannot_be_written_is_refused_in_words() -> None:
    mapping = choosy("1", "instant")

    assert "every recipient's own clock time" in plan(WallClock(datetime(2026, 11, 28)), None, mapping)
    assert "a day without a time" in plan(Day(date(2026, 11, 28)), None, mapping)
    assert "only be moved there" in plan(LATER, {"kind": "staggered", "at": "2026-11-27T12:00:00+00:00"}, mapping)


def test_a_send_time_of_another_form_is_a_trouble() -> None:
    reading = KLAVIYO.get(record("klaviyo", planned={"method": "psychic"}))

    assert reading.troubles["planned_send"].startswith("Planned send in Klaviyo could not be understood")
    assert "'soon'" in KLAVIYO.get(record("klaviyo", planned={"kind": "soon", "at": "x"})).troubles["planned_send"]


def test_the_scheduled_send_is_read_only() -> None:
    assert KLAVIYO.get(record("klaviyo", scheduled=GOES)).values["scheduled_send"] == NOON
    assert not KLAVIYO.views(Kind.CAMPAIGN)["scheduled_send"].writable
    assert KLAVIYO.put(Kind.CAMPAIGN, {"scheduled_send": NOON, "status": "sent"}, record("klaviyo")).fields == {}


def test_one_subject_is_shown_and_several_that_are_tested_are_left_alone() -> None:
    one, two = record("klaviyo", subject=["Hello"]), record("klaviyo", subject=["Hello", "Hi"])

    assert KLAVIYO.get(one).values["subject"] == "Hello"
    assert KLAVIYO.get(record("klaviyo", subject=[])).values["subject"] is None
    assert KLAVIYO.put(Kind.CAMPAIGN, {"subject": "Hi"}, one).fields == {"subject": ["Hi"]}
    assert KLAVIYO.put(Kind.CAMPAIGN, {"subject": None}, one).fields == {"subject": []}
    assert "2 subject lines are being tested" in KLAVIYO.get(two).troubles["subject"]
    assert "change them there" in KLAVIYO.put(Kind.CAMPAIGN, {"subject": "Hi"}, two).refusals["subject"].reason


def test_counts_are_numbers_that_nobody_writes() -> None:
    held = record("klaviyo", delivered=18102.0, opens=7471)

    assert KLAVIYO.get(held).values == {"delivered": 18102, "opens": 7471}
    assert KLAVIYO.put(Kind.CAMPAIGN, {"delivered": 5}, held).fields == {}


def test_a_draft_shows_that_nothing_is_scheduled_and_hides_nothing_else() -> None:
    status = KLAVIYO.views(Kind.CAMPAIGN)["status"]

    assert not status.writable
    assert status.project("in_review") == "planned"
    assert status.lift("in_review", "planned") == "in_review"
    assert status.lift("sent", "planned") == "planned"
    assert status.lift("approved", "scheduled") == "scheduled"


@pytest.mark.parametrize(
    ("word", "value"),
    [("draft", "planned"), ("scheduled", "scheduled"), ("sending", "sending"), ("sent", "sent"),
     ("cancelled", "cancelled")],
)  # fmt: skip
def test_status_words(word: str, value: str) -> None:
    assert KLAVIYO.get(record("klaviyo", status=word)).values["status"] == value


def test_an_unknown_status_is_a_trouble() -> None:
    reading = KLAVIYO.get(record("klaviyo", status="unknown: Psychic"))

    assert "'unknown: Psychic'" in reading.troubles["status"]
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
    shape = {Kind.CAMPAIGN: (*natives, *(f for f in NATIVE["klaviyo"][Kind.CAMPAIGN] if f.id != "audiences"))}
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
