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

PLANNED_IN = frozenset({"jira", "airtable"})
# The ESPs in which a person may edit; a feed is only read.
EDITED_IN = ("klaviyo", "mailchimp", "brevo")
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
    """The story, told with campaigns that Jira, Airtable and an ESP hold and agree on."""
    mails = {person["role"]: person for person in company["people"] if person["active"]}
    manager = mails["campaign manager"]
    designer, specialist = mails["designer"], mails["email marketing specialist"]
    cast = Cast(state, now, zone)
    people = {"manager": manager, "designer": designer, "specialist": specialist}
    scenes = [*zip(cast.drafts(), _scenes(), strict=False), *((one, _moved_schedule) for one in cast.scheduled()[:1])]
    return [deed for campaign, scene in scenes for deed in scene(cast, campaign, people)]


def moved_records(state: State, now: datetime, zone: ZoneInfo) -> frozenset[str]:
    """The records of the campaign whose send is moved although it is scheduled."""
    return frozenset(link.ref.native for one in Cast(state, now, zone).scheduled()[:1] for link in one.links.values())


@dataclass(frozen=True, slots=True)
class Cast:
    """The campaigns and stages that the story may use, and their records."""

    state: State
    now: datetime
    zone: ZoneInfo

    def drafts(self) -> list[Remembered]:
        """Those that are still drafts and have the stages that the story is about."""
        needed = {"design", "content", "qa", "analysis"}
        return [
            one for one in self._coming() if one.agreed.get("status") not in FIRM and needed <= set(self.stages(one))
        ]

    def scheduled(self) -> list[Remembered]:
        """Those that somebody has scheduled in their ESP."""
        return [one for one in self._coming() if one.agreed.get("status") == "scheduled"]

    def _coming(self) -> Iterator[Remembered]:
        """Campaigns in all tools without a conflict, to be sent at a moment some days away, in the order of these."""
        found = []
        for entity in self.state.entities.values():
            if entity.kind is not Kind.CAMPAIGN or entity.dead or entity.disputed or esp_of(entity) is None:
                continue
            send = Campaign.of(entity.entity()).planned_send
            if frozenset(entity.links) >= PLANNED_IN and isinstance(send, Instant) and send.at >= self.now + LEAD:
                found.append((send.at, entity.id, entity))
        yield from (entity for *_, entity in sorted(found, key=lambda one: one[:2]))

    def send_of(self, campaign: Remembered) -> datetime:
        """The moment of its planned send, which is one."""
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


def esp_of(campaign: Remembered) -> str | None:
    """The ESP that it goes out by."""
    return next((esp for esp in EDITED_IN if esp in campaign.links), None)


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
    yield _in_esp(people["specialist"], campaign, "writes a new subject line for {}", "Yours before everybody else")


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


def _moved_schedule(cast: Cast, campaign: Remembered, people: Mapping[str, Any]) -> Iterator[Deed]:
    """The plan of a campaign moves that is scheduled already: the ESP's calendar follows."""
    moved = (cast.send_of(campaign) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    words = "moves the send of {} one day on, which is scheduled already"
    yield _airtable(people["manager"], "Campaigns", campaign, words, campaign, **{"Planned send": moved})


def _two_subjects(_: Cast, campaign: Remembered, people: Mapping[str, Any]) -> Iterator[Deed]:
    """The same field in two tools, differently: a conflict that only they can settle."""
    subject = {"Subject line": "Last chance: 20 % off everything"}
    yield _airtable(people["manager"], "Campaigns", campaign, "rewrites the subject line of {}", campaign, **subject)
    yield _in_esp(people["specialist"], campaign, "rewrites the subject line of {} too", "Final hours: a fifth off")


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


def _in_esp(who: Mapping[str, Any], campaign: Remembered, words: str, subject: str) -> Deed:
    esp = esp_of(campaign) or ""
    payload = {"as": who["email"], "campaign": campaign.links[esp].ref.native, "subject": subject}
    return Deed(who["name"], esp, words.format(campaign.agreed.get("name")), "edit", payload)


def _later(stage: Remembered, days: int) -> str | None:
    due = Stage.of(stage.entity()).due
    return (due.date + timedelta(days=days)).isoformat() if due else None
