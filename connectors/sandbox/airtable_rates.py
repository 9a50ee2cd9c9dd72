"""Airtable's rate limits: so many requests a second, then 30 seconds of refusal (reference airtable §7)."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=1)
LOCK_OUT = timedelta(seconds=30)


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
