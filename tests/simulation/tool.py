"""A tool for the simulation: keeps a log of what was applied; lags, shuffles, normalises and fails as real ones do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from connectors.memory import MemoryConnector
from sync.codec import decode, encode
from sync.errors import Unavailable
from sync.model import UNSET, Kind, Record, Ref, Unset, Value
from sync.ports import Change, Native, NativeField, Outcome, Reading, Refusal, View
from tests.sync.plain import AsIs

FIELDS = {
    Kind.CAMPAIGN: ("name", "subject", "status", "owner", "tags", "planned_send"),
    Kind.STAGE: ("kind", "notes", "status", "due"),
}
NOTHING: dict[str, Value] = {"tags": frozenset()}

# (tool, call, when): told of every moment at which something may go wrong; raises what shall go wrong.
Boundary = Callable[[str, str, str], None]
# (tool, native id, fields before, fields after, who)
Watch = Callable[[str, str, Mapping[str, Any], Mapping[str, Any], str], None]


@dataclass(frozen=True)
class Make:
    """How one tool of a team is made. `lags` are the seconds that its listing may be behind. `deltas`: it tells what
    changed since a position; with `log` also what was deleted. `resumes`: a listing that broke off can go on."""

    name: str
    views: Mapping[str, View] = field(default_factory=dict)
    kinds: frozenset[Kind] = frozenset(Kind)
    batch: int = 1
    lags: float = 0.0
    archives: bool = True
    trims: bool = False
    deltas: bool = True
    log: bool = False
    resumes: bool = False

    def mapping(self) -> SimpleMapping:
        return SimpleMapping(
            self.name, {k: {name: self.views.get(name, AsIs()) for name in FIELDS[k]} for k in self.kinds}
        )

    def native(self) -> dict[Kind, tuple[NativeField, ...]]:
        views = self.views
        return {
            kind: tuple(NativeField(n, n, "any", n in views and not views[n].writable) for n in FIELDS[kind])
            for kind in self.kinds
        }


class SimpleMapping:
    """Records whose native values are canonical ones as JSON, seen through the given views."""

    def __init__(self, tool: str, views: Mapping[Kind, Mapping[str, View]]) -> None:
        self.tool = tool
        self._views = views

    def views(self, kind: Kind) -> Mapping[str, View]:
        return self._views.get(kind, {})

    def get(self, record: Record) -> Reading:
        fields = {name: decode(value) for name, value in record.fields.items()}
        return Reading({name: fields.get(name, NOTHING.get(name)) for name in self._views[record.ref.kind]})

    def put(self, kind: Kind, values: Mapping[str, Value], record: Record | None) -> Native:
        views = self._views[kind]
        shown = {name: views[name].project(value) for name, value in values.items() if name in views}
        refusals = {name: value for name, value in shown.items() if isinstance(value, Refusal)}
        return Native({name: value for name, value in shown.items() if name not in refusals}, refusals)

    def lacking(self, kind: Kind, values: Mapping[str, Value]) -> str | None:
        return "a name" if kind is Kind.CAMPAIGN and not values.get("name") else None

    def native_field(self, kind: Kind, name: str) -> str | None:
        return name


class SimulatedTool(MemoryConnector):
    """One tool. `log` is the oracle: what was really applied, whoever asked for it and whatever was answered."""

    def __init__(self, make: Make, at: Boundary, watch: Watch, now: Callable[[], datetime]) -> None:
        super().__init__(
            make.name, make.native(), kinds=make.kinds, batch=make.batch, settle=make.lags, archives=make.archives,
            changes=make.deltas, resumes=make.resumes,
        )  # fmt: skip
        self.make, self.at, self.watch, self.true_time = make, at, watch, now
        self.skew = timedelta()
        self.lag = timedelta()  # how long what happens now stays out of the listing
        self.hidden: list[tuple[datetime, str, Record | None]] = []  # until when, which record, what it was before
        self.events: list[tuple[datetime, datetime, str]] = []  # when, when the index knows, which record
        self.order: Callable[[list[Record]], list[Record]] = list
        self.listing: str = ""  # "", "empty", "short", "twice" or "broken": how the next listing goes wrong
        self.bin: dict[str, Record] = {}
        self._begun: datetime | None = None

    # What people do besides.

    def delete(self, native: str) -> None:
        self._conceal(native)
        self._happened(native)
        self.bin[native] = self.records[native]
        for child, record in list(self.records.items()):
            if record.parent == native:
                self._conceal(child)
                self._happened(child)
        super().delete(native)

    def restore(self, native: str) -> None:
        """A person takes a record out of the bin: it has the id that it had, and its stages do not hang on it again."""
        self._conceal(native)
        self.records[native] = self.bin.pop(native)

    def lock(self, native: str, reason: str | None) -> None:
        super().lock(native, reason)
        self._happened(native)

    # What the sync calls.

    def schema(self) -> Any:
        self.at(self.tool, "schema", "before")
        return super().schema()

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        self.at(self.tool, "fetch", "before")
        if self.down:
            raise self.down
        fault, self.listing = self.listing, ""
        if after is None:
            self._place()
        self._reached, told = after, set(known) if after else frozenset()
        shown = [record for record in self.order(self._listed()) if record.ref not in told]
        for number, record in enumerate(sorted(shown, key=lambda r: r.ref.kind is Kind.STAGE), 1):
            if fault == "empty" or (fault == "short" and record is shown[-1]):
                continue
            yield record
            if fault == "twice" and record is shown[0]:
                yield record
            if fault == "broken" and number == ceil(len(shown) / 2):
                self._reached = "some of it" if self.make.resumes else None
                raise Unavailable("the listing broke off")
        self._reached = None
        self.at(self.tool, "fetch", "after")

    def changes(self, since: str) -> Iterator[Record | Ref]:
        self.at(self.tool, "fetch", "before")
        if self.down:
            raise self.down
        self._place()
        now, begin = self.true_time(), datetime.fromisoformat(since)
        told = {native for at, known, native in self.events if at >= begin and known <= now}
        shown = {record.ref.native: record for record in self._listed()}
        yield from self.order([shown[native] for native in sorted(told & shown.keys())])
        if self.make.log:
            for native in sorted(told - self.records.keys() & self.bin.keys()):
                yield self.bin[native].ref
        self.at(self.tool, "fetch", "after")

    def position(self) -> str | None:
        return self._begun.isoformat() if self._begun and self.make.deltas else None

    def census(self) -> Iterator[Ref]:
        self.at(self.tool, "census", "before")
        fault, self.listing = self.listing, ""
        for record in self.order(self._listed()):
            if fault == "broken":
                raise Unavailable("the listing broke off")
            if fault != "empty" and not (fault == "short" and record.ref.native.endswith("1")):
                yield record.ref
        self.at(self.tool, "census", "after")

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        self.at(self.tool, "read", "before")
        found = {ref: record and told(record) for ref, record in super().read(refs).items()}
        self.at(self.tool, "read", "after")
        return found

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        outcomes = super().write(changes)
        self.at(self.tool, "write", "answered")
        return outcomes

    def time(self) -> datetime:
        return self.true_time()

    def _applied(self, change: Change) -> Record | None:
        self.at(self.tool, "write", "before")
        record = super()._applied(change)
        self.at(self.tool, "write", "after")
        return record and told(record)

    def _change(self, native: str, fields: Mapping[str, Any], who: str, *, parent: str | Unset | None = UNSET) -> None:
        before = dict(self.records[native].fields)
        self._conceal(native)
        if self.make.trims:
            fields = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
        super()._change(native, fields, who, parent=parent)
        record = replace(self.records[native], changed_at=self.true_time() + self.skew)
        self.records[native] = record
        self._happened(native)
        self.watch(self.tool, native, before, record.fields, who)

    def _make(self, kind: Kind, fields: Mapping[str, Any], parent: str | None, marker: str | None, who: str) -> str:
        native = f"{self.tool}-{self._made + 1}"
        if self.lag:
            self.hidden.append((self.true_time() + self.lag, native, None))
        return super()._make(kind, fields, parent, marker, who)

    def _place(self) -> None:
        """The next position is so far before now as the index may lag."""
        self._begun = self.true_time() - timedelta(seconds=self.make.lags)

    def _happened(self, native: str) -> None:
        now = self.true_time()
        self.events.append((now, now + self.lag, native))

    def _conceal(self, native: str) -> None:
        """Let the listing show what stands there now for as long as the index lags."""
        if self.lag:
            self.hidden.append((self.true_time() + self.lag, native, self.records.get(native)))

    def _listed(self, start: tuple[int, int, str] | None = None) -> list[Record]:
        """What the index knows: of each record the state before the first change that it has not caught up with."""
        now = self.true_time()
        self.hidden = [entry for entry in self.hidden if entry[0] > now]
        shown: dict[str, Record | None] = dict(self.records)
        for _, native, before in reversed(self.hidden):
            shown[native] = before
        return [told(record) for record in shown.values() if record and record.ref.kind in self.capability.kinds]


def told(record: Record) -> Record:
    """As it comes over a wire: its values are JSON."""
    return replace(record, fields={name: encode(value) for name, value in record.fields.items()})
