"""Send times: days, instants and recipient-local times in fields that hold more or less of them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sync.model import Day, Instant, Kind, Value, WallClock
from sync.ports import Refusal
from tests.mappings.company import bound, record

JIRA, AIRTABLE = bound("jira"), bound("airtable")
DUE = JIRA.views(Kind.CAMPAIGN)["planned_send"]


def at(*parts: int) -> Instant:
    return Instant(datetime(*parts, tzinfo=UTC))  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("agreed", "moved"),
    [
        (at(2026, 10, 12, 8, 30), at(2026, 12, 1, 9, 30)),  # 10:30 in Berlin, summer and winter
        (WallClock(datetime(2026, 10, 12, 9)), WallClock(datetime(2026, 12, 1, 9))),
        (Day(date(2026, 10, 12)), Day(date(2026, 12, 1))),
        (None, Day(date(2026, 12, 1))),
    ],
)
def test_moving_a_day_keeps_the_clock_time_and_the_kind(agreed: Value, moved: Value) -> None:
    assert DUE.lift(agreed, Day(date(2026, 12, 1))) == moved


def test_a_day_is_the_day_in_the_workspace() -> None:
    assert DUE.project(at(2026, 10, 11, 22, 30)) == Day(date(2026, 10, 12))


def test_a_clock_time_that_the_day_skips_is_taken_with_the_offset_before() -> None:
    assert DUE.lift(at(2026, 3, 28, 1, 30), Day(date(2026, 3, 29))) == at(2026, 3, 29, 1, 30)


def test_clearing_the_day_clears_the_time() -> None:
    assert DUE.lift(at(2026, 10, 12, 8), None) is None


@pytest.mark.parametrize(
    ("value", "time", "kind"),
    [
        (at(2026, 10, 12, 8), "2026-10-12T08:00:00.000Z", "Exact time"),
        (WallClock(datetime(2026, 10, 12, 9)), "2026-10-12T07:00:00.000Z", "Recipient local"),
        (Day(date(2026, 10, 12)), "2026-10-11T22:00:00.000Z", "Day"),
    ],
)
def test_airtable_holds_the_time_as_seen_in_the_base_and_its_kind(value: Value, time: str, kind: str) -> None:
    native = AIRTABLE.put(Kind.CAMPAIGN, {"planned_send": value}, record("airtable"))

    assert native.fields == {"fldPlanned": time, "fldPlannedType": kind}
    assert AIRTABLE.get(record("airtable", **native.fields)).values["planned_send"] == value


def test_a_time_without_a_kind_is_exact_and_a_kind_without_a_time_is_nothing() -> None:
    assert AIRTABLE.get(record("airtable", fldPlanned="2026-10-12T08:00:00.000Z")).values["planned_send"] == at(
        2026, 10, 12, 8
    )
    assert AIRTABLE.get(record("airtable", fldPlannedType="Day")).values["planned_send"] is None


def test_an_unknown_kind_is_a_trouble() -> None:
    reading = AIRTABLE.get(record("airtable", fldPlanned="2026-10-12T08:00:00.000Z", fldPlannedType="Soon"))

    assert "'Soon'" in reading.troubles["planned_send"]
    assert "planned_send" not in reading.values


def test_jira_reads_any_offset_and_writes_its_own_form() -> None:
    held = record("jira", customfield_10034="2026-10-08T07:08:33.123-0800", customfield_10035={"value": "Exact time"})

    assert JIRA.get(held).values["scheduled_send"] == at(2026, 10, 8, 15, 8, 33)
    assert JIRA.put(Kind.CAMPAIGN, {"scheduled_send": at(2026, 10, 8, 7, 8, 33)}, held).fields == {
        "customfield_10034": "2026-10-08T07:08:33.000+0000",
        "customfield_10035": {"value": "Exact time"},
    }


def test_fractions_of_a_second_are_not_an_edit() -> None:
    held = record("airtable", fldSched="2026-10-12T08:00:00.417Z", fldSchedType="Exact time")

    assert AIRTABLE.put(Kind.CAMPAIGN, {"scheduled_send": at(2026, 10, 12, 8)}, held).fields == {}


def test_a_broken_time_is_a_trouble() -> None:
    assert "no date and time" in AIRTABLE.get(record("airtable", fldSched="soon")).troubles["scheduled_send"]
    assert "no day" in JIRA.get(record("jira", duedate="2026-13-01")).troubles["planned_send"]


def test_a_time_beyond_the_calendar_is_refused() -> None:
    shown = AIRTABLE.views(Kind.CAMPAIGN)["planned_send"].project(WallClock(datetime(1, 1, 1)))

    assert isinstance(shown, Refusal)
