"""Mailchimp campaigns in canonical words, as the packaged mapping says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mappings.bind import bind
from mappings.load import load
from sync.model import Instant, Kind, Record, Ref, Value, WallClock, schema
from sync.ports import NativeField
from tests.mappings.company import AUDIENCES, PEOPLE, ZONE

TIMES = (("grid", "15"), ("kinds", "instant,recipient_local"))
COUNTS = ("delivered", "opens", "clicks", "conversions", "unsubscribes", "bounces")
NATIVE = {
    Kind.CAMPAIGN: (
        NativeField("name", "Name", "string"),
        NativeField("subject", "Subject line", "subjects"),
        NativeField("audiences", "Audiences", "audiences", options=AUDIENCES),
        NativeField("planned", "Planned send", "send_time", options=TIMES),
        NativeField("scheduled", "Scheduled send", "send_time", read_only=True),
        NativeField("status", "Status", "string", read_only=True),
        *(NativeField(name, name.capitalize(), "number", read_only=True) for name in COUNTS),
    )
}
MAILCHIMP = bind(load(None, "mailchimp"), "mailchimp", NATIVE, schema(), PEOPLE, ZONE)
NOON = Instant(datetime(2026, 11, 27, 13, tzinfo=UTC))


def record(**fields: Any) -> Record:
    return Record(Ref("mailchimp", Kind.CAMPAIGN, "C1"), {"name": "Spring [CAM-17]", "status": "draft", **fields})


def test_the_planned_time_of_a_draft_is_not_known_and_so_never_taken_back() -> None:
    reading = MAILCHIMP.get(record(scheduled=None))
    assert "planned_send" not in reading.values
    assert reading.values["scheduled_send"] is None
    assert (reading.values["name"], reading.key, reading.values["status"]) == ("Spring", "CAM-17", "planned")
    assert not reading.troubles


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"kind": "instant", "at": "2026-11-27T13:00:00+00:00"}, NOON),
        ({"kind": "recipient_local", "at": "2026-11-27T13:00:00"}, WallClock(datetime(2026, 11, 27, 13))),
    ],
)
def test_a_scheduled_time_is_both_planned_and_scheduled(raw: Any, value: Any) -> None:
    values = MAILCHIMP.get(record(status="scheduled", planned=raw, scheduled=raw)).values
    assert (values["planned_send"], values["scheduled_send"], values["status"]) == (value, value, "scheduled")
    assert MAILCHIMP.put(Kind.CAMPAIGN, {"planned_send": value}, record(planned=raw)).fields == {}


def test_a_time_between_the_quarter_hours_is_proposed_anew() -> None:
    between = Instant(NOON.at.replace(minute=7))
    native = MAILCHIMP.put(Kind.CAMPAIGN, {"planned_send": between}, record())
    assert not native.fields
    assert "quarter hours only" in native.refusals["planned_send"].reason


def test_counts_are_read_and_never_written() -> None:
    counts = dict(zip(COUNTS, (9900, 4000, 500, 40, 12, 100), strict=True))
    values = MAILCHIMP.get(record(status="sent", **counts)).values
    assert {name: values[name] for name in COUNTS} == counts
    assert MAILCHIMP.put(Kind.CAMPAIGN, {"opens": 1}, record(**counts)).fields == {}


def test_an_unknown_status_is_told_and_means_nothing() -> None:
    reading = MAILCHIMP.get(record(status="unknown: pondering"))
    assert "status" not in reading.values
    assert "pondering" in reading.troubles["status"]


def test_a_campaign_is_made_once_it_has_a_time_and_an_audience() -> None:
    assert MAILCHIMP.lacking(Kind.CAMPAIGN, {"name": "Spring", "planned_send": NOON})
    whole: dict[str, Value] = {"name": "Spring", "planned_send": NOON, "audiences": frozenset({"Lapsed"})}
    assert MAILCHIMP.lacking(Kind.CAMPAIGN, whole) is None
