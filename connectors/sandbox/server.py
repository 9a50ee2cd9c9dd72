"""The sandbox as a whole: the tools' servers and the control API, in one process, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn

from connectors.sandbox.airtable import AirtableServer
from connectors.sandbox.brevo import BrevoServer
from connectors.sandbox.company import make_company
from connectors.sandbox.company_model import on_data_center
from connectors.sandbox.control import Control, ToolServer
from connectors.sandbox.ics import IcsServer
from connectors.sandbox.jira import JiraServer
from connectors.sandbox.klaviyo import KlaviyoServer
from connectors.sandbox.mailchimp import MailchimpServer
from connectors.sandbox.recorder import Recorder
from connectors.sandbox.world import StateError, World

HOST = "127.0.0.1"
# Every ESP that there is a stand-in for.
ESPS: Mapping[str, Callable[[World], ToolServer]] = {
    "klaviyo": KlaviyoServer,
    "mailchimp": MailchimpServer,
    "brevo": BrevoServer,
    "ics": IcsServer,
}


class PortInUseError(Exception):
    """A port of the sandbox is taken. Raised before anything is served."""


@dataclass(frozen=True, slots=True)
class Config:
    """How to run a sandbox.

    `port`: Jira's; Airtable, each ESP and the control API take the next ones. 0: any free ones. `now`: the moment at
    which the company is looked at; time runs on from there unless `frozen`. None: the real time. A state file that is
    there already wins over `seed`, `campaigns`, `now`, `jira` and `esps`. `rate_limits`: enforce the tools' rate
    limits. `jira`: its flavour, cloud or dc (Data Center). `esps`: names in ESPS, at least one; the company's campaigns
    take turns in them.
    """

    port: int = 0
    seed: int = 1
    campaigns: int = 24
    now: datetime | None = None
    frozen: bool = False
    state: Path | None = None
    log: Path | None = None
    rate_limits: bool = False
    jira: str = "cloud"
    esps: tuple[str, ...] = ("klaviyo",)


class Servers:
    """The built servers on their bound ports; `run` serves until `stop`."""

    def __init__(self, config: Config) -> None:
        self.world = _world(config)
        self.failure: StateError | None = None
        made = self.world.made()
        if made is None:
            made = {"seed": config.seed, "campaigns": config.campaigns, "now": self.world.now().isoformat()}
            made |= {"jira": config.jira, "esps": list(dict.fromkeys(config.esps))}
        esps = made.get("esps", ["klaviyo"])
        names = ("jira", "airtable", *esps, "control")
        sockets = _bind(config.port, names)
        try:
            self.urls = {
                name: f"http://{HOST}:{sock.getsockname()[1]}" for name, sock in zip(names, sockets, strict=True)
            }
            self.world.remember(made)
            jira = JiraServer(self.world, made.get("jira", "cloud"), self.urls["jira"])
            self.tools: dict[str, ToolServer] = {
                "jira": jira,
                "airtable": AirtableServer(self.world),
                **{name: ESPS[name](self.world) for name in esps},
            }
            for tool in self.tools.values():
                self.world.add_tool(tool)
            company = make_company(made["seed"], made["campaigns"], datetime.fromisoformat(made["now"]), esps)
            self.company = company if jira.flavour == "cloud" else on_data_center(company)
            for tool in self.tools.values():
                tool.seed(self.company)
            if not self.world.load():
                self.world.save()
        except BaseException:
            for sock in sockets:
                sock.close()
            raise
        self.control = Control(self.world, self.company, self.tools, self.urls, self._failed)
        apps = [Recorder(name, tool.app, self.world, self._failed) for name, tool in self.tools.items()]
        self._sockets = sockets
        self._servers = [_Server(_uvicorn(app)) for app in (*apps, self.control.app)]

    def _failed(self, error: StateError) -> None:
        """What cannot be kept must not be served: the sandbox ends."""
        self.failure = error
        self.stop()

    def stop(self) -> None:
        for server in self._servers:
            server.should_exit = True

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until `stop`; `ready` is called once all of them answer."""
        tasks = [
            asyncio.create_task(server.serve(sockets=[sock]))
            for server, sock in zip(self._servers, self._sockets, strict=True)
        ]
        while not all(server.started for server in self._servers) and not any(task.done() for task in tasks):
            await asyncio.sleep(0.005)
        ready()
        await asyncio.gather(*tasks)


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs them all."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _uvicorn(app: Any) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)  # dropped connections are dropped on purpose
    return uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=30,
    )


def _world(config: Config) -> World:
    clock: Callable[[], datetime] | datetime | None = config.now
    if config.now is not None and not config.frozen:
        clock = _running_from(config.now)
    return World(config.seed, clock, config.state, config.log, config.rate_limits)


def _running_from(start: datetime) -> Callable[[], datetime]:
    origin = time.monotonic()
    return lambda: start.astimezone(UTC) + timedelta(seconds=time.monotonic() - origin)


def _bind(port: int, names: Sequence[str]) -> list[socket.socket]:
    """A listening socket for each, all or none."""
    sockets: list[socket.socket] = []
    for index, name in enumerate(names):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio wants the protocol named
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sockets.append(sock)
        try:
            sock.bind((HOST, port + index if port else 0))
            sock.listen(128)
        except (OSError, OverflowError) as error:
            for opened in sockets:
                opened.close()
            reason = getattr(error, "strerror", None) or str(error)
            raise PortInUseError(
                f"port {port + index} for the sandbox's {name} cannot be used ({reason}); choose another with --port"
            ) from error
    return sockets


def serve(config: Config, ready: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """Serve until SIGINT or SIGTERM. `ready` gets what GET /control/company answers.

    Raises PortInUseError before anything is served, and StateError when the state file cannot be read or written.
    """
    servers = Servers(config)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, servers.stop)
        await servers.run(lambda: ready(servers.control.company()))

    asyncio.run(main())
    if servers.failure is not None:
        raise servers.failure


class Sandbox:
    """A sandbox in a thread of this process, for tests: `with Sandbox(campaigns=6) as box: box.urls["jira"]`.

    Time stands still at `now` unless `frozen=False`. `box.control` is the control API's address, `box.company` what
    it tells, `box.world` the world itself.
    """

    def __init__(self, *, frozen: bool = True, now: datetime | None = None, **settings: Any) -> None:
        self._config = Config(now=now, frozen=frozen and now is not None, **settings)

    def __enter__(self) -> Sandbox:
        self._servers = Servers(self._config)
        self.world, self.urls = self._servers.world, self._servers.urls
        self.control = self.urls["control"]
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._servers.run(started.set)), daemon=True)
        self._thread.start()
        if not started.wait(30):
            raise RuntimeError("the sandbox did not start within 30 seconds")
        return self

    @property
    def company(self) -> dict[str, Any]:
        return self._servers.control.company()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._servers.stop()
        self._thread.join(10)
        if self._servers.failure is not None and error is None:
            raise self._servers.failure


@contextlib.contextmanager
def sandbox_process(ready_file: Path, *arguments: str, timeout: float = 30) -> Iterator[dict[str, Any]]:
    """A sandbox in a process of its own (`python -m connectors.sandbox` with these arguments); gives its ready file.

    Raises RuntimeError with the process's own message if it does not come up, or ended while it was used.
    """
    command = [sys.executable, "-m", "connectors.sandbox", "--ready-file", str(ready_file), *arguments]
    ready_file.unlink(missing_ok=True)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 our own module
        try:
            deadline = time.monotonic() + timeout
            while not ready_file.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    raise RuntimeError(f"the sandbox did not start: {process.communicate()[1].strip()}")
                time.sleep(0.02)
            yield json.loads(ready_file.read_text(encoding="utf-8"))
        except OSError as error:  # a client's sight of a server that has gone; if it has, it says why itself
            with contextlib.suppress(subprocess.TimeoutExpired):
                said = process.communicate(timeout=5)[1].strip()
                raise RuntimeError(f"the sandbox ended: {said}") from error
            raise
        finally:
            process.terminate()
