"""The stand-in Jira and Airtable tell the receiver what people do, over HTTP and signed by their own code."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox.server import Sandbox
from jobs import wiring
from jobs.tools_webhooks import Webhook
from jobs.webhooks import Receiver
from jobs.webhooks_service import heard, listening
from sync.findings import FindingKind
from sync.model import Kind, Ref
from tests.e2e.team import TODAY, Team, of_kind
from tests.jobs.telling import hints

SECRET = "It's a Secret to Everybody"
EVENTS = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"]
ANN = "ann@acme.example"


class Listeners:
    """A team after its first sync, whose Jira and Airtable tell the receiver what happens."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self.team, self.box = Team(box, folder), box
        self.team.sync()
        self.webhooks: dict[str, Webhook] = {}
        self.rings = 0
        self.epic = box.company["campaigns"][0]
        self.told = ("jira", Kind.CAMPAIGN, self.epic["jira"])

    def watch(self, url: str) -> None:
        """Make both webhooks, as administrators do, and write their secrets down."""
        self.people("switch", name="webhook_delivery", value="manual")
        self.people("webhook", url=f"{url}/webhooks/jira", events=EVENTS, jql="project = CAM", secret=SECRET)
        login = self.box.company["credentials"]["airtable"]
        specification = {"options": {"filters": {"dataTypes": ["tableData"]}}}
        made = requests.post(
            f"{self.box.urls['airtable']}/v0/bases/{login['base']}/webhooks",
            json={"notificationUrl": f"{url}/webhooks/airtable", "specification": specification},
            headers={"Authorization": f"Bearer {login['token']}"},
            timeout=30,
        )
        for tool, secret in (("jira", SECRET), ("airtable", made.json()["macSecretBase64"])):
            file = self.team.config.parent / "secrets" / f"{tool}-webhook"
            file.write_text(secret, "utf-8")
            self.team.change(f'type = "{tool}"\n', f'type = "{tool}"\nwebhook_secret_file = "secrets/{file.name}"\n')
        self.webhooks.update(heard(self.team.settings))

    def keep(self, refs: Collection[Ref]) -> None:
        with wiring.open_state(self.team.settings) as store:
            store.hint(refs)

    def ring(self) -> None:
        self.rings += 1

    def people(self, verb: str, tool: str = "jira", **order: Any) -> dict[str, Any]:
        return self.team.control(f"{tool}/{verb}", {"as": ANN, **order})

    def deliver(self) -> list[int]:
        """The statuses that Jira was answered with."""
        return [one["status"] for one in self.people("deliver")["deliveries"]]

    def hints(self) -> list[tuple[str, Kind, str]]:
        return hints(self.team.settings)


@pytest.fixture
def listeners(tmp_path: Path) -> Iterator[Listeners]:
    with Sandbox(seed=4, campaigns=1, now=TODAY) as box:
        made = Listeners(box, tmp_path)
        receiver = Receiver(made.webhooks, made.keep, made.ring)
        with listening(receiver, "127.0.0.1:0", lambda: None) as url:
            made.watch(url)
            yield made
        receiver.close()


def test_what_people_do_is_told_and_read_past_a_lagging_index(listeners: Listeners) -> None:
    team, key = listeners.team, listeners.epic["jira_key"]
    for name, value in (("index_lag_seconds", 3600), ("webhook_duplicates", True), ("webhook_reordered", True)):
        listeners.people("switch", name=name, value=value)
    listeners.people("edit", issue=key, fields={"Summary": "Renamed in Jira"})
    task = next(stage["jira_key"] for stage in listeners.epic["stages"].values() if stage["jira_key"])
    listeners.people("create", fields={"Summary": "Not ours", "Issue Type": "Sub-task", "Parent": task})
    assert listeners.deliver() == [204] * 4
    assert listeners.hints() == [listeners.told]
    assert listeners.rings == 2

    row = {"table": "Campaigns", "record": listeners.epic["airtable"]}
    listeners.people("edit", "airtable", **row, fields={"Subject line": "From Airtable"})
    assert listeners.people("deliver", "airtable") == {"delivered": 1, "failed": 0}
    assert listeners.rings == 3

    team.sync()
    links = {entity.links["jira"].key: entity for entity in team.state().entities.values() if "jira" in entity.links}
    campaign = links[key]
    assert campaign.agreed["name"] == "Renamed in Jira"
    assert campaign.agreed["subject"] == "From Airtable"
    assert listeners.hints() == []

    listeners.people("delete", issue=key)
    assert set(listeners.deliver()) == {204}
    assert listeners.told in listeners.hints()
    team.sync()
    assert [found.subject for found in of_kind(team.sync(), FindingKind.DELETION)] == [campaign.id]
