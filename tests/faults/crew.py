"""A small team whose tools can be put back to the morning after the first sync, as often as a test wants."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.sandbox.server import Sandbox
from sync.model import Kind, Ref
from sync.state import Remembered
from tests.e2e.team import Team
from tests.faults.desk import TOOLS, Desk

NEW_NAME, NEW_SUBJECT, MADE = "Renamed by a person", "A subject by a person", "Made by a person"
NAMES = {"jira": "Summary", "airtable": "Name", "klaviyo": "Name"}
_SEND = {"Planned send": "2026-05-05T09:00:00.000Z", "Planned send type": "Exact time"}


@dataclass(frozen=True, slots=True)
class Sight:
    """What a tool holds: the name and subject of the campaign that people edit, and how many were made."""

    name: str
    subject: Any
    made: int
    records: int


class Crew(Team):
    """A team on a sandbox that goes on running. Where people work is told by the tool that is at fault."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        (folder / "now").mkdir()
        super().__init__(box, folder / "now")
        self.folder = folder
        self.sync()
        self.sync()
        self.campaign = self.settled_campaigns()[0]
        self.desks = {tool: Desk(tool, box) for tool in TOOLS}
        self.records = {tool: len(desk.all) for tool, desk in self.desks.items()}
        self.audience = next(iter(sorted(self._audiences(self.campaign))))
        self.synced, self.morning = self.now, box.world.snapshot()
        shutil.copytree(folder / "now", folder / "then")

    @staticmethod
    def _audiences(campaign: Remembered) -> frozenset[str]:
        held = campaign.agreed["audiences"]
        assert isinstance(held, frozenset)
        return held

    def begin_again(self) -> None:
        """As it was once everything agreed."""
        self.box.world.faults.clear()
        self.box.world.rewind(self.morning)
        shutil.rmtree(self.folder / "now")
        shutil.copytree(self.folder / "then", self.folder / "now")
        self.now, self.ids = self.synced, self.ids + 1000
        self.control("clock", {"now": self.now.isoformat()})

    def people_work(self, faulty: str) -> None:
        """Somebody renames a campaign and makes another one, elsewhere; and changes a subject in the faulty tool."""
        manager, native = self.member("campaign manager"), self.campaign.links
        row = {"as": manager, "table": "Campaigns", "record": native["airtable"].ref.native}
        issue = {"as": manager, "issue": native["jira"].ref.native}
        if faulty == "airtable":
            self.control("jira/edit", {**issue, "fields": {"Summary": NEW_NAME}})
            self.control("airtable/edit", {**row, "fields": {"Subject line": NEW_SUBJECT}})
            fields = {"Issue Type": "Epic", "Summary": MADE, "Audiences": [self.audience], "Due date": "2026-05-05"}
            self.control("jira/create", {"as": manager, "fields": fields})
            return
        self.control("airtable/edit", {**row, "fields": {"Name": NEW_NAME}})
        fields = {"Name": MADE, "Audiences": [self.audience], **_SEND}
        self.control("airtable/create", {"as": manager, "table": "Campaigns", "fields": fields})
        if faulty == "jira":
            self.control("jira/edit", {**issue, "fields": {"Subject line": NEW_SUBJECT}})
        else:
            change = {"campaign": native["klaviyo"].ref.native, "subject": NEW_SUBJECT}
            self.control("klaviyo/edit", {"as": self.member("email marketing specialist"), **change})

    def after_an_hour(self) -> None:
        """Past the time that any tool takes to show what was made."""
        self.now += timedelta(hours=1)

    def sight(self, tool: str) -> Sight:
        """What the tool holds now, read by a connector that has no part in the sync."""
        desk = self.desks[tool]
        name, subject = (desk.field(Kind.CAMPAIGN, field) for field in (NAMES[tool], "Subject line"))
        listed = list(desk.connector.fetch())
        ref = Ref(tool, Kind.CAMPAIGN, self.campaign.links[tool].ref.native)
        fields = next(record.fields for record in listed if record.ref == ref)
        made = sum(str(record.fields.get(name)).startswith(MADE) for record in listed if record.ref.kind is ref.kind)
        held = fields.get(subject)
        return Sight(str(fields[name]), held[0] if isinstance(held, list) else held, made, len(listed))
