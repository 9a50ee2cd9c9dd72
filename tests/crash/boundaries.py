"""The boundaries that a run passes: each is numbered and told to the parent, and at one of them the process ends.

Nothing here lists what a run does: a boundary is wherever the process hands something to the outside, a call to a tool
or a commit of the database, once before and once after.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

BEFORE_CALL, AFTER_CALL = "before sending", "no reply"
BEFORE_COMMIT, AFTER_COMMIT = "commit: before", "commit: after"


@dataclass(slots=True)
class Boundaries:
    """Counts the boundaries of one life of a process, from 1. At number `at` the process gets the signal `end`."""

    tell: Callable[[str], None]
    at: int | None = None
    end: signal.Signals = signal.SIGKILL
    passed: int = 0

    def reach(self, label: str) -> None:
        """A boundary. `tell` hears of it before the process ends there."""
        self.passed += 1
        self.tell(label)
        if self.passed == self.at:
            os.kill(os.getpid(), self.end)

    def trace_commits(self) -> None:
        """From now on every commit of any database in this process has a boundary before and one after it."""
        commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit

        def traced(dialect: DefaultDialect, connection: Any) -> None:
            self.reach(BEFORE_COMMIT)
            commit(dialect, connection)
            self.reach(AFTER_COMMIT)

        DefaultDialect.do_commit = traced  # type: ignore[method-assign]


def numbered(labels: list[str]) -> list[str]:
    """The labels as people are shown them."""
    return [f"{number} {label}" for number, label in enumerate(labels, 1)]
