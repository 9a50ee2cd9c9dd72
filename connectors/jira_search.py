"""Searching Jira page by page: by tokens on Cloud, by positions on a Data Center."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.answers import items, understood, word
from connectors.jira_errors import Missing
from connectors.jira_place import number
from connectors.jira_site import Site
from sync.errors import Rejected, SyncError, Unavailable

Issue = Mapping[str, Any]
Page = Sequence[Issue]

LISTINGS = 3  # how often a listing whose page token runs out is asked for without coming further
SETBACKS = 20  # how often a listing that moves under us is taken up again a page earlier


@dataclass(frozen=True, slots=True)
class Search:
    """A question to the index.

    `mark` tells issues apart that were given already; the order of `jql` must be one in which only what changes its
    mark moves, and moves to the end. `reconcile` are up to 50 ids that Cloud reads past the index (reference jira
    §4.2), `properties` those that it shows; a Data Center does neither. `behind` is the same question about what comes
    in this order from an issue on: a listing whose page token runs out goes on there, without it from the start.
    """

    jql: str
    fields: Sequence[str]
    size: int
    properties: Sequence[str] = ()
    reconcile: Sequence[int] = ()
    mark: Callable[[Issue], Hashable] = lambda issue: issue["id"]
    behind: Callable[[Issue], str | None] = lambda _: None


def search(site: Site, doing: str, asked: Search, confirm: Callable[[], object]) -> Iterator[Page]:
    """The pages, each issue once. Ending without an exception means complete.

    `confirm` is called on an empty page, which an anonymous caller is shown as well.
    """
    known: set[Hashable] = set()
    vain, question = 0, asked
    while vain < LISTINGS:
        vain += 1
        try:
            for page in (_by_token if site.cloud else _by_position)(site, doing, question, known):
                if not page:
                    confirm()
                fresh = {mark: issue for issue in page if (mark := asked.mark(issue)) not in known}
                known.update(fresh)
                yield list(fresh.values())
                if fresh and (following := _behind(asked, page)) is not None:
                    vain, question = 0, replace(asked, jql=following)
        except _Expired:
            continue
        return
    raise Unavailable(f"{site.tool} let {doing} expire {LISTINGS} times in a row. The next run tries again.")


def _behind(asked: Search, page: Page) -> str | None:
    """The question about what comes behind a page. Where those read past the index stand in it is not documented."""
    last = next((issue for issue in reversed(page) if int(issue["id"]) not in asked.reconcile), None)
    return asked.behind(last) if last else None


class _Expired(SyncError):
    """The page token ran out; the listing has to begin anew."""


def _by_token(site: Site, doing: str, asked: Search, _: set[Hashable]) -> Iterator[Page]:
    body: dict[str, Any] = {"jql": asked.jql, "fields": list(asked.fields), "maxResults": asked.size}
    if asked.properties:
        body["properties"] = list(asked.properties)
    if asked.reconcile:
        body["reconcileIssues"] = list(asked.reconcile)
    token: str | None = None
    while True:
        answer = _page(site, doing, body, token)
        before = token
        with understood(site.tool, doing):
            page = _issues(answer)
            token = word(answer, "nextPageToken") if answer.get("nextPageToken") is not None else None
        yield page
        if not token and answer.get("isLast") is True:
            return
        if not token or token == before:
            raise Unavailable(f"{site.tool} broke off {doing} before the last page. The next run tries again.")


def _page(site: Site, doing: str, body: Mapping[str, Any], token: str | None) -> Any:
    following = {"nextPageToken": token} if token else {}
    try:
        return site.ask(doing, "POST", "search/jql", json={**body, **following})
    except Rejected as exc:
        # The same question was answered on the first page, so it is the token that is refused (reference jira §4.2).
        raise (_Expired(str(exc)) if token and not isinstance(exc, Missing) else site.misplaced(exc)) from None


def _by_position(site: Site, doing: str, asked: Search, known: set[Hashable]) -> Iterator[Page]:
    """Each page begins with the last issue of the one before (reference jira §4.1).

    Positions shift when an issue is deleted or moves to the end meanwhile. Then another issue stands there, one may
    have slipped by, and the page before is read again.
    """
    start, setbacks = 0, 0
    while True:
        body = {"jql": asked.jql, "fields": list(asked.fields), "startAt": start, "maxResults": asked.size}
        answer = site.look(doing, "POST", "search", json=body)
        with understood(site.tool, doing):
            page, total = _issues(answer), int(answer["total"])
        if start and (not page or asked.mark(page[0]) not in known):
            setbacks += 1
            if setbacks > SETBACKS:
                raise Unavailable(f"{site.tool} changed too fast for {doing} to be complete. The next run tries again.")
            start = max(0, start - max(len(page), asked.size // 2, 1))
            continue
        yield page
        if not page or start + len(page) >= total:
            return
        start += max(len(page) - 1, 1)  # by what came: the server may give fewer than asked for


def _issues(answer: Any) -> Page:
    found = items(answer, "issues")
    for issue in found:
        number(issue, "id")
    return found
