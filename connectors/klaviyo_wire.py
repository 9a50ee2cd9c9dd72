"""Klaviyo's JSON:API: signed requests of one pinned revision, pages, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.http import Retry, error_for, json_of, limit, session, translate
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, Unavailable

# Klaviyo's own proportions of its limits (reference esp §1.10): 10/s and 150/min; for tags 3/s and 60/min.
STEADY, TAGS, TAGS_STEADY = 15.0, 0.3, 6.0

Document = Mapping[str, Any]


class Missing(Rejected):
    """Klaviyo itself says that there is no such thing; not a gateway, nor a wrong address."""


class Wire:
    """Requests to one account. The other budgets follow from `per_second`; None is no limit."""

    def __init__(
        self, tool: str, *, token: str, url: str, revision: str, per_second: float | None, retry: Retry
    ) -> None:
        self._tool = tool
        self._advice = f"Check url, revision and token of [tools.{tool}]."
        self._url = url.rstrip("/")
        self._retry = retry
        self._session = session(
            per_second=per_second,
            per_minute=per_second and per_second * STEADY,
            headers={
                "Authorization": f"Klaviyo-API-Key {token}",
                "Accept": "application/vnd.api+json",
                "revision": revision,
                # A retired revision must fail loudly instead of changing its shape (reference esp §1.1).
                "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
            },
        )
        if per_second:
            limit(self._session, per_second * TAGS, per_second * TAGS_STEADY, prefix=f"{self._url}/api/tags")

    def get(self, doing: str, path: str, params: Mapping[str, str] | None = None) -> Document:
        """One document; Missing when there is none. Any other refusal to read is a matter of configuration."""
        try:
            return self._retry(lambda: self._document(doing, self._request(doing, "GET", path, params=params)))
        except Missing:
            raise
        except (Rejected, Stale) as exc:
            raise ConfigError(f"{exc} {self._advice}") from exc

    def pages(self, doing: str, path: str, params: Mapping[str, str]) -> Iterator[Document]:
        """Every page of a listing."""
        following: str | None = path
        first: Mapping[str, str] | None = params
        while following:
            try:
                page = self.get(doing, following, first)
            except Missing as exc:
                raise ConfigError(f"{exc} {self._advice}") from exc
            yield page
            came_from, following, first = following, self._next(page), None
            if following == came_from:
                raise Unavailable(f"{self._tool} turned in circles at {doing}. The next run tries again.")

    def _next(self, page: Document) -> str | None:
        """Path and query of the next page. Its host is not followed: the token goes to the configured one only."""
        parts = urlsplit((page.get("links") or {}).get("next") or "")
        path = parts.path.removeprefix(urlsplit(self._url).path)
        return f"{path}?{parts.query}" if path else None

    def change(self, doing: str, method: str, path: str, data: Any = None) -> None:
        """A write that may be repeated: it leads to the same state however often it is applied."""
        self._retry(lambda: self._request(doing, method, path, data=data))

    def create(self, doing: str, path: str, data: Any) -> Document:
        """A write that must not be repeated: Ambiguous when no clear answer came (reference esp §0.4)."""
        response = self._request(doing, "POST", path, data=data, creating=True)
        return self._document(doing, response, creating=True)

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
        if response.ok:
            return response
        error = error_for(self._tool, doing, response, creating=creating)
        if response.status_code == 404:
            if not _own_words(response):
                raise ConfigError(f"{error} {self._advice}")
            raise Missing(str(error))
        raise error

    def _document(self, doing: str, response: requests.Response, *, creating: bool = False) -> Document:
        document = json_of(self._tool, doing, response, creating=creating)
        if not isinstance(document, dict) or "data" not in document:
            message = f"{self._tool} answered {doing} with something unreadable. The next run looks again."
            raise Ambiguous(message) if creating else Unavailable(message)
        return document


def _own_words(response: requests.Response) -> bool:
    """Whether an error comes from Klaviyo: its body is JSON:API (reference esp §1.10)."""
    try:
        body = response.json()
    except ValueError:
        return False
    return isinstance(body, dict) and isinstance(body.get("errors"), list)
