"""Other programs that keep copies in step, measured beside ours on the same number of items. None is needed by ours.

vdirsyncer (PyPI): its sync engine alone, two sides in memory, its status in an SQLite file; it compares versions (an
etag or a hash of each item), never fields. Unison (Debian: `unison`): its program on two trees of small files.
Both always look at everything: neither can be told what changed.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.workload import chosen

FIRST, NONE = "first", "none"
VDIRSYNCER, UNISON = "vdirsyncer", "unison"
PATIENCE = 1800  # seconds that one measurement may take
HOW = {
    VDIRSYNCER: "python3 -m venv PEERS && PEERS/bin/pip install vdirsyncer, then --peer-python PEERS/bin/python",
    UNISON: "apt-get install unison",
}
BODY = "Win back customers of segment {0}.\n" * 14  # some 500 bytes, about what an item of twelve fields is

Measure = Callable[[str, int], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Peers:
    """The peers that can be measured here, and in words how to get the others."""

    found: dict[str, Measure]
    missing: dict[str, str]


def peers(python: str | None) -> Peers:
    """Which peers there are. `python`: the interpreter that has vdirsyncer; None tries our own."""
    found: dict[str, Measure] = {}
    asked = python or sys.executable
    if shutil.which(asked) and not _call([asked, "-c", "import vdirsyncer.sync"]).returncode:
        found[VDIRSYNCER] = lambda step, count: _vdirsyncer(asked, step, count)
    if shutil.which("unison"):
        found[UNISON] = _unison
    return Peers(found, {name: how for name, how in HOW.items() if name not in found})


def step_of(name: str, changes: int) -> str:
    """The peers' step for one of ours: they know no difference between telling changes and comparing all."""
    return FIRST if name == "first" else str(changes) if changes else NONE


def _vdirsyncer(python: str, step: str, count: int) -> dict[str, Any]:
    done = _call([python, str(Path(__file__).with_name("peer_vdirsyncer.py")), step, str(count)])
    if done.returncode:
        raise RuntimeError(f"vdirsyncer failed: {done.stderr.strip()[-500:]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _unison(step: str, count: int) -> dict[str, Any]:
    changes = int(step) if step.isdecimal() else 0
    with TemporaryDirectory() as folder:
        one, other = Path(folder) / "one", Path(folder) / "other"
        other.mkdir()
        for number in range(count):
            file = _file(one, number)
            if number % 100 == 0:
                file.parent.mkdir(parents=True)
            file.write_text(BODY.format(number), "utf-8")
        if step != FIRST:
            _sync(folder)
        for number in chosen(count, changes):
            _file(one, number).write_text(BODY.format("edited"), "utf-8")
        spent, begun = _used(), time.perf_counter()
        _sync(folder)
        seconds, cpu = time.perf_counter() - begun, _used() - spent
        told = [_file(other, number).read_text("utf-8") for number in chosen(count, changes or 1)]
        if sum(1 for _ in other.rglob("*.txt")) != count or (changes and set(told) != {BODY.format("edited")}):
            raise RuntimeError("the two trees differ after the sync")
    return {"seconds": seconds, "cpu": cpu, "version": _call(["unison", "-version"]).stdout.strip()}


def _file(root: Path, number: int) -> Path:
    return root / f"{number // 100:04d}" / f"item-{number}.txt"


def _sync(folder: str) -> None:
    names = [str(Path(folder) / side) for side in ("one", "other")]
    done = _call(["unison", *names, "-batch", "-silent", "-dumbtty", "-log=false"], UNISON=str(Path(folder) / "state"))
    if done.returncode:
        raise RuntimeError(f"unison failed: {(done.stderr or done.stdout).strip()[-500:]}")


def _used() -> float:
    """Seconds of work of the processes that we have started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _call(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=variables, timeout=PATIENCE, check=False)
