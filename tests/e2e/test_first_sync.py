"""The first sync of a real-looking company: adoption, creation, and quiet afterwards."""

from __future__ import annotations

from sync.findings import FindingKind
from sync.model import Kind
from sync.report import Action, State
from tests.e2e.conftest import FirstSync
from tests.e2e.team import Team, of_kind, on_both

TOOLS = ("jira", "airtable", "klaviyo")


@on_both
def test_records_that_exist_in_several_tools_are_adopted_as_one(first_sync: FirstSync) -> None:
    linked = {link.ref.native: e.id for e in first_sync.state.entities.values() for link in e.links.values()}
    for campaign in first_sync.company["campaigns"]:
        there = [campaign[tool] for tool in TOOLS if campaign[tool]]
        assert len({linked[native] for native in there}) == 1, campaign["name"]
        for stage in campaign["stages"].values():
            there = [stage[tool] for tool in ("jira", "airtable") if stage[tool]]
            assert len({linked[native] for native in there}) <= 1


@on_both
def test_what_is_missing_is_created_once_with_its_stages(first_sync: FirstSync) -> None:
    changes = first_sync.report.changes
    assert {change.tool for change in changes if change.action is Action.CREATE} == set(TOOLS)
    assert all(change.state is State.DONE for change in changes)
    campaigns = [e for e in first_sync.state.entities.values() if e.kind is Kind.CAMPAIGN]
    for entity in campaigns:
        if entity.agreed.get("status") != "sent":
            assert {"jira", "airtable"} <= set(entity.links), entity.agreed.get("name")


@on_both
def test_what_the_tools_disagreed_on_before_is_flagged_and_left_alone(first_sync: FirstSync) -> None:
    conflicts = of_kind(first_sync.report, FindingKind.CONFLICT)
    assert 4 <= len(conflicts) <= len(first_sync.company["drift"])
    disputed = {(finding.subject, finding.detail_key) for finding in conflicts}
    written = {(change.entity, cell.field) for change in first_sync.report.changes for cell in change.cells}
    assert not disputed & written
    assert first_sync.writes


@on_both
def test_a_plan_writes_nothing_and_tells_what_the_run_will_do(first_sync: FirstSync) -> None:
    assert first_sync.planning == ()

    def told(report: object) -> list[tuple[object, ...]]:
        return sorted((c.action, c.tool, c.where, tuple(c.cells)) for c in report.changes)  # type: ignore[attr-defined]

    assert told(first_sync.planned) == told(first_sync.report)
    assert first_sync.planned.dry
    assert all(change.state is State.PLANNED for change in first_sync.planned.changes)


@on_both
def test_the_second_and_third_run_write_nothing(synced: Team) -> None:
    for _ in range(2):
        before = synced.mark()
        report = synced.sync()
        assert synced.writes(before) == []
        assert report.changes == ()
        assert report.opened == ()
        assert report.closed == ()


def test_no_call_could_have_sent_or_scheduled_a_campaign(first_sync: FirstSync) -> None:
    calls = [(entry["method"], entry["path"]) for entry in first_sync.calls if entry["tool"] == "klaviyo"]
    assert calls
    assert not [call for call in calls if "send-job" in call[1]]
    made = [e for e in first_sync.writes if (e["method"], e["path"]) == ("POST", "/api/campaigns")]
    assert made
    for entry in made:
        strategy = entry["body"]["data"]["attributes"]["send_strategy"]
        assert strategy["method"] in ("static", "throttled", "smart_send_time")


@on_both
def test_the_usual_gaps_are_flagged(first_sync: FirstSync) -> None:
    found = {finding.kind for finding in first_sync.report.findings}
    assert {
        FindingKind.UNOWNED_STAGE,
        FindingKind.MISSING_STAGE,
        FindingKind.UNKNOWN_OWNER,
        FindingKind.INACTIVE_OWNER,
        FindingKind.STAGE_AFTER_SEND,
        FindingKind.AUDIENCE_CLASH,
    } <= found
