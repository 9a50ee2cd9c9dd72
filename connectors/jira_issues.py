"""Reading Jira issues: the listing by JQL, the direct read by id, and the record that an issue is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.answers import items, part, understood, word
from connectors.answers import moment as iso_moment
from connectors.jira_site import Missing, Site
from sync.errors import Rejected, SyncError, Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import NativeSchema

Issue = Mapping[str, Any]

PAGE = 500  # asked for; Jira shortens a page where many fields make it heavy (reference jira §4.2)
BULK = 100  # the most that bulkfetch takes (§4.4)
PROPERTY = "campaign-sync"  # holds {"entity": <marker>}
ARCHIVED = "campaign-sync-archived"  # the label of an issue that we took out of sight
LISTINGS = 3  # how often a listing is begun anew when its page token runs out
ALWAYS = ("issuetype", "labels", "parent", "project", "updated")  # what a record needs besides its fields

_MARKER = re.compile(r"cs-[0-9a-z]{8}")


def listing(site: Site, kind: Kind, schema: NativeSchema, reconcile: Sequence[int]) -> Iterator[Issue]:
    """Every issue of a kind, each once, oldest first. Ending without an exception means complete.

    `reconcile` are up to 50 ids that the index may not know yet in their present state.
    """
    place = site.place()
    # Ids, because names would need quoting and a rename would break the query. Sorted by what never changes:
    # an issue that is edited while we page must not move.
    jql = f"project = {place.project} AND issuetype = {place.types[kind]} ORDER BY created ASC, id ASC"
    body: dict[str, Any] = {
        "jql": jql, "fields": asked([kind], schema), "properties": [PROPERTY], "maxResults": PAGE,
    }  # fmt: skip
    if reconcile:
        body["reconcileIssues"] = list(reconcile)
    doing = f"listing {kind}s"
    known: set[str] = set()
    for _ in range(LISTINGS):
        try:
            for page in _pages(site, doing, body):
                # A new or deleted issue shifts the pages, so that one may come twice.
                fresh = {native: issue for native, issue in page.items() if native not in known}
                known |= fresh.keys()
                yield from fresh.values()
        except _Expired:
            continue
        return
    raise Unavailable(f"{site.tool} let {doing} expire {LISTINGS} times in a row. The next run tries again.")


class _Expired(SyncError):
    """The page token ran out; the listing has to begin anew."""


def _pages(site: Site, doing: str, body: Mapping[str, Any]) -> Iterator[Mapping[str, Issue]]:
    """The issues of each page, by id."""
    token: str | None = None
    while True:
        answer = _page(site, doing, body, token)
        before = token
        with understood(site.tool, doing):
            page = _by_id(answer)
            token = word(answer, "nextPageToken") if answer.get("nextPageToken") is not None else None
        if not page:
            site.confirm()  # an anonymous caller is shown an empty page too
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


def _by_id(answer: Any) -> dict[str, Issue]:
    return {word(issue, "id"): issue for issue in items(answer, "issues")}


def bulkfetch(site: Site, ids: Sequence[str], schema: NativeSchema) -> dict[str, Issue]:
    """These issues by id, past the search index. A missing one may be gone or hidden (reference jira §4.4)."""
    found: dict[str, Issue] = {}
    for start in range(0, len(ids), BULK):
        body = {
            "issueIdsOrKeys": list(ids[start : start + BULK]),
            "fields": asked(list(schema), schema),
            "properties": [PROPERTY],
        }
        doing = "reading issues"
        answer = site.look(doing, "POST", "issue/bulkfetch", json=body)
        with understood(site.tool, doing):
            failed = items(answer, "issueErrors") if answer.get("issueErrors") is not None else ()
            if failed:
                names = ", ".join(str(one.get("id")) for one in failed)
                raise Unavailable(f"{site.tool} could not read the issues {names} just now. The next run tries again.")
            found |= _by_id(answer)
    return found


def read(site: Site, refs: Sequence[Ref], schema: NativeSchema) -> dict[Ref, Record | None]:
    """These records; None only after a direct 404 to an account that still sees the project (§4.7)."""
    found = bulkfetch(site, list(dict.fromkeys(ref.native for ref in refs)), schema)
    missing = [ref for ref in refs if ref.native not in found]
    for ref in missing:
        issue = _direct(site, ref.native, schema)
        if issue is not None:
            found[ref.native] = issue
    if any(ref.native not in found for ref in missing):
        site.confirm()
    return {ref: record(site, found[ref.native], ref, schema) if ref.native in found else None for ref in refs}


def _direct(site: Site, native: str, schema: NativeSchema) -> Issue | None:
    query = {"fields": ",".join(asked(list(schema), schema)), "properties": PROPERTY}
    issue: Issue | None = site.find("looking an issue up", f"issue/{native}", params=query)
    return issue


def asked(kinds: Sequence[Kind], schema: NativeSchema) -> list[str]:
    """The ids of the fields that a record of these kinds is made of."""
    return sorted({field.id for kind in kinds for field in schema[kind]} | set(ALWAYS))


def record(site: Site, issue: Issue, ref: Ref, schema: NativeSchema) -> Record:
    """The record that an issue is. Markers and our own label are not in its `labels`.

    A field of a wrong type is given as it is, for the mapping to tell; what is ours of it counts as not there. Without
    fields the issue is not understood, which is not the same as having none.
    """
    with understood(site.tool, f"reading the issue {ref.native}"):
        native = part(issue, "fields")
    labels = _labels(native)
    fields = {field.id: native[field.id] for field in schema[ref.kind] if field.id in native}
    if labels is not None and "labels" in fields:
        fields["labels"] = [label for label in labels if not is_ours(label)]
    key = issue.get("key")
    key = key if isinstance(key, str) else None
    return Record(
        ref,
        fields,
        parent=_id(native.get("parent")),
        marker=marker_of(issue),
        key=key,
        url=f"{site.url}/browse/{key}" if key else None,
        changed_at=moment(native.get("updated")),
        locked=_lock(site, native, ref.kind, labels),
    )


def is_ours(label: str) -> bool:
    """Whether a label is a marker or the sign of an archived issue: nothing that people wrote."""
    return label == ARCHIVED or _MARKER.fullmatch(label) is not None


def marker_of(issue: Issue) -> str | None:
    """The marker that we wrote at creation. A clone may carry it too; which one is the original is not told here."""
    # The property goes first: people edit labels.
    properties, fields = issue.get("properties"), issue.get("fields")
    kept = properties.get(PROPERTY) if isinstance(properties, dict) else None
    entity = kept.get("entity") if isinstance(kept, dict) else None
    if isinstance(entity, str) and _MARKER.fullmatch(entity):
        return entity
    labels = (_labels(fields) if isinstance(fields, dict) else None) or []
    return next((label for label in sorted(labels) if _MARKER.fullmatch(label)), None)


def moment(text: Any) -> datetime | None:
    """An instant in UTC from Jira's text, whose offset may be any, or from epoch seconds (reference jira §5.12)."""
    if isinstance(text, int | float):
        try:
            return datetime.fromtimestamp(text, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return iso_moment(text)


def _labels(native: Mapping[str, Any]) -> list[str] | None:
    """None when they are nothing that labels can be."""
    labels = native.get("labels") or []
    return labels if isinstance(labels, list) and all(isinstance(label, str) for label in labels) else None


def _id(holder: Any) -> str | None:
    native = holder.get("id") if isinstance(holder, dict) else None
    return str(native) if isinstance(native, str | int) and native else None


def _lock(site: Site, native: Mapping[str, Any], kind: Kind, labels: Sequence[str] | None) -> str | None:
    place = site.place()
    if labels is None:
        return "its labels cannot be understood, one of which may say that it is archived"
    if ARCHIVED in labels:
        return "archived by campaign-sync"
    project, issuetype = native.get("project") or {}, native.get("issuetype") or {}
    if not isinstance(project, dict) or not isinstance(issuetype, dict):
        return "its project or issue type cannot be understood"
    if str(project.get("id", place.project)) != place.project:
        return f"moved to project {project.get('key', project['id'])}, outside {site.project}"
    if str(issuetype.get("id", place.types[kind])) != place.types[kind]:
        return f"its issue type is now {issuetype.get('name', issuetype['id'])}, which is not what a {kind} is here"
    return None
