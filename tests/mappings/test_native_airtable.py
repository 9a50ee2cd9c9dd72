"""Airtable's column types: how each is read, what is written, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from mappings.bind import bind
from mappings.load import load
from mappings.native_airtable import DIALECT
from mappings.shape import Unwritable
from sync.errors import ConfigError
from sync.model import Day, Field, FieldType, Instant, Kind, Person, Value, schema
from sync.ports import BoundMapping, NativeField
from tests.mappings.company import PEOPLE, ZONE, bound, choices, record

ANN = {"id": "usrANN", "email": "ann@acme.example", "name": "Ann Lee"}
AT = datetime(2026, 10, 12, 8, tzinfo=UTC)
MENTIONED = 'Ask <airtable:mention id="menX">@Ann</airtable:mention> first'


def column(type_: FieldType, native: str, tmp_path: Path, *options: str, read_only: bool = False) -> BoundMapping:
    """A mapping of one custom field of a type to one column of a type."""
    file = tmp_path / "custom.toml"
    file.write_text('[campaign.fields]\nextra = { field = "X" }\n', "utf-8")
    natives = {Kind.CAMPAIGN: (NativeField("fldX", "X", native, read_only, choices(*options)),)}
    custom = schema((Field("extra", type_, "Extra", custom=True),))
    return bind(load(file, "airtable"), "airtable", natives, custom, PEOPLE, ZONE)


@pytest.mark.parametrize(
    ("native", "type_", "raw", "value", "sent"),
    [
        ("singleLineText", FieldType.TEXT, "Spring 😀", "Spring 😀", "Spring 😀"),
        ("email", FieldType.TEXT, "a@x.example", "a@x.example", "a@x.example"),
        ("url", FieldType.TEXT, "https://x.example", "https://x.example", "https://x.example"),
        ("phoneNumber", FieldType.TEXT, "+49 30 1", "+49 30 1", "+49 30 1"),
        ("barcode", FieldType.TEXT, {"text": "40", "type": "upce"}, "40", {"text": "40"}),
        ("multilineText", FieldType.RICH_TEXT, "one\ntwo", "one\ntwo", "one\ntwo"),
        ("richText", FieldType.RICH_TEXT, "**bold** שלום\n", "**bold** שלום", "**bold** שלום"),
        ("number", FieldType.NUMBER, 12.0, 12, 12),
        ("currency", FieldType.NUMBER, 9.5, 9.5, 9.5),
        ("percent", FieldType.NUMBER, 0.123, 0.123, 0.123),
        ("rating", FieldType.NUMBER, 4, 4, 4),
        ("duration", FieldType.NUMBER, 90, 90, 90),
        ("checkbox", FieldType.FLAG, True, True, True),
        ("singleSelect", FieldType.CHOICE, "A", "A", "A"),
        ("multipleSelects", FieldType.SET, ["B", "A"], frozenset({"A", "B"}), ["A", "B"]),
        ("date", FieldType.DAY, "2026-10-12", Day(date(2026, 10, 12)), "2026-10-12"),
        ("dateTime", FieldType.WHEN, "2026-10-12T08:00:00.000Z", Instant(AT), "2026-10-12T08:00:00.000Z"),
        ("singleCollaborator", FieldType.PERSON, ANN, Person("ann"), {"id": "usrANN"}),
    ],
)
def test_every_type_that_people_edit_is_read_and_written(
    native: str, type_: FieldType, raw: Any, value: Value, sent: Any, tmp_path: Path
) -> None:
    mapping = column(type_, native, tmp_path, "A", "B")
    assert mapping.get(record("airtable", fldX=raw)).values == {"extra": value}
    assert mapping.put(Kind.CAMPAIGN, {"extra": value}, None).fields == {"fldX": sent}


@pytest.mark.parametrize(
    ("native", "type_", "empty"),
    [
        ("singleLineText", FieldType.TEXT, None), ("richText", FieldType.RICH_TEXT, None),
        ("number", FieldType.NUMBER, None), ("checkbox", FieldType.FLAG, False), ("date", FieldType.DAY, None),
        ("singleSelect", FieldType.CHOICE, None), ("multipleSelects", FieldType.SET, frozenset()),
        ("dateTime", FieldType.WHEN, None), ("singleCollaborator", FieldType.PERSON, None),
        ("barcode", FieldType.TEXT, None), ("multipleLookupValues:singleLineText", FieldType.SET, frozenset()),
        ("formula:number", FieldType.NUMBER, None),
    ],
)  # fmt: skip
def test_a_cell_that_is_left_out_is_empty(native: str, type_: FieldType, empty: Value, tmp_path: Path) -> None:
    assert column(type_, native, tmp_path).get(record("airtable")).values == {"extra": empty}


@pytest.mark.parametrize(
    ("native", "type_", "raw", "sent"),
    [
        ("singleLineText", FieldType.TEXT, "x", None), ("checkbox", FieldType.FLAG, True, False),
        ("multipleSelects", FieldType.SET, ["A"], []), ("singleCollaborator", FieldType.PERSON, ANN, None),
        ("dateTime", FieldType.WHEN, "2026-10-12T08:00:00.000Z", None),
    ],
)  # fmt: skip
def test_a_cell_is_cleared_by_the_empty_value_of_its_type(
    native: str, type_: FieldType, raw: Any, sent: Any, tmp_path: Path
) -> None:
    mapping = column(type_, native, tmp_path, "A")
    empties: dict[FieldType, Value] = {FieldType.SET: frozenset(), FieldType.FLAG: False}
    empty = empties.get(type_)
    assert mapping.put(Kind.CAMPAIGN, {"extra": empty}, record("airtable", fldX=raw)).fields == {"fldX": sent}


@pytest.mark.parametrize(
    ("native", "type_", "raw", "value"),
    [
        ("formula:number", FieldType.NUMBER, 7, 7),
        ("formula:singleLineText", FieldType.TEXT, "a b", "a b"),
        ("formula:dateTime", FieldType.WHEN, "2026-10-12T08:00:00.000Z", Instant(AT)),
        ("formula:date", FieldType.DAY, "2026-10-12", Day(date(2026, 10, 12))),
        ("formula:checkbox", FieldType.FLAG, True, True),
        ("formula", FieldType.TEXT, 7, "7"),
        ("rollup:number", FieldType.NUMBER, 2.5, 2.5),
        ("count", FieldType.NUMBER, 3, 3),
        ("autoNumber", FieldType.NUMBER, 17, 17),
        ("createdTime:dateTime", FieldType.WHEN, "2026-10-12T08:00:00.000Z", Instant(AT)),
        ("createdTime:date", FieldType.DAY, "2026-10-12", Day(date(2026, 10, 12))),
        ("createdBy", FieldType.PERSON, ANN, Person("ann")),
        ("multipleLookupValues:singleLineText", FieldType.SET, ["VIP", None, "All"], frozenset({"VIP", "All"})),
        ("multipleLookupValues:multipleSelects", FieldType.SET, [["a", "b"], ["b"]], frozenset({"a", "b"})),
        ("multipleLookupValues:number", FieldType.NUMBER, [5, 5], 5),
        ("multipleLookupValues:singleCollaborator", FieldType.PERSON, [ANN], Person("ann")),
    ],
)
def test_a_computed_column_is_read_by_the_type_of_its_result_and_never_written(
    native: str, type_: FieldType, raw: Any, value: Value, tmp_path: Path
) -> None:
    mapping = column(type_, native, tmp_path, read_only=True)
    assert mapping.get(record("airtable", fldX=raw)).values == {"extra": value}
    view = mapping.views(Kind.CAMPAIGN)["extra"]
    assert (view.writable, view.project(value)) == (False, value)
    assert mapping.put(Kind.CAMPAIGN, {"extra": None}, record("airtable", fldX=raw)).fields == {}


@pytest.mark.parametrize(
    ("native", "type_", "raw", "told"),
    [
        ("formula:number", FieldType.NUMBER, {"error": "#ERROR!"}, "#ERROR!"),
        ("rollup:number", FieldType.NUMBER, {"specialValue": "NaN"}, "NaN"),
        ("multipleLookupValues:number", FieldType.NUMBER, [5, 6], "2 values"),
        ("dateTime", FieldType.WHEN, "2026-10-12T08:00:00", "no time zone"),
        ("singleSelect", FieldType.CHOICE, {"id": "selX", "name": "Done"}, "understood"),
    ],
)
def test_what_a_column_should_not_hold_is_told_and_not_guessed(
    native: str, type_: FieldType, raw: Any, told: str, tmp_path: Path
) -> None:
    reading = column(type_, native, tmp_path, "Done").get(record("airtable", fldX=raw))
    assert reading.values == {}
    assert told in reading.troubles["extra"]


@pytest.mark.parametrize("native", ["multipleRecordLinks", "multipleAttachments", "button", "aiText", "of next year"])
def test_a_column_that_no_mapping_can_use_is_refused_by_its_type(native: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"type '{native}'"):
        column(FieldType.SET, native, tmp_path)


@pytest.mark.parametrize("type_", [FieldType.RICH_TEXT, FieldType.TEXT])
def test_a_mention_is_read_as_a_name_and_never_overwritten(type_: FieldType, tmp_path: Path) -> None:
    mapping, held = column(type_, "multilineText", tmp_path), record("airtable", fldX=MENTIONED)
    assert mapping.get(held).values == {"extra": "Ask @Ann first"}
    native = mapping.put(Kind.CAMPAIGN, {"extra": "Ask nobody"}, held)
    assert native.fields == {}
    assert "mention" in native.refusals["extra"].reason


@pytest.mark.parametrize("theirs", ["* one\n* two\n", "- one\n- two", "- one\n- two\n\n"])
def test_how_airtable_spells_rich_text_anew_is_no_edit(theirs: str) -> None:
    mapping, ours = bound("airtable"), "- one\n- two"
    assert mapping.get(record("airtable", fldBrief=theirs)).values["brief"] == ours
    assert mapping.put(Kind.CAMPAIGN, {"brief": ours}, record("airtable", fldBrief=theirs)).fields == {}


def test_times_are_sent_in_utc_and_never_without_a_zone() -> None:
    shape = DIALECT.shape(NativeField("fldX", "X", "dateTime"))
    assert shape is not None
    berlin = datetime(2026, 10, 12, 10, tzinfo=timezone(timedelta(hours=2)))
    assert shape.write(berlin, None) == "2026-10-12T08:00:00.000Z"
    with pytest.raises(Unwritable, match="zone"):
        shape.write(datetime(2026, 10, 12, 10), None)


def test_a_barcode_keeps_its_kind(tmp_path: Path) -> None:
    held = record("airtable", fldX={"text": "40", "type": "upce"})
    native = column(FieldType.TEXT, "barcode", tmp_path).put(Kind.CAMPAIGN, {"extra": "41"}, held)
    assert native.fields == {"fldX": {"text": "41", "type": "upce"}}
