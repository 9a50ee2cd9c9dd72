"""What may be done to the time of a send: read from a record, compared, and judged before an ESP is asked for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.calendar import Entry, Schedule, Sending, SendTime
from sync.errors import Rejected
from sync.ports import Calendar, TimeKind

ABSOLUTE = frozenset({TimeKind.INSTANT, TimeKind.STAGGERED})
EASTERNMOST = timedelta(hours=14)  # where it is that clock time first: so long before it is in UTC
MEANT = {
    TimeKind.INSTANT: "at one moment for everybody",
    TimeKind.RECIPIENT_LOCAL: "at every recipient's own clock time",
    TimeKind.DAY: "on a day, at a time that the tool chooses",
    TimeKind.STAGGERED: "in portions",
}


def shown(at: SendTime | None) -> dict[str, str] | None:
    """A time as a record's field; one moment is always the same text, whatever offset the ESP writes it in."""
    if at is None:
        return None
    when = at.at.astimezone(UTC) if at.kind in ABSOLUTE else at.at
    return replace(at, at=when.replace(microsecond=0)).native()


def send_time(raw: Any) -> SendTime | None:
    """The time that a record's field says; None for none. Raises Rejected for anything else."""
    if raw is None:
        return None
    try:
        kind, text = TimeKind(raw["kind"]), raw["at"]
        if kind is TimeKind.DAY:
            return SendTime(kind, datetime.combine(date.fromisoformat(text), time()))
        at = datetime.fromisoformat(text)
    except (LookupError, TypeError, ValueError):
        raise Rejected(f"{raw!r} is no time of a send.") from None
    if (at.tzinfo is not None) is not (kind in ABSOLUTE):
        raise Rejected(f"{text} is no time of a send {MEANT[kind]}.")
    return SendTime(kind, at)


def same(one: SendTime | None, other: SendTime | None) -> bool:
    """Whether two times are one and are meant alike."""
    return shown(one) == shown(other)


def begins(at: SendTime) -> datetime:
    """The earliest moment at which a send of this time may begin, anywhere."""
    return at.at if at.kind in ABSOLUTE else at.at.replace(tzinfo=UTC) - EASTERNMOST


def told(at: SendTime) -> str:
    """A time in words."""
    if at.kind is TimeKind.DAY:
        return f"{at.at:%d %b %Y}"
    if at.kind is TimeKind.RECIPIENT_LOCAL:
        return f"{at.at:%d %b %Y, %H:%M} in every recipient's own zone"
    return f"{at.at.astimezone(UTC):%d %b %Y, %H:%M} UTC"


def on_grid(at: SendTime, minutes: int) -> SendTime:
    """The time itself where a grid of so many minutes has it, else the next one that it has."""
    if minutes <= 1 or at.kind is TimeKind.DAY:
        return at
    when = at.at.astimezone(UTC) if at.kind in ABSOLUTE else at.at
    midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=minutes)
    return replace(at, at=midnight - (midnight - when) // step * step)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one ESP can do with a time and what the workspace allows. Every method raises Rejected, in words that say
    what to do. `now` is the time by which the ESP sends; how near to a send nothing is touched, `calendar.margin`."""

    title: str
    calendar: Calendar
    sending: Sending
    now: Callable[[], datetime]

    def may_plan(self, at: SendTime, held: SendTime | None) -> None:
        """Whether a draft that holds `held` may be given this time."""
        if at.kind not in self.calendar.writes:
            raise Rejected(f"{self.title}: a campaign cannot be set from here to go out {MEANT[at.kind]}; do it there.")
        portions = TimeKind.STAGGERED
        if (at.kind is portions) is not (held is not None and held.kind is portions):
            raise Rejected(f"{self.title}: whether a campaign is sent in portions can only be changed there.")
        possible = on_grid(at, self.calendar.grid)
        if not same(possible, at):
            raise Rejected(
                f"{self.title} sends every {self.calendar.grid} minutes only, so not at {told(at)}; "
                f"{told(possible)} would be possible."
            )

    def may_schedule(self, at: SendTime, held: SendTime | None) -> None:
        """Whether a draft may be scheduled for this time, as far as the time goes."""
        self.may_plan(at, held)
        left = begins(at) - self.now()
        if left <= self.calendar.margin:
            near = "is past" if at.kind in ABSOLUTE else "has begun somewhere"
            near = near if left <= timedelta() else f"is less than {self._margin} away"
            raise Rejected(f"{self.title}: {told(at)} {near}, and nothing is scheduled that late from here.")

    def may_touch(self, entry: Entry) -> SendTime:
        """Whether a scheduled campaign may be unscheduled or moved; when it is to go out."""
        if self.sending.schedule is Schedule.NEVER:
            raise Rejected(f"{self.title}: this workspace lets no sync touch a schedule; move the campaign there.")
        present = entry.scheduled or entry.planned
        if present is None:
            raise Rejected(f"{self.title} does not tell for when the campaign is scheduled; move it there.")
        if begins(present) - self.now() <= self.calendar.margin:
            raise Rejected(
                f"{self.title}: the campaign goes out at {told(present)}, and within {self._margin} of that nothing "
                f"is moved from here any more; do it there."
            )
        return present

    def may_move(self, entry: Entry, at: SendTime) -> None:
        """Whether a scheduled campaign may be moved to this time."""
        present = self.may_touch(entry)
        if at.kind is not present.kind:
            raise Rejected(
                f"{self.title}: the campaign goes out {MEANT[present.kind]}; how it is sent can only be changed there."
            )
        self.may_schedule(at, present)

    def may_schedule_drafts(self) -> None:
        """Whether a draft may be scheduled at all."""
        if self.sending.schedule is not Schedule.FULL:
            raise Rejected(f"{self.title}: this workspace lets no sync schedule a draft; schedule it there.")

    @property
    def _margin(self) -> str:
        return f"{int(self.calendar.margin.total_seconds() // 60)} minutes"
