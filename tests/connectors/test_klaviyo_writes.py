"""Klaviyo written over the wire: what is sent, what is refused here, and that nothing can go out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.calendar import SendTime
from connectors.klaviyo import KlaviyoEsp
from sync.errors import Ambiguous, Rejected, Stale, Unavailable
from sync.model import Kind
from sync.ports import Archive, Connector, Create, TimeKind, Update, Written
from tests.connectors.klaviyo_account import API, PLAN, PLANNED, Account, campaign, error_of, held, refusal

LOCAL = {"method": "static", "datetime": "2026-11-27T09:00:00+00:00", "options": {"is_local": True}}
SMART = {"method": "smart_send_time", "date": "2026-11-27"}
THROTTLED = {"method": "throttled", "datetime": "2026-11-27T13:00:00+00:00", "throttle_percentage": 25}


def test_a_rename_keeps_the_marker_and_is_read_back(account: Account, klaviyo: Connector) -> None:
    account.holds(campaign("C1", name="Spring [cs-7k2m9x4q]"))
    (outcome,) = klaviyo.write([Update(held(klaviyo), {"name": "Summer [CAM-17]"})])
    assert isinstance(outcome, Written)
    assert outcome.record
    assert outcome.record.fields["name"] == "Summer [CAM-17]"
    assert account.sent("PATCH", "/api/campaigns/C1") == [{"name": "Summer [CAM-17] [cs-7k2m9x4q]"}]


def test_a_subject_is_changed_on_the_message_and_an_empty_one_is_a_placeholder(
    account: Account, klaviyo: Connector
) -> None:
    account.holds(campaign("C1", subject="Hello"))
    for subject in (["Hi"], []):
        (outcome,) = klaviyo.write([Update(held(klaviyo), {"subject": subject})])
        assert isinstance(outcome, Written)
        assert outcome.record
        assert outcome.record.fields["subject"] == subject
    contents = [sent["definition"] for sent in account.sent("PATCH", "/api/campaign-messages/M-C1")]
    assert contents == [{"channel": "email", "content": {"subject": subject}} for subject in ("Hi", "TBD")]


def test_the_included_audience_is_changed_and_the_excluded_one_kept(account: Account, klaviyo: Connector) -> None:
    account.holds(campaign("C1", included=["L1"], excluded=["S1"]))
    (outcome,) = klaviyo.write([Update(held(klaviyo), {"audiences": {"included": [{"id": "L2"}]}})])
    assert isinstance(outcome, Written)
    assert account.sent("PATCH", "/api/campaigns/C1") == [{"audiences": {"included": ["L2"], "excluded": ["S1"]}}]


def test_only_the_tags_that_differ_are_added_and_removed(account: Account, klaviyo: Connector) -> None:
    account.holds(campaign("C1", tags=["T1"]))
    (outcome,) = klaviyo.write([Update(held(klaviyo), {"tags": ["spring"]})])
    assert isinstance(outcome, Written)
    assert outcome.record
    assert outcome.record.fields["tags"] == ["spring"]
    assert len(account.calls("POST", "/api/tags/T2/relationships/campaigns")) == 1
    assert len(account.calls("DELETE", "/api/tags/T1/relationships/campaigns")) == 1


def later(kind: str = "instant") -> dict[str, str]:
    at = {"day": "2026-11-28", "recipient_local": "2026-11-28T09:00:00"}
    return {"kind": kind, "at": at.get(kind, "2026-11-28T13:00:00+00:00")}


@pytest.mark.parametrize(
    ("present", "kind", "sent"),
    [
        (PLAN, "instant", {**PLAN, "datetime": "2026-11-28T13:00:00+00:00"}),
        (THROTTLED, "staggered", {**THROTTLED, "datetime": "2026-11-28T13:00:00+00:00"}),
        (LOCAL, "recipient_local", {**LOCAL, "datetime": "2026-11-28T09:00:00+00:00"}),
        (PLAN, "day", {**SMART, "date": "2026-11-28"}),
        (
            {"method": "smart_send_time", "date": "2026-11-27"},
            "instant",
            {**PLAN, "datetime": "2026-11-28T13:00:00+00:00"},
        ),
        (LOCAL, "instant", {**PLAN, "datetime": "2026-11-28T13:00:00+00:00"}),
    ],
)
def test_a_planned_time_is_set_and_the_strategys_particulars_survive(
    account: Account, klaviyo: Connector, present: dict[str, Any], kind: str, sent: dict[str, Any]
) -> None:
    account.holds(campaign("C1", strategy=present))
    assert isinstance(klaviyo.write([Update(held(klaviyo), {"planned": later(kind)})])[0], Written)
    assert account.sent("PATCH", "/api/campaigns/C1") == [{"send_strategy": sent}]


@pytest.mark.parametrize(
    ("present", "wanted"),
    [
        (PLAN, None),
        (PLAN, {"method": "immediate"}),
        (PLAN, {"kind": "at once", "at": "2026-11-28T13:00:00+00:00"}),
        (PLAN, {"kind": "instant"}),
        (PLAN, {"kind": "instant", "at": "2026-11-28T13:00:00"}),
        (PLAN, later("staggered")),
        ({"method": "immediate"}, later()),
        ({"method": "ab_test_campaign"}, later()),
        ({"method": "unsupported"}, later()),
        ({"method": "psychic"}, later()),
        (THROTTLED, later()),
    ],
)
def test_a_strategy_that_could_do_harm_is_refused_before_any_request(
    account: Account, klaviyo: Connector, present: dict[str, Any], wanted: dict[str, Any] | None
) -> None:
    account.holds(campaign("C1", strategy=present))
    (outcome,) = klaviyo.write([Update(held(klaviyo), {"planned": wanted, "name": "x", "subject": ["y"]})])
    assert isinstance(error_of(outcome), Rejected)
    assert account.writes == []


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"audiences": {"included": []}},
        {"audiences": {"included": [{"name": "No such list"}]}},
        {"tags": ["no such tag"]},
        {"subject": ["a", "b"]},
        {"status": "sent"},
        {"scheduled": None},
    ],
)
def test_what_klaviyo_cannot_hold_is_refused_before_any_request(
    account: Account, klaviyo: Connector, fields: dict[str, Any]
) -> None:
    account.holds(campaign("C1"))
    (outcome,) = klaviyo.write([Update(held(klaviyo), {"subject": ["x"], **fields})])
    assert isinstance(error_of(outcome), Rejected)
    assert account.writes == []


def test_an_edit_of_what_somebody_just_changed_or_scheduled_is_stale(account: Account, klaviyo: Connector) -> None:
    account.holds(campaign("C1", name="Spring"))
    planned = held(klaviyo)
    account.holds(campaign("C1", name="Spring by hand"))
    assert type(error_of(klaviyo.write([Update(planned, {"name": "Summer"})])[0])) is Stale
    account.holds(campaign("C1", name="Spring", status="Scheduled"))
    assert type(error_of(klaviyo.write([Update(planned, {"name": "Summer"})])[0])) is Stale
    account.holds()
    assert type(error_of(klaviyo.write([Update(planned, {"name": "Summer"})])[0])) is Stale
    assert account.writes == []


def test_a_campaign_that_is_no_draft_refuses_edits_and_removal(account: Account, klaviyo: Connector) -> None:
    for status, words in (("Scheduled", "scheduled"), ("Sending", "being sent"), ("Sent", "already sent")):
        account.holds(campaign("C1", status=status, send_time=PLAN["datetime"]))
        record = held(klaviyo)
        for outcome in klaviyo.write([Update(record, {"name": "x"}), Archive(record)]):
            assert words in str(error_of(outcome))
            assert type(error_of(outcome)) is Rejected
    assert account.writes == []


def test_an_archive_deletes_a_draft_and_is_done_when_it_is_gone(account: Account, klaviyo: Connector) -> None:
    account.holds(campaign("C1"))
    record = held(klaviyo)
    for _ in range(2):
        (outcome,) = klaviyo.write([Archive(record)])
        assert outcome == Written(outcome.change, None)
    assert len(account.calls("DELETE", "/api/campaigns/C1")) == 1


NEW = {"name": "Autumn", "audiences": {"included": [{"id": "L1"}]}, "planned": PLANNED, "tags": ["promo"]}


def test_a_campaign_is_created_as_a_plan_with_its_marker(account: Account, klaviyo: Connector) -> None:
    (outcome,) = klaviyo.write([Create("cs-7k2m9x4q", Kind.CAMPAIGN, NEW)])
    assert isinstance(outcome, Written)
    assert outcome.record
    assert (outcome.record.marker, outcome.record.fields["subject"]) == ("cs-7k2m9x4q", [])
    assert outcome.record.fields["tags"] == ["promo"]
    (made,) = account.sent("POST", "/api/campaigns")
    assert made["name"] == "Autumn [cs-7k2m9x4q]"
    assert made["send_strategy"] == PLAN
    assert made["campaign-messages"]["data"][0]["attributes"]["definition"]["content"] == {
        "subject": "TBD", "from_email": "news@acme.example", "from_label": "Acme",
    }  # fmt: skip


@pytest.mark.parametrize("lacking", ["name", "audiences", "planned"])
def test_a_creation_without_the_necessary_is_refused_here(account: Account, klaviyo: Connector, lacking: str) -> None:
    fields = {name: value for name, value in NEW.items() if name != lacking}
    (outcome,) = klaviyo.write([Create("cs-7k2m9x4q", Kind.CAMPAIGN, fields)])
    assert isinstance(error_of(outcome), Rejected)
    assert account.writes == []


def test_a_creation_that_would_send_at_once_is_refused_here(account: Account, klaviyo: Connector) -> None:
    fields = {**NEW, "planned": {"method": "immediate"}}
    (outcome,) = klaviyo.write([Create("cs-7k2m9x4q", Kind.CAMPAIGN, fields)])
    assert isinstance(error_of(outcome), Rejected)
    assert account.writes == []


@pytest.mark.parametrize("silence", [{"body": requests.ReadTimeout()}, {"status": 503, "json": {}}, {"body": "<html>"}])
def test_a_creation_without_a_clear_answer_is_ambiguous_and_not_repeated(
    klaviyo: Connector, wire: Any, account: Account, silence: dict[str, Any]
) -> None:
    wire.remove("POST", f"{API}/api/campaigns")
    wire.post(f"{API}/api/campaigns", **silence)
    (outcome,) = klaviyo.write([Create("cs-7k2m9x4q", Kind.CAMPAIGN, {**NEW, "tags": []})])
    assert type(error_of(outcome)) is Ambiguous
    assert len([call for call in wire.calls if call.request.method == "POST"]) == 1


def test_a_creation_that_was_refused_for_haste_is_unavailable(klaviyo: Connector, wire: Any, account: Account) -> None:
    wire.remove("POST", f"{API}/api/campaigns")
    wire.post(f"{API}/api/campaigns", **refusal(429, "slow down"))
    (outcome,) = klaviyo.write([Create("cs-7k2m9x4q", Kind.CAMPAIGN, {**NEW, "tags": []})])
    assert type(error_of(outcome)) is Unavailable


def test_a_creation_that_cannot_be_read_back_is_ambiguous(account: Account, klaviyo: Connector) -> None:
    account.forgets = True
    (outcome,) = klaviyo.write([Create("cs-7k2m9x4q", Kind.CAMPAIGN, {**NEW, "tags": []})])
    assert type(error_of(outcome)) is Ambiguous


def scheduled(**changes: Any) -> dict[str, Any]:
    return campaign("C1", status="Scheduled", send_time=PLAN["datetime"], **changes)


def test_a_scheduled_campaign_is_reverted_moved_and_scheduled_again(
    account: Account, klaviyo: Connector, slept: list[float]
) -> None:
    account.holds(scheduled())
    steps: list[tuple[bool, int]] = []
    change = Update(held(klaviyo), {"planned": later()}, step=lambda sure: steps.append((sure, len(account.writes))))
    (outcome,) = klaviyo.write([change])
    assert isinstance(outcome, Written), error_of(outcome)
    assert outcome.record
    assert (outcome.record.fields["status"], outcome.record.fields["scheduled"]) == ("scheduled", later())
    assert [(method, path) for method, path, _ in account.writes] == [
        ("PATCH", "/api/campaign-send-jobs/C1"), ("PATCH", "/api/campaigns/C1"), ("POST", "/api/campaign-send-jobs"),
    ]  # fmt: skip
    assert account.writes[0][2]["attributes"] == {"action": "revert"}
    assert steps == [(False, 0), (True, 1), (False, 2)], "whoever is killed from then on cannot know whose doing it is"
    assert slept


def test_a_job_that_never_shows_is_given_up_and_told_as_unscheduled(
    account: Account, klaviyo: Connector, slept: list[float]
) -> None:
    account.holds(scheduled())
    record = held(klaviyo)
    account.delay = 1000
    steps: list[bool] = []
    (outcome,) = klaviyo.write([Update(record, {"planned": later()}, step=steps.append)])
    assert type(error_of(outcome)) is Unavailable
    assert sum(slept) < 90
    assert steps == [False, True], "Klaviyo has taken it, and does not show it yet"
    assert [method for method, _, _ in account.writes] == ["PATCH"]


def test_a_send_job_whose_answer_is_lost_is_looked_for_and_not_repeated(account: Account, klaviyo: Connector) -> None:
    account.holds(scheduled())
    record = held(klaviyo)
    account.loses = "/api/campaign-send-jobs"
    (outcome,) = klaviyo.write([Update(record, {"planned": later()})])
    assert isinstance(outcome, Written), error_of(outcome)
    assert len(account.calls("POST", "/api/campaign-send-jobs")) == 1


@pytest.mark.parametrize("strategy", [{"method": "immediate"}, {"method": "unsupported"}, None, PLAN])
def test_the_strategy_is_read_right_before_a_send_job(account: Account, strategy: Any) -> None:
    account.holds(campaign("C1", strategy=strategy))
    esp = KlaviyoEsp("klaviyo", token="pk_secret", from_email="a@acme.example", from_label="A", per_second=None)
    entry = esp.entry("C1")
    assert entry
    with pytest.raises((Rejected, Stale)):
        esp.schedule(entry, SendTime(TimeKind.INSTANT, datetime(2026, 11, 28, 13, tzinfo=UTC)))
    assert account.writes == []


def test_no_source_of_the_connector_names_what_sends_or_cancels() -> None:
    import connectors  # noqa: PLC0415

    folder = Path(str(connectors.__file__)).parent
    sources = {path.name: path.read_text() for path in folder.glob("klaviyo*.py")}
    assert len(sources) == 8
    for endpoint in ("campaign-clone", "/campaign-schedule", '"cancel"'):
        assert not any(endpoint in source for source in sources.values())
    for schedule in ("/api/campaign-send-jobs", "/api/campaign-message-schedule"):
        assert [name for name, source in sources.items() if schedule in source] == ["klaviyo_jobs.py"]
