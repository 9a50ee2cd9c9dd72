"""Klaviyo read over the wire: what is asked, and what each answer comes to."""

from __future__ import annotations

from typing import Any

import pytest

from sync.errors import ConfigError
from sync.model import Attribution, Kind
from sync.ports import Connector
from tests.connectors.klaviyo_account import API, PLAN, Account, campaign, held, ref, refusal


def test_every_request_is_signed_and_pins_the_revision(account: Account, klaviyo: Connector) -> None:
    list(klaviyo.fetch())
    for call in account.wire.calls:
        headers = call.request.headers
        assert headers["Authorization"] == "Klaviyo-API-Key pk_secret"
        assert headers["revision"] == "2026-07-15"
        assert headers["X-Klaviyo-Revision-Fall-Forward-Opt-Out"] == "1"


def test_the_schema_offers_all_lists_segments_and_tags(account: Account, klaviyo: Connector) -> None:
    fields = {field.id: field for field in klaviyo.schema()[Kind.CAMPAIGN]}
    assert fields["audiences"].options == (("L1", "Customers"), ("L2", "Newcomers"), ("S1", "Lapsed"))
    assert fields["tags"].options == (("T1", "promo"), ("T2", "spring"))
    assert [name for name, field in fields.items() if field.read_only] == ["status", "send_time"]


def test_a_campaign_is_read_with_its_subject_audience_names_tags_and_marker(
    account: Account, klaviyo: Connector
) -> None:
    account.holds(
        campaign("C1", name="Spring sale [CAM-17] [cs-7k2m9x4q]", tags=["T2", "T1"], excluded=["S1"], subject="Hello")
    )
    (record,) = klaviyo.fetch()
    assert record.fields == {
        "name": "Spring sale [CAM-17]",
        "subject": "Hello",
        "audiences": {"included": [{"id": "L1", "name": "Customers"}], "excluded": [{"id": "S1", "name": "Lapsed"}]},
        "tags": ["promo", "spring"],
        "send_strategy": PLAN,
        "status": "Draft",
        "send_time": None,
    }
    assert (record.marker, record.key, record.locked) == ("cs-7k2m9x4q", None, None)
    assert klaviyo.attribution(record, "name") == Attribution(None, record.changed_at)
    assert record.changed_at


def test_archived_campaigns_are_there_and_locked(account: Account, klaviyo: Connector) -> None:
    account.holds(campaign("C1"), campaign("C2", archived=True))
    assert [(r.ref.native, r.locked) for r in klaviyo.fetch()] == [("C1", None), ("C2", "archived in Klaviyo")]


def test_every_page_is_read_from_the_configured_host_only(account: Account, klaviyo: Connector) -> None:
    account.pages = "https://evil.example"
    account.holds(campaign("C1"), campaign("C2"), campaign("C3"))
    assert [r.ref.native for r in klaviyo.fetch()] == ["C1", "C2", "C3"]
    assert all(call.request.url.startswith(API) for call in account.wire.calls)


def test_a_deleted_list_keeps_its_id_for_a_name_and_is_looked_up_once(account: Account, klaviyo: Connector) -> None:
    account.holds(campaign("C1", included=["GONE"]), campaign("C2", included=["GONE"]))
    first, _ = klaviyo.fetch()
    assert first.fields["audiences"]["included"] == [{"id": "GONE", "name": "GONE"}]
    assert len(account.calls("GET", "/api/lists")) == 1


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("Draft", None),
        ("Scheduled", "scheduled in Klaviyo; it must be unscheduled there first"),
        ("Sending Segments", "being sent by Klaviyo"),
        ("Sent", "already sent by Klaviyo"),
        ("Cancelled: No Recipients", "cancelled in Klaviyo (Cancelled: No Recipients)"),
        ("Unknown", 'in the state "Unknown" in Klaviyo, which is not known to take edits'),
    ],
)
def test_what_is_no_draft_is_locked_with_a_reason(
    account: Account, klaviyo: Connector, status: str, why: str | None
) -> None:
    account.holds(campaign("C1", status=status))
    assert held(klaviyo).locked == why


@pytest.mark.parametrize(
    ("strategy", "shown"),
    [
        (PLAN, {"method": "static", "is_local": False, "value": "2026-11-27T13:00:00+00:00"}),
        (
            {"method": "static", "datetime": "2026-11-27T09:00:00+00:00", "options": {"is_local": True}},
            {"method": "static", "is_local": True, "value": "2026-11-27T09:00:00+00:00"},
        ),
        (
            {"method": "smart_send_time", "date": "2026-11-27"},
            {"method": "smart_send_time", "is_local": False, "value": "2026-11-27"},
        ),
        ({"method": "immediate"}, {"method": "immediate", "is_local": False, "value": "2026-11-27T13:00:00+00:00"}),
    ],
)
def test_the_scheduled_time_is_an_instant_a_wall_clock_or_a_day(
    account: Account, klaviyo: Connector, strategy: dict[str, Any], shown: dict[str, Any]
) -> None:
    account.holds(campaign("C1", status="Scheduled", strategy=strategy, send_time="2026-11-27T13:00:00+00:00"))
    assert held(klaviyo).fields["send_time"] == shown


def test_only_klaviyos_own_404_is_a_not_found(account: Account, klaviyo: Connector, wire: Any) -> None:
    assert klaviyo.read([ref("C9")]) == {ref("C9"): None}
    wire.get(f"{API}/api/campaigns/C8", body="<html>no such site</html>", status=404, content_type="text/html")
    with pytest.raises(ConfigError, match="Check url"):
        klaviyo.read([ref("C8")])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refused_listing_is_a_matter_of_configuration(klaviyo: Connector, wire: Any, status: int) -> None:
    wire.get(f"{API}/api/campaigns", **refusal(status, "not with this key or revision"))
    with pytest.raises(ConfigError, match="not with this key or revision"):
        list(klaviyo.fetch())


def test_the_wait_that_klaviyo_asks_for_is_honoured(
    account: Account, klaviyo: Connector, wire: Any, slept: list[float]
) -> None:
    account.holds(campaign("C1"))
    account.next_failure = (429, {"Retry-After": "7"})
    assert held(klaviyo).ref == ref("C1")
    assert slept == [7.0]
