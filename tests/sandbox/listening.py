"""Somebody who takes the deliveries of Jira's webhooks in place of the wire, and an app that registers some."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.sites import Jira, bearer

URL = "http://127.0.0.1:1/hook"
ISSUE_EVENTS = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"]
HOOK = {"jqlFilter": "project = CAM", "events": ["jira:issue_updated"], "fieldIdsFilter": ["summary"]}


class Ear:
    """Takes deliveries in place of the wire, and answers `status`."""

    def __init__(self, jira: Jira) -> None:
        self.jira, self.status = jira, 200
        self.heard: list[tuple[dict[str, str], bytes]] = []
        jira.human("switch", name="webhook_delivery", value="manual")
        jira.server.courier.post = self._post

    def _post(self, _: str, body: bytes, headers: dict[str, str]) -> int:
        self.heard.append((headers, body))
        return self.status

    def listen(self, late: bool = False) -> list[dict[str, Any]]:
        """The bodies of what is due."""
        del self.heard[:]
        self.jira.human("deliver", late=late)
        return [json.loads(body) for _, body in self.heard]

    def identifiers(self) -> list[str]:
        return [headers["X-Atlassian-Webhook-Identifier"] for headers, _ in self.heard]


def hearing(**hook: Any) -> tuple[Jira, Ear]:
    """A site with a webhook that an administrator has made."""
    jira = Jira()
    ear = Ear(jira)
    jira.human("webhook", url=URL, **hook)
    return jira, ear


class App:
    """An OAuth app that registers webhooks for itself."""

    def __init__(self) -> None:
        self.jira = Jira()
        self.root = f"/ex/jira/{self.jira.credentials['cloud_id']}/rest/api/3/webhook"

    def ask(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        token = self.jira.server.credentials()["access_token"]
        status, _, answer = self.jira.whole(method, self.root + path, body, bearer(token))
        return status, answer

    def register(self, *hooks: dict[str, Any], url: str = URL) -> list[Any]:
        status, answer = self.ask("POST", body={"url": url, "webhooks": list(hooks)})
        assert status == 200, answer
        return list(answer["webhookRegistrationResult"])

    def refresh(self) -> None:
        """A new access token in place of the old one."""
        login = self.jira.server.credentials()
        order = {name: login[name] for name in ("client_id", "client_secret", "refresh_token")}
        asked = order | {"grant_type": "refresh_token"}
        assert self.jira.whole("POST", "/oauth/token", asked, login={})[0] == 200
