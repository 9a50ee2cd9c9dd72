"""What the Jira stand-in remembers: accounts, issues with their history, and how search lags behind them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox.jira_schema import CLOUD, EPIC_LINK, PROJECT_ID
from connectors.sandbox.jira_setup import Setup
from connectors.sandbox.jira_switches import Switches

JSON = dict[str, Any]


@dataclass(slots=True)
class Account:
    """A user. `zone` is the IANA name of the profile's time zone. On Data Center `id` is the user name."""

    id: str
    name: str
    email: str
    active: bool = True
    zone: str = "Europe/Berlin"
    kind: str = "atlassian"
    assignable: bool = True
    key: str = ""  # Data Center's name for the user that never changes


@dataclass(slots=True)
class Issue:
    """An issue. `values` holds field id -> stored value; an absent key is an empty field.

    Stored are: text as text, rich text as ADF on Cloud and as wiki text on Data Center, days as 2026-10-12, moments as
    ISO text in UTC, users, priorities, options, the parent and the epic as ids, several of them as a list of ids,
    labels as a list, numbers as floats.
    The sync account does not see a `hidden` issue; search shows nobody an `archived` one.
    """

    id: str
    key: str
    type: str
    status: str
    creator: str
    created: str
    updated: str
    values: JSON = field(default_factory=dict)
    properties: JSON = field(default_factory=dict)
    histories: list[JSON] = field(default_factory=list)
    comments: list[JSON] = field(default_factory=list)
    links: list[JSON] = field(default_factory=list)
    old_keys: list[str] = field(default_factory=list)
    project: str = PROJECT_ID
    hidden: bool = False
    archived: bool = False


@dataclass(slots=True)
class JiraState:
    """The whole site. `webhooks` are the registered ones, `events` what they have not been told of yet, and `outbox`
    the deliveries to come. `past` maps an issue's id to (until when search shows it, the issue as it was or None)."""

    accounts: dict[str, Account] = field(default_factory=dict)
    issues: dict[str, Issue] = field(default_factory=dict)
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    past: dict[str, list[tuple[str, JSON | None]]] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=lambda: {"issue": 0, "key": 0, "history": 20000, "other": 30000})
    switches: Switches = field(default_factory=Switches)
    keys: dict[str, str] = field(default_factory=dict)
    codes: JSON = field(default_factory=dict)  # the seeded campaigns by the company's code
    setup: Setup = field(default_factory=Setup)
    flavour: str = CLOUD
    oauth: JSON = field(default_factory=dict)
    webhooks: list[JSON] = field(default_factory=list)
    events: list[JSON] = field(default_factory=list)
    outbox: list[JSON] = field(default_factory=list)

    @property
    def cloud(self) -> bool:
        return self.flavour == CLOUD

    def number(self, counter: str) -> int:
        """The next number of a counter."""
        self.counters[counter] = self.counters.get(counter, 0) + 1
        return self.counters[counter]

    def next_key(self, project: str = PROJECT_ID) -> str:
        """The key of a new issue of a project."""
        counter = "key" if project == PROJECT_ID else f"key/{project}"
        return f"{self.setup.projects[project].key}-{self.number(counter)}"

    def add(self, issue: Issue) -> None:
        """Take an issue in under its id and its keys."""
        self.issues[issue.id] = issue
        for key in (*issue.old_keys, issue.key):
            self.keys[key.upper()] = issue.id
        if issue.project == PROJECT_ID:
            self.counters["key"] = max(self.counters["key"], int(issue.key.rsplit("-", 1)[1]))

    def emit(self, event: str, issue: Issue, author: str, now: datetime, **more: Any) -> None:
        """Something that webhooks tell of, with the issue as it is at this moment."""
        if self.webhooks:
            told = {"event": event, "author": author, "at": stamp(now), "issue": asdict(issue)}
            self.events.append(json.loads(json.dumps(told | more)))

    def remove(self, issue: Issue) -> None:
        """Forget an issue, its keys too."""
        del self.issues[issue.id]
        self.keys = {key: id for key, id in self.keys.items() if id != issue.id}

    def find(self, id_or_key: str) -> Issue | None:
        """By id or by any key that it ever had, in any case of letters."""
        if id_or_key.isdigit():
            return self.issues.get(id_or_key)
        return self.issues.get(self.keys.get(id_or_key.upper(), ""))

    def children(self, issue: Issue) -> Iterator[Issue]:
        """The issues below: an epic's, or the sub-tasks of any other."""
        above = ("parent", EPIC_LINK.id)
        return (other for other in self.issues.values() if issue.id in map(other.values.get, above))

    def account(self, text: str) -> Account | None:
        """By id or by e-mail address."""
        found = self.accounts.get(text)
        return found or next((a for a in self.accounts.values() if a.email.lower() == text.lower()), None)

    def user(self, text: str, by: str = "id") -> Account | None:
        """By the id, or by Data Center's `key`."""
        if by == "key":
            return next((one for one in self.accounts.values() if one.key == text), None)
        return self.accounts.get(text)

    def remember(self, id: str, now: datetime) -> None:
        """To be called before an issue is written: search shows it as it is now until the lag is over."""
        lag = timedelta(seconds=float(self.switches.index_lag_seconds))
        if lag:
            issue = self.issues.get(id)
            kept = [(until, was) for until, was in self.past.get(id, []) if until > stamp(now)]
            self.past[id] = [*kept, (stamp(now + lag), asdict(issue) if issue else None)]

    def indexed(self, now: datetime, fresh: frozenset[str] = frozenset()) -> Iterator[Issue]:
        """The issues as search sees them; those in `fresh` as they are."""
        moment = stamp(now)
        for id, states in list(self.past.items()):
            if all(until <= moment for until, _ in states):
                del self.past[id]
        for id in sorted({*self.issues, *self.past}, key=int):
            stale = iter(() if id in fresh else [was for until, was in self.past.get(id, []) if until > moment])
            shown = next(stale, self.issues.get(id))
            if shown is not None:
                yield shown if isinstance(shown, Issue) else Issue(**shown)

    def dump(self) -> JSON:
        """Everything as JSON, shared with nobody. By way of text, which is many times faster than a deep copy."""
        return dict(json.loads(json.dumps(_members(self), default=_members)))

    @classmethod
    def load(cls, state: JSON) -> JiraState:
        """The inverse of dump."""
        plain = copy.deepcopy(state)
        plain["accounts"] = {id: Account(**account) for id, account in plain["accounts"].items()}
        plain["issues"] = {id: Issue(**issue) for id, issue in plain["issues"].items()}
        plain["past"] = {id: [(until, was) for until, was in states] for id, states in plain["past"].items()}
        plain["setup"], plain["switches"] = Setup.load(plain["setup"]), Switches(**plain["switches"])
        return cls(**plain)


def _members(thing: Any) -> JSON:
    return {one.name: getattr(thing, one.name) for one in fields(thing)}


def stamp(moment: datetime) -> str:
    """A moment as it is stored: UTC, milliseconds. Sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The moment of a stored stamp."""
    return datetime.fromisoformat(text)
