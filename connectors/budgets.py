"""Rate budgets: how many calls a base or a site gets, counted over every process on this machine that calls it."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from pyrate_limiter import Rate

from connectors import clock
from connectors.budgets_ledger import LOCKED, RESERVE, Ledger, biting
from sync.errors import Unavailable

__all__ = [
    "LOCKED", "LONGEST_PAUSE", "MARGIN", "RESERVE", "SHARED_BELOW", "Budget", "cache_folder", "rates", "shared_name",
]  # fmt: skip

T = TypeVar("T")

SHARED_BELOW: Final = 200.0  # calls a second; no tool counts that many, so nobody needs to share more
MARGIN: Final = (
    5  # ms longer than the tool's window: its clock may be a little slower than ours, and both count whole ms
)
LONGEST_PAUSE: Final = 60.0  # seconds that a call waits for a paused budget; beyond that a later run is better
TIDY: Final = 64  # calls between two removals of those that count no more
KNOWN: Final = 8  # answers after which the fastest of them is taken for how fast the tool can be

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
    return biting(made)


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
        now: Callable[[], int] = clock.milliseconds,
        sleep: Callable[[float], None] = clock.sleep,
    ) -> None:
        self.allowed = tuple(allowed)
        self.share = share
        self._folder = folder
        self._now = now
        self._sleep = sleep
        self._threads = threading.Lock()
        self._ledger: Ledger | None = None
        self._taken = 0
        self._answers = 0
        self._fastest: int | None = None  # ms between a call and its answer

    def take(self, *, writes: bool) -> None:
        """Wait until the call may be made, and count it as made now. Unavailable where that is too long off."""
        self._admitted(writes, self._count)

    @contextmanager
    def call(self, *, writes: bool) -> Iterator[None]:
        """Around a call: wait until it may be made, and count it as made when it has reached the tool.

        The tool counts it at some moment between our sending and its answer, which we are not told. What comes between
        is on every call's way, and a part of it for certain: as much as the fastest call took from end to end. If a
        window passed between the end of this call, less that much, and the sending of another one, then it passed at
        the tool as well, however late this one got there or however early the other. So nothing is lost where all
        calls are equally fast, and no window ever holds too many where they are not.
        """
        ledger, number, begun = self._admitted(writes, self._begin)
        sent = self._now()
        try:
            yield
        except BaseException:
            self._end(ledger, number, begun, self._now())
            raise
        self._end(ledger, number, begun, self._reached(sent, self._now()))

    def pause(self, seconds: float) -> None:
        """Let nobody call for so long."""
        self._alone(lambda ledger: ledger.pause(self._now() + math.ceil(seconds * 1000)))

    def close(self) -> None:
        """Give the files back; the next call would open them again."""
        with self._threads:
            if self._ledger is not None:
                self._ledger.close()
                self._ledger = None

    def _admitted(self, writes: bool, then: Callable[[Ledger, int], T]) -> T:
        """Wait for room, and in the same step do what comes with it."""

        def attempt(ledger: Ledger) -> tuple[float, T | None]:
            now = self._now()
            ledger.forget_the_future(now)
            wait = ledger.paused(now) or ledger.wait(writes, now)
            return (wait / 1000, None) if wait else (0.0, then(ledger, now))

        while True:
            wait, done = self._alone(attempt)
            if done is not None:
                return done
            if wait > LONGEST_PAUSE:
                raise Unavailable(
                    f"The tool asked for a pause of all calls to {self.share or 'it'}, which lasts {math.ceil(wait)} "
                    "seconds more. The next run tries again.",
                    wait,
                )
            self._sleep(wait)

    def _count(self, ledger: Ledger, now: int) -> int:
        """How many were counted here so far."""
        self._taken += 1
        if self._taken % TIDY == 0:
            ledger.forget_the_past(now)
        return self._taken

    def _begin(self, ledger: Ledger, now: int) -> tuple[Ledger, int, int]:
        number = ledger.begin(now)
        self._count(ledger, now)
        return ledger, number, now

    def _end(self, ledger: Ledger, number: int, begun: int, counts: int) -> None:
        def note(current: Ledger) -> None:
            if current is ledger:  # else it was closed, or given up
                current.end(number, begun, counts)

        self._alone(note)

    def _reached(self, sent: int, answered: int) -> int:
        """When at the latest a call that was answered reached the tool, with what all calls lose on the way back and
        forth taken off."""
        took = answered - sent
        certain = min(took, self._fastest or 0) if self._answers >= KNOWN else 0
        self._answers += 1
        self._fastest = took if self._fastest is None else min(self._fastest, took)
        return answered - certain

    def _alone(self, step: Callable[[Ledger], T]) -> T:
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

    def _opened(self) -> Ledger:
        if self._ledger is not None and self._ledger.owner != os.getpid():
            self._ledger = None  # neither a lock nor a connection can be shared with the process that we come from
        if self._ledger is None:
            place = None
            if self.share is not None:
                folder = self._folder or cache_folder()
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                place = folder / hashlib.sha256(self.share.encode()).hexdigest()[:24]
            self._ledger = Ledger.opened(self.allowed, place)
        return self._ledger


def _whole(allowed: float, window: int) -> Rate:
    """A rate that cannot be bunched: nine in two seconds, all at once, would be four and a half a second too."""
    if allowed >= 1:
        return Rate(math.floor(allowed), window + MARGIN)
    return Rate(1, window * math.ceil(1 / allowed) + MARGIN)


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
