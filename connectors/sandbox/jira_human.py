"""People at work in Jira's own interface: the control API's edits of its issues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.sandbox import jira_adf, jira_edit
from connectors.sandbox.jira_call import Refusal
from connectors.sandbox.jira_schema import FIELDS, PROJECT_ID, STATUSES, TYPES, Field
from connectors.sandbox.jira_state import Account, Issue, JiraState

JSON = dict[str, Any]

NEEDS = {
    "edit": ("as", "issue", "fields"),
    "create": ("as", "fields"),
    "delete": ("as", "issue"),
    "comment": ("as", "issue", "text"),
    "switch": ("name", "value"),
}


def perform(state: JiraState, now: datetime, verb: str, payload: JSON) -> JSON:
    """Edit, create, delete, comment, or turn a switch of the server. Gives {"id", "key"} of the issue.

    `as` is an address or account id, `issue` a key or id, `fields` maps ids or display names to Jira's own values;
    plain text will do for options, people (address), statuses, types, parents (key), and rich text (Markdown).
    Raises ValueError that says what is wrong.
    """
    if verb not in NEEDS:
        raise ValueError(f"people cannot {verb} in jira; they can {', '.join(NEEDS)}")
    missing = [name for name in NEEDS[verb] if name not in payload]
    if missing:
        raise ValueError(f"jira {verb} needs {', '.join(missing)}")
    if verb == "switch":
        return _switch(state, payload)
    who = state.account(str(payload["as"]))
    if who is None:
        raise ValueError(f"nobody with the address or account {payload['as']} works in this Jira")
    try:
        if verb == "create":
            return _create(state, now, who, payload["fields"])
        issue = _issue(state, payload["issue"])
        shown = {"id": issue.id, "key": issue.key}
        if verb == "delete":
            return shown | {"deleted": True, "touched": jira_edit.delete(state, who.id, now, issue)}
        if verb == "comment":
            document = jira_adf.from_markdown(str(payload["text"]))
            jira_edit.comment(state, who.id, now, issue, document)
        else:
            _edit(state, now, who, issue, payload["fields"])
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal
    return shown


def _edit(state: JiraState, now: datetime, who: Account, issue: Issue, named: JSON) -> None:
    fields, status = _fields(state, issue.type, named)
    if fields:
        jira_edit.edit(state, who.id, now, issue, {"fields": fields})
    if status is not None:
        jira_edit.move(state, who.id, now, issue, status)


def _create(state: JiraState, now: datetime, who: Account, named: JSON) -> JSON:
    given = next((value for name, value in named.items() if _field(name).id == "issuetype"), "Epic")
    text = given.get("name", given.get("id")) if isinstance(given, dict) else given
    kind = next((kind.id for kind in TYPES if text in (kind.id, kind.name)), None)
    if kind is None:
        raise ValueError(f"there is no issue type {text}; there are {', '.join(kind.name for kind in TYPES)}")
    rest = {name: value for name, value in named.items() if _field(name).id not in ("issuetype", "project")}
    fields, status = _fields(state, kind, rest)
    fields |= {"project": {"id": PROJECT_ID}, "issuetype": {"id": kind}}
    issue = jira_edit.create(state, who.id, now, {"fields": fields})
    if status is not None:
        jira_edit.move(state, who.id, now, issue, status)
    return {"id": issue.id, "key": issue.key}


def _fields(state: JiraState, kind: str, named: JSON) -> tuple[JSON, str | None]:
    """What the API would be given for these fields, and the id of the status if it is one of them."""
    fields: JSON = {}
    status: str | None = None
    for name, value in named.items():
        field = _field(name)
        if field.kind == "status":
            text = value.get("name", value.get("id")) if isinstance(value, dict) else value
            status = next((s.id for s in STATUSES if s.type == kind and text in (s.id, s.name)), None)
            if status is None:
                raise ValueError(f"there is no status {text} in the workflow of this issue")
        else:
            fields[field.id] = _native(state, field, value)
    return fields, status


def _native(state: JiraState, field: Field, value: Any) -> Any:
    """Jira's value for what a person typed."""
    if isinstance(value, list):
        return value if field.kind == "labels" else [_native_one(state, field, one) for one in value]
    return _native_one(state, field, value) if isinstance(value, str) else value


def _native_one(state: JiraState, field: Field, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match field.kind:
        case "option" | "options":
            return {"value": value}
        case "priority":
            return {"name": value}
        case "parent":
            return {"key": value}
        case "doc":
            return jira_adf.from_markdown(value)
        case "user":
            account = state.account(value)
            if account is None:
                raise ValueError(f"nobody with the address or account {value} works in this Jira")
            return {"accountId": account.id}
    return value


def _field(name: str) -> Field:
    for field in FIELDS:
        if name == field.id or name.lower() == field.name.lower():
            return field
    raise ValueError(f"Jira has no field {name}; it has {', '.join(field.name for field in FIELDS)}")


def _issue(state: JiraState, named: Any) -> Issue:
    issue = state.find(str(named))
    if issue is None:
        raise ValueError(f"there is no issue {named}")
    return issue


def _switch(state: JiraState, payload: JSON) -> JSON:
    name, value = payload["name"], payload["value"]
    if name not in state.switches:
        raise ValueError(f"jira has no switch {name}; it has {', '.join(state.switches)}")
    wanted = float if isinstance(state.switches[name], float) else bool
    if isinstance(value, bool) is not (wanted is bool) or not isinstance(value, bool | int | float):
        raise ValueError(f"the switch {name} takes {'a number' if wanted is float else 'true or false'}, not {value!r}")
    state.switches[name] = wanted(value)
    return {"switches": dict(state.switches)}
