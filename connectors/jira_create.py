"""Creating Jira issues, many in one request, each with the marker that finds it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.answers import items, understood
from connectors.jira_errors import Missing, hopeless, untried
from connectors.jira_fields import in_words
from connectors.jira_issues import PROPERTY, is_ours, marker_of, record
from connectors.jira_place import number
from connectors.jira_project import Project
from connectors.jira_readback import after, shows_step
from connectors.jira_search import Issue
from connectors.jira_site import signed
from connectors.jira_start import first_status, learn, step_at_creation
from connectors.jira_status import Walk
from connectors.jira_steps import same
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Create, Failed, NativeSchema, Outcome, Written

LONGEST_REASON = 300
AT_ONCE = 50  # the most that bulk creation takes (reference jira §5.3)
WORTH_A_SCOUT = 5  # creations that are to have a status, of a type whose first status is not known yet

Element = dict[str, Any]


def create(project: Project, creates: Sequence[Create]) -> list[Outcome]:
    """One outcome for each creation. Not repeated where it may be done."""
    failed: dict[str, SyncError] = {}
    elements: dict[str, Element] = {}
    for change in creates:
        try:
            elements[change.marker] = _element(project, change)
        except Missing as exc:
            gone = f"{exc} The campaign that the stage was to hang on went away; the next run looks again."
            failed[change.marker] = Stale(gone)
        except SyncError as exc:
            return [Failed(one, exc) for one in creates]
    made: dict[str, Record] = {}
    left = [change for change in creates if change.marker in elements]
    if scouts := _scouts(project, left):
        made |= _make(project, scouts, elements, failed, scouting=True)
    made |= _make(project, [change for change in left if change not in scouts], elements, failed)
    made = _settled(project, creates, made)
    return [_outcome(project.tool, change, made, failed.get(change.marker)) for change in creates]


def _scouts(project: Project, creates: Sequence[Create]) -> list[Create]:
    """One of a type goes ahead of the others where those may then be created in their statuses."""
    wanting = [change for change in creates if change.fields.get("status")]
    kinds = [kind for kind in Kind if sum(change.kind is kind for change in wanting) >= WORTH_A_SCOUT]
    unknown = [kind for kind in kinds if project.site.cloud and first_status(project, kind) is None]
    return [
        # One that seems to stay where it is made, so that it needs no step itself.
        min((change for change in wanting if change.kind is kind), key=lambda change: _rank(project, change))
        for kind in unknown
    ]


def _rank(project: Project, change: Create) -> int:
    statuses = project.place.statuses[change.kind]
    ranks = (at for at, (id_, name) in enumerate(statuses) if same(change.fields["status"], {"id": id_, "name": name}))
    return next(ranks, len(statuses))


def _make(
    project: Project,
    creates: Sequence[Create],
    elements: Mapping[str, Element],
    failed: dict[str, SyncError],
    *,
    scouting: bool = False,
) -> dict[str, Record]:
    """The new records by marker; why others were not made goes into `failed`."""
    bodies = {change.marker: _stepping(project, change, elements[change.marker]) for change in creates}
    ids: list[str] = []
    halted = next((error for error in failed.values() if hopeless(error)), None)
    for start in range(0, len(creates), AT_ONCE):
        some = {change.marker: bodies[change.marker] for change in creates[start : start + AT_ONCE]}
        if halted is not None:
            failed |= dict.fromkeys(some, untried(project.tool, halted))
            continue
        ids += _send(project, some, failed)
        halted = next((failed[marker] for marker in some if marker in failed and hopeless(failed[marker])), None)
    try:
        made = _made(project, creates, ids)
    except SyncError as exc:
        unread = Ambiguous(f"{project.tool} may have created an issue, but it could not be read: {exc}")
        failed |= {change.marker: unread for change in creates if change.marker not in failed}
        return {}
    for change in creates:
        if change.marker in made and "transition" not in bodies[change.marker]:
            learn(project, made[change.marker], ask=scouting)
    return made


def _send(project: Project, elements: Mapping[str, Element], failed: dict[str, SyncError]) -> list[str]:
    """The ids of what one request created (reference jira §5.3); refusals go into `failed`."""
    site, markers = project.site, list(elements)
    doing = f"creating {len(elements)} issues" if len(elements) > 1 else "creating an issue"
    body = {"issueUpdates": list(elements.values())}
    try:
        # Where no element was good, the body is the same as in a success, but the status is 400.
        answer = site.ask(doing, "POST", "issue/bulk", json=body, creating=True, tolerated=(400,))
        with understood(site.tool, doing, creating=True):
            refused = _refused(site.tool, project.schema, answer, len(markers))
            ids = [number(issue, "id") for issue in items(answer, "issues")] if "issues" in answer else []
            again = {markers[place]: elements[markers[place]] for place in _unblamed(answer, list(elements.values()))}
    except Missing as exc:
        gone = ConfigError(f"{exc} Check project in [tools.{site.tool}] and the account's permission to create there.")
        failed |= dict.fromkeys(markers, gone)
        return []
    except SyncError as exc:
        failed |= dict.fromkeys(markers, exc)
        return []
    failed |= {markers[place]: error for place, error in refused.items() if markers[place] not in again}
    if again:
        plain = {marker: _without_step(element) for marker, element in again.items()}
        ids += _send(project, plain, failed)
    return ids


def _unblamed(answer: Mapping[str, Any], elements: Sequence[Element]) -> Iterator[int]:
    """Which elements with a step were refused, and not for any of their fields: it may be for the step."""
    errors = answer.get("errors")
    for one in errors if isinstance(errors, list) else ():
        place, said = int(one["failedElementNumber"]), (one.get("elementErrors") or {}).get("errors")
        blamed = set(said) if isinstance(said, dict) else set()
        refused = 400 <= (one.get("status") or 400) < 429
        if "transition" in elements[place] and refused and not blamed & set(elements[place]["fields"]):
            yield place


def _element(project: Project, change: Create) -> Element:
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


def _stepping(project: Project, change: Create, element: Element) -> Element:
    """The element with the step into its status, where one is known that needs nothing else."""
    step = step_at_creation(project, change.kind, change.fields.get("status"))
    return signed({**element, "transition": {"id": step.id}}) if step is not None else element


def _without_step(element: Element) -> Element:
    return {name: part for name, part in element.items() if name not in ("transition", "historyMetadata")}


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
    # An index that has a new issue at all has nothing older of it than its creation.
    found = after(project, ids, lambda issue: marker_of(issue) in kinds)
    marked = {marker_of(issue): issue for issue in found.values()}
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
    moved = {walk.native: walk for walk in walks.values() if walk.reached or walk.perhaps}
    try:
        again = after(project, list(moved), lambda issue: shows_step(moved[str(issue["id"])], issue))
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
