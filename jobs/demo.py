"""The demo: the main job from an empty state, on stand-in tools with real HTTP, real SMTP and a real database."""

from __future__ import annotations

import os
import shlex
import socket
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from connectors.sandbox.server import sandbox_process
from jobs.demo_people import deeds, moved_records
from jobs.demo_workspace import make_folder, write_workspace
from jobs.mailbox import Mailbox
from jobs.mailing import mail_report
from jobs.progress import shown
from jobs.settings import Settings, load_settings
from jobs.terminal import show_findings, show_run
from jobs.terminal_outcomes import show_outcomes
from jobs.terminal_text import prose, put
from jobs.wiring import Order, clock, open_state, words
from jobs.wiring import run as sync_once
from sync.errors import Unavailable
from sync.findings import Finding, FindingKind
from sync.report import RunReport, State
from sync.store import Store
from sync.wording import listed, tool_title

SANDBOX_PORTS = range(8720, 8790, 10)
MAIL_PORT_AFTER = 8


def run(
    folder: Path,
    *,
    seed: int = 1,
    jira: str = "cloud",
    esps: Sequence[str] = ("klaviyo",),
    console: Console | None = None,
) -> int:
    """Tell the whole story in `folder` and leave it there; `jira` is cloud or dc. Gives the exit code.

    Raises ConfigError or Unavailable when the folder or the stand-in tools cannot be used.
    """
    console = console or Console(highlight=False, markup=False, emoji=False)
    make_folder(folder)
    port = _free_ports()
    arguments = ["--seed", str(seed), "--jira", jira, "--port", str(port), "--state", str(folder / "sandbox.json")]
    arguments += ["--log", str(folder / "sandbox.log"), *(word for esp in esps for word in ("--esp", esp))]
    with Mailbox(folder / "mail", port=port + MAIL_PORT_AFTER) as mail, _tools(folder, *arguments) as company:
        config = write_workspace(folder, company, mail.url)
        settings = load_settings(config)
        with open_state(settings) as store:
            story = Story(console, settings, store, company)
            story.tell()
            flags = [known.finding for known in store.open_findings() if known.finding.options]
        _next_commands(console, config, port, flags)
    return 0


@contextmanager
def _tools(folder: Path, *arguments: str) -> Iterator[Mapping[str, Any]]:
    try:
        with sandbox_process(folder / "sandbox-ready.json", *arguments) as company:
            yield company
    except RuntimeError as error:
        reason = str(error).rpartition("sandbox: ")[2].removeprefix("the sandbox ")
        raise Unavailable(f"the stand-in tools do not run: {reason}") from error


def _free_ports() -> int:
    """The first port of a free stretch, so that the tools can be started at the same addresses again."""
    for port in SANDBOX_PORTS:
        if all(_is_free(port + offset) for offset in range(MAIL_PORT_AFTER + 1)):
            return port
    raise Unavailable(
        f"the ports from {SANDBOX_PORTS[0]} to {SANDBOX_PORTS[-1] + 9} are all taken. End what uses them."
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass(slots=True)
class Story:
    """The three runs, what people do between them, and the account at the end."""

    console: Console
    settings: Settings
    store: Store
    company: Mapping[str, Any]
    spans: list[tuple[int, int]] = field(default_factory=list)
    # The records of the campaign whose scheduled send is moved, which takes several steps.
    moved: frozenset[str] = frozenset()

    @property
    def control(self) -> str:
        return str(self.company["urls"]["control"])

    def tell(self) -> None:
        """Everything, in order."""
        jira = "Jira Data Center" if self.company["credentials"]["jira"]["flavour"] == "dc" else "Jira Cloud"
        put(self.console)
        esps = [tool_title(tool) for tool in self.company["urls"] if tool not in ("jira", "airtable", "control")]
        tools = listed([jira, "Airtable", *esps])
        prose(self.console, f"Stand-ins for {tools} run on this machine for as long as this takes.")
        self._chapter("1", "The first sync, from an empty state")
        first = self._sync()
        self._first(first)
        self._chapter("2", "People edit, each in their own tool")
        self._people_edit()
        self._chapter("3", "The second sync")
        second = self._sync()
        show_run(self.console, second, words(self.settings))
        self._nobodys(second)
        self._mail()
        self._chapter("4", "The third sync: nobody has edited since")
        third = self._sync()
        show_run(self.console, third, words(self.settings))
        if any(finding.kind is FindingKind.DELETION for finding in third.opened):
            put(self.console)
            prose(
                self.console,
                "A deletion is believed once two runs have seen it: the deleted row is flagged now.",
            )
        self._proof()

    def _chapter(self, number: str, title: str) -> None:
        put(self.console)
        put(self.console, (f"{number}. {title}", "bold"))
        put(self.console)

    def _sync(self) -> RunReport:
        before = self._log(0)["last"]
        with shown(Console(stderr=True, highlight=False)) as progress:
            report = sync_once(self.settings, self.store, Order(), progress)
        self.spans.append((before, self._log(0)["last"]))
        return report

    def _first(self, report: RunReport) -> None:
        read = listed([f"{tool.read} in {tool_title(tool.tool)}" for tool in report.tools])
        prose(
            self.console, f"Records found: {read}. {report.adopted} of them were recognised as copies of one another."
        )
        done = Counter((change.action.value, change.tool) for change in report.changes if change.state is State.DONE)
        for (action, tool), count in sorted(done.items()):
            put(self.console, f"{action}d in {tool_title(tool)}: {count}", indent=2)
        conflicts = [finding for finding in report.findings if finding.kind is FindingKind.CONFLICT]
        if conflicts:
            put(self.console)
            prose(self.console, "What the tools disagreed on before we came (nothing of it was overwritten):")
            put(self.console)
            show_findings(self.console, conflicts, words(self.settings))
        show_outcomes(self.console, report.outcomes, self.settings.zone)

    def _people_edit(self) -> None:
        state = self.store.load()
        self.moved = moved_records(state, clock(), self.settings.zone)
        for deed in deeds(state, self.company, clock(), self.settings.zone):
            try:
                deed.do(self.control)
            except requests.HTTPError as error:
                told = error.response.json().get("error", error.response.text)
                raise Unavailable(f"{deed.who} could not edit in {tool_title(deed.tool)}: {told}") from error
            put(self.console, f"{tool_title(deed.tool):9} {deed.who} {deed.words}", indent=2)

    def _nobodys(self, report: RunReport) -> None:
        unowned = [finding for finding in report.findings if finding.kind is FindingKind.UNOWNED_STAGE]
        put(self.console)
        put(self.console, ("Stages that belong to nobody", "bold"))
        put(self.console)
        show_findings(self.console, unowned, words(self.settings))

    def _mail(self) -> None:
        mailed = mail_report(self.settings, self.store, clock())
        put(self.console)
        put(self.console, ("The report by email", "bold"))
        put(self.console)
        prose(self.console, mailed.said)
        folder = self.settings.path.parent / "mail"
        for file in sorted(folder.glob("*.eml")):
            put(self.console, f"{_from_here(file)}", indent=2)
            put(self.console, f"{_from_here(file.with_suffix('.html'))}   (open it in a browser)", indent=2)

    def _log(self, since: int) -> dict[str, Any]:
        answer = requests.get(f"{self.control}/control/log", params={"since": since}, timeout=10)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _proof(self) -> None:
        """The tools' own logs: what each run read and wrote there."""
        put(self.console)
        put(self.console, ("What the tools themselves logged", "bold"))
        put(self.console)
        entries = self._log(0)["entries"]
        written = []
        for number, (since, until) in enumerate(self.spans, 1):
            mine = [entry for entry in entries[since:until] if entry["actor"] == "api"]
            writes = [entry for entry in mine if entry["write"] and entry["status"] < HTTPStatus.BAD_REQUEST]
            written.append(Counter(native for entry in writes for native in entry["touched"]))
            records = f"{len(written[-1])} records in {len(writes)} writes" if writes else "no write"
            put(self.console, f"run {number}: {len(mine) - len(writes):3} reads, {records}", indent=2)
        put(self.console)
        _, second, third = written
        once = [count for native, count in second.items() if native not in self.moved]
        if once and max(once) == 1:
            but = "but for those of the campaign whose scheduled send it moved, which takes several steps"
            told = f"wrote no record twice, {but}" if self.moved else "wrote no record twice"
            prose(self.console, f"Each mirrored edit arrived once: the second run {told}.")
        if not third:
            prose(self.console, "The third run wrote nothing.")
        put(self.console)


def _next_commands(console: Console, config: Path, port: int, flags: Sequence[Finding]) -> None:
    """How to go on. The last block makes every command that a screen or the mail shows work as it stands."""
    here = Path(sys.argv[0]).absolute() if os.sep in sys.argv[0] else None
    program = shlex.quote(_from_here(here)) if here else "campaign-sync"
    state, mails = (shlex.quote(_from_here(config.parent / name)) for name in ("sandbox.json", "mail"))
    put(console, ("Go on from here", "bold"))
    put(console)
    prose(console, "The stand-in tools have stopped and kept everything. Start them again in one terminal:")
    put(console, f"{program} sandbox --port {port} --state {state}", indent=2)
    prose(console, "in a second one a mailbox, if you want to mail reports:")
    put(console, f"{program} mailbox --port {port + MAIL_PORT_AFTER} --dir {mails}", indent=2)
    prose(console, "and in a third one, where every command that you have seen above works too:")
    path = f'PATH={shlex.quote(str(here.parent))}:"$PATH" ' if here else ""
    put(console, f"export {path}CAMPAIGN_SYNC_CONFIG={shlex.quote(str(config.absolute()))}", indent=2)
    decisions = [f"resolve {flag.fingerprint} {flag.options[0]}" for flag in flags[-1:]]
    for command in ("report", *decisions, "plan", "sync", "resync --all", "report --email"):
        put(console, f"campaign-sync {command}", indent=2)
    put(console)


def _from_here(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:
        return str(path)
