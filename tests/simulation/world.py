"""The world of one schedule: tools, people, one database, two clocks, and whatever goes wrong in the next run."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.codec import encode
from sync.engine import run
from sync.errors import Ambiguous, Busy, ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.model import Record
from sync.ports import Change
from sync.report import RunReport
from sync.store import Store
from sync.workspace import LEASE, Scope, Surroundings
from tests.simulation.database import Database
from tests.simulation.oracle import Oracle
from tests.simulation.team import Team
from tests.simulation.tool import SimulatedTool

START = datetime(2026, 3, 28, 21, 0, tzinfo=UTC)  # four hours before the clocks go forward in Berlin
ERRORS: tuple[SyncError, ...] = (
    Unavailable("busy"), Ambiguous("no answer"), Rejected("no"), Stale("it changed"), ConfigError("no access"),
)  # fmt: skip
# Between the last look at the records of a batch and the last change of it: what vendors let nobody close
# (docs/guarantees.md). Nobody edits there, and no process is stopped there.
GAPS = {"read after", "write before", "write after"}


class Crash(Exception):
    """The process is killed: nothing of it touches a tool or the database any more."""


@dataclass(frozen=True, slots=True)
class Image:
    """A world and its database at one moment, to begin many schedules from."""

    database: bytes
    tools: Mapping[
        str, tuple[dict[str, Record], list[Change], int, int, set[str], list[tuple[datetime, datetime, str]]]
    ]
    oracle: Oracle
    true_time: datetime
    ids: int


@dataclass(frozen=True, slots=True)
class Mishap:
    """What goes wrong at the nth boundary of the next run."""

    kind: str
    a: int = 0
    b: int = 0


class World:
    """Everything outside the engine, and the log of all that happened."""

    def __init__(self, team: Team, database: Database) -> None:
        self.team, self.database = team, database
        self.true_time = START
        self.offset = timedelta()  # how wrong the clock of the machine is that the sync runs on
        self.oracle = Oracle()
        self.tools: dict[str, SimulatedTool] = {}
        for make in team.makes:
            self.tools[make.name] = SimulatedTool(make, self.at, self._watch, lambda: self.true_time)
        for _, name in team.prefer:
            self.oracle.overruled.add(name)
        self.workspace = team.workspace(self.tools)
        self.ids = 0
        self.boundary = 0
        self.mishaps: dict[int, Mishap] = {}
        self.running = 0  # runs within each other: one is stopped while another goes on
        self.dead = False
        self.act: Any = None  # what a person does in the middle of a run: act(a, b)
        self.decisions: set[str] = set()  # entities that somebody decided to delete
        self.boundaries = 0
        self._hash = hashlib.blake2b(digest_size=16)
        self._tell: Callable[[str], None] | None = None

    def _watch(self, tool: str, native: str, before: Mapping[str, Any], after: Mapping[str, Any], who: str) -> None:
        changed = [(n, before.get(n), after.get(n)) for n in sorted({*before, *after}) if before.get(n) != after.get(n)]
        self.note(who, "writes", native, [(n, encode(old), encode(new)) for n, old, new in changed])
        self.oracle.changed(tool, native, before, after, who)

    def image(self) -> Image | None:
        """This moment, where the database can be set back to it."""
        held = self.database.copy()
        if held is None:
            return None
        tools = {
            name: (dict(t.records), list(t.log), t._made, t._ticks, set(t._touched), list(t.events))
            for name, t in self.tools.items()
        }
        return Image(held, tools, deepcopy(self.oracle), self.true_time, self.ids)

    def resume(self, image: Image) -> None:
        """Go on from an image of a world of the same team."""
        self.database.set_back(image.database)
        for name, (records, log, made, ticks, touched, events) in image.tools.items():
            tool = self.tools[name]
            tool.records, tool.log, tool._made, tool._ticks = dict(records), list(log), made, ticks
            tool._touched, tool.events = set(touched), list(events)
        self.oracle = deepcopy(image.oracle)
        self.true_time, self.ids = image.true_time, image.ids

    def begin(self, order: int, tell: Callable[[str], None] | None) -> None:
        """The history begins here: pages come in the order of a number, and every event is told and hashed."""
        for at, tool in enumerate(self.tools.values()):
            rng = random.Random(order ^ at)
            tool.order = lambda records, rng=rng: rng.sample(records, len(records))  # type: ignore[misc]
        self._hash, self._tell, self.boundaries = hashlib.blake2b(digest_size=16), tell, 0
        self.database.at = self.at

    def clock(self) -> datetime:
        """The time on the machine of the sync."""
        return self.true_time + self.offset

    def new_id(self) -> str:
        self.ids += 1
        return f"cs-{self.ids:08d}"

    def note(self, *words: Any) -> None:
        """Add to the history, whose hash is the schedule's."""
        self._hash.update("\x1f".join(map(str, words)).encode())
        self._hash.update(b"\x1e")
        if self._tell:
            self._tell(" ".join(map(str, words)))

    def digest(self) -> str:
        return self._hash.hexdigest()

    def run(
        self, *, dry: bool = False, scope: Scope | None = None, holder: str = "first", allow_mass: bool = False,
        full: bool = False,
    ) -> RunReport | None:  # fmt: skip
        """One process that runs the sync once; None when it was killed, or when another one holds the workspace."""
        around = Surroundings(self.clock, self.new_id, holder=holder)
        self.running += 1
        try:
            store = Store(self.database.engine, "sim")
            report = run(self.workspace, store, around, dry=dry, scope=scope, allow_mass=allow_mass, full=full)
        except Crash:
            self.note("killed")
            return None
        except (Busy, Unavailable) as error:
            self.note(type(error).__name__, error)
            return None
        finally:
            self.running -= 1
            if not self.running:
                self.dead, self.mishaps, self.boundary = False, {}, 0
        self.note("report", [(c.action, c.tool, c.entity, c.state) for c in report.changes])
        self.note([f.fingerprint for f in report.opened], [f.fingerprint for f in report.closed])
        return report

    def at(self, tool: str, call: str, when: str) -> None:
        """A boundary of a run: the place where things go wrong."""
        if self.dead:
            raise Crash
        if self.running != 1:
            return  # a command of somebody's, or another process while this one is stopped
        self.note(tool, call, when)
        mishap = self.mishaps.get(self.boundary)
        self.boundary += 1
        self.boundaries += 1
        if mishap is not None:
            getattr(self, f"_{mishap.kind}")(mishap, tool, f"{call} {when}")

    def _crash(self, mishap: Mishap, tool: str, place: str) -> None:
        self.dead = True
        raise Crash

    def _fail(self, mishap: Mishap, tool: str, place: str) -> None:
        self.note("fail", place, mishap.a)
        if tool == "database":
            if place == "commit before":
                raise self.database.engine.dialect.loaded_dbapi.OperationalError("database is locked")
        elif place == "write before":
            raise ERRORS[mishap.a % len(ERRORS)]
        elif place == "write after":
            raise Ambiguous("no answer")
        elif place != "write answered":
            raise (ERRORS[0], ERRORS[4])[mishap.a % 2]

    def _interrupt(self, mishap: Mishap, tool: str, place: str) -> None:
        """Somebody edits in the middle of the run."""
        if tool != "database" and place not in GAPS and self.act:
            self.act(mishap.a, mishap.b)

    def _pause(self, mishap: Mishap, tool: str, place: str) -> None:
        """The process is stopped while another one starts, for longer than its hold lasts or for a moment."""
        if tool == "database" or place in GAPS:
            return
        if mishap.a % 3:
            self.true_time += LEASE + timedelta(minutes=1)
        self.note("paused")
        self.run(holder="second")
        self.note("goes on")

    def shown(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        """Every record of every tool."""
        return {(name, native): r.fields for name, tool in self.tools.items() for native, r in tool.records.items()}

    def written(self) -> int:
        """How many changes the sync has applied in all tools so far."""
        return sum(len(tool.log) for tool in self.tools.values())
