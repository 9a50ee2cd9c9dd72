"""A calendar feed: what each event says, and what it says wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.model import Kind, Record, Ref
from tests.connectors.ics_calendar import event, reader


@pytest.fixture
def shown(wire: Any) -> Any:
    return reader(wire)


def only(records: Mapping[str, Record]) -> Record:
    (record,) = records.values()
    return record


def test_an_event_is_a_campaign(shown: Any) -> None:
    record = only(
        shown(
            event(
                "CATEGORIES:VIP,Sale", "CATEGORIES:Spring\\, early", "URL:https://esp.example/7", "STATUS:CONFIRMED",
                "LAST-MODIFIED:20261105T162012Z",
            ).replace("SUMMARY:Spring", "SUMMARY:Spring sale\\, part 1 [CAM-17]")
        )
    )  # fmt: skip
    at = {"kind": "instant", "at": "2026-11-27T13:00:00+00:00"}
    assert record.ref == Ref("sends", Kind.CAMPAIGN, "a")
    assert record.fields == {
        "name": "Spring sale, part 1 [CAM-17]", "tags": ["Sale", "Spring, early", "VIP"], "status": "scheduled",
        "scheduled": at, "planned": at,
    }  # fmt: skip
    assert record.url == "https://esp.example/7"
    assert record.changed_at == datetime(2026, 11, 5, 16, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "kind", "at"),
    [
        ("DTSTART:20261127T130000Z", "instant", "2026-11-27T13:00:00+00:00"),
        ("DTSTART;TZID=Europe/Berlin:20261127T140000", "instant", "2026-11-27T13:00:00+00:00"),
        ("DTSTART;TZID=W. Europe Standard Time:20261127T140000", "instant", "2026-11-27T13:00:00+00:00"),
        ("DTSTART;TZID=Europe/Berlin:20270328T023000", "instant", "2027-03-28T01:30:00+00:00"),  # a gap
        ("DTSTART;TZID=Europe/Berlin:20271031T023000", "instant", "2027-10-31T00:30:00+00:00"),  # twice
        ("DTSTART:20261127T140000", "recipient_local", "2026-11-27T14:00:00"),
        ("DTSTART;VALUE=DATE:20261127", "day", "2026-11-27"),
    ],
)
def test_a_start_is_a_moment_a_clock_time_or_a_day(shown: Any, start: str, kind: str, at: str) -> None:
    assert only(shown(event(start=start))).fields["scheduled"] == {"kind": kind, "at": at}


def test_a_zone_that_the_calendar_brings_along_is_known_in_it_and_nowhere_else(shown: Any, wire: Any) -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Head office\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    )
    there = event(start="DTSTART;TZID=Head office:20261127T160000")
    assert only(shown(zone, there)).fields["scheduled"]["at"] == "2026-11-27T13:00:00+00:00"
    wire.reset()
    assert only(shown(there)).fields["scheduled"] == "unknown zone 'Head office'"


@pytest.mark.parametrize(
    ("start", "odd"),
    [
        ("DTSTART;TZID=Mars/Olympus:20261127T140000", "unknown zone 'Mars/Olympus'"),
        ("DTSTART:soon", "unclear time 'soon'"),
        ("DTSTART;VALUE=PERIOD:20261127T130000Z/PT1H", "unclear time"),
        ("", "no start"),
    ],
)
def test_a_start_that_cannot_be_told_is_the_trouble_of_this_event_only(shown: Any, start: str, odd: str) -> None:
    records = shown(event(start=start), event(uid="b"))
    assert records["a"].fields["scheduled"].startswith(odd)
    assert "planned" not in records["a"].fields or records["a"].fields["planned"] is None
    assert records["b"].fields["scheduled"]["kind"] == "instant"


@pytest.mark.parametrize(
    ("state", "shows", "status", "filled"),
    [
        ("STATUS:CONFIRMED", "scheduled", "scheduled", {"scheduled", "planned"}),
        ("", "scheduled", "scheduled", {"scheduled", "planned"}),
        ("STATUS:TENTATIVE", "scheduled", "draft", {"planned"}),
        ("STATUS:CANCELLED", "scheduled", "cancelled", set()),
        ("STATUS:CONFIRMED", "planned", "draft", {"planned"}),
        ("STATUS:CANCELLED", "planned", "cancelled", set()),
        ("STATUS:RESTING", "scheduled", "unknown: RESTING", set()),
    ],
)
def test_a_date_is_a_send_or_a_plan(shown: Any, state: str, shows: str, status: str, filled: set[str]) -> None:
    fields = only(shown(event(state), shows=shows)).fields
    assert fields["status"] == status
    assert {name for name in ("scheduled", "planned") if fields.get(name)} == filled


@pytest.mark.parametrize(
    ("start", "status"),
    [
        ("DTSTART:20261110T085900Z", "sent"),
        ("DTSTART:20261110T090100Z", "scheduled"),
        ("DTSTART:20261109T200000", "sent"),
        ("DTSTART:20261109T220000", "scheduled"),  # it is not that late everywhere
        ("DTSTART;VALUE=DATE:20261108", "sent"),
        ("DTSTART;VALUE=DATE:20261109", "scheduled"),
    ],
)
def test_a_send_is_over_when_it_has_begun_everywhere(shown: Any, start: str, status: str) -> None:
    fields = only(shown(event(start=start))).fields
    assert fields["status"] == status
    assert fields["scheduled"]


def test_of_two_editions_of_an_event_the_later_one_counts(shown: Any) -> None:
    old, new = event("SEQUENCE:1"), event("SEQUENCE:2").replace("Spring", "Summer")
    assert only(shown(new, old)).fields["name"] == "Summer"


def test_two_events_of_one_id_of_which_nothing_tells_the_later_are_a_trouble(shown: Any) -> None:
    fields = only(shown(event(), event().replace("Spring", "Summer"))).fields
    assert fields["scheduled"] == "several events with this id"


def test_an_event_that_stands_twice_is_one(shown: Any) -> None:
    assert only(shown(event(), event())).fields["status"] == "scheduled"


def test_an_event_without_id_is_told_of_and_not_read(shown: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert list(shown(event(uid=""), event(uid="b"))) == ["b"]
    assert "sends: 1 events have no UID" in caplog.text


def test_a_name_that_is_missing_is_none_and_an_address_that_is_no_web_page_is_dropped(shown: Any) -> None:
    record = only(shown(event("URL:javascript:alert(1)").replace("SUMMARY:Spring\r\n", "")))
    assert record.fields["name"] is None
    assert record.url is None


def test_a_calendar_without_events_is_empty(shown: Any) -> None:
    assert shown() == {}
