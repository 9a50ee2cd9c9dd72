"""The calls that count into a rate budget: in a file that all processes of this user share, or in memory."""

from __future__ import annotations

import fcntl
import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from pyrate_limiter import Rate, RateItem, SQLiteBucket
from pyrate_limiter.abstracts.algorithm import Decision

RESERVE: Final = 0.2  # of a budget, for writes alone
LOCKED: Final = 5.0  # seconds until a lock that nobody gives back, as of a stopped process, is done without
UNDER_WAY: Final = 5_000  # ms after which a call without an answer is taken to have reached the tool long ago
AGAIN: Final = 20  # ms after which a budget is asked again that only a call which is under way fills


@dataclass(slots=True)
class Ledger:
    """The calls that were made, in a database file that a lock file guards; in memory without a lock.

    Reads and writes are counted in one table, by different rates: a read goes only where room is left for writes.
    Times are in ms. A call that is under way is noted for later than now, until it is known when it came to an end.
    """

    writes: SQLiteBucket
    reads: SQLiteBucket
    pauses: SQLiteBucket
    lock: int | None
    owner: int

    @classmethod
    def opened(cls, allowed: Sequence[Rate], place: Path | None) -> Ledger:
        lock = os.open(f"{place}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) if place else None
        try:
            with _alone(lock):
                writes = SQLiteBucket.init_from_file(list(allowed), "calls", f"{place}.sqlite" if place else ":memory:")
                # A commit survives the death of a process without waiting for the disk; after a power cut nobody
                # wants the numbers.
                writes.conn.execute("PRAGMA journal_mode=WAL").close()
                writes.conn.execute("PRAGMA synchronous=OFF").close()
                any_number = [Rate(1 << 30, 1)]
                pauses = SQLiteBucket(any_number, writes.conn, "pauses")
                pauses.conn.execute("CREATE TABLE IF NOT EXISTS pauses (name VARCHAR, item_timestamp INTEGER)").close()
        except BaseException:
            if lock is not None:
                os.close(lock)
            raise
        reads = SQLiteBucket(biting([_but_reserve(rate) for rate in allowed]), writes.conn, "calls")
        return cls(writes, reads, pauses, lock, os.getpid())

    def alone(self) -> AbstractContextManager[None]:
        """While no other process counts."""
        return _alone(self.lock)

    def wait(self, writes: bool, now: int) -> int:
        """Count a call as made now and give 0, or the ms after which to ask again."""
        bucket = self.writes if writes else self.reads
        decision = cast(Decision, bucket.put_decision(RateItem("call", now)))
        if decision.failing_rate is None:
            return 0
        wait = max(decision.retry_after_ms or 1, 1)
        # Longer than a window: one of those that fill it is under way, and may be answered any moment.
        return wait if wait <= decision.failing_rate.interval + 1 else AGAIN

    def begin(self, now: int) -> int:
        """The call that was counted last is under way. Gives its number."""
        (number,) = self.writes.conn.execute("SELECT max(rowid) FROM calls WHERE item_timestamp = ?", (now,)).fetchone()
        self._move(number, now, now + UNDER_WAY)
        return int(number)

    def end(self, number: int, begun: int, counts: int) -> None:
        """A call has come to an end, and counts as made at a moment that is not before its begin."""
        self._move(number, begun + UNDER_WAY, min(counts, begun + UNDER_WAY))

    def _move(self, number: int, expected: int, to: int) -> None:
        """Not one that took the number of another, which counts no more."""
        moving = "UPDATE calls SET item_timestamp = ? WHERE rowid = ? AND item_timestamp = ?"
        self.writes.conn.execute(moving, (to, number, expected)).close()
        self.writes.conn.commit()

    def pause(self, until: int) -> None:
        """Nobody may call before."""
        self.pauses.put(RateItem("pause", until))

    def paused(self, now: int) -> int:
        """For how many ms nobody may call."""
        last = self.pauses.peek(0)
        return max(0, last.timestamp - now) if last is not None else 0

    def forget_the_future(self, now: int) -> None:
        """What is noted for much later than now stems from before the machine was started anew."""
        newest = self.writes.peek(0)
        if newest is not None and newest.timestamp > now + UNDER_WAY:
            self.writes.flush()
            self.pauses.flush()

    def forget_the_past(self, now: int) -> None:
        """Without the calls that count no more."""
        self.writes.leak(now)

    def close(self) -> None:
        """Give the files back."""
        with suppress(OSError), self.alone():
            self.writes.close()  # type: ignore[no-untyped-call]
        if self.lock is not None:
            os.close(self.lock)


def biting(made: Sequence[Rate]) -> list[Rate]:
    """Without a shorter window that allows no less than a longer one: that never bites, and no bucket takes it."""
    return [rate for at, rate in enumerate(made) if all(rate.limit < longer.limit for longer in made[at + 1 :])]


def _but_reserve(rate: Rate) -> Rate:
    """What reads may use of a rate."""
    kept = math.ceil(rate.limit * RESERVE) if rate.limit > 1 else 0
    return Rate(rate.limit - kept, rate.interval)


@contextmanager
def _alone(lock: int | None) -> Iterator[None]:
    """While no other process is. The system takes the lock back from a process that dies."""
    if lock is None:
        yield
        return
    patience = time.monotonic() + LOCKED
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > patience:
                raise TimeoutError("another process does not give back its lock") from None
            time.sleep(0.002)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)
