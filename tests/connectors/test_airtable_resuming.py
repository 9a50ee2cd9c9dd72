"""A first listing of a base that Airtable's quota breaks off goes on in the month after: whole runs over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.server import Sandbox
from jobs.wiring import open_state, open_workspace
from sync.engine import run
from sync.model import Kind, Ref, Value
from sync.report import RunReport
from sync.workspace import Surroundings
from tests.e2e.team import TODAY, Team

MONTH = timedelta(days=31)
FREE = {"plan": "free", "grace": "2026-01-01T00:00:00Z"}  # which is over
CALLS = 1_000  # of a month on that plan


class Planners(Team):
    """A team that has nothing but its base: 36 campaigns and 302 stages, five pages."""

    def sync_base(self) -> tuple[RunReport, list[dict[str, Any]]]:
        """A run over the base alone, and the pages of its tables that were answered."""
        self.control("clock", {"now": self.now.isoformat()})
        before, settings = self.mark(), self.settings
        with open_workspace(settings) as workspace, open_state(settings) as store:
            alone = replace(workspace, tools={"airtable": workspace.tools["airtable"]})
            report = run(alone, store, Surroundings(lambda: self.now, self._new_id))
        asked = self.box.world.entries[before:]
        return report, [one for one in asked if "/tbl" in one["path"] and one["status"] == 200]

    def kept(self) -> set[Ref]:
        """What a listing that broke off had shown."""
        with open_state(self.settings) as store:
            return set(store.begin(self.now).shelf.listed("airtable"))

    def edit(self, stage: Ref, **fields: Any) -> None:
        order = {"as": self.member("campaign manager"), "table": "Stages", "record": stage.native, "fields": fields}
        self.control("airtable/edit", order)

    def notes(self) -> dict[str, Value]:
        """What is known of each record's notes."""
        entities = self.state().entities.values()
        return {entity.links["airtable"].ref.native: entity.agreed.get("notes") for entity in entities}


@pytest.fixture
def planners(tmp_path: Path) -> Iterator[Planners]:
    with Sandbox(seed=4, campaigns=40, now=TODAY) as box:
        yield Planners(box, tmp_path)


def is_by_times(entry: dict[str, Any]) -> bool:
    """Whether it asks what was edited since."""
    return "IS_AFTER" in f"{entry['query']}{entry['body']}"


def test_a_first_listing_that_the_quota_breaks_off_asks_in_the_next_month_for_what_is_left(planners: Planners) -> None:
    planners.control("airtable/plan", FREE | {"used": CALLS - 5})  # two of them are about the base itself
    report, pages = planners.sync_base()
    assert "used up its API calls" in str(report.tools[0].error)
    assert len(pages) == 3
    assert (len(planners.kept()), planners.notes()) == (236, {}), "nothing is concluded from a part"
    # and once more in vain, before the month turns
    assert planners.sync_base()[1] == []

    # when somebody edits meanwhile what was read already
    stage = min((ref for ref in planners.kept() if ref.kind is Kind.STAGE), key=lambda ref: ref.native)
    planners.now += MONTH
    planners.control("clock", {"now": planners.now.isoformat()})
    planners.edit(stage, Notes="Edited meanwhile")
    report, pages = planners.sync_base()
    assert report.tools[0].error is None
    assert [is_by_times(page) for page in pages] == [False, False, True, True], "five pages in both runs, and the news"
    assert (len(planners.notes()), planners.kept()) == (338, set())
    assert planners.notes()[stage.native] == "Edited meanwhile"
