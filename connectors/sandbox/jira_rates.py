"""Jira's limits: bursts, writes to one issue, an OAuth app's hourly points, Data Center's buckets (reference §8)."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

HUGE = "9223372036854775807"
GLOBAL, TENANT = "jira-quota-global-based", "jira-quota-tenant-based"
BURST, PER_ISSUE = "jira-burst-based", "jira-per-issue-on-write"
# Requests a second for one endpoint and method.
BURSTS = {"GET": 100, "POST": 100, "PUT": 50, "DELETE": 50}
OTHER_BURSTS = {
    ("GET", "/issue/{issue}"): 150,
    ("GET", "/issue/{issue}/changelog"): 200,
    ("POST", "/search/approximate-count"): 150,
}
# (seconds, writes) to one issue
PER_ISSUE_WINDOWS = ((2, 20), (30, 100))
BUCKET, FILL, INTERVAL = 50, 10, 1  # Data Center: tokens, tokens an interval, seconds of an interval


@dataclass(frozen=True, slots=True)
class Refused:
    """A 429: the seconds to wait as the header has them, and the other headers."""

    headers: dict[str, str]


@dataclass(slots=True)
class Limits:
    """What callers have used, by the world's clock."""

    _seen: dict[tuple[str, ...], deque[datetime]] = field(default_factory=dict)
    _points: dict[str, float] = field(default_factory=dict)
    _tokens: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def cloud(self, method: str, path: str, issue: str | None, now: datetime) -> Refused | dict[str, str]:
        """Count a request to an endpoint (`path` a template), and to an issue if it writes to one."""
        limit = OTHER_BURSTS.get((method, path), BURSTS.get(method, 100))
        if not self._let_in(("burst", method, path), 1, limit, now):
            return _refused(1, limit, now + timedelta(seconds=1), BURST)
        if issue is not None:
            for seconds, most in PER_ISSUE_WINDOWS:
                if not self._let_in(("issue", issue, str(seconds)), seconds, most, now):
                    return _refused(seconds, most, now + timedelta(seconds=seconds), PER_ISSUE)
        left = limit - len(self._seen["burst", method, path])
        return _headers(limit, left, now + timedelta(seconds=1))

    def _let_in(self, key: tuple[str, ...], seconds: int, most: int, now: datetime) -> bool:
        seen = self._seen.setdefault(key, deque())
        while seen and now - seen[0] >= timedelta(seconds=seconds):
            seen.popleft()
        if len(seen) >= most:
            return False
        seen.append(now)
        return True

    def spend(self, points: float, now: datetime) -> None:
        """What a request of an OAuth app has cost."""
        hour = _hour(now).isoformat()
        self._points = {hour: self._points.get(hour, 0) + points}

    def quota(self, pool: float, now: datetime) -> Refused | None:
        """Whether the hour's points are used up."""
        used = self._points.get(_hour(now).isoformat(), 0)
        return exhausted(int(pool), GLOBAL, now) if used >= pool else None

    def bucket(self, user: str, now: datetime) -> Refused | dict[str, str]:
        """Take one of a Data Center user's tokens."""
        tokens, at = self._tokens.get(user, (float(BUCKET), now))
        tokens = min(BUCKET, tokens + (now - at).total_seconds() / INTERVAL * FILL)
        allowed = tokens >= 1
        tokens -= allowed
        self._tokens[user] = (tokens, now)
        headers = bucket_headers(math.floor(tokens))
        if allowed:
            return headers
        return Refused(headers | {"Retry-After": str(max(1, math.ceil((1 - tokens) / FILL * INTERVAL)))})


def bucket_headers(left: int) -> dict[str, str]:
    """The headers of every answer of a Data Center that counts."""
    return {
        "X-RateLimit-Limit": str(BUCKET),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Interval-Seconds": str(INTERVAL),
        "X-RateLimit-FillRate": str(FILL),
    }


def exhausted(limit: int, reason: str, now: datetime) -> Refused:
    """The refusal until the hour, by UTC, is over."""
    reset = _hour(now) + timedelta(hours=1)
    return _refused(math.ceil((reset - now).total_seconds()), limit, reset, reason)


def _refused(seconds: int, limit: int, reset: datetime, reason: str) -> Refused:
    return Refused({"Retry-After": str(seconds), "RateLimit-Reason": reason} | _headers(limit, 0, reset))


def _headers(limit: int, left: int, reset: datetime) -> dict[str, str]:
    near = {"X-RateLimit-NearLimit": "true"} if left < limit / 5 else {}
    at = f"{reset.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": at} | near


def _hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
