"""Plays many seeds in several processes and tells how it goes."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from tests.simulation.database import Database
from tests.simulation.play import Verdict, play
from tests.simulation.schedule import draw

CHUNK = 200
SHOWN = 10
EVERY = 10_000


def sweep(start: int, stop: int, urls: Sequence[str]) -> int:
    """Play many seeds in a process for each database, tell how it goes, and what failed."""
    began, done, runs, boundaries = time.monotonic(), 0, 0, 0
    bad: list[tuple[int, Verdict]] = []
    for size, ran, met, failed in _chunks(start, stop, urls):
        done, runs, boundaries = done + size, runs + ran, boundaries + met
        for seed, verdict in failed:
            bad.append((seed, verdict))
            if len(bad) <= SHOWN:
                print(f"\nseed {seed}: {verdict.violation}\n  make replay SEED={seed}", flush=True)
        rate = done / (time.monotonic() - began)
        end = "\r" if sys.stdout.isatty() else "\n"
        if sys.stdout.isatty() or done % EVERY == 0 or done == stop - start:
            print(
                f"{done:,} of {stop - start:,} schedules, {rate:.0f} a second, {len(bad)} violations",
                end=end,
                flush=True,
            )
    print(f"\n{done:,} schedules, {runs:,} runs, {boundaries:,} boundaries, {len(bad)} violations")
    return 1 if bad else 0


Chunk = tuple[int, int, int, list[tuple[int, Verdict]]]


def _chunks(start: int, stop: int, urls: Sequence[str]) -> Iterator[Chunk]:
    starts = [(at, min(at + CHUNK, stop)) for at in range(start, stop, CHUNK)]
    context = get_context("spawn")  # a database connection does not survive a fork
    free = context.SimpleQueue()
    for url in urls:
        free.put(url)
    # A process that dies ends this with an error; a Pool would wait for it for ever.
    with ProcessPoolExecutor(len(urls), context, _open, (free,)) as pool:
        for done in as_completed([pool.submit(_play_chunk, span) for span in starts]):
            yield done.result()


_database: Database


def _open(free: object) -> None:
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)  # many short lives leave little behind; the usual thresholds cost a fifth
    global _database  # noqa: PLW0603 (one database a process, as the pool's initializer makes it)
    _database = Database(free.get())  # type: ignore[attr-defined]


def _play_chunk(span: tuple[int, int]) -> Chunk:
    verdicts = [(seed, play(draw(seed), _database)) for seed in range(*span)]
    failed = [(seed, verdict) for seed, verdict in verdicts if verdict.violation]
    return len(verdicts), sum(v.runs for _, v in verdicts), sum(v.boundaries for _, v in verdicts), failed
