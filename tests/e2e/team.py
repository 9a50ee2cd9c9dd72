"""A made-up team for end-to-end tests: the sandbox on loopback, a workspace on disk, a clock that both share."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox.server import Sandbox
from jobs.demo_workspace import write_workspace
from jobs.settings import Settings, load_settings
from jobs.wiring import open_state, open_workspace
from sync.engine import run
from sync.findings import Finding, FindingKind
from sync.model import EntityLink, Instant, Kind, Ref, Value
from sync.report import RunReport
from sync.state import Remembered, State
from sync.workspace import Scope, Surroundings

TODAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
INTERVAL = timedelta(minutes=15)
UNLIMITED = "requests_per_second = 500"

on_both = pytest.mark.parametrize("flavour", ["cloud", "dc"])
"""The test runs on Jira Cloud and on Data Center."""


class Morning:
    """A running sandbox as it is now, which tests have back as often as they want: cheaper than one of their own."""

    def __init__(self, box: Sandbox) -> None:
        self._box, self._tools, self._now = box, box.world.snapshot(), box.world.now()

    def again(self, now: datetime | None = None) -> Sandbox:
        """The sandbox with its tools as they were then and an empty log, at the same time or at this one.

        To a workspace that was synced since `now`, its clock was set back: it asks for everything anew.
        """
        world = self._box.world
        world.faults.clear()
        world.rewind(self._tools)
        world.set_clock(now or self._now)
        world.entries.clear()
        return self._box


class Team:
    """One workspace and the three tools behind it."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self.box = box
        self.company = box.company  # kept: it is put together anew each time
        self.config = write_workspace(folder, self.company, "smtp://127.0.0.1:9")
        for tool in ("jira", "airtable", "klaviyo"):
            self.change(f'type = "{tool}"\n', f'type = "{tool}"\n{UNLIMITED}\n')
        self.now = TODAY
        self.ids = 0
        self.http = requests.Session()  # one connection for all that people do and look at

    @classmethod
    def resume(cls, box: Sandbox, folder: Path) -> Team:
        """The team of a workspace that was synced once before, with its configuration written anew."""
        shutil.rmtree(folder / "secrets")
        team = cls(box, folder)
        team.now = datetime.fromisoformat(box.world.now().isoformat())
        team.ids = 10_000_000
        return team

    @property
    def data_center(self) -> bool:
        """Whether its Jira is a Data Center."""
        return bool(self.company["credentials"]["jira"]["flavour"] == "dc")

    def count_always(self) -> None:
        """Count every tool's records in each run, not only once an hour, so that what is gone is missed at once."""
        self.change("schedule = ", 'count_every = "1s"\nschedule = ')

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    def change(self, old: str, new: str) -> None:
        """Edit the configuration file."""
        text = self.config.read_text("utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new), "utf-8")

    def sync(
        self, *, dry: bool = False, scope: Scope | None = None, allow_mass: bool = False, full: bool = False
    ) -> RunReport:
        """One run, a quarter of an hour after the last."""
        self.now += INTERVAL
        self.control("clock", {"now": self.now.isoformat()})
        settings = self.settings
        around = Surroundings(lambda: self.now, self._new_id)
        with open_workspace(settings) as workspace, open_state(settings) as store:
            return run(workspace, store, around, dry=dry, scope=scope, allow_mass=allow_mass, full=full)

    def _new_id(self) -> str:
        self.ids += 1
        return f"cs-{self.ids:08d}"

    def control(self, path: str, payload: dict[str, Any]) -> dict[str, Any]:
        """An order to the sandbox, such as a person's edit ("jira/edit")."""
        answer = self.http.post(f"{self.box.control}/control/{path}", json=payload, timeout=10)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def state(self) -> State:
        with open_state(self.settings) as store:
            return store.load()

    def mark(self) -> int:
        """A place in the tools' logs."""
        return len(self.box.world.entries)

    def writes(self, since: int = 0, tool: str | None = None) -> list[dict[str, Any]]:
        """What our own calls wrote into records, as the tools logged it. Links between records follow the names."""
        return [
            entry
            for entry in self.box.world.entries[since:]
            if entry["actor"] == "api" and entry["write"] and entry["status"] < 400
            if (tool is None or entry["tool"] == tool) and not entry["path"].endswith("/remotelink")
        ]

    def shows(self, tool: str, entity: Remembered) -> dict[str, Value]:
        """What a tool's record of an entity shows now, in canonical terms."""
        with open_workspace(self.settings) as workspace:
            connected = workspace.tools[tool]
            mapping = connected.bind(connected.connector.schema())
            ref = entity.links[tool].ref
            record = connected.connector.read([ref])[ref]
            assert record is not None
            return dict(mapping.get(record).values)

    def held(self, tool: str) -> set[Ref]:
        """All that a tool holds."""
        with open_workspace(self.settings) as workspace:
            return set(workspace.tools[tool].connector.census())

    def settled_campaigns(self) -> list[Remembered]:
        """Campaigns that all three tools hold and agree on, still a draft with an exact time, with a full set of
        stages in two tools."""
        found = []
        entities = self.state().entities  # once: loading them for each campaign would take longer than a sync
        for entity in sorted(entities.values(), key=lambda e: e.id):
            if entity.kind is not Kind.CAMPAIGN or len(entity.links) < 3 or entity.disputed:
                continue
            if entity.agreed.get("status") not in ("planned", "in_progress", "in_review", "approved"):
                continue
            stages = self.stages(entity, entities)
            if isinstance(entity.agreed.get("planned_send"), Instant) and {"design", "content", "qa"} <= set(stages):
                found.append(entity)
        return found

    def stages(self, campaign: Remembered, entities: Mapping[str, Remembered] | None = None) -> dict[str, Remembered]:
        """A campaign's stages that both tools hold and agree on, by kind; `entities` where they are loaded already."""
        known = self.state().entities if entities is None else entities
        return {
            str(entity.agreed["kind"]): entity
            for entity in known.values()
            if entity.agreed.get("campaign") == EntityLink(campaign.id)
            and len(entity.links) == 2
            and not entity.disputed
        }

    def member(self, role: str) -> str:
        """The mail address of somebody active in this role."""
        return next(str(p["email"]) for p in self.company["people"] if p["role"] == role and p["active"])


def of_kind(report: RunReport, kind: FindingKind) -> list[Finding]:
    """The report's open findings of a kind."""
    return [finding for finding in report.findings if finding.kind is kind]
