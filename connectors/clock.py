"""The clock that connectors wait by: the machine's own, or another one on which whole runs are played."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Clock(Protocol):
    """Time that nobody sets, and how to let some of it pass. Safe for several threads."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float) -> None:
        """Come back so many seconds later."""


_real: Clock = time
_now = _real


def monotonic() -> float:
    """Seconds since some moment, by the clock that holds."""
    return _now.monotonic()


def milliseconds() -> int:
    """The same in whole milliseconds."""
    return int(_now.monotonic() * 1000)


def sleep(seconds: float) -> None:
    """Wait by the clock that holds."""
    _now.sleep(seconds)


@contextmanager
def kept_by(clock: Clock) -> Iterator[None]:
    """All connectors of this process wait by this clock meanwhile, in whichever thread; the defaults of rate budgets,
    retries and places are the functions above. For simulations: the machine's other programs go on by the real one."""
    global _now  # noqa: PLW0603 - what a clock says holds for everybody; handed on, it would go through every signature
    before, _now = _now, clock
    try:
        yield
    finally:
        _now = before
