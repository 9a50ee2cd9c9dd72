"""What the conformance of all ESPs has alike: drafts with an audience, and people at work in the account."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar

import pytest

from connectors.sandbox.server import Sandbox
from sync.model import Kind, Ref
from tests.connectors.sandboxed import NOW, SandboxConformance


class CalendarConformance(SandboxConformance):
    """Campaigns as drafts. `audience` is how the ids begin of the audiences that are given to them."""

    kinds = (Kind.CAMPAIGN,)
    needed: ClassVar[Collection[str]] = ("name", "audiences")
    audience: ClassVar[str] = ""

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls) -> Iterator[Sandbox]:
        """One campaign in the account."""
        with Sandbox(seed=4, campaigns=1, now=NOW, esps=(cls.vendor,)) as box:
            yield box

    def sample(self, kind: Kind, number: int) -> Mapping[str, Any]:
        options = [one for one in self.field(None, kind, "audiences").options if one[0].startswith(self.audience)]
        id_, name = options[number]
        return {
            "name": f"Spring {number}",
            "audiences": {"included": [{"id": id_, "name": name}], "excluded": []},
        }

    def person_creates(self, kind: Kind, title: str, parent: str | None) -> str:
        return self.people("create", name=title)

    def person_renames(self, ref: Ref, title: str) -> None:
        self.people("edit", campaign=ref.native, name=title)

    def person_deletes(self, ref: Ref) -> None:
        self.people("delete", campaign=ref.native)
