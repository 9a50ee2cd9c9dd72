"""Creating, editing, moving and deleting issues, all or nothing, with history (reference jira §5.2-5.6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.sandbox import jira_adf
from connectors.sandbox.jira_call import Refusal
from connectors.sandbox.jira_schema import (
    DEFAULT_PRIORITY,
    EPIC,
    FIELD,
    INITIAL,
    OPERATIONS,
    PROJECT_ID,
    PROJECT_KEY,
    STATUS,
    Field,
    Status,
)
from connectors.sandbox.jira_state import Issue, JiraState, stamp
from connectors.sandbox.jira_values import BadValue, in_history, stored

JSON = dict[str, Any]
NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."


def create(state: JiraState, author: str, now: datetime, payload: Any, rich: bool = True) -> Issue:
    """A new issue from the body of `POST /issue`. Raises Refusal, with nothing created."""
    if not isinstance(payload, dict) or not (payload.get("fields") or payload.get("update")):
        raise Refusal(400, "No Issue Create payload supplied")
    fields = _object(payload, "fields")
    _project(fields.pop("project", None))
    kind = _type(state, fields.pop("issuetype", None))
    draft = Issue("0", "", kind, INITIAL[kind], author, stamp(now), stamp(now))
    draft.values = {"priority": DEFAULT_PRIORITY, "reporter": author}
    values = _checked(state, draft, fields, _object(payload, "update"), rich)
    if "summary" not in values:
        raise Refusal(400, errors={"summary": "You must specify a summary of the issue."})
    _insist(state, kind, dict.fromkeys(state.setup.required) | draft.values | values)
    properties = {p["key"]: p["value"] for p in _properties(payload.get("properties"))}
    draft.id, draft.key = str(state.number("issue")), state.next_key()
    state.remember(draft.id, now)
    draft.values = {id: value for id, value in (draft.values | values).items() if value is not None}
    draft.properties = properties
    state.add(draft)
    return draft


def edit(state: JiraState, author: str, now: datetime, issue: Issue, payload: Any, rich: bool = True) -> bool:
    """The body of `PUT /issue/{}` carried out. False if it changes nothing. Raises Refusal, with nothing written."""
    if not isinstance(payload, dict) or not (set(payload) & {"fields", "update", "properties", "historyMetadata"}):
        raise Refusal(400, "one of 'fields' or 'update' required")
    values = _checked(state, issue, _object(payload, "fields"), _object(payload, "update"), rich)
    _insist(state, issue.type, values)
    properties = {p["key"]: p["value"] for p in _properties(payload.get("properties"))}
    changed = {id: value for id, value in values.items() if value != issue.values.get(id)}
    if not changed and not properties:
        return False
    state.remember(issue.id, now)
    items = [change(state, state.setup.fields[id], issue.values.get(id), value) for id, value in changed.items()]
    issue.values = {id: value for id, value in (issue.values | changed).items() if value is not None}
    issue.properties |= properties
    if items:
        _record(state, issue, author, now, items, payload.get("historyMetadata"))
    return True


def transitions(state: JiraState, issue: Issue) -> list[Status]:
    """The statuses that the issue's workflow leads to: all of its type, its own too, unless somebody closed the way."""
    return state.setup.leading(issue.type)


def transit(state: JiraState, author: str, now: datetime, issue: Issue, payload: Any) -> None:
    """The body of `POST /issue/{}/transitions` carried out. Raises Refusal, with nothing written."""
    wanted = payload.get("transition") if isinstance(payload, dict) else None
    if not isinstance(wanted, dict) or not wanted.get("id"):
        raise Refusal(400, "Missing 'transition' identifier")
    target = next((s for s in transitions(state, issue) if s.transition == str(wanted["id"])), None)
    if target is None:
        raise Refusal(400, f"It is not possible to perform the transition with id '{wanted['id']}' on this issue.")
    given = {*_object(payload, "fields"), *(set(_object(payload, "update")) - {"comment"})}
    if given:  # no transition of this workflow has a screen
        raise Refusal(400, errors={id: NOT_ON_SCREEN.format(id) for id in sorted(given)})
    move(state, author, now, issue, target.id, payload.get("historyMetadata"))


def move(state: JiraState, author: str, now: datetime, issue: Issue, status: str, metadata: JSON | None = None) -> None:
    """Put the issue into a status; to the one it is in already is no change."""
    if status == issue.status:
        return
    before, after = STATUS[issue.status], STATUS[status]
    state.remember(issue.id, now)
    issue.status = status
    item = {"field": "status", "fieldtype": "jira", "fieldId": "status"}
    item |= {"from": before.id, "fromString": before.name, "to": after.id, "toString": after.name}
    _record(state, issue, author, now, [item], metadata)


def delete(state: JiraState, author: str, now: datetime, issue: Issue) -> list[str]:
    """Remove the issue. An epic's children stay, without a parent. Returns the ids of everything that changed."""
    orphans = list(state.children(issue)) if issue.type == EPIC else []
    for child in orphans:
        state.remember(child.id, now)
        item = change(state, FIELD["parent"], issue.id, None)
        del child.values["parent"]
        _record(state, child, author, now, [item], None)
    state.remember(issue.id, now)
    state.remove(issue)
    return [issue.id, *(child.id for child in orphans)]


def comment(state: JiraState, author: str, now: datetime, issue: Issue, document: Any) -> JSON:
    """A new comment; it moves the issue's `updated`. Raises Refusal for a bad document."""
    if not jira_adf.is_comment(document):
        raise Refusal(400, errors={"comment": "Comment body is not valid!"})
    state.remember(issue.id, now)
    issue.updated = stamp(now)
    written: JSON = {"id": str(state.number("other")), "author": author, "updateAuthor": author}
    written |= {"body": document, "created": issue.updated, "updated": issue.updated}
    issue.comments.append(written)
    return written


def change(state: JiraState, field: Field, before: Any, after: Any) -> JSON:
    """One item of a changelog entry."""
    from_, from_text = in_history(state, field, before)
    to, to_text = in_history(state, field, after)
    name = "IssueParentAssociation" if field.kind == "parent" else field.name if field.custom else field.id
    item = {"field": name, "fieldtype": "custom" if field.custom else "jira", "fieldId": field.id}
    return item | {"from": from_, "fromString": from_text, "to": to, "toString": to_text}


def _record(
    state: JiraState, issue: Issue, author: str, now: datetime, items: list[JSON], metadata: JSON | None
) -> None:
    entry = {"id": str(state.number("history")), "author": author, "created": stamp(now), "items": items}
    issue.histories.append(entry | ({"historyMetadata": metadata} if metadata else {}))
    issue.updated = stamp(now)


def _checked(state: JiraState, issue: Issue, fields: JSON, update: JSON, rich: bool) -> JSON:
    """Field id -> value to store for everything written. Raises Refusal with all complaints at once."""
    errors: dict[str, str] = {}
    general: list[str] = []
    values: JSON = {}
    for id in sorted(set(fields) | (set(update) - {"comment"})):
        field = state.setup.fields.get(id)
        try:
            if field is None or issue.type not in field.screens:
                raise BadValue(NOT_ON_SCREEN.format(id))
            if id in fields and id in update:
                raise BadValue(f"Field '{id}' cannot appear in both 'fields' and 'update'")
            if id in fields:
                values[id] = stored(state, field, fields[id], rich)
            else:
                values[id] = _updated(state, field, issue.values.get(id), update[id], rich)
        except BadValue as bad:
            if bad.general:
                general.append(str(bad))
            else:
                errors[bad.field or id] = str(bad)
    if errors or general:
        raise Refusal(400, *general, errors=errors)
    return values


def _updated(state: JiraState, field: Field, value: Any, operations: Any, rich: bool) -> Any:
    """The value after a list of verbs such as [{"add": "a"}, {"remove": "b"}]."""
    if not isinstance(operations, list):
        raise BadValue("data was not an array")
    for operation in operations:
        if not isinstance(operation, dict) or len(operation) != 1:
            raise BadValue("Each operation must have exactly one verb.")
        ((verb, operand),) = operation.items()
        if verb not in OPERATIONS.get(field.kind, ["set"]):
            raise BadValue(f"Field '{field.id}' does not support operation '{verb}'")
        if verb == "set":
            value = stored(state, field, operand, rich)
            continue
        one = stored(state, field, [operand], rich) or []
        rest = [known for known in value or [] if known not in one]
        merged = rest if verb == "remove" else [*rest, *one]
        order = list(state.options.get(field.id, ()))
        value = sorted(merged, key=order.index if order else str.lower)
    return value or None


def _insist(state: JiraState, kind: str, values: JSON) -> None:
    """Refusal where a required field is left empty. An edit is asked only about the fields that it names."""
    missing = [
        field
        for field in (state.setup.fields[id] for id in state.setup.required if id in state.setup.fields)
        if kind in field.screens and field.id in values and values[field.id] is None
    ]
    if missing:
        raise Refusal(400, errors={field.id: f"{field.name} is required." for field in missing})


def _object(payload: JSON, name: str) -> JSON:
    found = payload.get(name) or {}
    if not isinstance(found, dict):
        raise Refusal(400, f"Can not deserialize the member '{name}': an object is expected.")
    return dict(found)


def _project(value: Any) -> None:
    named = value if isinstance(value, dict) else {}
    id, key = named.get("id", PROJECT_ID if "key" in named else ""), named.get("key", PROJECT_KEY)
    if str(id) != PROJECT_ID or key != PROJECT_KEY:
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
