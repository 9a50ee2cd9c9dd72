"""Kills a run at each of its boundaries, alone or in pairs, and counts what was found and what was killed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import alembic.command  # noqa: F401 - slow to import: a child that makes a database finds it there

from tests.crash import check
from tests.crash.boundaries import numbered
from tests.crash.process import Life


class Ground(Protocol):
    """Where runs are killed: a workspace with its tools, right before a run.

    `disputes`: it may end in conflicts that an unharmed run does not end in.
    """

    name: str
    disputes: bool

    def live(self, at: int | None = None) -> Life:
        """One run in a process of its own, killed at boundary number `at` if that is given."""

    def snapshot(self) -> Any:
        """Everything that outlives a process."""

    def restore(self, to: Any) -> None:
        """Put all of it back."""

    def key(self) -> str:
        """Everything that a later process can see: grounds of one key go on alike."""

    def lasting_key(self) -> str:
        """The same without what no run decides by."""

    def finish(self) -> list[str]:
        """Run until nothing is left to do; the violations."""

    def outcome(self) -> check.Outcome:
        """What it has come to."""


@dataclass(slots=True)
class Tally:
    """The boundaries found and those at which a process was killed, by number and label, and what was broken."""

    found: list[str] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    restarts: int = 0  # of what the kills left, as far as a restart can tell it apart

    @property
    def missed(self) -> list[str]:
        """Boundaries that tracing found and at which nothing was killed."""
        return sorted(set(self.found) - set(self.killed))

    def add(self, other: Tally) -> None:
        self.found += other.found
        self.killed += other.killed
        self.violations += other.violations
        self.restarts += other.restarts


class Trial:
    """A ground, prepared once and put back for each kill."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.start = ground.snapshot()
        gc.collect()
        gc.freeze()
        self.labels = self._traced()
        ground.finish()
        self.expected = ground.outcome()
        self._restarts: dict[str, list[str]] = {}  # violations by what a kill left
        self._verdicts: dict[str, list[str]] = {}  # violations by what a restart left

    def _traced(self) -> list[str]:
        """The boundaries of the run that is not killed, which then is run again as the killed ones are."""
        life = self.ground.live()
        after = self.ground.live()
        if life.error or after.error:
            raise AssertionError(f"{self.ground.name}: it does not run unharmed: {life.error or after.error}")
        return life.labels

    @property
    def restarts(self) -> int:
        """How many different grounds kills have left so far; each of them was restarted."""
        return len(self._restarts)

    def kill(self, at: int) -> list[str]:
        """The violations of being killed once."""
        self.ground.restore(self.start)
        broken = [*self._die(self.labels, at), *self.recovered()]
        return [f"{self.ground.name}, killed at {_name(self.labels, at)}: {words}" for words in broken]

    def killed_once(self, at: int) -> Any:
        """The ground right after a kill."""
        self.ground.restore(self.start)
        for broken in self._die(self.labels, at):
            raise AssertionError(broken)
        return self.ground.snapshot()

    def second(self, first: Any) -> list[str]:
        """The boundaries of the run after a first kill."""
        self.ground.restore(first)
        return self.ground.live().labels

    def kill_again(self, first: Any, at: int, labels: list[str], then: int) -> list[str]:
        """The violations of being killed a second time, in the run that followed the first kill."""
        self.ground.restore(first)
        broken = [*self._die(labels, then), *self.recovered()]
        twice = f"killed at {_name(self.labels, at)}, then at {_name(labels, then)}"
        return [f"{self.ground.name}, {twice}: {words}" for words in broken]

    def recovered(self) -> list[str]:
        """Restart in a new process, run on, and check. Grounds that a restart cannot tell apart are restarted once."""
        dead = self.ground.snapshot()
        key = self.ground.key()
        if key not in self._restarts:
            self.ground.restore(dead)  # as the kill left it: to look into a database is to tidy it up
            self._restarts[key] = self._restarted()
        return self._restarts[key]

    def _restarted(self) -> list[str]:
        life = self.ground.live()
        if life.error:
            return [f"the restart fails: {life.error}"]
        key = self.ground.lasting_key()
        if key not in self._verdicts:
            broken = self.ground.finish()
            found = self.ground.outcome()
            self._verdicts[key] = broken + check.differences(found, self.expected, disputes=self.ground.disputes)
        return self._verdicts[key]

    def _die(self, labels: list[str], at: int) -> Iterator[str]:
        life = self.ground.live(at)
        if not life.killed:
            yield f"{NOT_KILLED}: {life.error}"
        if life.labels != labels[:at]:
            yield f"not the same run again: {numbered(life.labels)}"


NOT_KILLED = "nothing was killed"


def singles(trial: Trial, every: int = 1) -> Tally:
    """Kill at every boundary of the run, or at each so-many-th."""
    places = list(enumerate(numbered(trial.labels), 1))[::every]
    tally = Tally([name for _, name in places])
    for at, name in places:
        _count(tally, name, trial.kill(at))
    tally.restarts = trial.restarts
    return tally


def pairs(trial: Trial, at: int) -> Tally:
    """Kill at boundary `at` of the run and then at every boundary of the run that follows it."""
    first = trial.killed_once(at)
    labels = trial.second(first)
    names = [f"{_name(trial.labels, at)} / {name}" for name in numbered(labels)]
    tally, before = Tally(names), trial.restarts
    for then, name in enumerate(names, 1):
        _count(tally, name, trial.kill_again(first, at, labels, then))
    tally.restarts = trial.restarts - before
    return tally


def shown(life: Life) -> str:
    """A life as a labelled trace."""
    end = "killed" if life.killed else life.error or "came to its end"
    return "\n".join([*(f"  {line}" for line in numbered(life.labels)), f"  -> {end}"])


def _count(tally: Tally, name: str, broken: list[str]) -> None:
    if not any(NOT_KILLED in words for words in broken):
        tally.killed.append(name)
    tally.violations += broken


def _name(labels: list[str], at: int) -> str:
    return f"{at} {labels[at - 1]}"
