"""A trial in a process that has imported little: it is forked for every kill, and a large one takes long to fork."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.crash.explore import Tally, Trial, singles
from tests.crash.heart import Heart
from tests.crash.scenarios import SCENARIOS


@contextmanager
def lean_process() -> Iterator[Executor]:
    """A process that begins with nothing of what this one has imported."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield process


def every_kill(name: str, folder: Path) -> Tally:
    """A kill at every boundary of a scenario."""
    return singles(Trial(Heart(SCENARIOS[name], folder)))
