"""Batches to Airtable that survive a bad record, and refusals that name the record and the column."""

from __future__ import annotations

import json
from typing import Any

import pytest
from requests import PreparedRequest

from sync.errors import ConfigError, Exhausted, Rejected, Stale
from sync.model import Kind, Record, Ref
from sync.ports import Archive, Change, Connector, Create, Failed, Update, Written
from tests.connectors.airtable_base import (
    CAMPAIGNS,
    SCHEMA,
    STAGES,
    body,
    campaign,
    failure,
    row,
    schema_answers,
    sent,
    table,
)

pytestmark = pytest.mark.usefixtures("base")


def test_a_bad_record_fails_alone_and_the_rest_of_its_batch_is_written(wire: Any, airtable: Connector) -> None:
    def picky(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        records = body(request)["records"]
        if any(r["fields"]["fldStatus"] == "Odd" for r in records):
            return 422, {}, json.dumps(failure(422, "INVALID_MULTIPLE_CHOICE_OPTIONS", 'no option "Odd"')["json"])
        return 200, {}, json.dumps({"records": [row(r["id"], **r["fields"]) for r in records]})

    wire.add_callback("PATCH", CAMPAIGNS, picky)
    status = ["Sent", "Sent", "Odd", "Sent", "Odd", "Sent", "Sent"]
    outcomes = airtable.write([Update(campaign(f"rec{n}"), {"fldStatus": s}) for n, s in enumerate(status)])
    assert [isinstance(o, Written) for o in outcomes] == [s == "Sent" for s in status]
    failed = [o for o in outcomes if isinstance(o, Failed)]
    assert all(type(o.error) is Rejected and 'no option "Odd"' in str(o.error) for o in failed)


def test_a_call_takes_a_hundred_changes_by_ten_to_a_request(wire: Any, airtable: Connector) -> None:
    def answer(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps({"records": [row(r["id"], **r["fields"]) for r in body(request)["records"]]})

    wire.add_callback("PATCH", CAMPAIGNS, answer)
    assert airtable.capability.batch == 100
    outcomes = airtable.write([Update(campaign(f"rec{n}"), {"fldName": f"No. {n}"}) for n in range(25)])
    assert [one.record and one.record.ref.native for one in outcomes] == [f"rec{n}" for n in range(25)]
    assert [len(body(one)["records"]) for one in sent(wire)] == [10, 10, 5]


def test_after_a_failure_that_would_meet_every_request_the_rest_is_not_tried(wire: Any, airtable: Connector) -> None:
    wire.patch(CAMPAIGNS, **failure(401, "AUTHENTICATION_REQUIRED", "Authentication required"))
    outcomes = airtable.write([Update(campaign(f"rec{n}"), {"fldName": "x"}) for n in range(25)])
    assert [type(one) for one in outcomes] == [Failed] * 25
    assert {type(one.error) for one in outcomes if isinstance(one, Failed)} == {ConfigError}
    assert len(sent(wire)) == 1


@pytest.mark.parametrize(
    ("fields", "refusal", "column"),
    [
        (
            {"fldName": "x", "fldStatus": "Odd"},
            failure(422, "INVALID_VALUE_FOR_COLUMN", 'Field "Status" cannot accept the provided value'),
            "Column 'Status'.",
        ),
        (
            {"fldName": "x", "fldStatus": "Odd"},
            failure(422, "INVALID_MULTIPLE_CHOICE_OPTIONS", 'Insufficient permissions to create option "Odd"'),
            "Column 'Status'.",
        ),
        (
            {"fldName": "x", "fldStatus": ["Sent", "Odd"]},
            failure(422, "INVALID_MULTIPLE_CHOICE_OPTIONS", 'Insufficient permissions to create option "Odd"'),
            "Column 'Status'.",
        ),
        ({"fldName": "x", "fldStatus": "Odd"}, failure(422, "INVALID_REQUEST_UNKNOWN"), "Column 'Name' or 'Status'."),
        ({"fldName": "x" * 10}, failure(413, "TOO_LARGE"), "Column 'Name'."),
    ],
)
def test_a_refusal_names_the_record_and_the_column_as_far_as_it_tells(
    wire: Any, airtable: Connector, fields: dict[str, Any], refusal: dict[str, Any], column: str
) -> None:
    wire.patch(CAMPAIGNS, **refusal)
    (update, create) = airtable.write([Update(campaign("rec1"), fields), Create("cs-1", Kind.CAMPAIGN, fields)])
    assert isinstance(update, Failed)
    assert isinstance(create, Failed)
    assert type(update.error) is type(create.error) is Rejected
    assert str(update.error).endswith(f" That was record rec1. {column}")
    assert str(create.error).endswith(f" That was the new campaign. {column}")


@pytest.mark.parametrize(
    "refusal",
    [
        failure(422, "ROW_DOES_NOT_EXIST", "Record ID rec1 does not exist"),
        failure(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"),
    ],
)
def test_a_stage_whose_campaign_is_gone_is_stale_and_nobodys_configuration(
    wire: Any, airtable: Connector, refusal: dict[str, Any]
) -> None:
    wire.patch(STAGES, **refusal)
    wire.get(CAMPAIGNS, json={"records": []})
    wire.get(f"{CAMPAIGNS}/rec1", json={"error": "NOT_FOUND"}, status=404)
    (outcome,) = airtable.write([Create("cs-1", Kind.STAGE, {}, "rec1")])
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is Stale
    wire.replace("GET", CAMPAIGNS, json={"records": [row("rec1")]})
    (outcome,) = airtable.write([Create("cs-1", Kind.STAGE, {}, "rec1")])
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, ConfigError), "the campaign is there, so it is the table"


def test_a_marker_that_two_records_have_fails_alone(wire: Any, airtable: Connector) -> None:
    def ambiguous(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        markers = [r["fields"]["fldSync"] for r in body(request)["records"]]
        if "cs-2" in markers:
            return 422, {}, json.dumps(failure(422, "INVALID_RECORDS", "Cannot match exactly one record")["json"])
        return 200, {}, json.dumps({"records": [row(f"rec{m}", fldSync=m) for m in markers]})

    wire.add_callback("PATCH", CAMPAIGNS, ambiguous)
    outcomes = airtable.write([Create(f"cs-{n}", Kind.CAMPAIGN, {}) for n in range(4)])
    assert [isinstance(o, Written) for o in outcomes] == [True, True, False, True]


def test_a_column_that_went_away_is_named_and_the_other_records_are_written(wire: Any, airtable: Connector) -> None:
    def answered(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        records = body(request)["records"]
        if any("fldStatus" in r["fields"] for r in records):
            return 422, {}, json.dumps(failure(422, "UNKNOWN_FIELD_NAME", 'Unknown field name: "fldStatus"')["json"])
        return 200, {}, json.dumps({"records": [row(r["id"], **r["fields"]) for r in records]})

    schema_answers(wire, SCHEMA, table("tblC", fldStatus=None))
    wire.add_callback("PATCH", CAMPAIGNS, answered)
    cells = [{"fldName": "a"}, {"fldStatus": "Sent", "fldName": "b"}, {"fldName": "c"}]
    outcomes = airtable.write([Update(campaign(f"rec{n}"), fields) for n, fields in enumerate(cells)])
    assert [isinstance(o, Written) for o in outcomes] == [True, False, True]
    moved = outcomes[1]
    assert isinstance(moved, Failed)
    assert type(moved.error) is Stale
    assert "no column 'Status' in the table 'Campaigns' any more" in str(moved.error)
    assert len(sent(wire)) == 2


def test_a_marker_column_that_went_away_is_a_matter_of_configuration(wire: Any, airtable: Connector) -> None:
    schema_answers(wire, SCHEMA, table("tblC", fldSync=None))
    wire.patch(CAMPAIGNS, **failure(422, "UNKNOWN_FIELD_NAME", 'Unknown field name: "fldSync"'))
    (outcome,) = airtable.write([Create("cs-1", Kind.CAMPAIGN, {"fldName": "x"})])
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is ConfigError
    assert "no field 'Sync ID'" in str(outcome.error)


def test_an_unknown_column_that_is_there_after_all_is_refused(wire: Any, airtable: Connector) -> None:
    wire.patch(CAMPAIGNS, **failure(422, "UNKNOWN_FIELD_NAME", 'Unknown field name: "?"'))
    (outcome,) = airtable.write([Update(campaign("rec1"), {"fldName": "x"})])
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is Rejected


@pytest.mark.parametrize("text", ["2026-10-12T08:00:00", "2026-10-12"])
def test_a_time_without_a_zone_is_never_sent(wire: Any, airtable: Connector, text: str) -> None:
    schema_answers(wire, table("tblC", fldNew={"name": "Planned send", "type": "dateTime"}))
    wire.patch(CAMPAIGNS, json={"records": [row("rec2")]})
    good = Update(campaign("rec2"), {"fldNew": "2026-10-12T08:00:00.000Z"})
    naive, written = airtable.write([Update(campaign("rec1"), {"fldNew": text}), good])
    assert isinstance(naive, Failed)
    assert type(naive.error) is Rejected
    assert "'Planned send'" in str(naive.error)
    assert "rec1" in str(naive.error)
    assert isinstance(written, Written)
    assert len(body(sent(wire)[0])["records"]) == 1


def test_a_used_up_quota_is_asked_about_once(wire: Any, airtable: Connector, slept: list[float]) -> None:
    wire.patch(CAMPAIGNS, **failure(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED"))
    stage = Record(Ref("airtable", Kind.STAGE, "rec9"), {})
    changes: list[Change] = [
        *(Update(campaign(f"rec{n}"), {"fldName": "x"}) for n in range(12)), Create("cs-1", Kind.CAMPAIGN, {}),
        Archive(campaign("rec1")), Update(stage, {"fldTitle": "x"}),
    ]  # fmt: skip
    outcomes = airtable.write(changes)
    assert all(isinstance(o, Failed) and isinstance(o.error, Exhausted) for o in outcomes)
    assert len(outcomes) == len(changes)
    assert len(sent(wire)) == 1
    assert (slept, sent(wire, "DELETE")) == ([], [])


def test_choices_are_never_made_by_writing_them(wire: Any, airtable: Connector) -> None:
    wire.patch(STAGES, json={"records": [row("rec9", fldSyncS="cs-1")]})
    airtable.write([Create("cs-1", Kind.STAGE, {"fldTitle": "x"})])
    assert body(sent(wire)[0])["typecast"] is False
