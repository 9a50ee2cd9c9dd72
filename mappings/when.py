"""The lenses for send times: a day's view of one, an instant, an ESP's, a time whose kind stands in a second field.

A wall-clock time is shown in a tool as that time in the workspace's zone, so that people there see the hours they
planned. Times keep seconds, no fractions. A clock time that a zone skips or repeats (a change to or from summer time)
is taken with fold=0: the offset that held before the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mappings.lens import Lens, read_plain, write_plain
from mappings.shape import Shape
from sync.model import Day, Instant, Value, WallClock
from sync.ports import Refusal

INSTANT, WALL_CLOCK, DAY = "instant", "wall_clock", "day"
QUARTER = 15  # minutes
# By the kind of an ESP's send time, why it cannot be written.
CANNOT = {
    "instant": "no campaign can be set from here to go out at an exact time",
    "recipient_local": "no campaign can be set from here to go out at every recipient's own clock time",
    "day": "no campaign can be set from here to a day without a time",
    "staggered": "it is sent in portions, which can only be moved there",
}
TYPE_WORDS = {INSTANT: ("Exact time",), WALL_CLOCK: ("Recipient local",), DAY: ("Day",)}


def instant(at: datetime) -> Instant:
    """The instant in UTC and whole seconds."""
    return Instant(at.astimezone(UTC).replace(microsecond=0))


def wall_clock(at: datetime) -> WallClock:
    """The wall-clock time in whole seconds."""
    return WallClock(at.replace(tzinfo=None, microsecond=0, fold=0))


@dataclass(frozen=True)
class DayView(Lens):
    """The day of a send time. Moving the day keeps the clock time and the kind that everybody agreed."""

    where: str
    shape: Shape
    zone: ZoneInfo

    def project(self, value: Value) -> Value | Refusal:
        if value is None or isinstance(value, Day):
            return value
        if isinstance(value, WallClock):
            return Day(value.at.date())
        if not isinstance(value, Instant):
            return Refusal(f"{self.where} holds a day only.")
        try:
            return Day(value.at.astimezone(self.zone).date())
        except OverflowError:
            return Refusal(f"{self.where} cannot hold a day that far off.")

    def lift(self, agreed: Value, shown: Value) -> Value:
        if self.project(agreed) == shown or not isinstance(shown, Day):
            return agreed if self.project(agreed) == shown else shown
        moved: Value = shown
        try:
            if isinstance(agreed, Instant):
                clock = agreed.at.astimezone(self.zone).time().replace(fold=0)
                moved = Instant(datetime.combine(shown.date, clock, self.zone).astimezone(UTC))
            elif isinstance(agreed, WallClock):
                moved = WallClock(datetime.combine(shown.date, agreed.at.time()))
        except OverflowError:
            return shown
        return moved if self.project(moved) == shown else shown  # a zone may skip a whole day

    def read(self, raw: Any) -> Value | Refusal:
        day = read_plain(self.shape, self.where, raw)
        return Day(day) if isinstance(day, date) else day

    def write(self, value: Value, raw: Any) -> Any:
        day = self.project(value)
        if isinstance(day, Refusal):
            return day
        return write_plain(self.shape, self.where, day.date if isinstance(day, Day) else None, raw)


@dataclass(frozen=True)
class MomentLens(Lens):
    """A date and time alone, which says an instant and nothing else."""

    where: str
    shape: Shape

    def project(self, value: Value) -> Value | Refusal:
        if value is None:
            return None
        if not isinstance(value, Instant):
            return Refusal(f"{self.where} holds exact times only, not a day or a recipient-local time.")
        return instant(value.at)

    def read(self, raw: Any) -> Value | Refusal:
        at = read_plain(self.shape, self.where, raw)
        return instant(at) if isinstance(at, datetime) else at

    def write(self, value: Value, raw: Any) -> Any:
        shown = self.project(value)
        if isinstance(shown, Refusal):
            return shown
        return write_plain(self.shape, self.where, shown.at if isinstance(shown, Instant) else None, raw)


@dataclass(frozen=True)
class WhenLens(Lens):
    """A native field that tells instants, wall-clock times and days apart by itself."""

    where: str
    shape: Shape

    def project(self, value: Value) -> Value | Refusal:
        if isinstance(value, Instant):
            return instant(value.at)
        if isinstance(value, WallClock):
            return wall_clock(value.at)
        return value if value is None or isinstance(value, Day) else Refusal(f"{self.where} holds a time only.")

    def read(self, raw: Any) -> Value | Refusal:
        return read_plain(self.shape, self.where, raw)  # type: ignore[no-any-return]

    def write(self, value: Value, raw: Any) -> Any:
        shown = self.project(value)
        return shown if isinstance(shown, Refusal) else write_plain(self.shape, self.where, shown, raw)


@dataclass(frozen=True)
class SendLens(WhenLens):
    """A send time of an ESP that sends at some times only: every `grid` minutes, and of these `kinds`.

    Another time is refused with the next one that can be had, in the zone that people read times in.
    """

    zone: ZoneInfo
    grid: int = 1
    kinds: frozenset[str] = frozenset()

    def write(self, value: Value, raw: Any) -> Any:
        native = super().write(value, raw)
        if native is None or isinstance(native, Refusal):
            return native
        if native["kind"] not in self.kinds:
            return Refusal(f"{self.where} cannot be changed: {CANNOT[native['kind']]}.")
        possible = self._possible(value)
        if possible is None:
            return native
        every = "quarter hours" if self.grid == QUARTER else f"every {self.grid} minutes"
        return Refusal(
            f"{self.where} cannot be changed: campaigns are sent on {every} only; {possible} would be possible."
        )

    def _possible(self, value: Value) -> str | None:
        """The next time that can be had; None when this one can."""
        if self.grid <= 1 or not isinstance(value, Instant | WallClock):
            return None
        at = value.at.replace(microsecond=0)
        midnight = at.replace(hour=0, minute=0, second=0)
        step = timedelta(minutes=self.grid)
        try:
            later = midnight - (midnight - at) // step * step
            if later == at:
                return None
            shown, asked = (when.astimezone(self.zone) if when.tzinfo else when for when in (later, at))
        except OverflowError:
            return "an earlier time"
        return f"{shown:%H:%M}" if shown.date() == asked.date() else f"{shown:%d %b, %H:%M}"


@dataclass(frozen=True)
class TypedWhenLens(Lens):
    """A date and time beside a field that says its kind. Native values are pairs (time, kind).

    A time without a kind is an instant; a kind without a time is nothing.
    """

    where: str
    shape: Shape
    kind_shape: Shape
    zone: ZoneInfo
    words: Mapping[str, tuple[str, ...]]

    def project(self, value: Value) -> Value | Refusal:
        if value is None:
            return None
        try:
            at, kind = self._at(value)
            return self._value(at, kind)
        except (OverflowError, TypeError):
            return Refusal(f"{self.where} cannot hold this time.")

    def read(self, raw: Any) -> Value | Refusal:
        at = read_plain(self.shape, self.where, raw[0])
        word = read_plain(self.kind_shape, self.where, raw[1])
        if not isinstance(at, datetime):
            return at  # type: ignore[no-any-return]
        if isinstance(word, Refusal):
            return word
        kinds = [kind for kind, spellings in self.words.items() if word in spellings]
        if word and not kinds:
            return Refusal(f"{self.where} is of the type '{word}', a word that the mapping file does not know.")
        try:
            return self._value(at, kinds[0] if kinds else INSTANT)
        except OverflowError:
            return Refusal(f"{self.where} is a time that is too far off.")

    def write(self, value: Value, raw: Any) -> Any:
        shown = self.project(value)
        if isinstance(shown, Refusal):
            return shown
        at, word = None, None
        if shown is not None:
            at, kind = self._at(shown)
            word = self.words[kind][0]
        old = raw or (None, None)
        pair = write_plain(self.shape, self.where, at, old[0]), write_plain(self.kind_shape, self.where, word, old[1])
        return next((part for part in pair if isinstance(part, Refusal)), pair)

    def _at(self, value: Value) -> tuple[datetime, str]:
        """The moment that stands for a value, and its kind."""
        if isinstance(value, Instant):
            return value.at.astimezone(UTC), INSTANT
        if isinstance(value, WallClock):
            return value.at.replace(tzinfo=self.zone, fold=0).astimezone(UTC), WALL_CLOCK
        if isinstance(value, Day):
            return datetime.combine(value.date, time(), self.zone).astimezone(UTC), DAY
        raise TypeError(value)

    def _value(self, at: datetime, kind: str) -> Value:
        if kind == INSTANT:
            return instant(at)
        local = at.astimezone(self.zone)
        return wall_clock(local) if kind == WALL_CLOCK else Day(local.date())
