"""How the things of fixed lists are shown: fields, types, statuses, priorities, projects, options (reference §5.8)."""

from __future__ import annotations

from typing import Any, Final

from connectors.sandbox.jira_call import Call
from connectors.sandbox.jira_schema import CATEGORIES, PRIORITIES, RESOLUTIONS, Field, IssueType, Status
from connectors.sandbox.jira_setup import Project

JSON = dict[str, Any]

_TYPES: Final = "com.atlassian.jira.plugin.system.customfieldtypes:"
_EPICS: Final = "com.pyxis.greenhopper.jira:"
# kind -> (schema type, items, name of the custom field type)
_SCHEMAS: Final[dict[str, tuple[str, str | None, str | None]]] = {
    "line": ("string", None, None),
    "text": ("string", None, f"{_TYPES}textfield"),
    "doc": ("string", None, f"{_TYPES}textarea"),
    "date": ("date", None, f"{_TYPES}datepicker"),
    "datetime": ("datetime", None, f"{_TYPES}datetime"),
    "stamp": ("datetime", None, None),
    "user": ("user", None, f"{_TYPES}userpicker"),
    "labels": ("array", "string", f"{_TYPES}labels"),
    "option": ("option", None, f"{_TYPES}select"),
    "options": ("array", "option", f"{_TYPES}multiselect"),
    "cascade": ("option-with-child", None, f"{_TYPES}cascadingselect"),
    "components": ("array", "component", None),
    "versions": ("array", "version", None),
    "number": ("number", None, f"{_TYPES}float"),
    "parent": ("issuelink", None, None),
    "subtasks": ("array", "issuelinks", None),
    "priority": ("priority", None, None),
    "resolution": ("resolution", None, None),
    "issuetype": ("issuetype", None, None),
    "project": ("project", None, None),
    "status": ("status", None, None),
    "label": ("string", None, f"{_EPICS}gh-epic-label"),
    "epic": ("any", None, f"{_EPICS}gh-epic-link"),
}
_SETS: Final = ["add", "set", "remove"]
OPERATIONS: Final = {"labels": _SETS, "options": _SETS, "components": _SETS, "versions": _SETS}


def schema_json(field: Field) -> JSON:
    """The `schema` member of a field."""
    type_, items, custom = _SCHEMAS[field.kind]
    shown: JSON = {"type": type_} | ({"items": items} if items else {})
    if field.custom:
        return shown | {"custom": custom, "customId": field.number}
    return shown | {"system": field.id}


def field_json(call: Call, field: Field) -> JSON:
    """One element of `GET /field`."""
    clauses = [f"cf[{field.number}]", field.name] if field.custom else [field.id]
    if field.id == "duedate":
        clauses = ["due", "duedate"]
    return {"id": field.id} | ({"key": field.id} if call.cloud else {}) | {
        "name": field.name,
        "custom": field.custom,
        "orderable": bool(field.screens),
        "navigable": True,
        "searchable": True,
        "clauseNames": clauses,
        "schema": schema_json(field),
    }  # fmt: skip


def status_json(call: Call, status: Status) -> JSON:
    """A status as every answer shows it."""
    known = status.category != "undefined" or call.state.switches.undefined_category
    number, name, colour = CATEGORIES[status.category if known else "indeterminate"]
    key = status.category if known else "indeterminate"
    address = f"{call.base}/statuscategory/{number}"
    return {
        "self": f"{call.base}/status/{status.id}",
        "description": "",
        "iconUrl": f"{call.site}/images/icons/statuses/generic.png",
        "name": status.name,
        "id": status.id,
        "statusCategory": {"self": address, "id": number, "key": key, "colorName": colour, "name": name},
    }


def type_json(call: Call, kind: IssueType) -> JSON:
    """An issue type as every answer shows it."""
    shown: JSON = {
        "self": f"{call.base}/issuetype/{kind.id}",
        "id": kind.id,
        "description": kind.description,
        "iconUrl": f"{call.site}/images/icons/issuetypes/{kind.id}.svg",
        "name": kind.name,
        "subtask": kind.level < 0,
    }
    return shown | ({"hierarchyLevel": kind.level} if call.cloud else {})


def priority_json(call: Call, id: str) -> JSON:
    """A priority as every answer shows it."""
    icon = f"{call.site}/images/icons/priorities/{id}.svg"
    return {"self": f"{call.base}/priority/{id}", "iconUrl": icon, "name": dict(PRIORITIES)[id], "id": id}


def resolution_json(call: Call, id: str) -> JSON:
    """A resolution as every answer shows it."""
    return {
        "self": f"{call.base}/resolution/{id}",
        "id": id,
        "description": "",
        "name": dict(RESOLUTIONS)[id],
    }


def project_json(call: Call, project: Project) -> JSON:
    """A project in its short form, as issues show it."""
    shown: JSON = {
        "self": f"{call.base}/project/{project.id}",
        "id": project.id,
        "key": project.key,
        "name": project.name,
        "projectTypeKey": "software",
    }
    return shown | ({"simplified": False} if call.cloud else {})


def option_json(call: Call, field: Field, id: str) -> JSON:
    """One option of a select field; of a cascading one with the option below it that the id stands for."""
    value = call.state.options[field.id][id]
    if field.kind in ("components", "versions"):
        return _part_json(call, field, id, value)
    upper, _, lower = value.partition("/") if field.kind == "cascade" else (value, "", "")
    if lower:
        above = next(one for one, name in call.state.options[field.id].items() if name == upper)
        return _option(call, above, upper) | {"child": _option(call, id, lower)}
    return _option(call, id, value)


def _option(call: Call, id: str, value: str) -> JSON:
    shown = {"self": f"{call.base}/customFieldOption/{id}", "value": value, "id": id}
    return shown | ({} if call.cloud else {"disabled": False})


def _part_json(call: Call, field: Field, id: str, name: str) -> JSON:
    if field.kind == "components":
        return {"self": f"{call.base}/component/{id}", "id": id, "name": name}
    return {"self": f"{call.base}/version/{id}", "id": id, "name": name, "archived": False, "released": False}


def allowed_json(call: Call, field: Field) -> list[JSON]:
    """The options to choose from, those below others inside them."""
    options = call.state.options[field.id]
    if field.kind != "cascade":
        return [option_json(call, field, id) for id in options]
    tops = {value: _option(call, id, value) for id, value in options.items() if "/" not in value}
    for id, value in options.items():
        upper, _, lower = value.partition("/")
        if lower:
            tops[upper].setdefault("children", []).append(_option(call, id, lower))
    return list(tops.values())
