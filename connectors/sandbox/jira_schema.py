"""The demo company's Jira project: issue types, statuses, transitions, and fields (reference jira §5.6-5.8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

JSON = dict[str, Any]

PROJECT_ID: Final = "10000"
PROJECT_KEY: Final = "CAM"
PROJECT_NAME: Final = "Campaigns"
EPIC: Final = "10001"
TASK: Final = "10002"
CUSTOM: Final = "com.atlassian.jira.plugin.system.customfieldtypes:"

CATEGORIES: Final = {
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}


@dataclass(frozen=True, slots=True)
class IssueType:
    """A type of issue. `level` 1 stands above level 0, whose issues it may be the parent of."""

    id: str
    name: str
    description: str
    level: int


@dataclass(frozen=True, slots=True)
class Status:
    """A status and the global transition that leads to it from every other status of the workflow."""

    id: str
    name: str
    category: str
    type: str
    transition: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field. `kind` decides how its values are checked and shown; `screens` are the types that let it be set."""

    id: str
    name: str
    kind: str
    screens: tuple[str, ...] = ()

    @property
    def custom(self) -> bool:
        return self.id.startswith("customfield_")

    @property
    def number(self) -> int:
        """The digits of a custom field's id."""
        return int(self.id.removeprefix("customfield_"))


TYPES: Final = (
    IssueType(EPIC, "Epic", "A campaign: one email to its audiences.", 1),
    IssueType(TASK, "Task", "One stage of a campaign.", 0),
)
STATUSES: Final = (
    Status("10100", "Planned", "new", EPIC, "11"),
    Status("10101", "In Progress", "indeterminate", EPIC, "21"),
    Status("10102", "In Review", "indeterminate", EPIC, "31"),
    Status("10103", "Approved", "indeterminate", EPIC, "41"),
    Status("10104", "Scheduled", "indeterminate", EPIC, "51"),
    Status("10105", "Sending", "indeterminate", EPIC, "61"),
    Status("10106", "Sent", "done", EPIC, "71"),
    Status("10107", "Cancelled", "done", EPIC, "81"),
    Status("10110", "To Do", "new", TASK, "12"),
    Status("10111", "In Progress", "indeterminate", TASK, "22"),
    Status("10112", "Blocked", "indeterminate", TASK, "32"),
    Status("10113", "Done", "done", TASK, "42"),
    Status("10114", "Dropped", "done", TASK, "52"),
)
INITIAL: Final = {EPIC: "10100", TASK: "10110"}
PRIORITIES: Final = (("1", "Highest"), ("2", "High"), ("3", "Medium"), ("4", "Low"), ("5", "Lowest"))
DEFAULT_PRIORITY: Final = "3"

_BOTH = (EPIC, TASK)
METRIC_FIELDS: Final = ("Delivered", "Opens", "Clicks", "Conversions", "Unsubscribes", "Bounces")
REGIONS: Final = ("EMEA", "Americas", "APAC")
CHANNELS: Final = ("Email", "SMS", "Push")
FIELDS: Final = (
    Field("summary", "Summary", "line", _BOTH),
    Field("description", "Description", "doc", _BOTH),
    Field("duedate", "Due date", "date", _BOTH),
    Field("assignee", "Assignee", "user", _BOTH),
    Field("labels", "Labels", "labels", _BOTH),
    Field("priority", "Priority", "priority", _BOTH),
    Field("reporter", "Reporter", "user", _BOTH),
    Field("parent", "Parent", "parent", (TASK,)),
    Field("issuetype", "Issue Type", "issuetype"),
    Field("project", "Project", "project"),
    Field("status", "Status", "status"),
    Field("creator", "Creator", "user"),
    Field("created", "Created", "stamp"),
    Field("updated", "Updated", "stamp"),
    Field("customfield_10030", "Stage", "option", (TASK,)),
    Field("customfield_10031", "Program", "option", (EPIC,)),
    Field("customfield_10032", "Audiences", "options", (EPIC,)),
    Field("customfield_10033", "Subject line", "text", (EPIC,)),
    Field("customfield_10034", "Scheduled send", "datetime", (EPIC,)),
    Field("customfield_10035", "Scheduled send type", "option", (EPIC,)),
    *(Field(f"customfield_{10040 + n}", name, "number", (EPIC,)) for n, name in enumerate(METRIC_FIELDS)),
    # What the team has added for itself, one field of each kind.
    Field("customfield_10050", "Region", "option", (EPIC,)),
    Field("customfield_10051", "Budget", "number", (EPIC,)),
    Field("customfield_10052", "Embargo", "date", (EPIC,)),
    Field("customfield_10053", "Approver", "user", (EPIC,)),
    Field("customfield_10054", "Legal check", "option", (EPIC,)),
    Field("customfield_10055", "Channels", "options", (EPIC,)),
    Field("customfield_10056", "Learnings", "doc", (EPIC,)),
    Field("customfield_10057", "UTM campaign", "text", (EPIC,)),
    Field("customfield_10058", "Goes live", "datetime", (EPIC,)),
    Field("customfield_10059", "Effort", "number", (TASK,)),
)
FIELD: Final = {field.id: field for field in FIELDS}
TYPE: Final = {kind.id: kind for kind in TYPES}
STATUS: Final = {status.id: status for status in STATUSES}
# The options of the select fields; those of Audiences are the company's lists and segments.
OPTIONS: Final = {
    "customfield_10030": (
        10200,
        ("Strategy", "Segmentation", "Content", "Design", "Build", "QA", "Compliance", "Deployment", "Analysis"),
    ),
    "customfield_10031": (10220, ("Newsletter", "Promotion", "Lifecycle", "Product launch", "Event")),
    "customfield_10035": (10230, ("Exact time", "Recipient local", "Day")),
    "customfield_10050": (10240, REGIONS),
    "customfield_10054": (10250, ("Yes", "No")),
    "customfield_10055": (10260, CHANNELS),
}
AUDIENCES_FIELD: Final = "customfield_10032"
AUDIENCES_FIRST: Final = 11000

# kind -> (schema type, items, name of the custom field type)
_SCHEMAS: Final = {
    "line": ("string", None, None),
    "text": ("string", None, "textfield"),
    "doc": ("string", None, "textarea"),
    "date": ("date", None, "datepicker"),
    "datetime": ("datetime", None, "datetime"),
    "stamp": ("datetime", None, None),
    "user": ("user", None, "userpicker"),
    "labels": ("array", "string", "labels"),
    "option": ("option", None, "select"),
    "options": ("array", "option", "multiselect"),
    "number": ("number", None, "float"),
    "parent": ("issuelink", None, None),
    "priority": ("priority", None, None),
    "issuetype": ("issuetype", None, None),
    "project": ("project", None, None),
    "status": ("status", None, None),
}
OPERATIONS: Final = {"labels": ["add", "set", "remove"], "options": ["add", "set", "remove"]}


@dataclass(slots=True)
class Setup:
    """The project as its administrators have it now; it begins as the company's, above.

    `trash` holds removed fields, whose values stay where they are; `required` are ids of fields that creating and
    editing must not leave empty; `closed` are transitions (ids) that the workflow has lost.
    """

    fields: dict[str, Field] = field(default_factory=lambda: dict(FIELD))
    trash: dict[str, Field] = field(default_factory=dict)
    types: dict[str, IssueType] = field(default_factory=lambda: dict(TYPE))
    required: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def named(self, name: str) -> Field | None:
        """The field of this id or display name, in any case of letters."""
        found = (one for one in self.fields.values() if name == one.id or name.lower() == one.name.lower())
        return next(found, None)

    def leading(self, kind: str) -> list[Status]:
        """The statuses that an issue of this type can be moved to."""
        return [status for status in STATUSES if status.type == kind and status.transition not in self.closed]

    @classmethod
    def load(cls, plain: JSON) -> Setup:
        """The inverse of its dump."""
        fields, trash = (
            {id: Field(**{**one, "screens": tuple(one["screens"])}) for id, one in plain[name].items()}
            for name in ("fields", "trash")
        )
        types = {id: IssueType(**one) for id, one in plain["types"].items()}
        return cls(fields, trash, types, plain["required"], plain["closed"])


def schema_json(field: Field) -> JSON:
    """The `schema` member of a field."""
    type_, items, custom = _SCHEMAS[field.kind]
    shown: JSON = {"type": type_} | ({"items": items} if items else {})
    if field.custom:
        return shown | {"custom": f"{CUSTOM}{custom}", "customId": field.number}
    return shown | {"system": field.id}


def field_json(field: Field) -> JSON:
    """One element of `GET /field`."""
    clauses = [f"cf[{field.number}]", field.name] if field.custom else [field.id]
    if field.id == "duedate":
        clauses = ["due", "duedate"]
    return {
        "id": field.id,
        "key": field.id,
        "name": field.name,
        "custom": field.custom,
        "orderable": bool(field.screens),
        "navigable": True,
        "searchable": True,
        "clauseNames": clauses,
        "schema": schema_json(field),
    }


def status_json(status: Status, base: str) -> JSON:
    """A status as every answer shows it. `base` is the address of the API with its version."""
    number, name, colour = CATEGORIES[status.category]
    address = f"{base}/statuscategory/{number}"
    category = {"self": address, "id": number, "key": status.category, "colorName": colour, "name": name}
    return {
        "self": f"{base}/status/{status.id}",
        "description": "",
        "iconUrl": f"{_site(base)}/images/icons/statuses/generic.png",
        "name": status.name,
        "id": status.id,
        "statusCategory": category,
    }


def type_json(kind: IssueType, base: str) -> JSON:
    """An issue type as every answer shows it."""
    return {
        "self": f"{base}/issuetype/{kind.id}",
        "id": kind.id,
        "description": kind.description,
        "iconUrl": f"{_site(base)}/images/icons/issuetypes/{kind.name.lower()}.svg",
        "name": kind.name,
        "subtask": False,
        "hierarchyLevel": kind.level,
    }


def priority_json(id: str, base: str) -> JSON:
    """A priority as every answer shows it."""
    icon = f"{_site(base)}/images/icons/priorities/{id}.svg"
    return {"self": f"{base}/priority/{id}", "iconUrl": icon, "name": dict(PRIORITIES)[id], "id": id}


def project_json(base: str) -> JSON:
    """The project in its short form, as issues show it."""
    return {
        "self": f"{base}/project/{PROJECT_ID}",
        "id": PROJECT_ID,
        "key": PROJECT_KEY,
        "name": PROJECT_NAME,
        "projectTypeKey": "software",
        "simplified": False,
    }


def option_json(id: str, value: str, base: str) -> JSON:
    """One option of a select field."""
    return {"self": f"{base}/customFieldOption/{id}", "value": value, "id": id}


def _site(base: str) -> str:
    return base.split("/rest/", 1)[0]
