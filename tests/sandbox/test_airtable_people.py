"""People and the vendor at work behind a program's back, and the switches for what nobody has verified."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.desk import Desk, kind_of

DANA = {"as": "dana@acme.example", "table": "Campaigns"}
GONE = (422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_deleted_record_comes_back_from_the_trash_with_its_cells_and_links(desk: Desk) -> None:
    record = desk.create(Name="Spring", Delivered=3)["id"]
    stage = desk.create("Stages", Title="Design", Campaign=[record])["id"]
    before = desk.get(record)
    desk.ask("DELETE", f"Campaigns/{record}")
    assert "Campaign" not in desk.get(stage, "Stages")
    desk.server.restore(json.loads(json.dumps(desk.server.dump())))

    assert desk.server.human("restore", {**DANA, "record": record})["id"] == record
    after = desk.get(record)
    assert before["Stages"] == [stage]
    assert {name: after[name] for name in ("Name", "Delivered", "Stages")} == {
        name: before[name] for name in ("Name", "Delivered", "Stages")
    }
    assert desk.get(stage, "Stages")["Campaign"] == [record]
    with pytest.raises(ValueError, match="trash"):
        desk.server.human("restore", {**DANA, "record": record})


def test_many_records_are_edited_and_pasted_at_once(desk: Desk) -> None:
    ids = [row["id"] for row in desk.listed("Stages")]
    edits: list[dict[str, Any]] = [{"id": id, "fields": {"Status": "Blocked"}} for id in ids]
    order = {**DANA, "table": "Stages", "records": [*edits, {"fields": {"Title": "Pasted"}}]}
    assert len(ids) > 10

    shown = desk.server.human("bulk", order)
    assert shown["touched"][:-1] == ids
    assert {row["fields"]["Status"] for row in desk.listed("Stages") if row["id"] in ids} == {"Blocked"}
    before = desk.listed("Stages")
    bad = [{"id": ids[0], "fields": {"Title": "x"}}, {"id": ids[1], "fields": {"Status": "No such"}}]
    with pytest.raises(ValueError, match="No such"):
        desk.server.human("bulk", {**order, "records": bad})
    assert desk.listed("Stages") == before


def test_listings_end_when_the_vendor_or_much_change_behind_them_says_so(desk: Desk) -> None:
    offset = desk.ask("GET", "Stages", {"pageSize": 5})[1]["offset"]
    desk.server.human("expire", {})
    assert kind_of(desk.ask("GET", "Stages", {"pageSize": 5, "offset": offset})) == GONE

    offset = desk.ask("GET", "Stages", {"pageSize": 5})[1]["offset"]
    assert kind_of(desk.ask("GET", "Campaigns", {"pageSize": 5, "offset": offset})) == GONE
    desk.server.human("rules", {"much": 10})
    desk.ask("POST", "Stages", body={"records": [{"fields": {"Title": f"{n}"}} for n in range(10)]})
    assert kind_of(desk.ask("GET", "Stages", {"pageSize": 5, "offset": offset})) == GONE


def test_a_record_that_moves_while_paging_is_missed_or_comes_twice(desk: Desk) -> None:
    for name in "bdfh":
        desk.create(Name=name)
    query = {"pageSize": 2, "sort[0][field]": "Name", "filterByFormula": "LEN({Name}) = 1"}
    first = desk.ask("GET", "Campaigns", query)[1]
    record = first["records"][0]["id"]
    desk.server.human("edit", {**DANA, "record": record, "fields": {"Name": "g"}})

    second = desk.ask("GET", "Campaigns", {**query, "offset": first["offset"]})[1]
    assert [row["fields"]["Name"] for row in second["records"]] == ["f", "g"]
    assert record in [row["id"] for row in second["records"]]


def test_a_removed_table_or_column_is_gone_and_comes_back_with_its_cells(desk: Desk) -> None:
    record = desk.create(Name="Spring", Region="EMEA")["id"]
    desk.server.human("remove", {"table": "Campaigns", "field": "Region"})
    assert kind_of(desk.ask("PATCH", f"Campaigns/{record}", body={"fields": {"Region": "EMEA"}}))[1] == (
        "UNKNOWN_FIELD_NAME"
    )
    desk.server.human("restore", {"table": "Campaigns", "field": "Region"})
    assert desk.get(record)["Region"] == "EMEA"

    desk.server.human("remove", {"table": "Stages"})
    assert desk.ask("GET", "Stages")[0] == 403
    assert desk.server.find("c001")["stages"] == {}
    desk.server.human("restore", {"table": "Stages"})
    assert desk.server.find("c001")["stages"] != {}
    for order in ({"table": "Ideas"}, {"table": "Campaigns", "field": "Ideas"}):
        with pytest.raises(ValueError, match="no Ideas in the trash"):
            desk.server.human("restore", order)


@pytest.mark.parametrize(
    ("verb", "payload", "reason"),
    [
        ("rules", {"formula_ids": True}, "has no rule formula_ids"),
        ("role", {"level": "king"}, "has no role king"),
        ("plan", {"plan": "gold"}, "has no plan gold"),
        ("token", {"purpose": "x", "scopes": ["everything"]}, "has no scope everything"),
        ("revoke", {"purpose": "x"}, "no token x"),
        ("break", {"hook": "ach"}, "no webhook ach"),
        ("view", {"table": "Campaigns", "name": "Odd", "filter": "{Zip} = 1"}, "Unknown field names: zip"),
    ],
)
def test_an_order_that_cannot_be_carried_out_says_why(
    desk: Desk, verb: str, payload: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        desk.server.human(verb, payload)


# The switches


def test_a_deleted_record_may_be_403_or_its_error_an_object(desk: Desk) -> None:
    record = desk.create(Name="x")["id"]
    desk.ask("DELETE", f"Campaigns/{record}")
    assert desk.ask("GET", f"Campaigns/{record}") == (404, {"error": "NOT_FOUND"})

    desk.server.human("rules", {"deleted_record": 403, "not_found_object": True})
    assert desk.ask("GET", f"Campaigns/{record}")[0] == 403
    assert desk.ask("GET", "Campaigns/recAAAAAAAAAAAAAA")[1]["error"]["type"] == "NOT_FOUND"


def test_a_record_may_be_found_under_another_table(desk: Desk) -> None:
    record = desk.create(Name="Spring")["id"]
    assert desk.ask("GET", f"Stages/{record}")[0] == 404

    desk.server.human("rules", {"foreign_record": True})
    assert desk.get(record, "Stages")["Name"] == "Spring"


def test_a_restored_record_may_have_a_new_id(desk: Desk) -> None:
    record = desk.create(Name="Spring")["id"]
    desk.ask("DELETE", f"Campaigns/{record}")
    desk.server.human("rules", {"restore_keeps_id": False})

    new = desk.server.human("restore", {**DANA, "record": record})["id"]
    assert new != record
    assert desk.get(new)["Name"] == "Spring"


def test_a_failed_batch_may_leave_what_stood_before_the_bad_record(desk: Desk) -> None:
    desk.server.human("rules", {"atomic": False})
    records = [{"fields": {"Name": "Stays"}}, {"fields": {"Program": "No such"}}, {"fields": {"Name": "Never"}}]

    assert desk.ask("POST", "Campaigns", body={"records": records})[0] == 422
    names = [row["fields"].get("Name") for row in desk.listed()]
    assert ("Stays" in names, "Never" in names) == (True, False)


def test_two_upserts_at_once_may_both_create(desk: Desk) -> None:
    desk.server.human("rules", {"upsert_blind": 5})
    body = {"performUpsert": {"fieldsToMergeOn": ["Sync ID"]}, "records": [{"fields": {"Sync ID": "cs-1"}}]}

    assert [len(desk.ask("PATCH", "Campaigns", body=body)[1]["createdRecords"]) for _ in range(2)] == [1, 1]
    desk.world.advance(10)
    assert desk.ask("PATCH", "Campaigns", body=body)[0] == 422


def test_upserts_may_have_a_limit_of_their_own_and_a_429_may_say_when() -> None:
    desk = Desk(rate_limits=True)
    desk.server.human("rules", {"upsert_rate": 1, "retry_after": True})
    body = {"performUpsert": {"fieldsToMergeOn": ["Sync ID"]}, "records": [{"fields": {"Sync ID": "cs-1"}}]}

    assert [desk.ask("PATCH", "Campaigns", body=body)[0] for _ in range(2)] == [200, 429]
    assert desk.ask("GET", "Campaigns")[0] == 200


def test_an_upsert_that_means_one_record_twice_fails(desk: Desk) -> None:
    record = desk.create(**{"Sync ID": "cs-1"})["id"]
    records = [{"fields": {"Sync ID": "cs-1", "Name": "a"}}, {"id": record, "fields": {"Name": "b"}}]
    body = {"performUpsert": {"fieldsToMergeOn": ["Sync ID"]}, "records": records}

    assert desk.ask("PATCH", "Campaigns", body=body)[0] == 422
    assert "Name" not in desk.get(record)


@pytest.mark.parametrize("field", ["Budget", "Planned send", "Brief", "Owner", "Legal check", "Stages"])
def test_these_fields_cannot_be_merged_on(desk: Desk, field: str) -> None:
    body = {"performUpsert": {"fieldsToMergeOn": [field]}, "records": [{"fields": {"Name": "x"}}]}

    assert desk.ask("PATCH", "Campaigns", body=body)[0] == 422


def test_the_last_change_may_be_told_in_whole_seconds_and_leave_out_creation(desk: Desk) -> None:
    desk.server.human("rules", {"whole_seconds": True, "creation_edits": False})
    desk.world.advance(0.7)
    record = desk.create(Name="Spring")["id"]
    assert "Last modified" not in desk.get(record)
    assert record not in [row["id"] for row in desk.listed(filterByFormula="LAST_MODIFIED_TIME()")]

    desk.ask("PATCH", f"Campaigns/{record}", body={"fields": {"Name": "Summer"}})
    assert desk.get(record)["Last modified"] == "2026-10-05T09:00:00.000Z"
    formula = "IS_AFTER(LAST_MODIFIED_TIME(), DATETIME_PARSE('2026-10-05T09:00:00.000Z'))"
    assert desk.listed(filterByFormula=formula) == []


def test_comments_may_count_as_changes(desk: Desk) -> None:
    desk.server.human("rules", {"comments_count": True, "newest_comment_first": False})
    record = desk.create(Name="Spring")["id"]
    desk.world.advance(60)
    for text in ("One", "Two"):
        desk.ask("POST", f"Campaigns/{record}/comments", body={"text": text})

    formula = "IS_AFTER(LAST_MODIFIED_TIME(), DATETIME_PARSE('2026-10-05T09:00:30.000Z'))"
    assert [row["id"] for row in desk.listed(filterByFormula=formula)] == [record]
    _, page = desk.ask("GET", f"Campaigns/{record}/comments")
    assert [comment["text"] for comment in page["comments"]] == ["One", "Two"]


@pytest.mark.parametrize(
    ("rule", "request_", "error"),
    [
        ({"body_limit": 10}, ("POST", "Campaigns", {"fields": {"Name": "long enough"}}), (413, "REQUEST_TOO_LARGE")),
        ({"missing_fields": "INVALID_REQUEST_UNKNOWN"}, ("POST", "Campaigns", {}), (422, "INVALID_REQUEST_UNKNOWN")),
        ({"text_limit": 3}, ("POST", "Campaigns", {"fields": {"Name": "long"}}), (422, "INVALID_VALUE_FOR_COLUMN")),
    ],
)
def test_types_and_limits_that_nobody_has_verified_can_be_others(
    desk: Desk, rule: dict[str, Any], request_: tuple[str, str, Any], error: tuple[int, str]
) -> None:
    desk.server.human("rules", rule)
    method, path, body = request_

    assert kind_of(desk.ask(method, path, body=body)) == error


def test_rich_text_may_stay_as_it_was_written(desk: Desk) -> None:
    desk.server.human("rules", {"richtext": False, "unauthenticated": "UNAUTHORIZED"})

    assert desk.create(Brief="* a")["fields"]["Brief"] == "* a"
    desk.token = "wrong"
    assert kind_of(desk.ask("GET", "Campaigns")) == (401, "UNAUTHORIZED")
