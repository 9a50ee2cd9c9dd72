"""What the people of the demo do between two runs: each edits in their own tool, and some edit the same thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests

from sync.campaign import Campaign, Stage, first_moment
from sync.model import Instant, Kind
from sync.state import Remembered, State

TOOLS = frozenset({"jira", "airtable", "klaviyo"})
FIRM = frozenset({"scheduled", "sending", "sent", "cancelled"})
LEAD = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Deed:
    """One person's edit in one tool: the words for the reader, and the order to the sandbox's control API."""

    who: str
    tool: str
    words: str
    verb: str
    payload: Mapping[str, Any]

    def do(self, control: str) -> None:
        """Play it. Raises requests.HTTPError when the tool does not let the person do this."""
        answer = requests.post(f"{control}/control/{self.tool}/{self.verb}", json=dict(self.payload), timeout=10)
        answer.raise_for_status()


def deeds(state: State, company: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> list[Deed]:
    """The story, told with campaigns that all three tools hold and agree on."""
    mails = {person["role"]: person for person in company["people"] if person["active"]}
    manager = mails["campaign manager"]
    designer, specialist = mails["designer"], mails["email marketing specialist"]
    cast = Cast(state, now, zone)
    scenes = zip(cast.campaigns(), _scenes(), strict=False)
    people = {"manager": manager, "designer": designer, "specialist": specialist}
    return [deed for campaign, scene in scenes for deed in scene(cast, campaign, people)]


@dataclass(frozen=True, slots=True)
class Cast:
    """The campaigns and stages that the story may use, and their records."""

    state: State
    now: datetime
    zone: ZoneInfo

    def campaigns(self) -> list[Remembered]:
        """Campaigns in all tools without a conflict, still a draft, in the order of their sends."""
        found = []
        for entity in self.state.entities.values():
            if entity.kind is not Kind.CAMPAIGN or entity.dead or frozenset(entity.links) < TOOLS or entity.disputed:
                continue
            campaign = Campaign.of(entity.entity())
            send = campaign.planned_send
            if campaign.status in FIRM or not isinstance(send, Instant) or send.at < self.now + LEAD:
                continue
            if {"design", "content", "qa", "analysis"} <= set(self.stages(entity)):
                found.append((first_moment(send, self.zone), entity.id, entity))
        return [entity for *_, entity in sorted(found, key=lambda one: one[:2])]

    def send_of(self, campaign: Remembered) -> datetime:
        """The moment of its planned send, which `campaigns` saw to be one."""
        send = Campaign.of(campaign.entity()).planned_send
        return first_moment(send, self.zone) if send else self.now

    def stages(self, campaign: Remembered) -> dict[str, Remembered]:
        """Its stages that Jira and Airtable both hold without a conflict, by kind."""
        found = {}
        for entity in self.state.entities.values():
            stage = Stage.of(entity.entity()) if entity.kind is Kind.STAGE else None
            if stage and stage.campaign == campaign.id and len(entity.links) > 1 and not entity.disputed and stage.kind:
                found[stage.kind] = entity
        return found


Scene = Callable[[Cast, Remembered, Mapping[str, Any]], Iterator[Deed]]


def _scenes() -> list[Scene]:
    return [_three_hands, _moved_send_and_nobody, _two_subjects, _two_due_dates_and_a_deletion]


def _three_hands(cast: Cast, campaign: Remembered, people: Mapping[str, Any]) -> Iterator[Deed]:
    """Different fields of one campaign, edited in three tools: all of it goes everywhere."""
    design = cast.stages(campaign)["design"]
    yield _jira(
        people["designer"], design, "moves Design of {} one day on", campaign, **{"Due date": _later(design, 1)}
    )
    brief = f"{campaign.agreed.get('brief') or ''}\n\nLead with the **free returns**."
    yield _airtable(people["manager"], "Campaigns", campaign, "adds a line to the brief of {}", campaign, Brief=brief)
    yield _klaviyo(people["specialist"], campaign, "writes a new subject line for {}", "Yours before everybody else")


def _moved_send_and_nobody(cast: Cast, campaign: Remembered, people: Mapping[str, Any]) -> Iterator[Deed]:
    """A date moves in one tool only, and a stage loses its owner: the two ways in which campaigns fail."""
    send = cast.send_of(campaign) + timedelta(days=1)
    moved = send.isoformat().replace("+00:00", "Z")
    yield _airtable(
        people["manager"], "Campaigns", campaign, "moves the send of {} one day on", campaign, **{"Planned send": moved}
    )
    yield _jira(
        people["designer"], cast.stages(campaign)["qa"], "takes the owner off QA of {}", campaign, Assignee=None
    )


def _two_subjects(_: Cast, campaign: Remembered, people: Mapping[str, Any]) -> Iterator[Deed]:
    """The same field in two tools, differently: a conflict that only they can settle."""
    subject = {"Subject line": "Last chance: 20 % off everything"}
    yield _airtable(people["manager"], "Campaigns", campaign, "rewrites the subject line of {}", campaign, **subject)
    yield _klaviyo(people["specialist"], campaign, "rewrites the subject line of {} too", "Final hours: a fifth off")


def _two_due_dates_and_a_deletion(cast: Cast, campaign: Remembered, people: Mapping[str, Any]) -> Iterator[Deed]:
    """A day in two tools, differently; and a deletion, which deletes nothing else before somebody says so."""
    content = cast.stages(campaign)["content"]
    words = "moves Content of {} two days on"
    yield _jira(people["designer"], content, words, campaign, **{"Due date": _later(content, 2)})
    words = "moves Content of {} five days on"
    yield _airtable(people["manager"], "Stages", content, words, campaign, Due=_later(content, 5))
    row = {"table": "Stages", "record": cast.stages(campaign)["analysis"].links["airtable"].ref.native}
    who, words = people["manager"], f"deletes the Analysis row of {campaign.agreed.get('name')}"
    yield Deed(who["name"], "airtable", words, "delete", {"as": who["email"], **row})


def _jira(who: Mapping[str, Any], record: Remembered, words: str, campaign: Remembered, **fields: Any) -> Deed:
    payload = {"as": who["email"], "issue": record.links["jira"].ref.native, "fields": fields}
    return Deed(who["name"], "jira", words.format(campaign.agreed.get("name")), "edit", payload)


def _airtable(
    who: Mapping[str, Any], table: str, record: Remembered, words: str, campaign: Remembered, **fields: Any
) -> Deed:
    row = {"table": table, "record": record.links["airtable"].ref.native, "fields": fields}
    text = words.format(campaign.agreed.get("name"))
    return Deed(who["name"], "airtable", text, "edit", {"as": who["email"], **row})


def _klaviyo(who: Mapping[str, Any], campaign: Remembered, words: str, subject: str) -> Deed:
    payload = {"as": who["email"], "campaign": campaign.links["klaviyo"].ref.native, "subject": subject}
    return Deed(who["name"], "klaviyo", words.format(campaign.agreed.get("name")), "edit", payload)


def _later(stage: Remembered, days: int) -> str | None:
    due = Stage.of(stage.entity()).due
    return (due.date + timedelta(days=days)).isoformat() if due else None
