"""A made-up team whose runs are measured: the sandbox on loopback, a workspace on disk, a clock that both share."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from connectors.sandbox.server import Sandbox
from jobs.demo_workspace import write_workspace
from jobs.settings import Settings, load_settings
from jobs.side_by_side import side_by_side as together
from jobs.wiring import open_state, open_workspace
from sync.engine import run
from sync.model import Kind
from sync.report import RunReport
from sync.state import Remembered
from sync.workspace import SideBySide, Surroundings

TODAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
INTERVAL = timedelta(minutes=15)
TOOLS = ("jira", "airtable", "klaviyo")
MANAGER = "campaign manager"
OPEN = ("planned", "in_progress", "in_review", "approved")  # statuses of campaigns that nothing is final of yet

# Our own budgets would be what is measured, and so would be the bound that stops a run which overwrites very much.
UNLIMITED = r"\1\nrequests_per_second = 100000"
ANY_MASS = "\n[guard]\noverwrite_count = 1000000\n"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: what it told, how long it took, and what it asked of the tools, as their log has it."""

    report: RunReport
    seconds: float
    asked: list[dict[str, Any]]


class Team:
    """One workspace and the three tools behind it. `polling` has Airtable keep no change log for us, `limited` keeps
    the budgets that a workspace has by default."""

    def __init__(self, box: Sandbox, folder: Path, *, polling: bool = False, limited: bool = False) -> None:
        self.box, self.now, self._ids = box, TODAY, 0
        config = write_workspace(folder, box.company, "smtp://127.0.0.1:9")
        text = config.read_text("utf-8") + ANY_MASS
        if not limited:
            text = re.sub(r'(type = "(?:jira|airtable|klaviyo)")', UNLIMITED, text)
        if box.company["credentials"]["jira"]["flavour"] == "dc":
            text = re.sub(r"^email = .*\n", "", text, flags=re.MULTILINE)  # a personal access token has no address
        if polling:
            text = text.replace('type = "airtable"\n', 'type = "airtable"\nwebhook_log = "off"\n')
        config.write_text(text, "utf-8")
        self.settings: Settings = load_settings(config)

    def sync(
        self,
        *,
        dry: bool = False,
        full: bool = False,
        after: timedelta = INTERVAL,
        side_by_side: SideBySide = together,
    ) -> Measured:
        """One run, so long after the last."""
        self.now = max(self.now, self.box.world.now()) + after
        self.control("clock", {"now": self.now.isoformat()})
        around = Surroundings(self.box.world.now, self._new_id, side_by_side=side_by_side)
        since, begun = len(self.box.world.entries), time.perf_counter()
        with open_workspace(self.settings) as workspace, open_state(self.settings) as store:
            report = run(workspace, store, around, dry=dry, full=full)
        seconds = time.perf_counter() - begun
        return Measured(report, seconds, [one for one in self.box.world.entries[since:] if one["actor"] == "api"])

    @property
    def campaigns(self) -> int:
        """How many the company has."""
        return len(self.box.company["campaigns"])

    def entities(self) -> list[Remembered]:
        """Everything that the workspace remembers and that is not dead, by id."""
        with open_state(self.settings) as store:
            known = store.load().entities
        return [known[id_] for id_ in sorted(known) if not known[id_].dead]

    def editable(self) -> list[Remembered]:
        """The campaigns that all tools hold, agree on, and may still be told an edit of."""
        found = [e for e in self.entities() if e.kind is Kind.CAMPAIGN and len(e.links) == len(TOOLS)]
        return [entity for entity in found if not entity.disputed and entity.agreed.get("status") in OPEN]

    def edit(self, tool: str, campaigns: list[Remembered], subject: str) -> None:
        """A person gives each campaign another subject line, in Jira or in Airtable."""
        who = next(person["email"] for person in self.box.company["people"] if person["role"] == MANAGER)
        for campaign in campaigns:
            native, fields = campaign.links[tool].ref.native, {"Subject line": f"{subject} {campaign.id}"}
            place = {"issue": native} if tool == "jira" else {"table": "Campaigns", "record": native}
            self.control(f"{tool}/edit", {"as": who, "fields": fields, **place})

    def edit_stages(self, tool: str, campaigns: list[Remembered]) -> int:
        """A person gives all stages of these campaigns another due date, in Jira or in Airtable; how many that are."""
        who = next(person["email"] for person in self.box.company["people"] if person["role"] == MANAGER)
        wanted, count = {campaign.id for campaign in campaigns}, 0
        for stage in self.entities():
            both = {"jira", "airtable"} <= stage.shown_in
            if stage.kind is Kind.STAGE and stage.campaign in wanted and both and not stage.disputed:
                native, count = stage.links[tool].ref.native, count + 1
                place = {"issue": native} if tool == "jira" else {"table": "Stages", "record": native}
                field = "duedate" if tool == "jira" else "Due"
                self.control(f"{tool}/edit", {"as": who, "fields": {field: f"2026-06-{10 + count % 20}"}, **place})
        return count

    def empty(self, tool: str) -> None:
        """People take everything out of a tool."""
        who = next(person["email"] for person in self.box.company["people"] if person["role"] == MANAGER)
        for campaign in self.box.company["campaigns"]:
            stages = [stage.get(tool) for stage in campaign["stages"].values()]
            for table, native in [*(("Stages", native) for native in stages), ("Campaigns", campaign[tool])]:
                if native:
                    place = {"jira": {"issue": native}, "airtable": {"table": table, "record": native}}
                    self.control(f"{tool}/delete", {"as": who, **place.get(tool, {"campaign": native})})

    def control(self, path: str, payload: dict[str, Any]) -> None:
        """An order to the sandbox."""
        requests.post(f"{self.box.control}/control/{path}", json=payload, timeout=30).raise_for_status()

    def _new_id(self) -> str:
        self._ids += 1
        return f"cs-{self._ids:08d}"


@contextmanager
def team_of(campaigns: int, *, jira: str = "cloud", polling: bool = False, limited: bool = False) -> Iterator[Team]:
    """A team with so many campaigns whose tools agree as little as any real team's. `limited`: the vendors' rate
    limits are enforced, and ours are heeded."""
    with (
        TemporaryDirectory() as folder,
        Sandbox(seed=1, campaigns=campaigns, now=TODAY, jira=jira, rate_limits=limited) as box,
    ):
        yield Team(box, Path(folder), polling=polling, limited=limited)
