"""Whole records of Jira and Airtable in canonical terms and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from mappings.bind import bind
from mappings.load import load
from mappings.richtext import to_adf
from sync.model import Day, Instant, Kind, Person, Value, schema
from sync.ports import Refusal
from tests.mappings.company import NATIVE, PEOPLE, ZONE, bound, record

JIRA, AIRTABLE = bound("jira"), bound("airtable")
EPIC: dict[str, Any] = {
    "summary": "Spring sale",
    "description": to_adf("Go"),
    "duedate": "2026-10-12",
    "assignee": {"accountId": "5b10ann", "displayName": "Ann Lee", "active": True},
    "labels": ["spring"],
    "status": {"id": "opt2", "name": "In Review"},
    "customfield_10031": {"id": "opt1", "value": "Promotion"},
    "customfield_10032": [{"id": "Y6nRLr", "value": "Newsletter list"}],
    "customfield_10033": "It starts Friday",
    "customfield_10040": 1200.0,
    "customfield_10099": "somebody else's",
}  # fmt: skip


def test_an_epic_reads_as_a_campaign() -> None:
    reading = JIRA.get(record("jira", **EPIC))

    assert reading.values == {
        "name": "Spring sale", "brief": "Go", "planned_send": Day(date(2026, 10, 12)), "owner": Person("ann"),
        "tags": {"spring"}, "status": "in_review", "program": "Promotion", "audiences": {"Newsletter list"},
        "subject": "It starts Friday", "delivered": 1200,
    }  # fmt: skip
    assert not reading.troubles


def test_only_what_changed_is_written_and_only_what_is_mapped() -> None:
    epic = record("jira", **EPIC)
    values = {**JIRA.get(epic).values, "status": "approved", "tags": frozenset({"spring", "vip"})}

    native = JIRA.put(Kind.CAMPAIGN, values, epic)

    assert native.fields == {"status": {"name": "Approved"}, "labels": ["spring", "vip"]}


def test_the_planned_time_of_day_does_not_rewrite_a_due_date() -> None:
    value = Instant(datetime(2026, 10, 12, 8, tzinfo=UTC))

    assert JIRA.put(Kind.CAMPAIGN, {"planned_send": value}, record("jira", **EPIC)).fields == {}


def test_a_jira_field_that_is_missing_is_unknown_and_an_airtable_cell_is_empty() -> None:
    assert "subject" not in JIRA.get(record("jira", summary="x")).values
    assert AIRTABLE.get(record("airtable", fldName="x")).values["subject"] is None
    assert AIRTABLE.get(record("airtable", fldName="x")).values["tags"] == frozenset()


def test_labels_with_blanks_stay_where_they_are_and_markers_are_no_tags() -> None:
    held = record("jira", labels=["spring", "cs-7k2m9x4q"])
    view = JIRA.views(Kind.CAMPAIGN)["tags"]
    agreed = frozenset({"spring", "black friday"})

    assert JIRA.get(held).values["tags"] == frozenset({"spring"})
    assert view.project(agreed) == frozenset({"spring"})
    assert view.lift(agreed, frozenset({"promo"})) == frozenset({"promo", "black friday"})
    assert JIRA.put(Kind.CAMPAIGN, {"tags": agreed}, held).fields == {}
    assert JIRA.put(Kind.CAMPAIGN, {"tags": frozenset()}, held).fields == {"labels": ["cs-7k2m9x4q"]}


def test_an_option_that_went_away_stays_on_the_records_that_have_it() -> None:
    held = record("jira", customfield_10032=[{"value": "Old list"}, {"value": "Lapsed"}])

    native = JIRA.put(Kind.CAMPAIGN, {"audiences": frozenset({"Old list", "VIP customers", "Nowhere"})}, held)

    assert JIRA.get(held).values["audiences"] == frozenset({"Old list", "Lapsed"})
    assert native.fields == {"customfield_10032": [{"value": "Old list"}, {"value": "VIP customers"}]}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("name", "x" * 256, "at most 255 characters, and this text has 256"),
        ("name", "😀" * 128, "this text has 256"),
        ("name", None, "cannot be emptied"),
        ("program", "Webinar", "no option 'Webinar'"),
        ("status", "odd", "no word for 'odd'"),
        ("delivered", float("nan"), "cannot hold a number"),
        ("delivered", "many", "holds a number only"),
    ],
)
def test_what_jira_cannot_hold_is_refused_in_words(name: str, value: Any, words: str) -> None:
    native = JIRA.put(Kind.CAMPAIGN, {name: value, "subject": "Go"}, record("jira", **EPIC))

    assert native.fields == {"customfield_10033": "Go"}
    assert words in native.refusals[name].reason


def test_line_breaks_in_names_become_blanks() -> None:
    assert JIRA.put(Kind.CAMPAIGN, {"name": "Spring\r\nsale \u2028now"}, record("jira", **EPIC)).fields == {
        "summary": "Spring sale now"
    }


def test_an_unknown_word_is_a_trouble_and_the_rest_is_read() -> None:
    reading = JIRA.get(record("jira", **{**EPIC, "status": {"id": "9", "name": "On Hold"}, "summary": 7}))

    assert "'On Hold'" in reading.troubles["status"]
    assert "could not be understood" in reading.troubles["name"]
    assert reading.values["program"] == "Promotion"
    assert not {"status", "name"} & reading.values.keys()


def test_airtable_names_the_jira_issue() -> None:
    assert AIRTABLE.get(record("airtable", fldKey=" CAM-17 ")).key == "CAM-17"
    assert AIRTABLE.get(record("airtable")).key is None


def test_a_new_stage_gets_a_title_from_its_campaign() -> None:
    values: dict[str, Value] = {
        "kind": "qa",
        "owner": Person("ann"),
        "due": Day(date(2026, 10, 1)),
        "campaign.name": "Spring sale",
    }

    assert AIRTABLE.put(Kind.STAGE, values, None).fields == {
        "fldTitle": "QA: Spring sale", "fldStage": "QA", "fldOwner": {"id": "usrANN"}, "fldDue": "2026-10-01",
    }  # fmt: skip
    assert JIRA.put(Kind.STAGE, values, None).fields["summary"] == "QA: Spring sale"
    assert "summary" not in JIRA.put(Kind.STAGE, values, record("jira", Kind.STAGE)).fields


def test_a_long_title_is_cut() -> None:
    title = JIRA.put(Kind.STAGE, {"kind": "design", "campaign.name": "😀" * 200}, None).fields["summary"]

    assert len(title.encode("utf-16-le")) // 2 <= 255
    assert title.startswith("Design: 😀")
    assert title.endswith("…")


def test_a_creation_reports_what_it_leaves_out() -> None:
    native = JIRA.put(Kind.CAMPAIGN, {"name": "Sale", "owner": Person("cat"), "brief": None, "tags": frozenset()}, None)

    assert native.fields == {"summary": "Sale"}
    assert native.refusals.keys() == {"owner"}


def test_a_stage_needs_its_kind_and_a_name_must_fit() -> None:
    assert JIRA.lacking(Kind.STAGE, {}) == "a kind of stage"
    assert JIRA.lacking(Kind.STAGE, {"kind": "qa"}) is None
    lacking = JIRA.lacking(Kind.CAMPAIGN, {"name": "x" * 300})
    assert lacking is not None
    assert lacking.startswith("a name that Jira can take (Summary in Jira holds at most 255")


def test_a_number_beyond_a_float_is_refused() -> None:
    shown = AIRTABLE.views(Kind.CAMPAIGN)["delivered"].project(10**400)

    assert isinstance(shown, Refusal)


def test_a_text_that_jira_never_takes_is_refused_before_it_is_sent() -> None:
    held = record("jira", description=None)
    fits = bound("jira").put(Kind.CAMPAIGN, {"brief": "**" + "x" * 32_767 + "**"}, held)
    assert not fits.refusals
    refused = bound("jira").put(Kind.CAMPAIGN, {"brief": "🎈" * 16_384}, held)
    assert refused.fields == {}
    assert "at most 32767 characters" in refused.refusals["brief"].reason


def test_somebody_who_has_left_is_not_assigned_in_jira() -> None:
    gone = replace(PEOPLE[0], active=False)
    mapping = bind(load(None, "jira"), "jira", NATIVE["jira"], schema(), (gone,), ZONE)
    for held in (record("jira", assignee=None), None):
        put = mapping.put(Kind.CAMPAIGN, {"name": "x", "owner": Person("ann")}, held)
        assert "assignee" not in put.fields
        assert "Ann Lee is not active" in put.refusals["owner"].reason
    kept = record("jira", assignee={"accountId": "5b10ann", "active": False})
    assert mapping.put(Kind.CAMPAIGN, {"owner": Person("ann")}, kept).refusals == {}
