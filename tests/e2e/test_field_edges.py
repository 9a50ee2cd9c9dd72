"""Odd texts arrive as they are; what a tool cannot take becomes a finding, and the rest goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from sync.findings import Finding, FindingKind
from sync.model import EntityLink
from sync.report import RunReport
from tests.e2e.native import Who, account, create, edit, held_by, raw
from tests.e2e.team import Team, of_kind
from tests.e2e.test_field_stages import stages
from tests.e2e.test_fields import NAME, SUBJECT, Row, assert_quiet, drafts, play

ODD = [
    "Family 👩‍👩‍👧‍👦 and flag 🇩🇪, half é é",
    "مرحبا \u200fعالم\u200e mixed",  # noqa: RUF001
    "x" * 255,
    "\"quoted\" 'single' {field} {Name} \\ back\\slash `tick`",
    'a" OR summary ~ "b") ORDER BY key -- ; DROP',
    "= 1 + 1 & RECORD_ID()",
    "<b>bold</b> &amp; *not slanted* _or_ [link](x)",
    "CAM-17 and {{ first_name|default:'you' }}",
    "-",
    "2026-10-12",
    "[Draft] A name in [brackets] [and more]",
]


@pytest.mark.parametrize("tool", ["jira", "airtable", "klaviyo"])
def test_odd_texts_arrive_as_they_were_typed(synced: Team, tool: str) -> None:
    rows = [
        Row(field, tool, {names[tool]: odd}, {other: {names[other]: odd} for other in names if other != tool})
        for odd in ODD
        for field, names in (("name", NAME), ("subject", SUBJECT))
    ]
    play(synced, rows)


@pytest.mark.parametrize("tool", ["jira", "airtable"])
def test_an_odd_name_is_created_found_and_stays_one(synced: Team, tool: str) -> None:
    """Airtable's formulas and Jira's queries are built around what people type."""
    table, name = ("Epic", "Summary") if tool == "jira" else ("Campaigns", "Name")
    other, shown = ("airtable", "Name") if tool == "jira" else ("jira", "Summary")
    made = {odd: create(synced, tool, table, {name: odd}) for odd in ODD}
    synced.sync()
    for odd, native in made.items():
        assert raw(synced, other, held_by(synced, tool, native))[shown] == odd
    assert_quiet(synced)


LONG = "Every reader gets a line, and there are many of them. " * 600
LINES = "\n".join(f"- item **{n}**" for n in range(1200)) + "\n"


@pytest.mark.parametrize("text", [LONG.strip() + "\n", LINES], ids=["one line", "list"])
def test_a_very_long_brief_arrives_whole(synced: Team, text: str) -> None:
    campaign = drafts(synced)[0]
    edit(synced, "airtable", campaign, {"Brief": text})
    report = synced.sync()
    shown = raw(synced, "jira", campaign)["Description"]
    if text == LINES:
        assert len(shown["content"][0]["content"]) == 1200
    else:
        assert shown["content"][0]["content"][0]["text"] == LONG.strip()
    assert not [f for f in report.findings if f.kind is FindingKind.NOT_WRITTEN and f.subject == campaign.id]
    assert_quiet(synced)


def test_a_brief_too_long_for_jira_is_told_and_stays_in_airtable(synced: Team) -> None:
    campaign = drafts(synced)[0]
    before = raw(synced, "jira", campaign)["Description"]
    edit(synced, "airtable", campaign, {"Brief": "word " * 10_000, "Program": "Event"})
    told = not_written(synced.sync(), campaign.id)
    assert len(told) == 1
    assert len(told[0].title) < 400
    shown = raw(synced, "jira", campaign)
    assert shown["Description"] == before
    assert shown["Program"] == "Event", "the other fields go on"
    assert_no_writes(synced)


def test_a_line_break_in_one_line_is_a_blank_elsewhere(synced: Team) -> None:
    campaign = drafts(synced)[0]
    edit(synced, "airtable", campaign, {"Subject line": "First\nSecond", "Name": "Two\r\nlines"})
    synced.sync()
    assert raw(synced, "klaviyo", campaign)["subject"] == "First Second"
    assert raw(synced, "jira", campaign)["Subject line"] == "First Second"
    assert raw(synced, "jira", campaign)["Summary"] == "Two lines"
    assert raw(synced, "airtable", campaign)["Subject line"] == "First\nSecond"
    assert_quiet(synced)


def not_written(report: RunReport, subject: str) -> list[Finding]:
    return [f for f in of_kind(report, FindingKind.NOT_WRITTEN) if f.subject == subject]


def assert_no_writes(team: Team) -> None:
    mark = team.mark()
    report = team.sync()
    assert team.writes(mark) == []
    assert report.opened == ()


class Refused(NamedTuple):
    """An edit that a tool cannot take: field, tool, what is typed; by refuser what is told; what goes on elsewhere."""

    field: str
    tool: str
    typed: dict[str, Any]
    told: dict[str, str]
    shows: dict[str, dict[str, Any]]


REFUSED = [
    Refused("name", "airtable", {"Name": "🎈" * 128}, {"jira": "at most 255"}, {"klaviyo": {"name": "🎈" * 128}}),
    Refused("name", "airtable", {"Name": None}, {"jira": "cannot be emptied"}, {}),
    Refused("audiences", "jira", {"Audiences": None}, {"klaviyo": "at least one list"},
            {"airtable": {"Audiences": None}}),
    Refused("planned_send", "airtable", {"Planned send": None, "Planned send type": None}, {"klaviyo": "only change"},
            {"jira": {"Due date": None}}),
    Refused("subject", "airtable", {"Subject line": "y" * 256}, {"jira": "at most 255"},
            {"klaviyo": {"subject": "y" * 256}}),
    Refused("tags", "jira", {"Labels": ["brand", "unheard-of"]}, {"airtable": "unheard-of", "klaviyo": "unheard-of"},
            {"airtable": {"Tags": ["brand"]}, "klaviyo": {"tags": ["brand"]}}),
]  # fmt: skip


def test_what_one_tool_cannot_take_is_told_and_the_others_go_on(synced: Team) -> None:
    named_alike = sorted(drafts(synced), key=lambda c: "[" in raw(synced, "klaviyo", c)["name"])
    cases = list(zip(REFUSED, named_alike, strict=False))
    assert len(cases) == len(REFUSED)
    for case, campaign in cases:
        edit(synced, case.tool, campaign, case.typed)
    mark = synced.mark()

    report = synced.sync()

    written = {(w["tool"], native) for w in synced.writes(mark) for native in w["touched"]}
    for case, campaign in cases:
        told = {finding.detail_key: finding.title for finding in not_written(report, campaign.id)}
        for refuser, words in case.told.items():
            assert words in told[f"{refuser}/{case.field}"]
        for other, expected in case.shows.items():
            shown = raw(synced, other, campaign)
            assert {name: shown.get(name) for name in expected} == expected
        untouched = set(campaign.links) - set(case.shows)
        assert not written & {(tool, campaign.links[tool].ref.native) for tool in untouched}
    assert_no_writes(synced)


def test_an_option_that_only_one_tool_has_is_told(synced: Team) -> None:
    campaign = drafts(synced)[0]
    row = {"table": "Campaigns", "record": campaign.links["airtable"].ref.native, "typecast": True}
    fields = {"Program": "Webcast", "Audiences": ["Students", "Unheard of"], "Subject line": "Goes on"}
    synced.control("airtable/edit", {"as": synced.member("campaign manager"), **row, "fields": fields})
    told = {f.detail_key: f.title for f in not_written(synced.sync(), campaign.id)}
    assert "no option 'Webcast'" in told["jira/program"]
    assert "Unheard of" in told["jira/audiences"]
    assert "Unheard of" in told["klaviyo/audiences"]
    shown = raw(synced, "jira", campaign)
    assert (shown["Subject line"], shown["Audiences"]) == ("Goes on", ["Students"])
    assert_no_writes(synced)


def test_a_word_that_the_mapping_does_not_know_is_told(synced: Team) -> None:
    campaign = drafts(synced)[0]
    row = {"table": "Campaigns", "record": campaign.links["airtable"].ref.native, "typecast": True}
    synced.control("airtable/edit", {"as": synced.member("campaign manager"), **row, "fields": {"Status": "Half done"}})
    mark = synced.mark()
    (told,) = [f for f in of_kind(synced.sync(), FindingKind.UNREADABLE) if f.subject == campaign.id]
    assert "Half done" in told.title
    assert synced.writes(mark) == []
    assert_no_writes(synced)
    edit(synced, "airtable", campaign, {"Status": "Approved"})
    synced.sync()
    assert raw(synced, "jira", campaign)["Status"] == "Approved"


@pytest.mark.parametrize(("tool", "who"), [("jira", "contractor"), ("airtable", "freelancer")])
def test_somebody_whom_the_other_tool_does_not_know_is_told_and_nobody_is_removed(
    synced: Team, tool: str, who: str
) -> None:
    other, name = ("airtable", "Owner") if tool == "jira" else ("jira", "Assignee")
    stage = next(s for s in stages(synced) if raw(synced, other, s).get(name))
    before = raw(synced, other, stage)[name]
    edit(synced, tool, stage, {"Assignee" if tool == "jira" else "Owner": Who(who)})
    mark = synced.mark()
    report = synced.sync()
    assert stage.id in {f.subject for f in of_kind(report, FindingKind.UNKNOWN_OWNER)}
    assert raw(synced, other, stage)[name] == before
    assert synced.writes(mark) == []
    assert_no_writes(synced)


def test_somebody_who_cannot_be_assigned_in_jira_is_told(synced: Team) -> None:
    campaign = drafts(synced)[0]
    edit(synced, "airtable", campaign, {"Owner": Who("tomas"), "Program": "Event"})
    told = not_written(synced.sync(), campaign.id)
    assert any("cannot be assigned" in f.title for f in told)
    assert raw(synced, "jira", campaign)["Program"] == "Event", "the other fields go on"
    assert_no_writes(synced)


def test_a_stage_of_somebody_who_has_left_is_made_without_them_and_told(synced: Team) -> None:
    campaign = drafts(synced)[0]
    cells = {"Title": "x", "Campaign": [campaign.links["airtable"].ref.native], "Stage": "QA", "Owner": Who("tomas")}
    for stage in stages(synced):
        if stage.agreed["kind"] == "qa" and stage.agreed["campaign"] == EntityLink(campaign.id):
            cells["Stage"] = "Analysis"
    native = create(synced, "airtable", "Stages", cells)
    told = synced.sync()
    stage = held_by(synced, "airtable", native)
    assert not_written(told, stage.id)
    assert "Assignee" not in raw(synced, "jira", stage)
    assert_no_writes(synced)
    assert raw(synced, "airtable", stage)["Owner"] == account(synced, "airtable", Who("tomas"))


@pytest.mark.parametrize("tool", ["jira", "airtable"])
def test_a_field_that_a_tool_refuses_does_not_hold_back_the_others(synced: Team, tool: str) -> None:
    """A person whom the directory knows and who has lost access there; a workflow that lacks the step."""
    other = {"jira": "airtable", "airtable": "jira"}[tool]
    people = synced.config.parent / "people.toml"
    right = account(synced, tool, Who("ben"))
    people.write_text(people.read_text("utf-8").replace(right, "usr00000000000000"), "utf-8")
    campaign = drafts(synced)[0]
    typed = {"Owner": Who("ben"), "Program": "Event", "Subject line": "Goes on", "Status": "Approved"}
    if other == "jira":
        typed["Assignee"] = typed.pop("Owner")
    edit(synced, other, campaign, typed)
    told = not_written(synced.sync(), campaign.id)
    assert len(told) == 1
    shown = raw(synced, tool, campaign)
    assert (shown["Program"], shown["Subject line"], shown["Status"]) == ("Event", "Goes on", "Approved")
    assert raw(synced, "klaviyo", campaign)["subject"] == "Goes on"
    assert_no_writes(synced)


def test_a_status_that_jiras_workflow_does_not_offer_is_told(synced: Team) -> None:
    campaign = drafts(synced)[0]
    missing = {"tool": "jira", "method": "GET", "path": "/transitions", "status": 200, "times": 2}
    synced.control("fault", {**missing, "body": {"transitions": []}})
    edit(synced, "airtable", campaign, {"Status": "Approved", "Program": "Event"})
    (told,) = not_written(synced.sync(), campaign.id)
    assert "the workflow offers nothing to this account" in told.title
    assert raw(synced, "jira", campaign)["Program"] == "Event"
    assert_no_writes(synced)
    synced.now += timedelta(hours=1)
    synced.sync()
    assert raw(synced, "jira", campaign)["Status"] == "Approved", "within the hour, if the workflow allows it"
    assert_quiet(synced)
