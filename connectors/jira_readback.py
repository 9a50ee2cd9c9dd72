"""What Jira's index is asked for many issues at once: a glance at them, and what it made of our own writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.answers import items, understood
from connectors.jira_issues import ALWAYS, asked, is_id, is_ours, many, marker_of, meet_epics, moment, record
from connectors.jira_place import number
from connectors.jira_project import Project
from connectors.jira_search import Issue
from connectors.jira_status import Walk
from connectors.jira_steps import same
from sync.errors import Rejected, Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Update

BULK = 100  # ids of one question to the index


def after(project: Project, ids: Sequence[str], shows: Callable[[Issue], bool]) -> dict[str, Issue]:
    """These issues by id after a write of ours; a missing one may be gone.

    Cloud gives them in bulk, past its index. A Data Center has no such request, so there its index is asked, which may
    lag, and `shows` tells of an issue whether it shows at least what we wrote; all others are read one by one.
    """
    if project.site.cloud:
        return many(project, ids)
    known = {native: issue for native, issue in _indexed(project, ids).items() if shows(issue)}
    return known | many(project, [native for native in ids if native not in known])


def glance(project: Project, refs: Sequence[Ref]) -> dict[Ref, Record]:
    """These records as the index of a Data Center has them, which may lag; none on Cloud, where `many` costs no more.

    Without those that are not what they were taken for: a direct look tells more of them.
    """
    found = {} if project.site.cloud else _indexed(project, [ref.native for ref in refs if is_id(ref.native)])
    meet_epics(project, found.values())
    shown = {ref: record(project, found[ref.native], ref) for ref in refs if ref.native in found}
    return {ref: one for ref, one in shown.items() if one.locked is None}


def shows_update(project: Project, change: Update, issue: Issue) -> bool:
    """Whether what the index has of an issue is no older than this change of ours.

    Its time is later than that of what was read right before, each field that we sent is as we sent it, and so is the
    marker. What Jira writes in another way than we do is read directly, as is a change that changed nothing.
    """
    fields, before = issue.get("fields"), change.record
    if not isinstance(fields, Mapping) or marker_of(issue) != before.marker:
        return False
    at = moment(fields.get("updated"))
    if at is None or before.changed_at is None or at <= before.changed_at:
        return False
    if change.parent is not None and project.parent_of(before.ref.kind, fields) != change.parent:
        return False
    return all(_holds(name, value, fields.get(name)) for name, value in change.fields.items())


def shows_step(walk: Walk, issue: Issue) -> bool:
    """Whether what the index has of an issue is no older than the last step of ours, which got an answer."""
    fields = issue.get("fields")
    shown = fields.get("status") if isinstance(fields, Mapping) else None
    if walk.perhaps is not None or walk.reached is None or marker_of(issue) != walk.record.marker:
        return False
    return same(walk.reached, shown)


def _indexed(project: Project, ids: Sequence[str]) -> dict[str, Issue]:
    doing, found = "reading back", dict[str, Issue]()
    if len(ids) < 2:  # one is as soon read directly
        return found
    for start in range(0, len(ids), BULK):
        some = ids[start : start + BULK]
        body = {
            "jql": f"id in ({', '.join(some)}) ORDER BY id ASC",
            "fields": sorted({*asked(project, list(Kind)), *ALWAYS}),
            "maxResults": BULK,
            "validateQuery": False,  # an id that the index does not know is none that it refuses
        }
        try:
            answer = project.site.ask(doing, "POST", "search", json=body)
        except (Rejected, Unavailable):
            break  # they can still be read one by one
        with understood(project.tool, doing):
            found |= {number(issue, "id"): issue for issue in items(answer, "issues")}
    return {native: issue for native, issue in found.items() if native in set(ids)}


def _holds(name: str, sent: Any, held: Any) -> bool:
    if name == "status":
        return not sent or same(sent, held)
    if name == "labels":
        return _labels(sent) == _labels(held)
    return _alike(sent, held)


def _labels(value: Any) -> list[str]:
    return sorted(str(one) for one in value or [] if not is_ours(str(one)))


def _alike(sent: Any, held: Any) -> bool:
    """An object may have gained members, a list another order; what is empty may be so in another way."""
    if sent in (None, "", []) or held in (None, "", []):
        return sent in (None, "", []) and held in (None, "", [])
    if isinstance(sent, Mapping) and isinstance(held, Mapping):
        return all(_alike(value, held.get(name)) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(held, list):
        return len(sent) == len(held) and all(any(_alike(one, other) for other in held) for one in sent)
    return bool(sent == held)
