"""A clock that jumps over every wait: the stand-ins and the connectors' budgets go by it, and nobody really sleeps."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from connectors import clock
from connectors.sandbox.world import World
from sync.workspace import SideBySide, Work, go_on, later


class VirtualClock:
    """Time that passes only while everybody waits: a `connectors.clock.Clock`, and the stand-ins' as well.

    Everybody is whoever works: the thread that made the clock, or the `works` that it does side by side. One that
    computes or waits for an answer holds time up; when all sleep, time moves on to the earliest waking.
    """

    def __init__(self, world: World) -> None:
        self._world, self._start = world, world.now()
        self._changed = threading.Condition()
        self._working = 1
        self._waking: dict[object, datetime] = {}
        self.slept = 0.0  # seconds that threads have waited, added up

    def now(self) -> datetime:
        """The moment it is."""
        return self._world.now()

    def monotonic(self) -> float:
        """Seconds since the start."""
        return (self.now() - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Come back so many seconds later."""
        if seconds <= 0:
            return
        me = object()
        with self._changed:
            self.slept += seconds
            until = self._waking[me] = self.now() + timedelta(seconds=seconds)
            self._move_on()
            while self.now() < until:
                self._changed.wait()
            del self._waking[me]

    def works(self, side_by_side: SideBySide) -> SideBySide:
        """A way to do works in threads, as one by this clock: who only waits for their jobs holds nothing up."""

        def timed(works: Sequence[Work]) -> None:
            self._join(len(works) - 1)
            ending = [self._ending(work) for work in works]
            try:
                side_by_side(ending)
            finally:
                self._join(1)

        return timed

    def _ending(self, work: Work) -> Work:
        """The work, which is at work from now on until it is done: also while its job has ended and nobody has taken
        note of that yet."""
        outcome: Any = None
        try:
            while (job := go_on(work, outcome)) is not None:
                if job is later:  # who waits for others holds time up no more than one that sleeps
                    self._join(-1)
                    outcome = yield job
                    self._join(1)
                    continue
                try:
                    outcome = yield job
                except Exception as error:  # noqa: BLE001  the work judges it
                    outcome = error
        finally:
            self._join(-1)

    def _join(self, more: int) -> None:
        """So many more work than before."""
        with self._changed:
            self._working += more
            self._move_on()

    def _move_on(self) -> None:
        """To the earliest waking, if nobody is at work any more."""
        asleep = [until for until in self._waking.values() if until > self.now()]
        awake = len(self._waking) - len(asleep)  # by now, though they have not noticed yet
        if asleep and not awake and len(asleep) >= self._working:
            self._world.set_clock(min(asleep))
            self._changed.notify_all()


def governed(virtual: VirtualClock) -> AbstractContextManager[None]:
    """Every connector waits by this clock meanwhile."""
    return clock.kept_by(virtual)
