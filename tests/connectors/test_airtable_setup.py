"""A run that goes by what an earlier one told of the tables: cheaper, and never wrong about a column that moved."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.airtable import AirtableConnector
from connectors.airtable_setup import told
from sync.errors import ConfigError, Outdated
from sync.model import Kind, Record, Ref
from tests.connectors.airtable_base import (
    CAMPAIGNS,
    DATE,
    META,
    PAYLOADS,
    SCHEMA,
    STAGES,
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

COLUMNS = ["fldSync", "fldAt", "fldBy", "fldName", "fldStatus", "fldTotal", "fldNew"]
WITHOUT_NAME = table("tblC", fldName=None)


@pytest.fixture
def setup(wire: Any) -> str:
    """What a run tells that has asked for the tables."""
    asked = connector([])
    assert asked.setup() is None
    asked.schema()
    text = asked.setup()
    assert text is not None
    return text


def recalling(setup: str, wire: Any, **options: Any) -> AirtableConnector:
    """The next run; the tables have lost a column since."""
    made = connector([], **options)
    schema_answers(wire, WITHOUT_NAME)
    made.recall(setup)
    wire.calls.reset()
    return made


def urls(wire: Any) -> list[str]:
    return [str(call.request.url).split("?")[0] for call in wire.calls]


def test_a_quiet_run_by_the_log_is_one_request(wire: Any, since: str, setup: str) -> None:
    airtable = recalling(setup, wire)
    wire.get(PAYLOADS, json={"cursor": 5, "mightHaveMore": False, "payloads": []}, headers={"Date": DATE})
    airtable.schema()
    assert list(airtable.changes(since)) == []
    assert json.loads(str(airtable.position()))["at"][:16] == "2026-10-08T07:00"
    assert urls(wire) == [PAYLOADS]


def test_a_quiet_run_by_polling_is_one_request_a_table(wire: Any, since: str, setup: str) -> None:
    airtable = recalling(setup, wire, webhook_log=False)
    wire.get(CAMPAIGNS, json={"records": []}, headers={"Date": "Thu, 08 Oct 2026 07:30:00 GMT"})
    wire.get(STAGES, json={"records": []}, headers={"Date": "Thu, 08 Oct 2026 07:40:00 GMT"})
    airtable.schema()
    assert list(airtable.changes(since)) == []
    assert urls(wire) == [CAMPAIGNS, STAGES]
    at = json.loads(str(airtable.position()))["at"]
    assert at[:16] == "2026-10-08T07:30", "what happened after the first answer is asked for again"


def test_a_log_that_is_too_old_is_noticed_by_the_time_of_its_answer(wire: Any, since: str, setup: str) -> None:
    airtable = recalling(setup, wire)
    late = {"Date": "Thu, 15 Oct 2026 07:30:00 GMT"}
    wire.get(PAYLOADS, json={"cursor": 5, "mightHaveMore": False, "payloads": []}, headers=late)
    with pytest.raises(Outdated, match="7 days"):
        list(airtable.changes(since))


def test_records_are_asked_for_by_the_columns_that_are_known(wire: Any, since: str, setup: str) -> None:
    airtable = recalling(setup, wire)
    noted(wire, payload(changedRecordsById={"rec1": {}}))
    rows(wire, [row("rec1", fldName="New")])
    (record,) = airtable.changes(since)
    assert isinstance(record, Record)
    assert record.fields == {"fldName": "New"}
    assert query(sent(wire, "GET")[-1])["fields[]"] == COLUMNS


def test_a_column_that_went_away_is_an_error_and_does_not_look_emptied(wire: Any, since: str, setup: str) -> None:
    airtable = recalling(setup, wire, webhook_log=False)
    wire.get(CAMPAIGNS, **failure(422, "UNKNOWN_FIELD_NAME", 'Unknown field name: "fldName"'))
    for _ in range(2):
        with pytest.raises(ConfigError, match="have changed since they were last asked for"):
            list(airtable.changes(since))
    with pytest.raises(ConfigError, match="have changed"):
        list(airtable.fetch())
    airtable.recall(None)
    assert "fldName" not in {field.id for field in airtable.schema()[Kind.CAMPAIGN]}


def test_a_log_that_tells_of_columns_ends_a_run_that_recalls(wire: Any, since: str, setup: str) -> None:
    airtable = recalling(setup, wire)
    noted(wire, payload(destroyedFieldIds=["fldName"], changedRecordsById={"rec1": {}}))
    with pytest.raises(ConfigError, match="have changed"):
        list(airtable.changes(since))
    assert urls(wire) == [PAYLOADS, META]


def test_a_record_that_no_listing_shows_is_only_believed_by_the_columns_of_now(wire: Any, setup: str) -> None:
    airtable = recalling(setup, wire)
    rows(wire)
    wire.get(f"{CAMPAIGNS}/rec1", json=row("rec1"))
    with pytest.raises(ConfigError, match="have changed"):
        airtable.read([Ref("airtable", Kind.CAMPAIGN, "rec1")])


def test_no_question_names_a_column_by_a_name_of_then(wire: Any, since: str) -> None:
    full = {"isValid": True, "referencedFieldIds": [], "result": {"type": "dateTime"}}
    schema_answers(wire, table("tblC", fldAt={"name": "Edited", "options": full}))
    asked = connector([], webhook_log=False)
    asked.schema()
    setup = asked.setup()
    assert setup is not None
    airtable = recalling(setup, wire, webhook_log=False)
    rows(wire)
    list(airtable.changes(since))
    assert all("Edited" not in query(request)["filterByFormula"][0] for request in sent(wire, "GET"))


@pytest.mark.parametrize(
    "options", [{"campaigns": "Mails"}, {"marker_field": "Key"}, {"campaign_link": "Of"}, {"stages": "Steps"}]
)
def test_tables_that_the_settings_do_not_ask_for_any_more_are_passed_over(
    wire: Any, setup: str, options: dict[str, Any]
) -> None:
    airtable = connector([], **options)
    airtable.recall(setup)
    wire.calls.reset()
    with pytest.raises(ConfigError, match="Check"):
        airtable.schema()
    assert urls(wire) == [META]


@pytest.mark.parametrize("changed", [{"base": "appX"}, {"setup": 2}, {"tables": 7}, {"tables": [{"id": "tblC"}]}])
def test_what_was_told_of_another_base_or_in_another_form_is_passed_over(
    wire: Any, setup: str, changed: dict[str, Any]
) -> None:
    airtable = connector([])
    airtable.recall(json.dumps(json.loads(setup) | changed))
    wire.calls.reset()
    assert airtable.schema().keys() == set(Kind)
    assert urls(wire) == [META]


def test_only_our_tables_are_told_and_only_what_is_ever_looked_at(setup: str) -> None:
    choices = [{"id": f"sel{number}", "name": "x" * 90, "color": "greenLight2"} for number in range(2_000)]
    one: dict[str, Any] = {"id": "fldA", "name": "A", "type": "singleSelect", "description": "…"}
    one["options"] = {"choices": choices}
    schema: list[dict[str, Any]] = [{"id": "tblC", "name": "C", "fields": [one], "views": [{}]}]
    schema.append({"id": "tblX", "name": "X", "fields": []})
    text = told("appB", schema, ["tblC"])
    assert text is None, "too much of it"
    one["options"]["choices"] = choices[:1]
    assert json.loads(told("appB", schema, ["tblC"]) or "") == {
        "setup": 1, "base": "appB", "tables": [{"id": "tblC", "name": "C", "fields": [
            {"id": "fldA", "name": "A", "type": "singleSelect", "options": {"choices": [
                {"id": "sel0", "name": "x" * 90}]}}]}],
    }  # fmt: skip
    assert len(json.loads(setup)["tables"]) == len(SCHEMA["tables"])
