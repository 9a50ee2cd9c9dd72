"""Reading Jira issues: the listing by kind, the direct read by id, and the record that an issue is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.answers import items, part, understood
from connectors.answers import moment as iso_moment
from connectors.jira_place import number
from connectors.jira_project import Project
from connectors.jira_search import Issue, Search, search
from sync.errors import Unavailable
from sync.model import Kind, Record, Ref

PAGE = 500  # asked for; Jira shortens a page where many fields make it heavy (reference jira §4.2)
SETTLE = timedelta(minutes=5)  # the search index lags by minutes at worst (§4.2)
ROUNDING = timedelta(minutes=1)  # an index may know no finer times than minutes (§4.6)
IDS = 5000  # the same where only ids are asked for
BULK = 100  # the most that bulkfetch takes (§4.4)
PROPERTY = "campaign-sync"  # holds {"entity": <marker>}
ARCHIVED = "campaign-sync-archived"  # the label of an issue that we took out of sight
ALWAYS = ("issuetype", "labels", "parent", "project", "updated")  # what a record needs besides its fields

_MARKER = re.compile(r"cs-[0-9a-z]{8}")


def listing(
    project: Project,
    kind: Kind,
    reconcile: Sequence[int],
    since: datetime | None,
    passed: Callable[[datetime], object],
    empty: Callable[[], object],
) -> Iterator[Record]:
    """Every issue of a kind that was created since then, each once, oldest first. Ending without an exception means
    complete, if an account that is signed in asked: `empty` is called on a page on which nothing is.

    `reconcile` are up to 50 ids that the index may not know yet in their present state. `passed` is told after each
    page when the last one of it was created.
    """
    fields = sorted({*asked(project, [kind]), "created"})
    question = _all(project, kind, since)
    asking = Search(question, fields, PAGE, (PROPERTY,), reconcile, behind=lambda i: _rest(project, kind, i))
    for page in search(project.site, f"listing {kind}s", asking, empty):
        meet_epics(project, page if kind is Kind.STAGE else ())
        for issue in page:
            yield record(project, issue, Ref(project.tool, kind, str(issue["id"])))
        # Where those that are read past the index stand in a page is not documented.
        last = next((issue for issue in reversed(page) if int(issue["id"]) not in reconcile), None)
        if last is not None and (at := _created(last)) is not None:
            passed(at)


def census(project: Project, kind: Kind, reconcile: Sequence[int]) -> Iterator[Ref]:
    """The same issues by id alone, thousands to a page."""
    asking = Search(_all(project, kind), ["id"], IDS, reconcile=reconcile)
    for page in search(project.site, f"counting {kind}s", asking, project.confirm):
        for issue in page:
            project.note(str(issue["id"]))
            yield Ref(project.tool, kind, str(issue["id"]))


def _all(project: Project, kind: Kind, since: datetime | None = None) -> str:
    # Ids, because names would need quoting and a rename would break the query. Sorted by what never changes:
    # an issue that is edited while we page must not move.
    place = project.place
    from_then = f" AND created >= {int(since.timestamp() * 1000)}" if since else ""
    return f"project = {place.project} AND issuetype = {place.types[kind]}{from_then} ORDER BY created ASC, id ASC"


def _rest(project: Project, kind: Kind, last: Issue) -> str | None:
    """The question after what was created from this issue on, by epoch milliseconds, which know no zone (§4.6)."""
    created = _created(last)
    return _all(project, kind, created - ROUNDING) if created else None


def _created(issue: Issue) -> datetime | None:
    fields = issue.get("fields")
    return moment(fields.get("created")) if isinstance(fields, dict) else None


def many(project: Project, ids: Sequence[str]) -> dict[str, Issue]:
    """These issues by id, past the search index. A missing one may be gone or hidden (reference jira §4.4)."""
    ids = [native for native in dict.fromkeys(ids) if is_id(native)]
    if not project.site.cloud:
        # No bulkfetch there, and a search would read the index.
        return {native: issue for native in ids if (issue := one(project, native)) is not None}
    found: dict[str, Issue] = {}
    for start in range(0, len(ids), BULK):
        body = {
            "issueIdsOrKeys": ids[start : start + BULK],
            "fields": asked(project, list(Kind)),
            "properties": [PROPERTY],
        }
        doing = "reading issues"
        answer = project.site.look(doing, "POST", "issue/bulkfetch", json=body)
        with understood(project.tool, doing):
            failed = items(answer, "issueErrors") if answer.get("issueErrors") is not None else ()
            if failed:
                names = ", ".join(str(one.get("id")) for one in failed)
                raise Unavailable(
                    f"{project.tool} could not read the issues {names} just now. The next run tries again."
                )
            found |= {number(issue, "id"): issue for issue in items(answer, "issues")}
    return found


def is_id(native: str) -> bool:
    """Whether this can be the id of an issue (reference jira §5.1)."""
    return native.isascii() and native.isdigit()


def one(project: Project, native: str) -> Issue | None:
    """An issue, past the index; None after a 404."""
    if not is_id(native):
        return None  # asked for, it would make another address
    issue: Issue | None = project.site.find("looking an issue up", f"issue/{native}", params=_whole(project))
    return issue


def once(project: Project, native: str) -> Issue:
    """The same by a single attempt. Missing after a 404."""
    issue: Issue = project.site.once("looking an issue up", "GET", f"issue/{native}", params=_whole(project))
    return issue


def _whole(project: Project) -> dict[str, str]:
    return {"fields": ",".join(asked(project, list(Kind))), "properties": PROPERTY}


def read(project: Project, refs: Sequence[Ref]) -> dict[Ref, Record | None]:
    """These records; None only after a direct 404 to an account that still sees the project (§4.7)."""
    # What is no id is no issue's, and would lead elsewhere as a part of an address.
    ids = [ref.native for ref in refs if ref.native.isascii() and ref.native.isdigit()]
    found = many(project, ids)
    if project.site.cloud:
        missing = {native: one(project, native) for native in ids if native not in found}
        found |= {native: issue for native, issue in missing.items() if issue is not None}
    if any(ref.native not in found for ref in refs):
        project.confirm()
    meet_epics(project, found.values())
    return {ref: record(project, found[ref.native], ref) if ref.native in found else None for ref in refs}


def meet_epics(project: Project, issues: Collection[Issue]) -> None:
    """Learn together which epics these hang on, where they name them by key."""
    if (link := project.layout.epic_link) is not None:
        held = (issue.get("fields") for issue in issues)
        here = {str(issue["key"]): str(issue["id"]) for issue in issues if "key" in issue}
        project.meet([fields.get(link) for fields in held if isinstance(fields, dict)], here)


def asked(project: Project, kinds: Sequence[Kind]) -> list[str]:
    """The ids of the fields that a record of these kinds is made of."""
    layout = project.layout
    link = {layout.epic_link} if layout.epic_link and Kind.STAGE in kinds else set()
    return sorted({field.id for kind in kinds for field in layout.schema[kind]} | set(ALWAYS) | link)


def record(project: Project, issue: Issue, ref: Ref) -> Record:
    """The record that an issue is. Markers and our own label are not in its `labels`.

    A field of a wrong type is given as it is, for the mapping to tell; what is ours of it counts as not there. Without
    fields the issue is not understood, which is not the same as having none.
    """
    with understood(project.tool, f"reading the issue {ref.native}"):
        native = part(issue, "fields")
    labels = _labels(native)
    fields = {field.id: native[field.id] for field in project.schema[ref.kind] if field.id in native}
    if labels is not None and "labels" in fields:
        fields["labels"] = [label for label in labels if not is_ours(label)]
    key = issue.get("key")
    key = key if isinstance(key, str) else None
    found = Record(
        ref,
        fields,
        parent=project.parent_of(ref.kind, native),
        marker=marker_of(issue),
        key=key,
        url=project.site.browse(key) if key else None,
        changed_at=moment(native.get("updated")),
        locked=_lock(project, native, ref.kind, labels),
    )
    project.learn(found)
    return found


def is_ours(label: str) -> bool:
    """Whether a label is a marker or the sign of an archived issue: nothing that people wrote."""
    return label == ARCHIVED or _MARKER.fullmatch(label) is not None


def marker_of(issue: Issue) -> str | None:
    """The marker that we wrote at creation. A clone may carry it too; which one is the original is not told here."""
    # The property goes first: people edit labels. A search on a Data Center shows none (reference jira §4.1).
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


def _lock(project: Project, native: Mapping[str, Any], kind: Kind, labels: Sequence[str] | None) -> str | None:
    place = project.place
    if labels is None:
        return "its labels cannot be understood, one of which may say that it is archived"
    if ARCHIVED in labels:
        return "archived by campaign-sync"
    home, issuetype = native.get("project") or {}, native.get("issuetype") or {}
    if not isinstance(home, dict) or not isinstance(issuetype, dict):
        return "its project or issue type cannot be understood"
    if str(home.get("id", place.project)) != place.project:
        return f"moved to project {home.get('key', home['id'])}, outside {place.key}"
    if str(issuetype.get("id", place.types[kind])) != place.types[kind]:
        return f"its issue type is now {issuetype.get('name', issuetype['id'])}, which is not what a {kind} is here"
    return None
