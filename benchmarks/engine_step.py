"""One measurement of the engine, in a process of its own: `python -m benchmarks.engine_step STEP COUNT FOLDER`."""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.desk import TOOLS, Desk, counted_statements
from benchmarks.profiling import profiled
from sync.report import RunReport

FEW = 100  # changes of the run whose growth is looked at
WARM = 9  # items of the run that only warms the process up
BLANK, ALIKE, SYNCED = "blank", "alike", "synced"  # what is kept: one full tool, three alike, three in sync
TIME, HEAP, RSS = "time", "heap", "rss"


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of run. `start` is what it begins with; `changes` gives by the number of items how many are edited."""

    name: str
    title: str
    full: bool = False
    changes: Callable[[int], int] = lambda _count: 0
    start: str = SYNCED


STEPS = {
    step.name: step
    for step in (
        Step("first", "first sync, two tools empty", start=BLANK),
        Step("adopt", "first sync, all three full", start=ALIKE),
        Step("delta", "no change (delta)"),
        Step("full", "no change (full compare)", full=True),
        Step("delta-1%", "1 % changed (delta)", changes=lambda count: max(1, count // 100)),
        Step("full-1%", "1 % changed (full)", full=True, changes=lambda count: max(1, count // 100)),
        Step("delta-100", f"{FEW} changed (delta)", changes=lambda count: min(FEW, count)),
    )
}


def prepare(folder: Path, count: int, wanted: Collection[str] = STEPS) -> None:
    """Keep in the folder what these steps begin with. What is in sync came to be so from three tools that were alike:
    that is quicker than to write into two of them, and leaves no journal of creations behind."""
    starts = {STEPS[name].start for name in wanted}
    if BLANK in starts:
        Desk.made(folder, count).keep(BLANK)
    if starts & {ALIKE, SYNCED}:
        desk = Desk.made(folder, count, filled=TOOLS)
        desk.keep(ALIKE)
        if SYNCED in starts:
            settle(desk)
            desk.keep(SYNCED)


def settle(desk: Desk) -> None:
    """Run until nothing is left to do."""
    check(desk.run())  # links, and writes what is missing
    check(desk.run())  # sees once more what that one wrote
    before = desk.changed()
    check(desk.run())
    if desk.changed() != before:
        raise RuntimeError("the tools do not come to rest")


def measure(folder: Path, name: str, count: int, how: str = TIME, *, profile: bool = False) -> dict[str, Any]:
    """One step over what `prepare` has kept: its figures. RuntimeError for a run that did not do all of its work."""
    step = STEPS[name]
    desk = Desk.kept(folder, step.start, count, packed=how != TIME)
    changes = step.changes(count)
    desk.edit(changes)
    wanted = (count if step.start == BLANK else changes) * (len(TOOLS) - 1)
    gc.collect()
    gc.freeze()  # what the tools hold would be on other machines, and none of the collector's business here
    with counted_statements() as statements, _watched(how) as peak, profiled(profile) as profiles:
        begun, spent = time.perf_counter(), time.process_time()
        report = desk.run(full=step.full)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - spent
    check(report)
    if desk.changed() != wanted:
        raise RuntimeError(f"{step.title}: {desk.changed()} records were written and not {wanted}")
    disk = sum(file.stat().st_size for file in desk.folder.glob("state.db*"))
    return {
        "step": name, "title": step.title, "items": count, "changes": changes, "written": wanted,
        "seconds": seconds, "cpu": cpu, "peak": peak(), "disk": disk, "findings": len(report.findings),
        "calls": desk.calls(),
        **statements(), **({"profile": profiles()} if profile else {}),
    }  # fmt: skip


def check(report: RunReport) -> None:
    """A run that failed would look cheap."""
    errors = [f"{tool.tool}: {tool.error}" for tool in report.tools if tool.error]
    if errors or report.troubled:
        raise RuntimeError(f"the measured run failed: {errors or 'changes were refused'}")


def _warm(folder: Path, step: Step) -> None:
    """The same for a few items: what a process loads and compiles once is not measured."""
    desk = Desk.made(folder, WARM)
    settle(desk)
    desk.edit(step.changes(WARM))
    desk.run(full=step.full)


class _watched:  # noqa: N801  a function in all but its body
    """The peak of memory above the start, in bytes: of Python's objects (heap), or of the process (rss)."""

    def __init__(self, how: str) -> None:
        self._how, self._start, self._peak = how, 0, 0

    def __enter__(self) -> Callable[[], int | None]:
        if self._how == HEAP:
            tracemalloc.start()
        elif self._how == RSS:
            with suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark begins anew
            self._start = _resident("VmRSS")
        return lambda: None if self._how == TIME else self._peak

    def __exit__(self, *_: object) -> None:
        if self._how == HEAP:
            self._peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        elif self._how == RSS:
            self._peak = _resident("VmHWM") - self._start


def _resident(name: str) -> int:
    """A line of the process's own status, in bytes; 0 on systems without it."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)


def main() -> int:
    """Print the figures of one step as JSON; with the step `prepare`, make what the others begin with."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine_step")
    parser.add_argument("step", choices=("prepare", *STEPS))
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wanted", nargs="+", choices=STEPS, help="what to prepare for; all steps when not given")
    parser.add_argument("--how", choices=(TIME, HEAP, RSS), default=TIME)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    if given.step == "prepare":
        prepare(given.folder, given.count, given.wanted or STEPS)
        return 0
    with TemporaryDirectory() as small:
        _warm(Path(small), STEPS[given.step])
    figures = measure(given.folder, given.step, given.count, given.how, profile=given.profile)
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
