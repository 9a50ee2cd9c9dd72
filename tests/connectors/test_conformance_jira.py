"""Jira keeps the laws of connectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import requests

from connectors.jira import JiraConnector
from sync.model import Kind, Ref
from sync.ports import Connector
from tests.connectors.sandboxed import RETRY, SandboxConformance

TYPES = {Kind.CAMPAIGN: "Epic", Kind.STAGE: "Task"}
ADVANCED = {Kind.CAMPAIGN: "Approved", Kind.STAGE: "Done"}


class TestJira(SandboxConformance):
    """Epics and their tasks, fifty at a time."""

    vendor, creation_call = "jira", ("POST", r"/issue/bulk$")
    link = "Parent"
    titles = ("Summary",)
    needed = ("Summary", "Status")

    def connect_by(self, token: str) -> Connector:
        wire: dict[str, Any] = {"url": self.url, "per_second": None, "sleep": RETRY.sleep, "rng": RETRY.rng}
        return JiraConnector("jira", token=token, email=self.email(), project=self.login["project"], **wire)

    def email(self) -> str | None:
        return self.login["email"]

    def sample(self, kind: Kind, number: int) -> Mapping[str, Any]:
        status = {"Status": {"name": ADVANCED[kind]}} if number else {}
        labels, due = [["press", "sale"], ["vip"]][number], f"2026-04-0{number + 1}"
        return {"Summary": f"Spring {number}", "Labels": labels, "Due date": due, **status}

    @pytest.fixture(autouse=True)
    def index(self, stand_in: None) -> None:
        """Search shows what was two minutes ago."""
        self.people("switch", name="index_lag_seconds", value=120.0)

    def person_creates(self, kind: Kind, title: str, parent: str | None) -> str:
        above = {self.link: parent} if parent else {}
        return self.people("create", fields={"Issue Type": TYPES[kind], "Summary": title, **above})

    def person_renames(self, ref: Ref, title: str) -> None:
        self.people("edit", issue=ref.native, fields={"Summary": title})

    def person_deletes(self, ref: Ref) -> None:
        self.people("delete", issue=ref.native)

    def links(self, ref: Ref) -> list[str]:
        return self.linked(ref, "3", auth=(self.login["email"], self.login["token"]))

    def linked(self, ref: Ref, version: str, **login: Any) -> list[str]:
        answer = requests.get(f"{self.url}/rest/api/{version}/issue/{ref.native}/remotelink", timeout=10, **login)
        return [link["object"]["url"] for link in answer.json()]


class TestJiraDataCenter(TestJira):
    """The same on a server of one's own."""

    jira, link = "dc", "Epic Link"

    def email(self) -> str | None:
        return None

    def links(self, ref: Ref) -> list[str]:
        return self.linked(ref, "2", headers={"Authorization": f"Bearer {self.login['token']}"})
