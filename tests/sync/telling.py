"""A small world that tells what changed, and what is asked of its tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.model import Kind, Ref
from tests.sync.plain import ANN, Box, World

HOUR = timedelta(hours=1)


def settled(folder: Path) -> World:
    """Three campaigns with a stage each, known in three tools that tell what changed, and nothing left to do."""
    world = World(folder, *(Box(name, changes=True) for name in "abc"), count_every=HOUR)
    for number in range(3):
        native = world.campaign("a", name=f"Campaign {number}", subject="One")
        world.stage("a", native, kind="design", owner=ANN)
    for _ in range(3):
        world.run()
    return world


class Calls:
    """What is asked of the tools from now on: tool, call, how many records."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[tuple[str, str, int]] = []
        for name, tool in world.tools.items():
            for call in ("fetch", "census", "changes"):
                monkeypatch.setattr(tool, call, self._listing(name, call, getattr(tool, call)))
            monkeypatch.setattr(tool, "read", self._reading(name, tool.read))

    def _listing(self, name: str, call: str, real: Any) -> Any:
        def listing(*arguments: Any) -> Iterator[Any]:
            found = list(real(*arguments))
            self.made.append((name, call, len(found)))
            return iter(found)

        return listing

    def _reading(self, name: str, real: Any) -> Any:
        def read(refs: Sequence[Ref]) -> Any:
            self.made.append((name, "read", len(refs)))
            return real(refs)

        return read

    def of(self, tool: str) -> list[tuple[str, int]]:
        return [(call, size) for name, call, size in self.made if name == tool]


def natives(world: World, tool: str, kind: Kind) -> list[str]:
    return [record.ref.native for record in world.tools[tool].records.values() if record.ref.kind is kind]
