"""Klaviyo keeps the laws of connectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.klaviyo import KlaviyoConnector
from sync.model import Kind, Ref
from sync.ports import Connector
from tests.connectors.sandboxed import RETRY, SandboxConformance


class TestKlaviyo(SandboxConformance):
    """Campaigns as drafts, one at a time."""

    vendor, creation_call = "klaviyo", ("POST", r"/api/campaigns$")
    kinds = (Kind.CAMPAIGN,)
    needed = ("name", "audiences", "send_strategy")

    def connect_by(self, token: str) -> Connector:
        sender = {"from_email": "news@acme.example", "from_label": "Acme"}
        return KlaviyoConnector("klaviyo", url=self.url, token=token, per_second=None, retry=RETRY, **sender)

    def sample(self, kind: Kind, number: int) -> Mapping[str, Any]:
        id_, name = self.option(kind, "audiences", number)
        return {
            "name": f"Spring {number}",
            "subject": f"Hello {number}",
            "audiences": {"included": [{"id": id_, "name": name}], "excluded": []},
            "send_strategy": {"method": "static", "datetime": f"2026-05-0{number + 1}T10:00:00+00:00"},
        }

    def person_creates(self, kind: Kind, title: str, parent: str | None) -> str:
        return self.people("create", name=title)

    def person_renames(self, ref: Ref, title: str) -> None:
        self.people("edit", campaign=ref.native, name=title)

    def person_deletes(self, ref: Ref) -> None:
        self.people("delete", campaign=ref.native)
