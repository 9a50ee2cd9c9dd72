"""The company's Jira: its accounts, the options of its select fields, and the issues that people have entered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox import jira_adf
from connectors.sandbox.company_model import CampaignSeed, Company, Shown, StageSeed
from connectors.sandbox.jira_schema import (
    AUDIENCES_FIELD,
    AUDIENCES_FIRST,
    CLOUD,
    DEFAULT_PRIORITY,
    EPIC,
    EPIC_LINK,
    EPIC_NAME,
    OPTIONS,
    PROJECT_KEY,
    TASK,
    fields_of,
)
from connectors.sandbox.jira_setup import Setup
from connectors.sandbox.jira_state import Account, Issue, JiraState, stamp

JSON = dict[str, Any]

ZONE = ZoneInfo("Europe/Berlin")
CAMPAIGN_STATUSES = {
    "planned": "10100", "in_progress": "10101", "in_review": "10102", "approved": "10103", "scheduled": "10104",
    "sending": "10105", "sent": "10106", "cancelled": "10107",
}  # fmt: skip
STAGE_STATUSES = {"todo": "10110", "in_progress": "10111", "blocked": "10112", "done": "10113", "dropped": "10114"}
FIRST_ID = 10400


def make_state(company: Company, sync: Account, flavour: str = CLOUD) -> JiraState:
    """The site with everything in it. `sync` is the account that the API token belongs to."""
    setup = Setup(fields_of(flavour))
    state = JiraState(accounts={sync.id: sync}, options=_options(company), setup=setup, flavour=flavour)
    for number, member in enumerate((*company.people, *company.strangers), 10101):
        if member.jira_account is not None:
            id, key = member.jira_account, "" if flavour == CLOUD else f"JIRAUSER{number}"
            account = Account(id, member.name, member.email, member.active, assignable=member.active, key=key)
            state.accounts[id] = account
    for seed in company.campaigns:
        if seed.jira is not None:
            epic = _epic(state, company, seed, seed.jira)
            stages = {stage.kind: task for stage, task in _tasks(state, company, seed, epic)}
            state.codes[seed.code] = {"campaign": epic.id, "stages": {kind: task.id for kind, task in stages.items()}}
    state.counters["issue"] = max([FIRST_ID, *(int(id) for id in state.issues)])
    return state


def _options(company: Company) -> dict[str, dict[str, str]]:
    """Field id -> option id -> value."""
    fixed = {id: {str(first + n): name for n, name in enumerate(names)} for id, (first, names) in OPTIONS.items()}
    return fixed | {AUDIENCES_FIELD: {str(AUDIENCES_FIRST + n): a.name for n, a in enumerate(company.audiences)}}


def _epic(state: JiraState, company: Company, seed: CampaignSeed, shown: Shown) -> Issue:
    values: JSON = {
        "summary": shown["name"],
        "description": text(state, shown["brief"]),
        "duedate": _day(shown["planned"]),
        "assignee": _account(company, shown["owner"]),
        "labels": sorted(shown["tags"]),
        "customfield_10031": _option(state, "customfield_10031", shown["program"]),
        AUDIENCES_FIELD: [id for id, name in state.options[AUDIENCES_FIELD].items() if name in shown["audiences"]],
        "customfield_10033": shown["subject"],
    }
    if not state.cloud:
        values[EPIC_NAME.id] = shown["name"]
    if shown["scheduled"] is not None:
        values["customfield_10034"] = _moment(shown["scheduled"])
        values["customfield_10035"] = _option(state, "customfield_10035", shown["scheduled"]["type"])
    return _add(state, company, shown["key"], EPIC, CAMPAIGN_STATUSES[shown["status"]], seed.created, values)


def _tasks(state: JiraState, company: Company, seed: CampaignSeed, epic: Issue) -> Iterator[tuple[StageSeed, Issue]]:
    for index, stage in enumerate(seed.stages):
        if not stage.in_jira or stage.jira_key is None:
            continue
        shown = stage.shown("jira")
        stages = state.options["customfield_10030"]
        option = next(id for id, name in stages.items() if name.lower() == stage.kind)
        values: JSON = {
            "summary": f"{stages[option]}: {epic.values['summary']}",
            "description": text(state, shown["notes"]),
            "duedate": shown["due"].isoformat() if shown["due"] else None,
            "assignee": _account(company, shown["owner"]),
            "parent" if state.cloud else EPIC_LINK.id: epic.id,
            "customfield_10030": option,
        }
        created = seed.created + timedelta(minutes=index + 1)
        yield stage, _add(state, company, stage.jira_key, TASK, STAGE_STATUSES[shown["status"]], created, values)


def _add(
    state: JiraState, company: Company, key: str, kind: str, status: str, created: datetime, values: JSON
) -> Issue:
    author = str(values["assignee"] or company.people[0].jira_account)
    everything = {"priority": DEFAULT_PRIORITY, "reporter": author} | values
    filled = {id: value for id, value in everything.items() if value not in (None, "", [])}
    at = stamp(created)
    id = str(FIRST_ID + int(key.removeprefix(f"{PROJECT_KEY}-")))
    issue = Issue(id, key, kind, status, author, at, at, filled)
    state.add(issue)
    return issue


def text(state: JiraState, markdown: str) -> Any:
    """Simple Markdown as this site stores rich text: a document, on Data Center wiki text."""
    document = jira_adf.from_markdown(markdown)
    return document if state.cloud else jira_adf.wiki(document)


def _account(company: Company, member: str | None) -> str | None:
    return None if member is None else company.member(member).jira_account


def _option(state: JiraState, field: str, value: str) -> str:
    return next(id for id, name in state.options[field].items() if name == value)


def _moment(when: Shown) -> str:
    """A send time in one moment: people type a recipient-local time as their own, and a day as its midnight."""
    at = datetime.fromisoformat(when["value"])
    return stamp(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=ZONE))


def _day(when: Shown | None) -> str | None:
    """The day of a send by the company's own calendar."""
    if when is None:
        return None
    at = datetime.fromisoformat(when["value"])
    day: date = at.astimezone(ZONE).date() if at.tzinfo else at.date()
    return day.isoformat()
