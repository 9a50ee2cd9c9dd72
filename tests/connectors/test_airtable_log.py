"""The change log of a base, read from where it was left, and given up in time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.airtable import AirtableConnector
from sync.errors import ConfigError, Exhausted, Outdated, Unavailable
from sync.model import Kind, Record, Ref
from tests.connectors.airtable_base import (
    CAMPAIGNS,
    PAYLOADS,
    SCHEMA,
    connector,
    failure,
    noted,
    payload,
    query,
    row,
    rows,
    schema_answers,
    sent,
    table,
)

pytestmark = pytest.mark.usefixtures("base")

SPRING = Ref("airtable", Kind.CAMPAIGN, "rec1")


def test_the_log_can_be_switched_off(wire: Any, since: str) -> None:
    rows(wire)
    assert list(connector([], webhook_log=False).changes(since)) == []
    assert not [r for r in sent(wire, "GET") if "payloads" in str(r.url)]


def test_a_quiet_base_costs_one_request(wire: Any, airtable: AirtableConnector, since: str) -> None:
    noted(wire)
    before = len(wire.calls)
    assert list(airtable.changes(since)) == []
    assert len(wire.calls) == before + 1
    assert query(wire.calls[-1].request)["cursor"] == ["5"]
    position = json.loads(str(airtable.position()))
    assert (position["log"], position["form"]) == (["achOURS", 5], json.loads(since)["form"])


def test_named_records_are_read_anew_and_destroyed_ones_are_told(
    wire: Any, airtable: AirtableConnector, since: str
) -> None:
    misleading = {"current": {"cellValuesByFieldId": {"fldName": {"id": "selX", "name": "of the log"}}}}
    noted(
        wire,
        payload(changedRecordsById={"rec1": misleading}, destroyedRecordIds=["rec3"]),
        payload("tblS", createdRecordsById={"rec9": {"createdTime": "2026-10-08T07:08:33.000Z"}}),
        payload("tblOther", changedRecordsById={"rec77": misleading}),
        payload(changedRecordsById={"rec1": misleading, "rec2": misleading}),
        {"timestamp": "2026-10-08T07:08:33.000Z", "payloadFormat": "v0"},
    )
    rows(wire, [row("rec1", fldName="of the record")], [row("rec9")])
    spring, gone, deleted, design = airtable.changes(since)
    assert isinstance(spring, Record)
    assert isinstance(design, Record)
    assert spring.fields == {"fldName": "of the record"}
    assert (gone, deleted) == (Ref("airtable", Kind.CAMPAIGN, "rec2"), Ref("airtable", Kind.CAMPAIGN, "rec3"))
    assert design.ref == Ref("airtable", Kind.STAGE, "rec9")
    formulas = [query(r)["filterByFormula"] for r in sent(wire, "GET") if "filterByFormula" in query(r)]
    assert formulas == [["OR(RECORD_ID()='rec1', RECORD_ID()='rec2')"], ["OR(RECORD_ID()='rec9')"]]
    assert json.loads(str(airtable.position()))["log"] == ["achOURS", 10]


@pytest.mark.parametrize("native", ["rec1', 1=1, '", "rec\\", "rec\n1", "rec😀", "recא"])
def test_an_id_of_any_characters_stays_one_word_of_the_formula(
    wire: Any, airtable: AirtableConnector, since: str, native: str
) -> None:
    noted(wire, payload(changedRecordsById={native: {}}))
    wire.get(CAMPAIGNS, json={"records": [row(native)]})
    assert [isinstance(one, Record) and one.ref.native for one in airtable.changes(since)] == [native]
    told = query(sent(wire, "GET")[-1])["filterByFormula"][0]
    escaped = native.replace("\\", "\\\\").replace("'", "\\'")
    assert told == f"OR(RECORD_ID()='{escaped}')"


REBORN: Any = {"destroyedRecordIds": ["rec1"]}, {"createdRecordsById": {"rec1": {}}}, False
EDITED: Any = {"changedRecordsById": {"rec1": {}}}, {"destroyedRecordIds": ["rec1"]}, True


@pytest.mark.parametrize(("first", "second", "gone"), [REBORN, EDITED])
def test_the_last_word_on_a_record_counts(
    wire: Any, airtable: AirtableConnector, since: str, first: Any, second: Any, gone: bool
) -> None:
    noted(wire, payload(**first), payload(**second))
    rows(wire, [row("rec1")])
    (found,) = airtable.changes(since)
    assert (found == SPRING) is gone


def test_a_long_log_is_read_page_by_page(wire: Any, airtable: AirtableConnector, since: str) -> None:
    noted(wire, payload(changedRecordsById={"rec1": {}}), more=True)
    noted(wire, payload(destroyedRecordIds=["rec2"]), cursor=7)
    rows(wire, [row("rec1")])
    assert len(list(airtable.changes(since))) == 2
    cursors = [query(r)["cursor"] for r in sent(wire, "GET") if "cursor" in query(r)]
    assert cursors == [["5"], ["6"]]


def test_a_log_that_breaks_off_is_resumed_behind_what_was_read(
    wire: Any, airtable: AirtableConnector, since: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.airtable.LOG_PAGES", 1)
    noted(wire, payload(changedRecordsById={"rec1": {}}), more=True)
    wire.get(PAYLOADS, status=503)
    rows(wire, [row("rec1")])
    delta = airtable.changes(since)
    assert isinstance(next(delta), Record)
    assert airtable.position() == since
    with pytest.raises(Unavailable):
        next(delta)
    position = json.loads(str(airtable.position()))
    assert (position["log"], position["at"]) == (["achOURS", 6], json.loads(since)["at"])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"json": {"cursor": 9, "mightHaveMore": False, "payloads": [payload()]}}, "dropped"),
        ({"json": {"cursor": 2, "mightHaveMore": False, "payloads": []}}, "dropped"),
        ({"json": {"cursor": 6, "mightHaveMore": False, "payloads": [{"error": True, "code": "TOO_BIG"}]}}, "TOO_BIG"),
        ({"status": 404, "json": {"error": "NOT_FOUND"}}, "no more"),
        (failure(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"), "no more"),
        (failure(403, "INVALID_PERMISSIONS"), "no more"),
        (failure(422, "INVALID_HOOK"), "no more"),
    ],
)
def test_a_log_with_a_gap_or_none_at_all_is_outdated(
    wire: Any, airtable: AirtableConnector, since: str, answer: dict[str, Any], told: str
) -> None:
    wire.get(PAYLOADS, **answer)
    with pytest.raises(Outdated, match=told):
        list(airtable.changes(since))
    assert airtable.position() == since


def test_a_log_that_nobody_has_read_for_a_week_is_outdated(wire: Any, airtable: AirtableConnector, since: str) -> None:
    old = json.dumps(json.loads(since) | {"at": "2026-10-01T06:59:00.000Z"})
    with pytest.raises(Outdated, match="7 days"):
        list(airtable.changes(old))


@pytest.mark.parametrize(
    "answer",
    [
        {"cursor": "6", "mightHaveMore": False, "payloads": []},
        {"mightHaveMore": False, "payloads": []},
        {"cursor": 5, "payloads": []},
        {"cursor": 6, "mightHaveMore": False, "payloads": [{"changedTablesById": {"tblC": []}}]},
    ],
)
def test_a_log_of_another_form_is_not_understood(
    wire: Any, airtable: AirtableConnector, since: str, answer: Any
) -> None:
    wire.get(PAYLOADS, json=answer)
    with pytest.raises(Unavailable, match="not documented"):
        list(airtable.changes(since))


def test_a_changed_column_has_the_schema_read_anew(wire: Any, airtable: AirtableConnector, since: str) -> None:
    schema_answers(wire, table("tblC", fldName={"name": "Títle"}))
    noted(wire, payload(changedFieldsById={"fldName": {"current": {"name": "Títle"}}}))
    assert list(airtable.changes(since)) == []
    schema_answers(wire, table("tblC", fldName={"type": "richText"}))
    with pytest.raises(Outdated, match="columns"):
        list(airtable.changes(since))


def test_a_destroyed_table_is_a_matter_of_configuration(wire: Any, airtable: AirtableConnector, since: str) -> None:
    schema_answers(wire, {"tables": SCHEMA["tables"][1:]})
    noted(wire, {"destroyedTableIds": ["tblC"]})
    with pytest.raises(ConfigError, match="no table 'Campaigns'"):
        list(airtable.changes(since))


def test_a_used_up_quota_does_not_make_the_log_outdated(wire: Any, airtable: AirtableConnector, since: str) -> None:
    wire.get(PAYLOADS, **failure(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED"))
    with pytest.raises(Exhausted):
        list(airtable.changes(since))
    assert airtable.position() == since
