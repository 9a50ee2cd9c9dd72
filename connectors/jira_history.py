"""Who last changed a field of a Jira issue, by its changelog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.jira_issues import moment
from connectors.jira_site import Site
from sync.model import Attribution, Record

PAGE = 100

Entries = Sequence[Mapping[str, Any]]


def attribution(site: Site, record: Record, field_id: str) -> Attribution | None:
    """The author and time of the field's newest change, or of the issue's creation if it was never changed since.

    None if the issue cannot be seen any more.
    """
    first = _page(site, record, 0)
    if first is None:
        return None
    for entry in _newest_first(site, record, first):
        if any(item.get("fieldId", item.get("field")) == field_id for item in entry["items"]):
            return Attribution((entry.get("author") or {}).get("displayName"), moment(entry.get("created")))
    creator = record.fields.get("creator") or {}
    return Attribution(creator.get("displayName"), moment(record.fields.get("created")))


def _newest_first(site: Site, record: Record, first: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The changelog comes oldest first, in pages (reference jira §5.12); so after the first the last is read."""
    oldest: Entries = first["values"]
    size = len(oldest)  # which may be less than we asked for
    start = int(first.get("total", size))
    while start > size > 0:
        end, start = start, max(size, start - size)
        later: Entries = (_page(site, record, start) or {}).get("values", ())
        yield from reversed(later[: end - start])
    yield from reversed(oldest)


def _page(site: Site, record: Record, start: int) -> dict[str, Any] | None:
    doing = f"reading the history of {record.key or record.ref.native}"
    query = {"startAt": start, "maxResults": PAGE}
    answer: dict[str, Any] | None = site.find(doing, f"issue/{record.ref.native}/changelog", params=query)
    return answer
