"""A workspace of three tools in memory with its state in a file: made, kept in a folder, taken up again, and run."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from sqlalchemy.engine.default import DefaultDialect

from benchmarks.shelf import Plain, Shelf
from benchmarks.workload import NOW, PEOPLE, SCHEMA, STAGES, chosen, edited, items
from sync.audit import AuditRules
from sync.engine import run
from sync.guard import Bounds
from sync.model import Kind
from sync.ports import NativeSchema
from sync.report import RunReport
from sync.session import Session, Values
from sync.store import open_store
from sync.workspace import Surroundings, Tool, Workspace

TOOLS = ("left", "middle", "right")
FULL = TOOLS[0]  # the tool that is full when the others are empty, and in which people edit
NAME = "bench"
STATE = "state.db"
INTERVAL = timedelta(minutes=15)
MOST = 10_000_000


class Desk:
    """The tools and the state of `count` items in a folder."""

    def __init__(self, folder: Path, count: int, shelves: Mapping[str, Shelf], runs: int = 0) -> None:
        self.folder, self.count, self.shelves, self.runs = folder, count, shelves, runs
        self._ids = runs * MOST

    @classmethod
    def made(cls, folder: Path, count: int, *, filled: Collection[str] = (FULL,)) -> Desk:
        """Tools that hold all items beside empty ones, and no state yet."""
        shelves = {tool: Shelf(tool) for tool in TOOLS}
        for tool in filled:
            natives: dict[int, str] = {}
            for item in items(count):
                parent = natives[item.campaign] if item.campaign is not None else None
                native = shelves[tool].make(item.kind, item.values, parent)
                if item.campaign is None:
                    natives[item.number] = native
        return cls(folder, count, shelves)

    def keep(self, name: str) -> None:
        """Put tools and state away under a name."""
        place = self.folder / name
        place.mkdir(parents=True, exist_ok=True)
        for tool, shelf in self.shelves.items():
            (place / tool).write_bytes(shelf.dump())
        (place / "runs").write_text(str(self.runs))
        if self.state.exists():
            shutil.copy(self.state, place / STATE)

    @classmethod
    def kept(cls, folder: Path, name: str, count: int, *, packed: bool = False) -> Desk:
        """What was put away, taken up again in a folder of its own."""
        place, shelves = folder / name, {tool: Shelf(tool, packed=packed) for tool in TOOLS}
        for tool, shelf in shelves.items():
            shelf.restore((place / tool).read_bytes())
        here = folder / "now"
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir()
        if (place / STATE).exists():
            shutil.copy(place / STATE, here / STATE)
        return cls(here, count, shelves, int((place / "runs").read_text()))

    @property
    def state(self) -> Path:
        return self.folder / STATE

    def edit(self, changes: int) -> None:
        """People give so many items another text, all in one tool."""
        shelf = self.shelves[FULL]
        natives = [(kind, native) for kind in Kind for native in shelf.natives(kind)]
        for at in chosen(len(natives), changes):
            shelf.edit(*natives[at], edited(at, self.runs))

    def run(self, *, full: bool = False) -> RunReport:
        """One run, from opening the state to closing it."""
        self.runs += 1
        now = NOW + self.runs * INTERVAL
        workspace = Workspace(
            NAME, ZoneInfo("Europe/Berlin"), SCHEMA, PEOPLE,
            {tool: Tool(shelf, partial(_plain_of, tool)) for tool, shelf in self.shelves.items()},
            bounds=Bounds(MOST, 1.0, MOST, 1.0),
            audit=AuditRules(STAGES),
            full_every=timedelta(days=1000), count_every=timedelta(days=20),
        )  # fmt: skip
        with open_store(str(self.state), NAME) as store:
            return run(workspace, store, Surroundings(lambda: now, self._new_id), full=full)

    def differences(self) -> int:
        """How many cells of the other tools show something else than the full one."""
        shows = [[s.shown(kind, native) for kind in Kind for native in s.natives(kind)] for s in self.shelves.values()]
        keyed = [
            Counter((_key(fields), name, repr(value)) for fields in one for name, value in _plain(fields))
            for one in shows
        ]
        return sum((one - keyed[0]).total() + (keyed[0] - one).total() for one in keyed[1:])

    def calls(self) -> dict[str, int]:
        """What was asked of all tools so far."""
        total: Counter[str] = Counter()
        for shelf in self.shelves.values():
            total.update(shelf.calls)
        return dict(total)

    def changed(self) -> int:
        """How many records the tools were told to make or change so far."""
        return sum(shelf.changed for shelf in self.shelves.values())

    def _new_id(self) -> str:
        self._ids += 1
        return f"cs-{self._ids:08d}"


@contextmanager
def counted_statements() -> Iterator[Callable[[], dict[str, int]]]:
    """Counts what is asked of any database meanwhile; one statement for many rows is one."""
    counts: Counter[str] = Counter()

    run = Session.run
    commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit

    def counted_run(session: Session, text: str, values: Values) -> Any:
        counts["statements"] += 1
        return run(session, text, values)

    def counted_commit(dialect: DefaultDialect, connection: Any) -> None:
        counts["transactions"] += 1
        commit(dialect, connection)

    with patch.object(Session, "run", counted_run), patch.object(DefaultDialect, "do_commit", counted_commit):
        yield lambda: {"statements": counts["statements"], "transactions": counts["transactions"]}


def _plain_of(tool: str, _native: NativeSchema) -> Plain:
    return Plain(tool)


def _key(fields: Mapping[str, Any]) -> str:
    return str(fields.get("name") or fields["notes"])


def _plain(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        yield name, sorted(value) if isinstance(value, frozenset) else value
