"""What changed in a base since a position, asked by times; the ids of all records; who the records name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.airtable import AirtableConnector
from connectors.airtable_changes import edited_since
from connectors.airtable_tables import Layout
from sync.errors import ConfigError, Outdated, Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Member
from tests.connectors.airtable_base import (
    CAMPAIGNS,
    META,
    SCHEMA,
    STAGES,
    connector,
    failure,
    query,
    row,
    schema_answers,
    sent,
    table,
)

pytestmark = pytest.mark.usefixtures("base")

SINCE = "DATETIME_PARSE('2026-10-08T06:58:00.000Z')"
MODIFIED = "LAST_MODIFIED_TIME()"
FORMULA = f"OR(IS_AFTER({MODIFIED}, {SINCE}), IS_AFTER(CREATED_TIME(), {SINCE}))"
ALL = {"isValid": True, "referencedFieldIds": [], "result": {"type": "dateTime"}}


@pytest.fixture
def airtable(base: None) -> AirtableConnector:
    return connector([], webhook_log=False)


@pytest.fixture
def since(wire: Any, airtable: AirtableConnector) -> str:
    """The position after a listing of a base that holds one campaign."""
    wire.get(CAMPAIGNS, json={"records": [row("rec1")]})
    wire.get(STAGES, json={"records": []})
    assert len(list(airtable.fetch())) == 1
    found = airtable.position()
    assert found is not None
    wire.remove("GET", CAMPAIGNS)
    wire.remove("GET", STAGES)
    return found


def asked(wire: Any) -> list[str]:
    """The formulas of the listings since, in order."""
    return [query(r)["filterByFormula"][0] for r in sent(wire, "GET") if "filterByFormula" in query(r)]


def test_a_position_is_short_and_tells_when_the_listing_began(since: str) -> None:
    told = json.loads(since)
    at = datetime.fromisoformat(told.pop("at"))
    assert timedelta(0) <= at - datetime(2026, 10, 8, 7, tzinfo=UTC) < timedelta(seconds=30)
    assert told == {"v": 1, "base": "appB", "form": told["form"], "log": None}
    assert len(since) < 200


def test_a_connector_that_has_read_nothing_has_no_position(airtable: AirtableConnector) -> None:
    assert airtable.position() is None


def test_changes_are_asked_for_with_an_overlap_by_the_tools_own_time(
    wire: Any, airtable: AirtableConnector, since: str
) -> None:
    exact = json.dumps(json.loads(since) | {"at": "2026-10-08T07:00:00.000+00:00"})
    wire.get(CAMPAIGNS, json={"records": [row("rec1", fldName="New")]})
    wire.get(STAGES, json={"records": [row("rec9")]})
    found = list(airtable.changes(exact))
    assert [isinstance(one, Record) and one.ref.native for one in found] == ["rec1", "rec9"]
    assert asked(wire) == [FORMULA, FORMULA]
    assert airtable.position() != exact


def test_a_delta_that_breaks_off_has_come_no_further(wire: Any, airtable: AirtableConnector, since: str) -> None:
    wire.get(CAMPAIGNS, json={"records": [row("rec1")]})
    wire.get(STAGES, status=503)
    delta = airtable.changes(since)
    assert isinstance(next(delta), Record)
    with pytest.raises(Unavailable):
        next(delta)
    assert airtable.position() == since


def test_a_listing_that_breaks_off_at_once_leaves_no_position(wire: Any, airtable: AirtableConnector) -> None:
    wire.get(CAMPAIGNS, status=503)
    with pytest.raises(Unavailable):
        list(airtable.fetch())
    assert (airtable.position(), airtable.reached()) == (None, None)


def test_one_that_goes_on_and_breaks_off_at_once_has_come_no_less_far(wire: Any, airtable: AirtableConnector) -> None:
    wire.get(CAMPAIGNS, json={"records": [row("rec1")], "offset": "itr/rec1"})
    wire.get(CAMPAIGNS, status=503)
    seen: list[Record] = []
    with pytest.raises(Unavailable):
        seen.extend(airtable.fetch())
    after = airtable.reached()
    assert (len(seen), after is None) == (1, False)
    with pytest.raises(Unavailable):
        seen.extend(airtable.fetch(after, [one.ref for one in seen]))
    assert (len(seen), airtable.reached()) == (1, after)


def test_a_base_that_tells_no_time_is_listed_anew(wire: Any, airtable: AirtableConnector) -> None:
    wire.replace("GET", META, json=SCHEMA)
    wire.get(CAMPAIGNS, json={"records": [row("rec1")]})
    wire.get(STAGES, status=503)
    with pytest.raises(Unavailable):
        list(airtable.fetch())
    assert (airtable.position(), airtable.reached()) == (None, None), "nobody could be asked what changes meanwhile"


def test_a_base_that_tells_no_time_has_no_position(wire: Any, airtable: AirtableConnector) -> None:
    wire.replace("GET", META, json=SCHEMA)
    wire.get(CAMPAIGNS, json={"records": []})
    wire.get(STAGES, json={"records": []})
    assert list(airtable.fetch()) == []
    assert airtable.position() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "null",
        "[]",
        "{}",
        '{"v": 2}',
        '{"v": 1, "base": "appB", "form": "x", "at": null, "log": 7}',
        "9" * 9000,
    ],
)
def test_a_position_of_another_kind_is_outdated(wire: Any, airtable: AirtableConnector, text: str) -> None:
    with pytest.raises(Outdated):
        list(airtable.changes(text))


@pytest.mark.parametrize("changed", [{"base": "appX"}, {"form": "0"}, {"at": None}])
def test_a_position_of_another_base_form_or_without_a_time_is_outdated(
    wire: Any, airtable: AirtableConnector, since: str, changed: dict[str, Any]
) -> None:
    with pytest.raises(Outdated):
        list(airtable.changes(json.dumps(json.loads(since) | changed)))


OTHER_TYPE = {"type": "richText"}
RENAMED_CHOICE = {"options": {"choices": [{"id": "sel1", "name": "Idea"}, {"id": "sel2", "name": "Sent"}]}}
REORDERED = {"options": {"choices": [{"id": "sel2", "name": "Sent"}, {"id": "sel1", "name": "Planned"}]}}


@pytest.mark.parametrize(
    "schema",
    [
        table("tblC", fldStatus=RENAMED_CHOICE),
        table("tblC", fldName={"type": "richText"}),
        table("tblS", fldTitle=None),
    ],
)
def test_a_choice_or_column_that_became_another_asks_for_a_full_listing(wire: Any, since: str, schema: Any) -> None:
    schema_answers(wire, schema)
    with pytest.raises(Outdated, match="columns or choices"):
        list(connector([], webhook_log=False).changes(since))


@pytest.mark.parametrize("schema", [table("tblC", fldName={"name": "Títle"}), table("tblC", fldStatus=REORDERED)])
def test_a_column_that_was_only_renamed_or_choices_in_another_order_do_not(wire: Any, since: str, schema: Any) -> None:
    schema_answers(wire, schema)
    wire.get(CAMPAIGNS, json={"records": []})
    wire.get(STAGES, json={"records": []})
    assert list(connector([], webhook_log=False).changes(since)) == []


def test_a_column_that_moves_while_it_is_asked_for_is_asked_for_by_its_new_name(wire: Any, since: str) -> None:
    old = table("tblC", fldAt={"name": "Changed", "options": ALL})
    new = table("tblC", fldAt={"name": "Edited", "options": ALL})
    schema_answers(wire, old, new)
    wire.get(CAMPAIGNS, **failure(422, "INVALID_FILTER_BY_FORMULA", "Unknown field names: changed"))
    wire.get(CAMPAIGNS, json={"records": [row("rec1")]})
    wire.get(STAGES, json={"records": []})
    assert len(list(connector([], webhook_log=False).changes(since))) == 1
    assert [formula[:20] for formula in asked(wire)] == [
        "OR(IS_AFTER({Changed",
        "OR(IS_AFTER({Edited}",
        "OR(IS_AFTER(LAST_MOD",
    ]


def test_a_formula_that_is_refused_twice_is_a_matter_of_configuration(wire: Any, since: str) -> None:
    wire.get(CAMPAIGNS, **failure(422, "INVALID_FILTER_BY_FORMULA", "The formula is invalid"))
    with pytest.raises(ConfigError, match="Check base and tables"):
        list(connector([], webhook_log=False).changes(since))


def modified(options: Any, name: str = "Edited") -> str:
    """How a table with such a column is asked what was edited."""
    schema = table("tblC", fldAt={"name": name, "options": options})["tables"]
    tables = Layout("appB", "Campaigns", "Stages", "Campaign", "Sync ID").tables("airtable", schema)
    formula = edited_since(tables[Kind.CAMPAIGN], datetime(2026, 10, 8, 7, tzinfo=UTC))
    assert formula.endswith(f", {SINCE}), IS_AFTER(CREATED_TIME(), {SINCE}))")
    return formula.removeprefix("OR(IS_AFTER(").removesuffix(f", {SINCE}), IS_AFTER(CREATED_TIME(), {SINCE}))")


@pytest.mark.parametrize(
    ("options", "used"),
    [
        (ALL, "{Edited}"),
        (ALL | {"referencedFieldIds": ["fldName", "fldStatus", "fldNew", "fldStages", "fldOther"]}, "{Edited}"),
        (ALL | {"referencedFieldIds": ["fldName"]}, MODIFIED),
        (ALL | {"result": {"type": "date"}}, MODIFIED),
        (ALL | {"isValid": False}, MODIFIED),
        (None, MODIFIED),
    ],
)
def test_a_last_modified_column_is_used_if_it_misses_nothing_and_tells_the_time(options: Any, used: str) -> None:
    assert modified(options) == used


@pytest.mark.parametrize("name", ['it\'s "so"', "Zuletzt geändert 😀", "נערך לאחרונה", "a, b) OR (1"])
def test_a_name_of_any_script_stands_in_braces(name: str) -> None:
    assert modified(ALL, name) == f"{{{name}}}"


@pytest.mark.parametrize("name", ["x}, 0), TRUE(), ({y", "a\\", "{", "two\nlines"])
def test_a_name_that_could_end_its_braces_never_gets_into_a_formula(name: str) -> None:
    assert modified(ALL, name) == MODIFIED


def test_a_census_asks_for_one_small_cell_of_every_record(wire: Any, airtable: AirtableConnector) -> None:
    wire.get(CAMPAIGNS, json={"records": [row("rec1"), row("rec2")]})
    wire.get(STAGES, json={"records": [row("rec9", fldSyncS="cs-9")]})
    refs = [("rec1", Kind.CAMPAIGN), ("rec2", Kind.CAMPAIGN), ("rec9", Kind.STAGE)]
    assert list(airtable.census()) == [Ref("airtable", kind, native) for native, kind in refs]
    listings = [query(r) for r in sent(wire, "GET") if "pageSize" in query(r)]
    assert [(q["fields[]"], q["pageSize"]) for q in listings] == [(["fldSync"], ["100"]), (["fldSyncS"], ["100"])]


def test_a_census_over_a_marker_that_moved_goes_by_a_fresh_schema(wire: Any, airtable: AirtableConnector) -> None:
    schema_answers(wire, SCHEMA, table("tblC", fldSync={"id": "fldSync2"}))
    wire.get(CAMPAIGNS, **failure(422, "UNKNOWN_FIELD_NAME", 'Unknown field name: "fldSync"'))
    wire.get(CAMPAIGNS, json={"records": [row("rec1")]})
    wire.get(STAGES, json={"records": []})
    assert len(list(airtable.census())) == 1


def test_the_collaborators_that_records_name_are_the_members(wire: Any, airtable: AirtableConnector) -> None:
    several = {"type": "multipleCollaborators"}
    schema_answers(wire, table("tblC", fldNew=several, fldName={"type": "singleCollaborator"}))
    ann, bob = {"id": "usrA", "email": "ann@x.example", "name": "Ann"}, {"id": "usrB", "name": "Bob"}
    wire.get(
        CAMPAIGNS, json={"records": [row("rec1", fldNew=[bob, ann], fldBy={"id": "usrC"}), row("rec2", fldName=ann)]}
    )
    wire.get(STAGES, json={"records": [row("rec9", fldTitle="usrD")]})
    assert airtable.members() == []
    list(airtable.fetch())
    members = [Member("usrA", "Ann", "ann@x.example"), Member("usrB", "Bob"), Member("usrC", "usrC")]
    assert airtable.members() == members
