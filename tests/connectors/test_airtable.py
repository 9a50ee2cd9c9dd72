"""Airtable on the wire: what is asked, what is sent, and what each answer comes to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests import PreparedRequest

from sync.errors import Ambiguous, ConfigError, Stale, Unavailable
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import Archive, Change, Connector, Create, Failed, NativeField, Update, Written
from tests.connectors.airtable_base import (
    API,
    CAMPAIGNS,
    SCHEMA,
    STAGES,
    body,
    campaign,
    connector,
    failure,
    query,
    row,
    schema_answers,
    sent,
    table,
)

pytestmark = pytest.mark.usefixtures("base")


def test_the_schema_leaves_out_what_only_we_use(wire: Any, airtable: Connector) -> None:
    schema = airtable.schema()
    assert schema[Kind.CAMPAIGN] == (
        NativeField("fldName", "Name", "singleLineText"),
        NativeField("fldStatus", "Status", "singleSelect", options=(("sel1", "Planned"), ("sel2", "Sent"))),
        NativeField("fldTotal", "Total", "formula", read_only=True),
        NativeField("fldNew", "New", "a type of next year"),
        NativeField("fldStages", "Stages", "multipleRecordLinks", read_only=True),
    )
    assert [f.name for f in schema[Kind.STAGE]] == ["Title"]


def test_a_computed_column_is_told_with_the_type_of_its_result(wire: Any, airtable: Connector) -> None:
    schema_answers(wire, table("tblC", fldTotal={"options": {"result": {"type": "number"}}}))
    assert NativeField("fldTotal", "Total", "formula:number", read_only=True) in airtable.schema()[Kind.CAMPAIGN]


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("campaigns", "Mails", "no table 'Mails'; it has 'Campaigns', 'Stages'"),
        ("stages", "Steps", "no table 'Steps'"),
        ("campaign_link", "Of", "no field 'Of'; it has 'Title', 'Campaign', 'Sync ID'"),
        ("campaign_link", "Title", "must link to the table 'Campaigns'; it is of type singleLineText"),
        ("marker_field", "Key", "no field 'Key'"),
        ("marker_field", "Status", "must be a text field; it is of type singleSelect"),
    ],
)
def test_a_missing_or_wrong_table_or_field_is_told_with_its_setting(
    wire: Any, setting: str, value: str, told: str
) -> None:
    settings: dict[str, Any] = {setting: value}
    with pytest.raises(ConfigError, match=rf"{told}.*\. Check {setting} in \[tools\.airtable\]\.$"):
        connector([], **settings).schema()


@pytest.mark.parametrize(
    "refusal",
    [
        failure(401, "AUTHENTICATION_REQUIRED"),
        failure(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"),
        {"status": 404, "json": {"error": "NOT_FOUND"}},
    ],
)
def test_a_wrong_token_or_base_is_a_matter_of_configuration(
    wire: Any, airtable: Connector, refusal: dict[str, Any]
) -> None:
    wire.replace("GET", f"{API}/meta/bases/appB/tables", **refusal)
    with pytest.raises(ConfigError, match=r"\[tools.airtable\]") as told:
        airtable.schema()
    assert "patSecret" not in str(told.value)


def test_records_come_with_marker_parent_and_last_change(wire: Any, airtable: Connector) -> None:
    changed = {"fldAt": "2026-10-08T07:08:33.000Z", "fldBy": {"id": "usr1", "email": "ann@x.example", "name": "Ann"}}
    wire.get(
        CAMPAIGNS, json={"records": [row("rec1", fldName="Spring", fldSync="cs-1", fldStages=["rec9"], **changed)]}
    )
    wire.get(STAGES, json={"records": [row("rec9", fldTitle="Design", fldLink=["rec1", "rec2"])]})
    spring, design = airtable.fetch()
    at = datetime(2026, 10, 8, 7, 8, 33, tzinfo=UTC)
    url = "https://airtable.com/appB/tblC/rec1"
    assert spring == Record(
        Ref("airtable", Kind.CAMPAIGN, "rec1"),
        {"fldName": "Spring"},
        marker="cs-1",
        url=url,
        changed_at=at,
        changed_by="Ann",
    )
    assert (design.parent, design.marker, design.changed_at) == ("rec1", None, None)
    assert airtable.attribution(spring, "fldName") == Attribution("Ann", at)
    assert airtable.attribution(design, "fldTitle") is None


def test_a_never_edited_record_changed_last_when_it_was_made(wire: Any, airtable: Connector) -> None:
    wire.get(CAMPAIGNS, json={"records": [row("rec1")]})
    wire.get(STAGES, json={"records": []})
    assert next(airtable.fetch()).changed_at == datetime(2026, 10, 1, 8, tzinfo=UTC)


def test_every_page_is_read_and_a_repeated_record_comes_once(wire: Any, airtable: Connector) -> None:
    def page(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        assert query(request)["pageSize"] == ["100"]
        assert query(request)["returnFieldsByFieldId"]
        if "offset" not in query(request):
            return 200, {}, json.dumps({"records": [row("rec1"), row("rec2")], "offset": "itr/rec2"})
        return 200, {}, json.dumps({"records": [row("rec2"), row("rec3")]})

    wire.add_callback("GET", CAMPAIGNS, page)
    wire.get(STAGES, json={"records": []})
    assert [r.ref.native for r in airtable.fetch()] == ["rec1", "rec2", "rec3"]


def test_an_expired_listing_begins_anew(wire: Any, airtable: Connector) -> None:
    wire.get(CAMPAIGNS, json={"records": [row("rec1")], "offset": "itr/rec1"})
    wire.get(CAMPAIGNS, **failure(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"))
    wire.get(CAMPAIGNS, json={"records": [row("rec1"), row("rec2")]})
    wire.get(STAGES, json={"records": []})
    assert [r.ref.native for r in airtable.fetch()] == ["rec1", "rec2"]


def test_a_listing_that_always_expires_is_unavailable_and_not_complete(wire: Any, airtable: Connector) -> None:
    wire.get(CAMPAIGNS, **failure(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"))
    with pytest.raises(Unavailable, match="expire"):
        list(airtable.fetch())


def test_the_lock_out_after_too_many_requests_is_waited_for(wire: Any, airtable: Connector, slept: list[float]) -> None:
    wire.get(
        CAMPAIGNS, json={"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded."}]}, status=429
    )
    wire.get(CAMPAIGNS, json={"records": []})
    wire.get(STAGES, json={"records": []})
    assert list(airtable.fetch()) == []
    assert slept == [30.0]


def test_a_web_page_is_unavailable(wire: Any, airtable: Connector, slept: list[float]) -> None:
    wire.get(CAMPAIGNS, body="<html>maintenance</html>", content_type="text/html")
    with pytest.raises(Unavailable):
        list(airtable.fetch())
    assert len(slept) == 3


def test_reading_asks_for_many_at_once_and_for_the_missing_by_id(wire: Any, airtable: Connector) -> None:
    wire.get(CAMPAIGNS, json={"records": [row("rec1", fldName="Spring")]})
    wire.get(f"{CAMPAIGNS}/rec2", json={"error": "NOT_FOUND"}, status=404)
    wire.get(f"{CAMPAIGNS}/rec3", json=row("rec3", fldName="Late"))
    refs = [campaign(native).ref for native in ("rec1", "rec2", "rec3")]
    found = airtable.read(refs)
    assert [record and record.fields for record in found.values()] == [{"fldName": "Spring"}, None, {"fldName": "Late"}]
    listing = next(r for r in sent(wire, "GET") if r.url and r.url.startswith(CAMPAIGNS + "?"))
    assert query(listing)["filterByFormula"] == ["OR(RECORD_ID()='rec1', RECORD_ID()='rec2', RECORD_ID()='rec3')"]


def test_a_forbidden_record_is_not_found_only_while_its_table_is_seen(wire: Any, airtable: Connector) -> None:
    wire.get(CAMPAIGNS, json={"records": []})
    wire.get(f"{CAMPAIGNS}/rec1", **failure(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"))
    ref = campaign("rec1").ref
    assert airtable.read([ref]) == {ref: None}
    wire.replace("GET", f"{API}/meta/bases/appB/tables", json={"tables": SCHEMA["tables"][1:]})
    with pytest.raises(ConfigError, match="no table 'Campaigns'"):
        airtable.read([ref])


@pytest.mark.parametrize("refusal", [failure(403, "INVALID_PERMISSIONS"), failure(401, "UNAUTHORIZED")])
def test_a_lost_permission_is_never_a_deletion(wire: Any, airtable: Connector, refusal: dict[str, Any]) -> None:
    wire.get(CAMPAIGNS, json={"records": []})
    wire.get(f"{CAMPAIGNS}/rec1", **refusal)
    with pytest.raises(ConfigError):
        airtable.read([campaign("rec1").ref])


def test_a_create_is_an_upsert_on_the_marker(wire: Any, airtable: Connector) -> None:
    wire.patch(STAGES, json={"records": [row("rec7", fldTitle="Design", fldSyncS="cs-7", fldLink=["rec1"])]})
    change = Create("cs-7", Kind.STAGE, {"fldTitle": "Design", "fldNotes": None}, parent="rec1")
    (outcome,) = airtable.write([change])
    assert isinstance(outcome, Written)
    assert outcome.record
    assert (outcome.record.marker, outcome.record.parent) == ("cs-7", "rec1")
    assert body(sent(wire)[0]) == {
        "records": [{"fields": {"fldTitle": "Design", "fldSyncS": "cs-7", "fldLink": ["rec1"]}}],
        "performUpsert": {"fieldsToMergeOn": ["fldSyncS"]},
        "typecast": False,
        "returnFieldsByFieldId": True,
    }


def test_a_create_without_an_answer_is_repeated_because_it_finds_itself(wire: Any, airtable: Connector) -> None:
    wire.patch(CAMPAIGNS, body=requests.ReadTimeout())
    wire.patch(CAMPAIGNS, json={"records": [row("rec1", fldSync="cs-1")]})
    (outcome,) = airtable.write([Create("cs-1", Kind.CAMPAIGN, {})])
    assert isinstance(outcome, Written)
    bodies = [body(request) for request in sent(wire)]
    assert bodies[0] == bodies[1]


def test_a_create_that_never_got_an_answer_is_ambiguous(wire: Any, airtable: Connector) -> None:
    wire.patch(CAMPAIGNS, body=requests.ReadTimeout())
    (outcome,) = airtable.write([Create("cs-1", Kind.CAMPAIGN, {})])
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Ambiguous)


def test_updates_patch_only_the_given_cells_in_one_request(wire: Any, airtable: Connector) -> None:
    def patched(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        records = [row(r["id"], **r["fields"]) for r in body(request)["records"]]
        return 200, {}, json.dumps({"records": records})

    wire.add_callback("PATCH", CAMPAIGNS, patched)
    changes = [Update(campaign(f"rec{n}"), {"fldName": f"n{n}", "fldStatus": None}) for n in range(10)]
    outcomes = airtable.write(changes)
    assert [o.change for o in outcomes] == changes
    assert all(isinstance(o, Written) for o in outcomes)
    (request,) = sent(wire)
    assert body(request)["records"][3] == {"id": "rec3", "fields": {"fldName": "n3", "fldStatus": None}}
    assert "performUpsert" not in body(request)


def test_changes_of_several_kinds_keep_their_order_in_the_outcomes(wire: Any, airtable: Connector) -> None:
    wire.patch(CAMPAIGNS, json={"records": [row("rec1")]})
    wire.patch(STAGES, json={"records": [row("rec5"), row("rec6")]})
    wire.delete(CAMPAIGNS, json={"records": [{"id": "rec2", "deleted": True}]})
    stages = [Update(Record(Ref("airtable", Kind.STAGE, native), {}), {"fldTitle": "x"}) for native in ("rec5", "rec6")]
    changes: list[Change] = [
        stages[0],
        Archive(campaign("rec2")),
        Update(campaign("rec1"), {"fldName": "y"}),
        stages[1],
    ]
    outcomes = airtable.write(changes)
    assert [o.change for o in outcomes] == changes
    natives = [o.record and o.record.ref.native for o in outcomes if isinstance(o, Written)]
    assert natives == ["rec5", None, "rec1", "rec6"]


def test_an_update_of_a_deleted_record_is_stale_and_an_archive_of_it_is_done(wire: Any, airtable: Connector) -> None:
    gone = failure(422, "ROW_DOES_NOT_EXIST", "Record ID rec1 does not exist")
    wire.patch(CAMPAIGNS, **gone)
    wire.delete(CAMPAIGNS, **gone)
    wire.get(CAMPAIGNS, json={"records": []})
    wire.get(f"{CAMPAIGNS}/rec1", json={"error": "NOT_FOUND"}, status=404)
    update, archive = airtable.write([Update(campaign("rec1"), {"fldName": "x"}), Archive(campaign("rec1"))])
    assert isinstance(update, Failed)
    assert type(update.error) is Stale
    assert archive == Written(archive.change, None)


def test_a_forbidden_write_is_a_matter_of_configuration(wire: Any, airtable: Connector) -> None:
    wire.patch(CAMPAIGNS, **failure(403, "INVALID_PERMISSIONS"))
    outcomes = airtable.write([Update(campaign(f"rec{n}"), {"fldName": "x"}) for n in range(3)])
    assert [type(o.error) for o in outcomes if isinstance(o, Failed)] == [ConfigError] * 3
    assert len(sent(wire)) == 1


def test_an_update_is_repeated_after_a_silence(wire: Any, airtable: Connector) -> None:
    wire.patch(CAMPAIGNS, body=requests.ConnectionError("reset"))
    wire.patch(CAMPAIGNS, json={"records": [row("rec1", fldName="x")]})
    (outcome,) = airtable.write([Update(campaign("rec1"), {"fldName": "x"})])
    assert isinstance(outcome, Written)
