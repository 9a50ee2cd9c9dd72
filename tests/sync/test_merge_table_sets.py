"""The merge of a set against the independent model, element by element, in every combination of two elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, permutations, product

import pytest

from sync.merge import Memory, Past, merge
from sync.model import UNSET, Unset
from sync.ports import View
from tests.sync.merge_model import Outcome, Tool, model
from tests.sync.plain import AsIs, Only

NONE, P, Q, BOTH = frozenset[str](), frozenset("p"), frozenset("q"), frozenset("pq")
KINDS: Mapping[str, View] = {
    "plain": AsIs(),
    "lossy": Only(P),
    "read-only": AsIs(writable=False),
    "lossy read-only": Only(P, writable=False),
}
Words = frozenset[str] | Unset


@dataclass(frozen=True, slots=True)
class Column:
    """One tool's column of a row: what it saw and was given, what it shows, and how."""

    seen: Words
    wrote: Words
    now: Words
    view: View


@dataclass(frozen=True, slots=True)
class Table:
    """What the tools saw and show and what was agreed; every plain tool may also have dropped a word it was given."""

    seen: Sequence[Words]
    now: Sequence[Words]
    agreed: Sequence[Words]

    def columns(self) -> list[Column]:
        return list(dict.fromkeys(column for view in KINDS.values() for column in self._of(view)))

    def _of(self, view: View) -> Iterator[Column]:
        saw = [(_shown(view, seen), UNSET) for seen in self.seen]
        given: list[tuple[Words, Words]] = [(P, BOTH)] if view == AsIs() else []
        for (seen, wrote), now in product([*saw, *given], self.now):
            yield Column(seen, wrote, _shown(view, now), view)


def _shown(view: View, words: Words) -> Words:
    shown = words if words is UNSET else view.project(words)
    assert isinstance(shown, frozenset | Unset)
    return shown


TABLES = {
    "1 tool": (1, Table((UNSET, NONE, P, Q, BOTH), (UNSET, NONE, P, Q, BOTH), (UNSET, NONE, P, Q, BOTH)), 365),
    "2 tools": (2, Table((UNSET, NONE, P, Q, BOTH), (UNSET, NONE, P, Q, BOTH), (UNSET, NONE, P, Q, BOTH)), 13_505),
    "3 tools": (3, Table((UNSET, P), (UNSET, P, Q), (UNSET, P)), 7_308),
}


def rows(size: int, table: Table) -> Iterator[tuple[Words, tuple[Column, ...]]]:
    for columns in combinations_with_replacement(table.columns(), size):
        yield from ((agreed, columns) for agreed in table.agreed)


def expected(agreed: Words, tools: Mapping[str, Column]) -> tuple[Outcome, frozenset[str]]:
    """The outcome and the disputed elements: of each element, whether it is in, among the tools that can show it.

    Whether a tool that cannot be read could show an element is not known: it is a party to nothing here.
    """
    read = {name: tool for name, tool in tools.items() if tool.now is not UNSET}
    by_element = {}
    for element in "pq":
        able = {
            name: tool for name, tool in read.items() if tool.view.project(frozenset(element)) == frozenset(element)
        }
        # A word that every tool has lost is forgotten, unless one that is away may still have it.
        away = any(tool.now is UNSET and tool.seen is not UNSET for tool in tools.values())
        was_in = False if read and not able and not away else _has(agreed, element)
        by_element[element] = model(was_in, {n: _membership(t, element) for n, t in able.items()})
    disputed = frozenset(element for element, outcome in by_element.items() if outcome.claims is not None)
    claims = {name for outcome in by_element.values() for name in outcome.claims or ()}
    writes = {}
    for name, tool in read.items():
        added = {element for element, outcome in by_element.items() if outcome.writes.get(name) is True}
        removed = {element for element, outcome in by_element.items() if outcome.writes.get(name) is False}
        writes[name] = (_words(tool.now) | added) - removed
    value = frozenset(element for element, outcome in by_element.items() if outcome.value is True)
    outcome = Outcome(
        value if read or agreed is not UNSET else UNSET,
        {
            name: (
                frozenset(e for e, outcome in by_element.items() if outcome.memory.get(name, (UNSET,))[0] is True),
                tool.wrote if tool.now == tool.seen else UNSET,
            )
            for name, tool in read.items()
        },
        frozenset(name for outcome in by_element.values() for name in outcome.editors),
        {name: words for name, words in writes.items() if words != read[name].now},
        {},
        {name: read[name].now for name in claims} if disputed else None,
        frozenset(name for name in claims if not read[name].view.writable),
    )
    return outcome, disputed


def _membership(tool: Column, element: str) -> Tool:
    seen, now, wrote = (_has(words, element) for words in (tool.seen, tool.now, tool.wrote))
    return Tool(seen, now, AsIs(tool.view.writable), wrote, (True, False))


def _has(words: Words, element: str) -> bool | Unset:
    return UNSET if words is UNSET else element in words


def _words(words: Words) -> frozenset[str]:
    return frozenset() if words is UNSET else words


@pytest.mark.parametrize(("size", "table", "number"), TABLES.values(), ids=list(TABLES))
def test_every_row_of_sets_comes_out_as_the_model_says(size: int, table: Table, number: int) -> None:
    orders = list(permutations("abc"[:size]))
    compared = 0
    for compared, (agreed, columns) in enumerate(rows(size, table), start=1):
        # given a row whose tools bear their names, and come, in an order that changes from row to row
        names = orders[compared % len(orders)]
        tools = dict(zip(names, columns, strict=True))
        past = Past(agreed, {n: Memory(t.seen, t.wrote) for n, t in tools.items() if t.seen is not UNSET})
        now = {name: tool.now for name, tool in tools.items() if tool.now is not UNSET}
        # when
        merged = merge(past, now, {name: tools[name].view for name in reversed(now)})
        # then
        conflict = merged.conflict
        said = Outcome(
            merged.value,
            {name: (memory.seen, memory.wrote) for name, memory in merged.memory.items()},
            merged.editors,
            merged.writes,
            merged.refusals,
            conflict.claims if conflict else None,
            conflict.read_only if conflict else frozenset(),
        )
        assert (said, conflict.elements if conflict else frozenset()) == expected(agreed, tools), (agreed, tools)
    assert compared == number  # nobody shrinks the table by accident
