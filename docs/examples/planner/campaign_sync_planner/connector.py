"""The wire to a planner: one SQLite file, read and written in the planner's own words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sync.errors import ConfigError, Outdated, Rejected, Stale, SyncError, Unavailable
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import (
    Archive,
    Capability,
    Change,
    Create,
    Failed,
    Member,
    NativeField,
    NativeSchema,
    Outcome,
    Relation,
    Withheld,
    Written,
)

STATUSES = tuple((word, word) for word in ("idea", "in work", "agreed", "done"))
TAGS = tuple((word, word) for word in ("spring", "sale", "vip"))
NAME = NativeField("name", "Name", "singleLineText")
STATUS = NativeField("status", "Status", "singleSelect", options=STATUSES)
FIELDS: NativeSchema = {
    Kind.CAMPAIGN: (
        NAME,
        STATUS,
        NativeField("subject", "Subject line", "singleLineText"),
        NativeField("tags", "Tags", "multipleSelects", options=TAGS),
    ),
    Kind.STAGE: (NAME, STATUS, NativeField("due", "Due", "date")),
}


class PlannerConnector:
    """One file. Opens it for every call, so that nothing is held between two of them.

    `patience` is how many seconds a call waits for whoever has locked the file.
    """

    def __init__(self, tool: str, file: Path, patience: float = 5) -> None:
        self.tool = tool
        self.capability = Capability(frozenset(Kind), batch=20, changes=True)
        self._file, self._patience = file, patience
        self._position: str | None = None

    def schema(self) -> NativeSchema:
        with self._open():
            return FIELDS

    def setup(self) -> str | None:
        return None

    def recall(self, setup: str | None) -> None:
        """Never called: nothing is kept between runs."""

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:  # noqa: ARG002  it goes on nowhere
        with self._open() as db:
            now = _journal(db)
            rows = db.execute("SELECT * FROM item ORDER BY kind, id").fetchall()  # 'campaign' comes before 'stage'
        yield from map(self._record, rows)
        self._position = str(now)  # only here: whoever broke off above has not seen the rest

    def reached(self) -> str | None:
        return None

    def changes(self, since: str) -> Iterator[Record | Ref]:
        with self._open() as db:
            now = _journal(db)
            if not (since.isascii() and since.isdigit() and len(since) < len(str(2**63)) and int(since) <= now):
                # Not our text, or the file is older than it: somebody restored a backup.
                raise Outdated(f"{self.tool} does not know what changed since {since[:20]!r}.")
            query = "SELECT DISTINCT id, kind FROM journal WHERE at > ? ORDER BY kind, id"
            refs = [Ref(self.tool, Kind(kind), str(native)) for native, kind in db.execute(query, (since,))]
            rows = [_row(db, ref) for ref in refs]
        for ref, row in zip(refs, rows, strict=True):
            yield self._record(row) if row else ref
        self._position = str(now)

    def position(self) -> str | None:
        return self._position

    def census(self) -> Iterator[Ref]:
        with self._open() as db:
            rows = db.execute("SELECT id, kind FROM item").fetchall()
        yield from (Ref(self.tool, Kind(row["kind"]), str(row["id"])) for row in rows)

    def members(self) -> Sequence[Member]:
        return ()

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        with self._open() as db:
            rows = {ref: _row(db, ref) for ref in refs}
        return {ref: self._record(row) if row else None for ref, row in rows.items()}

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        return [self._write(change) for change in changes]

    def relate(self, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
        raise NotImplementedError  # never called without `relates=True`

    def withheld(self) -> Sequence[Withheld]:
        raise NotImplementedError  # never called without `withholds=True`

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:
        raise NotImplementedError  # never called without a `calendar`

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:
        raise NotImplementedError  # never called without a `calendar`

    def attribution(self, record: Record, field_id: str) -> Attribution | None:  # noqa: ARG002
        return None  # the planner keeps no names

    def time(self) -> datetime | None:
        return None

    def close(self) -> None:
        """Nothing is open."""

    def _write(self, change: Change) -> Outcome:
        """One change in one transaction: it is done or it is not, so no outcome is ever Ambiguous."""
        try:
            with self._open() as db, db:
                native = self._apply(db, change)
                row = db.execute("SELECT * FROM item WHERE id = ?", (native,)).fetchone()
        except SyncError as error:
            return Failed(change, error)
        return Written(change, self._record(row) if row else None)

    def _apply(self, db: sqlite3.Connection, change: Change) -> int | str | None:
        """Gives the item's id."""
        if isinstance(change, Archive):
            db.execute("DELETE FROM item WHERE id = ?", (change.record.ref.native,))
            return change.record.ref.native
        kind = change.kind if isinstance(change, Create) else change.record.ref.kind
        known = {field.id for field in FIELDS[kind]}
        if wrong := sorted(set(change.fields) - known):
            raise Rejected(f"{self.tool} has no column {', '.join(wrong)} for a {kind}.")
        cells = {name: json.dumps(value) if isinstance(value, list) else value for name, value in change.fields.items()}
        if change.parent is not None:
            cells["campaign"] = change.parent
        try:
            if isinstance(change, Create):
                cells |= {"kind": str(kind), "sync_id": change.marker}
                # Names of columns are `known`, so that no text of anybody's gets into an order.
                places = ", ".join("?" * len(cells))
                order = f"INSERT INTO item ({', '.join(cells)}) VALUES ({places})"
                return db.execute(order, (*cells.values(),)).lastrowid
            sets = ", ".join(f"{name} = ?" for name in cells) or "id = id"
            order = f"UPDATE item SET {sets} WHERE id = ?"
            done = db.execute(order, (*cells.values(), change.record.ref.native))
        except sqlite3.IntegrityError as error:
            raise Rejected(f"{self.tool} does not take this {kind}: {error}.") from error
        if not done.rowcount:
            raise Stale(f"{self.tool}: {change.record.key} is no longer there.")
        return change.record.ref.native

    def _record(self, row: sqlite3.Row) -> Record:
        kind = Kind(row["kind"])
        cells = {field.id: row[field.id] for field in FIELDS[kind] if row[field.id] is not None}
        if "tags" in cells:
            cells["tags"] = json.loads(cells["tags"])
        parent = None if row["campaign"] is None else str(row["campaign"])
        return Record(Ref(self.tool, kind, str(row["id"])), cells, parent, row["sync_id"], key=f"P-{row['id']}")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The file, with every failure named by what recovers from it."""
        if not self._file.is_file():
            raise ConfigError(f"{self.tool}: there is no file {self._file}. Check file in [tools.{self.tool}].")
        db = sqlite3.connect(self._file, timeout=self._patience)
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA foreign_keys = ON")
            yield db
        except sqlite3.OperationalError as error:  # locked by somebody, or a disk that is full
            raise Unavailable(f"{self.tool} cannot be used just now ({error}). The next run tries again.") from error
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"{self.tool}: {self._file} is no planner's file ({error}).") from error
        finally:
            db.close()


def _journal(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(at), 0) FROM journal").fetchone()[0])


def _row(db: sqlite3.Connection, ref: Ref) -> Any:
    return db.execute("SELECT * FROM item WHERE CAST(id AS TEXT) = ? AND kind = ?", (ref.native, ref.kind)).fetchone()
