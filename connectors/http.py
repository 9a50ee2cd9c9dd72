"""HTTP as every connector uses it: sessions with time-outs and rate budgets, one request, the one retry policy."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
from requests.adapters import HTTPAdapter

from connectors import budgets, clock
from connectors.answers import error_for, json_of, redacted, retry_after, time_of, translate
from sync.errors import Ambiguous, Exhausted, Unavailable

__all__ = [
    "TIMEOUT", "Retry", "Timeout", "ToolClock", "as_given", "asked", "error_for", "exchange", "json_of", "limit",
    "redacted", "retry_after", "session", "translate",
]  # fmt: skip

T = TypeVar("T")
Timeout = tuple[float, float]  # seconds to connect, seconds between two bytes of the answer
Pause = Callable[[requests.Response], float | None]

TIMEOUT: Final = (5, 30)
USER_AGENT = "campaign-sync"


class _Patient(HTTPAdapter):
    """One attempt per call, with a time-out even where the caller names none."""

    def __init__(self, timeout: Timeout, **options: Any) -> None:
        self._timeout = timeout
        super().__init__(**options)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        return super().send(request, *args, **_patient(options, self._timeout))


class _Budgeted(_Patient):
    """The same within a rate budget: a call waits for its turn, and a refusal for being too many lets all wait."""

    def __init__(self, timeout: Timeout, budget: budgets.Budget, reading: tuple[str, ...], pause: Pause) -> None:
        self.budget = budget
        self._reading = reading
        self._pause = pause
        super().__init__(timeout, max_retries=0)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        with self.budget.call(writes=not _only_reads(request, self._reading)):
            response = super().send(request, *args, **options)
        seconds = self._pause(response)
        if seconds:
            self.budget.pause(seconds)
        return response

    def close(self) -> None:
        super().close()
        self.budget.close()


def asked(response: requests.Response) -> float | None:
    """How long a tool that was called too often (429) wants to be left alone."""
    return retry_after(response) if response.status_code == 429 else None


def limit(
    session: requests.Session,
    per_second: float | None,
    per_minute: float | None = None,
    *,
    timeout: Timeout = TIMEOUT,
    prefix: str | None = None,
    share: str | None = None,
    reading: tuple[str, ...] = (),
    pause: Pause = asked,
    folder: Path | None = None,
) -> None:
    """Mount the rate budget and the default time-out on a session, such as one that a library made for itself.

    None is no limit. `prefix` confines the budget to the addresses that begin so (the longest match counts).
    `share` names the budget that all processes of this user count into (`budgets.shared_name`). A part of it is kept
    for writes: every call but GET, HEAD, and a POST whose path ends with one of `reading`. `pause` says for how many
    seconds an answer asks everybody to stay away. `folder`: where shared budgets are kept.
    """
    allowed = budgets.rates(per_second, per_minute)
    adapter: HTTPAdapter = _Patient(timeout, max_retries=0)
    if allowed:
        few = not per_second or per_second < budgets.SHARED_BELOW
        adapter = _Budgeted(timeout, budgets.Budget(allowed, share if few else None, folder=folder), reading, pause)
    for start in (prefix,) if prefix else ("https://", "http://"):
        session.mount(start, adapter)


def session(
    *,
    per_second: float | None,
    per_minute: float | None = None,
    timeout: Timeout = TIMEOUT,
    headers: Mapping[str, str] | None = None,
    user_agent: str = USER_AGENT,
    share: str | None = None,
) -> requests.Session:
    """A session that makes one attempt per call, within its budget (see `limit`), and always with a time-out."""
    made = requests.Session()
    made.headers.update({"User-Agent": user_agent, **(headers or {})})
    made.auth = as_given
    limit(made, per_second, per_minute, timeout=timeout, share=share)
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

    def __init__(self, passed: Callable[[], float] = clock.monotonic) -> None:
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

    Repeats Unavailable only. Not Ambiguous, a create without an answer, which is for the engine to look up, unless
    the call says that it is `repeatable` (it finds again what it made). Nor Exhausted, which waiting here cannot help.
    Waits as long as the tool asks, else ever longer, and gives up after `attempts` or where the waits would exceed
    `budget` seconds.
    """

    sleep: Callable[[float], None] = clock.sleep
    attempts: int = 4
    budget: float = 90.0
    first: float = 0.5
    rng: Callable[[], float] = random.random  # 0..1: spreads the callers that failed together

    def __call__(self, call: Callable[[], T], *, repeatable: bool = False) -> T:
        def worth_repeating(error: BaseException) -> bool:
            if isinstance(error, Exhausted):
                return False
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


def _only_reads(request: requests.PreparedRequest, reading: tuple[str, ...]) -> bool:
    """Whether a request changes nothing, even one that asks by POST because its question is long."""
    if request.method in {"GET", "HEAD"}:
        return True
    return request.method == "POST" and bool(reading) and urlsplit(request.url or "").path.endswith(reading)


def _patient(options: dict[str, Any], timeout: Timeout) -> dict[str, Any]:
    return options if options.get("timeout") is not None else {**options, "timeout": timeout}
