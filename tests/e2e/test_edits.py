"""People edit in one tool, and the edit arrives in the others once; two who edit the same thing are both heard."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from jobs.wiring import open_state
from sync.findings import FindingKind
from sync.model import Day, Instant, Person, Value
from sync.state import Remembered
from sync.workspace import Scope
from tests.e2e.team import Team, of_kind

DESIGNER, MANAGER, SPECIALIST = "designer", "campaign manager", "email marketing specialist"


def in_jira(team: Team, entity: Remembered, **fields: Any) -> None:
    payload = {"as": team.member(DESIGNER), "issue": entity.links["jira"].ref.native, "fields": fields}
    team.control("jira/edit", payload)


def in_airtable(team: Team, entity: Remembered, table: str = "Campaigns", **fields: Any) -> None:
    row = {"table": table, "record": entity.links["airtable"].ref.native, "fields": fields}
    team.control("airtable/edit", {"as": team.member(MANAGER), **row})


def in_klaviyo(team: Team, entity: Remembered, **changes: Any) -> None:
    campaign = entity.links["klaviyo"].ref.native
    team.control("klaviyo/edit", {"as": team.member(SPECIALIST), "campaign": campaign, **changes})


CAMPAIGN_EDITS: list[tuple[str, str, dict[str, Any], Value]] = [
    ("jira", "subject", {"Subject line": "Hello 👋 again"}, "Hello 👋 again"),
    ("airtable", "brief", {"Brief": "One\n\n- two\n- **three**"}, "One\n\n- two\n- **three**"),
    ("airtable", "status", {"Status": "Approved"}, "approved"),
    ("klaviyo", "name", {"name": "Named by the ESP"}, "Named by the ESP"),
]


@pytest.mark.parametrize(
    ("tool", "field", "edit", "value"), CAMPAIGN_EDITS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_a_field_edited_in_one_tool_arrives_in_every_other_once(
    synced: Team, tool: str, field: str, edit: dict[str, Any], value: Value
) -> None:
    campaign = next(c for c in synced.settled_campaigns() if c.agreed.get(field) != value)
    {"jira": in_jira, "airtable": in_airtable, "klaviyo": in_klaviyo}[tool](synced, campaign, **edit)
    before = synced.mark()

    report = synced.sync()

    holders = {"jira", "airtable", "klaviyo"} if field in ("name", "subject") else {"jira", "airtable"}
    for other in holders:
        assert synced.shows(other, campaign)[field] == value
    written = [(change.tool, cell.field) for change in report.changes for cell in change.cells]
    assert sorted(written) == sorted((other, field) for other in holders - {tool})
    for name in ("jira", "airtable", "klaviyo"):
        assert len(synced.writes(before, name)) == (name in holders - {tool}), "each tool is told once, in one call"
    quiet = synced.mark()
    synced.sync()
    assert synced.writes(quiet) == []


def test_a_moved_send_moves_in_every_tool_as_each_can_show_it(synced: Team) -> None:
    campaign = synced.settled_campaigns()[0]
    send = campaign.agreed["planned_send"]
    assert isinstance(send, Instant)
    moved = Instant(send.at + timedelta(days=1))
    in_airtable(synced, campaign, **{"Planned send": moved.at.isoformat().replace("+00:00", "Z")})

    synced.sync()

    assert synced.shows("klaviyo", campaign)["planned_send"] == moved
    zone = synced.settings.zone
    assert synced.shows("jira", campaign)["planned_send"] == Day(moved.at.astimezone(zone).date())


def test_a_day_moved_in_jira_keeps_the_time_of_day_elsewhere(synced: Team) -> None:
    campaign = synced.settled_campaigns()[0]
    send = campaign.agreed["planned_send"]
    assert isinstance(send, Instant)
    zone = synced.settings.zone
    local = send.at.astimezone(zone) + timedelta(days=2)
    in_jira(synced, campaign, **{"Due date": local.date().isoformat()})

    synced.sync()

    assert synced.shows("airtable", campaign)["planned_send"] == Instant(local)
    assert synced.shows("klaviyo", campaign)["planned_send"] == Instant(local)


def test_sets_merge_element_by_element(synced: Team) -> None:
    campaign = next(c for c in synced.settled_campaigns() if len(_tags(c)) >= 1)
    first = sorted(_tags(campaign))[0]
    labels = [*sorted(_tags(campaign)), "from-jira"]
    in_jira(synced, campaign, Labels=labels)
    in_airtable(synced, campaign, Tags=sorted(_tags(campaign) - {first}))

    synced.sync()

    assert synced.shows("jira", campaign)["tags"] == (_tags(campaign) - {first}) | {"from-jira"}
    assert first not in synced.shows("airtable", campaign)["tags"]  # type: ignore[operator]


def _tags(campaign: Remembered) -> frozenset[str]:
    tags = campaign.agreed.get("tags")
    return tags if isinstance(tags, frozenset) else frozenset()


def test_a_stage_is_mirrored_both_ways(synced: Team) -> None:
    stage = synced.stages(synced.settled_campaigns()[0])["design"]
    anna = next(p for p in synced.company["people"] if p["role"] == MANAGER and p["active"])
    in_jira(synced, stage, **{"Due date": "2026-03-09", "Status": "Blocked"})
    in_airtable(synced, stage, "Stages", Owner={"id": anna["accounts"]["airtable"]}, Notes="Use the **new** logo")

    synced.sync()

    for tool in ("jira", "airtable"):
        shown = synced.shows(tool, stage)
        assert shown["due"] == Day(date(2026, 3, 9))
        assert shown["status"] == "blocked"
        assert shown["owner"] == Person(anna["id"])
        assert shown["notes"] == "Use the **new** logo"


def test_two_different_edits_of_one_field_are_both_kept_and_told_with_who_and_when(synced: Team) -> None:
    campaign = synced.settled_campaigns()[0]
    in_airtable(synced, campaign, **{"Subject line": "One"})
    in_klaviyo(synced, campaign, subject="Two")
    in_jira(synced, campaign, Program="Event")
    before = synced.mark()

    report = synced.sync()

    (conflict,) = [f for f in of_kind(report, FindingKind.CONFLICT) if f.subject == campaign.id]
    said = {claim.tool: (claim.value, claim.who, claim.at is not None) for claim in conflict.claims}
    manager = next(p["name"] for p in synced.company["people"] if p["email"] == synced.member(MANAGER))
    assert said["airtable"] == ("One", manager, True)
    assert said["klaviyo"][0] == "Two"
    assert said["klaviyo"][2]
    assert synced.shows("airtable", campaign)["subject"] == "One"
    assert synced.shows("klaviyo", campaign)["subject"] == "Two"
    assert synced.shows("airtable", campaign)["program"] == "Event", "the other fields go on"
    bodies = str([entry["body"] for entry in synced.writes(before)])
    assert "One" not in bodies
    assert "Two" not in bodies


def test_a_conflict_ends_when_people_agree_in_any_tool(synced: Team) -> None:
    campaign = synced.settled_campaigns()[0]
    in_airtable(synced, campaign, **{"Subject line": "One"})
    in_klaviyo(synced, campaign, subject="Two")
    synced.sync()

    in_klaviyo(synced, campaign, subject="One")
    report = synced.sync()

    assert [f.subject for f in report.closed] == [campaign.id]
    assert synced.shows("jira", campaign)["subject"] == "One"


def test_a_conflict_ends_by_a_decision(synced: Team) -> None:
    campaign = synced.settled_campaigns()[0]
    in_airtable(synced, campaign, **{"Subject line": "One"})
    in_klaviyo(synced, campaign, subject="Two")
    report = synced.sync()
    (conflict,) = [f for f in of_kind(report, FindingKind.CONFLICT) if f.subject == campaign.id]

    with open_state(synced.settings) as store:
        store.decide(conflict.fingerprint, "klaviyo", synced.now)
    synced.sync()

    for tool in ("jira", "airtable", "klaviyo"):
        assert synced.shows(tool, campaign)["subject"] == "Two"


def test_an_owner_taken_off_in_jira_is_flagged_and_cleared_in_airtable(synced: Team) -> None:
    stage = next(s for c in synced.settled_campaigns() for s in synced.stages(c).values() if _is_open(s))
    in_jira(synced, stage, Assignee=None)

    report = synced.sync()

    assert synced.shows("airtable", stage)["owner"] is None
    assert stage.id in {finding.subject for finding in of_kind(report, FindingKind.UNOWNED_STAGE)}


def _is_open(stage: Remembered) -> bool:
    return isinstance(stage.agreed.get("owner"), Person) and stage.agreed.get("status") in ("todo", "in_progress")


def test_a_resync_of_one_campaign_writes_only_that_one(synced: Team) -> None:
    first, second = synced.settled_campaigns()[:2]
    in_airtable(synced, first, **{"Subject line": "First"})
    in_airtable(synced, second, **{"Subject line": "Second"})

    synced.sync(scope=Scope(campaigns=frozenset({first.id}), force=True))
    assert synced.shows("jira", first)["subject"] == "First"
    assert synced.shows("jira", second)["subject"] != "Second"

    synced.sync()
    assert synced.shows("jira", second)["subject"] == "Second"
