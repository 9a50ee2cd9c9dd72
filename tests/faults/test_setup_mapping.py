"""A mapping whose native fields have changed: strict where people write it, forgiving where a run has to go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mappings.bind import bind
from mappings.load import load
from sync.errors import ConfigError
from sync.model import Kind, Record, schema
from sync.ports import BoundMapping, NativeSchema, Refusal
from tests.mappings.company import NATIVE, PEOPLE, ZONE, bound, record


def without(tool: str, name: str) -> NativeSchema:
    """The tool's fields after one was renamed."""
    return {
        kind: tuple(replace(field, name="Elsewhere") if field.name == name else field for field in fields)
        for kind, fields in NATIVE[tool].items()
    }


def lenient(native: NativeSchema, tool: str = "airtable") -> BoundMapping:
    return bind(load(None, tool), tool, native, schema(), PEOPLE, ZONE, strict=False)


def test_a_lost_field_leaves_out_only_itself() -> None:
    native = without("airtable", "Program")
    with pytest.raises(ConfigError, match="has no campaign field 'Program'"):
        bind(load(None, "airtable"), "airtable", native, schema(), PEOPLE, ZONE)
    mapping = lenient(native)
    held = record("airtable", fldName="Sale", fldProgram="Event")

    reading = mapping.get(held)

    assert reading.values["name"] == "Sale"
    assert "program" not in reading.values
    assert reading.troubles["program"].startswith("airtable has no campaign field 'Program' now. Undo that in Airtable")
    view = mapping.views(Kind.CAMPAIGN)["program"]
    assert isinstance(view.project("Event"), Refusal)
    assert not view.writable
    assert mapping.put(Kind.CAMPAIGN, {"program": "Event", "name": "Sale"}, None).fields == {"fldName": "Sale"}
    assert mapping.native_field(Kind.CAMPAIGN, "program") is None


@pytest.mark.parametrize("name", ["Name", "Stage", "Title", "Jira key"])
def test_what_no_record_can_do_without_is_an_error_all_the_same(name: str) -> None:
    with pytest.raises(ConfigError, match=f"field '{name}'"):
        lenient(without("airtable", name))


def test_a_list_that_was_deleted_is_no_audience_and_is_not_sent_again() -> None:
    mapping = bound("klaviyo")
    kept, gone = {"id": "Y6nRLr", "name": "Newsletter list"}, {"id": "GONE", "name": "GONE"}
    held = Record(record("klaviyo").ref, {"audiences": {"included": [gone, kept], "excluded": []}})

    assert mapping.get(held).values["audiences"] == frozenset({"Newsletter list"})
    native = mapping.put(Kind.CAMPAIGN, {"audiences": frozenset({"Newsletter list", "VIP customers"})}, held)
    assert [one["id"] for one in native.fields["audiences"]["included"]] == ["Y6nRLr", "UTd5ui"]
