"""The conformance suite on a stand-in server: its clock, its faults, its people, and the log of what was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
import requests

from connectors.conformance import ConnectorConformance
from connectors.http import Retry
from connectors.sandbox.server import Sandbox
from connectors.sandbox.world import Fault
from sync.ports import Connector

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MANAGER = "marta@acme.example"
RETRY = Retry(sleep=lambda _seconds: None, rng=lambda: 0.0)


class SandboxConformance(ConnectorConformance):
    """`vendor` is the stand-in's name, `creation_call` the method and path of the request that creates."""

    vendor: ClassVar[str]
    jira: ClassVar[str] = "cloud"
    creation_call: ClassVar[tuple[str, str]]

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls) -> Iterator[Sandbox]:
        """One campaign and its stages in each tool."""
        with Sandbox(seed=4, campaigns=1, now=NOW, jira=cls.jira) as box:
            yield box

    @pytest.fixture(autouse=True)
    def stand_in(self, sandbox: Sandbox) -> Iterator[None]:
        """The tools as they were, for every test."""
        self.box, self.url = sandbox, sandbox.urls[self.vendor]
        self.login: dict[str, str] = sandbox.company["credentials"][self.vendor]
        self.wrong = self.login["token"][:-6] + "WRONG1"
        self.secrets = (self.login["token"], self.wrong)
        start = sandbox.world.snapshot()
        yield
        sandbox.world.faults.clear()
        sandbox.world.rewind(start)
        sandbox.world.set_clock(NOW)

    def connect_by(self, token: str) -> Connector:
        """A connector with this token."""
        raise NotImplementedError

    def connect(self) -> Connector:
        return self.connect_by(self.login["token"])

    def connect_wrongly(self) -> Connector:
        return self.connect_by(self.wrong)

    def wait(self, seconds: float) -> None:
        self.box.world.advance(seconds)

    def people(self, verb: str, **order: Any) -> str:
        """Somebody works in the tool itself; the id of the record."""
        url = f"{self.box.control}/control/{self.vendor}/{verb}"
        answer = requests.post(url, json={"as": MANAGER, **order}, timeout=10)
        assert answer.ok, answer.text
        return str(answer.json().get("id"))

    def writes(self) -> int:
        return sum(entry["tool"] == self.vendor and entry["write"] for entry in self.box.world.entries)

    def requests(self) -> int:
        return sum(entry["tool"] == self.vendor for entry in self.box.world.entries)

    @contextmanager
    def outage(self) -> Iterator[None]:
        said = {"message": f"Not now, {self.login['token']}."}
        with self.fault(Fault(self.vendor, 503, body=said, times=1000)):
            yield

    @contextmanager
    def lost_answer(self) -> Iterator[None]:
        with self.fault(Fault(self.vendor, 0, *self.creation_call, after=True)):
            yield

    @contextmanager
    def fault(self, fault: Fault) -> Iterator[None]:
        self.box.world.faults.append(fault)
        yield
        self.box.world.faults.clear()
