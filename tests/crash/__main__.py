"""Long runs and replays of killed runs.

    python -m tests.crash --singles                     a kill at every boundary of every scenario
    python -m tests.crash --pairs                       two kills, at every pair, in the ten richest scenarios
    python -m tests.crash --wire                        a kill at every HTTP request and commit of the real connectors
    python -m tests.crash --power                       the log of the database, cut at every place
    python -m tests.crash --stop                        two runs at once, one of them stopped at every boundary
    python -m tests.crash --scenario move --at 17 --then 4
    python -m tests.crash --scenario wire-edits --at 17

Several of them may be asked for at once; with none of them it is --singles. `--database` takes
the URL of a PostgreSQL database in place of SQLite files, `--jobs` a number of processes. Exits with 1 when anything
was violated or a boundary was found and not killed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crash import power, stop, wire
from tests.crash.explore import Tally, Trial, pairs, shown, singles
from tests.crash.heart import Heart
from tests.crash.scenarios import SCENARIOS

WIRE = "wire-"
Task = tuple[str, int, int, str | None]  # scenario, which part of how many, database


def main() -> int:
    given = _arguments()
    if given.at:
        return _replay(given.scenario, given.at, given.then, given.database)
    if (given.scenario or "").startswith(WIRE):
        return int(_told("wire", map(_wire, [given.scenario.removeprefix(WIRE)])))
    names = [given.scenario] if given.scenario else list(SCENARIOS)
    failed = False
    with multiprocessing.get_context("fork").Pool(given.jobs) as pool:
        if given.singles or not (given.pairs or given.power or given.wire or given.stop):
            failed |= _told("single", pool.imap(_singles, [(name, 0, 1, given.database) for name in names]))
        if given.pairs:
            rich = [name for name in names if given.scenario or SCENARIOS[name].rich]
            parts = max(8, 2 * given.jobs)
            tasks: list[Task] = [(name, part, parts, given.database) for name in rich for part in range(parts)]
            failed |= _told("pair", pool.imap(_pairs, tasks))
        if given.power:
            failed |= _told("cut log", pool.imap(_power, names))
        if given.stop:
            failed |= _told("standstill", pool.imap(_stop, stop.STOPPED))
    if given.wire:
        failed |= _told("wire", map(_wire, wire.STORIES))
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    for what in ("singles", "pairs", "wire", "power", "stop"):
        parser.add_argument(f"--{what}", action="store_true")
    parser.add_argument(
        "--scenario", choices=[*SCENARIOS, *(WIRE + name for name in wire.STORIES)], help="only this one"
    )
    parser.add_argument("--at", type=int, help="replay a kill at this boundary")
    parser.add_argument("--then", type=int, help="and a second kill at this boundary of the run that follows")
    parser.add_argument("--database", help="a PostgreSQL URL")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    if (given.at and not given.scenario) or (given.then and not given.at):
        parser.error("--at needs --scenario, and --then needs --at")
    return given


@contextmanager
def _trial(name: str, url: str | None) -> Iterator[Trial]:
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        if not name.startswith(WIRE):
            yield Trial(Heart(SCENARIOS[name], Path(folder), url))
            return
        with wire.Company(Path(folder), name.removeprefix(WIRE)) as company:
            yield Trial(company)


def _singles(task: Task) -> tuple[str, Tally]:
    name, _, _, url = task
    with _trial(name, url) as trial:
        return name, singles(trial)


def _pairs(task: Task) -> tuple[str, Tally]:
    """Every so manieth first kill of a scenario with all its second ones."""
    name, part, parts, url = task
    tally = Tally()
    with _trial(name, url) as trial:
        for at in range(1 + part, len(trial.labels) + 1, parts):
            tally.add(pairs(trial, at))
    return f"{name}, part {part + 1} of {parts}", tally


def _power(name: str) -> tuple[str, Tally]:
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        return name, power.every_cut(SCENARIOS[name], Path(folder))


def _stop(name: str) -> tuple[str, Tally]:
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        return name, stop.every_standstill(name, Path(folder))


def _wire(name: str) -> tuple[str, Tally]:
    with _trial(WIRE + name, None) as trial:
        return name, singles(trial)


def _told(what: str, tallies: Iterable[tuple[str, Tally]]) -> bool:
    """Print what comes in, and the sum. Whether something is wrong."""
    total, started = Tally(), time.monotonic()
    for name, tally in tallies:
        total.add(tally)
        _say(f"{what} {name}: killed {len(tally.killed)} of {len(tally.found)}, {len(tally.violations)} violations")
        for words in [*tally.violations, *(f"found and not killed: {label}" for label in tally.missed)]:
            _say(f"  VIOLATION {words}")
    seconds = time.monotonic() - started
    restarted = f"{total.restarts} different states restarted, " if total.restarts else ""
    _say(
        f"{what}: crash points killed {len(total.killed)} of {len(total.found)} found, "
        f"{len(total.violations)} violations, {restarted}{seconds:.0f} s"
    )
    return bool(total.violations or len(total.killed) != len(total.found) or not total.found)


def _replay(name: str, at: int, then: int | None, url: str | None) -> int:
    with _trial(name, url) as trial:
        if at > len(trial.labels):
            _say(f"{name} has {len(trial.labels)} boundaries only")
            return 1
        trial.ground.restore(trial.start)
        _say(f"{name}, the run that is killed:\n{shown(trial.ground.live(at))}")
        first = trial.ground.snapshot()
        _say(f"the run after it:\n{shown(trial.ground.live(then))}")
        broken = trial.kill_again(first, at, trial.second(first), then) if then else trial.kill(at)
    for words in broken or ["no violation"]:
        _say(words)
    return int(bool(broken))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
