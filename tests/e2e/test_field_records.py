"""Whole records, native field by native field: made in one tool, scheduled, with more in them than is mapped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sync.findings import FindingKind
from tests.e2e.native import Who, audience_ids, create, edit, held_by, raw, same_terms
from tests.e2e.team import Team, of_kind
from tests.e2e.test_fields import RICH, assert_quiet, drafts, static

RICH_TEXT = RICH[2]
IN_JIRA = {
    "Summary": "Made whole", "Description": RICH_TEXT, "Program": "Event", "Status": "In Review",
    "Assignee": Who("ben"), "Audiences": ["Newsletter UK", "Students"], "Subject line": "Whole 🎈",
    "Labels": ["brand", "launch"],
    "Due date": "2026-05-06", "Delivered": 10, "Opens": 9, "Clicks": 8, "Conversions": 7,
    "Unsubscribes": 6, "Bounces": 5, "Machine opens": 4,
}  # fmt: skip
IN_AIRTABLE = {
    "Name": "Made whole", "Brief": RICH_TEXT, "Program": "Event", "Status": "In review", "Owner": Who("ben"),
    "Audiences": ["Newsletter UK", "Students"], "Subject line": "Whole 🎈", "Tags": ["brand", "launch"],
    "Planned send": "2026-05-05T22:00:00.000Z", "Planned send type": "Day",
    "Delivered": 10, "Opens": 9, "Clicks": 8, "Conversions": 7,
    "Unsubscribes": 6, "Bounces": 5, "Machine opens": 4,
}  # fmt: skip
SMART = {"method": "smart_send_time", "date": "2026-05-06"}
IN_KLAVIYO = {
    "name": "Made whole", "subject": "Whole 🎈", "tags": ["brand", "launch"],
    "audiences": ["Newsletter UK", "Students"], "send_strategy": SMART,
}  # fmt: skip
MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "jira": ("Epic", IN_JIRA),
    "airtable": ("Campaigns", IN_AIRTABLE),
    "klaviyo": ("", IN_KLAVIYO),
}


@pytest.mark.parametrize("tool", ["jira", "airtable", "klaviyo"])
def test_a_campaign_made_in_one_tool_is_made_whole_in_the_others(synced: Team, tool: str) -> None:
    table, fields = MADE[tool]
    native = create(synced, tool, table, fields)
    mark = synced.mark()
    synced.sync()

    campaign = held_by(synced, tool, native)
    assert set(campaign.links) == {"jira", "airtable", "klaviyo"}
    for other in {"jira", "airtable", "klaviyo"} - {tool}:
        shown = raw(synced, other, campaign)
        for name, value in MADE[other][1].items():
            if tool != "klaviyo" or name in KLAVIYO_KNOWS[other]:
                assert shown[AS_SHOWN.get((other, name), name)] == _as_shown(synced, other, name, value, campaign.id)
    assert [w for w in synced.writes(mark, tool) if native in w["touched"]] == []
    assert_quiet(synced)


AS_SHOWN = {("klaviyo", "audiences"): "included"}
KLAVIYO_KNOWS = {
    "jira": {"Summary", "Subject line", "Audiences", "Labels", "Due date"},
    "airtable": {"Name", "Subject line", "Audiences", "Tags", "Planned send", "Planned send type"},
}


def _as_shown(team: Team, tool: str, name: str, value: Any, marker: str) -> Any:
    match tool, name:
        case _, "Assignee" | "Owner" | "Description" | "Brief" | "Notes":
            return same_terms(team, tool, value)
        case "jira", "Labels":
            return sorted([*value, marker])
        case "klaviyo", "name":
            return f"{value} [{marker}]"
        case "klaviyo", "audiences":
            return audience_ids(team, *value)
    return sorted(value) if isinstance(value, list) else value


@pytest.mark.parametrize("tool", ["jira", "airtable"])
def test_a_stage_made_in_one_tool_is_made_whole_in_the_other(synced: Team, tool: str) -> None:
    campaign = next(c for c in drafts(synced) if not _has(synced, c.id, "qa"))
    both: dict[str, dict[str, Any]] = {
        "jira": {"Summary": "QA: x", "Parent": campaign.links["jira"].key, "Stage": "QA", "Assignee": Who("ben"),
                 "Status": "Blocked", "Due date": "2026-03-04", "Description": RICH_TEXT},
        "airtable": {"Title": "QA: x", "Campaign": [campaign.links["airtable"].ref.native], "Stage": "QA",
                     "Owner": Who("ben"), "Status": "Blocked", "Due": "2026-03-04", "Notes": RICH_TEXT},
    }  # fmt: skip
    other = "airtable" if tool == "jira" else "jira"
    native = create(synced, tool, "Task" if tool == "jira" else "Stages", both[tool])
    synced.sync()

    stage = held_by(synced, tool, native)
    title = {"Summary": f"QA: {campaign.agreed['name']}", "Title": f"QA: {campaign.agreed['name']}"}
    shown = raw(synced, other, stage)
    for name, value in both[other].items():
        assert shown[name] == title.get(name, _as_shown(synced, other, name, value, stage.id)), name
    assert_quiet(synced)


def _has(team: Team, campaign: str, kind: str) -> bool:
    return any(
        e.agreed.get("kind") == kind and getattr(e.agreed.get("campaign"), "id", None) == campaign
        for e in team.state().entities.values()
    )


@pytest.mark.parametrize(
    ("strategy", "cells"),
    [
        (static("2026-05-04T07:00:00+00:00"), ("2026-05-04T07:00:00.000Z", "Exact time")),
        (static("2026-05-04T09:00:00+00:00", local=True), ("2026-05-04T07:00:00.000Z", "Recipient local")),
        (SMART, ("2026-05-05T22:00:00.000Z", "Day")),
    ],
    ids=["instant", "local", "day"],
)
def test_what_klaviyo_has_scheduled_is_shown_and_taken_back(
    synced: Team, strategy: dict[str, Any], cells: tuple[str, str]
) -> None:
    campaign = drafts(synced)[0]
    edit(synced, "klaviyo", campaign, {"send_strategy": strategy})
    synced.sync()
    press(synced, campaign, "schedule")
    synced.sync()

    at, kind = cells
    airtable, jira = raw(synced, "airtable", campaign), raw(synced, "jira", campaign)
    assert (airtable["Scheduled send"], airtable["Scheduled send type"]) == (at, kind)
    assert jira["Scheduled send"] == at.replace("Z", "+0000")
    assert jira["Scheduled send type"] == kind
    assert (airtable["Status"], jira["Status"]) == ("Scheduled", "Scheduled")
    assert_quiet(synced)

    press(synced, campaign, "unschedule")
    synced.sync()
    for tool in ("jira", "airtable"):
        shown = raw(synced, tool, campaign)
        assert "Scheduled send" not in shown
        assert "Scheduled send type" not in shown
        assert shown["Status"] == "Planned"
    assert_quiet(synced)


def press(team: Team, campaign: Any, verb: str) -> None:
    team.control(f"klaviyo/{verb}", {"campaign": campaign.links["klaviyo"].ref.native})


def test_a_schedule_edited_elsewhere_is_disputed_and_a_plan_that_moves_takes_its_send_along(synced: Team) -> None:
    synced.control("klaviyo/switch", {"name": "schedule_delay_seconds", "value": 0})
    campaign = drafts(synced)[0]
    edit(synced, "klaviyo", campaign, {"send_strategy": static("2026-05-04T07:00:00+00:00")})
    press(synced, campaign, "schedule")
    synced.sync()
    mark = synced.mark()
    edit(synced, "airtable", campaign, {"Scheduled send": "2026-05-07T07:00:00.000Z"})

    report = synced.sync()

    told = [f.detail_key for f in of_kind(report, FindingKind.CONFLICT) if f.subject == campaign.id]
    assert told == ["scheduled_send"]
    assert synced.writes(mark) == []
    edit(synced, "airtable", campaign, {"Planned send": "2026-05-08T07:00:00.000Z"})
    synced.sync()
    assert [entry["method"] for entry in synced.writes(mark, "klaviyo")] == ["PATCH", "PATCH", "POST"]
    shown = raw(synced, "klaviyo", campaign)
    assert (shown["status"], shown["send_time"]) == ("Scheduled", "2026-05-08T07:00:00+00:00")
    assert not any(entry.get("sent") for entry in synced.box.world.entries)
    assert_quiet(synced)


def test_a_send_that_may_not_be_touched_stays_and_the_plan_says_so(synced: Team) -> None:
    synced.change("schedule = ", 'sends = "never"\nschedule = ')
    campaign = drafts(synced)[0]
    edit(synced, "klaviyo", campaign, {"send_strategy": static("2026-05-04T07:00:00+00:00")})
    press(synced, campaign, "schedule")
    synced.sync()
    mark = synced.mark()
    edit(synced, "airtable", campaign, {"Planned send": "2026-05-08T07:00:00.000Z"})
    report = synced.sync()
    assert synced.writes(mark, "klaviyo") == []
    assert campaign.id in {f.subject for f in of_kind(report, FindingKind.NOT_WRITTEN)}
    assert_quiet(synced)


def test_a_send_that_goes_out_is_seen_to_the_end(synced: Team) -> None:
    campaign = drafts(synced)[0]
    goes = synced.now + timedelta(hours=1)
    edit(synced, "klaviyo", campaign, {"send_strategy": static(goes.isoformat(timespec="seconds"))})
    press(synced, campaign, "schedule")
    words = []
    for ahead in (0, 30, 0, 300):
        synced.now += timedelta(minutes=ahead)
        synced.sync()
        status = raw(synced, "jira", campaign)["Status"]
        assert raw(synced, "airtable", campaign)["Status"] == status
        words += [status] if status not in words else []
    assert words == ["Scheduled", "Sending", "Sent"]
    assert_quiet(synced)
