"""Every type of an Airtable field: what may be written, what is shown, and what is computed from what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import Desk, kind_of

BAD = "INVALID_VALUE_FOR_COLUMN"
TYPES: dict[str, dict[str, Any]] = {
    "rating": {"max": 5}, "duration": {"durationFormat": "h:mm"}, "percent": {"precision": 1}, "currency": {},
    "checkbox": {}, "multipleCollaborators": {}, "multipleAttachments": {}, "barcode": {}, "email": {}, "url": {},
    "phoneNumber": {}, "multilineText": {}, "dateTime": {"timeZone": "America/New_York"}, "button": {"label": "Go"},
    "autoNumber": {}, "createdBy": {},
}  # fmt: skip
MARTA, ANN = "marta@acme.example", "ann@acme.example"
ONE_STAGE = {"recordLinkFieldId": "Stages", "fieldIdInLinkedTable": "Effort"}


def with_field(type_: str, **options: Any) -> Desk:
    """A base whose campaigns have a field X of this type."""
    desk = Desk(campaigns=0)
    whole = {"table": "Campaigns", "field": "X", "type": type_, "options": TYPES.get(type_, {}) | options}
    desk.server.human("add", whole)
    return desk


def written(desk: Desk, value: Any, typecast: bool = False) -> Any:
    status, answer = desk.ask("POST", "Campaigns", body={"fields": {"X": value}, "typecast": typecast})
    return answer["fields"].get("X") if status == 200 else kind_of((status, answer))[1]


@pytest.mark.parametrize(
    ("type_", "value", "shown"),
    [
        ("rating", 3, 3),
        ("rating", 6, BAD),
        ("rating", 0, BAD),
        ("rating", 2.5, BAD),
        ("duration", 5400, 5400),
        ("duration", "1:30", BAD),
        ("percent", 0.123, 0.123),
        ("currency", 1200.5, 1200.5),
        ("checkbox", True, True),
        ("checkbox", False, None),
        ("checkbox", "yes", BAD),
        ("barcode", {"text": "4006381333931", "type": "ean13"}, {"text": "4006381333931", "type": "ean13"}),
        ("barcode", "4006381333931", BAD),
        ("barcode", {"code": "x"}, BAD),
        ("email", "ann@acme.example", "ann@acme.example"),
        ("phoneNumber", 49, BAD),
        ("multilineText", "a\nb", "a\nb"),
        ("multilineText", "x" * 100_001, BAD),
        ("dateTime", "2026-10-12T10:00:00", "2026-10-12T14:00:00.000Z"),
        ("dateTime", "2026-10-12T10:00:00.1234Z", "2026-10-12T10:00:00.123Z"),
        ("multipleAttachments", "https://acme.example/a.png", BAD),
        ("multipleAttachments", [{"url": 3}], BAD),
        ("multipleAttachments", [{"id": "attAAAAAAAAAAAAAA"}], BAD),
        ("multipleCollaborators", {"email": ANN}, BAD),
        ("multipleCollaborators", [{"email": "nobody@acme.example"}], BAD),
        ("button", "x", BAD),
        ("autoNumber", 3, BAD),
        ("createdBy", {"email": ANN}, BAD),
    ],
)
def test_a_type_takes_its_own_values(type_: str, value: Any, shown: Any) -> None:
    assert written(with_field(type_), value) == shown


@pytest.mark.parametrize(
    ("type_", "value", "shown"),
    [
        ("checkbox", "checked", True),
        ("rating", "4", 4),
        ("barcode", "4006381333931", {"text": "4006381333931"}),
        ("dateTime", "10/12/2026 09:30", "2026-10-12T13:30:00.000Z"),
        ("multilineText", 7, "7"),
        ("dateTime", "some day", BAD),
    ],
)
def test_typecast_reads_text_as_well_as_it_can(type_: str, value: Any, shown: Any) -> None:
    assert written(with_field(type_), value, typecast=True) == shown


def test_only_creators_make_choices_by_typecast() -> None:
    desk = Desk(campaigns=0)
    desk.server.human("role", {"level": "edit"})

    answer = desk.ask("POST", "Campaigns", body={"fields": {"Program": "New"}, "typecast": True})
    assert kind_of(answer) == (422, "INVALID_MULTIPLE_CHOICE_OPTIONS")


def test_several_people_are_shown_whole_and_replaced_whole() -> None:
    desk = with_field("multipleCollaborators")
    users = {person["email"]: id for id, person in desk.server.base.people.items()}
    record = desk.create(X=[{"email": MARTA}, users[ANN]])["id"]

    assert [person["email"] for person in desk.get(record)["X"]] == [MARTA, ANN]
    desk.ask("PATCH", f"Campaigns/{record}", body={"fields": {"X": [{"id": users[ANN]}]}})
    assert [person["id"] for person in desk.get(record)["X"]] == [users[ANN]]


def test_attachments_are_fetched_later_kept_by_id_and_their_addresses_expire() -> None:
    desk = with_field("multipleAttachments")
    new = [{"url": "https://acme.example/hero.png"}, {"url": "https://acme.example/b", "filename": "b.pdf"}]
    record = desk.create(X=new)["id"]
    fresh = desk.get(record)["X"]

    assert [item["filename"] for item in fresh] == ["hero.png", "b.pdf"]
    assert "size" not in fresh[0]
    desk.world.advance(1)
    assert desk.get(record)["X"][0]["size"] > 0
    desk.world.advance(3600)
    assert desk.get(record)["X"][0]["url"] != fresh[0]["url"]
    desk.ask("PATCH", f"Campaigns/{record}", body={"fields": {"X": [{"id": fresh[1]["id"]}]}})
    assert [item["id"] for item in desk.get(record)["X"]] == [fresh[1]["id"]]


@pytest.mark.parametrize(
    ("formula", "fields", "shown"),
    [
        ("{Name} & '!'", {"Name": "Spring"}, "Spring!"),
        ("{Delivered} * 2", {"Delivered": 21}, 42),
        ("{Delivered} / {Opens}", {"Delivered": 1, "Opens": 4}, 0.25),
        ("{Delivered} / {Opens}", {"Delivered": 1}, {"error": "#ERROR!"}),
        ("VALUE({Name})", {"Name": "x"}, {"specialValue": "NaN"}),
        ("{Delivered} > 3", {"Delivered": 4}, True),
        ("{Delivered} > 3", {"Delivered": 2}, None),
        ("{Planned send}", {"Planned send": "2026-10-12T08:00:00Z"}, "2026-10-12T08:00:00.000Z"),
        ("{Name}", {}, None),
        ("RECORD_ID() = RECORD_ID()", {}, True),
    ],
)
def test_a_formula_field_shows_its_value_or_what_went_wrong(formula: str, fields: dict[str, Any], shown: Any) -> None:
    desk = with_field("formula", formula=formula)
    record = desk.create(**fields)

    assert record["fields"].get("X") == shown
    answer = desk.ask("PATCH", f"Campaigns/{record['id']}", body={"fields": {"X": "mine"}})
    assert kind_of(answer) == (422, BAD)
    assert "computed" in answer[1]["error"]["message"]


def test_a_formula_refers_to_fields_by_id_survives_a_renaming_and_breaks_with_a_removal() -> None:
    desk = with_field("formula", formula="LOWER({Name})")
    name = desk.server.base.table("Campaigns").column("Name").id
    record = desk.create(Name="Spring")["id"]

    desk.server.human("rename", {"table": "Campaigns", "field": "Name", "name": "Title"})
    _, schema = desk.ask("GET", f"/v0/meta/bases/{desk.server.base.id}/tables")
    options = next(field for field in schema["tables"][0]["fields"] if field["name"] == "X")["options"]
    assert options == {"formula": f"LOWER({{{name}}})", "referencedFieldIds": [name], "isValid": True}
    assert desk.get(record)["X"] == "spring"

    desk.server.human("remove", {"table": "Campaigns", "field": "Title"})
    assert desk.get(record)["X"] == {"error": "#ERROR!"}
    assert desk.server.base.table("Campaigns").column("X").options["isValid"] is False


def test_lookups_rollups_and_counts_follow_the_other_table_and_move_no_last_change() -> None:
    desk = with_field("multipleLookupValues", **ONE_STAGE)
    rollup = ONE_STAGE | {"aggregation": "SUM(values)"}
    for name, type_, options in (("Sum", "rollup", rollup), ("Count", "count", {"recordLinkFieldId": "Stages"})):
        desk.server.human("add", {"table": "Campaigns", "field": name, "type": type_, "options": options})
    campaign = desk.create(Name="Spring")["id"]
    stages = [desk.create("Stages", Campaign=[campaign], Effort=effort)["id"] for effort in (1.5, 2)]
    before = desk.get(campaign)
    assert (before["X"], before["Sum"], before["Count"]) == ([1.5, 2], 3.5, 2)

    desk.world.advance(60)
    desk.ask("PATCH", f"Stages/{stages[0]}", body={"fields": {"Effort": 4}})

    after = desk.get(campaign)
    assert (after["X"], after["Sum"]) == ([4, 2], 6)
    assert after["Last modified"] == before["Last modified"]
    formula = "IS_AFTER(LAST_MODIFIED_TIME(), DATETIME_PARSE('2026-10-05T09:00:30.000Z'))"
    assert desk.listed(filterByFormula=formula) == []
    assert [row["id"] for row in desk.listed(filterByFormula="{Sum} = 6")] == [campaign]
    assert "aggregation" not in str(desk.ask("GET", f"/v0/meta/bases/{desk.server.base.id}/tables"))


def test_people_reorder_links_and_the_other_side_stays() -> None:
    desk = Desk(campaigns=0)
    campaign = desk.create(Name="Spring")["id"]
    one, two = (desk.create("Stages", Title=title, Campaign=[campaign])["id"] for title in ("One", "Two"))
    row = {"as": ANN, "table": "Campaigns", "record": campaign}

    desk.server.human("edit", {**row, "fields": {"Stages": [two, one]}})

    assert desk.get(campaign)["Stages"] == [two, one]
    assert desk.get(one, "Stages")["Campaign"] == [campaign]


def test_a_new_link_field_shows_on_the_other_table() -> None:
    desk = with_field("multipleRecordLinks", linkedTableId="Stages")
    stage = desk.create("Stages", Title="Design")["id"]
    campaign = desk.create(Name="Spring", X=[stage])["id"]

    assert desk.get(stage, "Stages")["Campaigns"] == [campaign]


def test_rows_are_numbered_as_they_come() -> None:
    desk = with_field("autoNumber")

    assert [desk.create(Name=f"{n}")["fields"]["X"] for n in range(3)] == [1, 2, 3]


def test_last_modified_counts_only_the_columns_that_it_watches() -> None:
    desk = with_field("lastModifiedTime", referencedFieldIds=["Delivered"], result={"type": "date"})
    record = desk.create(Name="Spring")["id"]
    assert "X" not in desk.get(record)

    desk.ask("PATCH", f"Campaigns/{record}", body={"fields": {"Delivered": 3}})
    assert desk.get(record)["X"] == "2026-10-05"


def test_cells_as_text_need_a_zone_and_a_locale() -> None:
    desk = Desk(campaigns=0)
    fields: dict[str, Any] = {"Name": "Spring", "Delivered": 3, "Tags": ["brand", "launch"], "Legal check": True}
    desk.create(**fields, Owner={"email": ANN}, **{"Planned send": "2026-10-12T08:00:00Z"})

    assert desk.ask("GET", "Campaigns", {"cellFormat": "string"})[0] == 422
    assert desk.ask("GET", "Campaigns", {"cellFormat": "string", "timeZone": "Mars/X", "userLocale": "en"})[0] == 422
    zone = {"cellFormat": "string", "timeZone": "Europe/Berlin", "userLocale": "en-gb"}
    (row,) = desk.listed(**zone)
    assert row["fields"]["Owner"] == "Ann Lee"
    assert row["fields"]["Tags"] == "brand, launch"
    assert row["fields"]["Legal check"] == "checked"
    assert row["fields"]["Planned send"] == "10/12/2026 10:00am"
    assert row["fields"]["Delivered"] == "3"
    status, posted = desk.ask("POST", "Campaigns/listRecords", list(zone.items())[1:], {"cellFormat": "string"})
    assert (status, posted["records"]) == (200, [row])
