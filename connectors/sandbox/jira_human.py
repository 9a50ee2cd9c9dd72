"""People at work in Jira's own interface: the control API's edits of its issues."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.sandbox import jira_adf, jira_edit
from connectors.sandbox.jira_call import Refusal
from connectors.sandbox.jira_schema import INITIAL, PROJECT_ID, STATUSES, Field, IssueType
from connectors.sandbox.jira_state import Account, Issue, JiraState, stamp

JSON = dict[str, Any]

NEEDS = {
    "edit": ("as", "issue", "fields"),
    "create": ("as", "fields"),
    "delete": ("as", "issue"),
    "comment": ("as", "issue", "text"),
    "convert": ("as", "issue", "type"),
    "switch": ("name", "value"),
}
# What only administrators do.
SETUP_NEEDS = {
    "rename": ("name",),
    "remove": (),
    "restore": (),
    "add": ("field",),
    "require": ("field", "required"),
    "join": ("email", "name"),
    "leave": ("person",),
    "return": ("person",),
}


def perform(state: JiraState, now: datetime, verb: str, payload: JSON) -> JSON:
    """Edit, create, delete, comment, convert (to another type), or turn a switch. Gives {"id", "key"} of the issue.

    An administrator renames a `field`, a `type` or an `option` of a field; removes a field (into the trash, from where
    it is restored with its values), an option (every issue loses it) or the transition to a `status` (of a `type`;
    restore opens it again); adds a `field` (of a `kind`, for `types`) or an option; makes a field `required`; lets
    somebody join, and switches a `person`'s account off and on.

    `as` is an address or account id, `issue` a key or id, `fields` maps ids or display names to Jira's own values;
    plain text will do for options, people (address), statuses, types, parents (key), and rich text (Markdown).
    Raises ValueError that says what is wrong.
    """
    needs = NEEDS | SETUP_NEEDS
    if verb not in needs:
        raise ValueError(f"people cannot {verb} in jira; they can {', '.join(needs)}")
    missing = [name for name in needs[verb] if name not in payload]
    if missing:
        raise ValueError(f"jira {verb} needs {', '.join(missing)}")
    if verb == "switch":
        return _switch(state, payload)
    if verb in SETUP_NEEDS:
        return _administer(state, verb, payload)
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
        if verb == "convert":
            _convert(state, now, who, issue, _type(state, payload["type"]))
        elif verb == "comment":
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
    given = next((value for name, value in named.items() if _field(state, name).id == "issuetype"), "Epic")
    kind = _type(state, given.get("name", given.get("id")) if isinstance(given, dict) else given).id
    rest = {name: value for name, value in named.items() if _field(state, name).id not in ("issuetype", "project")}
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
        field = _field(state, name)
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


def _field(state: JiraState, name: str) -> Field:
    found = state.setup.named(name)
    if found is None:
        known = ", ".join(field.name for field in state.setup.fields.values())
        raise ValueError(f"Jira has no field {name}; it has {known}")
    return found


def _type(state: JiraState, text: Any) -> IssueType:
    types = state.setup.types.values()
    for kind in types:
        if text in (kind.id, kind.name):
            return kind
    raise ValueError(f"there is no issue type {text}; there are {', '.join(kind.name for kind in types)}")


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


def _convert(state: JiraState, now: datetime, who: Account, issue: Issue, kind: IssueType) -> None:
    """Another type of issue: it begins its new workflow; an epic hangs on nothing. Other values stay, maybe unseen."""
    if kind.level > 0 and "parent" in issue.values:
        jira_edit.edit(state, who.id, now, issue, {"fields": {"parent": None}})
    state.remember(issue.id, now)
    issue.type, issue.status, issue.updated = kind.id, INITIAL[kind.id], stamp(now)


def _administer(state: JiraState, verb: str, payload: JSON) -> JSON:
    setup = state.setup
    match verb:
        case "leave" | "return":
            account = state.account(str(payload["person"]))
            if account is None:
                raise ValueError(f"nobody with the address or account {payload['person']} works in this Jira")
            account.active = account.assignable = verb == "return"
        case "join":
            id = f"{state.number('other'):024x}"
            state.accounts[id] = Account(id, str(payload["name"]), str(payload["email"]))
            return {"user": id}
        case "require":
            id = _field(state, payload["field"]).id
            setup.required = [one for one in setup.required if one != id] + [id] * bool(payload["required"])
        case "restore":
            if "status" in payload:
                closed = _way(state, payload)
                setup.closed = [one for one in setup.closed if one != closed]
            else:
                id = next(id for id, field in setup.trash.items() if payload["field"] in (id, field.name))
                setup.fields[id] = setup.trash.pop(id)
        case "add":
            _add(state, payload)
        case "rename":
            _rename(state, payload)
        case _:
            _remove(state, payload)
    return {}


def _add(state: JiraState, payload: JSON) -> None:
    if "option" in payload:
        options = state.options[_field(state, payload["field"]).id]
        options[str(state.number("other"))] = str(payload["option"])
        return
    screens = tuple(_type(state, kind).id for kind in payload["types"])
    made = Field(f"customfield_{state.number('other')}", str(payload["field"]), str(payload["kind"]), screens)
    state.setup.fields[made.id] = made
    if made.kind in ("option", "options"):
        state.options[made.id] = {str(state.number("other")): str(name) for name in payload.get("options", ())}


def _rename(state: JiraState, payload: JSON) -> None:
    name = str(payload["name"])
    if "type" in payload:
        kind = _type(state, payload["type"])
        state.setup.types[kind.id] = replace(kind, name=name)
        return
    field = _field(state, payload["field"])
    if "option" in payload:
        state.options[field.id][_option(state, field, payload["option"])] = name
    else:
        state.setup.fields[field.id] = replace(field, name=name)


def _remove(state: JiraState, payload: JSON) -> None:
    if "status" in payload:
        state.setup.closed.append(_way(state, payload))
        return
    field = _field(state, payload["field"])
    if "option" not in payload:
        state.setup.trash[field.id] = state.setup.fields.pop(field.id)
        return
    id = _option(state, field, payload["option"])
    del state.options[field.id][id]
    for issue in state.issues.values():  # without an entry in its history
        held = issue.values.get(field.id)
        if held == id or held == [id]:
            del issue.values[field.id]
        elif isinstance(held, list) and id in held:
            issue.values[field.id] = [one for one in held if one != id]


def _option(state: JiraState, field: Field, name: str) -> str:
    for id, value in state.options.get(field.id, {}).items():
        if name in (id, value):
            return id
    raise ValueError(f"{field.name} has no option {name}")


def _way(state: JiraState, payload: JSON) -> str:
    """The transition to a status of a type."""
    kind = _type(state, payload["type"]).id
    for status in STATUSES:
        if status.type == kind and payload["status"] in (status.id, status.name):
            return status.transition
    raise ValueError(f"there is no status {payload['status']} in the workflow of {payload['type']}")
