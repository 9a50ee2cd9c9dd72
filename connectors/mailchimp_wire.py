"""Mailchimp's Marketing API: signed requests to one account, listings by offset, and what its refusals mean."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from connectors.answers import items, understood
from connectors.budgets import shared_name
from connectors.calendar_wire import Document, Missing, object_of
from connectors.http import Retry, Timeout, ToolClock, error_for, redacted, session, translate
from connectors.slots import Slots
from sync.errors import ConfigError, Rejected, Stale, SyncError, Unavailable

PAGE: Final = 1000  # rows of one page, the most there can be (reference esp §2.1)
LISTINGS: Final = 3  # how often a listing is begun anew when it moves while it is read
PLACES: Final = 3  # calls at once; ten is the limit of all apps of a user together (§2.8)
TIMEOUT: Final[Timeout] = (5, 120)  # Mailchimp itself gives up after 120 s (§2.8)
ACTIONS: Final = frozenset({"schedule", "unschedule"})  # every other one sends, sends again or stops a send

_KEY = re.compile(r"[0-9A-Za-z]+-([a-z]+[0-9]+)")
_HOST = re.compile(r"([a-z]+[0-9]+)\.api\.mailchimp\.com")


class _Moved(SyncError):
    """Rows came or went while a listing was read; it has to begin anew."""


class Wire:
    """Requests to one account.

    `token` is an API key, whose end names the data centre, or an OAuth access token, which needs the `url`. `page` is
    how many rows are asked for at once.
    """

    def __init__(self, tool: str, *, token: str, url: str | None, retry: Retry, page: int = PAGE) -> None:
        key = _KEY.fullmatch(token)
        host = _HOST.fullmatch(urlsplit(url).hostname or "") if url else None
        self.tool = tool
        self.centre = (
            host[1] if host else key[1] if key else None
        )  # the data centre, for the addresses that people open
        self.clock = ToolClock()
        self._advice = f"Check token and url of [tools.{tool}]."
        self._url = (url or (f"https://{key[1]}.api.mailchimp.com" if key else "")).rstrip("/")
        self._retry = retry
        self._page = page
        basic = base64.b64encode(f"campaign-sync:{token}".encode()).decode()
        self._session = session(
            per_second=None,
            timeout=TIMEOUT,
            headers={
                "Authorization": f"Basic {basic}" if key else f"Bearer {token}",
                "Accept": "application/json, application/problem+json",
            },
        )
        account = hashlib.sha256(token.encode()).hexdigest()[:16]
        self._slots = Slots(f"{self._url} {account}", PLACES, shared_name("mailchimp", self._url, account))

    def get(
        self,
        doing: str,
        path: str,
        params: Mapping[str, str] | None = None,
        until: Callable[[Document], bool] | None = None,
    ) -> Document:
        """One document; Missing when there is none. Any other refusal to read is a matter of configuration.

        With `until` it is asked for again, as often as the retry policy has it, until it is so.
        """

        def attempt() -> Document:
            document = object_of(self.tool, doing, self._request(doing, "GET", path, params=params))
            if until is not None and not until(document):
                raise Unavailable(f"{self.tool} does not show yet what was changed. The next run looks again.")
            return document

        try:
            return self._retry(attempt)
        except Missing:
            raise
        except (Rejected, Stale) as exc:
            raise ConfigError(f"{exc} {self._advice}") from exc

    def listing(self, doing: str, path: str, key: str, params: Mapping[str, str]) -> Iterator[Document]:
        """Each row once. Ending without an exception means complete: a listing that moves is begun anew (§2.2)."""
        told: set[Hashable] = set()
        for _ in range(LISTINGS):
            try:
                for row in self._rows(doing, path, key, params):
                    if row["id"] not in told:
                        told.add(row["id"])
                        yield row
            except _Moved:
                continue
            return
        raise Unavailable(f"{self.tool} kept changing while {doing}. The next run tries again.")

    def _rows(self, doing: str, path: str, key: str, params: Mapping[str, str]) -> Iterator[Document]:
        """Page by page, each beginning with the last row of the one before: what is not that has moved."""
        read: set[Hashable] = set()
        total: int | None = None
        while total is None or len(read) < total:
            page = self._found(doing, path, {**params, "count": str(self._page), "offset": str(max(len(read) - 1, 0))})
            with understood(self.tool, doing):
                rows = items(page, key)
                ids = [_id(row) for row in rows]
                now = page["total_items"]
                if not isinstance(now, int):
                    raise TypeError(doing)
            fresh = [row for row, id_ in zip(rows, ids, strict=True) if id_ not in read]
            moved = read and (not ids or ids[0] not in read)
            if moved or total not in {None, now} or (len(read) < now and not fresh):
                raise _Moved(doing)
            yield from fresh
            total = now
            read.update(ids)

    def _found(self, doing: str, path: str, params: Mapping[str, str]) -> Document:
        try:
            return self.get(doing, path, params)
        except Missing as exc:
            raise ConfigError(f"{exc} {self._advice}") from exc

    def change(self, doing: str, method: str, path: str, body: Any = None) -> Document | None:
        """A write that may be repeated: it leads to the same state however often it is applied. None is a 204."""

        def attempt() -> Document | None:
            response = self._request(doing, method, path, body=body)
            return None if response.status_code == 204 else object_of(self.tool, doing, response)

        return self._retry(attempt)

    def create(self, doing: str, path: str, body: Any) -> Document:
        """A write that is not repeated without a clear answer, which is Ambiguous (reference esp §0.4)."""

        def attempt() -> Document:
            return object_of(self.tool, doing, self._request(doing, "POST", path, body=body, once=True), creating=True)

        return self._retry(attempt)

    def act(self, doing: str, id_: str, action: str, body: Any = None) -> None:
        """One of the two actions that are known here, on a campaign. Ambiguous without a clear answer, which is 204."""
        if action not in ACTIONS:
            raise ValueError(action)

        def attempt() -> None:
            response = self._request(doing, "POST", f"/campaigns/{id_}/actions/{action}", body=body, once=True)
            if response.status_code != 204:
                with understood(self.tool, doing, creating=True):
                    raise ValueError(response.status_code)

        self._retry(attempt)

    def close(self) -> None:
        self._session.close()

    def _request(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        once: bool = False,
    ) -> requests.Response:
        if not self._url:
            raise ConfigError(
                f"The token of [tools.{self.tool}] does not end in a data centre, such as -us6. Copy the whole API "
                "key, or set url for an OAuth token."
            )
        try:
            with self._slots.one():
                response = self._session.request(method, f"{self._url}/3.0{path}", params=params, json=body)
        except requests.RequestException as exc:
            raise translate(self.tool, doing, exc, creating=once) from exc
        self.clock.learn(response)
        if not response.ok:
            raise self._meaning(doing, response, writing=method != "GET", once=once)
        return response

    def _meaning(self, doing: str, response: requests.Response, *, writing: bool, once: bool) -> SyncError:
        """The error of an unsuccessful answer (§2.8); one that is throttled does not say how long to wait."""
        problem, status = _problem(response), response.status_code
        if status == 403 and problem is None:
            return Unavailable(
                f"{self.tool} turned {doing} away (403) without a reason, as it does when it is called too much at "
                "once. The next run tries again; if this lasts, something stands between us and it."
            )
        error = error_for(self.tool, doing, response, creating=once)
        if status == 404:
            return Missing(str(error)) if problem and "status" in problem else ConfigError(f"{error} {self._advice}")
        if status == 403 and writing:
            return Rejected(str(error))  # reading was allowed: it is this write that the plan or the role forbids
        if isinstance(error, Rejected) and (fields := _fields(problem or {})):
            return Rejected(redacted(f"{self.tool} refused {doing} ({status}): {fields}", response.request))
        return error


def _id(row: Document) -> Hashable:
    """A text for a campaign, a number for a segment."""
    id_ = row["id"]
    if not isinstance(id_, str | int) or id_ == "":
        raise TypeError("id")
    return id_


def _problem(response: requests.Response) -> Document | None:
    """The JSON of a refusal, whichever +json it calls itself; None where it is something else."""
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _fields(problem: Document) -> str:
    """What is wrong with which field of what was sent; empty where a refusal does not tell."""
    errors = problem.get("errors")
    told = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return "; ".join(f"{error.get('field') or 'the whole'}: {error.get('message')}" for error in told)
