"""The company's base in Airtable: its two tables, and the rows that people have entered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.airtable_base import Base, Column, Row, Table, make_id, stamp
from connectors.sandbox.airtable_cells import COLOURS
from connectors.sandbox.airtable_writing import Writing
from connectors.sandbox.company_model import CampaignSeed, Company, Shown, StageSeed

ZONE = "Europe/Berlin"
PROGRAMS = ("Newsletter", "Promotion", "Lifecycle", "Product launch", "Event")
CAMPAIGN_STATUSES = {
    "planned": "Planned", "in_progress": "In progress", "in_review": "In review", "approved": "Approved",
    "scheduled": "Scheduled", "sending": "Sending", "sent": "Sent", "cancelled": "Cancelled",
}  # fmt: skip
STAGE_STATUSES = {
    "todo": "To do", "in_progress": "In progress", "blocked": "Blocked", "done": "Done", "dropped": "Dropped",
}  # fmt: skip
KINDS = {
    "strategy": "Strategy", "segmentation": "Segmentation", "content": "Content", "design": "Design", "build": "Build",
    "qa": "QA", "compliance": "Compliance", "deployment": "Deployment", "analysis": "Analysis",
}  # fmt: skip
SEND_TYPES = ("Exact time", "Recipient local", "Day")
METRICS = ("Delivered", "Opens", "Clicks", "Conversions", "Unsubscribes", "Bounces", "Machine opens")
MOMENT = {
    "dateFormat": {"name": "iso", "format": "YYYY-MM-DD"},
    "timeFormat": {"name": "24hour", "format": "HH:mm"},
    "timeZone": ZONE,
}
UNWATCHED = ("Stages", "Sync ID")  # columns that the "Last modified" column leaves out


def make_base(seed: int, company: Company, account: tuple[str, str, str]) -> Base:
    """The base with everything in it. `account` is (user id, email, name) of the token's owner."""
    user, email, name = account
    people = {
        m.airtable_user: {"email": m.email, "name": m.name}
        for m in (*company.people, *company.strangers)
        if m.airtable_user is not None
    }
    base = Base(make_id("app", seed, "base"), "Email marketing", people | {user: {"email": email, "name": name}})
    base.tables = [_campaigns(base, company), _stages(base)]
    _watch(base)
    for seed_ in company.campaigns:
        if seed_.airtable is not None:
            _enter(base, company, seed_, seed_.airtable)
    return base


def campaign_id(base: Base, code: str) -> str:
    return make_id("rec", base.id, code)


def stage_id(base: Base, code: str, kind: str) -> str:
    return make_id("rec", base.id, code, kind)


def _column(base: Base, table: str, name: str, type_: str, options: dict[str, Any] | None = None) -> Column:
    return Column(make_id("fld", base.id, table, name), name, type_, options or {})


def _select(base: Base, table: str, name: str, choices: tuple[str, ...], type_: str = "singleSelect") -> Column:
    column = _column(base, table, name, type_)
    column.options["choices"] = [
        {"id": make_id("sel", base.id, column.id, choice), "name": choice, "color": COLOURS[index % len(COLOURS)]}
        for index, choice in enumerate(choices)
    ]
    return column


def _link(base: Base, table: str, name: str, to: tuple[str, str]) -> Column:
    other, inverse = to
    options = {
        "linkedTableId": make_id("tbl", base.id, other),
        "inverseLinkFieldId": make_id("fld", base.id, other, inverse),
        "isReversed": False,
        "prefersSingleRecordLink": name == "Campaign",
    }
    return _column(base, table, name, "multipleRecordLinks", options)


def _campaigns(base: Base, company: Company) -> Table:
    t = "Campaigns"
    audiences = tuple(a.name for a in company.audiences)
    columns = [
        _column(base, t, "Name", "singleLineText"),
        _column(base, t, "Brief", "richText"),
        _select(base, t, "Program", PROGRAMS),
        _select(base, t, "Status", tuple(CAMPAIGN_STATUSES.values())),
        _column(base, t, "Owner", "singleCollaborator"),
        _select(base, t, "Audiences", audiences, "multipleSelects"),
        _column(base, t, "Subject line", "singleLineText"),
        _select(base, t, "Tags", company.tags, "multipleSelects"),
        _column(base, t, "Planned send", "dateTime", dict(MOMENT)),
        _select(base, t, "Planned send type", SEND_TYPES),
        _column(base, t, "Scheduled send", "dateTime", dict(MOMENT)),
        _select(base, t, "Scheduled send type", SEND_TYPES),
        *(_column(base, t, metric, "number", {"precision": 0}) for metric in METRICS),
        *_own(base, t),
        _column(base, t, "Jira key", "singleLineText"),
        _column(base, t, "Sync ID", "singleLineText"),
        _link(base, t, "Stages", ("Stages", "Campaign")),
        *_last(base, t),
    ]
    return _table(base, t, columns)


def _own(base: Base, t: str) -> list[Column]:
    """What the team has added for itself, one column of each kind."""
    return [
        _select(base, t, "Region", ("EMEA", "Americas", "APAC")),
        _column(base, t, "Budget", "currency", {"precision": 2, "symbol": "€"}),
        _column(base, t, "Embargo", "date", {"dateFormat": {"name": "iso", "format": "YYYY-MM-DD"}}),
        _column(base, t, "Approver", "singleCollaborator"),
        _column(base, t, "Legal check", "checkbox", {"icon": "check", "color": "greenBright"}),
        _select(base, t, "Channels", ("Email", "SMS", "Push"), "multipleSelects"),
        _column(base, t, "Learnings", "richText"),
        _column(base, t, "UTM campaign", "singleLineText"),
        _column(base, t, "Goes live", "dateTime", dict(MOMENT)),
    ]


def _stages(base: Base) -> Table:
    t = "Stages"
    columns = [
        _column(base, t, "Title", "singleLineText"),
        _link(base, t, "Campaign", ("Campaigns", "Stages")),
        _select(base, t, "Stage", tuple(KINDS.values())),
        _column(base, t, "Owner", "singleCollaborator"),
        _select(base, t, "Status", tuple(STAGE_STATUSES.values())),
        _column(base, t, "Due", "date", {"dateFormat": {"name": "iso", "format": "YYYY-MM-DD"}}),
        _column(base, t, "Notes", "richText"),
        _column(base, t, "Effort", "number", {"precision": 1}),
        _column(base, t, "Sync ID", "singleLineText"),
        *_last(base, t),
    ]
    return _table(base, t, columns)


def _last(base: Base, table: str) -> list[Column]:
    result = {"type": "dateTime", "options": dict(MOMENT)}
    options = {"isValid": True, "referencedFieldIds": [], "result": result}
    return [
        _column(base, table, "Last modified", "lastModifiedTime", options),
        _column(base, table, "Last modified by", "lastModifiedBy"),
    ]


def _watch(base: Base) -> None:
    for table in base.tables:
        watched = [c.id for c in table.columns if not c.computed and c.name not in UNWATCHED]
        table.column("Last modified").options["referencedFieldIds"] = watched
        table.column("Last modified by").options["referencedFieldIds"] = watched


def _table(base: Base, name: str, columns: list[Column]) -> Table:
    view = {"id": make_id("viw", base.id, name), "name": "Grid view", "type": "grid"}
    return Table(make_id("tbl", base.id, name), name, columns, [view])


def _enter(base: Base, company: Company, seed: CampaignSeed, shown: Shown) -> None:
    """A campaign's row and its stages', as their owner entered them."""
    owner = _user(company, shown["owner"])
    who = owner or company.people[0].airtable_user or ""
    campaigns, stages = base.tables
    row = _add(base, campaigns, campaign_id(base, seed.code), at=seed.created, who=who, cells={
        "Name": shown["name"], "Brief": shown["brief"] + "\n", "Program": shown["program"],
        "Status": CAMPAIGN_STATUSES[shown["status"]], "Owner": owner, "Audiences": list(shown["audiences"]),
        "Subject line": shown["subject"], "Tags": list(shown["tags"]), "Jira key": shown["jira_key"],
        **_send("Planned send", shown["planned"]), **_send("Scheduled send", shown["scheduled"]),
    })  # fmt: skip
    for index, stage in enumerate(seed.stages):
        if stage.in_airtable:
            at = seed.created + timedelta(minutes=index + 1)
            cells = _stage_cells(company, row.id, shown["name"], stage)
            _add(base, stages, stage_id(base, seed.code, stage.kind), at=at, who=who, cells=cells)


def _stage_cells(company: Company, campaign: str, name: str, stage: StageSeed) -> Shown:
    shown = stage.shown("airtable")
    return {
        "Title": f"{KINDS[stage.kind]}: {name}",
        "Campaign": [campaign],
        "Stage": KINDS[stage.kind],
        "Owner": _user(company, shown["owner"]),
        "Status": STAGE_STATUSES[shown["status"]],
        "Due": shown["due"] and shown["due"].isoformat(),
        "Notes": shown["notes"] and shown["notes"] + "\n",
    }


def _add(base: Base, table: Table, id: str, *, at: datetime, who: str, cells: Shown) -> Row:
    row = Row(id, stamp(at.replace(microsecond=0)), who)
    Writing(base, who, stamp(at)).add(table, row, {table.column(name).id: value for name, value in cells.items()})
    return row


def _user(company: Company, member: str | None) -> str | None:
    return None if member is None else company.member(member).airtable_user


def _send(column: str, when: Shown | None) -> Shown:
    """A send time in two columns.

    People read and type the column in its own zone: a recipient-local 9:00 stands at 9:00 there, and a day at its
    midnight; the type column says which is meant.
    """
    if when is None:
        return {}
    at = datetime.fromisoformat(when["value"])
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=ZoneInfo(ZONE))
    return {column: stamp(at), f"{column} type": when["type"]}
