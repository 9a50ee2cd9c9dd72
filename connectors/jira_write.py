"""Writing to Jira: creations in bulk, single fields by edits, statuses by transitions, and the way out of sight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from connectors.jira_create import create
from connectors.jira_edit import edit
from connectors.jira_errors import ForbiddenError, Missing, hopeless, untried
from connectors.jira_fields import in_words
from connectors.jira_issues import ARCHIVED, once, record
from connectors.jira_project import Project
from connectors.jira_readback import after, shows_update
from connectors.jira_search import Issue
from connectors.jira_site import signed
from connectors.jira_status import Walk
from connectors.jira_steps import same
from sync.errors import Ambiguous, Rejected, Stale, SyncError
from sync.model import Record
from sync.ports import Archive, Change, Create, Failed, Outcome, Update, Written

BATCH = 100  # the most that are read back at once (reference jira §4.4); bulk creation takes half of it
# Where an archived issue goes if its workflow leads there. The status is for readers; the label is what counts.
OUT_OF_SIGHT = ("Cancelled", "Canceled", "Dropped")


def write(project: Project, changes: Sequence[Change]) -> list[Outcome]:
    """One outcome for each change, in order. After a failure that would meet every request, the rest is not tried."""
    outcomes: list[Outcome] = []
    halted: SyncError | None = None
    for run in _runs(changes):
        if halted is not None:
            outcomes += [Failed(change, untried(project.tool, halted)) for change in run]
            continue
        creates = [change for change in run if isinstance(change, Create)]
        done = create(project, creates) if creates else [_apply(project, change) for change in run]
        halted = next((one.error for one in done if isinstance(one, Failed) and hopeless(one.error)), None)
        outcomes += done
    return _read_back(project, outcomes)


def _runs(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Neighbouring creations together; every other change alone."""
    for creating, group in groupby(changes, key=lambda change: isinstance(change, Create)):
        run = list(group)
        yield from [run] if creating else ([change] for change in run)


def _apply(project: Project, change: Change) -> Outcome:
    """A change of one issue that exists. `_read_back` adds the record."""
    try:
        if isinstance(change, Update):
            return _update(project, change)
        if isinstance(change, Archive):
            _archive(project, change)
    except SyncError as exc:
        return Failed(change, _told(project, exc))
    return Written(change, None)


def _told(project: Project, error: SyncError) -> SyncError:
    """A refusal of a change of one issue, as the engine and people understand it."""
    if isinstance(error, Missing):
        return Stale(f"{error} It went away after the plan was made; the next run looks again.")
    if isinstance(error, Rejected | ForbiddenError):
        return Rejected(in_words(str(error), project.schema))
    return error


def _update(project: Project, change: Update) -> Outcome:
    """Fields first, all or none; then the status, which an edit does not take (reference jira §5.4, §5.6)."""
    site, native, key = project.site, change.record.ref.native, _key(change.record)
    body, status = edit(project, change), change.fields.get("status")
    if body:
        site.repeat(lambda: site.tell(f"changing {key}", "PUT", f"issue/{native}", json=body))
    if status and not same(status, change.record.fields.get("status")):
        walk = Walk(project, change.record, status)
        try:
            walk.go()
        except SyncError as exc:
            begun = body or walk.reached or walk.perhaps
            return _partly(project, change, walk, exc) if begun else Failed(change, _told(project, exc))
    return Written(change, None)


def _partly(project: Project, change: Update, walk: Walk, error: SyncError) -> Failed:
    """A failure that left a part of the change behind, with what Jira holds now.

    Looked at once only, for Jira may be down. Where that fails, what is known without looking has to do; and where a
    step got no answer, so that nothing is, the change is Ambiguous: the next run tells by the issue's history.
    """
    ref, told = change.record.ref, _told(project, error)
    try:
        return Failed(change, told, walk.ours(record(project, once(project, ref.native), ref)))
    except SyncError:
        if walk.perhaps is not None:
            return Failed(change, Ambiguous(str(told)))
        return Failed(change, told, walk.known() if walk.reached else None)


def _archive(project: Project, change: Archive) -> None:
    """Out of sight, not gone: a label by which `record` locks the issue, and a closing status if there is one.

    Not by Jira's own archive, which only paid plans have, nor by DELETE, which nobody can take back. The issue stays
    in listings, locked, so that its absence still means that somebody deleted it; to have it back, remove the label.
    """
    site, native, key = project.site, change.record.ref.native, _key(change.record)
    body = signed({"update": {"labels": [{"add": ARCHIVED}]}})
    site.repeat(lambda: site.tell(f"archiving {key}", "PUT", f"issue/{native}", json=body))
    names = [name.casefold() for name in OUT_OF_SIGHT]
    for status, name in project.place.statuses[change.record.ref.kind]:
        if name.casefold() in names:
            try:
                Walk(project, change.record, {"id": status, "name": name}, direct=True).go()
            except Missing:
                raise
            except Rejected:
                continue
            return


def _read_back(project: Project, outcomes: list[Outcome]) -> list[Outcome]:
    """The same outcomes with what Jira holds now, which may not be what we sent: it normalises."""
    written = [one.change for one in outcomes if isinstance(one, Written)]
    updates = {change.record.ref.native: change for change in written if isinstance(change, Update)}
    found: dict[str, Issue] | SyncError
    try:
        found = after(project, list(updates), lambda issue: shows_update(project, updates[str(issue["id"])], issue))
    except SyncError as exc:
        found = exc
    return [_shown(project, one, found) for one in outcomes]


def _shown(project: Project, one: Outcome, found: Mapping[str, Issue] | SyncError) -> Outcome:
    if not isinstance(one, Written) or not isinstance(one.change, Update):
        return one
    if isinstance(found, SyncError):
        return Failed(one.change, found)
    ref = one.change.record.ref
    if ref.native not in found:
        return Failed(one.change, Stale(f"{_key(one.change.record)} went away right after it was changed."))
    try:
        return Written(one.change, record(project, found[ref.native], ref))
    except SyncError as exc:
        return Failed(one.change, exc)


def _key(one: Record) -> str:
    return one.key or one.ref.native
