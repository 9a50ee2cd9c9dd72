"""The small world of the heart's tests, made to be put back as it was: tools, database, and what people wrote."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Dialect, Table, delete, insert, select

from connectors.memory import MemoryConnector
from sync.engine import run
from sync.model import UNSET, Kind, Unset, Value
from sync.ports import Change
from sync.report import RunReport
from sync.store import Store, open_store
from sync.tables import METADATA
from sync.workspace import Surroundings, Workspace
from tests.sync.plain import START, Box, World

STEP = timedelta(minutes=15)
NAMESPACE = 1000  # more ids than one run takes: what a killed run took is never given again
COUNTED = ("journal", "history")  # their numbers come from the database
_COMPILED: dict[Any, Any] = {}
_DIALECTS: dict[str, Dialect] = {}
Rows = dict[str, list[dict[str, Any]]]


class _Particular(MemoryConnector):
    """A tool with habits: see Desk. Its listing shows what the sync made only once it has settled."""

    refuses: frozenset[tuple[str, Any]] = frozenset()
    tidies = False
    lags = True
    defaults: Mapping[str, Any] = {}
    now = START

    def tick(self, now: datetime) -> None:
        """Let it be this late."""
        self.now = now
        born = self.__dict__.setdefault("_born", {})
        self.unlisted = {n for n, at in born.items() if now < at + timedelta(seconds=self.capability.settle)}

    def _make(self, kind: Kind, fields: Mapping[str, Any], parent: str | None, marker: str | None, who: str) -> str:
        usual = self.defaults if kind is Kind.CAMPAIGN and who == "sync" else {}
        native = super()._make(kind, {**usual, **fields}, parent, marker, who)
        if who == "sync" and self.lags:
            self.__dict__.setdefault("_born", {})[native] = self.now
            self.unlisted.add(native)
        return native

    def _refusal(self, change: Change) -> str | None:
        fields: Mapping[str, Any] = getattr(change, "fields", {})
        wrong = [name for name, value in fields.items() if isinstance(value, str) and (name, value) in self.refuses]
        return f"takes no such {wrong[0]}" if wrong else super()._refusal(change)

    def _change(self, native: str, fields: Mapping[str, Any], who: str, *, parent: str | Unset | None = UNSET) -> None:
        if self.tidies and who == "sync":
            fields = {name: " ".join(v.split()) if isinstance(v, str) else v for name, v in fields.items()}
        super()._change(native, fields, who, parent=parent)


@dataclass
class Desk(Box):
    """A tool of the small world with habits.

    `atomic`: a batch is taken as a whole or not at all. `refuses`: values (field, value) it never takes. `tidies`: it
    puts spaces right in what the sync writes. `lags`: its listing shows what the sync made only once it has settled.
    `defaults`: what a campaign that the sync makes shows besides.
    """

    atomic: bool = False
    refuses: frozenset[tuple[str, Any]] = frozenset()
    tidies: bool = False
    lags: bool = True
    defaults: tuple[tuple[str, Any], ...] = ()

    def connector(self) -> MemoryConnector:
        made = _Particular(
            self.name, self.native(), kinds=self.kinds, batch=self.batch, settle=self.settle, changes=self.changes
        )
        made.lags = self.lags
        made.refuses, made.tidies, made.defaults = self.refuses, self.tidies, dict(self.defaults)
        return made


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A world as it stood: tools, the database's files or rows, clock and ids."""

    tools: bytes
    database: Any
    now: datetime
    ids: int


class CrashWorld(World):
    """A world whose runs may be killed. `url`: that of a database server in place of the file of its folder."""

    def __init__(self, folder: Path, *boxes: Box, url: str | None = None, **settings: Any) -> None:
        super().__init__(folder, *boxes, url=url, **settings)
        self.server = url
        self.name = f"crash-{folder.name}"
        self.written: list[tuple[str, str, Value]] = []  # what people wrote: tool, field, value
        self.restored = 0  # how often people asked for a record to be made again

    def workspace(self) -> Workspace:
        made = super().workspace()
        return replace(made, name=self.name)

    def store(self) -> Store:
        opened = open_store(self.url, self.name)
        # Every engine compiles its SQL anew, which is half of what a short run costs. Forked processes find it done.
        opened.engine.dialect = _DIALECTS.setdefault(opened.engine.dialect.name, opened.engine.dialect)
        opened.engine.update_execution_options(compiled_cache=_COMPILED)
        return opened

    def sync(self, holder: str = "this process") -> RunReport:
        """One run, a quarter of an hour after the last."""
        self.now += STEP
        self.tick(self.now)
        with self.store() as store:
            return run(self.workspace(), store, Surroundings(lambda: self.now, self.new_id, holder=holder))

    def tick(self, now: datetime) -> None:
        """Let it be this late for the tools."""
        for tool in self.tools.values():
            if isinstance(tool, _Particular):
                tool.tick(now)

    def pass_by(self) -> None:
        """Let the time and the ids of a run that another process makes be over here too."""
        self.now += STEP
        self.ids += NAMESPACE

    # What people do, remembered.

    def campaign(self, tool: str, **values: Value) -> str:
        self._wrote(tool, values)
        return super().campaign(tool, **values)

    def stage(self, tool: str, campaign: str, **values: Value) -> str:
        self._wrote(tool, values)
        return super().stage(tool, campaign, **values)

    def edit(self, tool: str, native: str, **values: Value) -> None:
        self._wrote(tool, values)
        super().edit(tool, native, **values)

    def native(self, tool: str, kind: Kind = Kind.CAMPAIGN, /, **fields: Any) -> str:
        """The id of the one record of a tool that shows these (text) fields."""
        (found,) = (
            native
            for native, record in self.tools[tool].records.items()
            if record.ref.kind is kind and all(record.fields.get(name) == value for name, value in fields.items())
        )
        return found

    def _wrote(self, tool: str, values: Mapping[str, Value]) -> None:
        self.written += [(tool, name, value) for name, value in values.items() if value is not None]

    # Putting it back.

    def snapshot(self) -> Snapshot:
        return Snapshot(pickle.dumps(self.tools), self._database(), self.now, self.ids)

    def restore(self, to: Snapshot) -> None:
        self.tools, self.now, self.ids = pickle.loads(to.tools), to.now, to.ids
        if self.server:
            self._put_rows(to.database)
            return
        for file in self.file.parent.glob("state.db*"):
            file.unlink()
        for name, content in to.database.items():
            (self.file.parent / name).write_bytes(content)

    def _database(self) -> Any:
        if self.server:
            return self._numbered_rows()
        return {file.name: file.read_bytes() for file in self.file.parent.glob("state.db*") if file.suffix != ".db-shm"}

    def rows(self) -> Rows:
        """The workspace's rows by table, without numbers that the database gives."""
        return _uncounted(self._numbered_rows()) if self.server else file_rows(self.file)

    def _numbered_rows(self) -> Rows:
        found: Rows = {}
        with self.store() as store, store.engine.connect() as connection:
            for table in METADATA.sorted_tables:
                query = select(table).where(table.c.workspace == self.name)
                ordered = query.order_by(*table.primary_key.columns)
                found[table.name] = [dict(row._mapping) for row in connection.execute(ordered)]
        return found

    def _put_rows(self, rows: Rows) -> None:
        with self.store() as store, store.engine.begin() as connection:
            for table in METADATA.sorted_tables:
                connection.execute(delete(table).where(table.c.workspace == self.name))
                if rows[table.name]:
                    connection.execute(insert(table), rows[table.name])


def file_rows(file: Path) -> Rows:
    """The rows of an SQLite file of one workspace, without the store, which takes five times as long.

    {} where no run has made the tables yet.
    """
    if not file.exists():
        return {}
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        made = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        found = {
            table.name: [dict(row) for row in connection.execute(f"SELECT * FROM {table.name} ORDER BY {_key(table)}")]
            for table in METADATA.sorted_tables
            if table.name in made
        }
    return _uncounted(found)


def _uncounted(rows: Rows) -> Rows:
    for name in COUNTED:
        for row in rows.get(name, []):
            del row["id"]
    return rows


def _key(table: Table) -> str:
    return ", ".join(column.name for column in table.primary_key.columns)
