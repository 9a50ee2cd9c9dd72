"""The full listing of a Jira project, and where one that broke off goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors import jira_issues
from connectors.jira_issues import ROUNDING, SETTLE
from connectors.jira_place import Place
from connectors.jira_project import PROVEN, Project
from sync.model import Kind, Record

VERSION = 1
ORDER = (Kind.CAMPAIGN, Kind.STAGE)


def listing(
    project: Project, reconcile: Sequence[int], after: str | None, reached: Callable[[str | None], None]
) -> Iterator[Record]:
    """Every issue of the two types, campaigns first, each in the order of creation, which never changes.

    `after` is a text that `reached` was told by an earlier listing; what it had passed is left out, but for the last
    minutes before it, as long as an index may lag. Of another text nothing is known, and all is listed. `reached` is
    told after each page.
    """
    place, site = project.place, project.site
    begun = site.clock.now()
    start = _point_of(place, after) if after else None
    reached(after if start else None)
    proven: datetime | None = None

    def empty() -> None:
        """A stranger is shown an empty list as well (reference jira §2); whom Jira knows, and who does not see the
        project, is refused the question (§4.5). One proof is good for a moment."""
        nonlocal proven
        now = site.clock.now()
        if proven is None or now is None or now - proven > PROVEN:
            site.prove()
            proven = site.clock.now()

    for kind in ORDER:
        since = None
        if start is not None:
            if ORDER.index(kind) < ORDER.index(start[0]):
                continue
            since = start[1] if kind is start[0] else None

        def passed(created: datetime, kind: Kind = kind) -> None:
            if begun is not None:
                reached(_text(place, kind, min(created - ROUNDING, begun - SETTLE)))

        yield from jira_issues.listing(project, kind, reconcile, since, passed, empty)
        if begun is not None and kind is not ORDER[-1]:
            reached(_text(place, ORDER[ORDER.index(kind) + 1], None))
    reached(None)


def _text(place: Place, kind: Kind, since: datetime | None) -> str:
    created = int(since.timestamp() * 1000) if since else None
    return json.dumps({"version": VERSION, "scope": _scope(place), "kind": kind, "created": created})


def _point_of(place: Place, text: str) -> tuple[Kind, datetime | None] | None:
    """The kind and the time of creation to go on from; None for what we do not understand, or of another place."""
    try:
        told: Any = json.loads(text)
        if told["version"] != VERSION or told["scope"] != _scope(place):
            return None
        created = told["created"]
        if created is not None and type(created) is not int:
            return None
        return Kind(told["kind"]), None if created is None else datetime.fromtimestamp(created / 1000, UTC)
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return None


def _scope(place: Place) -> list[str]:
    return [place.project, *(place.types[kind] for kind in ORDER)]
