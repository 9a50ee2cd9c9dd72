"""Airtable's webhooks as a change log: what they tell of an action, and of which actions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import Desk

EVERYTHING: dict[str, Any] = {"dataTypes": ["tableData", "tableFields", "tableMetadata"]}
DANA = "dana@acme.example"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def hooks(desk: Desk, more: str = "") -> str:
    return f"/v0/bases/{desk.server.base.id}/webhooks{more}"


def hook(desk: Desk, includes: Any = None, url: str | None = None, **filters: Any) -> dict[str, Any]:
    """The answer to a new webhook."""
    options = {"filters": {"dataTypes": ["tableData"], **filters}} | ({"includes": includes} if includes else {})
    body = {"specification": {"options": options}} | ({"notificationUrl": url} if url else {})
    status, answer = desk.ask("POST", hooks(desk), body=body)
    assert status == 200, answer
    return dict(answer)


def payloads(desk: Desk, id: str, **query: Any) -> dict[str, Any]:
    status, answer = desk.ask("GET", hooks(desk, f"/{id}/payloads"), query)
    assert status == 200, answer
    return dict(answer)


def told(desk: Desk, id: str, **query: Any) -> list[dict[str, Any]]:
    return list(payloads(desk, id, **query)["payloads"])


def field(desk: Desk, name: str, table: str = "Campaigns") -> str:
    return desk.server.base.table(table).column(name).id


def person(desk: Desk, verb: str, **payload: Any) -> dict[str, Any]:
    return desk.server.human(verb, {"as": DANA, "table": "Campaigns", **payload})


def shown(desk: Desk, id: str) -> dict[str, Any]:
    return next(one for one in desk.ask("GET", hooks(desk))[1]["webhooks"] if one["id"] == id)


def test_an_edit_is_told_with_its_maker_and_what_stood_there_before(desk: Desk) -> None:
    record = desk.create(Name="Spring", Status="Planned")["id"]
    status, name = field(desk, "Status"), field(desk, "Name")
    includes = {"includePreviousCellValues": True, "includeCellValuesInFieldIds": [name]}
    id = hook(desk, includes)["id"]

    person(desk, "edit", record=record, fields={"Status": "Sent"})

    answer = payloads(desk, id)
    (payload,) = answer["payloads"]
    assert (answer["cursor"], answer["mightHaveMore"]) == (2, False)
    assert (payload["timestamp"], payload["baseTransactionNumber"]) == ("2026-10-05T09:00:00.000Z", 1)
    assert payload["actionMetadata"]["source"] == "client"
    assert payload["actionMetadata"]["sourceMetadata"]["user"]["email"] == DANA
    choices = {c["name"]: c for c in desk.server.base.table("Campaigns").column("Status").options["choices"]}
    assert payload["changedTablesById"] == {
        desk.server.base.table("Campaigns").id: {
            "changedRecordsById": {
                record: {
                    "current": {"cellValuesByFieldId": {status: choices["Sent"]}},
                    "previous": {"cellValuesByFieldId": {status: choices["Planned"]}},
                    "unchanged": {"cellValuesByFieldId": {name: "Spring"}},
                }
            }
        }
    }


def test_created_and_deleted_records_and_the_other_side_of_a_link_are_told(desk: Desk) -> None:
    campaign = desk.create(Name="Spring")["id"]
    id = hook(desk)["id"]
    stage = desk.create("Stages", Title="Design: Spring", Campaign=[campaign])["id"]
    desk.ask("DELETE", f"Stages/{stage}")

    made, gone = (payload["changedTablesById"] for payload in told(desk, id))
    campaigns, stages = (table.id for table in desk.server.base.tables)
    new = made[stages]["createdRecordsById"][stage]
    assert new["createdTime"] == "2026-10-05T09:00:00.000Z"
    assert new["cellValuesByFieldId"] == {
        field(desk, "Title", "Stages"): "Design: Spring",
        field(desk, "Campaign", "Stages"): [{"id": campaign, "name": "Spring"}],
    }
    link = {"cellValuesByFieldId": {field(desk, "Stages"): [{"id": stage, "name": "Design: Spring"}]}}
    assert made[campaigns]["changedRecordsById"] == {campaign: {"current": link}}
    assert gone[stages] == {"destroyedRecordIds": [stage]}
    cleared = {"cellValuesByFieldId": {field(desk, "Stages"): None}}
    assert gone[campaigns]["changedRecordsById"] == {campaign: {"current": cleared}}


def test_one_action_is_one_payload_and_no_change_is_none(desk: Desk) -> None:
    id = hook(desk)["id"]
    ten = [{"fields": {"Name": f"{n}"}} for n in range(10)]
    made = desk.ask("POST", "Campaigns", body={"records": ten})[1]["records"]
    same = {"records": [{"id": row["id"], "fields": {"Name": row["fields"]["Name"]}} for row in made]}

    assert desk.ask("PATCH", "Campaigns", body=same)[0] == 200
    assert desk.ask("POST", "Campaigns", body={"fields": {"Nothing": 1}})[0] == 422
    (payload,) = told(desk, id)
    (table,) = payload["changedTablesById"].values()
    assert set(table["createdRecordsById"]) == {row["id"] for row in made}


def test_a_webhook_hears_of_its_own_table_fields_sources_and_kinds_of_change_only(desk: Desk) -> None:
    campaigns = desk.server.base.table("Campaigns").id
    status = field(desk, "Status")
    record = desk.create(Name="Spring", Status="Planned")["id"]
    by = {
        "table": hook(desk, recordChangeScope=campaigns)["id"],
        "field": hook(desk, watchDataInFieldIds=[status])["id"],
        "people": hook(desk, fromSources=["client"])["id"],
        "kind": hook(desk, changeTypes=["remove"])["id"],
        "data": hook(desk, dataTypes=["tableFields"])["id"],
    }

    desk.ask("PATCH", f"Campaigns/{record}", body={"fields": {"Name": "Summer"}})
    person(desk, "edit", record=record, fields={"Status": "Sent"})
    desk.create("Stages", Title="Elsewhere")
    desk.ask("DELETE", f"Campaigns/{record}")

    assert {name: len(told(desk, id)) for name, id in by.items()} == {
        "table": 3, "field": 3, "people": 1, "kind": 1, "data": 0
    }  # fmt: skip


def test_in_a_view_records_come_and_go_with_its_filter(desk: Desk) -> None:
    person(desk, "view", name="Open", filter="NOT({Status} = 'Sent')")
    view = desk.server.base.table("Campaigns").view("Open")["id"]
    record = desk.create(Name="Spring", Status="Sent")["id"]
    id = hook(desk, recordChangeScope=view)["id"]

    for fields in ({"Name": "Summer"}, {"Status": "Planned"}, {"Name": "Autumn"}, {"Status": "Sent"}):
        person(desk, "edit", record=record, fields=fields)

    changes = [next(iter(p["changedTablesById"].values()))["changedViewsById"][view] for p in told(desk, id)]
    assert [set(change) for change in changes] == [
        {"createdRecordsById"}, {"changedRecordsById"}, {"destroyedRecordIds"}
    ]  # fmt: skip
    listed = {row["id"] for row in desk.listed(view="Open")}
    assert record not in listed
    assert all(row["fields"]["Status"] != "Sent" for row in desk.listed(view="Open"))


def test_a_renamed_choice_rewrites_the_cells_and_a_renamed_column_is_told(desk: Desk) -> None:
    record = desk.create(Name="Spring", Status="Planned")["id"]
    id = hook(desk, {"includePreviousCellValues": True, "includePreviousFieldDefinitions": True}, **EVERYTHING)["id"]
    status, name = field(desk, "Status"), field(desk, "Name")

    person(desk, "rename", field="Status", option="Planned", name="Pencilled in")
    person(desk, "rename", field="Name", name="Title")
    person(desk, "rename", name="Plan")
    person(desk, "remove", table="Plan", field="Region")

    choice, column, table, removed = (next(iter(p["changedTablesById"].values())) for p in told(desk, id))
    change = choice["changedRecordsById"][record]
    assert change["current"]["cellValuesByFieldId"][status]["name"] == "Pencilled in"
    before = change["previous"]["cellValuesByFieldId"][status]
    assert (before["name"], before["id"]) == ("Planned", change["current"]["cellValuesByFieldId"][status]["id"])
    assert set(choice["changedFieldsById"]) == {status}
    assert column == {
        "changedFieldsById": {
            name: {
                "current": {"name": "Title", "type": "singleLineText"},
                "previous": {"name": "Name", "type": "singleLineText"},
            }
        }
    }
    assert table["changedMetadata"]["current"]["name"] == "Plan"
    assert [set(removed), len(removed["destroyedFieldIds"])] == [{"destroyedFieldIds"}, 1]


def test_a_table_that_goes_and_comes_back_is_told(desk: Desk) -> None:
    id = hook(desk, **EVERYTHING)["id"]
    stages = desk.server.base.table("Stages").id
    rows = len(desk.server.base.table("Stages").rows)

    person(desk, "remove", table="Stages")
    person(desk, "restore", table="Stages")

    gone, back = told(desk, id)
    assert gone["destroyedTableIds"] == [stages]
    assert len(back["createdTablesById"][stages]["recordsById"]) == rows
    assert back["createdTablesById"][stages]["metadata"]["name"] == "Stages"


def test_a_lookup_is_told_by_linked_record_when_the_other_table_changes(desk: Desk) -> None:
    options = {"recordLinkFieldId": "Campaign", "fieldIdInLinkedTable": "Status"}
    person(desk, "add", table="Stages", field="Campaign status", type="multipleLookupValues", options=options)
    campaign = desk.create(Name="Spring", Status="Planned")["id"]
    stage = desk.create("Stages", Title="Design", Campaign=[campaign])["id"]
    stages, lookup = desk.server.base.table("Stages").id, field(desk, "Campaign status", "Stages")
    id = hook(desk, recordChangeScope=stages)["id"]

    desk.ask("PATCH", f"Campaigns/{campaign}", body={"fields": {"Status": "Sent"}})

    (payload,) = told(desk, id)
    value = payload["changedTablesById"][stages]["changedRecordsById"][stage]["current"]["cellValuesByFieldId"][lookup]
    assert value["linkedRecordIds"] == [campaign]
    assert value["valuesByLinkedRecordId"][campaign][0]["name"] == "Sent"
    assert desk.get(stage, "Stages")["Campaign status"] == ["Sent"]
    desk.server.human("rules", {"computed_in_payloads": False})
    desk.ask("PATCH", f"Campaigns/{campaign}", body={"fields": {"Status": "Planned"}})
    desk.ask("PATCH", f"Stages/{stage}", body={"fields": {"Title": "Build"}})
    assert lookup not in str(told(desk, id)[-1])


def test_payloads_are_read_page_by_page_from_any_cursor(desk: Desk) -> None:
    id = hook(desk)["id"]
    for n in range(7):
        desk.create(Name=f"{n}")

    first = payloads(desk, id, limit=5)
    rest = payloads(desk, id, cursor=first["cursor"], limit=5)
    assert [(p["cursor"], p["mightHaveMore"], len(p["payloads"])) for p in (first, rest)] == [
        (6, True, 5),
        (8, False, 2),
    ]
    assert [p["baseTransactionNumber"] for p in first["payloads"] + rest["payloads"]] == [1, 2, 3, 4, 5, 6, 7]
    assert payloads(desk, id, cursor=8)["payloads"] == []
    assert shown(desk, id)["cursorForNextPayload"] == 8
    for wrong in ({"limit": 51}, {"limit": 0}, {"cursor": 9}, {"cursor": "x"}):
        assert desk.ask("GET", hooks(desk, f"/{id}/payloads"), wrong)[0] == 422
