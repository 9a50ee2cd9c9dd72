"""What goes wrong in one tool stays there, loses nothing, and is caught up on afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jobs.wiring import open_state
from sync.findings import FindingKind
from sync.model import Day
from tests.e2e.team import Team, of_kind, on_both
from tests.e2e.test_edits import in_airtable, in_jira, in_klaviyo


def test_a_wrong_token_leaves_out_one_tool_and_syncs_the_others(synced: Team) -> None:
    campaign = synced.settled_campaigns()[0]
    in_airtable(synced, campaign, Program="Event")
    (synced.config.parent / "secrets" / "klaviyo").write_text("wrong-token")

    report = synced.sync()

    assert synced.shows("jira", campaign)["program"] == "Event"
    (trouble,) = of_kind(report, FindingKind.TOOL_TROUBLE)
    assert "Klaviyo" in trouble.title
    assert "wrong-token" not in str(report)
    assert report.troubled


def test_a_wrong_jira_token_is_not_an_empty_project(synced: Team) -> None:
    (synced.config.parent / "secrets" / "jira").write_text("wrong-token")
    before = synced.mark()
    report = synced.sync()
    assert [f.subject for f in of_kind(report, FindingKind.TOOL_TROUBLE)] == ["jira"]
    assert of_kind(report, FindingKind.DELETION) == []
    assert synced.writes(before) == []


@pytest.mark.parametrize("tool", ["jira", "airtable", "klaviyo"])
def test_a_tool_that_is_down_is_caught_up_on(synced: Team, tool: str) -> None:
    campaign = synced.settled_campaigns()[0]
    editor, others = (in_jira, "Summary") if tool != "jira" else (in_airtable, "Name")
    editor(synced, campaign, **{others: "Renamed while one was down"})
    synced.control("fault", {"tool": tool, "status": 401, "times": 1000})

    report = synced.sync()

    assert [account.tool for account in report.tools if account.error] == [tool]
    synced.box.world.faults.clear()
    after = synced.sync()
    assert not after.troubled
    assert synced.shows(tool, campaign)["name"] == "Renamed while one was down"
    assert FindingKind.TOOL_TROUBLE in {finding.kind for finding in after.closed}


def test_a_conflict_stands_while_one_of_its_tools_is_down(synced: Team) -> None:
    campaign = synced.settled_campaigns()[0]
    in_airtable(synced, campaign, **{"Subject line": "One"})
    in_klaviyo(synced, campaign, subject="Two")
    synced.sync()
    synced.control("fault", {"tool": "klaviyo", "status": 401, "times": 1000})

    report = synced.sync()

    assert campaign.id in {finding.subject for finding in of_kind(report, FindingKind.CONFLICT)}
    assert synced.shows("jira", campaign)["subject"] not in ("One", "Two")


@pytest.mark.parametrize("applied", [False, True], ids=["lost before", "lost after"])
@pytest.mark.parametrize("tool", ["jira", "airtable", "klaviyo"])
def test_an_unanswered_creation_makes_no_second_record(team: Team, tool: str, applied: bool) -> None:
    path = {"jira": "/issue/bulk", "airtable": "", "klaviyo": "/api/campaigns"}[tool]
    method = "PATCH" if tool == "airtable" else "POST"
    fault = {"tool": tool, "method": method, "path": path, "status": 0, "times": 1, "after": applied}
    team.control("fault", fault)

    team.sync()
    assert [fault.times for fault in team.box.world.faults] == [0], "an answer got lost"
    team.now += timedelta(hours=1)  # past the time that any tool takes to show a new record
    team.sync()
    team.sync()
    before = team.mark()
    team.sync()

    assert team.writes(before) == []
    linked = [link.ref for e in team.state().entities.values() for t, link in e.links.items() if t == tool]
    assert len(linked) == len(set(linked))
    assert team.held(tool) == set(linked), "every record of the tool is some entity's only one"


def test_a_deleted_row_is_held_until_somebody_decides(synced: Team) -> None:
    campaign = synced.settled_campaigns()[0]
    stage = synced.stages(campaign)["design"]
    row = {"table": "Stages", "record": stage.links["airtable"].ref.native}
    synced.control("airtable/delete", {"as": synced.member("campaign manager"), **row})
    before = synced.mark()

    assert of_kind(synced.sync(), FindingKind.DELETION) == []
    (held,) = of_kind(synced.sync(), FindingKind.DELETION)
    assert held.subject == stage.id
    assert synced.writes(before) == []

    in_jira(synced, stage, **{"Due date": "2026-03-20"})
    (contested,) = of_kind(synced.sync(), FindingKind.DELETION_CONFLICT)

    with open_state(synced.settings) as store:
        store.decide(contested.fingerprint, "restore", synced.now)
    report = synced.sync()
    assert FindingKind.DELETION_CONFLICT in {finding.kind for finding in report.closed}
    again = synced.state().entities[stage.id]
    assert synced.shows("airtable", again)["due"] == Day(date(2026, 3, 20))


@on_both
def test_what_is_deleted_in_jira_is_missed_by_the_count(synced: Team) -> None:
    synced.count_always()
    stage = synced.stages(synced.settled_campaigns()[0])["design"]
    synced.control("jira/delete", {"as": synced.member("designer"), "issue": stage.links["jira"].ref.native})
    before = synced.mark()

    assert of_kind(synced.sync(), FindingKind.DELETION) == []
    (held,) = of_kind(synced.sync(), FindingKind.DELETION)
    assert held.subject == stage.id
    assert synced.writes(before) == []

    with open_state(synced.settings) as store:
        store.decide(held.fingerprint, "restore", synced.now)
    synced.sync()
    again = synced.state().entities[stage.id]
    assert synced.shows("jira", again)["due"] == stage.agreed["due"]
    assert synced.shows("jira", again)["kind"] == "design"


def test_a_deletion_that_is_confirmed_spreads_and_never_comes_back(synced: Team) -> None:
    campaign = synced.settled_campaigns()[0]
    stage = synced.stages(campaign)["design"]
    row = {"table": "Stages", "record": stage.links["airtable"].ref.native}
    synced.control("airtable/delete", {"as": synced.member("campaign manager"), **row})
    synced.sync()
    (held,) = of_kind(synced.sync(), FindingKind.DELETION)

    with open_state(synced.settings) as store:
        store.decide(held.fingerprint, "delete", synced.now)
    synced.sync()
    assert synced.state().entities[stage.id].dead
    before = synced.mark()
    report = synced.sync()
    assert synced.writes(before) == []
    assert stage.id not in {finding.subject for finding in report.findings}
