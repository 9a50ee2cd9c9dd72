"""The tool in memory keeps the laws of connectors."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from connectors.conformance import ConnectorConformance
from connectors.memory import MemoryConnector
from sync.errors import Ambiguous, Unavailable
from sync.model import Kind, Ref
from sync.ports import NativeField

SCHEMA = {kind: (NativeField("name", "Name", "string"), NativeField("tags", "Tags", "words"),
                 NativeField("sent", "Sent", "number", read_only=True)) for kind in Kind}  # fmt: skip


class TestMemory(ConnectorConformance):
    """With everything that it can do."""

    @pytest.fixture(autouse=True)
    def memory(self) -> None:
        self.one = MemoryConnector("plan", SCHEMA, batch=5, changes=True, relates=True, resumes=True, remembers=True)

    def connect(self) -> MemoryConnector:
        return self.one

    def sample(self, kind: Kind, number: int) -> Mapping[str, Any]:
        return {"name": f"{kind} {number}", "tags": ["all", f"only {number}"]}

    def person_creates(self, kind: Kind, title: str, parent: str | None) -> str:
        return self.one.put(kind, {"name": title}, parent)

    def person_renames(self, ref: Ref, title: str) -> None:
        self.one.edit(ref.native, name=title)

    def person_deletes(self, ref: Ref) -> None:
        self.one.delete(ref.native)

    def writes(self) -> int:
        return len(self.one.log)

    def requests(self) -> int:
        return self.one.requests

    def links(self, ref: Ref) -> list[str]:
        return [relation.url for relation in self.one.relations.get(ref.native, {}).values()]

    @contextmanager
    def outage(self) -> Any:
        self.one.down = Unavailable("down")
        yield
        self.one.down = None

    @contextmanager
    def lost_answer(self) -> Any:
        self.one.fail_next(Ambiguous("no answer"), after=True)
        yield


class TestMemoryThatOnlyLists(TestMemory):
    """A tool that takes single edits and nothing else."""

    @pytest.fixture(autouse=True)
    def memory(self) -> None:
        self.one = MemoryConnector("plan", SCHEMA, creates=False, archives=False)
