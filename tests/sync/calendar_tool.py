"""An ESP in memory for tests of the heart: its sends are moved in steps, and it counts what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connectors.memory import MemoryConnector
from sync.codec import encode
from sync.errors import Rejected, Unavailable
from sync.model import METRICS, Instant, Kind, Record, Ref
from sync.ports import Calendar, Change, Metering, NativeField, NativeSchema, TimeKind, Update
from tests.sync.plain import AsIs, Box, PlainMapping, World, instant

CALENDAR = Calendar(
    kinds=frozenset({TimeKind.INSTANT}), plans_drafts=True, schedules=True, unschedules=True, metering=Metering.REPORT
)
FIELDS = ("name", "status", "planned_send", "scheduled_send", *METRICS)
TOLD = frozenset({"status", "scheduled_send", *METRICS})
LATER = instant("2026-03-20T09:00")
SOONER = instant("2026-03-18T09:00")


class EspConnector(MemoryConnector):
    """`stops` ends the next move of a scheduled send after its first step: with a failure, or with a kill; with
    `stops_late` after its second, when the draft has its new time. `stops_back` ends it once the send is back."""

    def __init__(self, tool: str, native: NativeSchema, calendar: Calendar = CALENDAR) -> None:
        super().__init__(tool, native)
        self.capability = replace(self.capability, calendar=calendar)
        self.stops: BaseException | None = None
        self.stops_late = False
        self.stops_back: BaseException | None = None
        self.stops_early = ""  # "before" or "after" its first step, and before we heard of that
        self.meanwhile: dict[str, Any] = {}  # what a person edits while the next move goes on
        self.counts: dict[str, dict[str, float]] = {}
        self.reports: list[list[str]] = []

    def schedule(self, native: str, at: Instant) -> None:
        """A person schedules a campaign."""
        self.edit(native, status="scheduled", planned_send=encode(at), scheduled_send=encode(at))

    def send(self, native: str) -> None:
        """Its time has come."""
        self.edit(native, status="sent")

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:
        self.reports.append([ref.native for ref in refs])
        if self.down:
            raise self.down
        return {ref: self.counts.get(ref.native, {}) for ref in refs}

    def _applied(self, change: Change) -> Record | None:
        if isinstance(change, Update) and "planned_send" in change.fields:
            native = change.record.ref.native
            if self.records[native].fields.get("status") == "scheduled":
                change.step(False)
                if self.stops_early == "before":
                    raise self.stops or Rejected("no")
                self._change(native, {"status": "planned", "scheduled_send": None}, "sync")
                if self.stops_early == "after":
                    raise self.stops or Rejected("no")
                change.step(True)
                if self.stops_late:
                    self._change(native, {"planned_send": change.fields["planned_send"]}, "sync")
                if self.stops:
                    stops, self.stops = self.stops, None
                    raise stops
                self._put_back(change, change.fields["planned_send"])
            elif change.resumed:
                if self.stops:
                    raise self.stops
                self._put_back(change, change.fields["planned_send"])
        return super()._applied(change)

    def _put_back(self, change: Update, at: Any) -> None:
        native = change.record.ref.native
        change.step(False)
        if self.meanwhile:
            self.edit(native, **self.meanwhile)
            self.meanwhile = {}
        self._change(native, {"status": "scheduled", "planned_send": at, "scheduled_send": at}, "sync")
        if self.stops_back:
            stops, self.stops_back = self.stops_back, None
            raise stops


@dataclass
class EspBox(Box):
    """The ESP as a tool of the small world."""

    calendar: Calendar = CALENDAR
    told: frozenset[str] = TOLD

    def native(self) -> NativeSchema:
        return {Kind.CAMPAIGN: tuple(NativeField(name, name, "any", name in self.told) for name in FIELDS)}

    def mapping(self) -> PlainMapping:
        return PlainMapping(self.name, {Kind.CAMPAIGN: {name: AsIs(name not in self.told) for name in FIELDS}})

    def connector(self) -> EspConnector:
        return EspConnector(self.name, self.native(), self.calendar)


@dataclass
class PlanBox(Box):
    """The plan of the campaigns, which shows everything."""

    def native(self) -> NativeSchema:
        return {Kind.CAMPAIGN: tuple(NativeField(name, name, "any") for name in FIELDS)}

    def mapping(self) -> PlainMapping:
        return PlainMapping(self.name, {Kind.CAMPAIGN: {name: AsIs() for name in FIELDS}})


def scheduled(folder: Path, *others: Box, told: frozenset[str] = TOLD) -> tuple[World, EspConnector]:
    """One campaign in a plan and in an ESP, where somebody has scheduled it, and nothing left to do."""
    world = World(folder, PlanBox("plan", kinds=frozenset({Kind.CAMPAIGN})), EspBox("esp", told=told), *others)
    esp = world.tools["esp"]
    assert isinstance(esp, EspConnector)
    world.campaign("plan", name="Spring", planned_send=LATER)
    world.run()
    esp.schedule("esp-1", LATER)
    for _ in range(2):
        world.run()
    return world, esp


DOWN = Unavailable("the ESP is busy")
