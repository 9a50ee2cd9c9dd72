"""The world of one schedule: tools, people, one database, two clocks, and whatever goes wrong in the next run."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from sqlite3 import Connection
from typing import Any

from sync.codec import encode
from sync.engine import run
from sync.errors import Ambiguous, Busy, ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.report import RunReport
from sync.store import Store
from sync.workspace import LEASE, Scope, Surroundings
from tests.simulation.database import Database
from tests.simulation.oracle import Oracle, number
from tests.simulation.played import Hooks, Played
from tests.simulation.team import Team

START = datetime(2026, 3, 28, 21, 0, tzinfo=UTC)  # four hours before the clocks go forward in Berlin
ERRORS: tuple[tuple[type[SyncError], str], ...] = (
    (Unavailable, "busy"), (Ambiguous, "no answer"), (Rejected, "no"), (Stale, "it changed"),
    (ConfigError, "no access"),
)  # fmt: skip
WRITES = {"write", "create", "edit", "plan", "schedule", "unschedule", "move", "delete"}
# Between the last look at the records of a batch and the last change of it, or between a change and what is read back
# of it: what vendors let nobody close (docs/guarantees.md). Nobody edits there, and no process is stopped there.
GAPS = {"read after", "entry after", "several after", "readback before"} | {
    f"{call} {when}" for call in WRITES for when in ("before", "after")
} - {"plan after", "unschedule after"}  # after these the ESP's connector looks and compares before it goes on


class Crash(Exception):
    """The process is killed: nothing of it touches a tool or the database any more."""


@dataclass(frozen=True, slots=True)
class Image:
    """A world and its database at one moment, to begin many schedules from."""

    database: Connection
    tools: Mapping[str, Any]
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
        hooks = Hooks(self.at, self._watch, lambda: self.true_time, lambda: self.oracle.sends, self._unheard)
        self.tools: dict[str, Played] = {make.name: make.tool(hooks) for make in team.makes}
        for _, name in team.prefer:
            self.oracle.overruled.add(name)
        self.workspace = team.workspace(self.tools)
        self.ids = 0
        self.boundary = 0
        self.mishaps: dict[int, Mishap] = {}
        self.halfway: dict[int, Mishap] = {}  # at which moment of the requests that one change of an ESP takes
        self.requested = 0
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

    def _unheard(self, tool: str, native: str, fields: Mapping[str, Any]) -> None:
        self.oracle.unanswered.update({(tool, native, name): number(text) for name, text in fields.items()})

    def image(self) -> Image | None:
        """This moment, where the database can be set back to it."""
        held = self.database.copy()
        if held is None:
            return None
        return Image(
            held,
            {name: tool.image() for name, tool in self.tools.items()},
            deepcopy(self.oracle),
            self.true_time,
            self.ids,
        )

    def resume(self, image: Image) -> None:
        """Go on from an image of a world of the same team."""
        self.database.set_back(image.database)
        for name, tool in self.tools.items():
            tool.resume(image.tools[name])
        self.oracle = deepcopy(image.oracle)
        self.true_time, self.ids = image.true_time, image.ids

    def begin(self, order: int, tell: Callable[[str], None] | None) -> None:
        """The history begins here: pages come in the order of a number, and every event is told and hashed."""
        for at, tool in enumerate(self.tools.values()):
            rng = random.Random(order ^ at)
            tool.fate.order = lambda shown, rng=rng: rng.sample(shown, len(shown))  # type: ignore[misc]
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
                self.halfway, self.requested = {}, 0
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
        if tool in self.tools and self.tools[tool].is_writing:
            mishap = mishap or self.halfway.get(self.requested)
            self.requested += 1
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
            return
        call, when = place.split()
        if call in WRITES and when == "before":
            _raise(mishap.a)
        elif call in WRITES and when == "after":
            raise Ambiguous("no answer")
        elif when != "answered":
            _raise((0, 4)[mishap.a % 2])

    def _interrupt(self, mishap: Mishap, tool: str, place: str) -> None:
        """Somebody edits in the middle of the run."""
        if tool != "database" and place not in GAPS and self.act:
            self.act(mishap.a, mishap.b)

    def _pause(self, mishap: Mishap, tool: str, place: str) -> None:
        """The process is stopped while another one starts, for longer than its hold lasts or for a moment."""
        if tool == "database" or place in GAPS or self.tools[tool].is_writing:
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


def _raise(number: int) -> None:
    kind, words = ERRORS[number % len(ERRORS)]
    raise kind(words)  # a new one: whoever handles it may add to its words
