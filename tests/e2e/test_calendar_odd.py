"""The first sync with any ESP, and what is odd in one or refused by one: a clear flag, and the rest goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sync.findings import FindingKind
from sync.model import Kind
from sync.report import RunReport
from tests.e2e.calendar_office import ESPS, Office, by_esp, flags, office, offices, opened
from tests.e2e.team import of_kind

__all__ = ["office", "offices"]

UNKNOWN = {"klaviyo": "Under The Moon", "mailchimp": "simmering", "brevo": "in_orbit"}
WRITES = {"klaviyo": "PATCH", "mailchimp": "PATCH", "brevo": "PUT"}
UNSCHEDULING = {"klaviyo": "/api/campaign-send-jobs", "mailchimp": "/actions/", "brevo": "/emailCampaigns/1202$"}
MOVED = datetime(2026, 3, 6, 9, 15, tzinfo=UTC)
TEST: dict[str, dict[str, Any]] = {
    "klaviyo": {"audiences": ["Newsletter UK"]},
    "mailchimp": {"type": "variate", "variate_settings": {"subject_lines": ["A", "B"]}, "audience": "Newsletter UK"},
    "brevo": {"subjects": ["A", "B"], "audiences": ["Newsletter UK"]},
}


def titles(report: RunReport, kind: FindingKind) -> list[str]:
    return sorted(finding.title for finding in of_kind(report, kind))


def put_oddities(office: Office) -> None:
    """In an ESP that nobody has synced yet: a state that we do not know, no name, a test, an archived one, a text."""
    esp = office.esp
    seeds = {one["code"]: one[esp] for one in office.company["campaigns"]}
    server = office.box._servers.tools[esp]
    held = server.dump()
    held["campaigns"][seeds["c003"]]["status"] = UNKNOWN[esp]
    server.restore(held)
    office.human(esp, "create", name="")
    office.human(esp, "create", name="For nobody yet")
    office.human(esp, "archive", campaign=seeds["c004"])
    made = office.human(esp, "create", name="Two subjects", **TEST[esp])
    if esp == "klaviyo":
        office.human(esp, "test", campaign=made["id"], subjects=["A", "B"])
    if esp != "mailchimp":  # whose described contract (3.0.55) has no text messages among the campaigns
        office.human(esp, "create", name="A text message", channel="sms")


@pytest.mark.parametrize("esp", ESPS)
def test_a_first_sync_adopts_what_is_there_flags_what_is_odd_and_schedules_nothing(esp: str, tmp_path: Path) -> None:
    with opened(tmp_path, esp, campaigns=9) as office:
        put_oddities(office)
        report = office.sync()
        writes = office.writes(tool=esp)
        unreadable = titles(report, FindingKind.UNREADABLE)
        assert any("Status of" in one and UNKNOWN[esp] in one for one in unreadable)
        several = "an A/B test is set up" if esp == "klaviyo" else "2 subject lines are being tested"
        assert any(several in one for one in unreadable)
        assert any("without a name" in line and "needs a name" in line for line in report.waiting)
        names = {str(e.agreed.get("name")) for e in office.state().entities.values() if e.kind is Kind.CAMPAIGN}
        assert "For nobody yet" in names
        assert "A text message" not in names
        assert report.adopted
        made = [e for e in writes if e["path"] in ("/api/campaigns", "/3.0/campaigns", "/v3/emailCampaigns")]
        assert 1 <= len(made) <= 2, "the campaigns that only Jira and only Airtable had"
        assert not [
            e for e in writes if "send-job" in e["path"] or "/actions/" in e["path"] or "scheduledAt" in e["body"]
        ]
        office.assert_quiet()
        assert not [entry for entry in office.box.world.entries if entry.get("sent")]


@by_esp()
def test_what_an_account_may_not_do_with_a_schedule_is_flagged_and_other_campaigns_go_on(office: Office) -> None:
    scheduled, draft = office.campaign("c002"), office.campaign("c003")
    office.plan(scheduled, MOVED)
    office.row(draft, **{"Subject line": "Goes on"})
    office.control("fault", {"tool": office.esp, "status": 403, "path": UNSCHEDULING[office.esp], "times": 100,
                             "method": "POST" if office.esp == "mailchimp" else WRITES[office.esp]})  # fmt: skip
    report = office.sync()
    (flag,) = [f for key, f in flags(report, scheduled, FindingKind.NOT_WRITTEN).items() if office.esp in key]
    assert "(403)" in flag.title
    assert of_kind(report, FindingKind.TOOL_TROUBLE) == []
    assert of_kind(report, FindingKind.UNSCHEDULED) == []
    assert office.shows(office.esp, draft)["subject"] == "Goes on"
    office.assert_no_news()


@by_esp()
def test_an_account_that_is_not_paid_is_left_out_and_the_flag_says_what_is_the_matter(office: Office) -> None:
    office.row(office.campaign("c003"), **{"Subject line": "Goes on"})
    office.control("fault", {"tool": office.esp, "status": 402, "times": 100})
    report = office.sync()
    (flag,) = of_kind(report, FindingKind.TOOL_TROUBLE)
    assert "The account's plan or credits do not suffice" in flag.title
    office.box.world.faults.clear()
    assert office.shows("jira", office.campaign("c003"))["subject"] == "Goes on"
    report = office.sync()
    assert of_kind(report, FindingKind.TOOL_TROUBLE) == []
    office.assert_quiet()


@by_esp()
def test_a_time_that_is_past_and_an_audience_of_nobody_are_refused_in_words(office: Office) -> None:
    scheduled, draft = office.campaign("c002"), office.campaign("c003")
    office.plan(scheduled, datetime(2026, 2, 1, 9, tzinfo=UTC))
    office.row(draft, Audiences=[])
    report = office.sync()
    (late,) = flags(report, scheduled, FindingKind.NOT_WRITTEN).values()
    assert "is past, and nothing is scheduled that late from here" in late.title
    (nobody,) = flags(report, draft, FindingKind.NOT_WRITTEN).values()
    assert "needs at least one list or segment" in nobody.title
    office.assert_no_news()


@pytest.mark.parametrize("revision", ["2026-07-15", "2026-10-15"])
@by_esp("klaviyo")
def test_subjects_that_klaviyo_tests_are_flagged_and_never_overwritten(office: Office, revision: str) -> None:
    draft = office.campaign("c003")
    office.option(office.esp, f'revision = "{revision}"')
    office.sync()
    office.human(office.esp, "test", campaign=draft.links[office.esp].ref.native, subjects=["A", "B"])
    office.row(draft, **{"Subject line": "By hand", "Audiences": ["Newsletter UK"]})
    mark = office.mark()
    report = office.sync()
    (unreadable,) = flags(report, draft, FindingKind.UNREADABLE).values()
    words = {"2026-07-15": "an A/B test is set up there", "2026-10-15": "3 subject lines are being tested there"}
    assert words[revision] in unreadable.title
    assert not [entry for entry in office.writes(mark, office.esp) if "By hand" in str(entry["body"])]
    assert office.shows(office.esp, draft)["audiences"] == frozenset({"Newsletter UK"}), "the rest goes on"
    office.assert_no_news()
