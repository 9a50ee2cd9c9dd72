"""Creating Jira issues, many in one request, each with the marker that finds it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.answers import items, understood, word
from connectors.jira_fields import in_words
from connectors.jira_issues import PROPERTY, bulkfetch, is_ours, marker_of, record
from connectors.jira_site import Missing, Site, hopeless
from connectors.jira_status import move, same
from sync.errors import Ambiguous, ConfigError, Rejected, SyncError, Unavailable
from sync.model import Record, Ref
from sync.ports import Create, Failed, NativeSchema, Outcome, Written

LONGEST_REASON = 300


def create(site: Site, schema: NativeSchema, creates: Sequence[Create]) -> list[Outcome]:
    """One outcome for each of up to 50 creations (reference jira §5.3). Not repeated where it may be done."""
    body = {"issueUpdates": [_element(site, change) for change in creates]}
    doing = f"creating {len(creates)} issues" if len(creates) > 1 else "creating an issue"
    try:
        # Where no element was good, the body is the same as in a success, but the status is 400.
        answer = site.ask(doing, "POST", "issue/bulk", json=body, creating=True, tolerated=(400,))
        with understood(site.tool, doing, creating=True):
            refused = _refused(site, schema, answer, len(creates))
            ids = [word(issue, "id") for issue in items(answer, "issues")] if "issues" in answer else []
    except Missing as exc:
        gone = ConfigError(f"{exc} Check project in [tools.{site.tool}] and the account's permission to create there.")
        return [Failed(change, gone) for change in creates]
    except SyncError as exc:
        return [Failed(change, exc) for change in creates]
    try:
        made = _made(site, schema, creates, ids)
    except SyncError as exc:
        unread = Ambiguous(f"{site.tool} may have created an issue, but it could not be read: {exc}")
        return [Failed(change, refused.get(place, unread)) for place, change in enumerate(creates)]
    made |= _settled(site, schema, creates, made)
    return [_outcome(site, change, made, refused.get(place)) for place, change in enumerate(creates)]


def _element(site: Site, change: Create) -> dict[str, Any]:
    """One issue as bulk creation takes it: the marker is a label, to be searched for, and a property, to last."""
    place = site.place()
    given = {name: value for name, value in change.fields.items() if value not in (None, []) and name != "status"}
    fields = given | {
        "project": {"id": place.project},
        "issuetype": {"id": place.types[change.kind]},
        "labels": [label for label in given.get("labels", []) if not is_ours(label)] + [change.marker],
    }
    if change.parent is not None:
        fields["parent"] = {"id": change.parent}
    return {"fields": fields, "properties": [{"key": PROPERTY, "value": {"entity": change.marker}}]}


def _refused(site: Site, schema: NativeSchema, answer: Mapping[str, Any], count: int) -> dict[int, SyncError]:
    """By position in the request, why an element was not created."""
    errors = answer.get("errors")
    if not isinstance(errors, list):
        # Without a list per element it is the request as a whole that was refused, in the shape of any other error.
        return {} if "issues" in answer else dict.fromkeys(range(count), _rejection(site, schema, answer))
    return {int(one["failedElementNumber"]): _element_error(site, schema, one) for one in errors}


def _element_error(site: Site, schema: NativeSchema, one: Mapping[str, Any]) -> SyncError:
    error = _rejection(site, schema, one.get("elementErrors") or {})
    status = one.get("status") or 400
    if status >= 500:
        return Ambiguous(f"{error} The next run looks whether it was created.")
    return Unavailable(f"{error} The next run tries again.") if status == 429 else error


def _rejection(site: Site, schema: NativeSchema, said: Mapping[str, Any]) -> Rejected:
    by_field = said.get("errors")
    parts = [str(message) for message in said.get("errorMessages") or []]
    parts += [f"{name}: {why}" for name, why in by_field.items()] if isinstance(by_field, dict) else []
    words = " ".join("; ".join(parts).split())[:LONGEST_REASON] or "no reason given"
    return Rejected(f"{site.tool} refused creating an issue: {in_words(words, schema).rstrip('.')}.")


def _made(site: Site, schema: NativeSchema, creates: Sequence[Create], ids: Sequence[str]) -> dict[str, Record]:
    """The new records by marker. By nothing else: in which order the answer names them is not promised."""
    kinds = {change.marker: change.kind for change in creates}
    found = bulkfetch(site, ids, schema)
    marked = {marker_of(issue): issue for issue in found.values()}
    return {
        marker: record(site, marked[marker], Ref(site.tool, kind, str(marked[marker]["id"])), schema)
        for marker, kind in kinds.items()
        if marker in marked
    }


def _settled(
    site: Site, schema: NativeSchema, creates: Sequence[Create], made: Mapping[str, Record]
) -> dict[str, Record]:
    """The new records that were brought from the workflow's first status into the one asked for, by marker.

    Where that fails, the issue stands as it is: the difference is an update of a later run, which then says why.
    """
    moved: dict[str, Ref] = {}
    for change in creates:
        one, wanted = made.get(change.marker), change.fields.get("status")
        if one is None or not wanted or same(wanted, one.fields.get("status")):
            continue
        try:
            move(site, one.ref.native, one.key or one.ref.native, wanted)
        except SyncError as exc:
            if hopeless(exc):
                break
        else:
            moved[change.marker] = one.ref
    try:
        again = bulkfetch(site, [ref.native for ref in moved.values()], schema)
        return {
            marker: record(site, again[ref.native], ref, schema) for marker, ref in moved.items() if ref.native in again
        }
    except SyncError:
        return {}


def _outcome(site: Site, change: Create, made: Mapping[str, Record], refused: SyncError | None) -> Outcome:
    if change.marker in made:
        return Written(change, made[change.marker])
    unknown = f"{site.tool} does not tell whether it created an issue. The next run looks for it."
    return Failed(change, refused or Ambiguous(unknown))
