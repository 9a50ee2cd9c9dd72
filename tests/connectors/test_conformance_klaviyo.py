"""Klaviyo keeps the laws of connectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.calendar import Sending
from connectors.calendar_connector import CalendarConnector
from connectors.http import Retry
from connectors.klaviyo import KlaviyoEsp
from sync.model import Kind, Record, Ref
from sync.ports import Connector, Failed, Update, Written
from tests.connectors.calendar_conformance import CalendarConformance
from tests.connectors.sandboxed import NOW, RETRY

LATER = {"kind": "instant", "at": "2026-05-03T10:00:00+00:00"}


class TestKlaviyo(CalendarConformance):
    """Campaigns as drafts, one at a time."""

    vendor, creation_call = "klaviyo", ("POST", r"/api/campaigns$")
    needed = ("name", "audiences", "planned")

    def connect_by(self, token: str) -> Connector:
        sender = {"from_email": "news@acme.example", "from_label": "Acme"}
        esp = KlaviyoEsp("klaviyo", url=self.url, token=token, per_second=None, retry=RETRY, **sender)
        return CalendarConnector("klaviyo", esp, Sending(now=lambda: NOW))

    def sample(self, kind: Kind, number: int) -> Mapping[str, Any]:
        planned = {"kind": "instant", "at": f"2026-05-0{number + 1}T10:00:00+00:00"}
        tags = [self.option(kind, "tags", number)[1]]
        return {**super().sample(kind, number), "tags": tags, "planned": planned}

    def scheduled(self, tool: Connector) -> Record:
        """A campaign that a person has scheduled, for 10:00 on the first of May."""
        native = self.made(tool, Kind.CAMPAIGN).ref.native
        self.people("schedule", campaign=native)
        return self.held(tool, Ref("klaviyo", Kind.CAMPAIGN, native))

    def patient(self, sleep: Callable[[float], None]) -> Connector:
        """A connector whose waiting is the world's."""
        sender = {"from_email": "news@acme.example", "from_label": "Acme"}
        login = self.login["token"]
        retry = Retry(sleep=sleep, rng=lambda: 0.0)
        esp = KlaviyoEsp("klaviyo", url=self.url, token=login, per_second=None, retry=retry, **sender)
        return CalendarConnector("klaviyo", esp, Sending(now=lambda: NOW))

    def test_a_scheduled_campaign_is_moved_and_never_sent(self, tool: Connector) -> None:
        record, before = self.scheduled(tool), len(self.box.world.entries)
        patient = self.patient(self.box.world.advance)
        (outcome,) = patient.write([Update(record, {"planned": LATER})])
        patient.close()
        assert isinstance(outcome, Written), outcome.error
        assert outcome.record
        assert [outcome.record.fields[name] for name in ("status", "scheduled")] == ["scheduled", LATER]
        entries = self.box.world.entries[before:]
        assert [entry["method"] for entry in entries if entry["write"]] == ["PATCH", "PATCH", "POST"]
        assert not any(entry.get("sent") for entry in entries)

    def test_a_person_who_reschedules_in_the_middle_is_not_overruled(self, tool: Connector) -> None:
        record = self.scheduled(tool)
        naps: list[float] = []

        def meddle(seconds: float) -> None:
            self.box.world.advance(seconds)
            naps.append(seconds)
            if self.held(tool, record.ref).fields["status"] == "draft" and len(naps) < 10:
                naps.extend([0.0] * 10)
                self.people("edit", campaign=record.ref.native, send_strategy={"method": "immediate"})

        patient = self.patient(meddle)
        (outcome,) = patient.write([Update(record, {"planned": LATER})])
        patient.close()
        assert isinstance(outcome, Failed)
        assert "not scheduled again yet" in str(outcome.error)
        assert self.held(tool, record.ref).fields["status"] == "draft"
        assert not any(entry.get("sent") for entry in self.box.world.entries)

    def test_what_became_of_a_send_is_told_in_one_report_and_grows(self, tool: Connector) -> None:
        sent = self.scheduled(tool).ref
        idle = self.made(tool, Kind.CAMPAIGN, 1).ref
        self.box.world.set_clock(datetime(2026, 5, 1, 11, tzinfo=UTC))
        first = tool.measure([sent, idle])[sent]
        self.box.world.advance(24 * 3600)
        later = tool.measure([sent, idle])
        assert later.keys() == {sent}
        assert set(first) == {"delivered", "opens", "clicks", "bounces", "unsubscribes", "conversions"}
        assert later[sent]["delivered"] == first["delivered"] > later[sent]["opens"] > first["opens"] > 0
        assert self.held(tool, sent).locked == "already sent by Klaviyo"
