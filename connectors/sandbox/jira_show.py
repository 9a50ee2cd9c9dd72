"""How the Jira stand-in shows an issue: chosen fields, properties and expansions (reference jira §5.1)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox import jira_adf
from connectors.sandbox.jira_call import Call
from connectors.sandbox.jira_catalog import (
    OPERATIONS,
    allowed_json,
    option_json,
    priority_json,
    project_json,
    resolution_json,
    schema_json,
    status_json,
    type_json,
)
from connectors.sandbox.jira_schema import (
    EPIC_NAME,
    PARENT_ON_CLOUD,
    PRIORITIES,
    PROJECT_ID,
    RESOLUTIONS,
    STATUS,
    SUBTASK,
    Field,
)
from connectors.sandbox.jira_state import Issue
from connectors.sandbox.jira_workflow import Transition

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
    on_epics = field.kind == "parent" and field == PARENT_ON_CLOUD
    return not field.screens or issue.type in field.screens or on_epics


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
    own |= {"creator": issue.creator, "project": issue.project}
    value: Any = own.get(field.id, issue.values.get(field.id))
    match field.kind, value:
        case (("labels" | "components" | "versions"), None):
            return None if field.custom else []
        case "subtasks", _:
            tasks = (one for one in call.state.issues.values() if one.type == SUBTASK)
            return [_relative_json(call, one) for one in tasks if one.values.get("parent") == issue.id]
        case _, None:
            return None
        case "user", id:
            return call.user_json(id)
        case (("stamp" | "datetime"), text):
            return call.time(text)
        case "doc", _:
            return document(call, value, f"{issue.id}/{field.id}")
        case (("options" | "components" | "versions"), ids):
            return [option_json(call, field, id) for id in ids]
        case "parent", id:
            return _relative_json(call, call.state.issues[id]) if id in call.state.issues else None
        case "epic", id:
            return call.state.issues[id].key if id in call.state.issues else None
        case (("line" | "text" | "date" | "number" | "labels" | "label"), _):
            return value
    return _named(call, field, value)


def _named(call: Call, field: Field, id: str) -> JSON:
    """Something of a fixed list, by its id."""
    match field.kind:
        case "option" | "cascade":
            return option_json(call, field, id)
        case "priority":
            return priority_json(call, id)
        case "resolution":
            return resolution_json(call, id)
        case "status":
            return status_json(call, STATUS[id])
        case "issuetype":
            return type_json(call, call.state.setup.types[id])
    return project_json(call, call.state.setup.projects[id])


def document(call: Call, text: JSON | str, salt: str) -> JSON | str | None:
    """Rich text as this caller's version of the API shows it."""
    if isinstance(text, str):
        return text
    if not call.rich:
        return jira_adf.wiki(text)
    return jira_adf.with_noise(text, salt) if call.state.switches.adf_noise else text


def _relative_json(call: Call, issue: Issue) -> JSON:
    """A parent or a sub-task in short."""
    fields = {
        "summary": issue.values["summary"],
        "status": status_json(call, STATUS[issue.status]),
        "priority": priority_json(call, issue.values["priority"]),
        "issuetype": type_json(call, call.state.setup.types[issue.type]),
    }
    return {"id": issue.id, "key": issue.key, "self": f"{call.base}/issue/{issue.id}", "fields": fields}


def history_json(call: Call, entry: JSON) -> JSON:
    """One entry of a changelog."""
    shown = {"author": call.user_json(entry["author"]), "created": call.time(entry["created"])}
    return entry | shown | {"items": items_json(call, entry["items"])}


def items_json(call: Call, items: list[JSON]) -> list[JSON]:
    """The changes of a history. Data Center names fields only by their names."""
    return [{name: value for name, value in item.items() if call.cloud or name != "fieldId"} for item in items]


def transitions_json(call: Call, issue: Issue, all_of_them: bool = False, with_fields: bool = False) -> list[JSON]:
    """What the caller can do from the issue's status; also what somebody else can, if asked for all of them."""
    setup = call.state.setup
    open_ways = setup.open_ways(issue.type, issue.status) if call.viewer is not None and not issue.archived else []
    found = []
    for way in setup.ways(issue.type) if all_of_them else open_ways:
        shown = _transition_json(call, way, issue)
        if call.cloud:
            shown["isAvailable"] = way in open_ways
        if with_fields:
            known = (setup.fields[id] for id in way.screen if id in setup.fields)
            metas = {f.id: field_meta(call, f, issue.type) | {"required": f.id in way.required} for f in known}
            shown["fields"] = metas
        found.append(shown)
    return found


def _transition_json(call: Call, way: Transition, issue: Issue) -> JSON:
    shown: JSON = {"id": way.id, "name": way.name, "to": status_json(call, STATUS[way.to])}
    if not call.cloud:
        return shown | {"opsbarSequence": 10, "description": ""}
    return shown | {
        "hasScreen": bool(way.screen),
        "isGlobal": not way.sources,
        "isInitial": False,
        "isConditional": way.conditional,
        "looped": way.to == issue.status,
    }


def required(call: Call, field: Field) -> bool:
    """Whether an issue cannot be without the field."""
    epic_name = field.id == EPIC_NAME.id and call.state.switches.epic_name_required
    return epic_name or field.id in (*REQUIRED, *call.state.setup.required)


def field_meta(call: Call, field: Field, type_id: str) -> JSON:
    """What may be written into a field: as in createmeta, editmeta, and on the screens of transitions."""
    meta: JSON = {
        "required": required(call, field) or (field.kind == "parent" and type_id == SUBTASK),
        "schema": schema_json(field),
        "name": field.name,
        "hasDefaultValue": field.id in ("priority", "reporter"),
        "operations": OPERATIONS.get(field.kind, ["set"]),
    }
    if call.cloud:
        meta["key"] = field.id
    match field.kind:
        case "option" | "options" | "cascade" | "components" | "versions":
            meta["allowedValues"] = allowed_json(call, field)
        case "priority":
            meta["allowedValues"] = [priority_json(call, id) for id, _ in PRIORITIES]
        case "resolution":
            meta["allowedValues"] = [resolution_json(call, id) for id, _ in RESOLUTIONS]
        case "issuetype":
            meta["allowedValues"] = [type_json(call, call.state.setup.types[type_id])]
        case "project":
            meta["allowedValues"] = [project_json(call, call.state.setup.projects[PROJECT_ID])]
        case "user":
            query = "query" if call.cloud else "username"
            search = f"{call.base}/user/assignable/search?project={call.state.setup.key}&{query}="
            meta["autoCompleteUrl"] = search
        case "labels":
            meta["autoCompleteUrl"] = f"{call.base.rsplit('/api/', 1)[0]}/api/1.0/labels/suggest?query="
    return meta


def edit_meta(call: Call, issue: Issue) -> JSON:
    """The fields that can be edited now. The status is none of them."""
    if not call.may("edit") or issue.archived:
        return {}
    return {f.id: field_meta(call, f, issue.type) for f in call.state.setup.fields.values() if issue.type in f.screens}
