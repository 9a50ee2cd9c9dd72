"""An iCalendar feed as a tool that is only read: each event is a campaign, each date of a series one of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from connectors.calendar import SendTime, Status
from connectors.http import Retry
from connectors.ics_events import Event, Events, Unparsable, events_of
from connectors.ics_feed import Feed
from sync.errors import Outdated, Rejected, Unavailable
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import (
    LOCKED,
    Calendar,
    Capability,
    Change,
    Failed,
    Member,
    NativeField,
    NativeSchema,
    Outcome,
    Relation,
    TimeKind,
    Withheld,
)

Shows = Literal["scheduled", "planned"]
OPENS = '{"opens":true}'
WESTERNMOST = timedelta(hours=12)  # where it is a clock time last: so long after it is in UTC

_LOG = logging.getLogger(__name__)


class IcsConnector:
    """The events of one feed. `address` is a secret.

    `shows` is what a date means there: that a send is scheduled for it (the feed of an ESP), or planned (the feed of a
    planning tool). `since`: events before this day are not read. Of a series the dates of the next `ahead` days are.
    """

    def __init__(
        self,
        tool: str,
        *,
        address: str,
        shows: Shows = "scheduled",
        since: date | None = None,
        ahead: int = 180,
        retry: Retry | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.tool = tool
        self.capability = Capability(
            frozenset({Kind.CAMPAIGN}),
            creates=False,
            archives=False,
            remembers=True,
            calendar=Calendar(
                kinds=frozenset({TimeKind.INSTANT, TimeKind.RECIPIENT_LOCAL, TimeKind.DAY}),
                locked=frozenset(Status) | LOCKED,  # a feed is only read
                tells_changed_at=True,
            ),
            forgets_past=True,  # most feeds show a window of time (RFC 5545 has no word for it)
        )
        self._feed = Feed(tool, address, retry or Retry())
        self._shows = shows
        self._since = since
        self._ahead = timedelta(days=ahead)
        self._now = now
        self._known: tuple[str, datetime, Events] | None = None
        self._opens = self._recalled = False  # whether the address leads to a calendar, and that an earlier run saw it

    def schema(self) -> NativeSchema:
        """The fields of an event; none can be written. Reads the feed, so that a wrong address is told at once, unless
        it is recalled to be right: then the listing tells."""
        if not self._recalled:
            self._feed.text()
            self._opens = True
        return {
            Kind.CAMPAIGN: (
                NativeField("name", "Name", "string", read_only=True),
                NativeField("tags", "Categories", "tags", read_only=True),
                NativeField("planned", "Planned send", "send_time", read_only=True),
                NativeField("scheduled", "Scheduled send", "send_time", read_only=True),
                NativeField("status", "Status", "string", read_only=True),
            )
        }

    def setup(self) -> str | None:
        """That the address leads to a calendar; all events have the same fields."""
        return OPENS if self._opens else None

    def recall(self, setup: str | None) -> None:
        """The same."""
        self._opens = self._recalled = setup == OPENS

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:  # noqa: ARG002  it goes on nowhere
        """Every event. None drops out with time, which would pass for a deletion."""
        text = self._feed.text()
        now = self._feed.clock.now() or self._now()
        # To the end of a day, so that all looks of a day see the same dates.
        until = datetime.combine((now + self._ahead).astimezone(UTC).date(), datetime.max.time(), UTC)
        events = self._events(text, until)
        if events.nameless:
            _LOG.warning("%s: %d events have no UID and are not read.", self.tool, events.nameless)
        for event in events.dated:
            yield self._record(event, now)

    def reached(self) -> str | None:
        return None

    def changes(self, since: str) -> Iterator[Record | Ref]:
        """Never asked: the feed is one answer."""
        raise Outdated(f"{self.tool} does not tell what changed since {since!r}.")

    def position(self) -> str | None:
        """None: every listing is a full one, though an unchanged feed is not sent again."""
        return None

    def census(self) -> Iterator[Ref]:
        """The refs of the full listing."""
        for record in self.fetch():
            yield record.ref

    def members(self) -> Sequence[Member]:
        """Nobody: who organizes an event is not who owns a campaign."""
        return ()

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        """These events out of the feed as it is now. None is what a whole calendar does not hold."""
        found = {record.ref: record for record in self.fetch()} if refs else {}
        return {ref: found.get(ref) for ref in refs}

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Nothing is ever written."""
        words = f"{self.tool} is a calendar feed, which can only be read; change it where it comes from."
        return [Failed(change, Rejected(words)) for change in changes]

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:  # noqa: ARG002  a feed counts nothing
        """Nothing: a calendar does not tell what became of a send."""
        return {}

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:  # noqa: ARG002  a feed tells no audiences
        """Never called: a feed tells no audiences."""
        return {}

    def withheld(self) -> Sequence[Withheld]:
        """Never called: a feed has no plan or key."""
        return ()

    def relate(self, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
        """Never called: nothing is linked from here."""

    def attribution(self, record: Record, field_id: str) -> Attribution | None:  # noqa: ARG002  it tells no field
        """When the event last changed, where it tells."""
        return Attribution(None, record.changed_at)

    def time(self) -> datetime | None:
        """The feed's own time, by its last answer."""
        return self._feed.clock.now()

    def close(self) -> None:
        """Give back sockets."""
        self._feed.close()

    def _events(self, text: str, until: datetime) -> Events:
        """What the text holds; read once as long as neither it nor the day changes."""
        if self._known is None or self._known[:2] != (text, until):
            try:
                self._known = text, until, events_of(text, self._since, until)
            except Unparsable as exc:
                raise Unavailable(
                    f"{self.tool} answered with a calendar that cannot be read ({exc}). The next run tries again."
                ) from exc
        return self._known[2]

    def _record(self, event: Event, now: datetime) -> Record:
        status = self._status(event, now)
        fields: dict[str, Any] = {
            "name": event.name,
            "tags": list(event.tags),
            "scheduled": None,
            "status": f"unknown: {event.state}" if status is Status.UNKNOWN else status.value,
        }
        at = event.starts.native() if event.starts else None
        if status in {Status.SCHEDULED, Status.SENT}:
            fields["scheduled"] = at
        if status in {Status.SCHEDULED, Status.DRAFT}:
            fields["planned"] = at
        if event.odd:  # given as it is, for the mapping to tell
            fields[self._shows] = event.odd
        return Record(Ref(self.tool, Kind.CAMPAIGN, event.id), fields, url=event.url, changed_at=event.changed_at)

    def _status(self, event: Event, now: datetime) -> Status:
        """A tentative event is no more than a plan. One that is over was sent, for no calendar tells that."""
        if event.state not in {"", "CONFIRMED", "TENTATIVE", "CANCELLED"}:
            return Status.UNKNOWN
        if event.state == "CANCELLED":
            return Status.CANCELLED
        if event.state == "TENTATIVE" or self._shows == "planned" or event.starts is None:
            return Status.DRAFT
        return Status.SENT if _over(event.starts) <= now else Status.SCHEDULED


def _over(at: SendTime) -> datetime:
    """When a send has begun everywhere."""
    if at.kind is TimeKind.INSTANT:
        return at.at
    whole = timedelta(days=1) if at.kind is TimeKind.DAY else timedelta()
    return at.at.replace(tzinfo=UTC) + whole + WESTERNMOST
