"""Writing to Jira: creations in bulk, single fields by edits, statuses by transitions, and the way out of sight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from connectors.jira_create import create
from connectors.jira_fields import in_words
from connectors.jira_issues import ARCHIVED, Issue, bulkfetch, is_ours, record
from connectors.jira_site import ForbiddenError, Missing, Site, hopeless
from connectors.jira_status import move, same
from sync.errors import ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.model import Record
from sync.ports import Archive, Change, Create, Failed, NativeSchema, Outcome, Update, Written

BATCH = 50  # the most that bulk creation takes (reference jira §5.3)
# Where an archived issue goes if its workflow leads there. The status is for readers; the label is what counts.
OUT_OF_SIGHT = ("Cancelled", "Canceled", "Dropped")


def write(site: Site, schema: NativeSchema, changes: Sequence[Change]) -> list[Outcome]:
    """One outcome for each change, in order. After a failure that would meet every request, the rest is not tried."""
    outcomes: list[Outcome] = []
    halted: SyncError | None = None
    for run in _runs(changes):
        if halted is not None:
            outcomes += [Failed(change, _untried(site, halted)) for change in run]
            continue
        creates = [change for change in run if isinstance(change, Create)]
        done = create(site, schema, creates) if creates else [_apply(site, schema, change) for change in run]
        halted = next((one.error for one in done if isinstance(one, Failed) and hopeless(one.error)), None)
        outcomes += done
    return _read_back(site, schema, outcomes)


def _runs(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Neighbouring creations together, for one request; every other change alone."""
    for creating, group in groupby(changes, key=lambda change: isinstance(change, Create)):
        run = list(group)
        size = BATCH if creating else 1
        yield from (run[start : start + size] for start in range(0, len(run), size))


def _untried(site: Site, error: SyncError) -> SyncError:
    if isinstance(error, ConfigError):
        return error
    again = error.retry_after if isinstance(error, Unavailable) else None
    return Unavailable(f"Not tried, because {site.tool} failed just before. The next run tries again.", again)


def _apply(site: Site, schema: NativeSchema, change: Change) -> Outcome:
    """A change of one issue that exists. `_read_back` adds the record."""
    try:
        if isinstance(change, Update):
            _update(site, schema, change)
        elif isinstance(change, Archive):
            _archive(site, change)
    except Missing as exc:
        return Failed(change, Stale(f"{exc} It went away after the plan was made; the next run looks again."))
    except (Rejected, ForbiddenError) as exc:
        return Failed(change, Rejected(in_words(str(exc), schema)))
    except SyncError as exc:
        return Failed(change, exc)
    return Written(change, None)


def _update(site: Site, schema: NativeSchema, change: Update) -> None:
    """Fields first, all or none; then the status, which an edit does not take (reference jira §5.4, §5.6)."""
    native, key = change.record.ref.native, _key(change.record)
    if body := _edit(schema, change):
        site.repeat(lambda: site.tell(f"changing {key}", "PUT", f"issue/{native}", json=body))
    status = change.fields.get("status")
    if status and not same(status, change.record.fields.get("status")):
        move(site, native, key, status)


def _edit(schema: NativeSchema, change: Update) -> dict[str, Any]:
    lists = {field.id for field in schema[change.record.ref.kind] if field.type.startswith("array:")}
    fields = {
        name: [] if value is None and name in lists else value  # a list is cleared by an empty one, a scalar by null
        for name, value in change.fields.items()
        if name not in ("labels", "status")
    }
    if change.parent is not None:
        fields["parent"] = {"id": change.parent}
    body: dict[str, Any] = {"fields": fields} if fields else {}
    if "labels" in change.fields and (verbs := _label_verbs(change.record, change.fields["labels"] or [])):
        body["update"] = {"labels": verbs}
    return body


def _label_verbs(before: Record, wanted: Sequence[str]) -> list[dict[str, str]]:
    """Only the difference, so that a label which somebody adds meanwhile stays; and the marker, in case it was lost."""
    have = before.fields.get("labels") or []
    if not isinstance(have, list):
        raise Rejected(f"The labels of {_key(before)} cannot be understood, so none is changed.")
    added = [label for label in dict.fromkeys(wanted) if label not in have and not is_ours(label)]
    marker = [before.marker] if before.marker else []
    return [{"add": one} for one in added + marker] + [{"remove": one} for one in have if one not in wanted]


def _archive(site: Site, change: Archive) -> None:
    """Out of sight, not gone: a label by which `record` locks the issue, and a closing status if there is one.

    Not by Jira's own archive, which only paid plans have, nor by DELETE, which nobody can take back. The issue stays
    in listings, locked, so that its absence still means that somebody deleted it; to have it back, remove the label.
    """
    native, key = change.record.ref.native, _key(change.record)
    body = {"update": {"labels": [{"add": ARCHIVED}]}}
    site.repeat(lambda: site.tell(f"archiving {key}", "PUT", f"issue/{native}", json=body))
    names = [name.casefold() for name in OUT_OF_SIGHT]
    for status, name in site.place().statuses[change.record.ref.kind]:
        if name.casefold() in names:
            try:
                move(site, native, key, {"id": status, "name": name})
            except Missing:
                raise
            except Rejected:
                continue
            return


def _read_back(site: Site, schema: NativeSchema, outcomes: list[Outcome]) -> list[Outcome]:
    """The same outcomes with what Jira holds now, which may not be what we sent: it normalises."""
    updates = [one.change for one in outcomes if isinstance(one, Written) and isinstance(one.change, Update)]
    found: dict[str, Issue] | SyncError
    try:
        found = bulkfetch(site, list({change.record.ref.native: None for change in updates}), schema)
    except SyncError as exc:
        found = exc
    return [_shown(site, schema, one, found) for one in outcomes]


def _shown(site: Site, schema: NativeSchema, one: Outcome, found: Mapping[str, Issue] | SyncError) -> Outcome:
    if not isinstance(one, Written) or not isinstance(one.change, Update):
        return one
    if isinstance(found, SyncError):
        return Failed(one.change, found)
    ref = one.change.record.ref
    if ref.native not in found:
        return Failed(one.change, Stale(f"{_key(one.change.record)} went away right after it was changed."))
    try:
        return Written(one.change, record(site, found[ref.native], ref, schema))
    except SyncError as exc:
        return Failed(one.change, exc)


def _key(one: Record) -> str:
    return one.key or one.ref.native
