"""Binding: names become ids, and a field that is not there or does not fit is an error with a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.bind import bind
from mappings.load import load
from sync.errors import ConfigError
from sync.model import Field, FieldType, Kind, schema
from sync.ports import BoundMapping, NativeField, NativeSchema
from tests.mappings.company import NATIVE, PEOPLE, ZONE, bound, record


def bound_to(tmp_path: Path, text: str, native: NativeSchema | None = None, type_: str = "airtable") -> BoundMapping:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    custom = (Field("vip", FieldType.FLAG, "VIP", custom=True),)
    return bind(load(path, type_), type_, native or NATIVE[type_], schema(custom), PEOPLE, ZONE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = { field = "Nmae" }', "airtable has no campaign field 'Nmae'; did you mean 'Name'?"),
        ('nmae = { field = "Name" }', "a campaign has no field 'nmae'; did you mean 'name'?"),
        ('brief = { field = "Name" }', "Name in Airtable (type 'singleLineText') cannot hold 'brief'"),
        ('owner = { field = "Delivered" }', "cannot hold 'owner', which is a person"),
        ('planned_send = { field = "Owner" }', "cannot hold 'planned_send', which is a date or time"),
        ('planned_send = { field = "Planned send", type_field = "Owner" }', "with Owner in Airtable"),
        ('name = { field = "Name", type_field = "Program" }', "cannot hold 'name'"),
        ('name = { field = "Name", values = { a = "b" } }', "takes no values"),
        ('tags = { field = "Tags", values = { a = ["b", "c"] } }', "exactly one word"),
        ('name = { field = "Name" }\nsubject = { field = "Name" }', "and so is 'name'"),
    ],
)
def test_a_field_that_does_not_fit_is_an_error(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        bound_to(tmp_path, f"[campaign.fields]\n{text}\n")

    assert words in str(caught.value)
    assert f"mine.toml, line {1 + len(text.splitlines())}:" in str(caught.value)


def test_two_fields_of_one_name_need_the_id(tmp_path: Path) -> None:
    native = {
        Kind.CAMPAIGN: (NativeField("fld1", "Name", "singleLineText"), NativeField("fld2", "Name", "singleLineText"))
    }

    with pytest.raises(ConfigError, match="write the id instead: fld1 or fld2"):
        bound_to(tmp_path, '[campaign.fields]\nname = { field = "Name" }\n', native)
    mapping = bound_to(tmp_path, '[campaign.fields]\nname = { field = "fld2" }\n', native)

    assert mapping.native_field(Kind.CAMPAIGN, "name") == "fld2"


def test_an_id_goes_before_a_name(tmp_path: Path) -> None:
    native = {Kind.CAMPAIGN: (NativeField("a", "b", "singleLineText"), NativeField("b", "a", "singleLineText"))}

    mapping = bound_to(tmp_path, '[campaign.fields]\nname = { field = "a" }\n', native)

    assert mapping.native_field(Kind.CAMPAIGN, "name") == "a"


def test_a_tool_without_stages_takes_no_stage_section(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="klaviyo holds no stages"):
        bound_to(tmp_path, '[stage.fields]\ndue = { field = "x" }\n', type_="klaviyo")


@pytest.mark.parametrize("spec", ['{ field = "Last modified" }', '{ field = "Planned send", access = "read" }'])
def test_read_only_fields_are_shown_and_never_written(tmp_path: Path, spec: str) -> None:
    mapping = bound_to(tmp_path, f"[campaign.fields]\nplanned_send = {spec}\n")

    assert not mapping.views(Kind.CAMPAIGN)["planned_send"].writable
    assert (
        mapping.put(Kind.CAMPAIGN, {"planned_send": None}, record("airtable", fldPlanned="2026-01-01T00:00Z")).fields
        == {}
    )


def test_yes_and_no_may_be_two_options(tmp_path: Path) -> None:
    mapping = bound_to(
        tmp_path, '[campaign.fields]\nvip = { field = "Program", values = { true = "Event", false = "Promotion" } }\n'
    )
    held = record("airtable", fldProgram="Event")

    assert mapping.get(held).values["vip"] is True
    assert mapping.put(Kind.CAMPAIGN, {"vip": False}, held).fields == {"fldProgram": "Promotion"}


def test_creation_templates_need_a_field_for_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"line 2: Due in Airtable takes no text"):
        bound_to(tmp_path, '[stage.create]\nDue = "{kind}"\n')
    with pytest.raises(ConfigError, match="has no stage field 'Titel'; did you mean 'Title'"):
        bound_to(tmp_path, '[stage.create]\nTitel = "{kind}"\n')


@pytest.mark.parametrize(
    ("tool", "kind", "name", "native"),
    [
        ("jira", Kind.CAMPAIGN, "name", "summary"),
        ("jira", Kind.CAMPAIGN, "scheduled_send", "customfield_10034"),
        ("jira", Kind.STAGE, "kind", "customfield_10030"),
        ("airtable", Kind.CAMPAIGN, "planned_send", "fldPlanned"),
        ("klaviyo", Kind.CAMPAIGN, "planned_send", "planned"),
        ("klaviyo", Kind.CAMPAIGN, "owner", None),
        ("klaviyo", Kind.STAGE, "kind", None),
        ("airtable", Kind.STAGE, "campaign", None),
    ],
)
def test_native_fields(tool: str, kind: Kind, name: str, native: str | None) -> None:
    assert bound(tool).native_field(kind, name) == native


def test_packaged_mappings_hold_every_field_the_demo_tools_have() -> None:
    fields = schema()
    campaign = set(fields.campaign)

    assert set(bound("jira").views(Kind.CAMPAIGN)) == campaign
    assert set(bound("airtable").views(Kind.CAMPAIGN)) == campaign
    assert set(bound("jira").views(Kind.STAGE)) == set(fields.stage) - {"campaign"}
    assert set(bound("airtable").views(Kind.STAGE)) == set(fields.stage) - {"campaign"}
    assert bound("klaviyo").views(Kind.STAGE) == {}
