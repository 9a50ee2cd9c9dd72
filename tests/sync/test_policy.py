"""A rule or a decision settles a conflict only as far as the user said so."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sync.merge import Memory, Past, merge
from sync.model import Kind, Value
from sync.policy import Policy, decide
from sync.ports import Refusal, View
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


def test_no_decision_goes_against_a_tool_that_cannot_be_written_and_was_left_out_of_the_flag() -> None:
    # given two times of one day in dispute, a day that goes with both and cannot be written, and an old day elsewhere
    old, early, late = (instant(f"2026-03-{text}") for text in ("12T08:00", "10T08:00", "10T15:30"))
    views: dict[str, View] = {"a": AsIs(), "b": AsIs(), "fixed": DayOnly(writable=False), "late": AsIs()}
    now: dict[str, Value] = {"a": early, "b": late, "fixed": day("2026-03-10"), "late": old}
    past = Past(None, {tool: Memory(None) for tool in ("a", "b", "fixed")} | {"late": Memory(old)})
    merged = merge(past, now, views)
    assert merged.conflict is not None
    assert set(merged.conflict.claims) == {"a", "b"}
    # then
    assert decide(merged, past, now, views, "late") is merged
    assert decide(merged, past, now, views, "a").value == early


def test_a_tool_that_is_overruled_is_given_the_value_even_where_it_normalised_that_very_value_before() -> None:
    # given a that once made "Hello" of "Hello!", and now edits it while b goes back to "Hello!"
    past = Past("Bye", {"a": Memory("Hello", "Hello!"), "b": Memory("Bye")})
    now: dict[str, Value] = {"a": "mine", "b": "Hello!"}
    settled = decide(merge(past, now, VIEWS), past, now, VIEWS, "b")
    assert settled.writes == {"a": "Hello!"}
    assert settled.memory["a"] == Memory("mine")
    # when that write fails, then it is still to be done
    after = Past(settled.value, {**past.tools, **settled.memory})
    assert merge(after, now, VIEWS).writes == {"a": "Hello!"}


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


def test_a_tool_without_a_view_of_the_cell_decides_nothing_and_is_not_asked() -> None:
    now: dict[str, Value] = {**NOW, "d": "theirs"}
    merged = merge(PAST, now, VIEWS)
    assert decide(merged, PAST, now, VIEWS, "d") is merged
    settled = decide(merged, PAST, now, VIEWS, "a")
    assert settled.writes == {"b": "mine", "c": "mine"}
    assert set(settled.memory) == {"a", "b", "c"}


def test_what_is_decided_comes_in_the_order_of_the_tools_names() -> None:
    now = dict(reversed(NOW.items()))
    settled = decide(merge(PAST, now, VIEWS), PAST, now, VIEWS, "a")
    assert list(settled.memory) == ["a", "b", "c"]
    assert list(settled.writes) == ["b", "c"]


@dataclass(frozen=True, slots=True)
class Recalling:
    """Notes what was agreed whenever it is asked what a shown value means."""

    writable: bool = True
    asked: list[Value] = field(default_factory=list)

    def project(self, value: Value) -> Value | Refusal:
        return value

    def lift(self, agreed: Value, shown: Value) -> Value:
        self.asked.append(agreed)
        return shown


def test_a_decision_at_first_sight_is_made_with_nothing_agreed() -> None:
    view = Recalling()
    now: dict[str, Value] = {"a": "one", "b": "two"}
    merged = merge(Past(), now, {"a": AsIs(), "b": AsIs()})
    assert decide(merged, Past(), now, {"a": view, "b": AsIs()}, "a").value == "one"
    assert view.asked == [None]
