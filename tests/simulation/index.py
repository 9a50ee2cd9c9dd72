"""The search index of a simulated tool: it lags behind what happens, and knows what happened when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")  # what the tool keeps


class Index(Generic[T]):
    """`lag` is how long what happens now stays out of it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.lag = timedelta()
        self._hidden: list[tuple[datetime, str, T | None]] = []  # until when, which one, what it was before
        self._events: list[tuple[datetime, datetime, str]] = []  # when, when the index knows, which one

    def conceal(self, native: str, before: T | None) -> None:
        """Show what stood there before for as long as the index lags."""
        if self.lag:
            self._hidden.append((self._now() + self.lag, native, before))

    def happened(self, native: str, at: datetime | None = None) -> None:
        """Something became of it, now or at an earlier moment."""
        when = at or self._now()
        self._events.append((when, when + self.lag, native))

    def shown(self, current: Mapping[str, T]) -> dict[str, T]:
        """What the index knows: of each the state before the first change that it has not caught up with."""
        now = self._now()
        self._hidden = [entry for entry in self._hidden if entry[0] > now]
        shown: dict[str, T | None] = dict(current)
        for _, native, before in reversed(self._hidden):
            shown[native] = before
        return {native: one for native, one in shown.items() if one is not None}

    def told(self, since: datetime) -> set[str]:
        """What it knows to have changed since a moment."""
        now = self._now()
        return {native for at, known, native in self._events if at >= since and known <= now}

    def image(self) -> list[tuple[datetime, datetime, str]]:
        """What happened so far, to be told to `resume`, at a moment at which nothing lags."""
        return list(self._events)

    def resume(self, events: list[tuple[datetime, datetime, str]]) -> None:
        self._events = list(events)
