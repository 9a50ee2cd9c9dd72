"""The first sync of a real-looking company: adoption, creation, and quiet afterwards."""

from __future__ import annotations

from sync.findings import FindingKind
from sync.model import Kind
from sync.report import Action, State
from tests.e2e.team import Team, of_kind


def test_records_that_exist_in_several_tools_are_adopted_as_one(synced: Team) -> None:
    linked = {link.ref.native: e.id for e in synced.state().entities.values() for link in e.links.values()}
    for campaign in synced.box.company["campaigns"]:
        there = [campaign[tool] for tool in ("jira", "airtable", "klaviyo") if campaign[tool]]
        assert len({linked[native] for native in there}) == 1, campaign["name"]
        for stage in campaign["stages"].values():
            there = [stage[tool] for tool in ("jira", "airtable") if stage[tool]]
            assert len({linked[native] for native in there}) <= 1


def test_what_is_missing_is_created_once_with_its_stages(team: Team) -> None:
    report = team.sync()

    created = [change for change in report.changes if change.action is Action.CREATE]
    assert {change.tool for change in created} == {"jira", "airtable", "klaviyo"}
    assert all(change.state is State.DONE for change in report.changes)
    live = [e for e in team.state().entities.values() if e.kind is Kind.CAMPAIGN and e.agreed.get("status") != "sent"]
    for entity in live:
        assert {"jira", "airtable"} <= set(entity.links), entity.agreed.get("name")


def test_what_the_tools_disagreed_on_before_is_flagged_and_left_alone(team: Team) -> None:
    drift = list(team.box.company["drift"])
    before = team.mark()
    report = team.sync()

    conflicts = of_kind(report, FindingKind.CONFLICT)
    assert 4 <= len(conflicts) <= len(drift)
    disputed = {(finding.subject, finding.detail_key) for finding in conflicts}
    written = {(c.entity, cell.field) for c in report.changes for cell in c.cells}
    assert not disputed & written
    assert team.writes(before)


def test_a_plan_writes_nothing_and_tells_what_the_run_will_do(team: Team) -> None:
    before = team.mark()
    planned = team.sync(dry=True)
    assert not team.writes(before)
    team.ids = 0

    done = team.sync()

    def told(report: object) -> list[tuple[object, ...]]:
        return sorted((c.action, c.tool, c.where, tuple(c.cells)) for c in report.changes)  # type: ignore[attr-defined]

    assert told(planned) == told(done)
    assert planned.dry
    assert all(change.state is State.PLANNED for change in planned.changes)


def test_the_second_and_third_run_write_nothing(synced: Team) -> None:
    for _ in range(2):
        before = synced.mark()
        report = synced.sync()
        assert synced.writes(before) == []
        assert report.changes == ()
        assert report.opened == ()
        assert report.closed == ()


def test_no_call_could_have_sent_or_scheduled_a_campaign(team: Team) -> None:
    synced = team
    synced.sync()
    calls = [
        (e["method"], e["path"]) for e in synced.box.world.entries if e["actor"] == "api" and e["tool"] == "klaviyo"
    ]
    assert calls
    assert not [call for call in calls if "send-job" in call[1]]
    created = [e for e in team.writes(tool="klaviyo") if e["method"] == "POST" and e["path"] == "/api/campaigns"]
    assert created
    for entry in created:
        strategy = entry["body"]["data"]["attributes"]["send_strategy"]
        assert strategy["method"] in ("static", "throttled", "smart_send_time")


def test_the_usual_gaps_are_flagged(synced: Team) -> None:
    report = synced.sync()
    found = {finding.kind for finding in report.findings}
    assert {
        FindingKind.UNOWNED_STAGE,
        FindingKind.MISSING_STAGE,
        FindingKind.UNKNOWN_OWNER,
        FindingKind.INACTIVE_OWNER,
        FindingKind.STAGE_AFTER_SEND,
        FindingKind.AUDIENCE_CLASH,
    } <= found
