"""Klaviyo keeps the laws of connectors in revision 2026-10-15, too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connectors.calendar import Sending
from connectors.calendar_connector import CalendarConnector
from connectors.http import Retry
from connectors.klaviyo_omnichannel import KlaviyoOmnichannelEsp
from sync.model import Kind, Ref
from sync.ports import Connector, Update, Written
from tests.connectors.sandboxed import NOW, RETRY
from tests.connectors.test_conformance_klaviyo import LATER
from tests.connectors.test_conformance_klaviyo import TestKlaviyo as Classic


def omnichannel(url: str, token: str, retry: Retry) -> KlaviyoOmnichannelEsp:
    sender = {"from_email": "news@acme.example", "from_label": "Acme"}
    return KlaviyoOmnichannelEsp("klaviyo", url=url, token=token, per_second=None, retry=retry, **sender)


class TestKlaviyoOmnichannel(Classic):
    """The same account under the newer revision, and what only that one has."""

    def connect_by(self, token: str) -> Connector:
        return CalendarConnector("klaviyo", omnichannel(self.url, token, RETRY), Sending(now=lambda: NOW))

    def patient(self, sleep: Callable[[float], None]) -> Connector:
        esp = omnichannel(self.url, self.login["token"], Retry(sleep=sleep, rng=lambda: 0.0))
        return CalendarConnector("klaviyo", esp, Sending(now=lambda: NOW))

    def further(self, campaign: str, **order: Any) -> Ref:
        """A further send that people add to a campaign."""
        return Ref("klaviyo", Kind.CAMPAIGN, self.people("add_message", campaign=campaign, **order))

    def test_each_send_of_a_campaign_is_moved_and_measured_by_itself(self, tool: Connector) -> None:
        first = self.scheduled(tool).ref
        at = "2026-05-02T10:00:00+00:00"
        strategy = {"method": "static", "datetime": at, "options": {"is_local": False}}
        second = self.further(first.native, name="Reminder", subject="Last day", send_strategy=strategy)
        self.people("schedule", campaign=second.native)
        patient = self.patient(self.box.world.advance)
        (outcome,) = patient.write([Update(self.held(tool, second), {"planned": LATER})])
        patient.close()
        assert isinstance(outcome, Written), outcome.error
        assert self.held(tool, second).fields["scheduled"] == LATER
        assert self.held(tool, first).fields["scheduled"] == {"kind": "instant", "at": "2026-05-01T10:00:00+00:00"}
        self.box.world.set_clock(datetime(2026, 5, 1, 12, tzinfo=UTC))
        assert tool.measure([first, second]).keys() == {first}
        self.box.world.set_clock(datetime(2026, 5, 4, 12, tzinfo=UTC))
        counts = tool.measure([first, second])
        assert counts.keys() == {first, second}
        assert counts[first] != counts[second]
