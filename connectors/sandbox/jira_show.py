"""How the Jira stand-in shows an issue: chosen fields, properties and expansions (reference jira §5.1)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox import jira_adf
from connectors.sandbox.jira_call import Call
from connectors.sandbox.jira_edit import transitions
from connectors.sandbox.jira_schema import (
    OPERATIONS,
    PRIORITIES,
    STATUS,
    Field,
    Status,
    option_json,
    priority_json,
    project_json,
    schema_json,
    status_json,
    type_json,
)
from connectors.sandbox.jira_state import Issue

JSON = dict[str, Any]

EXPANDABLE = "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"
HISTORIES_SHOWN = 40
REQUIRED = ("summary", "issuetype", "project")


def chosen(asked: list[str], known: set[str]) -> set[str]:
    """The ids of known fields that a `fields` parameter means; only exclusions mean all fields but these."""
    words = [word.strip() for text in asked for word in text.split(",") if word.strip()]
    wanted = set() if any(not word.startswith("-") for word in words) else set(known)
    for word in words:
        if word in ("*all", "*navigable"):
            wanted |= known
        elif word.startswith("-"):
            wanted.discard(word[1:])
        else:
            wanted.add(word)
    return wanted & known


def on_issue(issue: Issue, field: Field) -> bool:
    """Whether an issue of this type has the field at all."""
    return not field.screens or issue.type in field.screens or field.id == "parent"


def issue_json(call: Call, issue: Issue, fields: list[str], properties: list[str], expand: set[str]) -> JSON:
    """An issue. `fields` are the words of the parameter, not empty."""
    known = call.state.setup.fields
    ids = chosen(fields, set(known))
    out: JSON = {
        "expand": EXPANDABLE,
        "id": issue.id,
        "self": f"{call.base}/issue/{issue.id}",
        "key": issue.key,
        "fields": {f.id: shown(call, issue, f) for f in known.values() if f.id in ids and on_issue(issue, f)},
    }
    if properties:
        names = list(issue.properties) if "*all" in properties else properties
        out["properties"] = {name: issue.properties[name] for name in names if name in issue.properties}
    if "names" in expand:
        out["names"] = {id: known[id].name for id in out["fields"]}
    if "schema" in expand:
        out["schema"] = {id: schema_json(known[id]) for id in out["fields"]}
    if "changelog" in expand:
        latest = issue.histories[::-1][:HISTORIES_SHOWN]
        histories = [history_json(call, entry) for entry in latest]
        out["changelog"] = {
            "startAt": 0, "maxResults": len(histories), "total": len(issue.histories), "histories": histories,
        }  # fmt: skip
    if "transitions" in expand:
        out["transitions"] = transitions_json(call, issue)
    if "editmeta" in expand:
        out["editmeta"] = {"fields": edit_meta(call, issue)}
    return out


def shown(call: Call, issue: Issue, field: Field) -> Any:
    """A field of an issue as the API shows it to this caller."""
    own = {"status": issue.status, "issuetype": issue.type, "created": issue.created, "updated": issue.updated}
    own |= {"creator": issue.creator, "project": "-"}
    value: Any = own.get(field.id, issue.values.get(field.id))
    match field.kind, value:
        case "labels", None:
            return []
        case _, None:
            return None
        case "user", id:
            return call.user_json(id)
        case (("stamp" | "datetime"), text):
            return call.time(text)
        case "doc", _:
            return _document(call, dict(value), f"{issue.id}/{field.id}")
        case "options", ids:
            return [option_json(id, call.state.options[field.id][id], call.base) for id in ids]
        case "parent", id:
            return _parent_json(call, call.state.issues.get(id))
        case (("line" | "text" | "date" | "number" | "labels"), _):
            return value
    return _named(call, field, value)


def _named(call: Call, field: Field, id: str) -> JSON:
    """Something of a fixed list, by its id."""
    match field.kind:
        case "option":
            return option_json(id, call.state.options[field.id][id], call.base)
        case "priority":
            return priority_json(id, call.base)
        case "status":
            return status_json(STATUS[id], call.base)
        case "issuetype":
            return type_json(call.state.setup.types[id], call.base)
    return project_json(call.base)


def _document(call: Call, document: JSON, salt: str) -> JSON | str | None:
    if not call.rich:
        return jira_adf.wiki(document)
    return jira_adf.with_noise(document, salt) if call.state.switches["adf_noise"] else document


def _parent_json(call: Call, parent: Issue | None) -> JSON | None:
    if parent is None:
        return None
    fields = {
        "summary": parent.values["summary"],
        "status": status_json(STATUS[parent.status], call.base),
        "priority": priority_json(parent.values["priority"], call.base),
        "issuetype": type_json(call.state.setup.types[parent.type], call.base),
    }
    return {"id": parent.id, "key": parent.key, "self": f"{call.base}/issue/{parent.id}", "fields": fields}


def history_json(call: Call, entry: JSON) -> JSON:
    """One entry of a changelog."""
    return entry | {"author": call.user_json(entry["author"]), "created": call.time(entry["created"])}


def transitions_json(call: Call, issue: Issue) -> list[JSON]:
    """What the caller can do from the issue's status: in this workflow everything."""
    return [_transition_json(call, status, issue) for status in transitions(call.state, issue)]


def _transition_json(call: Call, status: Status, issue: Issue) -> JSON:
    return {
        "id": status.transition,
        "name": status.name,
        "to": status_json(status, call.base),
        "hasScreen": False,
        "isGlobal": True,
        "isInitial": False,
        "isAvailable": True,
        "isConditional": False,
        "looped": status.id == issue.status,
    }


def field_meta(call: Call, field: Field, type_id: str) -> JSON:
    """What may be written into a field: as in createmeta and editmeta."""
    meta: JSON = {
        "required": field.id in (*REQUIRED, *call.state.setup.required),
        "schema": schema_json(field),
        "name": field.name,
        "key": field.id,
        "hasDefaultValue": field.id in ("priority", "reporter"),
        "operations": OPERATIONS.get(field.kind, ["set"]),
    }
    base = call.base
    match field.kind:
        case "option" | "options":
            options = call.state.options[field.id].items()
            meta["allowedValues"] = [option_json(id, value, base) for id, value in options]
        case "priority":
            meta["allowedValues"] = [priority_json(id, base) for id, _ in PRIORITIES]
        case "issuetype":
            meta["allowedValues"] = [type_json(call.state.setup.types[type_id], base)]
        case "project":
            meta["allowedValues"] = [project_json(base)]
        case "user":
            meta["autoCompleteUrl"] = f"{base}/user/assignable/search?project=CAM&query="
        case "labels":
            meta["autoCompleteUrl"] = f"{base.rsplit('/api/', 1)[0]}/api/1.0/labels/suggest?query="
    return meta


def edit_meta(call: Call, issue: Issue) -> JSON:
    """The fields that can be edited now. The status is none of them."""
    return {f.id: field_meta(call, f, issue.type) for f in call.state.setup.fields.values() if issue.type in f.screens}
