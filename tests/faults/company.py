"""A small team for faults in set-up and state: three campaigns with stages that three tools agree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import requests

from connectors.sandbox.server import Sandbox
from jobs.settings import Settings, load_settings
from jobs.wiring import open_state, open_workspace
from sync.errors import SyncError
from sync.findings import Finding, FindingKind
from sync.model import Kind, Value
from sync.ports import Refusal
from sync.report import RunReport
from sync.state import Remembered
from tests.e2e import native
from tests.e2e.team import TODAY, Team

TOOLS = ("jira", "airtable", "klaviyo")
SETTLED_AFTER = 2  # runs, at most, until a run has nothing to do
FULL = {
    "Brief": "What it is about", "Program": "Event", "Status": "Planned", "Audiences": ["Newsletter UK"],
    "Subject line": "Come and see", "Tags": ["sale"], "Planned send": "2026-04-10T07:00:00.000Z",
    "Planned send type": "Exact time",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """tool -> native id -> what the record shows; and where a record shows anything but what was agreed."""

    shown: dict[str, dict[str, Mapping[str, Value]]]
    differing: list[str]

    def value(self, tool: str, entity: Remembered, field: str) -> Value:
        """None as well where the tool does not answer or has no record of it."""
        link = entity.links.get(tool)
        return self.shown.get(tool, {}).get(link.ref.native, {}).get(field) if link else None

    def names(self, tool: str) -> list[str]:
        """The names of the tool's campaigns."""
        return sorted(str(values["name"]) for values in self.shown.get(tool, {}).values() if "name" in values)


class Crew(Team):
    """The team, right after everything was synced. `agreed` findings stand from the start and are no news."""

    def __init__(self, box: Sandbox, folder: Path) -> None:  # its workspace is there already
        self.box, self.config = box, folder / "campaign-sync.toml"
        self.now, self.ids = TODAY, 0
        self.http, self.company = requests.Session(), box.company
        self.notes: dict[str, Any] = {}  # what an act leaves for the one that undoes it
        if "count_every" not in self.config.read_text("utf-8"):  # what is gone is missed in the next run
            self.change("[workspace]\n", '[workspace]\ncount_every = "1s"\n')

    @cached_property
    def settings(self) -> Settings:  # nobody changes the files of this team
        return load_settings(self.config)

    def server(self, tool: str) -> Any:
        """The tool itself, to look things up in."""
        return self.box._servers.tools[tool]

    def record(self, name: str, kind: str | None = None) -> Remembered:
        """A campaign by its name, or the stage of that kind of it."""
        entities = self.state().entities.values()
        campaign = next(e for e in entities if e.kind is Kind.CAMPAIGN and e.agreed.get("name") == name)
        if kind is None:
            return campaign
        return next(
            e
            for e in entities
            if e.agreed.get("kind") == kind and getattr(e.agreed.get("campaign"), "id", "") == campaign.id
        )

    def edit(self, tool: str, entity: Remembered, **fields: Any) -> None:
        """A person edits a record in a tool, by the names of its own fields."""
        native.edit(self, tool, entity, fields)

    def plan_campaign(self, tool: str, name: str, **fields: Any) -> str:
        """A person makes a campaign in Airtable or Jira; its native id. None leaves a field empty."""
        mine: dict[str, Any] = {
            "airtable": {**FULL, "Name": name},
            "jira": {
                "Summary": name, "Program": "Event", "Audiences": ["Newsletter UK"], "Subject line": "Come and see",
                "Labels": ["sale"], "Due date": "2026-04-25",
            },
        }[tool]  # fmt: skip
        given = {field: value for field, value in {**mine, **fields}.items() if value is not None}
        return native.create(self, tool, {"airtable": "Campaigns", "jira": "Epic"}[tool], given)

    def plan_stage(self, campaign: str, kind: str, owner: str, due: str) -> None:
        """A person adds a stage to a campaign's row in Airtable."""
        cells = {"Title": kind, "Campaign": [campaign], "Stage": kind, "Owner": native.Who(owner), "Due": due}
        native.create(self, "airtable", "Stages", {**cells, "Status": "To do"})

    def settle(self) -> list[Finding]:
        """Run until a run writes nothing and tells nothing new, which has to be so after two; what opened."""
        opened: dict[str, Finding] = {}
        for _ in range(SETTLED_AFTER + 1):
            before = self.mark()
            report = self.sync()
            opened |= {finding.fingerprint: finding for finding in report.opened}
            if not self.writes(before) and not report.opened and not report.closed:
                return list(opened.values())
        raise AssertionError(f"the third run still does something: {_news(report)} {self.writes(before)}")

    def standing(self) -> dict[str, str]:
        """The findings that stand, fingerprint -> title, but for stages that a campaign still lacks."""
        with open_state(self.settings) as store:
            found = [known.finding for known in store.open_findings()]
        return {one.fingerprint: one.title for one in found if one.kind is not FindingKind.MISSING_STAGE}

    def look(self) -> Seen:
        """What every tool that answers shows now, against what was agreed."""
        entities = self.state().entities.values()
        links = {link.ref: e for e in entities if not e.dead for link in e.links.values()}
        seen = Seen({}, [])
        with open_workspace(self.settings) as workspace:
            for name, tool in workspace.tools.items():
                try:
                    mapping = tool.bind(tool.connector.schema())
                    records = list(tool.connector.fetch())
                except SyncError:
                    continue
                shown = seen.shown[name] = {r.ref.native: mapping.get(r).values for r in records}
                for record in records:
                    entity = links.get(record.ref)
                    views = mapping.views(record.ref.kind) if entity else {}
                    for field, view in views.items():
                        wanted = view.project(entity.agreed.get(field)) if entity else None
                        held = shown[record.ref.native].get(field)
                        if not isinstance(wanted, Refusal) and held != wanted:
                            seen.differing.append(f"{name}/{record.key}/{field}: {held!r}, agreed {wanted!r}")
        return seen


def _news(report: RunReport) -> list[str]:
    return [f"+{f.title}" for f in report.opened] + [f"-{f.title}" for f in report.closed]


def found(box: Sandbox, folder: Path) -> Crew:
    """A fresh workspace, three campaigns with stages that people entered, and the runs that spread them."""
    Team(box, folder)
    crew = Crew(box, folder)
    crew.change('audience_gap = "24h"', 'stages = ["design", "qa"]')  # before the settings are read
    for order in ({"table": "Campaigns", "field": "Tags", "option": "sale"}, {"table": "Campaigns", "field": "Tags",
                  "option": "press"}):  # fmt: skip
        crew.control("airtable/add", order)
    for tag in ("sale", "press"):
        crew.control("klaviyo/add", {"tag": tag})
    marta = native.Who("marta")
    april = "2026-04-{}T07:00:00.000Z"
    alpha = crew.plan_campaign("airtable", "Alpha", Owner=marta)
    beta = crew.plan_campaign("airtable", "Beta", Owner=marta, **{"Planned send": april.format(15)})
    crew.plan_campaign("jira", "Gamma", Assignee=marta, **{"Due date": "2026-04-20"})
    for campaign in (alpha, beta):
        for kind in ("Design", "QA"):
            crew.plan_stage(campaign, kind, "dana", "2026-03-20")
    crew.settle()
    assert crew.look().differing == []
    return crew
