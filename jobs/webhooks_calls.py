"""Calls for a run: whoever has heard of a change rings, and what rings within a moment is followed by one run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

log = logging.getLogger("campaign_sync.webhooks")
PAUSE_SECONDS = 60.0


class Calls:
    """What has rung since the last run began. A run that has begun may have read too early, so another one follows."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rung = self._closed = False

    def ring(self) -> None:
        """Something has changed. What is known of it has been kept already."""
        with self._changed:
            self._rung = True
            self._changed.notify_all()

    def answered(self) -> None:
        """A run begins, which reads everything that was kept up to now."""
        with self._changed:
            self._rung = False

    @contextmanager
    def followed(self, enqueue: Callable[[], Any], gather: float) -> Iterator[None]:
        """Ask for a run, `gather` seconds after the first ring. `enqueue` gives the handle of the run that waits or
        goes on."""
        thread = threading.Thread(target=self._follow, args=(enqueue, gather), name="webhook runs", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()

    def _follow(self, enqueue: Callable[[], Any], gather: float) -> None:
        while self._wait():
            pause = gather
            while not self._ended(pause):
                try:
                    # While a run goes on it is that one, and who rang after it began is still to be answered.
                    enqueue().get_result(polling_interval_sec=0.1)
                    break
                except Exception as exc:  # noqa: BLE001 - the next try may do, and the schedule goes on anyway
                    if self._ended(0):
                        return
                    log.error("webhooks: no run could be asked for (%s); trying again", type(exc).__name__)  # noqa: TRY400
                    pause = PAUSE_SECONDS

    def _wait(self) -> bool:
        """Until somebody rings; False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung or self._closed)
            return not self._closed

    def _ended(self, seconds: float) -> bool:
        """Whether the end came within this time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)
