"""The laws that hold after every step, and what must be true when nothing goes wrong any more."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from sync.ports import Archive, Create, Update
from sync.report import RunReport
from sync.report import State as Progressed
from sync.store import Store
from tests.simulation.database import Base
from tests.simulation.oracle import Violation
from tests.simulation.tool import told
from tests.simulation.world import World


class Laws:
    """Watches one world. Every method raises Violation with what is broken and where."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.read = dict.fromkeys(world.tools, 0)  # how much of each log has been checked
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
            markers = [record.marker for record in tool.records.values() if record.marker]
            if len(markers) != len(set(markers)):
                raise Violation(f"{_twice(markers)} has two records in {name}")
        refs = [(tool, native) for _, tool, _, native, *_ in base.links]
        if len(refs) != len(set(refs)):
            raise Violation(f"{_twice(refs)} belongs to two entities")

    def _asked_for(self, base: Base, tool: str, native: str) -> None:
        owner = next((entity for entity, name, _, ref, *_ in base.links if (name, ref) == (tool, native)), "")
        if not {owner, base.campaign_of(owner)} & self.world.decisions:
            raise Violation(f"{native} in {tool} was archived and nobody had asked for that")

    def quiet(self, before: dict[Any, Any], written: int, base: Base, report: RunReport | None) -> None:
        """A run that had nothing to do did nothing: no write, no news, no other base."""
        world = self.world
        if report is None:
            raise Violation("a run in which nothing goes wrong does not end")
        if world.written() != written or world.shown() != before:
            raise Violation(f"a third run writes: {[(c.action, c.tool, c.entity, c.cells) for c in report.changes]}")
        done = [change for change in report.changes if change.state is not Progressed.DEFERRED]
        if done or report.opened or report.closed:
            raise Violation(f"a third run has news: {done} {report.opened} {report.closed}")
        if world.database.base() != base:
            raise Violation("a third run changes the base")

    def agreement(self) -> None:
        """Nothing that is there is taken for deleted, and every living record shows what was agreed, but for what
        stands in conflict. What people bring back between two runs is known after the next one only."""
        for entity, name, _, native, _, _, _, _, gone, _ in self.world.database.base().links:
            if gone and entity not in self.dead and native in self.world.tools[name].records:
                raise Violation(f"{native} in {name} is there and taken for deleted")
        for entity in Store(self.world.database.engine, "sim").load().entities.values():
            for tool, link in entity.links.items():
                record = self.world.tools[tool].records.get(link.ref.native)
                if record is None or entity.dead:
                    continue
                mapping = self.world.tools[tool].make.mapping()
                shown = mapping.get(told(record)).values
                for name, view in mapping.views(entity.kind).items():
                    if name not in entity.agreed or name in entity.disputed:
                        continue
                    wanted = view.project(entity.agreed[name])
                    if self.world.tools[tool].make.trims and isinstance(wanted, str):
                        wanted = wanted.strip()
                    if shown[name] != wanted:
                        raise Violation(f"{name} of {link.ref.native} in {tool} is {shown[name]!r}, agreed {wanted!r}")


def _twice(things: list[Any]) -> Any:
    return Counter(things).most_common(1)[0][0]
