"""A team whose campaigns go out by any ESP: its workspace, what people do there, and what the ESP's calendar holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox.server import Sandbox
from jobs.demo_workspace import write_workspace
from jobs.wiring import open_state, open_workspace
from sync.findings import Finding, FindingKind
from sync.model import Kind, Value
from sync.ports import BoundMapping, Connector
from sync.report import RunReport
from sync.state import Remembered
from tests.e2e.team import TODAY, UNLIMITED, Team, of_kind

MANAGER, SPECIALIST = "campaign manager", "email marketing specialist"
ESPS = ("klaviyo", "mailchimp", "brevo")
LIMITED = ("jira", "airtable", "klaviyo", "brevo")
WORDS = {"schedule": "scheduled", "queued": "scheduled", "save": "draft", "suspended": "draft", "canceled": "cancelled"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the tools hold, and the workspace's files, clock and ids."""

    tools: dict[str, str]
    files: dict[str, bytes]
    now: datetime
    ids: int


class Office(Team):
    """A workspace with Jira, Airtable and some ESPs or feeds."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self.box, self.company = box, box.company
        self.config = write_workspace(folder, self.company, "smtp://127.0.0.1:9")
        for tool in LIMITED:
            if tool in self.company["urls"]:
                self.option(tool, UNLIMITED)
        self.now, self.ids = TODAY, 0
        self.http = requests.Session()
        self._looks = ExitStack()
        self._views: dict[str, tuple[Connector, BoundMapping]] = {}

    @property
    def esp(self) -> str:
        """Its only ESP."""
        (name,) = self.esps
        return name

    @property
    def esps(self) -> tuple[str, ...]:
        """The ESPs and feeds, by name."""
        return tuple(tool for tool in self.company["urls"] if tool not in ("jira", "airtable", "control"))

    def option(self, tool: str, line: str) -> None:
        """Give a tool one option more."""
        self.change(f'type = "{tool}"\n', f'type = "{tool}"\n{line}\n')

    def rule(self, line: str) -> None:
        """Give the workspace one option more."""
        self.change("[workspace]\n", f"[workspace]\n{line}\n")

    def close(self) -> None:
        """Give back what people look through."""
        self._looks.close()

    def shows(self, tool: str, entity: Remembered) -> dict[str, Value]:
        """What a tool's record of an entity shows now, in canonical terms; lists and segments as they were at first."""
        if not self._views:
            workspace = self._looks.enter_context(open_workspace(self.settings))
            self._views = {n: (t.connector, t.bind(t.connector.schema())) for n, t in workspace.tools.items()}
        connector, mapping = self._views[tool]
        ref = entity.links[tool].ref
        record = connector.read([ref])[ref]
        assert record is not None
        return dict(mapping.get(record).values)

    def snapshot(self) -> Snapshot:
        files = {f.name: f.read_bytes() for f in self.config.parent.iterdir() if f.is_file() and f.suffix != ".db-shm"}
        return Snapshot(self.box.world.snapshot(), files, self.now, self.ids)

    def rewind(self, to: Snapshot) -> None:
        """Everything as it was; the tools' logs go on."""
        self.box.world.rewind(to.tools)
        self.box.world.faults.clear()
        self.now, self.ids = to.now, to.ids
        self.box.world.set_clock(to.now)
        for file in self.config.parent.iterdir():
            if file.is_file():
                file.unlink()
        for name, content in to.files.items():
            (self.config.parent / name).write_bytes(content)

    def campaign(self, code: str) -> Remembered:
        """The entity of one of the company's campaigns."""
        seed = next(one for one in self.company["campaigns"] if one["code"] == code)
        refs = {(tool, seed[tool]) for tool in ("jira", "airtable", *self.esps) if seed.get(tool)}
        return next(
            entity
            for entity in self.state().entities.values()
            if entity.kind is Kind.CAMPAIGN and {(t, link.ref.native) for t, link in entity.links.items()} & refs
        )

    def again(self, entity: Remembered) -> Remembered:
        """What is remembered of it now."""
        return self.state().entities[entity.id]

    def human(self, tool: str, verb: str, **payload: Any) -> dict[str, Any]:
        """A person does something in a tool."""
        role = MANAGER if tool in ("jira", "airtable") else SPECIALIST
        return self.control(f"{tool}/{verb}", {"as": self.member(role), **payload})

    def plan(self, entity: Remembered, at: datetime | None, kind: str | None = None) -> None:
        """The campaign manager plans the send for another time, or for none."""
        fields: dict[str, Any] = {"Planned send": at and stamp(at)}
        if kind:
            fields["Planned send type"] = kind
        self.row(entity, **fields)

    def row(self, entity: Remembered, **fields: Any) -> None:
        """The campaign manager edits the row in Airtable."""
        self.human("airtable", "edit", table="Campaigns", record=entity.links["airtable"].ref.native, fields=fields)

    def create_row(self, **fields: Any) -> str:
        return str(self.human("airtable", "create", table="Campaigns", fields=fields)["id"])

    def schedule(self, esp: str, entity: Remembered, at: datetime) -> None:
        """The specialist schedules a draft in the ESP for a moment."""
        native = entity.links[esp].ref.native
        if esp == "klaviyo":
            self.human(esp, "edit", campaign=native, send_strategy=exactly(at))
            self.human(esp, "schedule", campaign=native)
        else:
            self.human(esp, "schedule", campaign=native, at=at.isoformat())

    def move(self, esp: str, entity: Remembered, at: datetime) -> None:
        """The specialist moves what is scheduled."""
        native = entity.links[esp].ref.native
        match esp:
            case "klaviyo":
                self.human(esp, "edit", campaign=native, send_strategy=exactly(at))
            case "mailchimp":
                self.human(esp, "reschedule", campaign=native, at=at.isoformat())
            case _:
                self.human(esp, "move", campaign=native, at=at.isoformat())

    def unschedule(self, esp: str, entity: Remembered) -> None:
        """The specialist takes it off the calendar."""
        more = {"to": "draft"} if esp == "brevo" else {}
        self.human(esp, "unschedule", campaign=entity.links[esp].ref.native, **more)

    def held_by_esp(self, esp: str, entity: Remembered) -> tuple[str, datetime | None]:
        """Status and scheduled time of the campaign, as the ESP itself holds them."""
        return self.placed(esp, self.box._servers.tools[esp].dump()["campaigns"][entity.links[esp].ref.native])

    def placed(self, esp: str, campaign: dict[str, Any]) -> tuple[str, datetime | None]:
        """The same of a campaign in the stand-in's own terms."""
        status = WORDS.get(campaign["status"].lower(), campaign["status"].lower())
        at = {"klaviyo": "send_time", "mailchimp": "send_time", "brevo": "scheduled"}[esp]
        text = campaign[at] if status == "scheduled" else None
        return status, datetime.fromisoformat(text).astimezone(UTC) if text else None

    def says(self, tool: str, entity: Remembered) -> tuple[Any, Any, Any]:
        """Status, planned and scheduled time of the campaign, as a tool shows them."""
        shown = self.shows(tool, entity)
        return shown.get("status"), shown.get("planned_send"), shown.get("scheduled_send")

    def decide(self, finding: Finding, choice: str) -> None:
        """Somebody resolves a flag."""
        with open_state(self.settings) as store:
            store.decide(finding.fingerprint, choice, self.now)

    def assert_quiet(self) -> None:
        """One more run writes nothing and tells nothing new."""
        mark = self.mark()
        report = self.sync()
        assert self.writes(mark) == []
        assert (report.changes, report.opened, report.closed) == ((), (), ())

    def assert_no_news(self) -> None:
        """One more run changes nothing in any tool and has nothing new to tell: what is refused stays refused."""
        mark = self.mark()
        report = self.sync()
        assert self.writes(mark) == []
        assert (report.opened, report.closed) == ((), ())


def exactly(at: datetime) -> dict[str, Any]:
    """Klaviyo's send at one moment."""
    return {"method": "static", "datetime": stamp(at), "options": {"is_local": False}}


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def flags(report: RunReport, entity: Remembered, kind: FindingKind) -> dict[str, Finding]:
    """The open findings of a kind about a campaign, by what they are about."""
    return {finding.detail_key: finding for finding in of_kind(report, kind) if finding.subject == entity.id}


@contextmanager
def opened(folder: Path, *esps: str, campaigns: int = 5) -> Iterator[Office]:
    """An office of these ESPs that nobody has synced yet. What Klaviyo does takes no time in it."""
    with Sandbox(seed=1, campaigns=campaigns, now=TODAY, esps=esps) as box:
        office = Office(box, folder)
        if "klaviyo" in esps:
            office.human("klaviyo", "switch", name="schedule_delay_seconds", value=0)
        with closing(office):
            yield office


class Offices:
    """Offices after their first sync, one for each choice of ESPs, started when it is asked for and rewound each time
    that it is asked for again."""

    def __init__(self, folder: Callable[[str], Path]) -> None:
        self._folder, self._stack = folder, ExitStack()
        self._known: dict[tuple[str, ...], tuple[Office, Snapshot]] = {}

    def close(self) -> None:
        """End all of them."""
        self._stack.close()

    def of(self, *esps: str) -> Office:
        """Everybody agrees: c001 was sent, c002 is scheduled for 4 March, 13:30 UTC, c003 to c005 are drafts."""
        if esps not in self._known:
            office = self._stack.enter_context(opened(self._folder("-".join(esps)), *esps))
            for _ in range(2):
                office.sync()
            self._known[esps] = office, office.snapshot()
        office, start = self._known[esps]
        office.rewind(start)
        return office


SHARED = pytest.StashKey[Offices]()


@pytest.fixture
def offices(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Offices:
    """Those that all modules share, until the end: to start one and sync it twice takes longer than most tests."""
    stash = request.config.stash
    if SHARED not in stash:
        stash[SHARED] = Offices(tmp_path_factory.mktemp)
        request.config.add_cleanup(stash[SHARED].close)
    return stash[SHARED]


@pytest.fixture
def office(request: pytest.FixtureRequest, offices: Offices, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The office of the ESP (or ESPs) that the test is parametrized with; see `by_esp`. Nobody waits for an ESP that
    is slow to show what was asked of it."""
    monkeypatch.setattr("connectors.klaviyo_jobs.WAITS", ())
    wanted = request.param
    return offices.of(*([wanted] if isinstance(wanted, str) else wanted))


def by_esp(*esps: str | tuple[str, ...]) -> pytest.MarkDecorator:
    """The test runs with each of these ESPs, or with each of all three."""
    return pytest.mark.parametrize("office", esps or ESPS, indirect=True)
