"""The wire as a ground for crashes: the real connectors over HTTP, the sandbox in a process of its own.

A boundary is every HTTP request, before it is sent and once its answer is there, and every commit of the database.
"""

from __future__ import annotations

import json
import multiprocessing
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from connectors.sandbox.server import Sandbox
from jobs.wiring import open_state, open_workspace
from sync.engine import run
from sync.model import EntityLink, Kind, Value
from sync.report import RunReport
from sync.rows import dumps
from sync.workspace import Surroundings, Workspace
from tests.crash import check
from tests.crash.boundaries import AFTER_CALL, BEFORE_CALL, Boundaries
from tests.crash.process import Life, Process
from tests.crash.remote import Answer, Line
from tests.crash.world import NAMESPACE, file_rows
from tests.e2e import native
from tests.e2e.team import INTERVAL, TODAY, Team

UNSTEADY = ("hooks", "access")  # of what Airtable holds: how long its log of changes lives, and how often it was asked
CAMPAIGNS = 2
STORIES: dict[str, Callable[[Team], None]] = {}


def story(tell: Callable[[Team], None]) -> Callable[[Team], None]:
    """What happened before the run that is killed."""
    STORIES[tell.__name__] = tell
    return tell


@story
def first_sync(team: Team) -> None:
    """Two campaigns that all tools have, and one with a stage that Airtable alone has."""
    with open_state(team.settings):
        pass  # the database is there, and empty
    _autumn(team)


@story
def edits(team: Team) -> None:
    """Fields and a status of one campaign, the subject of another's draft, a stage's notes."""
    team.sync()
    _autumn(team)
    team.sync()
    campaigns = sorted(
        (e for e in team.state().entities.values() if e.kind is Kind.CAMPAIGN), key=lambda e: str(e.agreed["name"])
    )
    (autumn,) = (campaign for campaign in campaigns if campaign.agreed["name"] == "Autumn")
    planned = next(campaign for campaign in campaigns if campaign.agreed.get("status") == "planned")
    native.edit(team, "airtable", planned, {"Brief": "Go **on**", "Program": "Event", "Status": "In review"})
    native.edit(team, "klaviyo", autumn, {"subject": "From the ESP"})
    (stage,) = (e for e in team.state().entities.values() if e.agreed.get("campaign") == EntityLink(autumn.id))
    native.edit(team, "jira", stage, {"Description": "Twice", "Due date": "2026-03-30"})


def _autumn(team: Team) -> None:
    made = native.create(team, "airtable", "Campaigns", {
        "Name": "Autumn", "Subject line": "Leaves", "Brief": "Go", "Status": "In progress",
        "Planned send": "2026-04-02T09:00:00.000Z", "Audiences": ["Students"],
    })  # fmt: skip
    native.create(team, "airtable", "Stages", {"Title": "QA: Autumn", "Campaign": [made], "Stage": "QA"})


class Company:
    """A team whose tools run in another process. What they hold is put back at will."""

    disputes = False

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self._folder = f"wire {name}", folder
        self._line, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("fork")
        self._sandbox = context.Process(target=_serve_sandbox, args=(there,), daemon=True)
        self._sandbox.start()
        there.close()
        self.company, self.control = self._line.recv()
        self.team = Team(self, folder)  # type: ignore[arg-type]  # it asks for addresses only
        STORIES[name](self.team)
        self._settings = self.team.settings
        self._workspace_name = self._settings.name

    def __enter__(self) -> Company:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.send(None)
        self._sandbox.join()
        self._line.close()

    def live(self, at: int | None = None) -> Life:
        self._pass_by()

        def work(_line: Line, boundaries: Boundaries) -> RunReport:
            _trace_requests(boundaries)
            return self._run()

        return Process(work, _nobody, at).serve()

    def snapshot(self) -> Snapshot:
        files = {f.name: f.read_bytes() for f in self._folder.glob("state.db*") if f.suffix != ".db-shm"}
        return Snapshot(self._ask(("dump",)), files, self.team.now, self.team.ids)

    def restore(self, to: Snapshot) -> None:
        self._ask(("restore", to.tools))
        self.team.now, self.team.ids = to.now, to.ids
        for file in self._folder.glob("state.db*"):
            file.unlink()
        for name, content in to.files.items():
            (self._folder / name).write_bytes(content)

    def key(self) -> str:
        return self._text(file_rows(self._folder / "state.db"))

    def lasting_key(self) -> str:
        return self._text(check.lasting(file_rows(self._folder / "state.db")))

    def finish(self) -> list[str]:
        broken = self._identity()
        for _ in range(check.CONVERGING):
            self._go_on()
            broken += self._identity()
        rows, tools = check.lasting(file_rows(self._folder / "state.db")), self._held()
        report = self._go_on()
        if self._held() != tools:
            broken.append("it does not converge: a quiet run changed a tool")
        if report.opened or report.closed:
            broken.append(f"a quiet run opened {report.opened} and closed {report.closed}")
        if check.lasting(file_rows(self._folder / "state.db")) != rows:
            broken.append("a quiet run changed rows of entities, links, history, findings or open intents")
        return [*broken, *(f"never settled: {intent}" for intent in self.team.state().intents)]

    def outcome(self) -> check.Outcome:
        state = self.team.state()
        with open_state(self._settings) as store:
            flagged = [f"{k.finding.kind} {k.finding.detail_key} {k.finding.title}" for k in store.open_findings()]
        with open_workspace(self._settings) as workspace:
            shown = {name: Counter(_contents(workspace, name)) for name in workspace.tools}
        return check.Outcome(shown, check.agreed_words(state), Counter(flagged))

    def _identity(self) -> list[str]:
        """One record for an entity in a tool, found by the tools' own words for the marker."""
        broken = []
        for tool, held in self._ask(("dump",)).items():
            marks = Counter(mark for mark in _marks(tool, held) if mark)
            broken += [f"{tool} holds {n} records of {mark}" for mark, n in marks.items() if n > 1]
        refs = Counter(link.ref for entity in self.team.state().entities.values() for link in entity.links.values())
        return [*broken, *(f"{ref} is linked {n} times" for ref, n in refs.items() if n > 1)]

    def _go_on(self) -> RunReport:
        self._pass_by()
        return self._run()

    def _pass_by(self) -> None:
        self.team.now += INTERVAL
        self.team.ids += NAMESPACE
        self._ask(("clock", self.team.now))

    def _run(self) -> RunReport:
        around = Surroundings(lambda: self.team.now, self.team._new_id)
        with open_workspace(self._settings) as workspace, open_state(self._settings) as store:
            return run(workspace, store, around)

    def _text(self, rows: Any) -> str:
        return json.dumps([self._held(), rows, self.team.now.isoformat(), self.team.ids], default=str)

    def _held(self) -> Any:
        """What the tools hold, but for how long Airtable's log of changes lives: to read it prolongs it."""
        held = self._ask(("dump",))
        return {**held, "airtable": {name: part for name, part in held["airtable"].items() if name not in UNSTEADY}}

    def _ask(self, order: tuple[Any, ...]) -> Any:
        self._line.send(order)
        return self._line.recv()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A company as it stood: what its tools held, the database's files, clock and ids."""

    tools: Any
    files: dict[str, bytes]
    now: datetime
    ids: int


def _serve_sandbox(line: Connection) -> None:
    """The sandbox's process: it serves, and between two runs it shows, puts back, and sets the clock."""
    with Sandbox(seed=1, campaigns=CAMPAIGNS, now=TODAY) as box:
        tools = box._servers.tools
        line.send((box.company, box.control))
        while order := line.recv():
            with box.world.lock:
                match order:
                    case ("dump",):
                        line.send(json.loads(json.dumps({name: tool.dump() for name, tool in tools.items()})))
                    case ("restore", held):
                        for name, tool in tools.items():
                            tool.restore(held[name])
                        line.send(None)
                    case ("clock", now):
                        box.world.set_clock(now)
                        line.send(None)


def _trace_requests(boundaries: Boundaries) -> None:
    """From now on every HTTP request of this process has a boundary before and one after it."""
    send = HTTPAdapter.send

    def traced(adapter: HTTPAdapter, request: requests.PreparedRequest, *rest: Any, **more: Any) -> requests.Response:
        words = f"{request.method} {request.path_url.partition('?')[0]}"
        boundaries.reach(f"{words}: {BEFORE_CALL}")
        answer = send(adapter, request, *rest, **more)
        boundaries.reach(f"{words}: {AFTER_CALL}")
        return answer

    HTTPAdapter.send = traced  # type: ignore[method-assign,assignment]


def _nobody(tool: str, name: str, arguments: Sequence[Any]) -> Answer:
    raise AssertionError(f"the child asks its parent for {name} of {tool}")


def _marks(tool: str, held: Any) -> list[str | None]:
    """The markers in a tool's records, in the tool's own words."""
    if tool == "jira":
        return [issue["properties"].get("campaign-sync", {}).get("entity") for issue in held["issues"].values()]
    if tool == "airtable":
        fields = {c["id"] for table in held["tables"] for c in table["columns"] if c["name"] == "Sync ID"}
        return [row["cells"].get(name) for table in held["tables"] for row in table["rows"] for name in fields]
    return [c["name"].rpartition(" [")[2] if " [cs-" in c["name"] else None for c in held["campaigns"].values()]


def _contents(workspace: Workspace, name: str) -> list[str]:
    """What a tool's records mean, without native ids."""
    tool = workspace.tools[name]
    mapping = tool.bind(tool.connector.schema())
    with closing(tool.connector):
        records = list(tool.connector.fetch())
    readings = {record.ref.native: mapping.get(record) for record in records}

    def words(value: Value) -> str:
        return repr(sorted(value) if isinstance(value, frozenset) else value)

    found = []
    for record in records:
        above = readings[record.parent].values.get("name") if record.parent in readings else None
        values = {field: words(value) for field, value in sorted(readings[record.ref.native].values.items())}
        found.append(f"{record.ref.kind} {dumps(values)} on {above}")
    return found
