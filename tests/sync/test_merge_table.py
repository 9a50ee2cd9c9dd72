"""The merge of one cell against an independent model, in every combination of what two to five tools saw and show.

69,273,600 combinations of agreed {absent, v} and, for each tool, its kind {plain, lossy, read-only, both}, what it
saw {absent, v} and what it shows {absent, v, x, y}. They come to 161,460 rows, since tools of one kind may change
places and since a tool that was never seen and cannot be read is no argument of the merge. Tests count and permute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, islice, permutations, product
from math import comb, factorial, prod

import pytest

from sync.merge import Memory, Merged, Past, merge
from sync.model import UNSET, Unset, Value
from sync.ports import Refusal, View
from tests.sync.merge_model import Outcome, Tool, model
from tests.sync.plain import AsIs

# A value is a letter and a digit, as an instant is a day and a time. V and X look alike where only letters are shown.
V, X, Y = "A1", "A2", "B1"
NORMALISED = "a1"  # what a tool that normalises made of V
CANONICAL: tuple[Value, ...] = (None, V, X, Y, "B2", NORMALISED, "A", "B", "a")


@dataclass(frozen=True, slots=True)
class LetterOnly:
    """Shows the letter and loses the digit; an edit of the letter keeps the agreed digit."""

    writable: bool = True

    def project(self, value: Value) -> Value | Refusal:
        return value[0] if isinstance(value, str) else value

    def lift(self, agreed: Value, shown: Value) -> Value:
        if self.project(agreed) == shown:
            return agreed
        return shown + agreed[1:] if isinstance(shown, str) and isinstance(agreed, str) else shown


@dataclass(frozen=True, slots=True)
class LettersA:
    """Shows values as they are and has no way to show one that begins with another letter than A."""

    writable: bool = True

    def project(self, value: Value) -> Value | Refusal:
        return value if value is None or str(value).startswith("A") else Refusal("no such choice")

    def lift(self, agreed: Value, shown: Value) -> Value:
        return shown


KINDS: Mapping[str, View] = {
    "plain": AsIs(),
    "lossy": LetterOnly(),
    "read-only": AsIs(writable=False),
    "lossy read-only": LetterOnly(writable=False),
    "refusing": LettersA(),
    "refusing read-only": LettersA(writable=False),
}
FOUR = ("plain", "lossy", "read-only", "lossy read-only")
Known = Value | Unset


@dataclass(frozen=True, slots=True)
class State:
    """One tool's column of a row, and how many combinations (kind, seen, now) come to this same column."""

    tool: Tool
    stands_for: int


@dataclass(frozen=True, slots=True)
class Table:
    """Which kinds of tools, what they saw and show, what was agreed; `normalising` adds plain tools that normalise."""

    kinds: Sequence[str]
    seen: Sequence[Known]
    now: Sequence[Known]
    agreed: Sequence[Known]
    normalising: bool = False

    @property
    def idle(self) -> int:
        """How many columns say nothing: never seen, not read now. The merge is told nothing of such a tool."""
        return sum(tool.seen is UNSET and tool.now is UNSET for kind in self.kinds for tool in self._tools(kind))

    def states(self) -> list[State]:
        """The distinct other ones. A tool that is not read gives no view, so that its kind makes no difference."""
        seen = Counter(tool for kind in self.kinds for tool in self._tools(kind))
        return [State(tool, times) for tool, times in seen.items() if (tool.seen, tool.now) != (UNSET, UNSET)]

    def _tools(self, kind: str) -> Iterator[Tool]:
        view = KINDS[kind]
        saw: list[tuple[Known | Refusal, Known]] = [(_shown(view, seen), UNSET) for seen in self.seen]
        now = [_shown(view, now) for now in self.now]
        if kind == "plain" and self.normalising:
            saw.append((NORMALISED, V))
            now.append(NORMALISED)
        for (seen, wrote), value in product(saw, now):
            if not isinstance(seen, Refusal) and not isinstance(value, Refusal):
                yield Tool(seen, value, None if value is UNSET else view, wrote, CANONICAL)


def _shown(view: View, value: Known) -> Known | Refusal:
    return value if value is UNSET else view.project(value)


# What was asked for: seen {absent, v} x now {absent, v, x, y}, for up to five tools.
STATED = Table(FOUR, (UNSET, V), (UNSET, V, X, Y), (UNSET, V))
# More for fewer tools: cleared cells, writes that are pending or were normalised, choices that a tool lacks.
DEEP = Table(FOUR, (UNSET, V, X), (UNSET, None, V, Y), (V, X), normalising=True)
WIDE = Table(tuple(KINDS), (UNSET, None, V, X), (UNSET, None, V, X, Y), (UNSET, None, V, X, Y), normalising=True)
# By the number of tools that are remembered or read: the table, its rows, and into how many tests they are dealt.
TABLES = {
    "no tool": (0, STATED, 2, 1), "1 tool": (1, STATED, 44, 1), "2 tools": (2, STATED, 506, 1),
    "3 tools": (3, STATED, 4_048, 1), "4 tools": (4, STATED, 25_300, 2), "5 tools": (5, STATED, 131_560, 12),
    "3 tools, deep": (3, DEEP, 24_682, 3), "1 tool, wide": (1, WIDE, 440, 1), "2 tools, wide": (2, WIDE, 19_580, 2),
}  # fmt: skip
NAMES = "abcde"
STATED_COMBINATIONS = {2: 2_048, 3: 65_536, 4: 2_097_152, 5: 67_108_864}


def rows(size: int, table: Table, share: int = 0, shares: int = 1) -> Iterator[tuple[Known, tuple[State, ...]]]:
    """Every agreed value with every multiset of columns: tools of one kind may change places. Dealt out in shares."""
    for number, states in enumerate(combinations_with_replacement(table.states(), size)):
        if number % shares == share:
            yield from ((agreed, states) for agreed in table.agreed)


def merged(agreed: Known, tools: Mapping[str, Tool], names: Sequence[str]) -> Merged:
    """The merge, with its arguments filled in the order of `names`, forwards and backwards."""
    past = Past(agreed, {n: Memory(tools[n].seen, tools[n].wrote) for n in names if tools[n].seen is not UNSET})
    now = {n: tools[n].now for n in reversed(names)}
    views = {n: tools[n].view for n in names}
    return merge(
        past,
        {n: value for n, value in now.items() if value is not UNSET},
        {n: view for n, view in views.items() if view is not None},
    )


def said(result: Merged) -> Outcome:
    """The result in the model's words."""
    conflict = result.conflict
    return Outcome(
        result.value,
        {name: (memory.seen, memory.wrote) for name, memory in result.memory.items()},
        result.editors,
        result.writes,
        result.refusals,
        conflict.claims if conflict else None,
        conflict.read_only if conflict else frozenset(),
    )


SHARES = [
    pytest.param(size, table, share, shares, id=f"{name}, {share + 1} of {shares}")
    for name, (size, table, _, shares) in TABLES.items()
    for share in range(shares)
]


@pytest.mark.parametrize(("size", "table", "share", "shares"), SHARES)
def test_every_row_comes_out_as_the_model_says(size: int, table: Table, share: int, shares: int) -> None:
    orders = list(permutations(NAMES[:size]))
    for number, (agreed, states) in enumerate(rows(size, table, share, shares)):
        # given a row whose tools bear their names, and come, in an order that changes from row to row
        names = orders[number % len(orders)]
        tools = {name: state.tool for name, state in zip(names, states, strict=True)}
        # then
        assert said(merged(agreed, tools, names)) == model(agreed, tools), (agreed, tools)


@pytest.mark.parametrize(("size", "every"), [(2, 1), (3, 5), (4, 101), (5, 2003)])
def test_renaming_the_tools_renames_them_in_the_result_and_changes_nothing_else(size: int, every: int) -> None:
    orders = list(permutations(NAMES[:size]))
    for agreed, states in islice(rows(size, STATED), 0, None, every):
        row = [state.tool for state in states]
        plain = said(merged(agreed, dict(zip(NAMES, row, strict=False)), orders[0]))
        for names in orders[1:]:
            result = said(merged(agreed, dict(zip(names, row, strict=True)), names))
            assert result == _renamed(plain, dict(zip(NAMES, names, strict=False))), (agreed, row)


@dataclass(frozen=True, slots=True)
class Guessing(LetterOnly):
    """Shows the letter and takes a digit of its own for one that nobody knows."""

    digit: str = "1"

    def lift(self, agreed: Value, shown: Value) -> Value:
        return f"{shown}{self.digit}"


def test_two_tools_that_guess_differently_are_taken_at_one_word_in_any_order() -> None:
    views: list[View] = [Guessing(digit="1"), Guessing(digit="2")]
    outcomes = set()
    for names in permutations(NAMES[:2]):
        tools = {name: Tool(UNSET, "A", view) for name, view in zip(names, views, strict=True)}
        outcomes |= {merged(UNSET, tools, order).value for order in permutations(names)}
    assert outcomes == {"A1"}


def _renamed(outcome: Outcome, names: Mapping[str, str]) -> Outcome:
    return Outcome(
        outcome.value,
        {names[tool]: memory for tool, memory in outcome.memory.items()},
        frozenset(names[tool] for tool in outcome.editors),
        {names[tool]: value for tool, value in outcome.writes.items()},
        {names[tool]: reason for tool, reason in outcome.refusals.items()},
        None if outcome.claims is None else {names[tool]: value for tool, value in outcome.claims.items()},
        frozenset(names[tool] for tool in outcome.read_only),
    )


@pytest.mark.parametrize(("size", "combinations"), STATED_COMBINATIONS.items())
def test_the_rows_stand_for_every_combination_in_every_order(size: int, combinations: int) -> None:
    """A row counts for each of its orders, of the columns equal to its own, and of the places of idle tools in it."""
    assert combinations == 2 * (4 * 2 * 4) ** size  # agreed x (kind x seen x now) for each tool
    covered = 0
    for active in range(size + 1):
        among = comb(size, active) * STATED.idle ** (size - active)
        for states in combinations_with_replacement(STATED.states(), active):
            alike = prod(factorial(times) for times in Counter(state.tool for state in states).values())
            covered += among * factorial(active) // alike * prod(state.stands_for for state in states)
    assert covered * len(STATED.agreed) == combinations


def test_the_table_has_as_many_rows_as_it_is_said_to_have() -> None:
    counted = {name: sum(1 for _ in rows(size, table)) for name, (size, table, _, _) in TABLES.items()}
    assert counted == {name: number for name, (_, _, number, _) in TABLES.items()}
