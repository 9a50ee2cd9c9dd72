"""HTTP as every connector uses it: sessions with time-outs and rate budgets, one request, the one retry policy."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import requests
import tenacity
from requests.adapters import HTTPAdapter
from requests_ratelimiter import LimiterAdapter

from connectors.answers import error_for, json_of, redacted, retry_after, time_of, translate
from sync.errors import Ambiguous, Unavailable

__all__ = [
    "TIMEOUT", "Retry", "Timeout", "ToolClock", "as_given", "error_for", "exchange", "json_of", "limit", "redacted",
    "retry_after", "session", "translate",
]  # fmt: skip

T = TypeVar("T")
Timeout = tuple[float, float]  # seconds to connect, seconds between two bytes of the answer

TIMEOUT: Final = (5, 30)
USER_AGENT = "campaign-sync"


class _Patient(HTTPAdapter):
    """One attempt per call, with a time-out even where the caller names none."""

    def __init__(self, timeout: Timeout, **options: Any) -> None:
        self._timeout = timeout
        super().__init__(**options)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        return super().send(request, *args, **_patient(options, self._timeout))


class _Budgeted(LimiterAdapter):
    """The same within a rate budget: a call waits for its turn before it is sent."""

    def __init__(self, timeout: Timeout, **options: Any) -> None:
        self._timeout = timeout
        super().__init__(**options)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        return super().send(request, *args, **_patient(options, self._timeout))


def limit(
    session: requests.Session,
    per_second: float | None,
    per_minute: float | None = None,
    *,
    timeout: Timeout = TIMEOUT,
    prefix: str | None = None,
) -> None:
    """Mount the rate budget and the default time-out on a session, such as one that a library made for itself.

    None is no limit. `prefix` confines the budget to the addresses that begin so (the longest match counts).
    """
    adapter: HTTPAdapter
    if per_second or per_minute:
        # No reaction of the limiter's own to 429: waiting after a refusal is the business of Retry alone.
        rates = {"per_second": _even(per_second), "per_minute": _even(per_minute)}
        adapter = _Budgeted(timeout, **rates, limit_statuses=(), max_retries=0)
    else:
        adapter = _Patient(timeout, max_retries=0)
    for start in (prefix,) if prefix else ("https://", "http://"):
        session.mount(start, adapter)


def session(
    *,
    per_second: float | None,
    per_minute: float | None = None,
    timeout: Timeout = TIMEOUT,
    headers: Mapping[str, str] | None = None,
    user_agent: str = USER_AGENT,
) -> requests.Session:
    """A session that makes one attempt per call, within its budget, and always with a time-out."""
    made = requests.Session()
    made.headers.update({"User-Agent": user_agent, **(headers or {})})
    made.auth = as_given
    limit(made, per_second, per_minute, timeout=timeout)
    return made


def as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An `auth` that changes nothing: without one, requests puts a .netrc entry in the place of our token."""
    if not str(request.headers.get("Authorization", "")).isascii():
        raise requests.exceptions.InvalidHeader
    return request


def exchange(
    session: requests.Session, tool: str, doing: str, method: str, url: str, *, creating: bool = False, **options: Any
) -> requests.Response:
    """One request. `doing` says what for ("reading campaigns"); a refusal or a silence is raised as a SyncError."""
    try:
        response = session.request(method, url, **options)
    except requests.RequestException as exc:
        raise translate(tool, doing, exc, creating=creating) from exc
    if not response.ok:
        raise error_for(tool, doing, response, creating=creating)
    return response


class ToolClock:
    """The tool's own time: the Date of its last answer and what has passed since by a clock that nobody sets."""

    def __init__(self, passed: Callable[[], float] = time.monotonic) -> None:
        self._passed = passed
        self._answered: tuple[datetime, float] | None = None

    def learn(self, response: requests.Response) -> None:
        """Go by this answer from now on, if it tells the time."""
        if (at := time_of(response)) is not None:
            self._answered = at, self._passed()

    def now(self) -> datetime | None:
        """None before the tool has told its time."""
        if self._answered is None:
            return None
        at, then = self._answered
        return at + timedelta(seconds=self._passed() - then)


@dataclass(frozen=True, slots=True)
class Retry:
    """The one retry policy, around a whole idempotent operation: `retry(lambda: listing(page))`.

    Repeats Unavailable only: Ambiguous, a create without an answer, is for the engine to look up, unless the call
    says that it is `repeatable` (it finds again what it made). Waits as long as the tool asks, else ever longer, and
    gives up after `attempts` or where the waits would exceed `budget` seconds.
    """

    sleep: Callable[[float], None] = time.sleep
    attempts: int = 4
    budget: float = 90.0
    first: float = 0.5
    rng: Callable[[], float] = random.random  # 0..1: spreads the callers that failed together

    def __call__(self, call: Callable[[], T], *, repeatable: bool = False) -> T:
        def worth_repeating(error: BaseException) -> bool:
            return isinstance(error, Unavailable) and (repeatable or not isinstance(error, Ambiguous))

        policy = tenacity.Retrying(
            retry=tenacity.retry_if_exception(worth_repeating),
            wait=self._wait,
            stop=self._enough,
            sleep=self.sleep,
            reraise=True,
        )
        return policy(call)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Unavailable) else None
        if asked is not None:
            return asked + self.first * self.rng()
        return self.first * 2.0 ** (state.attempt_number - 1) * (0.5 + self.rng())

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        return state.attempt_number >= self.attempts or state.idle_for + state.upcoming_sleep > self.budget


def _even(rate: float | None) -> float:
    """A rate that the limiter cannot bunch: it makes nine in two seconds, at once, of four and a half a second."""
    if not rate:
        return 0
    return math.floor(rate) if rate >= 1 else 1 / math.ceil(1 / rate)


def _patient(options: dict[str, Any], timeout: Timeout) -> dict[str, Any]:
    return options if options.get("timeout") is not None else {**options, "timeout": timeout}
