"""Creating Jira issues, many in one request, each with the marker that finds it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.answers import items, understood
from connectors.jira_errors import Missing, hopeless
from connectors.jira_fields import in_words
from connectors.jira_issues import PROPERTY, is_ours, many, marker_of, record
from connectors.jira_place import number
from connectors.jira_project import Project
from connectors.jira_search import Issue
from connectors.jira_status import Walk
from connectors.jira_steps import same
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Create, Failed, NativeSchema, Outcome, Written

LONGEST_REASON = 300


def create(project: Project, creates: Sequence[Create]) -> list[Outcome]:
    """One outcome for each of up to 50 creations (reference jira §5.3). Not repeated where it may be done."""
    doing = f"creating {len(creates)} issues" if len(creates) > 1 else "creating an issue"
    outcomes: dict[int, Outcome] = {}
    elements: list[tuple[Create, dict[str, Any]]] = []
    for place, change in enumerate(creates):
        try:
            elements.append((change, _element(project, change)))
        except Missing as exc:
            gone = f"{exc} The campaign that the stage was to hang on went away; the next run looks again."
            outcomes[place] = Failed(change, Stale(gone))
        except SyncError as exc:
            return [Failed(one, exc) for one in creates]
    made = iter(_sent(project, doing, elements) if elements else ())
    return [outcomes[place] if place in outcomes else next(made) for place in range(len(creates))]


def _sent(project: Project, doing: str, elements: Sequence[tuple[Create, dict[str, Any]]]) -> list[Outcome]:
    site, creates = project.site, [change for change, _ in elements]
    body = {"issueUpdates": [element for _, element in elements]}
    try:
        # Where no element was good, the body is the same as in a success, but the status is 400.
        answer = site.ask(doing, "POST", "issue/bulk", json=body, creating=True, tolerated=(400,))
        with understood(site.tool, doing, creating=True):
            refused = _refused(site.tool, project.schema, answer, len(creates))
            ids = [number(issue, "id") for issue in items(answer, "issues")] if "issues" in answer else []
    except Missing as exc:
        gone = ConfigError(f"{exc} Check project in [tools.{site.tool}] and the account's permission to create there.")
        return [Failed(change, gone) for change in creates]
    except SyncError as exc:
        return [Failed(change, exc) for change in creates]
    try:
        made = _made(project, creates, ids)
    except SyncError as exc:
        unread = Ambiguous(f"{site.tool} may have created an issue, but it could not be read: {exc}")
        return [Failed(change, refused.get(place, unread)) for place, change in enumerate(creates)]
    made = _settled(project, creates, made)
    return [_outcome(site.tool, change, made, refused.get(place)) for place, change in enumerate(creates)]


def _element(project: Project, change: Create) -> dict[str, Any]:
    """One issue as bulk creation takes it: the marker is a label, to be searched for, and a property, to last."""
    place, layout = project.place, project.layout
    given = {name: value for name, value in change.fields.items() if value not in (None, []) and name != "status"}
    fields = given | {
        "project": {"id": place.project},
        "issuetype": {"id": place.types[change.kind]},
        "labels": [label for label in given.get("labels", []) if not is_ours(label)] + [change.marker],
    }
    if change.kind is Kind.CAMPAIGN and layout.epic_name is not None and "summary" in given:
        fields.setdefault(layout.epic_name, given["summary"])
    if change.parent is not None:
        fields |= project.hangs_on(change.kind, change.parent)
    return {"fields": fields, "properties": [{"key": PROPERTY, "value": {"entity": change.marker}}]}


def _refused(tool: str, schema: NativeSchema, answer: Mapping[str, Any], count: int) -> dict[int, SyncError]:
    """By position in the request, why an element was not created."""
    errors = answer.get("errors")
    if not isinstance(errors, list):
        # Without a list per element it is the request as a whole that was refused, in the shape of any other error.
        return {} if "issues" in answer else dict.fromkeys(range(count), _rejection(tool, schema, answer))
    return {int(one["failedElementNumber"]): _element_error(tool, schema, one) for one in errors}


def _element_error(tool: str, schema: NativeSchema, one: Mapping[str, Any]) -> SyncError:
    error = _rejection(tool, schema, one.get("elementErrors") or {})
    status = one.get("status") or 400
    if status >= 500:
        return Ambiguous(f"{error} The next run looks whether it was created.")
    return Unavailable(f"{error} The next run tries again.") if status == 429 else error


def _rejection(tool: str, schema: NativeSchema, said: Mapping[str, Any]) -> Rejected:
    by_field = said.get("errors")
    parts = [str(message) for message in said.get("errorMessages") or []]
    parts += [f"{name}: {why}" for name, why in by_field.items()] if isinstance(by_field, dict) else []
    words = " ".join("; ".join(parts).split())[:LONGEST_REASON] or "no reason given"
    return Rejected(f"{tool} refused creating an issue: {in_words(words, schema).rstrip('.')}.")


def _made(project: Project, creates: Sequence[Create], ids: Sequence[str]) -> dict[str, Record]:
    """The new records by marker. By nothing else: in which order the answer names them is not promised."""
    kinds = {change.marker: change.kind for change in creates}
    marked = {marker_of(issue): issue for issue in many(project, ids).values()}
    return {
        marker: record(project, marked[marker], Ref(project.tool, kind, str(marked[marker]["id"])))
        for marker, kind in kinds.items()
        if marker in marked
    }


def _settled(project: Project, creates: Sequence[Create], made: Mapping[str, Record]) -> dict[str, Record]:
    """The new records, brought from the workflow's first status towards the one asked for, by marker.

    Where that fails, the issue stands as it is: the difference is an update of a later run, which then says why.
    One is left out whose status cannot be told, because a step got no answer and nor does looking.
    """
    walks: dict[str, Walk] = {}
    for change in creates:
        one, wanted = made.get(change.marker), change.fields.get("status")
        if one is None or not wanted or same(wanted, one.fields.get("status")):
            continue
        walks[change.marker] = walk = Walk(project, one, wanted)
        try:
            walk.go()
        except SyncError as exc:
            if hopeless(exc):
                break
    try:
        again = many(project, [walk.native for walk in walks.values()])
    except SyncError:
        again = {}
    settled = {marker: _standing(project, walk, again.get(walk.native)) for marker, walk in walks.items()}
    return {marker: one for marker, one in {**made, **settled}.items() if one is not None}


def _standing(project: Project, walk: Walk, issue: Issue | None) -> Record | None:
    try:
        return walk.ours(record(project, issue, walk.record.ref)) if issue is not None else walk.known()
    except SyncError:
        return walk.known()


def _outcome(tool: str, change: Create, made: Mapping[str, Record], refused: SyncError | None) -> Outcome:
    if change.marker in made:
        return Written(change, made[change.marker])
    unknown = f"{tool} does not tell whether it created an issue. The next run looks for it."
    return Failed(change, refused or Ambiguous(unknown))
