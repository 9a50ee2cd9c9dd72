"""A clock that jumps over every wait: the stand-ins and the connectors' budgets go by it, and nobody really sleeps.

Connectors take their clocks as arguments with the real ones as defaults, and nothing between the settings and them
passes another one on. So the defaults are what is replaced here, for as long as a measurement lasts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

from connectors import budgets, http, jira, slots
from connectors.sandbox.world import World

QUIET = 0.02  # real seconds without a sign of life, after which the other threads are taken to wait too


class VirtualClock:
    """Time that passes only while everybody waits. Safe for several threads.

    One thread's sleep moves time on at once. Where several threads have slept, a sleeper lets the others go on first:
    time moves on to the earliest waking only after nobody has given a sign of life for a moment of real time.
    """

    def __init__(self, world: World) -> None:
        self._world, self._start = world, world.now()
        self._changed = threading.Condition()
        self._threads: set[int] = set()
        self._waking: dict[int, datetime] = {}
        self.slept = 0.0  # seconds that threads have waited, added up

    def now(self) -> datetime:
        """The moment it is."""
        return self._world.now()

    def seconds(self) -> float:
        """Since the start."""
        return (self.now() - self._start).total_seconds()

    def milliseconds(self) -> int:
        """The same for budgets, which count in whole ones."""
        return round(self.seconds() * 1000)

    def sleep(self, seconds: float) -> None:
        """Come back so many seconds later."""
        if seconds <= 0:
            return
        me = threading.get_ident()
        with self._changed:
            self.slept += seconds
            alive = {thread.ident for thread in threading.enumerate()}
            self._threads = {one for one in self._threads if one in alive} | {me}
            until = self._waking[me] = self.now() + timedelta(seconds=seconds)
            self._changed.notify_all()
            while self.now() < until:
                alone = len(self._waking) >= len(self._threads)
                seen = len(self._world.entries), len(self._waking)
                if not alone and self._changed.wait(QUIET):
                    continue
                if alone or seen == (len(self._world.entries), len(self._waking)):
                    self._world.set_clock(min(self._waking.values()))
                    self._changed.notify_all()
            del self._waking[me]
            self._changed.notify_all()


@contextmanager
def governed(clock: VirtualClock) -> Iterator[None]:
    """Every connector that is made inside waits by this clock. TypeError when one takes its clock in another way."""
    with ExitStack() as stack:
        for made, name, given in (
            (budgets.Budget, "now", clock.milliseconds),
            (budgets.Budget, "sleep", clock.sleep),
            (http.Retry, "sleep", clock.sleep),
            (http.ToolClock, "passed", clock.seconds),
            (jira.JiraConnector, "sleep", clock.sleep),
            (slots.Slots, "sleep", clock.sleep),
        ):
            stack.enter_context(_default(made, name, given))
        yield


@contextmanager
def _default(made: Any, name: str, given: Callable[..., Any]) -> Iterator[None]:
    """Another default of an argument of a class."""
    function = made.__init__
    code, usual, named = function.__code__, function.__defaults__ or (), function.__kwdefaults__ or {}
    if name in named:
        function.__kwdefaults__ = {**named, name: given}
    else:
        names = code.co_varnames[: code.co_argcount]
        at = names.index(name) - (len(names) - len(usual)) if name in names else -1
        if at < 0:
            raise TypeError(f"{made.__name__} takes no {name} any more")
        function.__defaults__ = (*usual[:at], given, *usual[at + 1 :])
    try:
        yield
    finally:
        function.__defaults__, function.__kwdefaults__ = usual or None, named or None
