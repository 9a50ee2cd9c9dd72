"""People at work in Jira's own interface: the control API's edits of its issues."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

from connectors.sandbox import jira_comments, jira_edit
from connectors.sandbox.jira_adf import from_markdown
from connectors.sandbox.jira_administer import ADMINISTRATION, administer, field_named, issue_named, person, type_named
from connectors.sandbox.jira_call import Refusal
from connectors.sandbox.jira_schema import EPIC, EPIC_LINK, EPIC_NAME, INITIAL, PROJECT_ID, TASK, Field, IssueType
from connectors.sandbox.jira_setup import Project
from connectors.sandbox.jira_state import Account, Issue, JiraState, stamp

JSON = dict[str, Any]

NEEDS = {
    "edit": ("as", "issue", "fields"),
    "create": ("as", "fields"),
    "delete": ("as", "issue"),
    "comment": ("as", "issue", "text"),
    "convert": ("as", "issue", "type"),
    "move": ("as", "issue", "project"),
    "clone": ("as", "issue"),
    "archive": ("as", "issue"),
    "unarchive": ("as", "issue"),
}


def perform(state: JiraState, now: datetime, verb: str, payload: JSON) -> JSON:
    """Edit, create, delete, comment, convert (to another type), move (to another project, which may be new and
    `visible` or not to the sync account), clone, archive, unarchive. Gives {"id", "key"} of the issue. What
    administrators do is in `jira_administer`.

    `as` is an address or account id, `issue` a key or id, `fields` maps ids or display names to Jira's own values;
    plain text will do for options, people (address), statuses, types, parents (key), and for rich text (in Jira Cloud's
    editor Markdown, on Data Center wiki markup as it is typed).
    Raises ValueError that says what is wrong.
    """
    needs = NEEDS | ADMINISTRATION
    if verb not in needs:
        raise ValueError(f"people cannot {verb} in jira; they can {', '.join(needs)}")
    missing = [name for name in needs[verb] if name not in payload]
    if missing:
        raise ValueError(f"jira {verb} needs {', '.join(missing)}")
    if verb in ADMINISTRATION:
        return administer(state, now, verb, payload)
    who = person(state, str(payload["as"]))
    try:
        if verb == "create":
            return _create(state, now, who, payload["fields"])
        issue = issue_named(state, payload["issue"])
        shown = {"id": issue.id, "key": issue.key}
        if verb == "delete":
            touched = jira_edit.delete(state, who.id, now, issue, with_subtasks=True)
            return shown | {"deleted": True, "touched": touched}
        if verb == "clone":
            return _clone(state, now, who, issue)
        _handle(state, now, who, issue, verb, payload)
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal
    return {"id": issue.id, "key": issue.key}


def _handle(state: JiraState, now: datetime, who: Account, issue: Issue, verb: str, payload: JSON) -> None:
    """What somebody does to one issue."""
    match verb:
        case "convert":
            _convert(state, now, who, issue, type_named(state, payload["type"]))
        case "comment":
            jira_comments.add(state, who.id, now, issue, _rich(state, str(payload["text"])))
        case "move":
            _move(state, now, who, issue, payload)
        case "archive" | "unarchive":
            state.remember(issue.id, now)
            issue.archived = verb == "archive"
        case _:
            _edit(state, now, who, issue, payload["fields"])


def _edit(state: JiraState, now: datetime, who: Account, issue: Issue, named: JSON) -> None:
    fields, status = _fields(state, issue.type, named)
    if fields:
        jira_edit.edit(state, who.id, now, issue, {"fields": fields})
    if status is not None:
        jira_edit.move(state, who.id, now, issue, status)


def _create(state: JiraState, now: datetime, who: Account, named: JSON) -> JSON:
    given = next((value for name, value in named.items() if field_named(state, name).id == "issuetype"), "Epic")
    kind = type_named(state, given.get("name", given.get("id")) if isinstance(given, dict) else given).id
    rest = {name: value for name, value in named.items() if field_named(state, name).id not in ("issuetype", "project")}
    fields, status = _fields(state, kind, rest)
    fields |= {"project": {"id": PROJECT_ID}, "issuetype": {"id": kind}}
    if kind == EPIC and not state.cloud:  # the form fills it in
        fields.setdefault(EPIC_NAME.id, fields.get("summary"))
    issue = jira_edit.create(state, who.id, now, {"fields": fields})
    if status is not None:
        jira_edit.move(state, who.id, now, issue, status)
    return {"id": issue.id, "key": issue.key}


def _fields(state: JiraState, kind: str, named: JSON) -> tuple[JSON, str | None]:
    """What the API would be given for these fields, and the id of the status if it is one of them."""
    fields: JSON = {}
    status: str | None = None
    for name, value in named.items():
        field = field_named(state, name)
        if field.kind == "parent" and kind == TASK and not state.cloud:
            field = EPIC_LINK
        if field.kind == "status":
            named_status = value.get("name", value.get("id")) if isinstance(value, dict) else value
            status = next((s.id for s in state.setup.statuses(kind) if named_status in (s.id, s.name)), None)
            if status is None:
                raise ValueError(f"there is no status {named_status} in the workflow of this issue")
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
        case "priority" | "resolution" | "components" | "versions":
            return {"name": value}
        case "parent":
            return {"key": value}
        case "doc":
            return _rich(state, value)
        case "user":
            id = person(state, value).id
            return {"accountId": id} if state.cloud else {"name": id}
    return value


def _rich(state: JiraState, typed: str) -> Any:
    """Formatted text as it is kept: Cloud's editor makes a document of Markdown, Data Center keeps what is typed."""
    return from_markdown(typed) if state.cloud else typed


def _convert(state: JiraState, now: datetime, who: Account, issue: Issue, kind: IssueType) -> None:
    """Another type of issue: it begins its new workflow; an epic hangs on nothing. Other values stay, maybe unseen."""
    for above in {"parent", EPIC_LINK.id} & set(issue.values) if kind.level > 0 else ():
        jira_edit.edit(state, who.id, now, issue, {"fields": {above: None}})
    state.remember(issue.id, now)
    issue.type, issue.status, issue.updated = kind.id, INITIAL[kind.id], stamp(now)


def _move(state: JiraState, now: datetime, who: Account, issue: Issue, payload: JSON) -> None:
    """To another project: the issue has another key from then on, and is found by the old one too."""
    key = str(payload["project"]).upper()
    project = state.setup.project(key)
    if project is None:
        project = Project(str(10000 + len(state.setup.projects)), key, key.capitalize(), payload.get("visible", True))
        state.setup.projects[project.id] = project
    state.remember(issue.id, now)
    before, issue.old_keys = issue.key, [*issue.old_keys, issue.key]
    issue.project, issue.key = project.id, state.next_key(project.id)
    state.add(issue)
    item: JSON = {"field": "Key", "fieldtype": "jira", "fieldId": "issuekey"}
    item |= {"from": None, "fromString": before, "to": None, "toString": issue.key}
    jira_edit.record(state, issue, who.id, now, [item], None)


def _clone(state: JiraState, now: datetime, who: Account, issue: Issue) -> JSON:
    """A second issue with the values of the first, and maybe with its properties, which then name the wrong issue."""
    copied = deepcopy(issue.values) | {"summary": f"CLONE - {issue.values['summary']}", "reporter": who.id}
    copied.pop("resolution", None)
    properties = deepcopy(issue.properties) if state.switches.clone_copies_properties else {}
    id, key, at = str(state.number("issue")), state.next_key(issue.project), stamp(now)
    state.remember(id, now)
    status = INITIAL[issue.type]
    made = Issue(id, key, issue.type, status, who.id, at, at, copied, properties, project=issue.project)
    state.add(made)
    state.emit("jira:issue_created", made, who.id, now, type="issue_created")
    return {"id": made.id, "key": made.key}
