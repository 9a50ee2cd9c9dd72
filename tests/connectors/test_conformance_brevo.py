"""Brevo keeps the laws of connectors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.brevo import BrevoEsp
from connectors.calendar import Schedule, Sending
from connectors.calendar_connector import CalendarConnector
from sync.errors import Rejected, Stale
from sync.model import Kind, Record, Ref
from sync.ports import Archive, Connector, Failed, Outcome, Update, Written
from tests.connectors.calendar_conformance import CalendarConformance
from tests.connectors.sandboxed import NOW, RETRY

FRIDAY = "2026-05-01T10:00:00+00:00"
LATER = {"kind": "instant", "at": "2026-05-03T10:00:00+00:00"}


class TestBrevo(CalendarConformance):
    """Campaigns as drafts, moved in one call, told apart by their tag."""

    vendor, creation_call = "brevo", ("POST", r"/v3/emailCampaigns$")
    audience = "list:"

    def connect_by(self, token: str, schedule: Schedule = Schedule.MOVE) -> Connector:
        esp = BrevoEsp(
            "brevo", token=token, sender={"id": 1}, url=f"{self.url}/v3", zone=ZoneInfo("Europe/Berlin"),
            per_second=None, retry=RETRY,
        )  # fmt: skip
        return CalendarConnector("brevo", esp, Sending(schedule, now=lambda: NOW))

    def scheduled(self, tool: Connector, **when: str) -> Record:
        """A campaign that a person has scheduled."""
        record = self.made(tool, Kind.CAMPAIGN)
        self.people("schedule", campaign=record.ref.native, **(when or {"at": FRIDAY}))
        return self.held(tool, record.ref)

    def written_since(self, before: int) -> list[tuple[str, Any]]:
        entries = self.box.world.entries[before:]
        assert not any(entry.get("sent") for entry in entries), "something was sent"
        return [(entry["method"], entry["body"]) for entry in entries if entry["write"] and entry["actor"] != "human"]

    def do(self, tool: Connector, change: Update | Archive) -> Outcome:
        (outcome,) = tool.write([change])
        return outcome

    def test_a_scheduled_campaign_is_moved_by_one_write_and_never_sent(self, tool: Connector) -> None:
        record, before = self.scheduled(tool), len(self.box.world.entries)
        outcome = self.do(tool, Update(record, {"planned": LATER, "name": "Summer", "subject": ["Sun"]}))
        assert isinstance(outcome, Written), outcome.error
        assert outcome.record
        fields = outcome.record.fields
        assert (fields["name"], fields["subject"], fields["status"], fields["scheduled"]) == (
            "Summer",
            ["Sun"],
            "scheduled",
            LATER,
        )
        assert len(self.written_since(before)) == 2

    def test_a_best_time_send_is_a_day_and_moves_to_another(self, tool: Connector) -> None:
        record = self.scheduled(tool, day="2026-05-01")
        assert record.fields["scheduled"] == {"kind": "day", "at": "2026-05-01"}
        outcome = self.do(tool, Update(record, {"planned": {"kind": "day", "at": "2026-05-04"}}))
        assert isinstance(outcome, Written), outcome.error
        assert self.held(tool, record.ref).fields["scheduled"] == {"kind": "day", "at": "2026-05-04"}
        assert isinstance(self.do(tool, Update(record, {"planned": LATER})), Failed)

    @pytest.mark.parametrize("how", ["works", "refused", "ignored"])
    def test_what_is_unscheduled_does_not_go_out(self, tool: Connector, how: str) -> None:
        self.people("switch", name="draft_command", value=how)
        record = self.scheduled(tool)
        outcome = self.do(tool, Update(record, {"planned": None}))
        assert isinstance(outcome, Written), outcome.error
        self.box.world.set_clock(datetime(2026, 5, 2, tzinfo=UTC))
        assert self.held(tool, record.ref).fields["status"] == "draft"

    def test_a_draft_is_scheduled_only_where_the_workspace_says_so_and_never_with_the_placeholder(
        self, tool: Connector
    ) -> None:
        full = self.connect_by(self.login["token"], Schedule.FULL)
        by_hand = self.held(tool, Ref("brevo", Kind.CAMPAIGN, self.people("create", name="Designed by hand")))
        for record, missing in ((self.made(tool, Kind.CAMPAIGN), "a content besides the placeholder"), (by_hand, None)):
            content = {"subject": ["Sun"], "audiences": self.sample(Kind.CAMPAIGN, 0)["audiences"]}
            edited = self.do(tool, Update(record, content))
            assert isinstance(edited, Written), edited.error
            assert edited.record
            wanted, before = (
                Update(edited.record, {"planned": LATER, "status": "scheduled"}),
                len(self.box.world.entries),
            )
            assert isinstance(self.do(tool, wanted), Failed)
            assert self.written_since(before) == []
            outcome = self.do(full, wanted)
            if missing:
                assert isinstance(outcome, Failed)
                assert missing in str(outcome.error)
                assert self.written_since(before) == []
            else:
                assert isinstance(outcome, Written), outcome.error
                assert self.held(tool, record.ref).fields["scheduled"] == LATER
                assert self.written_since(before) == [("PUT", {"scheduledAt": LATER["at"]})]
        full.close()

    def test_what_is_being_sent_or_was_sent_is_locked(self, tool: Connector) -> None:
        record = self.scheduled(tool)
        self.box.world.set_clock(datetime.fromisoformat(FRIDAY) + timedelta(seconds=5))
        before = len(self.box.world.entries)
        outcome = self.do(tool, Update(record, {"name": "Too late"}))
        assert isinstance(outcome, Failed)
        assert isinstance(outcome.error, Stale)
        assert self.held(tool, record.ref).locked == "being sent by Brevo"
        assert not [entry for entry in self.box.world.entries[before:] if entry["write"]]

    def test_what_was_ever_scheduled_is_not_deleted(self, tool: Connector) -> None:
        record = self.scheduled(tool)
        self.people("unschedule", campaign=record.ref.native, to="draft")
        outcome = self.do(tool, Archive(self.held(tool, record.ref)))
        assert isinstance(outcome, Failed)
        assert isinstance(outcome.error, Rejected)
        assert "archive it there" in str(outcome.error)

    def test_counts_come_with_the_listing_and_with_an_old_send_by_itself(self, tool: Connector) -> None:
        sent = self.scheduled(tool).ref
        self.people("switch", name="commerce", value="works")
        self.box.world.set_clock(datetime(2026, 5, 3, tzinfo=UTC))
        told = {record.ref: record for record in tool.fetch()}[sent].fields
        assert told["delivered"] > told["opens"] > told["clicks"] > 0
        assert 0 < told["machine_opens"] < told["opens"], "those of machines are among them"
        assert "conversions" in told
        self.box.world.set_clock(datetime(2027, 3, 1, tzinfo=UTC))
        later = {record.ref: record for record in tool.fetch()}[sent].fields
        assert later["status"] == "sent"
        assert "delivered" not in later
        assert tool.measure([sent])[sent]["delivered"] == told["delivered"]

    def test_a_tag_that_people_set_is_theirs(self, tool: Connector) -> None:
        record = self.made(tool, Kind.CAMPAIGN)
        self.people("edit", campaign=record.ref.native, tag="promo", name=f"Spring [{record.marker}]")
        held, before = self.held(tool, record.ref), len(self.box.world.entries)
        assert (held.marker, held.fields["name"]) == (record.marker, "Spring")
        outcome = self.do(tool, Update(held, {"name": "Summer"}))
        assert isinstance(outcome, Written), outcome.error
        assert outcome.record
        assert outcome.record.marker == record.marker
        assert self.written_since(before) == [("PUT", {"name": f"Summer [{record.marker}]"})]
