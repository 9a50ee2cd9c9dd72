"""Runs the tests on changed modules, each in a forked process in which nothing of ours has been imported yet."""

from __future__ import annotations

import importlib.util
import os
import resource
import selectors
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

# Slow to import and not ours: every child finds them there.
import alembic.command  # noqa: F401
import hypothesis.stateful
import pytest
import sqlalchemy.dialects.sqlite  # noqa: F401

from tests.mutation.mutate import Change
from tests.mutation.suites import SEEDS

CPU = 30  # seconds of CPU time for one test or one seed, several times what the slowest needs
WALL = 600  # seconds for all tests of one change; only a standstill takes as long
MEMORY = 4 << 30  # bytes of address space
MISUSE = "!"  # what a child says when it could not judge


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which test noticed the change, None when none did."""

    change: Change
    caught_by: str | None
    seconds: float


def judge(changes: Iterable[Change], jobs: int) -> Iterator[Verdict]:
    """The verdicts as they come. Raises RuntimeError when tests cannot be run at all."""
    waiting = list(changes)[::-1]
    running: dict[int, _Child] = {}
    with tempfile.TemporaryDirectory() as folder, selectors.DefaultSelector() as ends:
        while waiting or running:
            while waiting and len(running) < jobs:
                child = _Child(waiting.pop(), Path(folder, str(len(waiting))))
                running[child.pipe] = child
                ends.register(child.pipe, selectors.EVENT_READ)
            for key, _ in ends.select(timeout=1):
                if running[key.fd].has_ended():
                    ends.unregister(key.fd)
                    yield running.pop(key.fd).verdict()
            for child in running.values():
                child.end_if_still()


class _Child:
    """One process that judges one change and says through a pipe which test failed."""

    def __init__(self, change: Change, folder: Path) -> None:
        self.change, self.began = change, time.monotonic()
        self.pipe, writing = os.pipe()
        self._said = b""
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            _judge_alone(change, folder, writing)
        os.close(writing)

    def has_ended(self) -> bool:
        told = os.read(self.pipe, 65536)
        self._said += told
        return not told

    def end_if_still(self) -> None:
        if time.monotonic() - self.began > WALL:
            os.kill(self.pid, signal.SIGKILL)

    def verdict(self) -> Verdict:
        os.close(self.pipe)
        _, status = os.waitpid(self.pid, 0)
        said = self._said.decode()
        if said.startswith(MISUSE):
            raise RuntimeError(said.removeprefix(MISUSE))
        if not said and os.waitstatus_to_exitcode(status):
            said = "its end: the process was killed or stood still"
        return Verdict(self.change, said or None, time.monotonic() - self.began)


def _judge_alone(change: Change, folder: Path, writing: int) -> NoReturn:
    """In the child: say the first test that fails, say nothing when all pass."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    watch = _Watch(writing)
    signal.signal(signal.SIGPROF, lambda *_: watch.say(f"a hang in {watch.at}"))
    try:
        _install(change)
        for suite in change.suites:
            watch.at = suite
            if suite.startswith(SEEDS):
                _play(watch, int(suite.removeprefix(SEEDS)))
            else:
                _run(watch, suite, folder)
    except BaseException as error:  # noqa: BLE001 (a child says everything through the pipe and goes no further)
        watch.say(f"{watch.at}: {type(error).__name__}: {error}")
    os._exit(0)


class _Watch:
    """What pytest tells of a run. Ends the process at the first failure: nothing after it matters."""

    def __init__(self, writing: int) -> None:
        self.at = "the import"
        self._writing = writing

    def say(self, words: str) -> NoReturn:
        os.write(self._writing, words[:4000].encode())
        os._exit(0)

    def begin(self, at: str) -> None:
        self.at = at
        signal.setitimer(signal.ITIMER_PROF, CPU)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.begin(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.say(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.say(f"{report.nodeid}, which it keeps from being imported")


def _install(change: Change) -> None:
    """Let the changed module be what everybody imports."""
    name = change.file.removesuffix(".py").replace("/", ".")
    above, _, own = name.rpartition(".")
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(change.source, change.file, "exec"), module.__dict__)
    setattr(sys.modules[above], own, module)
    import sync.engine  # noqa: F401, PLC0415 (not before the changed module)


def _run(watch: _Watch, suite: str, folder: Path) -> None:
    hypothesis.settings.register_profile(
        "mutation", derandomize=True, deadline=None, database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],  # a bug is to be found, not to be shrunk
    )  # fmt: skip
    os.environ.update(HYPOTHESIS_PROFILE="mutation", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    options = ["-x", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "--assert=plain", "--tb=no"]
    ended = pytest.main([*options, f"--basetemp={folder}", "-k", "not postgresql", suite], plugins=[watch])
    signal.setitimer(signal.ITIMER_PROF, 0)
    if ended is not pytest.ExitCode.OK:
        watch.say(f"{MISUSE}{suite} cannot be run: {ended!r}")


def _play(watch: _Watch, seeds: int) -> None:
    from tests.simulation.database import Database  # noqa: PLC0415 (not before the changed module)
    from tests.simulation.play import play  # noqa: PLC0415
    from tests.simulation.schedule import draw  # noqa: PLC0415

    database: Any = Database()
    for seed in range(seeds):
        watch.begin(f"the simulation, seed {seed}")
        if verdict := play(draw(seed), database).violation:
            watch.say(f"the simulation, seed {seed}: {verdict}".splitlines()[0])
    signal.setitimer(signal.ITIMER_PROF, 0)
