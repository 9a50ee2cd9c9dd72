"""A tool in memory that tells what changed, at next to no cost of its own; the engine's cost is what is measured.

`connectors.memory` looks at everything it holds to tell what changed, which would be measured as the engine's growth.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from benchmarks.workload import FIELDS
from sync.codec import decode, encode
from sync.merge import Whole
from sync.model import Attribution, Kind, Record, Ref, Value
from sync.ports import (
    Archive,
    Capability,
    Change,
    Create,
    Member,
    Native,
    NativeField,
    NativeSchema,
    Outcome,
    Reading,
    Relation,
    View,
    Withheld,
    Written,
)  # fmt: skip

BATCH = 100
SCHEMA: NativeSchema = {kind: tuple(NativeField(name, name, "any") for name in FIELDS[kind]) for kind in Kind}

Held = tuple[Kind, dict[str, Any] | bytes, str | None, str | None]  # kind, fields, parent, marker


class Shelf:
    """One tool. `calls` counts what was asked of it, `changed` the records that it was told to make or change.

    With `packed` every record's values are made anew for whoever asks, as those that come over a wire are: slower,
    and what a run holds of them is its own.
    """

    def __init__(self, tool: str, *, packed: bool = False) -> None:
        self.tool = tool
        self.capability = Capability(frozenset(Kind), batch=BATCH, changes=True)
        self.packed = packed
        self.calls: Counter[str] = Counter()
        self.changed = 0
        self._held: dict[Kind, dict[str, Held]] = {kind: {} for kind in Kind}
        self._log: list[tuple[Kind, str]] = []
        self._position: str | None = None

    # What people do, and what is kept between processes.

    def make(self, kind: Kind, values: Mapping[str, Value], parent: str | None = None) -> str:
        """Somebody makes a record that shows these values; its native id."""
        return self.put(kind, {name: encode(value) for name, value in values.items()}, parent)

    def put(self, kind: Kind, fields: dict[str, Any], parent: str | None = None, marker: str | None = None) -> str:
        """Make a record of native values; its native id."""
        native = f"{self.tool}-{sum(map(len, self._held.values())) + 1}"
        self._held[kind][native] = (kind, self._kept(fields), parent, marker)
        self._log.append((kind, native))
        return native

    def edit(self, kind: Kind, native: str, fields: Mapping[str, Any]) -> None:
        """Change these fields of a record."""
        _, held, parent, marker = self._held[kind][native]
        self._held[kind][native] = (kind, self._kept({**self._fields(held), **fields}), parent, marker)
        self._log.append((kind, native))

    def natives(self, kind: Kind) -> list[str]:
        """The ids of what it holds, in the order of creation."""
        return list(self._held[kind])

    def shown(self, kind: Kind, native: str) -> dict[str, Value]:
        """What a record shows."""
        return {name: decode(value) for name, value in self._fields(self._held[kind][native][1]).items()}

    def dump(self) -> bytes:
        """Everything that it holds."""
        held = [
            (n, kind, self._fields(f), parent, m) for kind in Kind for n, (_, f, parent, m) in self._held[kind].items()
        ]
        return pickle.dumps((held, self._log))

    def restore(self, dumped: bytes) -> None:
        """Hold what was dumped, as objects of its own."""
        held, self._log = pickle.loads(dumped)
        for native, kind, fields, parent, marker in held:
            self._held[kind][native] = (kind, self._kept(fields), parent, marker)

    # The contract.

    def schema(self) -> NativeSchema:
        return SCHEMA

    def setup(self) -> str | None:
        return None

    def recall(self, setup: str | None) -> None:
        """Never called: nothing is kept between runs."""

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:  # noqa: ARG002  it goes on nowhere
        self.calls["listing"] += 1
        self._position = str(len(self._log))
        for kind in Kind:
            for native in self._held[kind]:
                yield self._record(kind, native)

    def reached(self) -> str | None:
        return None

    def changes(self, since: str) -> Iterator[Record | Ref]:
        self.calls["changes"] += 1
        told = dict.fromkeys(self._log[int(since) :])
        self._position = str(len(self._log))
        for wanted in Kind:
            yield from (self._record(kind, native) for kind, native in told if kind is wanted)

    def position(self) -> str | None:
        return self._position

    def census(self) -> Iterator[Ref]:
        self.calls["census"] += 1
        for kind in Kind:
            yield from (Ref(self.tool, kind, native) for native in self._held[kind])

    def members(self) -> Sequence[Member]:
        return ()

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        self.calls["read"] += 1
        return {r: self._record(r.kind, r.native) if r.native in self._held[r.kind] else None for r in refs}

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        self.calls["write"] += 1
        self.changed += len(changes)
        return [Written(change, self._written(change)) for change in changes]

    def withheld(self) -> Sequence[Withheld]:
        return ()

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:  # noqa: ARG002  it sends nothing
        return {}

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:  # noqa: ARG002  it sends nothing
        return {}

    def relate(self, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
        """Never called: it carries no links."""

    def attribution(self, record: Record, field_id: str) -> Attribution | None:  # noqa: ARG002  it tells none
        return None

    def time(self) -> datetime | None:
        return None

    def close(self) -> None:
        """Nothing to give back."""

    def _written(self, change: Change) -> Record | None:
        match change:
            case Create(marker, kind, fields, parent):
                return self._record(kind, self.put(kind, dict(fields), parent, marker))
            case Archive():
                raise NotImplementedError("nothing is archived in a measurement")
            case _:
                ref = change.record.ref
                self.edit(ref.kind, ref.native, change.fields)
                return self._record(ref.kind, ref.native)

    def _record(self, kind: Kind, native: str) -> Record:
        _, held, parent, marker = self._held[kind][native]
        return Record(Ref(self.tool, kind, native), self._fields(held), parent, marker, native)

    def _kept(self, fields: dict[str, Any]) -> dict[str, Any] | bytes:
        return pickle.dumps(fields) if self.packed else fields

    def _fields(self, held: dict[str, Any] | bytes) -> dict[str, Any]:
        fields: dict[str, Any] = pickle.loads(held) if isinstance(held, bytes) else held
        return fields


class Plain:
    """Records whose values are the JSON of canonical ones: what a tool's own words cost is measured elsewhere
    (`benchmarks.decode`)."""

    _views: Mapping[Kind, Mapping[str, View]] = {kind: {name: Whole() for name in FIELDS[kind]} for kind in Kind}

    def __init__(self, tool: str) -> None:
        self.tool = tool

    def views(self, kind: Kind) -> Mapping[str, View]:
        return self._views[kind]

    def get(self, record: Record) -> Reading:
        return Reading({name: decode(value) for name, value in record.fields.items()})

    def put(self, kind: Kind, values: Mapping[str, Value], record: Record | None) -> Native:  # noqa: ARG002  as they are
        mine = self._views[kind]
        return Native({name: encode(value) for name, value in values.items() if name in mine})

    def lacking(self, kind: Kind, values: Mapping[str, Value]) -> str | None:
        needed = "name" if kind is Kind.CAMPAIGN else "kind"
        return None if values.get(needed) else needed

    def native_field(self, kind: Kind, name: str) -> str | None:  # noqa: ARG002  the same for both
        return name
