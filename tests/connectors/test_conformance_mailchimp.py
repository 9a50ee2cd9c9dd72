"""Mailchimp keeps the laws of connectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from connectors.calendar_connector import CalendarConnector
from connectors.mailchimp import MailchimpEsp
from connectors.sandbox.server import Sandbox
from sync.model import Kind, Ref
from sync.ports import Connector
from tests.connectors.sandboxed import NOW, RETRY, SandboxConformance


class TestMailchimp(SandboxConformance):
    """Campaigns as drafts, one at a time."""

    vendor, creation_call = "mailchimp", ("POST", r"/3.0/campaigns$")
    kinds = (Kind.CAMPAIGN,)
    needed = ("name", "audiences")

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls) -> Iterator[Sandbox]:
        with Sandbox(seed=4, campaigns=1, now=NOW, esps=("mailchimp",)) as box:
            yield box

    def connect_by(self, token: str) -> Connector:
        esp = MailchimpEsp(
            "mailchimp", token=token, from_name="Acme", reply_to="news@acme.example", url=self.url, retry=RETRY
        )
        return CalendarConnector("mailchimp", esp)

    def sample(self, kind: Kind, number: int) -> Mapping[str, Any]:
        id_, name = self.option(kind, "audiences", number)
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
