"""Creating, editing, moving and deleting issues, all or nothing, with history (reference jira §5.2-5.6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.sandbox.jira_call import Refusal
from connectors.sandbox.jira_catalog import OPERATIONS
from connectors.sandbox.jira_history import change
from connectors.sandbox.jira_schema import (
    DEFAULT_PRIORITY,
    EPIC_LINK,
    EPIC_NAME,
    INITIAL,
    PROJECT_ID,
    STATUS,
    SUBTASK,
    Field,
)
from connectors.sandbox.jira_state import Issue, JiraState, stamp
from connectors.sandbox.jira_values import BadValue, stored

JSON = dict[str, Any]
WHO_AND_WHAT = ("actor", "cause", "extraData", "generator")  # of a history's metadata (§5.12): objects of texts
TEXTS = ("type", "description", "activityDescription", "emailDescription")  # and others
NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."


def create(state: JiraState, author: str, now: datetime, payload: Any, rich: bool = True) -> Issue:
    """A new issue from the body of `POST /issue`. Raises Refusal, with nothing created."""
    if not isinstance(payload, dict) or not (payload.get("fields") or payload.get("update")):
        raise Refusal(400, "No Issue Create payload supplied")
    fields = _object(payload, "fields")
    _project(state, fields.pop("project", None))
    kind = _type(state, fields.pop("issuetype", None))
    draft = Issue("0", "", kind, INITIAL[kind], author, stamp(now), stamp(now))
    draft.values = {"priority": DEFAULT_PRIORITY, "reporter": author}
    values = checked(state, draft, fields, _object(payload, "update"), rich)
    if "summary" not in values:
        raise Refusal(400, errors={"summary": "You must specify a summary of the issue."})
    if kind == SUBTASK and values.get("parent") is None:
        raise Refusal(400, errors={"parent": "Issue type is a sub-task but parent issue key or id not specified."})
    _insist(state, kind, dict.fromkeys(_needed(state)) | draft.values | values)
    properties = {p["key"]: p["value"] for p in _properties(payload.get("properties"))}
    draft.id, draft.key = str(state.number("issue")), state.next_key()
    state.remember(draft.id, now)
    draft.values = {id: value for id, value in (draft.values | values).items() if value is not None}
    draft.properties = properties
    state.add(draft)
    state.emit("jira:issue_created", draft, author, now, type="issue_created")
    return draft


def edit(state: JiraState, author: str, now: datetime, issue: Issue, payload: Any, rich: bool = True) -> bool:
    """The body of `PUT /issue/{}` carried out. False if it changes nothing. Raises Refusal, with nothing written."""
    if not isinstance(payload, dict) or not (set(payload) & {"fields", "update", "properties", "historyMetadata"}):
        raise Refusal(400, "one of 'fields' or 'update' required")
    metadata = _metadata(payload)
    values = checked(state, issue, _object(payload, "fields"), _object(payload, "update"), rich)
    _insist(state, issue.type, values)
    properties = {p["key"]: p["value"] for p in _properties(payload.get("properties"))}
    changed = {id: value for id, value in values.items() if value != issue.values.get(id)}
    if not changed and not properties:
        return False
    items = [change(state, state.setup.fields[id], issue.values.get(id), value) for id, value in changed.items()]
    state.remember(issue.id, now)
    issue.values = {id: value for id, value in (issue.values | changed).items() if value is not None}
    issue.properties |= properties
    if items:
        record(state, issue, author, now, items, metadata)
    return True


def transit(state: JiraState, author: str, now: datetime, issue: Issue, payload: Any, rich: bool = True) -> None:
    """The body of `POST /issue/{}/transitions` carried out. Raises Refusal, with nothing written."""
    wanted = payload.get("transition") if isinstance(payload, dict) else None
    if not isinstance(wanted, dict) or not wanted.get("id"):
        raise Refusal(400, "Missing 'transition' identifier")
    id = str(wanted["id"])
    way = next((way for way in state.setup.open_ways(issue.type, issue.status) if way.id == id), None)
    if way is None:
        unknown = not state.cloud and id not in (way.id for way in state.setup.ways(issue.type))
        message = f"It is not possible to perform the transition with id '{id}' on this issue."
        raise Refusal(500 if unknown else 400, message)  # as Data Center's description has it (§5.6)
    fields, update, metadata = _object(payload, "fields"), _object(payload, "update"), _metadata(payload)
    values = checked(state, issue, fields, update, rich, way.screen)
    for name in way.required:
        _demanded(state.setup.fields[name], issue.values | values)
    values |= dict.fromkeys(way.clears)
    changed = {id: value for id, value in values.items() if value != issue.values.get(id)}
    items = [change(state, state.setup.fields[id], issue.values.get(id), value) for id, value in changed.items()]
    move(state, author, now, issue, way.to, metadata, (changed, items))


def move(
    state: JiraState,
    author: str,
    now: datetime,
    issue: Issue,
    status: str,
    metadata: JSON | None = None,
    more: tuple[JSON, list[JSON]] = ({}, []),
) -> None:
    """Put the issue into a status; to the one that it is in already is no change. `more`: values to set on the way,
    and their items for the history.
    """
    before, after = STATUS[issue.status], STATUS[status]
    changed, items = more
    if before == after and not items:
        return
    state.remember(issue.id, now)
    issue.status = status
    issue.values = {id: value for id, value in (issue.values | changed).items() if value is not None}
    item = {"field": "status", "fieldtype": "jira", "fieldId": "status"}
    item |= {"from": before.id, "fromString": before.name, "to": after.id, "toString": after.name}
    record(state, issue, author, now, [*items, *([item] if before != after else [])], metadata)


def delete(state: JiraState, author: str, now: datetime, issue: Issue, with_subtasks: bool = False) -> list[str]:
    """Remove the issue. An epic's children stay, without a parent; sub-tasks go along, or stand in the way (Refusal).

    Returns the ids of everything that changed.
    """
    below = list(state.children(issue))
    subtasks = [child for child in below if child.type == SUBTASK]
    if subtasks and not with_subtasks:
        raise Refusal(
            400,
            f"The issue '{issue.key}' has subtasks.  You must specify the 'deleteSubtasks' parameter to delete this"
            " issue and all its subtasks.",
        )
    orphans = [child for child in below if child not in subtasks]
    for child in orphans:
        state.remember(child.id, now)
        field = state.setup.fields["parent"] if "parent" in child.values else EPIC_LINK
        item = change(state, field, issue.id, None)
        del child.values[field.id]
        record(state, child, author, now, [item], None, secondary=True)
    for gone in (*subtasks, issue):
        state.remember(gone.id, now)
        state.emit("jira:issue_deleted", gone, author, now, type="issue_deleted", secondary=gone is not issue)
        state.remove(gone)
    return [issue.id, *(child.id for child in below)]


def record(
    state: JiraState,
    issue: Issue,
    author: str,
    now: datetime,
    items: list[JSON],
    metadata: JSON | None,
    secondary: bool = False,
) -> None:
    """A change of an issue goes into its history. `secondary`: it only follows from what was done to another issue."""
    entry = {"id": str(state.number("history")), "author": author, "created": stamp(now), "items": items}
    issue.histories.append(entry | ({"historyMetadata": metadata} if metadata else {}))
    issue.updated = stamp(now)
    changelog = {"id": entry["id"], "items": items}
    told = {"type": "issue_generic", "changelog": changelog, "secondary": secondary}
    state.emit("jira:issue_updated", issue, author, now, **told)


def checked(
    state: JiraState, issue: Issue, fields: JSON, update: JSON, rich: bool, screen: tuple[str, ...] | None = None
) -> JSON:
    """Field id -> value to store for everything written. Raises Refusal with all complaints at once.

    `screen`: the fields that may be written; None for those of the issue's type.
    """
    errors: dict[str, str] = {}
    general: list[str] = []
    values: JSON = {}
    for id in sorted(set(fields) | (set(update) - {"comment"})):
        field = state.setup.fields.get(id)
        try:
            if field is None or not (issue.type in field.screens if screen is None else id in screen):
                raise BadValue(NOT_ON_SCREEN.format(id))
            if id in fields and id in update:
                raise BadValue(f"Field '{id}' cannot appear in both 'fields' and 'update'")
            if id in fields:
                values[id] = stored(state, field, fields[id], rich, issue.type)
            else:
                values[id] = _updated(state, field, issue, update[id], rich)
        except BadValue as bad:
            if bad.general:
                general.append(str(bad))
            else:
                errors[bad.field or id] = str(bad)
    if errors or general:
        raise Refusal(400, *general, errors=errors)
    return values


def _updated(state: JiraState, field: Field, issue: Issue, operations: Any, rich: bool) -> Any:
    """The value after a list of verbs such as [{"add": "a"}, {"remove": "b"}]."""
    value = issue.values.get(field.id)
    if not isinstance(operations, list):
        raise BadValue("data was not an array")
    for operation in operations:
        if not isinstance(operation, dict) or len(operation) != 1:
            raise BadValue("Each operation must have exactly one verb.")
        ((verb, operand),) = operation.items()
        if verb not in OPERATIONS.get(field.kind, ["set"]):
            raise BadValue(f"Field '{field.id}' does not support operation '{verb}'")
        if verb == "set":
            value = stored(state, field, operand, rich, issue.type)
            continue
        one = stored(state, field, [operand], rich, issue.type) or []
        rest = [known for known in value or [] if known not in one]
        merged = rest if verb == "remove" else [*rest, *one]
        order = list(state.options.get(field.id, ()))
        value = sorted(merged, key=order.index if order else str.lower)
    return value or None


def _needed(state: JiraState) -> list[str]:
    """The ids of the fields that no issue that has them on its screen may be without."""
    named = [EPIC_NAME.id] if state.switches.epic_name_required else []
    return [id for id in (*state.setup.required, *named) if id in state.setup.fields]


def _demanded(field: Field, values: JSON) -> None:
    if values.get(field.id) is None:
        raise Refusal(400, errors={field.id: f"{field.name} is required."})


def _insist(state: JiraState, kind: str, values: JSON) -> None:
    """Refusal where a required field is left empty. An edit is asked only about the fields that it names."""
    missing = [
        field
        for field in (state.setup.fields[id] for id in _needed(state))
        if kind in field.screens and field.id in values and values[field.id] is None
    ]
    if missing:
        raise Refusal(400, errors={field.id: f"{field.name} is required." for field in missing})


def _object(payload: JSON, name: str) -> JSON:
    found = payload.get(name) or {}
    if not isinstance(found, dict):
        raise Refusal(400, f"Can not deserialize the member '{name}': an object is expected.")
    return dict(found)


def _metadata(payload: JSON) -> JSON:
    """What is to stand beside the change in the issue's history."""
    found = _object(payload, "historyMetadata")
    for name in (*WHO_AND_WHAT, *TEXTS):
        members = _object(found, name).values() if name in WHO_AND_WHAT else [found.get(name, "")]
        if not all(isinstance(one, str) for one in members):
            raise Refusal(400, f"Can not deserialize the member '{name}' of 'historyMetadata': a text is expected.")
    return found


def _project(state: JiraState, value: Any) -> None:
    named = value if isinstance(value, dict) else {}
    id, key = named.get("id", PROJECT_ID if "key" in named else ""), named.get("key", state.setup.key)
    project = state.setup.project(str(key))
    if str(id) != PROJECT_ID or project is None or project.id != PROJECT_ID:
        raise Refusal(400, errors={"project": "Specify a valid project ID or key"})


def _type(state: JiraState, value: Any) -> str:
    if not isinstance(value, dict):
        raise Refusal(400, errors={"issuetype": "Specify an issue type"})
    for kind in state.setup.types.values():
        if str(value.get("id", "")) == kind.id or ("id" not in value and value.get("name") == kind.name):
            return kind.id
    raise Refusal(400, errors={"issuetype": "Specify a valid issue type"})


def _properties(given: Any) -> list[JSON]:
    properties = given or []
    if not isinstance(properties, list) or not all(
        isinstance(p, dict) and isinstance(p.get("key"), str) and "value" in p for p in properties
    ):
        raise Refusal(400, "Each issue property needs a key and a value.")
    return properties
