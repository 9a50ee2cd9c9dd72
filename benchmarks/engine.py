"""The engine by itself: what a run takes by the number of items, beside other programs that keep copies in step.

Items have twelve fields in three tools in memory; merge, plan and store (an SQLite file) are the real ones. Every
measurement is a process of its own that has done a tiny run of the same kind before; ours and the peers' take turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.desk import TOOLS
from benchmarks.engine_step import BLANK, HEAP, RSS, STEPS
from benchmarks.peers import Peers, step_of
from benchmarks.processes import Middle, Say, child

MODULE = "benchmarks.engine_step"
OURS = "ours"


@dataclass(frozen=True, slots=True)
class Row:
    """One step over so many items. `wall` and `cpu` are seconds by program; `once` is what needs no repeating; `heap`
    and `rss` are peaks in bytes above the start, None where they were not measured."""

    step: str
    items: int
    wall: dict[str, Middle]
    cpu: dict[str, Middle]
    once: dict[str, Any]
    heap: int | None = None
    rss: int | None = None

    @property
    def title(self) -> str:
        return STEPS[self.step].title

    @property
    def per_second(self) -> float:
        """Items a second."""
        return self.items / self.wall[OURS].median

    @property
    def disk(self) -> float:
        """Bytes on disk per item and tool."""
        return float(self.once["disk"]) / self.items / len(TOOLS)

    def ratio(self, peer: str, *, cpu: bool = True) -> float | None:
        """How many times as fast as a peer, by time of work or by the clock."""
        times = self.cpu if cpu else self.wall
        return times[peer].median / times[OURS].median if peer in times else None

    def to_json(self) -> dict[str, Any]:
        """The row as JSON; `faster_than` are ratios of the medians, by the clock and by time of work."""
        faster = {
            name: {"clock": _short(self.ratio(name, cpu=False)), "work": _short(self.ratio(name))}
            for name in self.wall
            if name != OURS
        }
        also = ("changes", "written", "findings", "calls", "statements", "transactions")
        return {
            "step": self.step, "title": self.title, "items": self.items, "items_per_second": round(self.per_second, 1),
            "seconds": {name: one.to_json() for name, one in self.wall.items()},
            "cpu_seconds": {name: one.to_json() for name, one in self.cpu.items()},
            "faster_than": faster,
            "heap_bytes": self.heap, "rss_bytes": self.rss,
            "heap_bytes_per_item": None if self.heap is None else round(self.heap / self.items),
            "disk_bytes_per_item_and_tool": round(self.disk),
            **{name: self.once[name] for name in also},
        }  # fmt: skip


@dataclass(slots=True)
class Plan:
    """What is measured: over how many items, which steps, how often, and whether memory too."""

    counts: Sequence[int]
    steps: Sequence[str] = tuple(STEPS)
    repeat: int = 3
    memory: bool = True
    peers: Peers = field(default_factory=lambda: Peers({}, {}))
    # Above so many items only these steps, and only once: the others take very long there.
    large: int = 50_000
    large_steps: Sequence[str] = tuple(name for name, step in STEPS.items() if step.start != BLANK)


def measure(plan: Plan, say: Say) -> Iterator[Row]:
    """The rows, by size and then by step."""
    for count in plan.counts:
        large = count > plan.large
        steps = [step for step in plan.steps if not large or step in plan.large_steps]
        for step in plan.steps:
            if step not in steps:
                say(f"{count} items: skipped {STEPS[step].title}, which takes very long there")
        with TemporaryDirectory() as folder:
            say(f"{count} items: preparing")
            child(MODULE, "prepare", str(count), folder, "--wanted", *steps)
            for step in steps:
                yield _measured(Path(folder), step, count, plan, 1 if large else plan.repeat, say)


def _measured(folder: Path, step: str, count: int, plan: Plan, repeat: int, say: Say) -> Row:
    samples: dict[str, list[dict[str, Any]]] = {}
    changes = STEPS[step].changes(count)
    compared = step != "adopt"  # the peers look by name only
    for turn in range(repeat):
        say(f"{count} items: {STEPS[step].title} ({turn + 1} of {repeat})")
        samples.setdefault(OURS, []).append(child(MODULE, step, str(count), str(folder)))
        for name, peer in plan.peers.found.items() if compared else ():
            samples.setdefault(name, []).append(peer(step_of(step, changes), count))
    heap = rss = None
    if plan.memory:
        say(f"{count} items: {STEPS[step].title} (memory)")
        heap, rss = (child(MODULE, step, str(count), str(folder), "--how", how)["peak"] for how in (HEAP, RSS))
    wall = {name: Middle.of([one["seconds"] for one in found]) for name, found in samples.items()}
    cpu = {name: Middle.of([one["cpu"] for one in found]) for name, found in samples.items()}
    return Row(step, count, wall, cpu, samples[OURS][0], heap, rss)


def growth(rows: Sequence[Row], step: str) -> list[tuple[int, float, float]]:
    """How a step's time grows with the items: (items, times as long as over the fewest by work, the same by item)."""
    found = sorted((row for row in rows if row.step == step), key=lambda row: row.items)
    if not found:
        return []
    least = found[0]
    grown = [(row, row.cpu[OURS].median / least.cpu[OURS].median) for row in found]
    return [(row.items, times, times * least.items / row.items) for row, times in grown]


def _short(ratio: float | None) -> float | None:
    return None if ratio is None else float(f"{ratio:.3g}")
