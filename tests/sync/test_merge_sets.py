"""Sets merge element by element: each word is in or out, and only disputed words are held."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from sync.merge import Memory, Merged, Past, merge
from sync.model import UNSET, Value
from sync.ports import View
from tests.sync.plain import AsIs, Only

ALL = ("x", "y", "z")
words = st.frozensets(st.sampled_from(ALL))


def _set(*items: str) -> frozenset[str]:
    return frozenset(items)


def _known(agreed: frozenset[str], views: Mapping[str, View]) -> Past:
    memory = {tool: Memory(agreed & view.choices if isinstance(view, Only) else agreed) for tool, view in views.items()}
    return Past(agreed, memory)


def _after(past: Past, merged: Merged) -> Past:
    """The past after every write was acknowledged as it was given."""
    memory = {**past.tools, **merged.memory, **{tool: Memory(value) for tool, value in merged.writes.items()}}
    return Past(merged.value, memory)


@given(words, st.dictionaries(st.sampled_from("abcde"), words, min_size=2))
def test_additions_and_removals_from_all_sides_come_together(agreed: frozenset[str], now: dict[str, Value]) -> None:
    views = {tool: AsIs() for tool in now}
    merged = merge(_known(agreed, views), now, views)
    shown = [value for value in now.values() if isinstance(value, frozenset)]
    added = frozenset().union(*(value - agreed for value in shown))
    removed = frozenset().union(*(agreed - value for value in shown))
    assert merged.conflict is None
    assert merged.value == (agreed | added) - removed
    assert merged.writes == {tool: merged.value for tool, value in now.items() if value != merged.value}
    again = merge(_after(_known(agreed, views), merged), {**now, **merged.writes}, views)
    assert (again.writes, again.editors, again.value) == ({}, frozenset(), merged.value)


@given(words, words, words, st.frozensets(st.sampled_from(ALL), max_size=2))
def test_words_that_a_tool_cannot_show_are_neither_removed_by_it_nor_written_to_it(
    agreed: frozenset[str], plain: frozenset[str], narrow: frozenset[str], choices: frozenset[str]
) -> None:
    views: dict[str, View] = {"plain": AsIs(), "narrow": Only(choices)}
    now: dict[str, Value] = {"plain": plain, "narrow": narrow & choices}
    merged = merge(_known(agreed, views), now, views)
    assert isinstance(merged.value, frozenset)
    assert merged.value - choices == plain - choices
    written = merged.writes.get("narrow", frozenset())
    assert isinstance(written, frozenset)
    assert written <= choices


@given(words, words, words)
def test_a_tool_that_cannot_be_written_holds_only_the_words_it_contradicts(
    agreed: frozenset[str], plain: frozenset[str], fixed: frozenset[str]
) -> None:
    views = {"fixed": AsIs(writable=False), "plain": AsIs()}
    past = _known(agreed, views)
    merged = merge(past, {"fixed": fixed, "plain": plain}, views)
    assert "fixed" not in merged.writes
    edited_only_here = {
        word for word in ALL if (word in plain) != (word in agreed) and (word in fixed) == (word in agreed)
    }
    assert (merged.conflict.elements if merged.conflict else frozenset()) == edited_only_here
    if merged.conflict:
        assert merged.conflict.read_only == {"fixed"}
        assert merged.conflict.claims == {"fixed": fixed, "plain": plain}


def test_a_disputed_word_is_held_while_the_others_go_on() -> None:
    # given a removal of x that was agreed but did not reach b, where somebody then edited on
    past = Past(_set("y"), {"a": Memory(_set("y")), "b": Memory(_set("x", "y")), "c": Memory(_set("y"))})
    # when a adds z, and c puts x back in the knowledge that it had been removed
    now: dict[str, Value] = {"a": _set("y", "z"), "b": _set("x", "y"), "c": _set("y", "x")}
    merged = merge(past, now, {tool: AsIs() for tool in "abc"})
    # then z reaches everybody, and so does x
    assert merged.value == _set("x", "y", "z")
    assert merged.writes == {"a": _set("x", "y", "z"), "b": _set("x", "y", "z"), "c": _set("x", "y", "z")}


def test_a_conflict_about_one_word_writes_the_other_words_and_leaves_that_one_as_it_is() -> None:
    views: dict[str, View] = {"fixed": AsIs(writable=False), "a": AsIs(), "b": AsIs()}
    past = _known(_set("y"), views)
    now: dict[str, Value] = {"fixed": _set("y"), "a": _set("y", "x"), "b": _set()}
    past = Past(past.agreed, {**past.tools, "fixed": Memory(_set("y"))})
    merged = merge(past, now, views)
    assert merged.conflict is not None
    assert merged.conflict.elements == _set("x", "y")
    assert merged.writes == {}
    assert merge(Past(merged.value, merged.memory), now, views) == merged


def test_at_first_sight_the_words_of_all_tools_come_together() -> None:
    now: dict[str, Value] = {"a": _set("x"), "b": _set("y"), "c": _set()}
    merged = merge(Past(), now, {tool: AsIs() for tool in "abc"})
    assert merged.value == _set("x", "y")
    assert merged.conflict is None


def test_a_failed_write_of_a_set_is_repeated_and_is_no_edit() -> None:
    views = {tool: AsIs() for tool in "ab"}
    past = _known(_set("x"), views)
    now: dict[str, Value] = {"a": _set("x", "y"), "b": _set("x")}
    merged = merge(past, now, views)
    again = merge(Past(merged.value, merged.memory), now, views)
    assert again.writes == merged.writes == {"b": _set("x", "y")}
    assert again.editors == frozenset()


def test_a_word_that_a_tool_silently_drops_is_not_written_again() -> None:
    past = Past(_set("x", "y"), {"a": Memory(_set("x", "y")), "b": Memory(_set("x"), _set("x", "y"))})
    now: dict[str, Value] = {"a": _set("x", "y"), "b": _set("x")}
    views = {tool: AsIs() for tool in "ab"}
    merged = merge(past, now, views)
    assert (merged.writes, merged.editors) == ({}, frozenset())
    assert merge(Past(merged.value, merged.memory), now, views).writes == {}


def test_a_tool_that_empties_a_set_it_is_given_is_not_written_again_and_again() -> None:
    past = Past(_set("x"), {"a": Memory(_set("x")), "b": Memory(None, _set("x"))})
    now: dict[str, Value] = {"a": _set("x"), "b": frozenset()}
    merged = merge(past, now, {tool: AsIs() for tool in "ab"})
    assert (merged.writes, merged.editors) == ({}, frozenset())


def test_a_tool_that_is_not_shown_keeps_its_memory_of_the_set() -> None:
    views = {tool: AsIs() for tool in "ab"}
    merged = merge(_known(_set("x"), views), {"a": _set("x", "y")}, views)
    assert set(merged.memory) == {"a"}
    assert merged.value == _set("x", "y")


def test_a_set_that_is_cleared_is_an_empty_set_also_where_a_tool_shows_nothing_at_all() -> None:
    past = Past(_set("x"), {"a": Memory(_set("x"))})
    assert merge(past, {"a": None}, {"a": AsIs()}).value == frozenset()


def test_a_set_that_nobody_shows_keeps_its_agreed_words() -> None:
    assert merge(Past(_set("x"), {"a": Memory(_set("x"))}), {}, {"a": AsIs()}).value == _set("x")
    assert merge(Past(UNSET, {}), {}, {"a": AsIs()}).value in (None, UNSET)
