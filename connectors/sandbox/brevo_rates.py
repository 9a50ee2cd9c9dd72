"""Brevo's budgets: a hundred requests an hour for most endpoints, ten a second for contacts (reference esp §3.2)."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

_CONTACTS = (10, timedelta(seconds=1))


class Budgets:
    """Counts requests in the world's time; a window begins with its first request."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[datetime, int]] = {}

    def count(self, path: str, now: datetime, hourly: int) -> tuple[bool, dict[str, str]]:
        """Count a request. Gives whether it may pass, and the headers that every answer has."""
        family = "contacts" if path.startswith("/v3/contacts") else "general"
        limit, length = _CONTACTS if family == "contacts" else (hourly, timedelta(hours=1))
        begun, used = self._windows.get(family, (now, 0))
        if not begun <= now < begun + length:
            begun, used = now, 0
        passes = used < limit
        used += passes
        self._windows[family] = (begun, used)
        reset = math.ceil((begun + length - now).total_seconds())
        return passes, headers(limit, limit - used, reset)


def headers(limit: int, remaining: int, reset: int) -> dict[str, str]:
    """The vendor's three; there is no Retry-After."""
    return {
        "x-sib-ratelimit-limit": str(limit),
        "x-sib-ratelimit-remaining": str(remaining),
        "x-sib-ratelimit-reset": str(reset),
    }
