"""A calendar feed keeps the laws of connectors, as far as they are about reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from connectors.ics import IcsConnector
from connectors.sandbox.server import Sandbox
from sync.model import Kind, Ref
from sync.ports import Connector
from tests.connectors.sandboxed import NOW, RETRY, SandboxConformance


class TestIcs(SandboxConformance):
    """Events that people make; nothing is written."""

    vendor, creation_call = "ics", ("POST", "^$")
    kinds = (Kind.CAMPAIGN,)

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls) -> Iterator[Sandbox]:
        with Sandbox(seed=4, campaigns=1, now=NOW, esps=("ics",)) as box:
            yield box

    @pytest.fixture(autouse=True)
    def stand_in(self, sandbox: Sandbox) -> Iterator[None]:
        """A feed has no token: its address is the secret."""
        self.box, self.url = sandbox, sandbox.urls["ics"]
        path = sandbox.company["credentials"]["ics"]["path"]
        self.login, self.wrong = {"token": path}, path.replace("private-", "private-wrong")
        self.secrets = (path.split("private-")[1].split("/")[0], "private-wrong")
        start = sandbox.world.snapshot()
        yield
        sandbox.world.faults.clear()
        sandbox.world.rewind(start)
        sandbox.world.set_clock(NOW)

    def connect_by(self, token: str) -> Connector:
        return IcsConnector("ics", address=self.url + token, retry=RETRY, now=lambda: NOW)

    def sample(self, kind: Kind, number: int) -> Mapping[str, Any]:
        return {"name": f"Spring {number}"}

    def person_creates(self, kind: Kind, title: str, parent: str | None) -> str:
        return self.people("create", name=title, at="2026-05-01T10:00:00+00:00")

    def person_renames(self, ref: Ref, title: str) -> None:
        self.people("edit", campaign=ref.native, name=title)

    def person_deletes(self, ref: Ref) -> None:
        self.people("delete", campaign=ref.native)
