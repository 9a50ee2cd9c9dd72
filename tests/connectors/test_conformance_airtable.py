"""Airtable keeps the laws of connectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors import airtable
from connectors.airtable import AirtableConnector
from sync.model import Kind, Ref
from sync.ports import Connector
from tests.connectors.sandboxed import RETRY, SandboxConformance

TABLES = {Kind.CAMPAIGN: "Campaigns", Kind.STAGE: "Stages"}
TITLES = {Kind.CAMPAIGN: "Name", Kind.STAGE: "Title"}


class TestAirtable(SandboxConformance):
    """Two linked tables, ten records at a time."""

    vendor, creation_call = "airtable", ("PATCH", r"/v0/app\w+/tbl\w+$")
    titles = tuple(TITLES.values())

    @pytest.fixture(autouse=True)
    def short_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A few records are several pages."""
        monkeypatch.setattr(airtable, "PAGE", 4)

    def connect_by(self, token: str) -> Connector:
        base = self.login["base"]
        return AirtableConnector("airtable", url=self.url, token=token, base=base, per_second=None, retry=RETRY)

    def sample(self, kind: Kind, number: int) -> Mapping[str, Any]:
        if kind is Kind.STAGE:
            status = ("To do", "Done")[number]
            return {
                "Title": f"Design {number}",
                "Status": status,
                "Due": f"2026-04-0{number + 1}",
                "Notes": f"*{number}*",
            }
        channels = (["Email", "SMS"], ["Push"])[number]
        return {"Name": f"Spring {number}", "Brief": f"**{number}**", "Channels": channels, "Delivered": 5 + number}

    def person_creates(self, kind: Kind, title: str, parent: str | None) -> str:
        linked = {"Campaign": [parent]} if parent else {}
        return self.people("create", table=TABLES[kind], fields={TITLES[kind]: title, **linked})

    def person_renames(self, ref: Ref, title: str) -> None:
        self.people("edit", table=TABLES[ref.kind], record=ref.native, fields={TITLES[ref.kind]: title})

    def person_deletes(self, ref: Ref) -> None:
        self.people("delete", table=TABLES[ref.kind], record=ref.native)
