"""Send times where a zone's clock skips an hour or repeats one, in the tables of the last and the next years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.calendar import SendTime
from connectors.calendar_schedule import begins, on_grid, same, send_time, shown
from mappings.native_calendar import SHAPES
from mappings.shape import Shape, Sort
from mappings.shape import same as unchanged
from mappings.when import DayView, SendLens, TypedWhenLens
from sync.model import Day, Instant, Value, WallClock
from sync.ports import Refusal, TimeKind

ZONES = ("Europe/Berlin", "America/New_York")
YEARS = range(2024, 2031)
WORDS = {"instant": ("Exact time",), "wall_clock": ("Recipient local",), "day": ("Day",)}
ESP = SHAPES["send_time"]
AS_IS = Shape(frozenset({Sort.WHEN, Sort.WORD}), lambda raw: raw, unchanged)
HALF = timedelta(minutes=30)


def changes(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta]]:
    """The moments at which the zone's clock is set, and by how much, by its table."""
    at = datetime(YEARS[0], 1, 1, tzinfo=UTC)
    while at.year <= YEARS[-1]:
        later = at + timedelta(hours=1)
        before, after = at.astimezone(zone).utcoffset(), later.astimezone(zone).utcoffset()
        if before != after and before is not None and after is not None:
            yield later, after - before
        at = later


CHANGES = [(name, at, by) for name in ZONES for at, by in changes(ZoneInfo(name))]
by_change = pytest.mark.parametrize(("name", "at", "by"), CHANGES, ids=[f"{n}, {at:%d %b %Y}" for n, at, _ in CHANGES])


def around(zone: ZoneInfo, at: datetime) -> list[datetime]:
    """Clock times of the day of a change: before, in, and after what is skipped or repeated."""
    local = (at - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None) + timedelta(minutes=1)
    return [local + HALF * step for step in range(-5, 6)]


def test_each_zone_has_two_changes_in_each_of_these_years() -> None:
    assert len(CHANGES) == 2 * len(ZONES) * len(YEARS)


@by_change
def test_a_clock_time_of_every_recipient_stays_the_clock_time_that_it_is(
    name: str, at: datetime, by: timedelta
) -> None:
    zone = ZoneInfo(name)
    typed, send = TypedWhenLens("It", AS_IS, AS_IS, zone, WORDS), SendLens("It", ESP, zone)
    for clock in around(zone, at):
        value = WallClock(clock)
        shows = typed.project(value)
        assert typed.project(shows) == shows, clock  # type: ignore[arg-type]
        assert typed.read(typed.write(value, None)) == shows
        skipped = by > timedelta() and not _exists(clock, zone)
        assert shows == (WallClock(clock + by) if skipped else value), (
            "what a clock skips, a field with a zone cannot say"
        )
        assert send.project(value) == value
        assert ESP.read(ESP.write(value, None)) == value, "an ESP is told no zone with it"


@by_change
def test_a_moment_stays_the_moment_that_it_is_also_in_an_hour_that_comes_twice(
    name: str, at: datetime, by: timedelta
) -> None:
    zone = ZoneInfo(name)
    typed = TypedWhenLens("It", AS_IS, AS_IS, zone, WORDS)
    for step in range(-5, 6):
        value = Instant(at + HALF * step)
        assert typed.read(typed.write(value, None)) == typed.project(value) == value
        assert ESP.read(ESP.write(value, None)) == value
        native = SendTime(TimeKind.INSTANT, value.at.astimezone(zone))
        assert same(send_time(shown(native)), native), "whatever offset the ESP writes it in"
        assert begins(native).astimezone(UTC) == value.at


@by_change
def test_a_day_on_which_the_clock_changes_is_one_day(name: str, at: datetime, by: timedelta) -> None:
    zone = ZoneInfo(name)
    day = Day(at.astimezone(zone).date())
    typed, view = TypedWhenLens("It", AS_IS, AS_IS, zone, WORDS), DayView("It", AS_IS, zone)
    assert typed.read(typed.write(day, None)) == day
    for clock in around(zone, at):
        for days in (-1, 1):
            moved_from: Value = Instant((clock + timedelta(days)).replace(tzinfo=zone).astimezone(UTC))
            moved = view.lift(moved_from, day)
            assert view.project(moved) == day, "moving the day to it lands on it"
            assert isinstance(moved, Instant)
            local = moved.at.astimezone(zone)
            assert local.time() == clock.time() or not _exists(datetime.combine(day.date, clock.time()), zone)
            assert view.lift(moved, day) == moved, "and is not moved again"


@by_change
def test_a_proposed_time_is_on_the_grid_not_before_what_was_asked_and_told_by_the_clock_on_the_wall(
    name: str, at: datetime, by: timedelta
) -> None:
    zone = ZoneInfo(name)
    lens = SendLens("It", ESP, zone, 15, frozenset({"instant"}))
    for minutes in (-55, -10, -1, 1, 50, 110):
        asked = at + timedelta(minutes=minutes)
        told = lens.write(Instant(asked), None)
        possible = on_grid(SendTime(TimeKind.INSTANT, asked), 15).at
        assert timedelta() < possible - asked < timedelta(minutes=15)
        assert isinstance(told, Refusal)
        assert f"; {possible.astimezone(zone):%H:%M} would be possible" in told.reason
        assert not isinstance(lens.write(Instant(possible), None), Refusal), "and is taken"


def _exists(clock: datetime, zone: ZoneInfo) -> bool:
    return clock.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == clock
