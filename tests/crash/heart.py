"""The heart as a ground for crashes: the engine with its real database, over tools in memory that outlive it."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sync.report import RunReport
from tests.crash import check
from tests.crash.boundaries import Boundaries
from tests.crash.process import Life, Process
from tests.crash.remote import Answer, Line, RemoteTool, answer
from tests.crash.scenarios import Scenario
from tests.crash.world import STEP, CrashWorld, Desk, Snapshot


class Heart:
    """A scenario's world, put back for each kill."""

    def __init__(self, scenario: Scenario, folder: Path, url: str | None = None) -> None:
        self.name, self.disputes = scenario.name, bool(scenario.disputes)
        self.world = scenario.world(folder, url)

    def begin(
        self, at: int | None = None, end: signal.Signals = signal.SIGKILL, holder: str = "this process"
    ) -> Process:
        """A run in a process of its own, which begins once it is served."""

        def work(line: Line, boundaries: Boundaries) -> RunReport:
            return _far(self.world, line, boundaries).sync(holder)

        def serve(tool: str, name: str, arguments: Sequence[Any]) -> Answer:
            return answer(self.world.tools[tool], name, arguments)

        self.world.tick(self.world.now + STEP)
        return Process(work, serve, at, end)

    def live(self, at: int | None = None) -> Life:
        life = self.begin(at).serve()
        self.world.pass_by()
        return life

    def snapshot(self) -> Snapshot:
        return self.world.snapshot()

    def restore(self, to: Snapshot) -> None:
        self.world.restore(to)

    def key(self) -> str:
        return check.key(self.world)

    def lasting_key(self) -> str:
        return check.lasting_key(self.world)

    def finish(self) -> list[str]:
        return [*check.identity(self.world), *check.finish(self.world)]

    def outcome(self) -> check.Outcome:
        return check.outcome(self.world)


def _far(world: CrashWorld, line: Line, boundaries: Boundaries) -> CrashWorld:
    """The world as a child has it: its tools are far away, behind a line."""
    atomic = {box.name for box in world.boxes if isinstance(box, Desk) and box.atomic}
    far = {
        name: RemoteTool(name, tool.capability, name in atomic, line, boundaries) for name, tool in world.tools.items()
    }
    world.tools = far  # type: ignore[assignment]  # only what a Connector has is asked of them
    return world
