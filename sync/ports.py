"""The two contracts a tool implements: a Connector (the wire) and a Mapping (the meaning)."""

# Long because whoever writes a connector reads it as one page.

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from sync.errors import SyncError
from sync.model import Attribution, Kind, Record, Ref, Value


@dataclass(frozen=True, slots=True)
class NativeField:
    """A field as the tool declares it. `type` is the tool's own type word; `options` are its choices (id, name)."""

    id: str
    name: str
    type: str
    read_only: bool = False
    options: tuple[tuple[str, str], ...] = ()


NativeSchema = Mapping[Kind, tuple[NativeField, ...]]


class TimeKind(StrEnum):
    """How the time of a send is meant."""

    INSTANT = "instant"  # one moment for everybody
    RECIPIENT_LOCAL = "recipient_local"  # the same clock time in every recipient's own zone
    DAY = "day"  # a day; the tool chooses the time
    STAGGERED = "staggered"  # in portions, from one moment on


# The states in which no ESP takes an edit; in a draft and a scheduled campaign (`edits_scheduled`) it may.
LOCKED = frozenset({"paused", "sending", "sent", "cancelled", "archived", "unknown"})


class Metering(StrEnum):
    """How a calendar tells what became of a send."""

    ROW = "row"  # with every campaign that it lists
    REPORT = "report"  # one report for many campaigns
    EACH = "each"  # one request a campaign
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Calendar:
    """What an ESP's calendar can do (reference esp §5, §6.2).

    `kinds` are the kinds of time that it shows, `writes` those that may be moved from here. `plans_drafts`: a draft can
    hold a planned time that schedules nothing. `moves_at_once`: a scheduled send is moved in one call; otherwise it is
    unscheduled, moved and scheduled again. `edits_scheduled`: other fields may be edited while it is scheduled. `grid`
    is the distance of the possible times in minutes. `correlates` says where our marker is kept.

    What is locked, and when: in the states `locked` (the words of reference esp §6.1, and "archived") nothing of a
    campaign may be written, and from `margin` before a send on its time is neither moved nor taken away; nor is any
    send scheduled that near to now. The margin is the longer one of the ESP's own and the workspace's (`send_margin`).
    """

    kinds: frozenset[TimeKind]
    writes: frozenset[TimeKind] = frozenset()
    plans_drafts: bool = False
    schedules: bool = False
    unschedules: bool = False
    moves_at_once: bool = False
    edits_scheduled: bool = False
    locked: frozenset[str] = LOCKED
    margin: timedelta = timedelta()
    grid: int = 1
    tells_changed_at: bool = False
    lists_changed: bool = False
    correlates: str = "name"
    metering: Metering = Metering.NONE
    tells_conversions: bool = False
    tells_machine_opens: bool = False
    calls_per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Capability:
    """What a tool can do. The engine asks this record and never the vendor's name.

    `batch` is how many changes one write call takes. `settle` is how long, in seconds, a listing may lag behind what
    was written: an unanswered create is not repeated before, and what a lagging listing shows changed is read again.
    `changes` says that the tool can be asked what changed since a position; `relates` that a record can carry links
    to the same entity's records in other tools. `resumes`: a listing that broke off can go on there; `remembers`: what
    was asked of the tool to set up a run can be told to the next one. `calendar` is what the calendar of an ESP can do,
    None for a tool that sends nothing. `withholds`: the account's plan, its add-ons or the key may keep something from
    us, and the tool can be asked what. `forgets_past`: records of what is over may go without a word, many at once.
    `compares`: a write itself looks at each record right before it updates it, and what of it then is not as
    `Update.record` has it is Stale, so that nobody need look before.
    """

    kinds: frozenset[Kind]
    batch: int = 1
    settle: float = 0.0
    creates: bool = True
    archives: bool = True
    changes: bool = False
    relates: bool = False
    resumes: bool = False
    remembers: bool = False
    calendar: Calendar | None = None
    withholds: bool = False
    forgets_past: bool = False
    compares: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """Another tool's record of the same entity: the tool's name, a title for people, and where it is opened."""

    tool: str
    native: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Member:
    """An account that a tool's records may name. `email` is empty where the tool hides it."""

    native: str
    name: str
    email: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class Withheld:
    """One thing that an account's plan, an add-on or the key keeps from us, in words for a marketer: `what` it is and
    what stays empty for want of it, and the `remedy`. Each a clause, without a capital at its beginning or a full stop.
    """

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Create:
    """Make a record that carries `marker`, written in the same call as the record itself."""

    marker: str
    kind: Kind
    fields: Mapping[str, Any]
    parent: str | None = None


def _unheard(_sure: bool) -> None:
    """Nobody needs to know."""


@dataclass(frozen=True, slots=True)
class Update:
    """Change only these fields of a record, which was last read as `record`. `parent` moves a stage when given.

    A scheduled send that has to be unscheduled before it can be moved calls `step(False)` right before that, and
    `step(True)` once the tool has confirmed it, so that both are remembered. `step(False)` once more after that takes
    the confirmation back: somebody has meanwhile scheduled the campaign anew, or we are about to, so that whoever finds
    it off the calendar after that cannot know whose doing it is, and does not schedule it; `step(True)` again says that
    it was not scheduled after all.
    `resumed` says that an earlier change got that far and no further: the send was unscheduled by us and is
    to be scheduled again.
    """

    record: Record
    fields: Mapping[str, Any]
    parent: str | None = None
    step: Callable[[bool], None] = field(default=_unheard, compare=False, repr=False)
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Archive:
    """Take the record out of sight in the most reversible way the tool offers."""

    record: Record


Change = Create | Update | Archive


@dataclass(frozen=True, slots=True)
class Written:
    """The change was acknowledged; `record` is what the tool holds now (None after an archive)."""

    change: Change
    record: Record | None


@dataclass(frozen=True, slots=True)
class Failed:
    """The change was not acknowledged. The error's class says what to do.

    `record` is what the tool holds now, where a part of the change was made before the rest was refused (a status that
    got half of its way): what it shows is our doing and no edit of somebody's.
    """

    change: Change
    error: SyncError
    record: Record | None = None


Outcome = Written | Failed


class Connector(Protocol):
    """The wire to one tool. Speaks the tool's own ids and values; knows no canonical field.

    Every method may raise ConfigError (credentials, missing container) or Unavailable.
    """

    @property
    def tool(self) -> str:
        """The name the user gave the tool."""

    @property
    def capability(self) -> Capability:
        """What it can do."""

    def schema(self) -> NativeSchema:
        """The tool's fields, by kind."""

    def setup(self) -> str | None:
        """What `recall` is to be told in a later run, so that it need not be asked of the tool once more (its fields,
        who we are): JSON of at most 200,000 characters without a secret; None where nothing is known. Only for a tool
        with `capability.remembers`."""

    def recall(self, setup: str | None) -> None:
        """Go by what `setup` told earlier instead of asking the tool. What means nothing any more is passed over. None
        forgets it all: `schema` then asks the tool again."""

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        """Every record of the container, campaigns before stages. Ending without an exception means complete.

        With `after`, which `reached` told when an earlier listing broke off, at the least those that it did not read.
        `known` are those that were told until then, in however many parts: each may be left out as well, but only where
        `after` still means something here.
        """

    def reached(self) -> str | None:
        """How far the last `fetch` has certainly come, for another one to go on from, which may count on being told
        what is `known`, but need not be; None where that has to begin anew. Text of at most 2,000 characters. Only for
        a tool with `capability.resumes`."""

    def changes(self, since: str) -> Iterator[Record | Ref]:
        """What was made or changed since a position, at the least; a bare Ref is a record that the tool says is gone.

        What was read before an exception is good. Raises Outdated where the tool cannot tell any more. Only for a
        tool with `capability.changes`.
        """

    def position(self) -> str | None:
        """Where the next `changes` has to begin so that nothing is missed after the last `fetch` or `changes`, as far
        as that was read; None where there was none, or the tool has no positions. Text of at most 2,000 characters.

        May prepare in the tool what the next `changes` will read, so that it is not asked for in a dry run.
        """

    def census(self) -> Iterator[Ref]:
        """The refs of every record, as cheaply as the tool can. Ending without an exception means complete."""

    def members(self) -> Sequence[Member]:
        """The accounts that records may name, as far as the tool lists them."""

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        """These records, read past any search index. None is a direct not-found while the container is visible."""

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Apply up to `capability.batch` changes; one outcome each, in order. Raises nothing for a single failure."""

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:
        """What became of these sends, as counts by native field; those that the tool does not tell are left out. Only
        for a tool whose calendar meters by report or campaign by campaign."""

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:
        """About how many people these audiences (by name) have, as far as the tool tells. Only for a tool with a
        calendar."""

    def withheld(self) -> Sequence[Withheld]:
        """What the account keeps from us; empty where that is nothing. A request or two: asked no oftener than the
        set-up. Only for a tool with `capability.withholds`."""

    def relate(self, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
        """Make the record carry these links, each in place of an earlier one to the same tool, and none of ours to the
        tools `dropped`; what people linked stays. Safe to repeat. Only for a tool with `capability.relates`."""

    def attribution(self, record: Record, field_id: str) -> Attribution | None:
        """Who last changed this field and when, where the tool tells."""

    def time(self) -> datetime | None:
        """The tool's own time now, going by its last answer; None where it has told none. How long a listing may lag
        is counted by it, because the clock of the machine that we run on may be set."""

    def close(self) -> None:
        """Give back sockets."""


@runtime_checkable
class Glancing(Protocol):
    """A connector that `read`s past the index one by one, and can show many records at once as the index has them."""

    def glance(self, refs: Sequence[Ref]) -> Mapping[Ref, Record]:
        """These records as a listing would show them, by pages. They may be behind, and are left out where the listing
        has none, so that nothing may be written by them before another look."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a value cannot be shown or written, in words for a marketer."""

    reason: str


class View(Protocol):
    """What a tool can show of one canonical field.

    Laws: project(project(v)) == project(v); project(lift(a, s)) == s; lift(a, project(a)) == a.
    """

    @property
    def writable(self) -> bool:
        """Whether people's edits elsewhere can be written here."""

    def project(self, value: Value) -> Value | Refusal:
        """The canonical value as this tool would show it."""

    def lift(self, agreed: Value, shown: Value) -> Value:
        """The canonical value nearest to `agreed` (None where unknown) that this tool shows as `shown`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A record in canonical terms: its cells, keys of other tools' records that it names, and the people whose accounts
    it calls inactive, or shows as active.

    A field that is absent from `values` could not be read and is not known; a field that is None is empty.
    `troubles` says, by field, why a value could not be understood.
    """

    values: Mapping[str, Value]
    key: str | None = None
    inactive: frozenset[str] = frozenset()
    troubles: Mapping[str, str] = field(default_factory=dict)
    active: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Native:
    """Canonical values in the tool's terms: what to send, and by canonical field what cannot be sent and why."""

    fields: Mapping[str, Any]
    refusals: Mapping[str, Refusal] = field(default_factory=dict)


class BoundMapping(Protocol):
    """The meaning of one tool's records. Laws: put(get(r), r) changes nothing; get after put(v) is project(v)."""

    @property
    def tool(self) -> str:
        """The name the user gave the tool."""

    def views(self, kind: Kind) -> Mapping[str, View]:
        """By canonical field, for the fields that this tool can show."""

    def get(self, record: Record) -> Reading:
        """The record's cells. The LINK cell of a stage is not in it: the engine resolves `record.parent`."""

    def put(self, kind: Kind, values: Mapping[str, Value], record: Record | None) -> Native:
        """The given cells in the tool's terms; `record` (None for a creation) keeps what is not mapped."""

    def lacking(self, kind: Kind, values: Mapping[str, Value]) -> str | None:
        """What an entity still needs before a record of it can be created here; None when nothing."""

    def native_field(self, kind: Kind, name: str) -> str | None:
        """The tool's id of the field that a canonical field is mapped to."""
