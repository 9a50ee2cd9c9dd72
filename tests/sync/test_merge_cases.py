"""The merge of one cell, case by case: stale edits, first sights, clearings, days against times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.merge import Memory, Past, merge, settle
from sync.model import Day, Value
from sync.ports import Refusal, View
from tests.sync.plain import AsIs, DayOnly, Only, instant
from tests.sync.test_policy import Recalling

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


@dataclass(frozen=True, slots=True)
class UpperCase:
    """Shows texts in capitals."""

    writable: bool = True

    def project(self, value: Value) -> Value | Refusal:
        return value.upper() if isinstance(value, str) else value

    def lift(self, agreed: Value, shown: Value) -> Value:
        return agreed if self.project(agreed) == shown else shown


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


def test_what_a_tool_made_of_the_agreed_value_goes_with_it() -> None:
    past = Past("New!", {"a": Memory("new", "New!"), "b": Memory("old")})
    merged = merge(past, {"a": "new", "b": "New!"}, {tool: AsIs() for tool in "ab"})
    assert (merged.value, merged.writes, merged.conflict) == ("New!", {}, None)


def test_the_agreed_value_comes_before_any_other_that_goes_with_what_everybody_shows() -> None:
    past = Past("new", {"a": Memory("NEW", "new")})
    merged = merge(past, {"a": "NEW", "b": "NEW"}, {"a": AsIs(), "b": UpperCase()})
    assert (merged.value, merged.writes, merged.conflict) == ("new", {}, None)


def test_a_record_that_joins_while_the_holder_of_the_agreed_value_cannot_be_read_does_not_overrule_it() -> None:
    merged = merge(Past("agreed", {"a": Memory("agreed")}), {"b": "else"}, {"b": AsIs()})
    assert merged.conflict is not None
    assert merged.conflict.claims == {"a": "agreed", "b": "else"}


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


def test_a_choice_that_a_tool_has_lost_was_cleared_by_nobody() -> None:
    past = Past("blue", {tool: Memory("blue") for tool in "ab"})
    now: dict[str, Value] = {"a": None, "b": "blue"}
    merged = merge(past, now, {"a": Only(FEW), "b": AsIs()})
    assert (merged.value, merged.writes, merged.editors) == ("blue", {}, frozenset())
    assert merged.refusals == {"a": Refusal("there is no choice blue")}
    # whereas what the tool could still show was cleared by somebody
    assert merge(past, now, {"a": AsIs(), "b": AsIs()}).writes == {"b": None}


def test_what_a_tool_shows_without_a_view_of_the_cell_is_left_out() -> None:
    merged = merge(Past(), {"a": "text", "b": None, "c": "else"}, {"a": AsIs(), "b": AsIs()})
    assert (merged.value, merged.writes) == ("text", {"b": "text"})
    assert set(merged.memory) == {"a", "b"}


def test_what_is_merged_comes_in_the_order_of_the_tools_names() -> None:
    past = Past("old", {tool: Memory("old") for tool in "abc"})
    merged = merge(past, {"c": "old", "b": "new", "a": "old"}, {tool: AsIs() for tool in "cab"})
    assert list(merged.memory) == ["a", "b", "c"]
    assert list(merged.writes) == ["a", "c"]


def test_a_tool_that_cannot_be_written_is_given_nothing_whatever_is_settled() -> None:
    past = Past("old", {"esp": Memory("old"), "plan": Memory("old")})
    settled = settle(past, {"esp": "old", "plan": "old"}, {"esp": AsIs(writable=False), "plan": AsIs()}, "new")
    assert settled.writes == {"plan": "new"}


def test_another_choice_in_place_of_one_that_a_tool_has_lost_is_asked_about() -> None:
    """Somebody chose it, or somebody renamed the choice for everybody: the tool does not tell which."""
    past = Past("blue", {tool: Memory("blue") for tool in "ab"})
    merged = merge(past, {"a": "red", "b": "blue"}, {"a": Only(FEW), "b": AsIs()})
    assert merged.editors == {"a"}
    assert merged.conflict is not None
    assert merged.conflict.claims == {"a": "red", "b": "blue"}


def test_at_first_sight_a_tool_is_asked_what_it_shows_with_nothing_agreed() -> None:
    view = Recalling()
    assert merge(Past(), {"a": "text"}, {"a": view}).value == "text"
    assert set(view.asked) == {None}


def test_a_word_that_no_tool_has_any_more_goes_and_takes_no_other_with_it() -> None:
    kept: Value = frozenset({"red"})
    past = Past(frozenset({"blue", "red"}), {tool: Memory(frozenset({"blue", "red"})) for tool in "ab"})
    merged = merge(past, {"a": kept, "b": kept}, {"a": Only(FEW), "b": Only(FEW)})
    assert (merged.value, merged.writes, merged.conflict) == (kept, {}, None)


def test_the_parties_to_a_conflict_about_a_set_come_in_the_order_of_their_names() -> None:
    past = Past(frozenset(), {tool: Memory(frozenset()) for tool in "abc"})
    now: dict[str, Value] = {"a": frozenset("y"), "b": frozenset("x"), "c": frozenset()}
    merged = merge(past, now, {"a": AsIs(), "b": AsIs(), "c": AsIs(writable=False)})
    assert merged.conflict is not None
    assert list(merged.conflict.claims) == ["a", "b", "c"]
    assert merged.conflict.elements == {"x", "y"}


def test_a_word_that_is_no_choice_any_more_stays_as_long_as_a_tool_shows_it() -> None:
    old: Value = frozenset({"blue", "red"})
    merged = merge(Past(old, {tool: Memory(old) for tool in "ab"}), {"a": old, "b": old}, {t: Only(FEW) for t in "ab"})
    assert (merged.value, merged.writes, merged.conflict) == (old, {}, None)
