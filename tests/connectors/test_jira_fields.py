"""Jira's field types, and sets that are written by what is added and removed."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.jira_fields import shape
from sync.model import Kind
from sync.ports import NativeField, Update, Written
from tests.connectors.jira_wire import API, FIELDS, Wire, connector, epic_record, error_of, issue, one

CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes"


@pytest.mark.parametrize(
    ("schema", "cloud", "house"),
    [
        ({"type": "string", "system": "summary"}, "string", "string"),
        ({"type": "string", "custom": f"{CUSTOM}:textfield"}, "string", "string"),
        ({"type": "string", "custom": f"{CUSTOM}:url"}, "string", "string"),
        ({"type": "string", "system": "description"}, "doc", "wiki"),
        ({"type": "string", "system": "environment"}, "doc", "wiki"),
        ({"type": "string", "custom": f"{CUSTOM}:textarea"}, "doc", "wiki"),
        ({"type": "date"}, "date", "date"),
        ({"type": "datetime"}, "datetime", "datetime"),
        ({"type": "number"}, "number", "number"),
        ({"type": "user"}, "user", "username"),
        ({"type": "array", "items": "user"}, "array:user", "array:username"),
        ({"type": "option"}, "option", "option"),
        ({"type": "array", "items": "option"}, "array:option", "array:option"),
        ({"type": "option-with-child"}, "option-with-child", "option-with-child"),
        ({"type": "array", "items": "string"}, "array:string", "array:string"),
        ({"type": "array", "items": "component"}, "array:component", "array:component"),
        ({"type": "array", "items": "version"}, "array:version", "array:version"),
        ({"type": "version"}, "version", "version"),
        ({"type": "priority"}, "priority", "priority"),
        ({"type": "resolution"}, "resolution", "resolution"),
        ({"type": "status"}, "status", "status"),
        ({"type": "issuetype"}, "issuetype", "issuetype"),
        ({"type": "project"}, "project", "project"),
        ({"type": "array", "items": "attachment"}, None, None),
        ({"type": "array", "items": "worklog"}, None, None),
        ({"type": "array"}, None, None),
        ({"type": "progress"}, None, None),
        ({"type": "any"}, None, None),
        ({}, None, None),
    ],
)
def test_every_type_has_a_word(schema: dict[str, Any], cloud: str | None, house: str | None) -> None:
    assert shape(schema, cloud=True) == cloud
    assert shape(schema, cloud=False) == house


def custom(site: Wire, schema: dict[str, Any], screen: dict[str, Any]) -> NativeField:
    """The field of this schema, on the screen of an epic."""
    known = [one for one in FIELDS if one["id"] in ("summary", "labels", "status")]
    site.replace("GET", f"{API}/field", json=[*known, {"id": "customfield_1", "name": "Odd", "schema": schema}])
    found = {"fields": [{"fieldId": "customfield_1", **screen}], "total": 1}
    site.replace("GET", f"{API}/issue/createmeta/10000/issuetypes/10001", json=found)
    return next(field for field in connector().schema()[Kind.CAMPAIGN] if field.id == "customfield_1")


@pytest.mark.parametrize("sort", ["issuetype", "project"])
def test_what_makes_a_record_ours_is_read_only(site: Wire, sort: str) -> None:
    field = custom(site, {"type": sort}, {"operations": ["set"], "allowedValues": [{"id": "1", "name": "X"}]})
    assert field.read_only
    assert field.options == ()


def test_a_cascading_select_offers_each_pair(site: Wire) -> None:
    children = [{"id": "11", "value": "Kiel"}, {"id": "12", "value": "Bonn / Cologne"}]
    allowed = [{"id": "1", "value": "Germany", "children": children}, {"id": "2", "value": "A/B"}]
    field = custom(site, {"type": "option-with-child"}, {"operations": ["set"], "allowedValues": allowed})
    assert field.options == (
        ("1", "Germany"), ("11", "Germany / Kiel"), ("12", "Germany / Bonn \\/ Cologne"), ("2", "A/B"),
    )  # fmt: skip


def test_a_field_on_no_screen_is_read_only(site: Wire) -> None:
    fields = {field.id: field for field in connector().schema()[Kind.STAGE]}
    assert fields["customfield_10031"].read_only
    assert fields["customfield_10031"].options == ()


# Sets

BOTH = {"operations": ["add", "set", "remove"]}


def verbs(site: Wire, items: str, before: Any, wanted: Any) -> Any:
    custom(site, {"type": "array", "items": items}, BOTH)
    site.on("PUT", "issue/10451", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue()]})
    outcome = one(connector(), Update(epic_record(customfield_1=before), {"customfield_1": wanted}))
    assert isinstance(outcome, Written)
    return next((body["update"]["customfield_1"] for body in site.sent("PUT", "issue/10451")), None)


def test_options_are_added_and_removed_and_the_others_left(site: Wire) -> None:
    before = [{"self": "…", "id": "7", "value": "VIP"}, {"self": "…", "id": "8", "value": "UK"}]
    found = verbs(site, "option", before, [{"value": "UK"}, {"value": "US"}])
    assert found == [{"add": {"value": "US"}}, {"remove": {"id": "7"}}]


def test_versions_are_told_apart_by_id_where_both_have_one(site: Wire) -> None:
    before = [{"id": "1", "name": "1.0"}, {"id": "2", "name": "1.1"}]
    found = verbs(site, "version", before, [{"id": "1", "name": "renamed"}, {"id": "3", "name": "1.1"}])
    assert found == [{"add": {"id": "3"}}, {"remove": {"id": "2"}}]


def test_people_are_told_apart_by_account(site: Wire) -> None:
    before = [{"accountId": "5b10", "displayName": "Ann"}]
    assert verbs(site, "user", before, [{"accountId": "5b11"}]) == [
        {"add": {"accountId": "5b11"}}, {"remove": {"accountId": "5b10"}},
    ]  # fmt: skip


def test_a_set_is_cleared_by_removing_what_it_holds(site: Wire) -> None:
    assert verbs(site, "component", [{"id": "1", "name": "Mail"}], None) == [{"remove": {"id": "1"}}]


def test_an_empty_set_is_filled_each_element_once(site: Wire) -> None:
    assert verbs(site, "string", None, ["a", "a", "b"]) == [{"add": "a"}, {"add": "b"}]


def test_a_set_that_holds_what_is_wanted_is_not_written(site: Wire) -> None:
    assert verbs(site, "string", ["a", "b"], ["b", "a"]) is None
    assert not site.sent("PUT", "issue/10451")


def test_a_set_that_cannot_be_understood_is_left_as_it_is(site: Wire) -> None:
    custom(site, {"type": "array", "items": "option"}, BOTH)
    error = error_of(one(connector(), Update(epic_record(customfield_1="x"), {"customfield_1": [{"value": "UK"}]})))
    assert "The Odd of CAM-17 cannot be understood, so none is changed." in str(error)
    assert not site.sent("PUT", "issue/10451")


def test_labels_of_any_name_are_written_as_they_are(site: Wire) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue()]})
    odd = ['x"_OR_project=OPS', "🎉", "مرحبا", "\\"]
    assert isinstance(one(connector(), Update(epic_record(), {"labels": odd})), Written)
    assert site.sent("PUT", "issue/10451") == [{"update": {"labels": [{"add": label} for label in odd]}}]
