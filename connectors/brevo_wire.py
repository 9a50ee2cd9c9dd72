"""Brevo's wire: signed requests, offset pages that notice a shift, the hourly budget, and what refusals mean."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import requests

from connectors.answers import error_for, items, translate, understood
from connectors.budgets import Budget, rates, shared_name
from connectors.calendar_wire import Missing, object_of
from connectors.http import Retry, ToolClock, session
from sync.errors import ConfigError, Exhausted, Rejected, Stale, SyncError, Unavailable

RESERVE = 0.3  # of the hour's calls, for writes and what belongs to them (reference esp §3.2)
NEAR = 60.0  # seconds; a budget that is renewed sooner is waited for, one that is not is Exhausted
NO_LIMIT = 1e6  # calls a second
LONGEST = 3600.0  # seconds that a budget may ask for: it is one of an hour
LISTINGS = 3  # how often a listing that moved under us is begun anew
OWN_CLASS = "/contacts"  # lists and segments: 10 calls a second and none of the hour's
LOCKED = frozenset({"campaign_processing", "campaign_sent"})


class Locked(Rejected):
    """The campaign is being sent, or was; it takes nothing any more (reference esp §3.7)."""


class Ungranted(ConfigError):
    """The plan or the permissions of the account do not cover this (402 for a read, 403)."""


class Wire:
    """Requests to one account. `per_second` None is no limit of ours; the hour's is learned from each answer.

    What is left of the hour is noted in budgets that all processes share (in `folder`; nobody shares without a limit
    or a folder): reads end at the reserve, writes at nothing.
    """

    def __init__(
        self,
        tool: str,
        *,
        token: str,
        url: str,
        per_second: float | None,
        retry: Retry,
        folder: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._tool = tool
        self._token = token
        self._url = url.rstrip("/")
        self._retry = retry
        self._now = now
        self.clock = ToolClock()
        # An account has no name in its addresses; whoever has its key counts with us.
        whose = hashlib.sha256(token.encode()).hexdigest()[:16]
        share = shared_name("brevo", self._url, whose) if per_second or folder else None
        self._session = session(
            per_second=per_second, share=share, headers={"api-key": token, "Accept": "application/json"}
        )
        free = rates(NO_LIMIT)
        self._calls = Budget(free, share and f"{share}:hour", folder=folder, sleep=self._soon)
        self._reads = Budget(free, share and f"{share}:hour:reads", folder=folder, sleep=self._soon)

    def get(self, doing: str, path: str, params: Mapping[str, Any] | None = None, *, spare: bool = False) -> Any:
        """The answer's object; Missing when there is none. `spare`: this read leaves the reserve to writes."""

        def attempt() -> Any:
            return object_of(self._tool, doing, self._request(doing, "GET", path, params=params, spare=spare))

        try:
            return self._retry(attempt)
        except Missing:
            raise
        except (Rejected, Stale) as exc:
            raise ConfigError(f"{exc} {self._advice}") from exc

    def rows(
        self, doing: str, path: str, key: str, size: int, params: Mapping[str, str] | None = None
    ) -> Iterator[list[Mapping[str, Any]]]:
        """Every page of a listing, each row once. Ending without an exception means complete.

        A page begins with the last row of the one before. Where that is another by now, something was deleted and what
        followed moved up unseen: the listing begins anew.
        """
        seen: set[Any] = set()
        for _ in range(LISTINGS):
            if (yield from self._pages(doing, path, key, size, params or {}, seen)):
                return
        raise Unavailable(f"{self._tool}: {doing} was overtaken by changes {LISTINGS} times. The next run tries again.")

    def _pages(
        self, doing: str, path: str, key: str, size: int, params: Mapping[str, str], seen: set[Any]
    ) -> Generator[list[Mapping[str, Any]], None, bool]:
        """Whether the listing stood still to its end."""
        offset, last = 0, None
        while True:
            # Oldest first: what is made meanwhile comes at the end.
            asked = {**params, "limit": str(size), "offset": str(offset), "sort": "asc"}
            try:
                answer = self.get(doing, path, asked, spare=True)
            except Missing as exc:
                raise ConfigError(f"{exc} {self._advice}") from exc
            with understood(self._tool, doing):
                # Where there is nothing the key may be missing, and the count tells.
                rows = items(answer, key) if key in answer or answer["count"] else []
                ids = [_number(row) for row in rows]
            if last is not None and ids[:1] != [last]:
                return False
            yield [row for row, id_ in zip(rows, ids, strict=True) if id_ not in seen]
            seen.update(ids)
            if len(rows) < size or offset + len(rows) == answer.get("count"):
                return True
            offset, last = offset + len(rows) - 1, ids[-1]

    def change(self, doing: str, method: str, path: str, data: Any = None, *, once: bool = False) -> None:
        """A write that leads to the same state however often it is applied. `once`: it is not repeated all the same,
        because what it does to a schedule is right at this moment only."""

        def attempt() -> None:
            response = self._request(doing, method, path, data=data)
            if response.status_code != 204:  # a gateway's good status is not Brevo's word
                raise Unavailable(
                    f"{self._tool} answered {doing} in an unexpected way ({response.status_code}). The next run looks "
                    "again."
                )

        attempt() if once else self._retry(attempt)

    def create(self, doing: str, path: str, data: Any) -> Any:
        """A write that is not repeated without a clear answer, which is Ambiguous (reference esp §0.4)."""

        def attempt() -> Any:
            response = self._request(doing, "POST", path, data=data, creating=True)
            return object_of(self._tool, doing, response, creating=True)

        return self._retry(attempt)

    def close(self) -> None:
        self._session.close()
        self._calls.close()
        self._reads.close()

    @property
    def _advice(self) -> str:
        return f"Check url and token of [tools.{self._tool}]."

    def _request(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Any = None,
        creating: bool = False,
        spare: bool = False,
    ) -> requests.Response:
        if not (self._token.isascii() and self._token.isprintable()):
            raise ConfigError(f"The token of {self._tool} holds characters that no token has. {self._advice}")
        hourly = not path.startswith(OWN_CLASS)
        if hourly:
            self._take(doing, spare)
        try:
            response = self._session.request(
                method, self._url + path, params=params, json=data, allow_redirects=False
            )  # a redirect would take the key along
        except requests.RequestException as exc:
            raise translate(self._tool, doing, exc, creating=creating) from exc
        self.clock.learn(response)
        if hourly:
            self._learn(response)
        if response.ok and not response.is_redirect:
            return response
        raise self._refusal(doing, response, creating)

    def _refusal(self, doing: str, response: requests.Response, creating: bool) -> SyncError:
        # Its words may quote the key, and are quoted, cut, further on.
        response._content = response.content.replace(self._token.encode(), b"[hidden]")
        code, error = _code(response), error_for(self._tool, doing, response, creating=creating)
        if code in LOCKED:
            return Locked(f"{self._tool}: the campaign is being sent or was sent and takes no change. {error}")
        match response.status_code:
            case 429:
                return self._pause(doing, _seconds(response, "reset"))
            case 402 if response.request.method != "GET":
                return error
            case 402 | 403:
                return Ungranted(str(error))
            case 404 if code is None:
                return ConfigError(f"{error} {self._advice}")
            case 404:
                return Missing(str(error))
        return error

    def _take(self, doing: str, spare: bool) -> None:
        for budget in (self._reads, self._calls) if spare else (self._calls,):
            try:
                budget.take(writes=True)
            except Unavailable as exc:
                raise self._pause(doing, exc.retry_after, kept=budget is self._reads) from exc

    def _learn(self, response: requests.Response) -> None:
        """How much of the hour is left, for everybody: others of the account have used it too (reference esp §3.2)."""
        allowed, left = _seconds(response, "limit"), _seconds(response, "remaining")
        reset = _seconds(response, "reset")
        if reset is None or reset <= NEAR:  # so soon over that each may wait by itself, when it is refused
            return
        if response.status_code == 429 or left == 0:
            self._calls.pause(reset)
        elif allowed is not None and left is not None and left <= math.ceil(allowed * RESERVE):
            self._reads.pause(reset)

    def _pause(self, doing: str, seconds: float | None, *, kept: bool = False) -> Unavailable:
        """Worth waiting for, or a matter of a later run. `kept`: what is left is for writes."""
        if seconds is None or seconds <= NEAR:
            return Unavailable(
                f"{self._tool} takes no more calls just now, for {doing}. The next run tries again.", seconds
            )
        until = (self.clock.now() or self._now()) + timedelta(seconds=seconds)
        used = "used up, but for what is kept for writes" if kept else "used up"
        return Exhausted(
            f"The calls that Brevo allows {self._tool} in an hour are {used}; {doing} goes on after {until:%H:%M} UTC.",
            until.astimezone(UTC),
        )

    def _soon(self, seconds: float) -> NoReturn:
        """A paused budget is waited for where all waiting is done: by the retry policy."""
        raise Unavailable(f"{self._tool} takes no more calls just now.", seconds)


def _seconds(response: requests.Response, name: str) -> float | None:
    """One of the rate limit's numbers; None where it is not told or is none (reference esp §3.2)."""
    with suppress(ValueError):
        number = float(response.headers.get(f"x-sib-ratelimit-{name}", ""))
        if math.isfinite(number) and number >= 0:
            return min(number, LONGEST) if name == "reset" else number
    return None


def _code(response: requests.Response) -> str | None:
    """Brevo's word for an error; None where the answer is not Brevo's."""
    with suppress(ValueError):
        body = response.json()
        if isinstance(body, dict) and isinstance(body.get("code"), str):
            return str(body["code"])
    return None


def _number(row: Mapping[str, Any]) -> int:
    if isinstance(row["id"], bool) or not isinstance(row["id"], int):
        raise TypeError("id")
    return row["id"]
