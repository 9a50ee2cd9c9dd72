"""A small world for tests of the heart: tools in memory, a mapping that shows canonical values, a real database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from connectors.memory import MemoryConnector
from sync.audit import AuditRules
from sync.codec import decode, encode
from sync.database import open_database
from sync.engine import run
from sync.findings import Finding, FindingKind
from sync.model import Day, Instant, Kind, Person, PersonEntry, Record, Value, schema
from sync.ports import Native, NativeField, NativeSchema, Reading, Refusal, View
from sync.report import RunReport
from sync.state import State
from sync.store import Store, open_store
from sync.tables import HISTORY
from sync.workspace import Scope, Surroundings, Tool, Workspace

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIELDS = {
    Kind.CAMPAIGN: ("name", "brief", "subject", "owner", "status", "audiences", "tags", "planned_send"),
    Kind.STAGE: ("kind", "owner", "status", "due", "notes"),
}
EMPTY = {"audiences": encode(frozenset()), "tags": encode(frozenset())}
GARBLED = "garbled"  # a native value that means nothing to the mapping
CURSED = "cursed"  # a canonical value that can be shown by a tool and not be sent to it


@dataclass(frozen=True, slots=True)
class AsIs:
    """Shows every value as it is."""

    writable: bool = True

    def project(self, value: Value) -> Value | Refusal:
        return value

    def lift(self, agreed: Value, shown: Value) -> Value:
        return shown


@dataclass(frozen=True, slots=True)
class DayOnly:
    """Shows the day of an instant and loses its time."""

    writable: bool = True

    def project(self, value: Value) -> Value | Refusal:
        return Day(value.at.astimezone(BERLIN).date()) if isinstance(value, Instant) else value

    def lift(self, agreed: Value, shown: Value) -> Value:
        if self.project(agreed) == shown:
            return agreed
        if isinstance(agreed, Instant) and isinstance(shown, Day):
            local = agreed.at.astimezone(BERLIN)
            moved = local.replace(year=shown.date.year, month=shown.date.month, day=shown.date.day)
            return Instant(moved.astimezone(UTC))
        return shown


@dataclass(frozen=True, slots=True)
class Only:
    """Shows the elements of a set, or the texts, that this tool has as choices; refuses other texts."""

    choices: frozenset[str]
    writable: bool = True

    def project(self, value: Value) -> Value | Refusal:
        if isinstance(value, frozenset):
            return value & self.choices
        return value if value is None or value in self.choices else Refusal(f"there is no choice {value}")

    def lift(self, agreed: Value, shown: Value) -> Value:
        if isinstance(agreed, frozenset) and isinstance(shown, frozenset):
            return (agreed - self.choices) | shown
        return shown


class PlainMapping:
    """Records whose native values are the JSON of canonical ones, seen through the given views."""

    def __init__(self, tool: str, views: Mapping[Kind, Mapping[str, View]], requires: tuple[str, ...] = ()) -> None:
        self.tool = tool
        self._views = views
        self._requires = requires

    def views(self, kind: Kind) -> Mapping[str, View]:
        return self._views.get(kind, {})

    def get(self, record: Record) -> Reading:
        fields = record.fields
        values = {name: decode(fields.get(name, EMPTY.get(name))) for name in self.views(record.ref.kind)}
        troubles = {name: "it is garbled" for name in values if fields.get(name) == GARBLED}
        return Reading({n: v for n, v in values.items() if n not in troubles}, fields.get("key"), troubles=troubles)

    def put(self, kind: Kind, values: Mapping[str, Value], record: Record | None) -> Native:
        views = self.views(kind)
        shown = {name: views[name].project(value) for name, value in values.items() if name in views}
        refusals = {name: value for name, value in shown.items() if isinstance(value, Refusal)}
        refusals |= {name: Refusal("it is cursed") for name, value in shown.items() if value == CURSED}
        shown = {name: value for name, value in shown.items() if name not in refusals}
        return Native({n: encode(v) for n, v in shown.items() if not isinstance(v, Refusal)}, refusals)

    def lacking(self, kind: Kind, values: Mapping[str, Value]) -> str | None:
        missing = [name for name in self._requires if values.get(name) is None and kind is Kind.CAMPAIGN]
        return ", ".join(missing) or None

    def native_field(self, kind: Kind, name: str) -> str | None:
        return name


@dataclass
class Box:
    """A tool of the small world."""

    name: str
    views: dict[str, View] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset(Kind)
    batch: int = 3
    requires: tuple[str, ...] = ()
    settle: float = 0.0
    changes: bool = False
    resumes: bool = False
    remembers: bool = False

    def native(self) -> NativeSchema:
        return {
            kind: tuple(NativeField(name, name, "any", name in self.read_only) for name in FIELDS[kind])
            for kind in self.kinds
        }

    def mapping(self) -> PlainMapping:
        return PlainMapping(
            self.name,
            {
                kind: {name: self.views.get(name, AsIs(name not in self.read_only)) for name in FIELDS[kind]}
                for kind in self.kinds
            },
            self.requires,
        )

    def connector(self) -> MemoryConnector:
        return MemoryConnector(
            self.name,
            self.native(),
            kinds=self.kinds,
            batch=self.batch,
            settle=self.settle,
            changes=self.changes,
            resumes=self.resumes,
            remembers=self.remembers,
        )


@cache
def _migrated() -> bytes:
    """The file of an empty database of the newest shape. To make one anew takes longer than most tests."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "state.db"
        open_database(str(file)).dispose()
        return file.read_bytes()


class World:
    """A workspace of tools in memory with a database file, a clock that is set, and ids that are counted."""

    def __init__(self, folder: Path, *boxes: Box, url: str | None = None, **settings: Any) -> None:
        self.boxes = boxes
        self.tools = {box.name: box.connector() for box in boxes}
        self.now = START
        self.ids = 0
        self.file = folder / "state.db"
        self.url = url or str(self.file)
        self.settings = settings
        self.people = (
            PersonEntry("ann", "Ann Lee", "ann@acme.example"),
            PersonEntry("bo", "Bo Ek", "bo@acme.example", active=False),
        )

    def workspace(self) -> Workspace:
        def bind(box: Box) -> Callable[[NativeSchema], PlainMapping]:
            return lambda _native: box.mapping()

        tools = {box.name: Tool(self.tools[box.name], bind(box)) for box in self.boxes}
        settings = {"audit": AuditRules(stages=()), "count_every": timedelta(), **self.settings}
        return Workspace("test", BERLIN, schema(), self.people, tools, **settings)

    def new_id(self) -> str:
        self.ids += 1
        return f"cs-{self.ids:08d}"

    def store(self) -> Store:
        if self.url == str(self.file) and not self.file.exists():
            self.file.write_bytes(_migrated())
        return open_store(self.url, "test")

    def run(
        self, *, dry: bool = False, scope: Scope | None = None, allow_mass: bool = False, full: bool = False
    ) -> RunReport:
        self.now += timedelta(minutes=15)
        around = Surroundings(lambda: self.now, self.new_id)
        with self.store() as store:
            return run(self.workspace(), store, around, dry=dry, scope=scope, allow_mass=allow_mass, full=full)

    def campaign(self, tool: str, **values: Value) -> str:
        """A person makes a campaign in a tool; its native id."""
        return self.tools[tool].put(Kind.CAMPAIGN, {name: encode(value) for name, value in values.items()})

    def stage(self, tool: str, campaign: str, **values: Value) -> str:
        """A person adds a stage to a campaign in a tool; its native id."""
        return self.tools[tool].put(Kind.STAGE, {n: encode(v) for n, v in values.items()}, parent=campaign)

    def edit(self, tool: str, native: str, **values: Value) -> None:
        """A person edits a record."""
        self.tools[tool].edit(native, **{name: encode(value) for name, value in values.items()})

    def open(self) -> dict[FindingKind, list[Finding]]:
        """What stands open in the database, by kind."""
        found: dict[FindingKind, list[Finding]] = {}
        with self.store() as store:
            for known in store.open_findings():
                found.setdefault(known.finding.kind, []).append(known.finding)
        return found

    def decide(self, kind: FindingKind, choice: str) -> None:
        """A person decides the one open finding of this kind."""
        (finding,) = self.open()[kind]
        with self.store() as store:
            store.decide(finding.fingerprint, choice, self.now)

    def state(self) -> State:
        """What the database holds."""
        with self.store() as store:
            return store.load()

    def history(self) -> list[Any]:
        """Every agreement that the database holds, the oldest first."""
        with self.store() as store, store.engine.connect() as connection:
            return list(connection.execute(select(HISTORY).order_by(HISTORY.c.id)))

    def shows(self, tool: str, name: str = "subject") -> list[Value]:
        """What a tool's records show in a field, in the order in which they were made."""
        return [
            decode(record.fields.get(name))
            for record in self.tools[tool].records.values()
            if name in FIELDS[record.ref.kind]
        ]

    def writes(self) -> int:
        """How many changes the runs have written so far, in all tools."""
        return sum(len(tool.log) for tool in self.tools.values())


ANN = Person("ann")
BO = Person("bo")


def day(text: str) -> Day:
    return Day(datetime.fromisoformat(text).date())


def instant(text: str) -> Instant:
    return Instant(datetime.fromisoformat(text).replace(tzinfo=UTC))
