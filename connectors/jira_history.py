"""Who last changed a field of a Jira issue, by its changelog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.answers import items, understood
from connectors.jira_issues import moment
from connectors.jira_site import Site
from sync.model import Attribution, Record

PAGE = 100
CREATION = timedelta(seconds=2)

Entries = Sequence[Mapping[str, Any]]


def attribution(site: Site, record: Record, field_id: str) -> Attribution | None:
    """The author and time of the field's newest change, or of the issue's creation if it was never changed since.

    None if the issue cannot be seen any more.
    """
    with understood(site.tool, _doing(record)):
        first = _page(site, record, 0)
        if first is None:
            return None
        for entry in _newest_first(site, record, first):
            if any(item.get("fieldId", item.get("field")) == field_id for item in items(entry, "items")):
                return Attribution(_name(entry.get("author")), moment(entry.get("created")))
    creator, created = _name(record.fields.get("creator")), moment(record.fields.get("created"))
    # An empty changelog alone might be one that we may not see; Jira stamps a creation twice, a moment apart.
    late = created is None or record.changed_at is None or record.changed_at - created > CREATION
    return Attribution(creator, created, untouched=not late)


def _name(person: Any) -> str | None:
    name = person.get("displayName") if isinstance(person, dict) else None
    return name if isinstance(name, str) else None


def _newest_first(site: Site, record: Record, first: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The changelog comes oldest first, in pages (reference jira §5.12); so after the first the last is read."""
    oldest: Entries = items(first, "values")
    size = len(oldest)  # which may be less than we asked for
    start = int(first.get("total", size))
    while start > size > 0:
        end, start = start, max(size, start - size)
        later: Entries = items(_page(site, record, start) or {"values": []}, "values")
        yield from reversed(later[: end - start])
    yield from reversed(oldest)


def _page(site: Site, record: Record, start: int) -> dict[str, Any] | None:
    query = {"startAt": start, "maxResults": PAGE}
    answer: dict[str, Any] | None = site.find(_doing(record), f"issue/{record.ref.native}/changelog", params=query)
    return answer


def _doing(record: Record) -> str:
    return f"reading the history of {record.key or record.ref.native}"
