"""Schedules: what happens in order, made from a seed, independent of what it meets, so that steps can be left out."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

# What happens, and how often among the others.
PEOPLE = {
    "edit": 10, "agree": 3, "clear": 3, "rename": 2, "status": 3, "plan": 3, "tag": 3, "own": 2, "campaign": 3,
    "stage": 3, "move": 2, "delete": 3, "restore": 2, "bulk": 1, "decide": 4, "schedule": 4, "call": 1,
}  # fmt: skip
FATE = {
    "crash": 6,
    "fail": 6,
    "interrupt": 4,
    "pause": 3,
    "down": 1,
    "lag": 4,
    "list": 3,
    "jump": 2,
    "lock": 1,
    "wait": 2,
}
RUNS = {"run": 14, "soon": 5, "scoped": 2, "twice": 2, "dry": 2, "full": 2, "broken": 2, "shift": 6}
KINDS = {**PEOPLE, **FATE, **RUNS}
# Mostly few steps: what breaks a law has always been cut down to two to five of them.
LENGTHS = (1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8, 14)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. The numbers choose among what there is when it happens."""

    kind: str
    a: int = 0
    b: int = 0
    c: int = 0

    def __str__(self) -> str:
        return f"{self.kind}({self.a},{self.b},{self.c})"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A whole history before it happens: which team of tools, the order of pages, and the steps."""

    team: int
    order: int
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return f"{self.team}:{self.order}:" + " ".join(map(str, self.steps))


def draw(seed: int) -> Schedule:
    """The schedule of a seed."""
    rng = random.Random(seed)
    names, weights = list(KINDS), list(KINDS.values())
    kinds = rng.choices(names, weights, k=rng.choice(LENGTHS))
    steps = tuple(Step(kind, rng.getrandbits(10), rng.getrandbits(10), rng.getrandbits(10)) for kind in kinds)
    return Schedule(rng.getrandbits(8), rng.getrandbits(16), steps)


def parse(text: str) -> Schedule:
    """The schedule that `str` wrote."""
    team, order, steps = text.split(":", 2)
    found = re.findall(r"(\w+)\((\d+),(\d+),(\d+)\)", steps)
    return Schedule(int(team), int(order), tuple(Step(kind, int(a), int(b), int(c)) for kind, a, b, c in found))
