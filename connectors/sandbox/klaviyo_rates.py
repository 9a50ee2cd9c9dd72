"""Klaviyo's fixed windows of requests: a burst a second, a steady number a minute, a quota of reports a day (reference
esp §1.9, §1.10)."""

from __future__ import annotations

import math
from datetime import datetime

# path prefix -> (family, a second, a minute)
_LIMITS = (
    ("/api/campaign-values-reports", ("reports", 1, 2)),
    ("/api/tags", ("tags", 3, 60)),
    ("/api/accounts", ("accounts", 1, 15)),
    ("/api/lists", ("lists", 75, 750)),
    ("/api/segments", ("segments", 75, 750)),
    ("/api/", ("campaigns", 10, 150)),
)

_DAILY = {"reports": 225}  # §1.9
_DAY = 24 * 3600


class Windows:
    """Counts requests by family in the world's time."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], tuple[int, int]] = {}

    def count(self, path: str, now: datetime) -> tuple[int, dict[str, str]]:
        """Count a request. Gives the seconds to wait (0: let it through) and the headers of a normal answer."""
        family, burst, steady = next(limit for prefix, limit in _LIMITS if path.startswith(prefix))
        second, minute = self._more(family, 1, now), self._more(family, 60, now)
        left = min(burst - second, steady - minute)
        length = 60 if steady - minute < burst - second else 1
        reset = length - math.floor(now.timestamp()) % length
        wait = (60 - math.floor(now.timestamp()) % 60) if minute > steady else 1 if second > burst else 0
        if family in _DAILY and self._more(family, _DAY, now) > _DAILY[family]:
            wait = _DAY - math.floor(now.timestamp()) % _DAY
        headers = {
            "RateLimit-Limit": str(burst),
            "RateLimit-Remaining": str(max(left, 0)),
            "RateLimit-Reset": str(reset),
        }
        return wait, headers

    def _more(self, family: str, length: int, now: datetime) -> int:
        window = math.floor(now.timestamp()) // length
        begun, count = self._counts.get((family, length), (window, 0))
        count = count + 1 if begun == window else 1
        self._counts[family, length] = (window, count)
        return count
