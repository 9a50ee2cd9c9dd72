"""What administrators of Jira do: people, fields, types, workflows, permissions, webhooks, and a test's switches."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from connectors.sandbox.jira_schema import PROJECT_ID, STATUS, Field, IssueType
from connectors.sandbox.jira_state import Account, Issue, JiraState
from connectors.sandbox.jira_webhooks import EVENTS
from connectors.sandbox.jira_workflow import SIMPLE, WORKFLOWS, ways

JSON = dict[str, Any]

ADMINISTRATION = {
    "switch": ("name", "value"),
    "rename": ("name",),
    "remove": (),
    "restore": (),
    "add": ("field",),
    "require": ("field", "required"),
    "join": ("email", "name"),
    "leave": ("person",),
    "return": ("person",),
    "assignable": ("person", "value"),
    "workflow": ("type", "name"),
    "permission": ("permission", "granted"),
    "hide": ("issue",),
    "show": ("issue",),
    "rekey": ("key",),
    "scopes": ("scopes",),
    "webhook": ("url",),
}


def administer(state: JiraState, now: datetime, verb: str, payload: JSON) -> JSON:
    """Carry out one of the verbs above. Raises ValueError that says what is wrong.

    They rename a `field`, a `type` or an `option` of a field; remove a field (into the trash, from where it is
    restored with its values), an option (every issue loses it) or the transition to a `status` (of a `type`;
    restore opens it again); add a `field` (of a `kind`, for `types`; for none it is on no screen) or an option;
    make a field `required`; let somebody (or, by `kind`, an app) join, switch a `person`'s account off and on, or
    let nobody assign them issues; give a `type` the workflow `simple` or `2019`; grant the sync account a
    `permission` or take it away; hide an issue from it (security levels) and show it again; give the project
    another `key`; change what the OAuth app may do (`scopes`); have a `url` told of `events` (all there are about
    issues) that fit a `jql`, signed with a `secret`.
    """
    match verb:
        case "switch":
            state.switches.turn(str(payload["name"]), payload["value"])
            return {"switches": asdict(state.switches)}
        case "leave" | "return" | "assignable" | "join":
            return _staff(state, verb, payload)
        case "permission":
            known, name = state.setup.permissions, payload["permission"]
            if name not in known:
                raise ValueError(f"there is no permission {name}; there are {', '.join(known)}")
            known[name] = bool(payload["granted"])
        case "hide" | "show":
            issue = issue_named(state, payload["issue"])
            state.remember(issue.id, now)
            issue.hidden = verb == "hide"
            return {"id": issue.id, "key": issue.key}
        case "rekey":
            _rekey(state, str(payload["key"]).upper())
        case "webhook":
            return _hook(state, now, payload)
        case "scopes":
            state.oauth["scopes"] = [str(scope) for scope in payload["scopes"]]
        case _:
            _design(state, verb, payload)
    return {}


def _staff(state: JiraState, verb: str, payload: JSON) -> JSON:
    if verb == "join":
        number = state.number("other")
        id = f"{number:024x}" if state.cloud else str(payload["email"]).partition("@")[0]
        key = "" if state.cloud else f"JIRAUSER{number}"
        kind = str(payload.get("kind", "atlassian"))
        state.accounts[id] = Account(id, str(payload["name"]), str(payload["email"]), kind=kind, key=key)
        return {"user": id}
    account = person(state, str(payload["person"]))
    if verb == "assignable":
        account.assignable = bool(payload["value"])
    else:
        account.active = account.assignable = verb == "return"
    return {}


def _hook(state: JiraState, now: datetime, payload: JSON) -> JSON:
    id, owner = state.number("webhook"), next(iter(state.accounts))
    hook: JSON = {"id": id, "kind": "admin", "name": payload.get("name", "Webhook"), "url": payload["url"]}
    hook |= {"events": list(payload.get("events", EVENTS)), "filter": str(payload.get("jql", "")), "owner": owner}
    hook |= {"secret": str(payload.get("secret", "")), "fields": None, "properties": None, "enabled": True}
    state.webhooks.append(hook | {"exclude": False, "updated": int(now.timestamp() * 1000)})
    return {"webhook": id}


def _rekey(state: JiraState, key: str) -> None:
    """The project and all its issues are called otherwise, and are found by their old keys too."""
    project = state.setup.projects[PROJECT_ID]
    project.old_keys, project.key = [*project.old_keys, project.key], key
    for issue in state.issues.values():
        if issue.project == PROJECT_ID:
            issue.old_keys = [*issue.old_keys, issue.key]
            issue.key = f"{key}-{issue.key.rsplit('-', 1)[1]}"
            state.add(issue)


def _design(state: JiraState, verb: str, payload: JSON) -> None:
    setup = state.setup
    match verb:
        case "workflow":
            kind, name = type_named(state, payload["type"]).id, str(payload["name"])
            if name not in WORKFLOWS:
                raise ValueError(f"there is no workflow {name}; there are {', '.join(WORKFLOWS)}")
            setup.workflows[kind] = name
            for issue in state.issues.values():
                if issue.type == kind and issue.status not in (s.id for s in setup.statuses(kind)):
                    issue.status = setup.statuses(kind)[0].id
        case "require":
            id = field_named(state, payload["field"]).id
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


def _add(state: JiraState, payload: JSON) -> None:
    if "option" in payload:
        options = state.options[field_named(state, payload["field"]).id]
        options[str(state.number("other"))] = str(payload["option"])
        return
    screens = tuple(type_named(state, kind).id for kind in payload["types"])
    made = Field(f"customfield_{state.number('other')}", str(payload["field"]), str(payload["kind"]), screens)
    state.setup.fields[made.id] = made
    if made.kind in ("option", "options"):
        state.options[made.id] = {str(state.number("other")): str(name) for name in payload.get("options", ())}


def _rename(state: JiraState, payload: JSON) -> None:
    name = str(payload["name"])
    if "type" in payload:
        kind = type_named(state, payload["type"])
        state.setup.types[kind.id] = replace(kind, name=name)
        return
    field = field_named(state, payload["field"])
    if "option" in payload:
        state.options[field.id][_option(state, field, payload["option"])] = name
    else:
        state.setup.fields[field.id] = replace(field, name=name)


def _remove(state: JiraState, payload: JSON) -> None:
    if "status" in payload:
        state.setup.closed.append(_way(state, payload))
        return
    field = field_named(state, payload["field"])
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
    kind = type_named(state, payload["type"]).id
    for way in state.setup.ways(kind) + [w for w in ways(SIMPLE, kind) if w.id in state.setup.closed]:
        if payload["status"] in (way.to, STATUS[way.to].name):
            return way.id
    raise ValueError(f"there is no status {payload['status']} in the workflow of {payload['type']}")


def person(state: JiraState, text: str) -> Account:
    """The account of this address or id."""
    account = state.account(text)
    if account is None:
        raise ValueError(f"nobody with the address or account {text} works in this Jira")
    return account


def field_named(state: JiraState, name: str) -> Field:
    """The field of this id or name."""
    found = state.setup.named(name)
    if found is None:
        known = ", ".join(field.name for field in state.setup.fields.values())
        raise ValueError(f"Jira has no field {name}; it has {known}")
    return found


def type_named(state: JiraState, text: Any) -> IssueType:
    """The issue type of this id or name."""
    types = state.setup.types.values()
    for kind in types:
        if text in (kind.id, kind.name):
            return kind
    raise ValueError(f"there is no issue type {text}; there are {', '.join(kind.name for kind in types)}")


def issue_named(state: JiraState, named: Any) -> Issue:
    """The issue of this id or key."""
    issue = state.find(str(named))
    if issue is None:
        raise ValueError(f"there is no issue {named}")
    return issue
