"""Finds the fewest and simplest steps that still break the law."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.simulation.schedule import Schedule, Step


def shrink(schedule: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """A smallest schedule for which `fails` is still true: no step can be left out, no number made smaller."""
    found = True
    while found:
        found = False
        for simpler in _simpler(schedule):
            if fails(simpler):
                schedule, found = simpler, True
                break
    return schedule


def _simpler(schedule: Schedule) -> Iterator[Schedule]:
    steps = schedule.steps
    size = len(steps)
    while size:
        for at in range(0, len(steps), size):
            yield replace(schedule, steps=steps[:at] + steps[at + size :])
        size //= 2
    for at, step in enumerate(steps):
        for less in _less(step):
            yield replace(schedule, steps=(*steps[:at], less, *steps[at + 1 :]))
    if schedule.order:
        yield replace(schedule, order=0)


def _less(step: Step) -> Iterator[Step]:
    for name in ("a", "b", "c"):
        value = getattr(step, name)
        for smaller in {0, value % 8, value % 48, value - 1}:
            if 0 <= smaller < value:
                yield replace(step, **{name: smaller})
