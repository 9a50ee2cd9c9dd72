"""What the sandbox's company is: its people, audiences, campaigns, and the copies that each tool shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from connectors.sandbox import company_words as words

Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """One person and their accounts; None where a tool does not know them."""

    id: str
    name: str
    email: str
    role: str
    active: bool
    jira_account: str | None
    airtable_user: str | None


@dataclass(frozen=True, slots=True)
class Audience:
    """A group of recipients; `kind` is list or segment."""

    name: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class StageSeed:
    """One stage as the company knows it, and what a tool shows differently (`jira`, `airtable`: same keys).

    `status` is todo, in_progress, blocked, done or dropped; `due` a day or None; `owner` a member's id or None.
    """

    kind: str
    owner: str | None
    status: str
    due: date | None
    notes: str
    in_jira: bool
    in_airtable: bool
    jira_key: str | None = None
    jira: Mapping[str, Any] = field(default_factory=dict)
    airtable: Mapping[str, Any] = field(default_factory=dict)

    def shown(self, tool: str) -> Shown:
        """owner, status, due, notes as the tool shows them."""
        shown = {"owner": self.owner, "status": self.status, "due": self.due, "notes": self.notes}
        return shown | dict(self.jira if tool == "jira" else self.airtable)


@dataclass(frozen=True, slots=True)
class CampaignSeed:
    """One campaign: `truth`, and what each tool shows at the start (None: the tool has no such record).

    Keys of each: name, brief (Markdown), program, status (planned, in_progress, in_review, approved, scheduled, sent,
    cancelled), owner (member id or None), audiences and tags (tuples of names), subject, planned and scheduled
    ({"type": "Exact time" | "Recipient local" | "Day", "value": text} or None; an exact time ends in Z, a local one has
    no zone, a day is a date). `jira` has `key` too, `airtable` has `jira_key` (or None), and the name in `esp` may end
    in a bracketed key. `calendar` names the ESP that has `esp`. `created` is when people first wrote the campaign down.
    """

    code: str
    created: datetime
    truth: Shown
    jira: Shown | None
    airtable: Shown | None
    esp: Shown | None
    stages: tuple[StageSeed, ...]
    calendar: str = "klaviyo"

    def copy(self, tool: str) -> Shown | None:
        """What a tool shows of it; None where it has no such record."""
        copies = {"jira": self.jira, "airtable": self.airtable, self.calendar: self.esp}
        return copies.get(tool)


@dataclass(frozen=True, slots=True)
class Company:
    """Everybody and everything. `people` is the directory; `strangers` are accounts that it does not list."""

    people: tuple[Member, ...]
    audiences: tuple[Audience, ...]
    campaigns: tuple[CampaignSeed, ...]
    today: date
    strangers: tuple[Member, ...] = ()
    tags: tuple[str, ...] = words.TAGS

    def member(self, id: str) -> Member:
        """The person or stranger of that id. KeyError if there is none."""
        return next((m for m in (*self.people, *self.strangers) if m.id == id), None) or _missing(id)


def on_data_center(company: Company) -> Company:
    """The same company with Jira accounts of Data Center's kind: user names in place of account ids."""

    def named(members: tuple[Member, ...]) -> tuple[Member, ...]:
        return tuple(replace(one, jira_account=one.id) if one.jira_account else one for one in members)

    return replace(company, people=named(company.people), strangers=named(company.strangers))


def _missing(id: str) -> Member:
    raise KeyError(id)
