"""A desk with one tool on it: its connector over a real socket, waits that are written down, faults on the wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from connectors.airtable import AirtableConnector
from connectors.calendar import Sending
from connectors.calendar_connector import CalendarConnector
from connectors.http import Retry
from connectors.jira import JiraConnector
from connectors.klaviyo import KlaviyoEsp
from connectors.sandbox.server import Sandbox
from connectors.sandbox.world import Fault
from sync.errors import SyncError
from sync.model import Kind, Record, Ref
from sync.ports import Connector, Failed

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MARKER = "cs-7k2m9x4q"
TOOLS = ("jira", "airtable", "klaviyo")
MANAGER = "marta@acme.example"


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that a connector is asked to do.

    `method` and `path` (a regular expression) find the request that a fault is to meet, `skip` how many of those go
    before it. `essentials` point to parts of its answer without which the answer means nothing, `oddities` to single
    fields of one record in it ({kind.Name} is the id of the field that people know so), each with a value of a wrong
    type. `holds` tells whether the tool holds what was to be
    written.
    """

    act: Callable[[Desk], Any]
    method: str
    path: str
    skip: int = 0
    essentials: tuple[str, ...] = ()
    oddities: tuple[tuple[str, Any], ...] = ()
    holds: Callable[[Desk], bool] | None = None


@dataclass(slots=True)
class Ending:
    """How an operation ended: what it gave or the error, the requests that met a fault, the waits in seconds."""

    value: Any
    error: SyncError | None
    met: int
    waits: list[float]
    holds: bool | None


class Desk:
    """One tool's connector, which has found its place, and the other end of its wire."""

    def __init__(self, tool: str, box: Sandbox) -> None:
        self.tool, self.box = tool, box
        self.waits: list[float] = []
        self.interlude: Callable[[Desk], object] | None = None
        self.start = box.world.snapshot()
        self.connector = self.connect()
        self.native = self.connector.schema()
        self.all = {record.ref: record for record in self.connector.fetch()}
        free = (r for r in self.records(Kind.CAMPAIGN) if not r.locked and r.fields.get("status") != "scheduled")
        self.campaign = next(free)
        self.other = next((r for r in self.records(Kind.CAMPAIGN) if r != self.campaign), self.campaign)
        self.stage = next((r for r in self.records(Kind.STAGE) if r.parent == self.campaign.ref.native), self.campaign)

    def connect(self) -> Connector:
        """A connector that knows nothing yet."""
        retry = Retry(sleep=self.waits.append, rng=lambda: 0.0)
        url, login = self.box.urls[self.tool], self.box.company["credentials"][self.tool]
        match self.tool:
            case "jira":
                who = {"email": login["email"], "token": login["token"], "project": login["project"]}
                return JiraConnector("jira", url=url, per_second=None, sleep=retry.sleep, rng=retry.rng, **who)
            case "airtable":
                base = {"token": login["token"], "base": login["base"]}
                return AirtableConnector("airtable", url=url, per_second=None, retry=retry, **base)
        sender = {"from_email": "news@acme.example", "from_label": "Acme"}
        esp = KlaviyoEsp("klaviyo", url=url, token=login["token"], per_second=None, retry=retry, **sender)
        return CalendarConnector("klaviyo", esp, Sending(now=lambda: NOW))

    @property
    def secret(self) -> str:
        return str(self.box.company["credentials"][self.tool]["token"])

    def records(self, kind: Kind) -> list[Record]:
        """The records of the start, by native id."""
        return sorted((r for r in self.all.values() if r.ref.kind is kind), key=lambda r: r.ref.native)

    def field(self, kind: Kind, name: str) -> str:
        """The tool's id of the field that people know by this name."""
        return next(field.id for field in self.native[kind] if field.name == name)

    def people(self, verb: str, **payload: Any) -> None:
        """Somebody works in the tool itself."""
        url = f"{self.box.control}/control/{self.tool}/{verb}"
        answer = requests.post(url, json={"as": MANAGER, **payload}, timeout=10)
        assert answer.ok, answer.text

    def under(
        self, operation: Operation, faults: Sequence[Fault], interlude: Callable[[Desk], object] | None = None
    ) -> Ending:
        """How an operation ends under faults. What is no SyncError goes through: nothing may raise it."""
        if self.connector.capability.remembers:  # one case must not go by what another one has taught the connector
            self.connector.recall(None)
            self.connector.schema()
        world, before = self.box.world, len(self.box.world.entries)
        self.waits.clear()
        self.interlude = interlude
        world.faults.extend(faults)
        value: Any = None
        error: SyncError | None = None
        try:
            value = operation.act(self)
        except SyncError as raised:
            error = raised
        finally:
            world.faults.clear()
            ours = world.entries[before:]
        if isinstance(value, Failed):
            error = value.error
        met = sum(
            "fault" in entry and entry["method"] == operation.method and bool(re.search(operation.path, entry["path"]))
            for entry in ours
        )
        ending = Ending(value, error, met, list(self.waits), operation.holds(self) if operation.holds else None)
        if any(entry["write"] for entry in ours):
            world.rewind(self.start, self.tool)
        return ending

    def now(self, ref: Ref) -> Record | None:
        """The record as the tool holds it."""
        return self.connector.read([ref])[ref]

    def listing(self) -> list[Record]:
        """Every record; the interlude takes place once the first is there."""
        found = []
        for record in self.connector.fetch():
            found.append(record)
            if self.interlude:
                interlude, self.interlude = self.interlude, None
                interlude(self)
        return found

    def made(self) -> int:
        """How many records carry the marker of the creation."""
        return sum(record.marker == MARKER for record in self.connector.fetch())
