"""A scheduled send is moved over the wire and the run is killed: whatever the place, it ends on the calendar once.

python -m tests.crash.moves             a kill at every HTTP request and every commit, for each ESP
python -m tests.crash.moves mailchimp   for one of them
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import requests

from connectors.sandbox.server import Sandbox
from sync.findings import FindingKind
from sync.model import Instant
from sync.report import RunReport
from tests.crash.boundaries import numbered
from tests.crash.explore import NOT_KILLED, Tally
from tests.crash.wire import Company
from tests.e2e.calendar_office import ESPS, Office
from tests.e2e.team import TODAY, of_kind

SEND = datetime(2026, 3, 4, 13, 30, tzinfo=UTC)
MOVED = datetime(2026, 3, 6, 9, 15, tzinfo=UTC)
# How an ESP is asked to take a send off its calendar, and to put it back.
STEPS = {
    "klaviyo": ("PATCH /api/campaign-send-jobs/", "POST /api/campaign-send-jobs:"),
    "mailchimp": ("/actions/unschedule", "/actions/schedule"),
}
RUNS = 3


class Moves(Company):
    """An office right before the run that moves a send."""

    def __init__(self, folder: Path, esp: str) -> None:
        self.name, self.esp, self._folder = f"move in {esp}", esp, folder
        self._line, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("fork")
        self._sandbox = context.Process(target=_serve, args=(there, esp), daemon=True)
        self._sandbox.start()
        there.close()
        self.company, self.control = self._line.recv()
        self.team = self.office = Office(self, folder)  # type: ignore[arg-type]  # it asks for addresses only
        for _ in range(2):
            self.office.sync()
        self._settings = self.office.settings
        self.campaign = self.office.campaign("c002")
        self.office.plan(self.campaign, MOVED)
        self.start = self.snapshot()
        self._known: dict[str, list[str]] = {}  # violations by what a kill left
        self._unknowing: frozenset[int] = frozenset()

    def labels(self) -> list[str]:
        """The boundaries of the run that is not killed."""
        self.live()  # it fills what processes keep
        self.restore(self.start)
        life = self.live()
        if life.error:
            raise AssertionError(f"{self.name}: it does not run unharmed: {life.error}")
        self._unknowing = self._unremembered(life.labels)
        return life.labels

    def _unremembered(self, labels: list[str]) -> frozenset[int]:
        """From the answer that the send is unscheduled to the commit of that, and from the commit that it is about to
        be put back until that is asked for: a kill there leaves a draft of which nobody knows that it is our doing.
        It is flagged, and stays one until a person says (decision 22)."""
        if self.esp not in STEPS:
            return frozenset()
        off, back = (next(at for at, label in enumerate(labels, 1) if step in label) for step in STEPS[self.esp])
        noted = max(at for at, label in enumerate(labels[:back], 1) if label.startswith("commit: after"))
        return frozenset([*range(off + 1, labels.index("commit: before", off) + 2), *range(noted, back + 1)])

    def kill(self, labels: list[str], at: int) -> list[str]:
        """The violations of being killed at boundary number `at`."""
        self.restore(self.start)
        life = self.live(at)
        broken = [] if life.killed else [f"{NOT_KILLED}: {life.error}"]
        if life.labels != labels[:at]:
            broken.append(f"not the same run again: {numbered(life.labels)}")
        dead, key = self.snapshot(), self.key()
        if key not in self._known:
            self.restore(dead)
            self._known[key] = self._recovered(at)
        broken += self._known[key]
        return [f"{self.name}, killed at {at} {labels[at - 1]}: {words}" for words in broken]

    def _recovered(self, at: int) -> list[str]:
        mark, broken = self._log_end(), []
        for _ in range(RUNS):
            broken += self._told_rightly(self._go_on())
        if at in self._unknowing and self._on_calendar()[0] == "draft":
            self.office.schedule(self.esp, self.campaign, MOVED)
            broken += self._told_rightly(self._go_on()) + self._told_rightly(self._go_on())
        quiet = self._log_end()
        report = self._go_on()
        if self._writes(quiet) or report.opened or report.closed:
            broken.append(f"it does not converge: {self._writes(quiet)}, {report.opened}, {report.closed}")
        broken += [f"never settled: {intent}" for intent in self.office.state().intents]
        broken += [f"a send began: {entry}" for entry in self._entries(mark) if entry.get("sent")]
        return broken + self._ended()

    def _told_rightly(self, report: RunReport) -> list[str]:
        """The flag stands while our doing keeps the send off the calendar, and no longer."""
        flagged = bool(of_kind(report, FindingKind.UNSCHEDULED))
        off = any(intent.unscheduled for intent in self.office.state().intents)
        status, _ = self._on_calendar()
        broken = [f"the ESP shows it as {status}, and the flag says otherwise"] if flagged and status != "draft" else []
        return [*broken, *(["it is off the calendar and not flagged"] if off and not flagged else [])]

    def _ended(self) -> list[str]:
        """It is scheduled for the new time everywhere, once."""
        status, at = self._on_calendar()
        scheduled = Counter(self._status(one) for one in self._campaigns().values())["scheduled"]
        shown = {tool: self.office.says(tool, self.campaign) for tool in ("jira", "airtable")}
        planned = {tool: says[1] for tool, says in shown.items()}
        broken = []
        if planned["airtable"] != Instant(MOVED):
            broken.append(f"the plan is lost: {planned}")
        if (status, at) == ("scheduled", MOVED):
            if scheduled != 1 or any(says[0] != "scheduled" or says[2] != Instant(MOVED) for says in shown.values()):
                broken.append(f"{scheduled} are scheduled, and the planners show {shown}")
        else:
            broken.append(f"it ended as {status} for {at}")
        return broken

    def _campaigns(self) -> dict[str, Any]:
        found: dict[str, Any] = self._ask(("dump",))[self.esp]["campaigns"]
        return found

    def _on_calendar(self) -> tuple[str, datetime | None]:
        return self.office.placed(self.esp, self._campaigns()[self.campaign.links[self.esp].ref.native])

    def _status(self, campaign: dict[str, Any]) -> str:
        return self.office.placed(self.esp, campaign)[0]

    def _entries(self, since: int) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.control}/control/log", params={"since": since}, timeout=10)
        found: list[dict[str, Any]] = answer.json()["entries"]
        return found

    def _log_end(self) -> int:
        return int(requests.get(f"{self.control}/control/log", params={"since": 10**9}, timeout=10).json()["last"])

    def _writes(self, since: int) -> list[str]:
        return [
            f"{e['method']} {e['path']}"
            for e in self._entries(since)
            if e["actor"] == "api" and e["write"] and e["status"] < 400
        ]


def every_kill(esp: str, folder: Path) -> Tally:
    """Kill at every boundary."""
    moves = Moves(folder, esp)
    with moves:
        labels = moves.labels()
        names = numbered(labels)
        tally = Tally(names)
        for at, name in enumerate(names, 1):
            broken = moves.kill(labels, at)
            if not any(NOT_KILLED in words for words in broken):
                tally.killed.append(name)
            tally.violations += broken
        tally.restarts = len(moves._known)
    return tally


def _serve(line: Connection, esp: str) -> None:
    """The sandbox's process: it serves, and between two runs it shows, puts back, and sets the clock."""
    with Sandbox(seed=1, campaigns=5, now=TODAY, esps=(esp,)) as box:
        tools = box._servers.tools
        if esp == "klaviyo":
            tools[esp].human("switch", {"name": "schedule_delay_seconds", "value": 0})
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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.moves", description=__doc__)
    parser.add_argument("esps", nargs="*", default=ESPS)
    failed = False
    for esp in parser.parse_args().esps:
        with tempfile.TemporaryDirectory(prefix="moves-") as folder:
            tally = every_kill(esp, Path(folder))
        sys.stdout.write(
            f"move in {esp}: killed {len(tally.killed)} of {len(tally.found)}, {tally.restarts} different states "
            f"restarted, {len(tally.violations)} violations\n"
        )
        for words in tally.violations:
            sys.stdout.write(f"  VIOLATION {words}\n")
        failed |= bool(tally.violations or tally.missed or not tally.found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
