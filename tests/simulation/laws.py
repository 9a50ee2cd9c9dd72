"""The laws that hold after every step, and what must be true when nothing goes wrong any more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Set
from typing import Any

from sync.campaign import is_over
from sync.findings import FindingKind
from sync.model import Day, Kind
from sync.ports import Archive, Create, Update
from sync.report import RunReport
from sync.report import State as Progressed
from sync.state import Remembered
from sync.store import Store
from tests.simulation.database import Base
from tests.simulation.esp import SimulatedEsp
from tests.simulation.played import Played
from tests.simulation.violation import Violation
from tests.simulation.world import World
from tests.sync.plain import BERLIN


class Laws:
    """Watches one world. Every method raises Violation with what is broken and where."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.read = {name: len(tool.log) for name, tool in world.tools.items()}  # how much of each has been checked
        self.dead: set[str] = set()

    def after_step(self, *, one_run: bool = False) -> None:
        """Safety: whatever has gone wrong so far, nothing is lost, doubled, deleted unasked, or brought back.

        After exactly one run nothing of it is written where it left a conflict.
        """
        base = self.world.database.base()
        if one_run:
            self._conflicts_left_alone(base)
        self._one_record_each(base)
        for name, tool in self.world.tools.items():
            for change in tool.log[self.read[name] :]:
                if isinstance(change, Create) and change.marker in self.dead:
                    raise Violation(f"{change.marker} was deleted everywhere and is made again in {name}")
                if isinstance(change, Archive):
                    self._asked_for(base, name, change.record.ref.native)
            self.read[name] = len(tool.log)
        self.dead.update(entity for entity, _, dead, _, _ in base.entities if dead)

    def _conflicts_left_alone(self, base: Base) -> None:
        disputed = {entity: json.loads(cells) for entity, _, _, _, cells in base.entities if cells != "{}"}
        owners = {(tool, native): entity for entity, tool, _, native, *_ in base.links if entity in disputed}
        for name, tool in self.world.tools.items():
            for change in tool.log[self.read[name] :]:
                if not isinstance(change, Update) or (owner := owners.get((name, change.record.ref.native))) is None:
                    continue
                # Of a set only the elements that are not disputed may be written.
                if written := sorted(change.fields.keys() & disputed[owner].keys() - {"tags"}):
                    raise Violation(f"{written[0]} of {change.record.ref.native} is in conflict and was written")

    def _one_record_each(self, base: Base) -> None:
        for name, tool in self.world.tools.items():
            # What people took out of the bin after we had made it anew is there twice, and flagged.
            held = [record for native, record in tool.records.items() if native not in tool.returned]
            markers = [record.marker for record in held if record.marker]
            if len(markers) != len(set(markers)):
                raise Violation(f"{_twice(markers)} has two records in {name}")
        refs = [(tool, native) for _, tool, _, native, *_ in base.links]
        if len(refs) != len(set(refs)):
            raise Violation(f"{_twice(refs)} belongs to two entities")

    def _asked_for(self, base: Base, tool: str, native: str) -> None:
        owner = next((entity for entity, name, _, ref, *_ in base.links if (name, ref) == (tool, native)), "")
        if not {owner, base.campaign_of(owner)} & self.world.decisions:
            raise Violation(f"{native} in {tool} was archived and nobody had asked for that")

    def nobody_is_left_in_the_dark(self) -> None:
        """After a run: of a send that the sync has taken off the calendar and that is still off, people are told at
        once, unless they wanted that."""
        world = self.world
        if not world.oracle.sends.off:
            return
        told = self._flagged(FindingKind.UNSCHEDULED)
        base = world.database.base()
        owners = {(tool, native): entity for entity, tool, _, native, *_ in base.links}
        agreed = {entity: json.loads(cells) for entity, _, dead, cells, _ in base.entities if not dead}
        for tool, native in world.oracle.sends.off:
            entity = owners.get((tool, native), "")
            if entity not in agreed or not _is_meant_to_go(agreed[entity], world.tools[tool]):
                continue
            if (entity, tool) not in told:
                raise Violation(f"{native} in {tool} is off the calendar by our doing, and nobody is told")
            if agreed[entity].get("scheduled_send") is None:
                raise Violation(f"that {native} in {tool} is off the calendar by our doing is taken for an edit")

    def quiet(self, before: dict[Any, Any], written: int, base: Base, report: RunReport | None) -> None:
        """A run that had nothing to do did nothing: no write, no news, no other base."""
        world = self.world
        if report is None:
            raise Violation("a run in which nothing goes wrong does not end")
        if world.written() != written or world.shown() != before:
            raise Violation(f"a third run writes: {[(c.action, c.tool, c.entity, c.cells) for c in report.changes]}")
        # What was refused is tried again, and a flag of it stands.
        done = [c for c in report.changes if c.state not in (Progressed.DEFERRED, Progressed.FAILED)]
        if done or report.opened or report.closed:
            raise Violation(f"a third run has news: {done} {report.opened} {report.closed}")
        if world.database.base() != base:
            raise Violation("a third run changes the base")

    def agreement(self) -> None:
        """Nothing that is there is taken for deleted, and every living record shows what was agreed, but for what
        stands in conflict and what an ESP refused. What people bring back between two runs is known after the next."""
        for entity, name, _, native, _, _, _, _, gone, _ in self.world.database.base().links:
            if gone and entity not in self.dead and native in self.world.tools[name].records:
                raise Violation(f"{native} in {name} is there and taken for deleted")
        flagged = self._flagged(FindingKind.NOT_WRITTEN, FindingKind.UNSCHEDULED)
        for entity in Store(self.world.database.engine, "sim").load().entities.values():
            for tool, link in entity.links.items():
                record = self.world.tools[tool].records.get(link.ref.native)
                if record is None or record.locked or entity.dead:
                    continue
                shown = self.world.tools[tool].shows(link.ref.native)
                for name, view in self.world.tools[tool].views(entity.kind).items():
                    if name not in entity.agreed or name in entity.disputed or name not in shown:
                        continue
                    wanted = view.project(entity.agreed[name])
                    if self.world.tools[tool].make.trims and isinstance(wanted, str):
                        wanted = wanted.strip()
                    if shown[name] != wanted and not self._is_told(entity, tool, name, flagged):
                        raise Violation(f"{name} of {link.ref.native} in {tool} is {shown[name]!r}, agreed {wanted!r}")

    def _flagged(self, *kinds: FindingKind) -> set[tuple[str, str]]:
        """Whom and what the open flags of these kinds are about."""
        standing = (known.finding for known in Store(self.world.database.engine, "sim").open_findings())
        return {(finding.subject, finding.detail_key) for finding in standing if finding.kind in kinds}

    def _is_told(self, entity: Remembered, tool: str, name: str, flagged: Set[tuple[str, str]]) -> bool:
        """Whether a flag says that a tool shows otherwise: what was to be deleted and people have to remove there, what
        an ESP does not take, and a send that is off its calendar, which is to be back before anything else. That it
        takes no day without a time is told until that day is over."""
        is_esp = isinstance(self.world.tools[tool], SimulatedEsp)
        at = entity.agreed.get(name)
        if is_esp and isinstance(at, Day) and is_over(entity.agreed, self.world.clock(), BERLIN):
            return True
        if {entity.id, entity.campaign} & self.world.decisions:
            return is_esp or not self.world.tools[tool].make.archives
        return is_esp and not {(entity.id, tool), (entity.id, f"{tool}/{name}")}.isdisjoint(flagged)


def _is_meant_to_go(agreed: Mapping[str, Any], tool: Played) -> bool:
    """Whether people have left it to be sent: they take it off by its plan, or by its status where that is written."""
    written = tool.views(Kind.CAMPAIGN)["status"].writable
    return agreed.get("planned_send") is not None and (not written or agreed.get("status") == "scheduled")


def _twice(things: list[Any]) -> Any:
    return Counter(things).most_common(1)[0][0]
