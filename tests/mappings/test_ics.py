"""Events of a calendar feed in canonical words, as the packaged mapping says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from mappings.bind import bind
from mappings.load import load
from sync.model import Kind, Record, Ref, WallClock, schema
from sync.ports import NativeField
from tests.mappings.company import PEOPLE, ZONE

TYPES = {"name": "string", "tags": "tags", "planned": "send_time", "scheduled": "send_time", "status": "string"}
NATIVE = {Kind.CAMPAIGN: tuple(NativeField(id_, id_, type_, read_only=True) for id_, type_ in TYPES.items())}
ICS = bind(load(None, "ics"), "ics", NATIVE, schema(), PEOPLE, ZONE)
AT = {"kind": "recipient_local", "at": "2026-11-27T14:00:00"}


def record(**fields: Any) -> Record:
    return Record(Ref("ics", Kind.CAMPAIGN, "a"), {"name": "Spring [CAM-17]", "status": "scheduled", **fields})


def test_an_event_is_read_with_its_key_and_tags() -> None:
    reading = ICS.get(record(tags=["Sale"], planned=AT, scheduled=AT))
    assert reading.key == "CAM-17"
    assert reading.values == {
        "name": "Spring", "tags": frozenset({"Sale"}), "status": "scheduled",
        "planned_send": WallClock(datetime(2026, 11, 27, 14)), "scheduled_send": WallClock(datetime(2026, 11, 27, 14)),
    }  # fmt: skip


def test_nothing_of_it_can_be_written() -> None:
    assert not any(view.writable for view in ICS.views(Kind.CAMPAIGN).values())


@pytest.mark.parametrize(("word", "status"), [("draft", "planned"), ("sent", "sent"), ("cancelled", "cancelled")])
def test_a_status_is_the_calendars(word: str, status: str) -> None:
    assert ICS.get(record(status=word)).values["status"] == status


def test_a_start_that_could_not_be_told_is_a_trouble_of_its_field() -> None:
    reading = ICS.get(record(scheduled="unknown zone 'Mars/Olympus'"))
    assert "unknown zone 'Mars/Olympus'" in reading.troubles["scheduled_send"]
    assert "scheduled_send" not in reading.values
    assert reading.values["name"] == "Spring"
