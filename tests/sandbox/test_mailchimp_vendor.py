"""The Mailchimp stand-in's answers against the vendor's own description."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from connectors.sandbox import exchanges
from tests.sandbox.mailchimp_site import QUARTER, SENDER, Mailchimp
from tests.sandbox.vendor import Witness, needs_descriptions, told

pytestmark = needs_descriptions

FEED = {"feed_url": "https://acme.example/feed", "frequency": "weekly"}
witness = Witness()


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The witness hears what the stand-in is asked and answers."""
    witness.heard.clear()
    monkeypatch.setattr(exchanges, "observers", [*exchanges.observers, witness.hear])


def check(mailchimp: Mailchimp, method: str, path: str, query: Any = (), body: Any = None) -> Any:
    """The answer, once the vendor has nothing against it."""
    status, answer = mailchimp.ask(method, path, query, body)
    assert status < 300, answer
    assert (found := witness.judgement()) == [], told(found)
    return answer


def test_campaigns_of_every_kind_and_state() -> None:
    mailchimp = Mailchimp(campaigns=24)
    for kind, form in (
        ("variate", {"variate_settings": {"winner_criteria": "opens", "subject_lines": ["Red", "Blue"]}}),
        ("rss", {"rss_opts": FEED}),
        ("absplit", {"ab_split_opts": {"split_test": "subject", "subject_a": "A", "subject_b": "B"}}),
    ):
        mailchimp.human("create", name=kind, type=kind, audience="VIP customers", **form)
    mailchimp.human("archive", campaign="rss")
    mailchimp.create()
    mailchimp.scheduled(timewarp=True)
    mailchimp.scheduled("2027-01-04T09:00:00Z")
    mailchimp.world.set_clock(datetime.fromisoformat(QUARTER))
    rows = check(mailchimp, "GET", "/campaigns", {"count": "1000", "sort_field": "create_time", "sort_dir": "ASC"})
    statuses = {row["status"] for row in rows["campaigns"]}
    assert statuses == {"save", "schedule", "sending", "sent", "archived"}
    for row in rows["campaigns"]:
        assert check(mailchimp, "GET", f"/campaigns/{row['id']}") == row


def test_writing() -> None:
    mailchimp = Mailchimp()
    recipients = {"list_id": mailchimp.list}
    folder = check(mailchimp, "POST", "/campaign-folders", body={"name": "Synced"})["id"]
    body = {"type": "regular", "recipients": recipients, "settings": {**SENDER, "title": "A", "folder_id": folder}}
    id = check(mailchimp, "POST", "/campaigns", body=body)["id"]
    one = f"/campaigns/{id}"
    check(mailchimp, "PATCH", one, body={"settings": {**SENDER, "title": "B"}, "recipients": recipients})
    check(mailchimp, "PUT", f"{one}/content", body={"html": "<p>Read on</p>"})
    check(mailchimp, "GET", f"{one}/content")
    check(mailchimp, "GET", f"{one}/send-checklist")
    check(mailchimp, "POST", f"{one}/actions/schedule", body={"schedule_time": QUARTER})
    check(mailchimp, "POST", f"{one}/actions/unschedule")
    check(mailchimp, "POST", f"{one}/actions/replicate")
    check(mailchimp, "POST", f"{one}/feedback", body={"message": "task EM-142"})
    check(mailchimp, "GET", f"{one}/feedback")
    check(mailchimp, "GET", "/search-campaigns", {"query": "B"})
    check(mailchimp, "GET", "/campaign-folders")
    check(mailchimp, "GET", f"/campaign-folders/{folder}")
    check(mailchimp, "DELETE", f"/campaign-folders/{folder}")
    check(mailchimp, "DELETE", one)


def test_the_account_its_lists_and_their_webhooks() -> None:
    mailchimp = Mailchimp()
    check(mailchimp, "GET", "/", {"fields": "account_timezone,role"})
    check(mailchimp, "GET", "/")
    check(mailchimp, "GET", "/ping")
    first = check(mailchimp, "GET", "/lists", {"count": "100"})["lists"][0]["id"]
    check(mailchimp, "GET", f"/lists/{first}")
    segment = check(mailchimp, "GET", f"/lists/{first}/segments")["segments"][0]["id"]
    check(mailchimp, "GET", f"/lists/{first}/segments/{segment}")
    hook = {"url": "http://127.0.0.1:1/", "events": {"campaign": True}, "sources": {"api": True}}
    check(mailchimp, "POST", f"/lists/{first}/webhooks", body=hook)
    made = check(mailchimp, "GET", f"/lists/{first}/webhooks")["webhooks"][0]["id"]
    check(mailchimp, "DELETE", f"/lists/{first}/webhooks/{made}")


def test_reports() -> None:
    mailchimp = Mailchimp(campaigns=24)
    rows = check(mailchimp, "GET", "/reports", {"since_send_time": "2026-01-01T00:00:00+00:00", "count": "100"})
    assert rows["reports"]
    for row in rows["reports"]:
        assert check(mailchimp, "GET", f"/reports/{row['id']}") == row
