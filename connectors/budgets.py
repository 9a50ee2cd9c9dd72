"""Rate budgets: how many calls a base or a site gets, counted over every process on this machine that calls it."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

from pyrate_limiter import Rate, RateItem, SQLiteBucket
from pyrate_limiter.abstracts.algorithm import Decision

from sync.errors import Unavailable

RESERVE: Final = 0.2  # of a budget, for writes alone
SHARED_BELOW: Final = 200.0  # calls a second; no tool counts that many, so nobody needs to share more
MARGIN: Final = 50  # ms longer than the tool's window: calls may be closer together when they arrive than when sent
LONGEST_PAUSE: Final = 60.0  # seconds that a call waits for a paused budget; beyond that a later run is better
LOCKED: Final = 5.0  # seconds until a lock that nobody gives back, as of a stopped process, is done without
TIDY: Final = 64  # calls between two removals of those that count no more

_LOG = logging.getLogger(__name__)


def rates(per_second: float | None, per_minute: float | None = None) -> list[Rate]:
    """The rates of a budget, none where nothing is limited. A rate below one is one call in whole windows."""
    made: list[Rate] = []
    for allowed, window in ((per_second, 1_000), (per_minute, 60_000)):
        if not allowed:
            continue
        rate = _whole(allowed, window)
        if not made or rate.limit / rate.interval < made[-1].limit / made[-1].interval:  # else it never bites
            made.append(rate)
    return _biting(made)


def _biting(made: Sequence[Rate]) -> list[Rate]:
    """Without a shorter window that allows no less than a longer one: that never bites, and no bucket takes it."""
    return [rate for at, rate in enumerate(made) if all(rate.limit < longer.limit for longer in made[at + 1 :])]


def shared_name(tool_type: str, url: str, place: str = "") -> str | None:
    """The name under which all processes count the calls to one place, such as a base.

    None for a stand-in on this machine: it is nobody else's.
    """
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    if not host or host == "localhost" or host == "::1" or host.startswith("127."):
        return None
    return ":".join(filter(None, (tool_type, host, place)))


class Budget:
    """A number of calls in each window of time, of which some are kept for writes.

    With a `share` every process of this user that names the same one counts into the same budget, in `folder`
    (default: the user's cache). Where that cannot be written, each process counts for itself, and says so in the log.
    Time is the machine's own (`now`, in ms since it started), which all processes share and nobody sets.
    """

    def __init__(
        self,
        allowed: Sequence[Rate],
        share: str | None = None,
        *,
        folder: Path | None = None,
        now: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.allowed = tuple(allowed)
        self.share = share
        self._folder = folder
        self._now = now
        self._sleep = sleep
        self._threads = threading.Lock()
        self._ledger: _Ledger | None = None
        self._taken = 0

    def take(self, *, writes: bool) -> None:
        """Wait until the call may be made, and count it. Unavailable where that is too long off."""
        while (wait := self._attempt(writes)) > 0:
            if wait > LONGEST_PAUSE:
                raise Unavailable(
                    f"The tool asked for a pause of all calls to {self.share or 'it'}, which lasts {math.ceil(wait)} "
                    "seconds more. The next run tries again.",
                    wait,
                )
            self._sleep(wait)

    def pause(self, seconds: float) -> None:
        """Let nobody call for so long."""

        def note(ledger: _Ledger) -> float:
            until = self._now() + math.ceil(seconds * 1000)
            ledger.pauses.put(RateItem("pause", until))
            return 0.0

        self._counted(note)

    def close(self) -> None:
        """Give the files back; the next call would open them again."""
        with self._threads:
            if self._ledger is not None:
                self._ledger.close()
                self._ledger = None

    def _attempt(self, writes: bool) -> float:
        """0 when the call is counted and may be made, else the seconds after which to ask again."""

        def count(ledger: _Ledger) -> float:
            now = self._now()
            ledger.forget_the_future(now)
            paused = ledger.pauses.peek(0)
            if paused is not None and paused.timestamp > now:
                return (paused.timestamp - now) / 1000
            bucket = ledger.writes if writes else ledger.reads
            decision = cast(Decision, bucket.put_decision(RateItem("call", now)))
            if not decision.allowed:
                return max(decision.retry_after_ms or 1, 1) / 1000
            self._taken += 1
            if self._taken % TIDY == 0:
                ledger.writes.leak(now)
            return 0.0

        return self._counted(count)

    def _counted(self, step: Callable[[_Ledger], float]) -> float:
        """One step on the ledger, alone; in memory from now on where the shared one fails."""
        with self._threads:
            try:
                ledger = self._opened()
                with ledger.alone():
                    return step(ledger)
            except (OSError, sqlite3.Error) as exc:
                if self.share is None:
                    raise
                _say(str(self._folder or cache_folder()), str(exc))
                self.share = None
                self._ledger = None
                return step(self._opened())

    def _opened(self) -> _Ledger:
        if self._ledger is not None and self._ledger.owner != os.getpid():
            self._ledger = None  # neither a lock nor a connection can be shared with the process that we come from
        if self._ledger is None:
            place = None
            if self.share is not None:
                folder = self._folder or cache_folder()
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                place = folder / hashlib.sha256(self.share.encode()).hexdigest()[:24]
            self._ledger = _Ledger.opened(self.allowed, place)
        return self._ledger


@dataclass(slots=True)
class _Ledger:
    """The calls that were made, in a database file that a lock file guards; in memory without a lock.

    Reads and writes are counted in one table, by different rates: a read goes only where room is left for writes.
    """

    writes: SQLiteBucket
    reads: SQLiteBucket
    pauses: SQLiteBucket
    lock: int | None
    owner: int

    @classmethod
    def opened(cls, allowed: Sequence[Rate], place: Path | None) -> _Ledger:
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
        reads = SQLiteBucket(_biting([_but_reserve(rate) for rate in allowed]), writes.conn, "calls")
        return cls(writes, reads, pauses, lock, os.getpid())

    def alone(self) -> AbstractContextManager[None]:
        return _alone(self.lock)

    def forget_the_future(self, now: int) -> None:
        """What is noted for later than now stems from before the machine was started anew."""
        newest = self.writes.peek(0)
        if newest is not None and newest.timestamp > now:
            self.writes.flush()
            self.pauses.flush()

    def close(self) -> None:
        with suppress(OSError), self.alone():
            self.writes.close()  # type: ignore[no-untyped-call]
        if self.lock is not None:
            os.close(self.lock)


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


def _whole(allowed: float, window: int) -> Rate:
    """A rate that cannot be bunched: nine in two seconds, all at once, would be four and a half a second too."""
    if allowed >= 1:
        return Rate(math.floor(allowed), window + MARGIN)
    return Rate(1, window * math.ceil(1 / allowed) + MARGIN)


def _but_reserve(rate: Rate) -> Rate:
    """What reads may use of a rate."""
    kept = math.ceil(rate.limit * RESERVE) if rate.limit > 1 else 0
    return Rate(rate.limit - kept, rate.interval)


def cache_folder() -> Path:
    """The user's own folder for what can be lost, wherever and however the process was started."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    except RuntimeError as exc:  # a user without a home
        raise OSError(str(exc)) from exc
    return base / "campaign-sync"


@cache
def _say(folder: str, why: str) -> None:
    """Once for each folder and reason."""
    _LOG.warning("Rate budgets are not shared with other processes, because %s cannot be used: %s", folder, why)
