"""Airtable's limits: requests a second with 30 seconds of refusal, and calls a month (reference airtable §7)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=1)
LOCK_OUT = timedelta(seconds=30)
GRACE = timedelta(days=30)
ALLOWED = {"free": 1_000, "team": 100_000, "business": None}
SLOWED = 2  # requests a second once a team's month is used up


class RateLimiter:
    """Counts requests by key in the world's time."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[datetime]] = {}
        self._until: dict[str, datetime] = {}

    def refuses(self, key: str, limit: int, now: datetime) -> bool:
        """Count this request. True if it is one too many, or the lock-out still lasts."""
        if now < self._until.get(key, now):
            return True
        seen = self._seen.setdefault(key, deque())
        while seen and now - seen[0] >= WINDOW:
            seen.popleft()
        seen.append(now)
        if len(seen) > limit:
            seen.clear()
            self._until[key] = now + LOCK_OUT
            return True
        return False

    def wait(self, key: str, now: datetime) -> float:
        """The seconds until the lock-out of a key ends."""
        return max(0.0, (self._until.get(key, now) - now).total_seconds())


@dataclass(slots=True)
class Quota:
    """The calls of a workspace in a month. `grace` is when its one grace of 30 days began; "" if it has had none."""

    plan: str = "business"
    month: str = ""
    used: int = 0
    grace: str = ""

    def count(self, now: datetime) -> None:
        """One more call in the world's month."""
        self.turn(now)
        self.used += 1

    def turn(self, now: datetime) -> None:
        """A new month counts from nothing."""
        month = f"{now:%Y-%m}"
        if month != self.month:
            self.month, self.used = month, 0

    @property
    def exceeded(self) -> bool:
        allowed = ALLOWED[self.plan]
        return allowed is not None and self.used > allowed

    def blocks(self, now: datetime) -> bool:
        """Whether calls for data are refused: on the free plan, once its grace is over, until the month turns."""
        if self.plan != "free" or not self.exceeded:
            return False
        if not self.grace:
            self.grace = now.isoformat()
        return now >= datetime.fromisoformat(self.grace) + GRACE

    @property
    def slows(self) -> bool:
        return self.plan == "team" and self.exceeded
