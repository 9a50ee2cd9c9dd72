"""The merge of one cell, case by case: stale edits, first sights, clearings, days against times."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.merge import Memory, Past, merge
from sync.model import Day, Value
from sync.ports import Refusal, View
from tests.sync.plain import AsIs, DayOnly, Only, instant

TIMES: tuple[Value, ...] = (
    None,
    Day(date(2026, 3, 10)),
    Day(date(2026, 3, 12)),
    instant("2026-03-10T08:00"),
    instant("2026-03-10T15:30"),
    instant("2026-03-12T08:00"),
    instant("2026-03-12T15:30"),
)
WORDS: tuple[Value, ...] = (None, "red", "green", "blue")
FEW = frozenset({"red", "green"})


@given(st.permutations(["a", "b", "c"]))
def test_an_edit_by_somebody_who_had_not_been_shown_the_agreed_value_is_a_conflict_with_it(order: list[str]) -> None:
    # given b's edit "new", agreed and written to c, while the write to a failed
    past = Past("new", {"a": Memory("old"), "b": Memory("new"), "c": Memory("new")})
    # when somebody edits a, still showing "old", to something else
    now = {"a": "other", "b": "new", "c": "new"}
    merged = merge(past, {tool: now[tool] for tool in order}, {tool: AsIs() for tool in order})
    # then
    assert merged.conflict is not None
    assert merged.conflict.claims == {"a": "other", "b": "new", "c": "new"}
    assert merged.writes == {}


def test_an_unaware_edit_is_a_conflict_also_while_the_holder_of_the_agreed_value_cannot_be_read() -> None:
    past = Past("new", {"a": Memory("old"), "b": Memory("new")})
    views = {"a": AsIs(), "b": AsIs()}
    merged = merge(past, {"a": "other"}, {"a": AsIs()})
    assert merged.conflict is not None
    assert merged.conflict.claims == {"a": "other", "b": "new"}
    assert merge(past, {"a": "new"}, {"a": AsIs()}).conflict is None
    assert merge(past, {"a": "other", "b": "new"}, views).conflict == merged.conflict


def test_an_unaware_edit_goes_with_the_same_edit_by_somebody_who_had_been_shown_the_agreed_value() -> None:
    past = Past("new", {"a": Memory("old"), "b": Memory("new"), "c": Memory("new")})
    merged = merge(past, {"a": "newer", "b": "newer", "c": "new"}, {tool: AsIs() for tool in "abc"})
    assert (merged.value, merged.writes, merged.conflict) == ("newer", {"c": "newer"}, None)


def test_what_was_agreed_while_a_tool_that_cannot_be_written_was_away_conflicts_when_it_is_back() -> None:
    views: dict[str, View] = {"esp": AsIs(writable=False), "plan": AsIs()}
    # given the plan was edited while the esp could not be read
    past = Past("eight", {"esp": Memory("eight"), "plan": Memory("eight")})
    merged = merge(past, {"plan": "nine"}, views)
    assert merged.value == "nine"
    # when the esp is back and still says what it said
    past = Past("nine", {**past.tools, **merged.memory})
    now: dict[str, Value] = {"esp": "eight", "plan": "nine"}
    merged = merge(past, now, views)
    # then
    assert merged.conflict is not None
    assert merged.conflict.claims == now
    assert merged.conflict.read_only == {"esp"}
    assert merge(past, {"esp": "eight", "plan": "eight"}, views).value == "eight"


def test_an_edit_by_somebody_who_had_been_shown_the_agreed_value_supersedes_it() -> None:
    past = Past("new", {"a": Memory("new"), "b": Memory("new"), "c": Memory("old")})
    merged = merge(past, {"a": "newer", "b": "new", "c": "old"}, {tool: AsIs() for tool in "abc"})
    assert merged.value == "newer"
    assert merged.writes == {"b": "newer", "c": "newer"}


def test_an_edit_in_a_tool_that_normalised_the_agreed_value_supersedes_it() -> None:
    past = Past("New!", {"a": Memory("new", "New!"), "b": Memory("New!")})
    merged = merge(past, {"a": "newer", "b": "New!"}, {tool: AsIs() for tool in "ab"})
    assert (merged.value, merged.writes) == ("newer", {"b": "newer"})


def test_a_clearing_is_an_edit() -> None:
    past = Past("text", {"a": Memory("text"), "b": Memory("text")})
    merged = merge(past, {"a": None, "b": "text"}, {tool: AsIs() for tool in "ab"})
    assert merged.value is None
    assert merged.writes == {"b": None}
    assert merged.editors == {"a"}


def test_a_clearing_against_an_edit_is_a_conflict() -> None:
    past = Past("text", {"a": Memory("text"), "b": Memory("text")})
    merged = merge(past, {"a": None, "b": "more"}, {tool: AsIs() for tool in "ab"})
    assert merged.conflict is not None
    assert merged.conflict.claims == {"a": None, "b": "more"}


def test_taking_an_edit_back_ends_the_conflict_and_the_other_edit_stands() -> None:
    past = Past("text", {"a": Memory("text"), "b": Memory("text")})
    assert merge(past, {"a": "mine", "b": "yours"}, {tool: AsIs() for tool in "ab"}).conflict
    merged = merge(past, {"a": "text", "b": "yours"}, {tool: AsIs() for tool in "ab"})
    assert (merged.value, merged.writes) == ("yours", {"a": "yours"})


@pytest.mark.parametrize("empty", [None, "", False, frozenset[str]()])
def test_an_empty_cell_at_first_sight_is_no_edit(empty: Value) -> None:
    filled: Value = frozenset({"x"}) if isinstance(empty, frozenset) else "text"
    for order in permutations("ab"):
        now: dict[str, Value] = {"a": empty, "b": filled}
        merged = merge(Past(), {tool: now[tool] for tool in order}, {"a": AsIs(), "b": AsIs()})
        assert (merged.value, merged.writes, merged.conflict) == (filled, {"a": filled}, None)


@pytest.mark.parametrize("empties", [(None, False), (False, None), ("", None)])
def test_tools_that_are_empty_in_different_ways_at_first_sight_are_left_as_they_are(empties: tuple[Value, ...]) -> None:
    now = dict(zip("ab", empties, strict=True))
    views = {"a": AsIs(), "b": AsIs()}
    merged = merge(Past(), now, views)
    assert (merged.writes, merged.editors, merged.conflict) == ({}, frozenset(), None)
    again = merge(Past(merged.value, merged.memory), now, views)
    assert (again.writes, again.editors, again.conflict) == ({}, frozenset(), None)


def test_different_values_at_first_sight_are_a_conflict() -> None:
    merged = merge(Past(), {"a": "one", "b": "two", "c": None}, {tool: AsIs() for tool in "abc"})
    assert merged.conflict is not None
    assert merged.conflict.claims == {"a": "one", "b": "two"}


def test_a_record_that_joins_later_does_not_overrule_what_was_agreed() -> None:
    past = Past("agreed", {"a": Memory("agreed")})
    merged = merge(past, {"a": "agreed", "b": "else"}, {"a": AsIs(), "b": AsIs()})
    assert merged.conflict is not None
    assert merged.conflict.claims == {"a": "agreed", "b": "else"}


def test_a_record_that_joins_later_fills_what_was_empty() -> None:
    past = Past(None, {"a": Memory(None)})
    merged = merge(past, {"a": None, "b": "text"}, {"a": AsIs(), "b": AsIs()})
    assert (merged.value, merged.writes) == ("text", {"a": "text"})


def test_a_day_edited_where_only_days_are_shown_keeps_the_time_of_day() -> None:
    noon = instant("2026-03-10T12:00")
    past = Past(noon, {"jira": Memory(Day(date(2026, 3, 10))), "airtable": Memory(noon)})
    now: dict[str, Value] = {"jira": Day(date(2026, 3, 12)), "airtable": noon}
    merged = merge(past, now, {"jira": DayOnly(), "airtable": AsIs()})
    assert merged.writes == {"airtable": instant("2026-03-12T12:00")}


def test_a_day_that_both_of_two_disputed_times_fall_on_is_no_party_to_the_conflict() -> None:
    past = Past(None, {tool: Memory(None) for tool in "abc"})
    now: dict[str, Value] = {
        "a": Day(date(2026, 3, 10)),
        "b": instant("2026-03-10T08:00"),
        "c": instant("2026-03-10T15:30"),
    }
    merged = merge(past, now, {"a": DayOnly(), "b": AsIs(), "c": AsIs()})
    assert merged.conflict is not None
    assert set(merged.conflict.claims) == {"b", "c"}


def test_what_a_tool_cannot_show_is_refused_with_a_reason_and_given_to_the_others() -> None:
    past = Past("red", {tool: Memory("red") for tool in "abc"})
    merged = merge(past, {"a": "blue", "b": "red", "c": "red"}, {"a": AsIs(), "b": Only(FEW), "c": AsIs()})
    assert merged.value == "blue"
    assert merged.writes == {"c": "blue"}
    assert merged.refusals == {"b": Refusal("there is no choice blue")}
