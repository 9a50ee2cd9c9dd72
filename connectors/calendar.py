"""The neutral calendar: what every ESP's campaigns have in common, and the small contract that an ESP implements."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from sync.errors import Outdated, SyncError
from sync.ports import Calendar, TimeKind, Withheld

PLACEHOLDER = "TBD"  # a campaign needs a subject in every ESP; this one stands for none


class Status(StrEnum):
    """The states that ESPs share (reference esp §6.1). In which of them nothing is written, `calendar.locked` says."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PAUSED = "paused"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Schedule(StrEnum):
    """What this workspace lets a sync do to the schedule of an ESP."""

    NEVER = "never"  # nothing
    MOVE = "move"  # move or unschedule what a person has scheduled
    FULL = "full"  # schedule a draft as well


@dataclass(frozen=True, slots=True)
class SendTime:
    """When a send begins. `at` is an aware moment (INSTANT, STAGGERED), a naive clock time (RECIPIENT_LOCAL) or a
    midnight without zone (DAY)."""

    kind: TimeKind
    at: datetime

    def native(self) -> dict[str, str]:
        """As a record's field: {"kind", "at"}; `at` in ISO 8601, a date for a day."""
        at = self.at.date().isoformat() if self.kind is TimeKind.DAY else self.at.isoformat(timespec="seconds")
        return {"kind": self.kind.value, "at": at}


@dataclass(frozen=True, slots=True)
class Audience:
    """A list or segment. `size` is an estimate, None where the ESP tells none."""

    id: str
    name: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One send of the calendar, as it is now.

    `id` is the campaign's, or the message's where a campaign has several sends. `planned` is a time that a draft merely
    holds, `scheduled` when it will go or went out. `subjects` are several in a test, None where they are not told, as
    are `audiences` (included, excluded ids) and `tags`. `metrics` are counts by field. `odd` are fields of a form that
    the ESP does not document, given as they are for the mapping to tell. `raw` is the vendor's own form, for the ESP
    that made the entry.
    """

    id: str
    name: str
    status: Status
    status_raw: str
    archived: bool = False
    read_only: str | None = None  # why nothing of it may be written, in words for a marketer
    planned: SendTime | None = None
    scheduled: SendTime | None = None
    subjects: tuple[str, ...] | None = ()
    audiences: tuple[tuple[str, ...], tuple[str, ...]] | None = ((), ())
    tags: tuple[str, ...] | None = None
    marker: str | None = None
    url: str | None = None
    changed_at: datetime | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    odd: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Content:
    """What may be said of a campaign besides its time; None (and an absent key in an edit) leaves it as it is."""

    name: str | None = None
    subject: str | None = None  # "" is none yet
    audiences: tuple[tuple[str, ...], tuple[str, ...]] | None = None  # ids: included, excluded
    tags: frozenset[str] | None = None  # names


def unheard() -> None:
    """Nobody needs to know."""


class Esp(Protocol):
    """The wire to one account of an ESP, in neutral words. It never decides: what may be done to a schedule is asked
    before (`connectors.calendar_writes`).

    Every method may raise ConfigError or Unavailable; those that write also Rejected, Stale and Ambiguous. There is no
    method that sends.
    """

    title: str  # the vendor's name for people: "Klaviyo"
    calendar: Calendar
    settle: float  # seconds until a creation is sure to be in a listing
    deletes_drafts: bool  # whether a draft may be removed from here
    tags: bool  # whether campaigns have tags that may be written
    batch: int  # how many campaigns are asked for at once, and drafts made together, by fewer requests than one by one
    archives_apart: bool  # whether `changed` has to be asked for archived campaigns by themselves

    def memory(self) -> Mapping[str, Any]:
        """What was learned of the account besides its audiences and tags, to be told to `recall` in a later run: JSON
        without a secret; empty where that is nothing."""

    def recall(self, known: Mapping[str, Any]) -> None:
        """Go by what `memory` told earlier, as far as it is understood, and forget what was learned since."""

    def entries(self) -> Iterator[Entry]:
        """Every email campaign. Ending without an exception means complete."""

    def changed(self, since: datetime, *, archived: bool = False) -> Iterator[Entry]:
        """Those that changed at or after a moment of the ESP's clock, at the least; where `archives_apart`, the
        archived ones of them or the others. Raises Outdated where it has no such question (`calendar.lists_changed` is
        False)."""

    def entry(self, id_: str) -> Entry | None:
        """One campaign as it is now; None is the ESP's own not-found."""

    def several(self, ids: Sequence[str]) -> Iterator[Entry]:
        """Campaigns that are not archived, as a listing shows them, which may lag: fewer, or what they held a moment
        ago. Only where `batch` is more than one."""

    def create(self, content: Content, planned: SendTime | None, marker: str) -> str:
        """A new draft that carries the marker from the first moment; its id. `planned` is None unless drafts hold one.
        Never scheduled by this. Its tags are for `label`."""

    def label(self, tags: Mapping[str, Collection[str]]) -> None:
        """Give new drafts, by id, their tags, by name (`tags`). What is refused shows as missing in the next run."""

    def edit(self, entry: Entry, content: Content) -> Entry | None:
        """Change the content of a draft, or of a scheduled one where `calendar.edits_scheduled`. The marker stays.

        Gives the campaign as the ESP's own answer shows it now, None where that does not tell all of it."""

    def plan(self, entry: Entry, at: SendTime) -> Entry | None:
        """Give a draft another planned time, which schedules nothing (`calendar.plans_drafts`). Gives what `edit`
        gives."""

    def schedule(self, entry: Entry, at: SendTime) -> None:
        """Schedule a draft for an explicit future time, which it holds already where drafts hold one."""

    def unschedule(self, entry: Entry, confirmed: Callable[[], None] = unheard) -> None:
        """Make a scheduled campaign a draft again; returns once the ESP shows it as one. Calls `confirmed` as soon as
        it has plainly said that it does so, where it may take its time to show that."""

    def move(self, entry: Entry, at: SendTime) -> None:
        """Move a scheduled send in one call (`calendar.moves_at_once`)."""

    def delete(self, entry: Entry) -> None:
        """Remove a draft (`deletes_drafts`)."""

    def audiences(self) -> Sequence[Audience]:
        """All lists and segments."""

    def audience(self, id_: str) -> Audience | None:
        """One that no listing showed; None where there is none."""

    def tag_names(self) -> Sequence[tuple[str, str]]:
        """Id and name of every tag; empty where there are none."""

    def measure(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        """Counts by field (METRICS of sync.model) for sends that are over, by as few requests as the ESP allows."""

    def withheld(self) -> Sequence[Withheld]:
        """What the account's plan, its add-ons or the key keep from us of what is read here; a request or two. A run,
        which goes on without, asks once an hour, and where it cannot be told asks again in the next hour."""

    def time(self) -> datetime | None:
        """The ESP's own time by its last answer."""

    def close(self) -> None:
        """Give back sockets."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What a workspace allows: how far a sync may go, and how near to now no schedule is touched or made.

    `now` is the machine's clock; it counts until the ESP has told its own time, by which it sends.
    """

    schedule: Schedule = Schedule.MOVE
    margin: timedelta = timedelta(minutes=30)
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()

    def within(self, calendar: Calendar) -> Calendar:
        """An ESP's record, with the margin that counts here: the longer of the two."""
        return replace(calendar, margin=max(calendar.margin, self.margin))


def several(esp: Esp, ids: Sequence[str]) -> dict[str, Entry]:
    """Campaigns by id as pages show them; none where the ESP has none for several, or cannot show them just now."""
    found: dict[str, Entry] = {}
    wanted = {id_ for id_ in ids if id_.isalnum()}  # what is none goes into no question
    if esp.batch > 1 and wanted:
        with suppress(SyncError):  # whoever misses one asks for it
            found = {entry.id: entry for entry in esp.several(sorted(wanted)) if entry.id in wanted}
    return found


def no_changes(title: str, since: datetime) -> Iterator[Entry]:
    """The `changed` of an ESP that cannot be asked for changes."""
    raise Outdated(f"{title} does not tell what changed since {since.isoformat()}.")
