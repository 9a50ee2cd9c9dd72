"""What people do to the set-up of a tool, how they undo it, and what somebody edits elsewhere at the same time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sync.model import UNSET, Day, Person, Unset, Value
from tests.e2e.native import DESIGNER, MANAGER, SPECIALIST, Who
from tests.faults.company import Crew

Act = Callable[[Crew], object]


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody's edit, in a tool that is in order, of the cell that the fault is about. `value` is what they mean."""

    tool: str
    fields: dict[str, Any]
    field: str
    value: Value
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """`breaks` and `mends` are what people do in the faulty tool; `fresh` is what a campaign made elsewhere has.

    `ends` is what the edited cell ends as, where mending changes it.
    """

    breaks: Act
    mends: Act
    edit: Edit
    fresh: dict[str, Any] = field(default_factory=dict)
    ends: Value | Unset = UNSET


def orders(*acts: tuple[str, dict[str, Any]]) -> Act:
    """Acts by the control API, one after the other."""

    def act(crew: Crew) -> None:
        for path, payload in acts:
            crew.control(path, payload)

    return act


def both(*acts: Act) -> Act:
    def act(crew: Crew) -> None:
        for one in acts:
            one(crew)

    return act


def nothing(_: Crew) -> None:
    """Nothing needs to be put right."""


PROGRAM = {"table": "Campaigns", "field": "Program"}
SUBJECT = {"table": "Campaigns", "field": "Subject line"}
DUE = {"table": "Stages", "field": "Due"}
DAYS = {"dateFormat": {"name": "iso", "format": "YYYY-MM-DD"}}
OWNER = {"jira": "Assignee", "airtable": "Owner"}
TEXT = {"type": "singleLineText"}
CHOICES = ("Newsletter", "Promotion", "Lifecycle", "Product launch", "Event")

TO_LIFECYCLE = {tool: Edit(tool, {"Program": "Lifecycle"}, "program", "Lifecycle") for tool in ("jira", "airtable")}
TO_NOW = {tool: Edit(tool, {"Subject line": "Now"}, "subject", "Now") for tool in ("jira", "airtable")}
TO_PROGRESS = {
    "airtable": Edit("airtable", {"Status": "In progress"}, "status", "in_progress"),
    "jira": Edit("jira", {"Status": "In Progress"}, "status", "in_progress"),
}
VIP_TOO = Edit(
    "airtable", {"Audiences": ["Newsletter UK", "VIP customers"]}, "audiences",
    frozenset({"Newsletter UK", "VIP customers"}),
)  # fmt: skip
PRESS_TOO = Edit("airtable", {"Tags": ["sale", "press"]}, "tags", frozenset({"sale", "press"}))
TO_ANN = {tool: Edit(tool, {OWNER[tool]: Who("ann")}, "owner", Person("ann")) for tool in OWNER}
NEW_NAME = {tool: Edit(tool, {word: "Alpha two"}, "name", "Alpha two") for tool, word in
            {"jira": "Summary", "airtable": "Name"}.items()}  # fmt: skip
TO_MARTA = Edit("airtable", {"Owner": Who("marta")}, "owner", Person("marta"), stage="design")
STAGE_TO_ANN = Edit("jira", {"Assignee": Who("ann")}, "owner", Person("ann"), stage="design")
QA_LATER = Edit("airtable", {"Due": "2026-03-25"}, "due", Day(date(2026, 3, 25)), stage="qa")
LATER = Edit("jira", {"Due date": "2026-03-25"}, "due", Day(date(2026, 3, 25)), stage="design")


def remade(kind: str, name: str, **more: Any) -> Fault:
    """In Jira no field changes its type: people remove it and make another of the same name."""
    more = more or {"options": ["Now", "Event"]}
    breaks = orders(
        ("jira/remove", {"field": name}),
        ("jira/add", {"field": name, "kind": kind, "types": ["Epic"], **more}),
    )
    mends = orders(("jira/remove", {"field": name}), ("jira/restore", {"field": name}))
    return Fault(breaks, mends, TO_NOW["airtable"] if name == "Subject line" else TO_LIFECYCLE["airtable"])


def retyped(column: dict[str, Any], into: str, back: dict[str, Any], edit: Edit) -> Fault:
    return Fault(orders(("airtable/retype", column | {"type": into})), orders(("airtable/retype", column | back)), edit)


def pair(tool: str, verb: str, undo: str, what: dict[str, Any], edit: Edit, **fresh: Any) -> Fault:
    return Fault(orders((f"{tool}/{verb}", what)), orders((f"{tool}/{undo}", what)), edit, fresh)


def renamed(tool: str, what: dict[str, Any], key: str, new: str, edit: Edit) -> Fault:
    """`key` names the thing in `what`."""
    back = what | {key: new, "name": what[key]}
    return Fault(orders((f"{tool}/rename", what | {"name": new})), orders((f"{tool}/rename", back)), edit)


def assigns(tool: str, user: str, *names: str) -> Act:
    """Campaigns are given to somebody's account in the tool."""

    def act(crew: Crew) -> None:
        for name in names:
            crew.edit(tool, crew.record(name), **{OWNER[tool]: Who(user)})

    return act


def doubled(tool: str) -> Act:
    """Marta gets a second account with the same address, and two campaigns are given to that one."""

    def act(crew: Crew) -> None:
        user = crew.control(f"{tool}/join", {"email": "marta@acme.example", "name": "Marta Nowak"})["user"]
        for name in ("Alpha", "Beta"):
            crew.edit(tool, crew.record(name), **{OWNER[tool]: user if tool == "jira" else {"id": user}})

    return act


def wiped(tool: str) -> Act:
    """People take away what we marked a record with: a label, a cell, the end of a name."""

    def act(crew: Crew) -> None:
        match tool:
            case "jira":
                crew.edit("jira", crew.record("Alpha"), Labels=["sale"])
            case "airtable":
                crew.edit("airtable", crew.record("Gamma"), **{"Sync ID": None})
            case _:
                crew.edit("klaviyo", crew.record("Alpha"), name="Alpha")

    return act


COPY = "Copy of a campaign"


def copied(tool: str) -> Act:
    """People duplicate a record of ours with its mark."""

    def act(crew: Crew) -> None:
        mark = crew.record("Gamma" if tool == "airtable" else "Alpha").id
        match tool:
            case "jira":
                fields = {"Issue Type": "Epic", "Summary": COPY, "Labels": [mark]}
                crew.control("jira/create", {"as": crew.member(DESIGNER), "fields": fields})
            case "airtable":
                row = {"table": "Campaigns", "fields": {"Name": COPY, "Sync ID": mark}}
                crew.control("airtable/create", {"as": crew.member(MANAGER), **row})
            case _:
                crew.control("klaviyo/create", {"as": crew.member(SPECIALIST), "name": f"{COPY} [{mark}]"})

    return act


def copy_deleted(tool: str) -> Act:
    """People delete the copy that they made."""

    def act(crew: Crew) -> None:
        match tool:
            case "jira":
                state = crew.server("jira").state
                native = next(i.key for i in state.issues.values() if i.values["summary"] == COPY)
                crew.control("jira/delete", {"as": crew.member(DESIGNER), "issue": native})
            case "airtable":
                table = crew.server("airtable").base.table("Campaigns")
                name = table.column("Name").id
                native = next(row.id for row in table.rows.values() if row.cells.get(name) == COPY)
                crew.control("airtable/delete", {"as": crew.member(MANAGER), "table": "Campaigns", "record": native})
            case _:
                state = crew.server("klaviyo").state
                native = next(c.id for c in state.campaigns.values() if c.name.startswith(COPY))
                crew.control("klaviyo/delete", {"as": crew.member(SPECIALIST), "campaign": native})

    return act


def converted(kind: str) -> Act:
    """Alpha's QA becomes another type of issue, or a task again, which then needs its parent back."""

    def act(crew: Crew) -> None:
        if kind == "Epic":
            epic = crew.record("Alpha").links["jira"]
            crew.notes |= {"issue": crew.record("Alpha", "qa").links["jira"].ref.native, "epic": epic.key}
        issue = crew.notes["issue"]
        crew.control("jira/convert", {"as": crew.member(DESIGNER), "issue": issue, "type": kind})
        if kind == "Task":
            fields = {"Parent": crew.notes["epic"]}
            crew.control("jira/edit", {"as": crew.member(DESIGNER), "issue": issue, "fields": fields})

    return act


def unlabelled(crew: Crew) -> None:
    """People take the label that came from Klaviyo's new word out of Jira again."""
    for issue in list(crew.server("jira").state.issues.values()):
        labels = issue.values.get("labels", [])
        if "discount" in labels:
            kept = [label for label in labels if label != "discount"]
            fields = {"Labels": kept}
            crew.control("jira/edit", {"as": crew.member(DESIGNER), "issue": issue.key, "fields": fields})


def audience_back(crew: Crew) -> None:
    """Whoever planned it names an audience after all."""
    entities = crew.state().entities.values()
    for entity in entities:
        if entity.kind == "campaign" and not entity.agreed.get("audiences"):
            crew.edit("airtable", entity, Audiences=["Newsletter UK"])


def injected(tool: str, status: int, path: str, body: Any = None, method: str | None = None) -> Act:
    """The tool answers everything under a path so, until further notice."""
    fault = {"tool": tool, "status": status, "path": path, "body": body, "times": 10_000, "method": method}
    return orders(("fault", fault))


def cleared(crew: Crew) -> None:
    crew.box.world.faults.clear()


def list_removed(crew: Crew) -> None:
    crew.notes["list"] = crew.control("klaviyo/remove", {"audience": "Newsletter UK"})["was"]


def list_back(crew: Crew) -> None:
    """The list is there again under the id that campaigns have kept."""
    crew.control("klaviyo/add", {"audience": "Newsletter UK", "id": crew.notes["list"]})
