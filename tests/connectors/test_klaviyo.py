"""Klaviyo read over the wire: what is asked, and what each answer comes to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors import clock
from connectors.calendar import Sending
from connectors.calendar_connector import CalendarConnector
from connectors.klaviyo import KlaviyoEsp
from sync.errors import ConfigError, Rejected
from sync.model import Attribution, Kind, Record
from sync.ports import Connector, Update
from tests.connectors.klaviyo_account import API, PLAN, PLANNED, Account, campaign, error_of, held, ref, refusal

AT_WORK = datetime(2026, 11, 10, 8, tzinfo=UTC)
LOCAL = {"method": "static", "datetime": "2026-11-27T09:00:00+00:00", "options": {"is_local": True}}
THROTTLED = {"method": "throttled", "datetime": "2026-11-27T13:00:00+00:00", "throttle_percentage": 25}


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
    counts = ["delivered", "opens", "clicks", "conversions", "unsubscribes", "bounces"]
    assert [name for name, field in fields.items() if field.read_only] == ["scheduled", "status", *counts]
    assert dict(fields["planned"].options) == {"grid": "1", "kinds": "day,instant,recipient_local,staggered"}


def test_a_campaign_is_read_with_its_subject_audience_names_tags_and_marker(
    account: Account, klaviyo: Connector
) -> None:
    account.holds(
        campaign("C1", name="Spring sale [CAM-17] [cs-7k2m9x4q]", tags=["T2", "T1"], excluded=["S1"], subject="Hello")
    )
    (record,) = klaviyo.fetch()
    assert record.fields == {
        "name": "Spring sale [CAM-17]",
        "subject": ["Hello"],
        "audiences": {"included": [{"id": "L1", "name": "Customers"}], "excluded": [{"id": "S1", "name": "Lapsed"}]},
        "tags": ["promo", "spring"],
        "planned": PLANNED,
        "status": "draft",
        "scheduled": None,
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
        ("Scheduled", None),
        ("Preparing to schedule", None),
        ("Sending Segments", "being sent by Klaviyo"),
        ("Sent", "already sent by Klaviyo"),
        ("Cancelled: No Recipients", "cancelled in Klaviyo (Cancelled: No Recipients)"),
        ("Unknown", 'in the state "Unknown" in Klaviyo, which is not known to take edits'),
    ],
)
def test_what_is_neither_draft_nor_scheduled_is_locked_with_a_reason(
    account: Account, klaviyo: Connector, status: str, why: str | None
) -> None:
    account.holds(campaign("C1", status=status))
    assert held(klaviyo).locked == why


@pytest.mark.parametrize("strategy", [{"method": "ab_test_campaign"}, {"method": "unsupported"}, None])
def test_what_could_not_be_scheduled_again_is_not_unscheduled(
    account: Account, klaviyo: Connector, strategy: Any
) -> None:
    account.holds(campaign("C1", status="Scheduled", strategy=strategy, send_time="2026-11-27T13:00:00+00:00"))
    method = strategy and strategy["method"]
    assert held(klaviyo).locked == f"scheduled in Klaviyo as {method!r}, which can only be changed there"
    (outcome,) = klaviyo.write([Update(held(klaviyo), {"planned": {**PLANNED, "at": "2026-11-28T13:00:00+00:00"}})])
    assert isinstance(error_of(outcome), Rejected)
    assert account.writes == []


@pytest.mark.parametrize(
    ("strategy", "planned", "goes"),
    [
        (PLAN, PLANNED, PLANNED),
        (LOCAL, {"kind": "recipient_local", "at": "2026-11-27T09:00:00"}, None),
        (THROTTLED, {"kind": "staggered", "at": "2026-11-27T13:00:00+00:00"}, None),
        ({"method": "smart_send_time", "date": "2026-11-27"}, {"kind": "day", "at": "2026-11-27"}, None),
        ({"method": "immediate"}, PLANNED, PLANNED),
        ({"method": "ab_test_campaign"}, PLANNED, PLANNED),
    ],
)
def test_a_scheduled_campaign_tells_its_time_and_how_it_is_meant(
    account: Account, klaviyo: Connector, strategy: dict[str, Any], planned: dict[str, Any], goes: dict[str, Any] | None
) -> None:
    account.holds(campaign("C1", status="Scheduled", strategy=strategy, send_time="2026-11-27T13:00:00+00:00"))
    fields = held(klaviyo).fields
    assert (fields["planned"], fields["scheduled"]) == (planned, goes or planned)


def test_a_draft_that_is_set_to_go_at_once_has_no_planned_time(account: Account, klaviyo: Connector) -> None:
    account.holds(campaign("C1", strategy={"method": "immediate"}))
    assert (held(klaviyo).fields["planned"], held(klaviyo).fields["scheduled"]) == (None, None)


@pytest.mark.parametrize("strategy", [{"method": "psychic"}, {"method": "static", "datetime": 5}, {}, [], "soon"])
def test_a_strategy_of_another_form_is_given_as_it_is(account: Account, klaviyo: Connector, strategy: Any) -> None:
    account.holds(campaign("C1", strategy=strategy))
    assert held(klaviyo).fields["planned"] == strategy


def test_a_status_that_nobody_knows_is_told_by_its_word(account: Account, klaviyo: Connector) -> None:
    account.holds(campaign("C1", status="Psychic"))
    assert held(klaviyo).fields["status"] == "unknown: Psychic"


def test_changes_are_asked_for_by_time_in_both_partitions(account: Account, klaviyo: Connector) -> None:
    account.holds(campaign("C1"), campaign("C2", archived=True))
    told = list(klaviyo.changes("2026-11-05T16:00:00+01:00"))
    assert [record.ref.native for record in told if isinstance(record, Record)] == ["C1", "C2"]
    filters = [parse_qs(urlsplit(str(r.url)).query)["filter"][0] for r in account.calls("GET", "/api/campaigns")]
    assert [f.count("greater-or-equal(updated_at,2026-11-05T15:00:00Z)") for f in filters] == [1, 1]
    assert ["equals(archived,false)" in filters[0], "equals(archived,true)" in filters[1]] == [True, True]


def test_one_report_measures_many_campaigns_and_sums_the_rows_of_a_test(account: Account, klaviyo: Connector) -> None:
    def row(native: str, **statistics: Any) -> dict[str, Any]:
        return {"groupings": {"campaign_id": native}, "statistics": statistics}

    rows = [row("C1", delivered=100.0, opens_unique=40.0), row("C1", delivered=50.0, conversion_uniques=2.0), row("C2")]
    account.report = {"data": {"attributes": {"results": rows}}, "links": {"self": "x"}}
    counts = klaviyo.measure([ref("C1"), ref("C2"), ref("C3")])
    assert counts == {ref("C1"): {"delivered": 150.0, "opens": 40.0, "conversions": 2.0}, ref("C2"): {}}
    (asked,) = account.sent("POST", "/api/campaign-values-reports")
    assert (asked["conversion_metric_id"], asked["timeframe"]) == ("M2", {"key": "last_365_days"})
    assert asked["filter"] == 'contains-any(campaign_id,["C1", "C2", "C3"])'


class Jumping:
    """A clock that passes only while somebody waits."""

    passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


def test_reports_are_asked_for_a_second_apart(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Klaviyo counts a request that it refuses, so that the next one would have to wait for a minute."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # where what all processes have asked is counted
    account.report = {"data": {"attributes": {"results": []}}}
    time = Jumping()
    with clock.kept_by(time):
        esp = KlaviyoEsp("klaviyo", token="pk_few", from_email="news@acme.example", from_label="Acme", per_second=10)
        CalendarConnector("klaviyo", esp, Sending(now=lambda: AT_WORK)).measure([ref(f"C{n}") for n in range(150)])
    assert len(account.sent("POST", "/api/campaign-values-reports")) == 2
    assert 1 <= time.passed < 2


def test_an_account_without_orders_tells_everything_but_conversions(account: Account, klaviyo: Connector) -> None:
    account.metrics = {"M1": "Opened Email"}
    statistics = {"delivered": 9.0, "conversion_uniques": 3.0}
    results = [{"groupings": {"campaign_id": "C1"}, "statistics": statistics}]
    account.report = {"data": {"attributes": {"results": results}}}
    assert klaviyo.measure([ref("C1")]) == {ref("C1"): {"delivered": 9.0}}
    account.metrics = {}
    assert klaviyo.measure([ref("C1")]) == {}


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
