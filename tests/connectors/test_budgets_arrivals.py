"""Rate budgets as the tool counts them: by when calls arrive, which is some time between sending and answer."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors import clock
from connectors.budgets import Budget, rates
from connectors.budgets_ledger import UNDER_WAY

Delays = list[tuple[int, int]]  # ms to the tool, ms from there to the end of the answer


class Net:
    """A clock, and calls that are under way by it: many at once, each as slow as it is told to be."""

    def __init__(self) -> None:
        self.ms = 1_000_000
        self.arrived: list[int] = []
        self._answers: list[tuple[int, int, Callable[[], Any]]] = []
        self._order = count()

    def budget(self, allowed: float, **where: Any) -> Budget:
        return Budget(rates(allowed), now=lambda: self.ms, sleep=self.sleep, **where)

    def sleep(self, seconds: float) -> None:
        until = self.ms + max(1, round(seconds * 1000))
        while self._answers and self._answers[0][0] <= until:
            at, _, answer = heapq.heappop(self._answers)
            self.ms = max(self.ms, at)
            answer()
        self.ms = until

    def call(self, budget: Budget, there: int, back: int, *, writes: bool = True) -> int:
        """Send a call, whose answer comes in its own time. Gives when it was sent."""
        under_way: AbstractContextManager[None] = budget.call(writes=writes)
        under_way.__enter__()
        self.arrived.append(self.ms + there)
        done: Callable[[], Any] = partial(under_way.__exit__, None, None, None)
        answered = (self.ms + there + back, next(self._order), done)
        heapq.heappush(self._answers, answered)
        return self.ms

    def most(self, window: int = 1000) -> int:
        """The most calls that the tool counts in any window."""
        times = sorted(self.arrived)
        return max(sum(first <= time < first + window for time in times) for first in times)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=6, max_size=40), st.integers(1, 6))
@example([(900, 0)] * 5 + [(0, 0)] * 20, 5)
@example([(0, 900)] * 5 + [(0, 0)] * 20, 1)
def test_the_tool_never_counts_too_many_however_late_calls_get_there(delays: Delays, allowed: int) -> None:
    """Nothing is known of the fastest call yet: each counts until a window after its answer."""
    net = Net()
    budget = net.budget(allowed)
    budget._answers = -len(delays)
    for there, back in delays:
        net.call(budget, there, back)
    assert net.most() <= allowed
    budget.close()


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=12, max_size=40))
def test_nor_does_it_where_the_fastest_way_is_known(delays: Delays) -> None:
    net, allowed = Net(), 5
    budget = net.budget(allowed)
    for there, back in [(40, 60)] * 10 + [(40 + there, 60 + back) for there, back in delays]:
        net.call(budget, there, back)
        net.sleep(0.001)
    assert net.most() <= allowed
    budget.close()


@pytest.mark.parametrize("way", [0, 40, 120])
def test_less_than_a_hundredth_is_lost_where_all_calls_are_equally_fast(way: int) -> None:
    net = Net()
    budget = net.budget(5)
    for _ in range(20):
        net.call(budget, way, way)
    begun = net.ms
    sent = [net.call(budget, way, way) for _ in range(100)]
    assert sent[-1] - begun < 20 * 1000 * 1.01
    assert net.most() == 5


def test_two_processes_are_within_one_budget_together_while_their_calls_are_under_way(tmp_path: Path) -> None:
    """Each stands for a process: what they have in common is the folder only."""
    net = Net()
    both = [net.budget(5, share="base", folder=tmp_path) for _ in range(2)]
    for number in range(30):
        net.call(both[number % 2], 700 if number % 3 else 0, 100)
    assert net.most() <= 5
    for budget in both:
        budget.close()


def test_a_call_that_never_ends_fills_its_place_for_a_few_seconds_only(tmp_path: Path) -> None:
    """As that of a process that was killed does."""
    net = Net()
    killed, living = (net.budget(1, share="base", folder=tmp_path) for _ in range(2))
    begun = net.call(killed, 0, 3_600_000)
    assert 1000 <= net.call(living, 0, 0) - begun - UNDER_WAY < 1100
    living.close()


def test_a_call_that_fails_counts_as_well() -> None:
    net = Net()
    budget = net.budget(1)
    with suppress(OSError), budget.call(writes=True):
        net.sleep(0.5)
        raise OSError("no answer")
    assert net.call(budget, 0, 0) >= 1_000_000 + 500 + 1000


class Side:
    """A clock on which each thread has its own time, as if others did not exist; the real one stands still."""

    def __init__(self) -> None:
        self._own = threading.local()

    def monotonic(self) -> float:
        return float(getattr(self._own, "now", 0.0))

    def sleep(self, seconds: float) -> None:
        self._own.now = self.monotonic() + seconds


def test_two_tools_that_are_read_by_two_threads_do_not_wait_for_each_other() -> None:
    """Given a slow budget and a fast one, when two threads use them at once, then each takes its own time."""
    times: dict[float, float] = {}
    side, begin = Side(), threading.Barrier(2)
    with clock.kept_by(side):
        budgets = {allowed: Budget(rates(allowed)) for allowed in (1.0, 10.0)}

        def read(allowed: float) -> None:
            begin.wait(10)
            for _ in range(30):
                with budgets[allowed].call(writes=True):
                    pass
            times[allowed] = side.monotonic()

        threads = [threading.Thread(target=read, args=(allowed,)) for allowed in budgets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert times == pytest.approx({1.0: 29.0, 10.0: 2.0}, rel=0.01)


class Common(Side):
    """A clock that any thread's sleep moves on for all."""

    def __init__(self) -> None:
        self._now, self._guard = 0.0, threading.Lock()

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._guard:
            self._now += seconds


def test_one_budget_that_two_threads_use_is_kept_by_both() -> None:
    sent: list[float] = []
    common = Common()
    with clock.kept_by(common):
        budget = Budget(rates(10))

        def read() -> None:
            for _ in range(15):
                with budget.call(writes=True):
                    sent.append(common.monotonic())

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    ordered = sorted(sent)
    assert len(ordered) == 30
    assert all(later - earlier >= 1 for earlier, later in zip(ordered, ordered[10:], strict=False))
