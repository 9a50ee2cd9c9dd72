"""Counts what each kind of run costs: calls and writes by tool, and seconds, over real HTTP against the sandbox."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from connectors.sandbox.server import Sandbox
from jobs.demo_workspace import write_workspace
from jobs.settings import Settings, load_settings
from jobs.wiring import open_state, open_workspace
from sync.engine import run
from sync.model import Kind
from sync.workspace import Surroundings

TODAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
EDITED_SHARE = 0.01
TOOLS = ("jira", "airtable", "klaviyo")


@dataclass(frozen=True, slots=True)
class Figures:
    """One run: `calls` is tool -> (requests, of which writes), `records` what the tools held together."""

    campaigns: int
    records: int
    run: str
    seconds: float
    calls: dict[str, tuple[int, int]]

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON."""
        calls = {tool: {"requests": total, "writes": writes} for tool, (total, writes) in self.calls.items()}
        return {
            "campaigns": self.campaigns,
            "records": self.records,
            "run": self.run,
            "seconds": round(self.seconds, 3),
            "calls": calls,
        }


def measure(campaigns: int, *, say: Callable[[str], object]) -> Iterator[Figures]:
    """The first sync, one with nothing to do, a plan, and one after 1 % of the campaigns were edited in Airtable."""
    with TemporaryDirectory() as folder, Sandbox(seed=1, campaigns=campaigns, now=TODAY) as box:
        bench = _Bench(campaigns, box, Path(folder))
        for kind in ("first", "no change", "plan", "1 % edited"):
            say(f"{campaigns} campaigns: {kind}")
            if kind == "1 % edited":
                bench.edit()
            yield bench.time(kind)


class _Bench:
    def __init__(self, campaigns: int, box: Sandbox, folder: Path) -> None:
        self.campaigns, self.box, self.ids = campaigns, box, 0
        config = write_workspace(folder, box.company, "smtp://127.0.0.1:9")
        text = config.read_text("utf-8")
        # Our own budgets would be what is measured.
        text = re.sub(r'(type = "(?:jira|airtable|klaviyo)")', r"\1\nrequests_per_second = 100000", text)
        config.write_text(text, "utf-8")
        self.settings: Settings = load_settings(config)
        self.now = TODAY

    def time(self, kind: str) -> Figures:
        self.now += timedelta(minutes=15)
        since = len(self.box.world.entries)
        begun = time.perf_counter()
        around = Surroundings(lambda: self.now, self._new_id)
        with open_workspace(self.settings) as workspace, open_state(self.settings) as store:
            report = run(workspace, store, around, dry=kind == "plan", allow_mass=True)
        seconds = time.perf_counter() - begun
        mine = [entry for entry in self.box.world.entries[since:] if entry["actor"] == "api"]
        calls = {
            tool: (
                sum(entry["tool"] == tool for entry in mine),
                sum(entry["tool"] == tool and entry["write"] for entry in mine),
            )
            for tool in TOOLS
        }
        return Figures(self.campaigns, sum(tool.read for tool in report.tools), kind, seconds, calls)

    def edit(self) -> None:
        with open_state(self.settings) as store:
            entities = store.load().entities.values()
        rows = [e.links["airtable"].ref.native for e in entities if e.kind is Kind.CAMPAIGN and "airtable" in e.links]
        who = next(person["email"] for person in self.box.company["people"] if person["active"])
        for row in sorted(rows)[: max(1, round(EDITED_SHARE * self.campaigns))]:
            payload = {"as": who, "table": "Campaigns", "record": row, "fields": {"Program": "Event"}}
            answer = requests.post(f"{self.box.control}/control/airtable/edit", json=payload, timeout=30)
            answer.raise_for_status()

    def _new_id(self) -> str:
        self.ids += 1
        return f"cs-{self.ids:08d}"
