"""How many calls to one account may be under way at once, counted over every process of this user on this machine."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from connectors import clock
from connectors.budgets import cache_folder
from sync.errors import Unavailable

AGAIN: Final = 0.05  # seconds after which a busy place is asked for again
PATIENCE: Final = 60.0  # seconds that a call waits for a place; beyond that a later run is better

_here: dict[tuple[str, int], threading.BoundedSemaphore] = {}
_guard = threading.Lock()


class Slots:
    """A number of `places` for the calls to one account.

    `account` tells accounts apart within this process. With a `share` (`budgets.shared_name`) every process of this
    user that names the same one shares the places, by locks on files in `folder` (default: the user's cache) that the
    system takes back from a process that dies. Where those cannot be made, each process counts for itself.
    """

    def __init__(
        self,
        account: str,
        places: int,
        share: str | None = None,
        *,
        folder: Path | None = None,
        sleep: Callable[[float], None] = clock.sleep,
    ) -> None:
        with _guard:
            self._threads = _here.setdefault((account, places), threading.BoundedSemaphore(places))
        self._places = places
        self._share = share
        self._folder = folder
        self._sleep = sleep

    @contextmanager
    def one(self) -> Iterator[None]:
        """While a call is under way. Unavailable where no place becomes free in time."""
        if not self._threads.acquire(timeout=PATIENCE):
            raise self._crowded()
        try:
            lock = self._lock()
            try:
                yield
            finally:
                if lock is not None:
                    os.close(lock)
        finally:
            self._threads.release()

    def _lock(self) -> int | None:
        if self._share is None:
            return None
        waited = 0.0
        while waited <= PATIENCE:
            try:
                for place in range(self._places):
                    if (lock := self._taken(place)) is not None:
                        return lock
            except OSError:
                return None  # no place for files: better a call too many than none
            self._sleep(AGAIN)
            waited += AGAIN
        raise self._crowded()

    def _taken(self, place: int) -> int | None:
        """The lock on one place; None where somebody else has it."""
        folder = self._folder or cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = "".join(letter if letter.isalnum() else "-" for letter in str(self._share))
        lock = os.open(folder / f"{name}.place{place}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        os.close(lock)
        return None

    def _crowded(self) -> Unavailable:
        return Unavailable(f"{self._places} other calls to the same account do not end. The next run tries again.")
