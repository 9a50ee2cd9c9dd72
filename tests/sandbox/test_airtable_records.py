"""Airtable's records: who may, what is found, what a write does, and that it is all or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.desk import Desk, ask, kind_of

MISSING = "recAAAAAAAAAAAAAA"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic abc", "Bearer", "Bearer  "])
def test_a_wrong_or_missing_token_is_401(desk: Desk, header: str | None) -> None:
    answer = ask(desk.server.app, "GET", "/v0/meta/whoami", headers={"Authorization": header} if header else {})

    assert kind_of(answer) == (401, "AUTHENTICATION_REQUIRED")


def test_a_token_that_may_only_read_reads_and_does_not_write(desk: Desk) -> None:
    desk.token = desk.server.credentials()["read_only_token"]

    assert desk.ask("GET", "Campaigns")[0] == 200
    assert desk.ask("POST", "Campaigns/listRecords", body={})[0] == 200
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        assert kind_of(desk.ask(method, "Campaigns", body={"fields": {}})) == (403, "INVALID_PERMISSIONS")
    assert len(desk.listed()) == 2


def test_an_unknown_table_is_403_but_an_unknown_base_or_record_404(desk: Desk) -> None:
    assert kind_of(desk.ask("GET", "Nothing")) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
    assert kind_of(desk.ask("GET", "/v0/appAAAAAAAAAAAAAA/Campaigns")) == (404, "NOT_FOUND")
    assert desk.ask("GET", f"Campaigns/{MISSING}") == (404, {"error": "NOT_FOUND"})
    assert desk.ask("GET", "/v0/nothing/here/at/all") == (404, {"error": "NOT_FOUND"})
    assert desk.ask("GET", "Campaigns/") == (404, {"error": "NOT_FOUND"}), "an id left out is no listing"
    assert desk.ask("PATCH", "/v0/meta/bases")[0] == 404


def test_the_schema_tells_ids_types_and_choices(desk: Desk) -> None:
    status, answer = desk.ask("GET", f"/v0/meta/bases/{desk.server.base.id}/tables")

    assert status == 200
    campaigns, stages = answer["tables"]
    fields = {field["name"]: field for field in campaigns["fields"]}
    ids = [campaigns["id"], stages["id"], *(f["id"] for t in answer["tables"] for f in t["fields"])]
    assert all(len(id) == 17 for id in ids)
    assert len(set(ids)) == len(ids)
    assert campaigns["primaryFieldId"] == fields["Name"]["id"]
    assert [c["name"] for c in fields["Status"]["options"]["choices"]][:2] == ["Planned", "In progress"]
    assert fields["Planned send"]["options"]["timeZone"] == "Europe/Berlin"
    assert fields["Stages"]["options"]["linkedTableId"] == stages["id"]
    assert fields["Sync ID"]["id"] not in fields["Last modified"]["options"]["referencedFieldIds"]
    assert "options" not in fields["Name"]


def test_who_and_which_base(desk: Desk) -> None:
    assert desk.ask("GET", "/v0/meta/whoami")[1]["email"] == "sync@acme.example"
    assert desk.ask("GET", "/v0/meta/bases")[1]["bases"][0]["id"] == desk.server.base.id


def test_tables_and_fields_go_by_name_or_id_and_answers_by_name_unless_asked(desk: Desk) -> None:
    table = desk.server.base.tables[0]
    name = table.column("Name").id
    record = desk.ask("POST", table.id, body={"fields": {name: "By id"}})[1]

    assert record["fields"]["Name"] == "By id"
    answer = desk.ask("GET", f"{table.id}/{record['id']}", {"returnFieldsByFieldId": "true"})[1]
    assert answer["fields"][name] == "By id"
    assert all(key.startswith("fld") for key in answer["fields"])


def test_empty_cells_are_left_out(desk: Desk) -> None:
    record = desk.create(Name="x", Brief="", Tags=[], Delivered=None)

    assert set(record["fields"]) == {"Name", "Last modified", "Last modified by"}
    cleared = desk.ask("PATCH", f"Campaigns/{record['id']}", body={"fields": {"Name": None}})[1]
    assert "Name" not in cleared["fields"]


def test_a_number_of_zero_is_not_empty(desk: Desk) -> None:
    assert desk.create(Delivered=0)["fields"]["Delivered"] == 0


def test_ten_records_are_created_in_order_and_eleven_refused(desk: Desk) -> None:
    ten = [{"fields": {"Name": f"Batch {n}"}} for n in range(10)]
    status, answer = desk.ask("POST", "Campaigns", body={"records": ten})

    assert status == 200
    assert [record["fields"]["Name"] for record in answer["records"]] == [f"Batch {n}" for n in range(10)]
    assert kind_of(desk.ask("POST", "Campaigns", body={"records": [*ten, ten[0]]})) == (422, "INVALID_REQUEST_UNKNOWN")
    assert len(desk.listed()) == 12


def test_creating_twice_creates_two(desk: Desk) -> None:
    desk.create(Name="Same")
    desk.create(Name="Same")

    assert len(desk.listed(filterByFormula="{Name}='Same'")) == 2


def test_patch_changes_the_given_cells_and_put_clears_the_others(desk: Desk) -> None:
    record = desk.create(Name="Whole", Program="Event", Delivered=3)["id"]

    desk.ask("PATCH", "Campaigns", body={"records": [{"id": record, "fields": {"Delivered": 4}}]})
    assert {desk.get(record)[name] for name in ("Name", "Program", "Delivered")} == {"Whole", "Event", 4}
    desk.ask("PUT", f"Campaigns/{record}", body={"fields": {"Name": "Only"}})
    assert set(desk.get(record)) == {"Name", "Last modified", "Last modified by"}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_one_bad_record_fails_the_whole_batch(desk: Desk, method: str) -> None:
    ids = [desk.create(Name=f"Old {n}")["id"] for n in range(3)]
    before = json.dumps(desk.server.dump()["tables"])
    records: list[dict[str, Any]] = [{"fields": {"Name": "New"}} for _ in range(3)]
    records[2]["fields"]["Program"] = "No such program"
    if method == "PATCH":
        records = [{"id": id, **record} for id, record in zip(ids, records, strict=True)]

    answer = desk.ask(method, "Campaigns", body={"records": records})

    assert kind_of(answer) == (422, "INVALID_MULTIPLE_CHOICE_OPTIONS")
    assert json.dumps(desk.server.dump()["tables"]) == before


def test_a_batch_that_names_a_deleted_record_fails(desk: Desk) -> None:
    record = desk.create(Name="x")["id"]
    desk.ask("DELETE", f"Campaigns/{record}")

    answer = desk.ask("PATCH", "Campaigns", body={"records": [{"id": record, "fields": {"Name": "y"}}]})
    assert kind_of(answer) == (422, "ROW_DOES_NOT_EXIST")
    assert desk.ask("PATCH", f"Campaigns/{record}", body={"fields": {"Name": "y"}})[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        None, [], "x", {}, {"records": []}, {"records": {}}, {"records": [3]}, {"records": [{"fields": 3}]},
        {"fields": None}, {"fields": [1]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_of_the_wrong_shape_is_422_and_changes_nothing(desk: Desk, method: str, body: Any) -> None:
    before = desk.listed()

    assert desk.ask(method, "Campaigns", body=body)[0] == 422
    assert desk.listed() == before


def test_upsert_creates_then_updates(desk: Desk) -> None:
    body = {
        "performUpsert": {"fieldsToMergeOn": ["Sync ID"]},
        "records": [{"fields": {"Sync ID": "cs-00000001", "Name": "First"}}],
    }
    _, first = desk.ask("PATCH", "Campaigns", body=body)
    _, second = desk.ask("PATCH", "Campaigns", body=body)

    assert first["createdRecords"] == [first["records"][0]["id"]] == second["updatedRecords"]
    assert first["updatedRecords"] == second["createdRecords"] == []


def test_an_ambiguous_upsert_fails_as_a_whole(desk: Desk) -> None:
    desk.create(**{"Sync ID": "twice"})
    desk.create(**{"Sync ID": "twice"})
    before = desk.listed()
    body = {
        "performUpsert": {"fieldsToMergeOn": ["Sync ID"]},
        "records": [{"fields": {"Sync ID": "new"}}, {"fields": {"Sync ID": "twice", "Name": "x"}}],
    }

    assert desk.ask("PATCH", "Campaigns", body=body)[0] == 422
    assert desk.listed() == before


@pytest.mark.parametrize(
    "fields", [[], ["Name", "Sync ID", "Jira key", "Delivered"], ["Owner"], ["Last modified"], "x"]
)
def test_upsert_takes_one_to_three_plain_fields(desk: Desk, fields: Any) -> None:
    body = {"performUpsert": {"fieldsToMergeOn": fields}, "records": [{"fields": {"Name": "x"}}]}

    assert desk.ask("PATCH", "Campaigns", body=body)[0] == 422


def test_an_upsert_by_id_ignores_the_merge_fields_and_an_unknown_id_is_an_error(desk: Desk) -> None:
    record = desk.create(Name="x")["id"]
    upsert = {"fieldsToMergeOn": ["Sync ID"]}

    known = {"performUpsert": upsert, "records": [{"id": record, "fields": {"Name": "y"}}]}
    assert desk.ask("PATCH", "Campaigns", body=known)[1]["updatedRecords"] == [record]
    unknown = {"performUpsert": upsert, "records": [{"id": MISSING, "fields": {"Name": "y"}}]}
    assert kind_of(desk.ask("PATCH", "Campaigns", body=unknown)) == (422, "ROW_DOES_NOT_EXIST")


def test_delete_is_all_or_nothing_and_up_to_ten(desk: Desk) -> None:
    ids = [desk.create(Name=f"{n}")["id"] for n in range(3)]

    assert desk.ask("DELETE", "Campaigns", [("records[]", ids[0]), ("records[]", MISSING)])[0] == 422
    assert len(desk.listed()) == 5
    _, answer = desk.ask("DELETE", "Campaigns", [("records[]", id) for id in ids])
    assert answer == {"records": [{"id": id, "deleted": True} for id in ids]}
    assert desk.ask("DELETE", "Campaigns", [("records[]", MISSING)] * 11)[0] == 422
    assert desk.ask("DELETE", f"Campaigns/{ids[0]}")[0] == 404


def test_links_show_on_both_sides_and_go_with_a_deleted_record(desk: Desk) -> None:
    first, second = desk.create(Name="A")["id"], desk.create(Name="B")["id"]
    stage = desk.create("Stages", Title="Design: A", Campaign=[first])["id"]
    assert desk.get(first)["Stages"] == [stage]

    desk.ask("PATCH", f"Stages/{stage}", body={"fields": {"Campaign": [second]}})
    assert "Stages" not in desk.get(first)
    assert desk.get(second)["Stages"] == [stage]

    desk.ask("PATCH", f"Campaigns/{second}", body={"fields": {"Stages": []}})
    assert "Campaign" not in desk.get(stage, "Stages")

    desk.ask("PATCH", f"Campaigns/{first}", body={"fields": {"Stages": [stage]}})
    desk.ask("DELETE", f"Campaigns/{first}")
    assert "Campaign" not in desk.get(stage, "Stages")


def test_a_change_moves_the_last_change_and_an_equal_value_or_a_hidden_column_does_not(desk: Desk) -> None:
    record = desk.create(Name="x", Brief="text")["id"]
    created = desk.get(record)["Last modified"]

    desk.world.advance(60)
    desk.ask("PATCH", f"Campaigns/{record}", body={"fields": {"Name": "x", "Brief": "text\n", "Sync ID": "cs-1"}})
    assert desk.get(record)["Last modified"] == created
    desk.ask("PATCH", f"Campaigns/{record}", body={"fields": {"Name": "y"}})
    assert desk.get(record)["Last modified"] == "2026-10-05T09:01:00.000Z"


def test_people_edit_under_their_own_name(desk: Desk) -> None:
    record = desk.create(Name="x")["id"]
    dana = {"as": "dana@acme.example", "table": "Campaigns"}

    desk.server.human("edit", {**dana, "record": record, "fields": {"Name": "Dana's"}})
    assert desk.get(record)["Last modified by"]["email"] == "dana@acme.example"
    made = desk.server.human("create", {**dana, "fields": {"Name": "New", "Owner": {"email": "ann@acme.example"}}})
    assert made["fields"]["Owner"]["name"] == "Ann Lee"
    desk.server.human("delete", {**dana, "record": made["id"]})
    assert desk.ask("GET", f"Campaigns/{made['id']}")[0] == 404


@pytest.mark.parametrize(
    ("verb", "change", "reason"),
    [
        ("edit", {"fields": {"Nmae": "x"}}, 'Unknown field name: "Nmae"'),
        ("edit", {"as": "nobody@acme.example"}, "nobody@acme.example"),
        ("edit", {"record": MISSING}, MISSING),
        ("edit", {"table": "Tasks"}, "not found"),
        ("schedule", {}, "cannot schedule"),
        ("delete", {"record": MISSING}, MISSING),
    ],
)
def test_what_people_cannot_do_is_said(desk: Desk, verb: str, change: dict[str, Any], reason: str) -> None:
    payload = {"as": "dana@acme.example", "table": "Campaigns", "record": desk.create()["id"], "fields": {"Name": "x"}}

    with pytest.raises(ValueError, match=reason):
        desk.server.human(verb, {**payload, **change})
    with pytest.raises(ValueError, match="needs as, table"):
        desk.server.human("edit", {})


def test_the_state_comes_back_whole(desk: Desk) -> None:
    desk.create(Name="Grüße 🚚", Owner={"email": "layla@acme.example"})
    copy = Desk()
    copy.server.restore(json.loads(json.dumps(desk.server.dump())))

    assert copy.listed() == desk.listed()
    assert copy.listed("Stages") == desk.listed("Stages")
    assert copy.create()["id"] == desk.create()["id"]


def test_find_tells_a_seeded_campaigns_records_while_they_are_there(desk: Desk) -> None:
    found = desk.server.find("c001")

    assert desk.get(found["campaign"])["Name"] == desk.company.campaigns[0].truth["name"]
    assert set(found["stages"].values()) == set(desk.get(found["campaign"])["Stages"])
    desk.ask("DELETE", f"Campaigns/{found['campaign']}")
    assert desk.server.find("c001")["campaign"] is None
    assert desk.server.find("c999") == {"campaign": None, "stages": {}}
