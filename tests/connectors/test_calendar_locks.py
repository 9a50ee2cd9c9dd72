"""What the capability record says is locked, and when, is what decides: states without edits, nearness to a send."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.calendar import Sending, Status
from connectors.calendar_connector import CalendarConnector
from sync.ports import LOCKED
from tests.connectors.calendar_esp import FULLY, NOW, Desk, TinyEsp, at, draft, scheduled

SENT = draft(status=Status.SENT, status_raw="sent", scheduled=at(-1))
PAUSED = draft(status=Status.PAUSED, status_raw="paused")


def test_an_esp_that_says_nothing_takes_edits_of_drafts_and_scheduled_campaigns_only() -> None:
    assert FULLY.locked == LOCKED == {*map(str, Status), "archived"} - {Status.DRAFT, Status.SCHEDULED}


@pytest.mark.parametrize("entry", [SENT, PAUSED, draft(archived=True), draft(status=Status.UNKNOWN, status_raw="odd")])
def test_only_a_state_that_the_record_locks_is_locked(entry: object) -> None:
    assert Desk(TinyEsp(entry)).record.locked  # type: ignore[arg-type]
    assert Desk(TinyEsp(entry, locked=frozenset())).record.locked is None  # type: ignore[arg-type]


def test_whatever_state_a_record_adds_is_locked_and_refused() -> None:
    desk = Desk(TinyEsp(draft(), locked=LOCKED | {Status.DRAFT}))
    assert desk.record.locked == "draft in News, which takes no edits of it then"
    assert "which takes no edits of it then" in desk.refused(name="Summer")


@pytest.mark.parametrize(("esps", "ours"), [(60, 10), (10, 60)])
def test_the_longer_margin_counts_the_esps_or_the_workspaces_and_the_record_tells_it(esps: int, ours: int) -> None:
    esp = TinyEsp(scheduled(at(0.8)), margin=timedelta(minutes=esps))
    desk = Desk(esp)
    desk.tool = CalendarConnector("news", esp, Sending(margin=timedelta(minutes=ours), now=lambda: NOW))
    calendar = desk.tool.capability.calendar
    assert calendar == replace(esp.calendar, margin=timedelta(minutes=60))
    assert "within 60 minutes of that nothing is moved from here any more" in desk.refused(planned=at(48))
    esp.holds(**{"scheduled": at(1.2), "planned": at(1.2)})
    desk.record = desk.look()
    assert "is less than 60 minutes away" in desk.refused(planned=at(0.8))
    desk.done(planned=at(1.1))
