"""Brevo campaigns in canonical words, as the packaged mapping says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from mappings.bind import bind
from mappings.load import load
from sync.model import METRICS, Day, Instant, Kind, Record, Ref, schema
from sync.ports import NativeField
from tests.mappings.company import AUDIENCES, PEOPLE, ZONE

NATIVE = {
    Kind.CAMPAIGN: (
        NativeField("name", "Name", "string"),
        NativeField("subject", "Subject line", "subjects"),
        NativeField("audiences", "Audiences", "audiences", options=AUDIENCES),
        NativeField("planned", "Planned send", "send_time", options=(("grid", "1"), ("kinds", "day,instant"))),
        NativeField("scheduled", "Scheduled send", "send_time", read_only=True),
        NativeField("status", "Status", "string", read_only=True),
        *(NativeField(name, name.capitalize(), "number", read_only=True) for name in METRICS),
    )
}
BREVO = bind(load(None, "brevo"), "brevo", NATIVE, schema(), PEOPLE, ZONE)


def record(**fields: Any) -> Record:
    return Record(Ref("brevo", Kind.CAMPAIGN, "7"), {"name": "Spring [CAM-17]", "status": "draft", **fields})


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"kind": "instant", "at": "2026-11-27T13:00:00+00:00"}, Instant(datetime(2026, 11, 27, 13, tzinfo=UTC))),
        ({"kind": "day", "at": "2026-11-27"}, Day(date(2026, 11, 27))),
    ],
)
def test_a_scheduled_time_is_a_moment_or_a_day(raw: Any, value: Any) -> None:
    values = BREVO.get(record(status="scheduled", planned=raw, scheduled=raw)).values
    assert (values["planned_send"], values["scheduled_send"], values["status"]) == (value, value, "scheduled")
    assert BREVO.put(Kind.CAMPAIGN, {"planned_send": value}, record(planned=None)).fields == {"planned": raw}


def test_the_plan_of_a_draft_is_not_known_and_its_counts_are_not_zero() -> None:
    reading = BREVO.get(record(scheduled=None))
    assert not {"planned_send", *METRICS} & reading.values.keys()
    assert not reading.troubles


@pytest.mark.parametrize(
    ("word", "status"), [("paused", "planned"), ("sending", "sending"), ("cancelled", "cancelled")]
)
def test_what_is_paused_is_planned(word: str, status: str) -> None:
    assert BREVO.get(record(status=word)).values["status"] == status


def test_a_status_that_nobody_knows_is_told_and_not_guessed() -> None:
    reading = BREVO.get(record(status="unknown: resting"))
    assert "status" not in reading.values
    assert "resting" in reading.troubles["status"]


def test_machine_opens_are_told_apart() -> None:
    counts = {name: number for number, name in enumerate(METRICS)}
    assert {name: BREVO.get(record(**counts)).values[name] for name in METRICS} == counts
