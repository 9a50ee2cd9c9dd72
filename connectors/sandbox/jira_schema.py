"""The demo company's Jira project: issue types, statuses, priorities, and fields (reference jira §5.6-5.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CLOUD: Final = "cloud"
DATA_CENTER: Final = "dc"

PROJECT_ID: Final = "10000"
PROJECT_KEY: Final = "CAM"
PROJECT_NAME: Final = "Campaigns"
EPIC: Final = "10001"
TASK: Final = "10002"
SUBTASK: Final = "10003"

CATEGORIES: Final = {
    "undefined": (1, "No Category", "medium-gray"),
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}


@dataclass(frozen=True, slots=True)
class IssueType:
    """A type of issue. `level` 1 stands above level 0, and that above the sub-tasks' -1."""

    id: str
    name: str
    description: str
    level: int


@dataclass(frozen=True, slots=True)
class Status:
    """A status. `transition` is the one that leads to it from everywhere in the simple workflow; "": none does."""

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
    IssueType(SUBTASK, "Sub-task", "A piece of a stage.", -1),
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
    Status("10120", "Wartet auf Freigabe", "undefined", TASK, ""),
)
INITIAL: Final = {EPIC: "10100", TASK: "10110", SUBTASK: "10110"}
PRIORITIES: Final = (("1", "Highest"), ("2", "High"), ("3", "Medium"), ("4", "Low"), ("5", "Lowest"))
DEFAULT_PRIORITY: Final = "3"
RESOLUTIONS: Final = (("10000", "Done"), ("10001", "Won't Do"), ("10002", "Duplicate"))

_MOST = (EPIC, TASK)
_ALL = (EPIC, TASK, SUBTASK)
METRIC_FIELDS: Final = ("Delivered", "Opens", "Clicks", "Conversions", "Unsubscribes", "Bounces", "Machine opens")
REGIONS: Final = ("EMEA", "Americas", "APAC")
CHANNELS: Final = ("Email", "SMS", "Push")
PARENT_ON_CLOUD: Final = Field("parent", "Parent", "parent", (TASK, SUBTASK))
PARENT_ON_DATA_CENTER: Final = Field("parent", "Parent", "parent", (SUBTASK,))
EPIC_NAME: Final = Field("customfield_10011", "Epic Name", "label", (EPIC,))
EPIC_LINK: Final = Field("customfield_10014", "Epic Link", "epic", (TASK,))
FIELDS: Final = (
    Field("summary", "Summary", "line", _ALL),
    Field("description", "Description", "doc", _ALL),
    Field("duedate", "Due date", "date", _ALL),
    Field("assignee", "Assignee", "user", _ALL),
    Field("labels", "Labels", "labels", _ALL),
    Field("priority", "Priority", "priority", _ALL),
    Field("reporter", "Reporter", "user", _ALL),
    Field("components", "Components", "components", _MOST),
    Field("fixVersions", "Fix versions", "versions", _MOST),
    Field("environment", "Environment", "doc", (TASK,)),
    PARENT_ON_CLOUD,
    Field("issuetype", "Issue Type", "issuetype"),
    Field("project", "Project", "project"),
    Field("status", "Status", "status"),
    Field("resolution", "Resolution", "resolution"),  # on screens of transitions only
    Field("subtasks", "Sub-tasks", "subtasks"),
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
    Field("customfield_10060", "Market", "cascade", (EPIC,)),
    Field("customfield_10061", "Keywords", "labels", (EPIC,)),
    Field("customfield_10062", "Old notes", "text"),  # on no screen any more
)
TYPE: Final = {kind.id: kind for kind in TYPES}
STATUS: Final = {status.id: status for status in STATUSES}
# The options of the select fields; those of Audiences are the company's lists and segments. A second word after the
# slash is an option below the first.
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
    "customfield_10060": (10270, ("Europe", "Europe/Germany", "Europe/France", "America", "America/Canada")),
    "components": (10300, ("Newsletter", "Landing page")),
    "fixVersions": (10320, ("Spring 2027", "Autumn 2027")),
}
AUDIENCES_FIELD: Final = "customfield_10032"
AUDIENCES_FIRST: Final = 11000


def fields_of(flavour: str) -> dict[str, Field]:
    """The fields of a new site of this flavour: on Data Center, issues hang on epics by a custom field (§5.9)."""
    found = {field.id: field for field in FIELDS}
    if flavour == DATA_CENTER:
        found |= {field.id: field for field in (PARENT_ON_DATA_CENTER, EPIC_NAME, EPIC_LINK)}
    return found


def workflow_type(kind: str) -> str:
    """The type whose statuses issues of this type go through: sub-tasks share those of tasks."""
    return TASK if kind == SUBTASK else kind
