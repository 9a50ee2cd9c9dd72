"""A rule or a decision settles a conflict only as far as the user said so."""

from __future__ import annotations

import pytest

from sync.merge import Memory, Past, merge
from sync.model import Kind, Value
from sync.policy import Policy, decide
from sync.ports import View
from tests.sync.plain import AsIs, DayOnly, Only, day, instant

PAST = Past("old", {tool: Memory("old") for tool in "abc"})
NOW: dict[str, Value] = {"a": "mine", "b": "yours", "c": "old"}
VIEWS: dict[str, View] = {tool: AsIs() for tool in "abc"}


@pytest.mark.parametrize(("rule", "tool"), [("hold", None), ("prefer:jira-eu", "jira-eu")])
def test_a_rule_names_the_tool_that_decides(rule: str, tool: str | None) -> None:
    policy = Policy({(Kind.CAMPAIGN, "subject"): rule})
    assert policy.preferred(Kind.CAMPAIGN, "subject") == tool
    assert policy.preferred(Kind.STAGE, "subject") is None


def test_without_a_rule_people_decide() -> None:
    assert Policy().preferred(Kind.CAMPAIGN, "subject") is None


def test_the_deciding_tool_wins_and_the_losing_value_is_kept() -> None:
    settled = decide(merge(PAST, NOW, VIEWS), PAST, NOW, VIEWS, "b")
    assert (settled.value, settled.conflict) == ("yours", None)
    assert settled.writes == {"a": "yours", "c": "yours"}
    assert settled.lost == {"a": "mine"}
    assert settled.editors == {"a", "b"}


def test_a_cell_without_a_conflict_is_left_as_it_was_merged() -> None:
    now: dict[str, Value] = {"a": "mine", "b": "old", "c": "old"}
    merged = merge(PAST, now, VIEWS)
    assert decide(merged, PAST, now, VIEWS, "b") is merged


@pytest.mark.parametrize("tool", ["d", "c"])
def test_a_tool_that_shows_nothing_now_decides_nothing(tool: str) -> None:
    now: dict[str, Value] = {"a": "mine", "b": "yours"}
    merged = merge(PAST, now, VIEWS)
    assert decide(merged, PAST, now, VIEWS, tool) is merged


def test_no_decision_goes_against_a_tool_that_cannot_be_written() -> None:
    views: dict[str, View] = {**VIEWS, "b": AsIs(writable=False)}
    merged = merge(PAST, NOW, views)
    assert decide(merged, PAST, NOW, views, "a") is merged
    settled = decide(merged, PAST, NOW, views, "b")
    assert settled.writes == {"a": "yours", "c": "yours"}


def test_a_days_decision_keeps_the_agreed_time_of_day() -> None:
    views: dict[str, View] = {"a": DayOnly(), "b": AsIs()}
    old = instant("2026-03-10T08:00")
    past = Past(old, {"a": Memory(day("2026-03-10")), "b": Memory(old)})
    now: dict[str, Value] = {"a": day("2026-03-12"), "b": instant("2026-03-14T09:00")}
    settled = decide(merge(past, now, views), past, now, views, "a")
    assert settled.writes == {"b": instant("2026-03-12T08:00")}


def test_a_decision_about_a_set_touches_the_disputed_words_only() -> None:
    views: dict[str, View] = {"a": AsIs(), "b": AsIs(writable=False), "c": Only(frozenset({"x"}))}
    x, y, z = frozenset("x"), frozenset("y"), frozenset("z")
    past = Past(x | y, {"a": Memory(x | y), "b": Memory(x | y), "c": Memory(x)})
    now: dict[str, Value] = {"a": y | z, "b": x | y, "c": x}
    merged = merge(past, now, views)
    assert merged.conflict is not None
    assert merged.conflict.elements == x | z
    settled = decide(merged, past, now, views, "b")
    assert settled.value == x | y
    assert settled.writes == {"a": x | y}
    assert settled.lost == {"a": y | z}


def test_a_decision_about_a_set_keeps_the_words_that_the_deciding_tool_cannot_show() -> None:
    views: dict[str, View] = {"a": AsIs(), "b": Only(frozenset("xy"), writable=False)}
    past = Past(frozenset("xy"), {tool: Memory(frozenset("xy")) for tool in "ab"})
    now: dict[str, Value] = {"a": frozenset("yz"), "b": frozenset("xy")}
    settled = decide(merge(past, now, views), past, now, views, "b")
    assert settled.value == frozenset("xyz")
    assert settled.writes == {"a": frozenset("xyz")}
