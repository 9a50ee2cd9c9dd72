"""Two processes on one workspace, the first of them stopped (SIGSTOP) at a boundary while the second one comes.

While the first one's hold lasts, the second is refused with its name. Once the hold has run out, the second takes over
and finishes. When the first one goes on, it commits nothing more and writes nothing more, except the one call that it
had been about to send: nothing can take back a call that was checked right before. A process that is stopped inside a
transaction keeps SQLite's lock; nobody takes over from it, and nobody waits for ever.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sync import database
from tests.crash import check
from tests.crash.boundaries import BEFORE_CALL, BEFORE_COMMIT, numbered
from tests.crash.explore import Tally, Trial
from tests.crash.heart import Heart
from tests.crash.process import Life
from tests.crash.scenarios import LATE, SCENARIOS, Scenario
from tests.crash.world import NAMESPACE, STEP

SLOW, QUICK = "the slow one", "the quick one"
STOPPED = "edit_fan_out", "new_beside_old"


def patient(scenario: Scenario) -> Scenario:
    """The same with tools of which every creation is waited for, longer than the first process stands still, and that
    show at once what was made. Where a listing lags, a creation that was sent late is not seen in time: that is what
    cannot be excluded with tools that make a record whatever there is."""
    return replace(scenario, desks=tuple(replace(desk, settle=LATE, lags=False) for desk in scenario.desks))


class Standstill:
    """A scenario of which one process is stopped at a boundary."""

    def __init__(self, name: str, folder: Path) -> None:
        self.heart = Heart(patient(SCENARIOS[name]), folder)
        self.trial = Trial(self.heart)
        self.labels = self.trial.labels

    def kinds(self) -> list[int]:
        """The number of one boundary of each kind: what it is, what came before it and what comes next."""
        first: dict[tuple[str, ...], int] = {}
        kinds = ["", *map(_kind, self.labels), ""]
        for at in range(1, len(kinds) - 1):
            first.setdefault(tuple(kinds[at - 1 : at + 2]), at)
        return sorted(first.values())

    def violations(self, at: int) -> list[str]:
        """What is wrong when the first process is stopped at this boundary."""
        with _impatient():
            return [f"{self.heart.name}, stopped at {numbered(self.labels)[at - 1]}: {w}" for w in self._story(at)]

    def _story(self, at: int) -> Iterator[str]:
        heart, world = self.heart, self.heart.world
        heart.restore(self.trial.start)
        slow = heart.begin(at, signal.SIGSTOP, SLOW)
        stopped = True
        try:
            if not slow.serve().stopped:
                stopped = False
                yield "it did not stop"
                return
            inside = self.labels[at - 1] == BEFORE_COMMIT
            held = any(row["holder"] == SLOW and row["until"] for row in world.rows().get("lease", []))
            yield from self._refused(held, inside, at_once := self._come())
            if at_once.report is None:
                world.now += STEP
            later = self._come()
            took_over = later.report is not None
            if not took_over and not (inside and _is_locked(later)):
                yield f"the hold has run out and the next run does not get in: {later.error}"
            rows, written = world.rows(), world.writes()
            stopped = False
            end = slow.go_on()
            if held and took_over:
                yield from self._late(end, at, written)
                if world.rows() != rows:
                    yield "it committed something after it had lost its hold"
            elif end.error:
                yield f"it held nothing that was taken, and did not finish: {end.error}"
        finally:
            if stopped:
                slow.kill()
        world.ids += NAMESPACE
        world.now += STEP
        yield from heart.finish()
        yield from check.differences(heart.outcome(), self.trial.expected)

    def _come(self) -> Life:
        """The second process tries."""
        self.heart.world.ids += NAMESPACE
        return self.heart.begin(holder=QUICK).serve()

    @staticmethod
    def _refused(held: bool, inside: bool, life: Life) -> Iterator[str]:
        said = life.error or ""
        if inside and _is_locked(life):
            return
        if held and not (said.startswith("Busy") and SLOW in said):
            yield f"the hold lasts and the next run is not refused with its holder's name: {said or 'it ran'}"
        if not held and said:
            yield f"nobody holds the workspace and the next run is refused: {said}"

    def _late(self, end: Life, at: int, written: int) -> Iterator[str]:
        said = end.error or ""
        if not (said.startswith("Busy") and QUICK in said):
            yield f"it lost its hold and ended otherwise: {said or 'as if nothing had happened'}"
        late = self.heart.world.writes() - written
        if late > self._about_to_write(at):
            yield f"it wrote {late} changes after it had lost its hold"

    def _about_to_write(self, at: int) -> int:
        """How many changes the call takes that was about to be sent, or was being sent, at this boundary; else 0."""
        sent = at if BEFORE_CALL in self.labels[at - 1] else at + 1
        count = 0
        for label in self.labels[sent - 1 :]:
            if " write " not in label:
                break
            count += label.count("update") + label.count("create") if BEFORE_CALL in label else 0
        if " write " in self.labels[at - 1] or count:
            return count
        return 0


def every_standstill(name: str, folder: Path) -> Tally:
    """Stop the first process at every boundary."""
    still = Standstill(name, folder)
    tally = Tally(numbered(still.labels))
    for at, label in enumerate(numbered(still.labels), 1):
        tally.violations += still.violations(at)
        tally.killed.append(label)
    return tally


def _is_locked(life: Life) -> bool:
    return (life.error or "").startswith("Unavailable") and "locked" in (life.error or "")


def _kind(label: str) -> str:
    """A label without the name of its tool."""
    return label.partition(" ")[2] if BEFORE_COMMIT.partition(":")[0] not in label else label


@contextmanager
def _impatient() -> Iterator[None]:
    """Nobody waits half a minute for a lock that a stopped process keeps."""
    usual = database.BUSY_SECONDS
    database.BUSY_SECONDS = 1
    try:
        yield
    finally:
        database.BUSY_SECONDS = usual
