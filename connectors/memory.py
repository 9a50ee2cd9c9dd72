"""A tool in memory that keeps the connectors' contract: for tests, simulations and the conformance suite."""

# Long because a tool in memory keeps the whole contract.

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors import memory_texts as texts
from sync.errors import Outdated, Rejected, Stale, SyncError, Unavailable
from sync.model import UNSET, Attribution, Kind, Record, Ref, Unset
from sync.ports import (
    Archive,
    Capability,
    Change,
    Create,
    Failed,
    Member,
    NativeSchema,
    Outcome,
    Relation,
    Update,
    Withheld,
    Written,
)

DAWN = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryConnector:
    """One tool. Ids and times are counted, so that the same calls always make the same records.
    The sync's own calls are those of the Connector contract, and `log` holds each change they applied, in order.
    People act by `put`, `edit`, `clear`, `move`, `lock` and `delete`. `records` is what the tool holds, by native id.
    A read-only field of the schema and every field of a kind in `read_only` refuse writes. `requests` counts the calls
    that came here. With `break_after`, the next listing breaks off, once, after so many records.
    """

    def __init__(
        self,
        tool: str,
        schema: NativeSchema,
        *,
        kinds: frozenset[Kind] | None = None,
        batch: int = 1,
        settle: float = 0.0,
        creates: bool = True,
        archives: bool = True,
        changes: bool = False,
        relates: bool = False,
        resumes: bool = False,
        remembers: bool = False,
        read_only: frozenset[Kind] = frozenset(),
    ) -> None:
        self.tool = tool
        held = frozenset(schema) if kinds is None else kinds
        self.capability = Capability(held, batch, settle, creates, archives, changes, relates, resumes, remembers)
        self.records: dict[str, Record] = {}
        self.log: list[Change] = []
        self.down: SyncError | None = None
        self.unlisted: set[str] = set()  # native ids that listings do not show yet, as a lagging index does
        self.colleagues: list[Member] = []
        self.relations: dict[str, dict[str, Relation]] = {}
        self.forgets = False  # whether positions are too old at once
        self.requests = 0
        self.break_after: int | None = None
        self._position: str | None = None
        self._reached: str | None = None
        self._recalled: NativeSchema | None = None
        self._schema = schema
        self._read_only = read_only
        self._failures: dict[str, deque[tuple[Exception, bool]]] = {}
        self._made = 0
        self._touched: set[str] = set()  # native ids of what has been changed since it was made
        self._ticks = 0
        self._changed: dict[str, int] = {}  # native id -> the tick of its last change, in the order of creation

    # What people do.

    def put(self, kind: Kind, fields: Mapping[str, Any], parent: str | None = None, marker: str | None = None) -> str:
        """A person makes a record; its native id."""
        return self._make(kind, fields, parent, marker, "person")

    def edit(self, native: str, /, **fields: Any) -> None:
        """A person changes these fields; None empties one."""
        self._change(native, fields, "person")

    def clear(self, native: str, *names: str) -> None:
        """A person empties these fields."""
        self._change(native, dict.fromkeys(names), "person")

    def move(self, native: str, parent: str | None) -> None:
        """A person hangs a stage on another campaign, or on none."""
        self._change(native, {}, "person", parent=parent)

    def lock(self, native: str, reason: str | None) -> None:
        """A person does what closes the record to edits, or (None) opens it again."""
        self._ticks += 1
        self._changed[native] = self._ticks
        self.records[native] = self.records[native]._replace(locked=reason)

    def delete(self, native: str) -> None:
        """A person deletes the record. Its stages stay behind without a campaign."""
        del self.records[native]
        for child, record in self.records.items():
            if record.parent == native:
                self._ticks += 1
                self._changed[child] = self._ticks
                self.records[child] = record._replace(parent=None)

    # What goes wrong.

    def fail_next(self, error: Exception, *, after: bool = False, call: str = "write") -> None:
        """Queue a failure of the next `call`: "schema", "fetch", "census", "read", or "write" (there, of one change).

        With `after`, the change is applied, or the listing shown, and only the answer is lost. A SyncError of a
        write becomes its outcome; any other exception is raised, as a crash.
        """
        self._failures.setdefault(call, deque()).append((error, after))

    # The contract.

    def schema(self) -> NativeSchema:
        if self._recalled is None:
            _raise(self._enter("schema"))
        return self._recalled or self._schema

    def setup(self) -> str | None:
        return texts.setup(self._recalled or self._schema) if self.capability.remembers else None

    def recall(self, setup: str | None) -> None:
        self._recalled = None if setup is None else texts.schema(setup) or self._recalled

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:  # noqa: ARG002  it goes by ids
        failure = self._enter("fetch")
        if failure and not failure[1]:
            raise failure[0]
        self._position, now = None, self._now()
        start = texts.start(after) if self.capability.resumes else None
        self._reached = after if start else None
        for count, record in enumerate(self._listed(start), 1):
            yield record
            if self.capability.resumes:
                self._reached, self._position = texts.reached(record.ref), now
            if self.down or count == self.break_after:
                self.break_after = None
                raise self.down or Unavailable(f"The listing of {self.tool} broke off.")
        _raise(failure)
        self._position, self._reached = now, None

    def reached(self) -> str | None:
        return self._reached

    def changes(self, since: str) -> Iterator[Record | Ref]:
        failure = self._enter("fetch")
        if failure and not failure[1]:
            raise failure[0]
        # A position ahead of us is of a tool that was put back since, or of another one.
        if self.forgets or not (since.isdecimal() and len(since) < 19 and int(since) <= self._ticks):
            raise Outdated(f"{self.tool} does not know any more what changed since {since}.")
        self._position, now = since, self._now()
        shown = [self.records[native] for native in self._changed_since(int(since)) if native in self.records]
        yield from (record for kind in Kind for record in shown if record.ref.kind is kind)
        _raise(failure)
        self._position = now

    def position(self) -> str | None:
        return self._position if self.capability.changes else None

    def census(self) -> Iterator[Ref]:
        _raise(self._enter("census"))
        yield from (record.ref for record in self._listed())

    def members(self) -> Sequence[Member]:
        return tuple(self.colleagues)

    def relate(self, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
        mine = self.relations.setdefault(record.ref.native, {})
        mine.update({relation.tool: relation for relation in relations})
        for tool in dropped:
            mine.pop(tool, None)

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:  # noqa: ARG002  it sends nothing
        return {}

    def withheld(self) -> Sequence[Withheld]:
        return ()

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:  # noqa: ARG002  it sends nothing
        return {}

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        _raise(self._enter("read"))
        return {ref: self.records.get(ref.native) for ref in refs}

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        if len(changes) > self.capability.batch:
            raise ValueError(f"{len(changes)} changes in one call; {self.tool} takes {self.capability.batch}")
        return [self._write(change) for change in changes]

    def attribution(self, record: Record, field_id: str) -> Attribution | None:  # noqa: ARG002  by record, not by field
        return Attribution(record.changed_by, record.changed_at, record.ref.native not in self._touched)

    def time(self) -> datetime | None:
        return None

    def close(self) -> None:
        """Nothing to give back."""

    def _write(self, change: Change) -> Outcome:
        if self.down:
            return Failed(change, self.down)
        failure = self._enter("write")
        try:
            if failure and not failure[1]:
                raise failure[0]
            record = self._applied(change)
            _raise(failure)
        except SyncError as error:
            return Failed(change, error)
        return Written(change, record)

    def _applied(self, change: Change) -> Record | None:
        refusal = self._refusal(change)
        if refusal:
            raise Rejected(f"{self.tool}: {refusal}")
        match change:
            case Create(marker, kind, fields, parent):
                native = self._make(kind, fields, parent, marker, "sync")
            case Update(record, fields, parent):
                native = record.ref.native
                if native not in self.records:
                    raise Stale(f"{self.tool}: {native} is gone.")
                self._change(native, fields, "sync", parent=UNSET if parent is None else parent)
            case Archive(record):
                native = record.ref.native
                if native in self.records:
                    self.delete(native)
        self.log.append(change)
        return self.records.get(native)

    def _refusal(self, change: Change) -> str | None:
        kind = change.kind if isinstance(change, Create) else change.record.ref.kind
        if kind in self._read_only or kind not in self.capability.kinds:
            return f"takes no changes of a {kind}"
        if not isinstance(change, Create):
            held = self.records.get(change.record.ref.native)
            if held and held.locked:
                return held.locked
        if isinstance(change, Archive):
            return None if self.capability.archives else "deletes nothing"
        if isinstance(change, Create) and not self.capability.creates:
            return "creates nothing"
        writable = {f.id for f in self._schema[kind] if not f.read_only}
        if change.parent is not None and change.parent not in self.records:
            return f"has no campaign {change.parent} any more"
        wrong = sorted(set(change.fields) - writable)
        return f"takes no value for {', '.join(wrong)}" if wrong else None

    def _make(self, kind: Kind, fields: Mapping[str, Any], parent: str | None, marker: str | None, who: str) -> str:
        self._made += 1
        native = f"{self.tool}-{self._made}"
        self.records[native] = Record(Ref(self.tool, kind, native), {}, marker=marker, key=native)
        self._change(native, fields, who, parent=parent)
        return native

    def _change(self, native: str, fields: Mapping[str, Any], who: str, *, parent: str | Unset | None = UNSET) -> None:
        record = self.records[native]
        if record.changed_at is not None:
            self._touched.add(native)
        kept_parent = record.parent if parent is UNSET else parent
        self._ticks += 1
        self._changed[native] = self._ticks
        kept = {name: value for name, value in {**record.fields, **fields}.items() if value is not None}
        at = DAWN + timedelta(seconds=self._ticks)
        self.records[native] = record._replace(fields=kept, parent=kept_parent, changed_at=at, changed_by=who)

    def _listed(self, start: texts.Place | None = None) -> list[Record]:
        shown = [r for r in self.records.values() if r.ref.kind in self.capability.kinds]
        listed = [r for kind in Kind for r in shown if r.ref.kind is kind and r.ref.native not in self.unlisted]
        if self.capability.resumes:
            listed.sort(key=lambda record: texts.place(record.ref))
        return listed if start is None else [record for record in listed if texts.place(record.ref) > start]

    def _now(self) -> str:
        """What is unlisted shall be told of when it is listed, so that a position stays before its change."""
        hidden = [self._changed.get(native, 0) for native in self.unlisted]
        return str(min([self._ticks, *(tick - 1 for tick in hidden)]))

    def _changed_since(self, tick: int) -> list[str]:
        return [n for n, changed in self._changed.items() if changed > tick and n not in self.unlisted]

    def _enter(self, call: str) -> tuple[Exception, bool] | None:
        if self.down:
            raise self.down
        self.requests += 1
        queue = self._failures.get(call)
        return queue.popleft() if queue else None


def _raise(failure: tuple[Exception, bool] | None) -> None:
    if failure:
        raise failure[0]
