"""Klaviyo's JSON:API: signed requests of one pinned revision, pages, and what its refusals mean."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.answers import part, understood, word
from connectors.budgets import shared_name
from connectors.calendar_wire import Document, Missing, object_of
from connectors.http import Retry, ToolClock, error_for, limit, session, translate
from sync.errors import ConfigError, Rejected, Stale, SyncError, Unavailable

# Klaviyo's own proportions of its limits (reference esp §1.10): 10/s and 150/min; for tags 3/s and 60/min, for reports
# 1/s and 2/min (§1.9).
STEADY, TAGS, TAGS_STEADY, REPORTS, REPORTS_STEADY = 15.0, 0.3, 6.0, 0.1, 0.2

LISTINGS = 3  # how often a listing is begun anew when its cursor runs out


class _Expired(SyncError):
    """The cursor of a listing ran out; it has to begin anew."""


class Wire:
    """Requests to one account. The other budgets follow from `per_second`; None is no limit."""

    def __init__(
        self, tool: str, *, token: str, url: str, revision: str, per_second: float | None, retry: Retry
    ) -> None:
        self._tool = tool
        self._advice = f"Check url, revision and token of [tools.{tool}]."
        self._url = url.rstrip("/")
        self._retry = retry
        self.clock = ToolClock()
        # An account has no name in its addresses; whoever has its key counts with us.
        share = shared_name("klaviyo", self._url, hashlib.sha256(token.encode()).hexdigest()[:16])
        self._session = session(
            per_second=per_second,
            share=share,
            per_minute=per_second and per_second * STEADY,
            headers={
                "Authorization": f"Klaviyo-API-Key {token}",
                "Accept": "application/vnd.api+json",
                "revision": revision,
                # A retired revision must fail loudly instead of changing its shape (reference esp §1.1).
                "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
            },
        )
        apart = {"tags": (TAGS, TAGS_STEADY), "campaign-values-reports": (REPORTS, REPORTS_STEADY)}
        for what, (burst, steady) in apart.items() if per_second else ():
            limit(
                self._session,
                (per_second or 0) * burst,
                (per_second or 0) * steady,
                prefix=f"{self._url}/api/{what}",
                share=share and f"{share}:{what}",
            )

    def get(self, doing: str, path: str, params: Mapping[str, str] | None = None) -> Document:
        """One document; Missing when there is none. Any other refusal to read is a matter of configuration."""
        try:
            return self._asked(doing, path, params)
        except Missing:
            raise
        except (Rejected, Stale) as exc:
            raise ConfigError(f"{exc} {self._advice}") from exc

    def _asked(self, doing: str, path: str, params: Mapping[str, str] | None) -> Document:
        return self._retry(lambda: object_of(self._tool, doing, self._request(doing, "GET", path, params=params)))

    def report(self, doing: str, path: str, data: Any) -> Iterator[Document]:
        """Every page of a report, which is asked for by POST and changes nothing."""
        following: str | None = path
        visited: set[str] = set()
        while following:
            if following in visited:
                raise Unavailable(f"{self._tool} turned in circles at {doing}. The next run tries again.")
            visited.add(following)
            page = self._reported(doing, following, data)
            yield page
            # A report that fits on one page has no links but the one to itself (reference esp §1.9).
            links = page.get("links")
            following = self._next(doing, page) if isinstance(links, dict) and "next" in links else None

    def _reported(self, doing: str, path: str, data: Any) -> Document:
        try:
            return self._retry(lambda: object_of(self._tool, doing, self._request(doing, "POST", path, data=data)))
        except (Rejected, Stale) as exc:
            raise ConfigError(f"{exc} Check conversion_metric of [tools.{self._tool}].") from exc

    def pages(self, doing: str, path: str, params: Mapping[str, str]) -> Iterator[Document]:
        """Every page of a listing. Where its cursor runs out it begins anew, so that things come twice."""
        for _ in range(LISTINGS):
            try:
                yield from self._pages(doing, path, params)
            except _Expired:
                continue
            return
        raise Unavailable(f"{self._tool} let {doing} expire {LISTINGS} times in a row. The next run tries again.")

    def _pages(self, doing: str, path: str, params: Mapping[str, str]) -> Iterator[Document]:
        page = self._page(doing, path, params)
        visited: set[str] = set()
        yield page
        while following := self._next(doing, page):
            if following in visited:
                raise Unavailable(f"{self._tool} turned in circles at {doing}. The next run tries again.")
            visited.add(following)
            page = self._page(doing, following, None)
            yield page

    def _page(self, doing: str, path: str, params: Mapping[str, str] | None) -> Document:
        try:
            return self._asked(doing, path, params)
        except Missing as exc:
            raise ConfigError(f"{exc} {self._advice}") from exc
        except (Rejected, Stale) as exc:
            # The same question was answered on the first page, so it is the cursor that is refused.
            raise _Expired(str(exc)) if params is None else ConfigError(f"{exc} {self._advice}") from exc

    def _next(self, doing: str, page: Document) -> str | None:
        """Path and query of the next page. Its host is not followed: the token goes to the configured one only."""
        with understood(self._tool, doing):
            links = part(page, "links")
            # On the last page it is null (reference esp §1.2); a page without it may be any page.
            if links["next"] is None:
                return None
            parts = urlsplit(word(links, "next"))
            path = parts.path.removeprefix(urlsplit(self._url).path)
            if not path or not parts.query:
                raise ValueError(doing)
        return f"{path}?{parts.query}"

    def change(self, doing: str, method: str, path: str, data: Any = None) -> Document | None:
        """A write that may be repeated: it leads to the same state however often it is applied. Gives the thing as it
        is now, where the answer tells (None: 204)."""

        def attempt() -> Document | None:
            response = self._request(doing, method, path, data=data)
            if response.status_code == 204:
                return None
            document = object_of(self._tool, doing, response)
            with understood(self._tool, doing):
                part(document, "data")  # anything else is not Klaviyo's word
            return document

        return self._retry(attempt)

    def create(self, doing: str, path: str, data: Any) -> Document:
        """A write that is not repeated without a clear answer, which is Ambiguous (reference esp §0.4)."""

        def attempt() -> Document:
            return object_of(
                self._tool, doing, self._request(doing, "POST", path, data=data, creating=True), creating=True
            )

        return self._retry(attempt)

    def close(self) -> None:
        self._session.close()

    def _request(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Any = None,
        creating: bool = False,
    ) -> requests.Response:
        body: dict[str, Any] = (
            {} if data is None else {"json": {"data": data}, "headers": {"Content-Type": "application/vnd.api+json"}}
        )
        try:
            response = self._session.request(method, self._url + path, params=params, **body)
        except requests.RequestException as exc:
            raise translate(self._tool, doing, exc, creating=creating) from exc
        self.clock.learn(response)
        if response.ok:
            return response
        error = error_for(self._tool, doing, response, creating=creating)
        if response.status_code == 404:
            if not _own_words(response):
                raise ConfigError(f"{error} {self._advice}")
            raise Missing(str(error))
        raise error


def _own_words(response: requests.Response) -> bool:
    """Whether an error comes from Klaviyo: its body is JSON:API (reference esp §1.10)."""
    try:
        body = response.json()
    except ValueError:
        return False
    return isinstance(body, dict) and isinstance(body.get("errors"), list)
