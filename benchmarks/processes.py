"""Measurements in processes of their own, what a machine's noise is, and the middle of several measurements."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
PATIENCE = 3600  # seconds that one measurement may take
REPEATS = 9
COMMITS = 40
MANY = 20

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Middle:
    """The same thing measured several times. `spread` is the distance of the extremes, as a share of the median; of
    more than twenty measurements that of the first and the last decile, since single ones then say nothing."""

    median: float
    spread: float
    times: int

    @classmethod
    def of(cls, measured: Sequence[float]) -> Middle:
        median, ends = statistics.median(measured), sorted(measured)
        if len(ends) > MANY:
            ends = statistics.quantiles(ends, n=10)
        return cls(median, (ends[-1] - ends[0]) / median if median else 0.0, len(measured))

    def to_json(self) -> dict[str, Any]:
        return {"median": round(self.median, 6), "spread": round(self.spread, 3), "times": self.times}


def child(module: str, *arguments: str) -> Any:
    """The JSON that a module of ours prints when it is run by itself; None where it prints nothing."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments[:2])} failed: {done.stderr.strip()[-1500:]}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def noise() -> dict[str, Any]:
    """How far the same work differs from one time to the next here: computing, and durable commits of a small row."""
    walls, works = [], []
    for _ in range(REPEATS):
        begun, spent = time.perf_counter(), time.process_time()
        _work()
        walls.append(time.perf_counter() - begun)
        works.append(time.process_time() - spent)
    return {
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "work_seconds": Middle.of(walls).to_json(),
        "work_cpu": Middle.of(works).to_json(),
        "commit_seconds": Middle.of(_commits()).to_json(),
    }


def _work() -> int:
    """A fixed piece of computing, of the kinds that a run is made of."""
    rows = [{"name": f"Campaign {n}", "tags": ["a", "b"], "number": n} for n in range(4000)]
    texts = [json.dumps(row, sort_keys=True) for row in rows]
    return sum(json.loads(text) == row for text, row in zip(texts, rows, strict=True))


def _commits() -> list[float]:
    """Seconds of durable commits, one by one."""
    taken = []
    with TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "noise.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)")
        for number in range(COMMITS):
            begun = time.perf_counter()
            connection.execute("INSERT INTO row VALUES (?, ?)", (number, "x" * 200))
            taken.append(time.perf_counter() - begun)
        connection.close()
    return taken
