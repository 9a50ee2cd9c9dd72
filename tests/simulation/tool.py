"""A tool for the simulation: keeps a log of what was applied; lags, shuffles, normalises and fails as real ones do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from connectors.memory import MemoryConnector
from sync.codec import decode, encode
from sync.errors import SyncError, Unavailable
from sync.model import UNSET, Kind, Record, Ref, Unset, Value
from sync.ports import (
    BoundMapping,
    Change,
    Native,
    NativeField,
    NativeSchema,
    Outcome,
    Reading,
    Refusal,
    Update,
    View,
)
from tests.simulation.index import Index
from tests.simulation.played import Fate, Hooks, Played
from tests.sync.plain import AsIs

FIELDS = {
    Kind.CAMPAIGN: ("name", "subject", "status", "owner", "tags", "planned_send"),
    Kind.STAGE: ("kind", "notes", "status", "due"),
}
NOTHING: dict[str, Value] = {"tags": frozenset()}


@dataclass(frozen=True)
class Make:
    """How one tool of a team is made. `lags` are the seconds that its listing may be behind. `deltas`: it tells what
    changed since a position; with `log` also what was deleted. `resumes`: a listing that broke off can go on. `more`
    are fields that it has for campaigns besides those that all have."""

    name: str
    views: Mapping[str, View] = field(default_factory=dict)
    kinds: frozenset[Kind] = frozenset(Kind)
    more: tuple[str, ...] = ()
    batch: int = 1
    lags: float = 0.0
    archives: bool = True
    trims: bool = False
    deltas: bool = True
    log: bool = False
    resumes: bool = False

    def fields(self, kind: Kind) -> tuple[str, ...]:
        """The canonical names of what it has."""
        return (*FIELDS[kind], *self.more) if kind is Kind.CAMPAIGN else FIELDS[kind]

    def tool(self, hooks: Hooks) -> Played:
        return SimulatedTool(self, hooks)

    def bind(self, _native: NativeSchema) -> BoundMapping:
        return self.mapping()

    def mapping(self) -> SimpleMapping:
        return SimpleMapping(
            self.name, {k: {name: self.views.get(name, AsIs()) for name in self.fields(k)} for k in self.kinds}
        )

    def native(self) -> dict[Kind, tuple[NativeField, ...]]:
        views = self.views
        return {
            kind: tuple(NativeField(n, n, "any", n in views and not views[n].writable) for n in self.fields(kind))
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

    is_writing = False  # each of its changes is one request

    def __init__(self, make: Make, hooks: Hooks) -> None:
        self.fate = Fate()
        super().__init__(
            make.name, make.native(), kinds=make.kinds, batch=make.batch, settle=make.lags, archives=make.archives,
            changes=make.deltas, resumes=make.resumes,
        )  # fmt: skip
        self.make, self.at, self.watch, self.true_time = make, hooks.at, hooks.watch, hooks.now
        self.unheard = hooks.unheard
        self.index: Index[Record] = Index(hooks.now)
        self.bin: dict[str, Record] = {}
        self.returned: set[str] = set()
        self._begun: datetime | None = None

    # What people do besides.

    def delete(self, native: str) -> None:
        self._conceal(native)
        self.index.happened(native)
        self.bin[native] = self.records[native]
        for child, record in list(self.records.items()):
            if record.parent == native:
                self._conceal(child)
                self.index.happened(child)
        super().delete(native)

    def restore(self, native: str) -> None:
        """A person takes a record out of the bin: it has the id that it had, and its stages do not hang on it again."""
        self._conceal(native)
        self.records[native] = self.bin.pop(native)
        self.returned.add(native)

    def lock(self, native: str, reason: str | None) -> None:
        super().lock(native, reason)
        self.index.happened(native)

    # What a world needs of it.

    @property
    def down(self) -> SyncError | None:
        return self.fate.down

    @down.setter
    def down(self, error: SyncError | None) -> None:
        self.fate.down = error

    def views(self, kind: Kind) -> Mapping[str, View]:
        return self.make.mapping().views(kind)

    def shows(self, native: str) -> Mapping[str, Value]:
        return self.make.mapping().get(told(self.records[native])).values

    def image(self) -> Any:
        return dict(self.records), list(self.log), self._made, self._ticks, set(self._touched), self.index.image()

    def resume(self, image: Any) -> None:
        records, log, self._made, self._ticks, touched, events = image
        self.records, self.log, self._touched = dict(records), list(log), set(touched)
        self.index.resume(events)

    # What the sync calls.

    def schema(self) -> Any:
        self.at(self.tool, "schema", "before")
        return super().schema()

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        self.at(self.tool, "fetch", "before")
        if self.down:
            raise self.down
        fault, self.fate.listing = self.fate.listing, ""
        if after is None:
            self._place()
        self._reached, told = after, set(known) if after else frozenset()
        shown = [record for record in self.fate.order(self._listed()) if record.ref not in told]
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
        told = self.index.told(datetime.fromisoformat(since))
        shown = {record.ref.native: record for record in self._listed()}
        yield from self.fate.order([shown[native] for native in sorted(told & shown.keys())])
        if self.make.log:
            for native in sorted(told - self.records.keys() & self.bin.keys()):
                yield self.bin[native].ref
        self.at(self.tool, "fetch", "after")

    def position(self) -> str | None:
        return self._begun.isoformat() if self._begun and self.make.deltas else None

    def census(self) -> Iterator[Ref]:
        self.at(self.tool, "census", "before")
        fault, self.fate.listing = self.fate.listing, ""
        for record in self.fate.order(self._listed()):
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
        try:
            self.at(self.tool, "write", "after")
        except Exception:
            if record and isinstance(change, Update):
                self.unheard(self.tool, record.ref.native, change.fields)
            raise
        return record and told(record)

    def _change(self, native: str, fields: Mapping[str, Any], who: str, *, parent: str | Unset | None = UNSET) -> None:
        before = dict(self.records[native].fields)
        self._conceal(native)
        if self.make.trims:
            fields = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
        super()._change(native, fields, who, parent=parent)
        record = self.records[native]._replace(changed_at=self.true_time() + self.fate.skew)
        self.records[native] = record
        self.index.happened(native)
        self.watch(self.tool, native, before, record.fields, who)

    def _make(self, kind: Kind, fields: Mapping[str, Any], parent: str | None, marker: str | None, who: str) -> str:
        self.index.conceal(f"{self.tool}-{self._made + 1}", None)
        return super()._make(kind, fields, parent, marker, who)

    def _place(self) -> None:
        """The next position is so far before now as the index may lag."""
        self._begun = self.true_time() - timedelta(seconds=self.make.lags)

    def _conceal(self, native: str) -> None:
        self.index.conceal(native, self.records.get(native))

    def _listed(self, start: tuple[int, int, str] | None = None) -> list[Record]:
        shown = self.index.shown(self.records).values()
        return [told(record) for record in shown if record.ref.kind in self.capability.kinds]


def told(record: Record) -> Record:
    """As it comes over a wire: its values are JSON."""
    return record._replace(fields={name: encode(value) for name, value in record.fields.items()})
