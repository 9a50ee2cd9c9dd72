"""Mailchimp keeps the laws of connectors."""

from __future__ import annotations

from connectors.calendar_connector import CalendarConnector
from connectors.mailchimp import MailchimpEsp
from sync.ports import Connector
from tests.connectors.calendar_conformance import CalendarConformance
from tests.connectors.sandboxed import RETRY


class TestMailchimp(CalendarConformance):
    """Campaigns as drafts, one at a time."""

    vendor, creation_call = "mailchimp", ("POST", r"/3.0/campaigns$")

    def connect_by(self, token: str) -> Connector:
        esp = MailchimpEsp(
            "mailchimp", token=token, from_name="Acme", reply_to="news@acme.example", url=self.url, retry=RETRY
        )
        return CalendarConnector("mailchimp", esp)
