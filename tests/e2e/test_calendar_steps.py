"""A move in steps that stops between them, or meets a person there: told at once, finished, and nobody overruled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from sync.findings import FindingKind, Severity
from sync.model import Instant
from sync.report import RunReport
from tests.e2e.calendar_office import Office, by_esp, flags, office, offices

__all__ = ["office", "offices"]

SEND = datetime(2026, 3, 4, 13, 30, tzinfo=UTC)
MOVED = datetime(2026, 3, 6, 9, 15, tzinfo=UTC)
OTHER = datetime(2026, 3, 7, 10, 0, tzinfo=UTC)
UNSCHEDULES = {"klaviyo": ("PATCH", "/api/campaign-send-jobs/"), "mailchimp": ("POST", "/actions/unschedule")}
SCHEDULES = {"klaviyo": ("POST", "/api/campaign-send-jobs$"), "mailchimp": ("POST", "/actions/schedule")}


@contextmanager
def once_after(monkeypatch: pytest.MonkeyPatch, request: tuple[str, str], deed: Callable[[], object]) -> Iterator[None]:
    """Right after the first such request is answered, somebody does something."""
    send, done = HTTPAdapter.send, list[str]()

    def spied(adapter: HTTPAdapter, asked: requests.PreparedRequest, *rest: Any, **more: Any) -> requests.Response:
        answer = send(adapter, asked, *rest, **more)
        if (
            not done
            and asked.method == request[0]
            and request[1] in asked.path_url
            and "/control/" not in asked.path_url
        ):
            done.append(asked.path_url)
            deed()
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(HTTPAdapter, "send", spied)
        yield
    assert done


def unscheduled(report: RunReport, office: Office) -> bool:
    """Whether the flag stands that the send is off the calendar."""
    found = flags(report, office.campaign("c002"), FindingKind.UNSCHEDULED)
    assert all(flag.severity is Severity.URGENT for flag in found.values())
    return bool(found)


@pytest.mark.parametrize(("office", "status"), [("mailchimp", 500), ("klaviyo", 400)], indirect=["office"])
def test_a_move_that_stops_halfway_is_urgent_at_once_and_finished_as_soon_as_it_can_be(
    office: Office, status: int
) -> None:
    scheduled, (method, path) = office.campaign("c002"), SCHEDULES[office.esp]
    office.plan(scheduled, MOVED)
    office.control("fault", {"tool": office.esp, "method": method, "path": path, "status": status, "times": 3})
    report = office.sync()
    assert office.held_by_esp(office.esp, scheduled) == ("draft", None)
    assert unscheduled(report, office)
    assert office.says("airtable", scheduled)[0] == "scheduled", "what we did to the schedule is nobody's edit"

    office.box.world.faults.clear()
    report = office.sync()
    assert office.held_by_esp(office.esp, scheduled) == ("scheduled", MOVED)
    assert not unscheduled(report, office)
    assert office.says("airtable", scheduled) == ("scheduled", Instant(MOVED), Instant(MOVED))
    office.assert_quiet()


@by_esp("mailchimp")
def test_a_send_that_stays_off_the_calendar_is_left_so_once_somebody_says_it_is_to_be(office: Office) -> None:
    scheduled, (method, path) = office.campaign("c002"), SCHEDULES[office.esp]
    office.plan(scheduled, MOVED)
    office.control("fault", {"tool": office.esp, "method": method, "path": path, "status": 400, "times": 100})
    report = office.sync()
    (flag,) = flags(report, scheduled, FindingKind.UNSCHEDULED).values()
    assert flag.options == (f"--take {office.esp}",)
    office.decide(flag, office.esp)
    office.box.world.faults.clear()
    for _ in range(2):
        report = office.sync()
    assert not unscheduled(report, office)
    assert office.held_by_esp(office.esp, scheduled) == ("draft", None)
    assert office.says("airtable", scheduled) == ("planned", Instant(MOVED), None)
    office.assert_quiet()


@by_esp("klaviyo")
def test_whoever_schedules_it_anew_between_the_steps_is_not_overruled_and_both_are_heard(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled, esp = office.campaign("c002"), office.esp
    office.plan(scheduled, MOVED)
    with once_after(monkeypatch, UNSCHEDULES[esp], lambda: office.schedule(esp, scheduled, OTHER)):
        report = office.sync()
    assert not unscheduled(report, office), "it is on the calendar"
    report = office.sync()
    assert office.held_by_esp(esp, scheduled) == ("scheduled", OTHER)
    conflict = flags(report, scheduled, FindingKind.CONFLICT)["planned_send"]
    assert {claim.tool for claim in conflict.claims} >= {"airtable", esp}


@by_esp("mailchimp")
def test_what_a_person_edits_between_the_steps_stays_and_the_move_is_finished_by_the_next_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled, esp = office.campaign("c002"), office.esp
    native = scheduled.links[esp].ref.native
    office.plan(scheduled, MOVED)
    with once_after(
        monkeypatch, UNSCHEDULES[esp], lambda: office.human(esp, "edit", campaign=native, subject="By hand")
    ):
        report = office.sync()
    assert unscheduled(report, office)
    report = office.sync()
    assert not unscheduled(report, office)
    assert office.held_by_esp(esp, scheduled) == ("scheduled", MOVED)
    assert office.shows("jira", scheduled)["subject"] == office.shows(esp, scheduled)["subject"] == "By hand"


@pytest.mark.parametrize(("office", "verb"), [("klaviyo", "delete"), ("mailchimp", "archive")], indirect=["office"])
def test_what_a_person_takes_away_between_the_steps_is_not_brought_back(
    office: Office, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled, esp = office.campaign("c002"), office.esp
    native = scheduled.links[esp].ref.native
    office.plan(scheduled, MOVED)
    with once_after(monkeypatch, UNSCHEDULES[esp], lambda: office.human(esp, verb, campaign=native)):
        office.sync()
    mark = office.mark()
    for _ in range(2):
        report = office.sync()
    assert office.writes(mark, esp) == []
    if verb == "delete":
        assert set(flags(report, scheduled, FindingKind.DELETION)) == {esp}
        assert not unscheduled(report, office)
