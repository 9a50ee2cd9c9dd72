"""Events that repeat: each date is a campaign, by the clock of its zone, and stays one when it is moved."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from tests.connectors.ics_calendar import event, reader


@pytest.fixture
def shown(wire: Any) -> Any:
    return reader(wire)


def test_each_date_of_a_series_is_a_campaign_by_the_clock_of_its_zone(shown: Any) -> None:
    records = shown(
        event("RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261020T090000",
              start="DTSTART;TZID=Europe/Berlin:20261013T090000")
    )  # fmt: skip
    starts = {native: record.fields["scheduled"]["at"] for native, record in records.items()}
    assert starts == {
        "a#20261013T070000Z": "2026-10-13T07:00:00+00:00",
        "a#20261027T080000Z": "2026-10-27T08:00:00+00:00",
        "a#20261103T080000Z": "2026-11-03T08:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("RRULE:FREQ=DAILY;UNTIL=20261203T130000Z", [1, 2, 3]),
        ("RRULE:FREQ=DAILY;UNTIL=20261203", [1, 2, 3]),
        ("RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=TH", [1, 3, 10]),  # the start counts even where the rule passes it over
        ("RDATE:20261204T130000Z,20261206T130000Z", [1, 4, 6]),
        ("RDATE;VALUE=PERIOD:20261204T130000Z/PT1H", [1, 4]),
        ("RRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:20261202T130000Z,20261203T130000Z", [1, 4]),
        ("RRULE:FREQ=DAILY;COUNT=4\r\nEXDATE;VALUE=DATE:20261202", [1, 3, 4]),
    ],
)
def test_rules_additions_and_exceptions(shown: Any, rule: str, days: list[int]) -> None:
    records = shown(event(rule, start="DTSTART:20261201T130000Z"))
    assert [datetime.fromisoformat(r.fields["scheduled"]["at"]).day for r in records.values()] == days


@pytest.mark.parametrize("of", ["RECURRENCE-ID:20261127T130000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20261127T140000",
                                "RECURRENCE-ID:20261127T140000", "RECURRENCE-ID;VALUE=DATE:20261127"])  # fmt: skip
def test_a_date_that_was_moved_stays_the_campaign_that_it_was(shown: Any, of: str) -> None:
    records = shown(
        event("RRULE:FREQ=WEEKLY;COUNT=2", start="DTSTART;TZID=Europe/Berlin:20261120T140000"),
        event(of, "STATUS:TENTATIVE", start="DTSTART:20261128T180000Z").replace("Spring", "Summer"),
    )
    moved = records["a#20261127T130000Z"]
    assert len(records) == 2
    assert (moved.fields["name"], moved.fields["status"]) == ("Summer", "draft")
    assert moved.fields["planned"]["at"] == "2026-11-28T18:00:00+00:00"


def test_a_moved_date_whose_series_the_feed_does_not_hold_is_there(shown: Any) -> None:
    assert list(shown(event("RECURRENCE-ID:20261127T130000Z"))) == ["a#20261127T130000Z"]


def test_a_series_without_end_is_read_from_a_day_on_and_so_far_ahead(shown: Any) -> None:
    records = shown(
        event("RRULE:FREQ=WEEKLY", start="DTSTART:20200102T130000Z"),
        event(uid="old", start="DTSTART:20261001T130000Z"),
        since=date(2026, 11, 1), ahead=30,
    )  # fmt: skip
    ats = [record.fields["scheduled"]["at"][:10] for record in records.values()]
    assert ats == ["2026-11-05", "2026-11-12", "2026-11-19", "2026-11-26", "2026-12-03", "2026-12-10"]


@pytest.mark.parametrize(
    ("rule", "odd"),
    [
        ("RRULE:FREQ=HOURLY", "repeats hourly"),
        ("RRULE:FREQ=DAILY", "more than 1000 dates"),
        ("RRULE:FREQ=SOMETIMES", "unclear repetition"),
        ("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "dates that no month has"),
    ],
)
def test_a_series_that_cannot_be_told_is_one_campaign_with_its_trouble(shown: Any, rule: str, odd: str) -> None:
    records = shown(event(rule, start="DTSTART:20200101T130000Z"), event(uid="b"))
    assert {id_: record.fields["scheduled"] == odd for id_, record in records.items()} == {"a": True, "b": False}
