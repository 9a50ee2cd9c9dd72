"""The demo company's fields, people and default mappings, for the tests of this folder."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from mappings.bind import bind
from mappings.load import load
from sync.model import Kind, PersonEntry, Record, Ref, schema
from sync.ports import BoundMapping, NativeField, NativeSchema

ZONE = ZoneInfo("Europe/Berlin")
PEOPLE = (
    PersonEntry("ann", "Ann Lee", "ann@acme.example", "designer", True, {"jira": "5b10ann", "airtable": "usrANN"}),
    PersonEntry("bob", "Bob Roy", "bob@acme.example", "developer", True, {"jira": "5b10bob"}),
    PersonEntry("cat", "Cat Oh", "", "marketer", True, {"airtable": "usrCAT"}),
)
PROGRAMS = ("Newsletter", "Promotion", "Lifecycle", "Product launch", "Event")
STAGES = ("Strategy", "Segmentation", "Content", "Design", "Build", "QA", "Compliance", "Deployment", "Analysis")
AUDIENCES = (("Y6nRLr", "Newsletter list"), ("UTd5ui", "VIP customers"), ("Xk2p9a", "Lapsed"))
TYPES = ("Exact time", "Recipient local", "Day")
METRICS = ("Delivered", "Opens", "Clicks", "Conversions", "Unsubscribes", "Bounces", "Machine opens")
EPIC = ("Planned", "In Progress", "In Review", "Approved", "Scheduled", "Sending", "Sent", "Cancelled")
TASK = ("To Do", "In Progress", "Blocked", "Done", "Dropped")


def choices(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"opt{number}", name) for number, name in enumerate(names))


def _jira() -> NativeSchema:
    shared = (
        NativeField("summary", "Summary", "string"),
        NativeField("description", "Description", "doc"),
        NativeField("duedate", "Due date", "date"),
        NativeField("assignee", "Assignee", "user"),
        NativeField("labels", "Labels", "array:string"),
        NativeField("created", "Created", "datetime", read_only=True),
    )
    campaign = (
        *shared,
        NativeField("status", "Status", "status", options=choices(*EPIC)),
        NativeField("customfield_10031", "Program", "option", options=choices(*PROGRAMS)),
        NativeField("customfield_10032", "Audiences", "array:option", options=AUDIENCES),
        NativeField("customfield_10033", "Subject line", "string"),
        NativeField("customfield_10034", "Scheduled send", "datetime"),
        NativeField("customfield_10035", "Scheduled send type", "option", options=choices(*TYPES)),
        *(NativeField(f"customfield_1004{n}", name, "number") for n, name in enumerate(METRICS)),
    )
    stage = (
        *shared,
        NativeField("status", "Status", "status", options=choices(*TASK)),
        NativeField("customfield_10030", "Stage", "option", options=choices(*STAGES)),
    )
    return {Kind.CAMPAIGN: campaign, Kind.STAGE: stage}


def _airtable() -> NativeSchema:
    words = ("Planned", "In progress", "In review", "Approved", "Scheduled", "Sending", "Sent", "Cancelled")
    campaign = (
        NativeField("fldName", "Name", "singleLineText"),
        NativeField("fldBrief", "Brief", "richText"),
        NativeField("fldProgram", "Program", "singleSelect", options=choices(*PROGRAMS)),
        NativeField("fldStatus", "Status", "singleSelect", options=choices(*words)),
        NativeField("fldOwner", "Owner", "singleCollaborator"),
        NativeField("fldAud", "Audiences", "multipleSelects", options=AUDIENCES),
        NativeField("fldSubject", "Subject line", "singleLineText"),
        NativeField("fldTags", "Tags", "multipleSelects", options=choices("spring", "promo")),
        NativeField("fldPlanned", "Planned send", "dateTime"),
        NativeField("fldPlannedType", "Planned send type", "singleSelect", options=choices(*TYPES)),
        NativeField("fldSched", "Scheduled send", "dateTime"),
        NativeField("fldSchedType", "Scheduled send type", "singleSelect", options=choices(*TYPES)),
        *(NativeField("fld" + name.replace(" ", ""), name, "number") for name in METRICS),
        NativeField("fldKey", "Jira key", "singleLineText"),
        NativeField("fldModified", "Last modified", "lastModifiedTime", read_only=True),
    )
    stage = (
        NativeField("fldTitle", "Title", "singleLineText"),
        NativeField("fldStage", "Stage", "singleSelect", options=choices(*STAGES)),
        NativeField("fldOwner", "Owner", "singleCollaborator"),
        NativeField(
            "fldStatus", "Status", "singleSelect", options=choices("To do", "In progress", "Blocked", "Done", "Dropped")
        ),
        NativeField("fldDue", "Due", "date"),
        NativeField("fldNotes", "Notes", "richText"),
    )
    return {Kind.CAMPAIGN: campaign, Kind.STAGE: stage}


def _klaviyo() -> NativeSchema:
    times = (("grid", "1"), ("kinds", "day,instant,recipient_local,staggered"))
    return {
        Kind.CAMPAIGN: (
            NativeField("name", "Name", "string"),
            NativeField("subject", "Subject line", "subjects"),
            NativeField("audiences", "Audiences", "audiences", options=AUDIENCES),
            NativeField("planned", "Planned send", "send_time", options=times),
            NativeField("scheduled", "Scheduled send", "send_time", read_only=True),
            NativeField("status", "Status", "string", read_only=True),
            NativeField("tags", "Tags", "tags", options=choices("spring", "promo")),
            *(NativeField(name.lower(), name, "number", read_only=True) for name in METRICS[:-1]),
        )
    }


NATIVE = {"jira": _jira(), "airtable": _airtable(), "klaviyo": _klaviyo()}


def bound(tool: str) -> BoundMapping:
    """The packaged mapping of a tool, bound to the demo company."""
    return bind(load(None, tool), tool, NATIVE[tool], schema(), PEOPLE, ZONE)


def record(tool: str, kind: Kind = Kind.CAMPAIGN, **fields: Any) -> Record:
    return Record(Ref(tool, kind, "1"), fields)


def stored(before: Record, fields: dict[str, Any]) -> Record:
    """The record as the tool holds it after a write: cleared Airtable cells go, people get their names back."""
    held = {**before.fields, **fields}
    if before.ref.tool == "airtable":
        held = {key: value for key, value in held.items() if value is not None and value is not False and value != []}
    return Record(before.ref, held)
