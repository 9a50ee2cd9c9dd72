"""Who last changed a field of a Jira issue, by its changelog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.answers import items, understood
from connectors.jira_issues import moment
from connectors.jira_project import Project
from connectors.jira_site import PROGRAM, Site
from sync.model import Attribution, Record

PAGE = 100
CREATION = timedelta(seconds=2)

Entries = Sequence[Mapping[str, Any]]


def attribution(project: Project, record: Record, field_id: str) -> Attribution | None:
    """The author and time of the field's newest change, or of the issue's creation if it was never changed since.

    Whether a change was ours is told with it: the account may have other uses. None if the issue cannot be seen any
    more.
    """
    site = project.site
    with understood(site.tool, _doing(record)):
        entries = _newest_first(site, record) if site.cloud else _expanded(site, record)
        if entries is None:
            return None
        names = {field_id, *(one.name for one in project.schema[record.ref.kind] if one.id == field_id)}
        for entry in entries:
            if any(_concerns(item, field_id, names) for item in items(entry, "items")):
                return Attribution(_name(entry.get("author")), moment(entry.get("created")), ours=_is_ours(entry))
    creator, created = _name(record.fields.get("creator")), moment(record.fields.get("created"))
    # An empty changelog alone might be one that we may not see; Jira stamps a creation twice, a moment apart.
    late = created is None or record.changed_at is None or record.changed_at - created > CREATION
    return Attribution(creator, created, untouched=not late)


def _concerns(item: Mapping[str, Any], field_id: str, names: set[str]) -> bool:
    """Data Center tells a field's name only, which for a system field is its id."""
    return bool(item["fieldId"] == field_id) if "fieldId" in item else item.get("field") in names


def _is_ours(entry: Mapping[str, Any]) -> bool:
    told = entry.get("historyMetadata")
    return isinstance(told, dict) and told.get("type") == PROGRAM


def _name(person: Any) -> str | None:
    name = person.get("displayName") if isinstance(person, dict) else None
    return name if isinstance(name, str) else None


def _newest_first(site: Site, record: Record) -> Iterator[Mapping[str, Any]] | None:
    """The changelog comes oldest first, in pages (reference jira §5.12); so after the first the last is read."""
    first = _page(site, record, 0)
    return None if first is None else _backwards(site, record, first)


def _backwards(site: Site, record: Record, first: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    oldest: Entries = items(first, "values")
    size = len(oldest)  # which may be less than we asked for
    start = int(first.get("total", size))
    while start > size > 0:
        end, start = start, max(size, start - size)
        later: Entries = items(_page(site, record, start) or {"values": []}, "values")
        yield from reversed(later[: end - start])
    yield from reversed(oldest)


def _expanded(site: Site, record: Record) -> Entries | None:
    """The whole changelog as a Data Center gives it, with the issue (§5.12)."""
    query = {"expand": "changelog", "fields": "updated"}
    issue = site.find(_doing(record), f"issue/{record.ref.native}", params=query)
    if issue is None:
        return None
    epoch = datetime.min.replace(tzinfo=UTC)
    return sorted(
        items(issue["changelog"], "histories"), key=lambda entry: moment(entry.get("created")) or epoch, reverse=True
    )


def _page(site: Site, record: Record, start: int) -> dict[str, Any] | None:
    query = {"startAt": start, "maxResults": PAGE}
    answer: dict[str, Any] | None = site.find(_doing(record), f"issue/{record.ref.native}/changelog", params=query)
    return answer


def _doing(record: Record) -> str:
    return f"reading the history of {record.key or record.ref.native}"
