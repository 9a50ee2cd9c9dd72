"""From one person's edit to its arrival in all other tools, by webhook and by poll, through the real worker and HTTP.

The stand-ins run in this process and by real time; their work, and that of the worker's queue, is in the figures.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from benchmarks.kinds import Use, use_of
from benchmarks.processes import Middle, Say
from benchmarks.team import ANY_MASS, MANAGER, OPEN, TOOLS, UNLIMITED
from connectors.sandbox.server import Sandbox
from jobs import wiring, worker
from jobs.demo_workspace import write_workspace
from jobs.settings import Settings, load_settings
from sync.model import Kind
from sync.state import Remembered

WEBHOOK, POLL = "webhook", "poll"
SOURCES = ("jira", "airtable")  # Klaviyo tells nobody of an edit; there is only polling
EVENTS = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"]
SECRET = "made up for a measurement"
NEVER = "0 0 29 2 *"
PATIENCE = 120.0
FINE: dict[str, Any] = {"said": None, "failed": False}


@dataclass(frozen=True, slots=True)
class Row:
    """Edits in one tool: seconds until the other tools had them. By poll they count from the run's begin."""

    campaigns: int
    source: str
    way: str
    seconds: Middle

    def to_json(self) -> dict[str, Any]:
        return {"campaigns": self.campaigns, "from": self.source, "by": self.way, "seconds": self.seconds.to_json()}


def measure(campaigns: int, repeat: int, say: Say) -> Iterator[Row]:
    """A row for each tool and way. Has to run in the main thread, as the worker does."""
    with TemporaryDirectory() as folder, Sandbox(seed=1, campaigns=campaigns) as box:
        office = _Office(box, Path(folder))
        for _ in range(3):  # the first sync, and what it leaves to be seen once more
            office.poll()
        for source in SOURCES:
            say(f"{campaigns} campaigns: edits in {source}, by poll")
            yield Row(campaigns, source, POLL, Middle.of([office.polled(source) for _ in range(repeat)]))
        told: dict[str, list[float]] = {source: [] for source in SOURCES}

        def edits() -> None:
            for source in SOURCES:
                say(f"{campaigns} campaigns: edits in {source}, by webhook")
                told[source] = [office.told(source) for _ in range(repeat)]

        office.working(edits)
        for source in SOURCES:
            yield Row(campaigns, source, WEBHOOK, Middle.of(told[source]))


class _Office:
    """A workspace by real time, its tools, and the worker that hears their webhooks."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self.box, self.folder, self._edits = box, folder, 0
        config = write_workspace(folder, box.company, "smtp://127.0.0.1:9")
        text = re.sub(r'(type = "(?:jira|airtable|klaviyo)")', UNLIMITED, config.read_text("utf-8")) + ANY_MASS
        text = re.sub(r'schedule = ".*"', f'schedule = "{NEVER}"', text)
        config.write_text(text, "utf-8")
        self.config = config
        people = box.company["people"]
        self._who = next(person["email"] for person in people if person["role"] == MANAGER)

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    def poll(self) -> None:
        """One run."""
        settings = self.settings
        with wiring.open_state(settings) as store:
            wiring.run(settings, store, wiring.Order())

    def polled(self, source: str) -> float:
        """Seconds from the begin of a run, right after an edit, to its arrival everywhere."""
        arrived = self._edit(source)
        begun = time.perf_counter()
        self.poll()
        seconds = arrived() - begun
        self.poll()  # sees once more what that one wrote
        return seconds

    def told(self, source: str) -> float:
        """Seconds from an edit to its arrival everywhere, while the worker hears of it. The worker is at rest again
        afterwards: what it wrote comes back to it as news."""
        begun = time.perf_counter()
        seconds = self._edit(source)() - begun
        self._at_rest()
        return seconds

    def working(self, edits: Callable[[], None]) -> None:
        """The worker in this thread, and the edits in another one; the worker ends with them."""
        self._register()
        stops: list[worker.Stop] = []
        failures: list[BaseException] = []

        def sync(settings: Settings, stop: worker.Stop) -> dict[str, Any]:
            stops.append(stop)
            return worker.sync_step(settings, stop)

        def acting() -> None:
            try:
                self._listened()
                edits()
            except BaseException as error:  # noqa: BLE001  the measuring thread tells it
                failures.append(error)
            finally:
                self._nudge()
                _until(lambda: bool(stops), "the worker made no run")
                stops[-1].set()

        thread = threading.Thread(target=acting, daemon=True)
        thread.start()
        worker.serve(self.settings, webhooks=True, sync=sync, mail=lambda *_: FINE)
        thread.join(PATIENCE)
        if failures:
            raise failures[0]

    def _register(self) -> None:
        """Both tools tell the worker's address what happens; it and the secrets are in the configuration."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        url = f"http://127.0.0.1:{self.port}/webhooks"
        self._control("jira/webhook", url=f"{url}/jira", events=EVENTS, jql="project = CAM", secret=SECRET)
        login = self.box.company["credentials"]["airtable"]
        watched = {"options": {"filters": {"dataTypes": ["tableData"]}}}
        made = requests.post(
            f"{self.box.urls['airtable']}/v0/bases/{login['base']}/webhooks",
            json={"notificationUrl": f"{url}/airtable", "specification": watched},
            headers={"Authorization": f"Bearer {login['token']}"},
            timeout=30,
        ).json()
        self._control("airtable/notify", at_once=True)
        text = self.config.read_text("utf-8")
        for tool, secret in (("jira", SECRET), ("airtable", made["macSecretBase64"])):
            (self.folder / "secrets" / f"{tool}-webhook").write_text(secret, "utf-8")
            text = text.replace(f'type = "{tool}"', f'type = "{tool}"\nwebhook_secret_file = "secrets/{tool}-webhook"')
        text += f'\n[webhooks]\nlisten = "127.0.0.1:{self.port}"\ngather = "0s"\n'
        self.config.write_text(text, "utf-8")

    def _edit(self, source: str) -> Callable[[], float]:
        """A person edits a campaign that all tools hold; gives how to wait for the arrival, and when it was."""
        self._edits += 1
        campaign = self._campaign()
        native, fields = campaign.links[source].ref.native, {"Subject line": f"Edit {self._edits}"}
        place = {"issue": native} if source == "jira" else {"table": "Campaigns", "record": native}
        since, others = len(self.box.world.entries), set(TOOLS) - {source}
        arrival: list[float] = []

        def watch() -> None:
            def all_there() -> bool:
                told = self.box.world.entries[since:]
                return others <= {one["tool"] for one in told if one["actor"] == "api" and use_of(one) is Use.WRITE}

            _until(all_there, f"the edit in {source} did not arrive")
            arrival.append(time.perf_counter())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        self._control(f"{source}/edit", fields=fields, **place)

        def arrived() -> float:
            thread.join(PATIENCE)
            if not arrival:
                raise RuntimeError(f"the edit in {source} did not arrive in all other tools")
            return arrival[0]

        return arrived

    def _campaign(self) -> Remembered:
        """One that every tool holds and agrees on, another one each time as far as there are some."""
        with wiring.open_state(self.settings) as store:
            known = store.load().entities.values()
        found = [e for e in known if e.kind is Kind.CAMPAIGN and not e.dead and len(e.links) == len(TOOLS)]
        free = [e for e in found if not e.disputed and e.agreed.get("status") in OPEN]
        return sorted(free, key=lambda entity: entity.id)[self._edits % len(free)]

    def _at_rest(self) -> None:
        """Until nothing was asked of the tools for a while."""
        while True:
            before = len(self.box.world.entries)
            time.sleep(1.5)
            if len(self.box.world.entries) == before:
                return

    def _listened(self) -> None:
        def heard() -> bool:
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", self.port)) == 0

        _until(heard, "the worker does not listen")

    def _nudge(self) -> None:
        """Somebody does something, so that a run begins in which the worker can be told to end."""
        with suppress(Exception):  # the failure before it is what is told
            native = self._campaign().links["jira"].ref.native
            self._control("jira/edit", issue=native, fields={"Subject line": "The end"})

    def _control(self, path: str, **payload: Any) -> None:
        url = f"{self.box.control}/control/{path}"
        requests.post(url, json={"as": self._who, **payload}, timeout=30).raise_for_status()


def _until(true: Callable[[], bool], otherwise: str) -> None:
    patience = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > patience:
            raise RuntimeError(otherwise)
        time.sleep(0.002)
