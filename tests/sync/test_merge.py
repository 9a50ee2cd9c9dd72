"""The laws of the merge, as properties over two to five tools of which some are lossy or cannot be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sync.merge import Memory, Merged, Past, merge
from sync.model import UNSET, Day, Value
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


@dataclass(frozen=True)
class Case:
    """A cell's past, what the tools show now, and how each tool shows it."""

    past: Past
    now: Mapping[str, Value]
    views: Mapping[str, View]
    domain: tuple[Value, ...]

    @property
    def merged(self) -> Merged:
        return merge(self.past, self.now, self.views)

    def was_shown_what_is_agreed(self, tool: str) -> bool:
        memory = self.past.of(tool)
        return self.views[tool].project(self.past.agreed) in (memory.seen, memory.wrote)  # type: ignore[arg-type, operator]

    def editors(self) -> set[str]:
        return {tool for tool in self.now if _edited(self.past.of(tool), self.now[tool])}

    def shown_by_all(self, tools: set[str]) -> list[Value]:
        """The canonical values that show each of these tools exactly what it shows."""
        return [v for v in self.domain if all(self.views[t].project(v) == self.now[t] for t in tools)]


def _edited(memory: Memory, value: Value) -> bool:
    return value is not None if memory.seen is UNSET else value != memory.seen


def _draw(random: Random, *, aware: bool) -> Case:
    """A cell of times or of words. With `aware` every tool had been shown what was agreed."""
    domain: tuple[Value, ...] = random.choice([TIMES, WORDS])
    tools = [f"t{number}" for number in range(random.randint(2, 5))]
    views: dict[str, View] = {}
    memory: dict[str, Memory] = {}
    now: dict[str, Value] = {}
    agreed = random.choice(domain)
    if aware:  # of what a tool cannot show it cannot have been shown
        agreed = random.choice([value for value in domain if domain is TIMES or value in {None, *FEW}])
    for tool in tools:
        writable = random.random() < 0.75
        lossy: View = DayOnly(writable) if domain is TIMES else Only(FEW, writable)
        view = views[tool] = random.choice([AsIs(writable), AsIs(writable), lossy])
        shows = [s for s in sorted({view.project(v) for v in domain}, key=str) if not isinstance(s, Refusal)]
        held = view.project(agreed)
        kind = "current" if aware else random.choice(["current", "current", "stale", "new", "normalised"])
        if isinstance(held, Refusal):
            memory[tool] = Memory(None)
        elif kind == "current":
            memory[tool] = Memory(held)
        elif kind == "stale":
            memory[tool] = Memory(random.choice(shows))
        elif kind == "normalised":
            seen = random.choice(shows)
            memory[tool] = Memory(seen, UNSET if seen == held else held)
        before = memory[tool].seen if tool in memory else UNSET
        if before is not UNSET and random.random() < 0.5:
            now[tool] = before
        elif random.random() < 0.8:
            now[tool] = random.choice(shows)
    return Case(Past(agreed if memory else UNSET, memory), now, views, domain)


def cases(*, aware: bool = False, which: Callable[[Case], object] = lambda case: True) -> st.SearchStrategy[Case]:
    """Cells drawn from seeds, the first of each seed's that is of the wanted sort."""

    def first(seed: int) -> Case:
        random = Random(seed)
        return next(case for _ in iter(int, 1) if which(case := _draw(random, aware=aware)))

    return st.integers(0, 2**32).map(first)


def agreeing(case: Case) -> bool:
    return case.merged.conflict is None and bool(case.merged.editors)


def in_conflict(case: Case) -> bool:
    return case.merged.conflict is not None


def writing(case: Case) -> bool:
    return bool(case.merged.writes)


def acknowledged(case: Case, merged: Merged, shown: Mapping[str, Value] | None = None) -> Case:
    """The cell after every write was acknowledged, by tools that then show `shown` (else what they were given)."""
    now = {**case.now, **merged.writes, **(shown or {})}
    memory = {**case.past.tools, **merged.memory}
    for tool, wanted in merged.writes.items():
        memory[tool] = Memory(now[tool], UNSET if now[tool] == wanted else wanted)
    return Case(Past(merged.value, memory), now, case.views, case.domain)


def unanswered(case: Case, merged: Merged) -> Case:
    """The cell after every write failed: the tools show what they showed."""
    return Case(Past(merged.value, {**case.past.tools, **merged.memory}), case.now, case.views, case.domain)


def fitting(case: Case) -> list[Value]:
    """The values that people could make all tools say, those that cannot be written being as they are."""
    fixed = {tool for tool in case.now if not case.views[tool].writable}
    shown = [v for v in case.shown_by_all(fixed) if v is not None]
    return [v for v in shown if not any(isinstance(case.views[t].project(v), Refusal) for t in case.now)]


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_tools_decides_nothing(case: Case, random: object) -> None:
    names = list(case.views)
    random.shuffle(names)  # type: ignore[attr-defined]
    turned = merge(
        Past(case.past.agreed, {tool: case.past.tools[tool] for tool in names if tool in case.past.tools}),
        {tool: case.now[tool] for tool in names if tool in case.now},
        {tool: case.views[tool] for tool in reversed(names)},
    )
    assert turned == case.merged


@given(cases(which=agreeing))
def test_an_agreed_value_shows_every_editor_exactly_what_it_wrote(case: Case) -> None:
    merged = case.merged
    assert merged.editors == case.editors()
    for tool in merged.editors:
        assert merged.value is not UNSET
        assert case.views[tool].project(merged.value) == case.now[tool]
        assert tool not in merged.writes


@given(cases(which=lambda case: case.merged.conflict is None and case.merged.value is not UNSET))
def test_whoever_does_not_show_the_agreed_value_is_given_it_or_a_reason_is_known(case: Case) -> None:
    merged = case.merged
    for tool, value in case.now.items():
        view, before = case.views[tool], case.past.of(tool)
        desired = view.project(merged.value)  # type: ignore[arg-type]
        settled = value == desired or (value == before.seen and before.wrote == desired)
        if isinstance(desired, Refusal):
            assert tool in merged.refusals
        elif view.writable:
            assert (tool in merged.writes) != settled
            assert merged.writes.get(tool, desired) == desired


@given(cases(aware=True, which=Case.editors))
def test_edits_that_one_value_can_show_agree_and_all_others_conflict(case: Case) -> None:
    editors = case.editors()
    fixed = {tool for tool in case.now if not case.views[tool].writable}
    possible = bool(case.shown_by_all(editors | fixed))
    assert (case.merged.conflict is None) == possible


@given(cases(which=in_conflict))
def test_a_conflict_writes_nothing_and_moves_no_memory(case: Case) -> None:
    merged = case.merged
    assert merged.writes == {}
    assert merged.value == case.past.agreed
    assert all(memory == case.past.of(tool) for tool, memory in merged.memory.items())


@given(cases())
def test_no_edit_is_lost(case: Case) -> None:
    merged = case.merged
    for tool in case.editors():
        value = case.now[tool]
        if merged.conflict is None:
            assert case.views[tool].project(merged.value) == value  # type: ignore[arg-type]
            continue
        # An editor that goes with every other one need not be named; what the others settle on may show its edit.
        claims = merged.conflict.claims
        unnamed = [v for v in case.domain if case.views[tool].project(v) == value]
        assert claims.get(tool, value) == value
        assert tool in claims or unnamed
        assert all(tool in case.now or case.was_shown_what_is_agreed(tool) for tool in claims)
        assert len(claims) > 1


@given(cases(which=in_conflict))
def test_a_conflict_stands_unchanged_as_long_as_nobody_does_anything(case: Case) -> None:
    merged = case.merged
    assert unanswered(case, merged).merged == merged


@given(cases(aware=True, which=lambda case: in_conflict(case) and fitting(case)), st.data())
def test_a_conflict_ends_when_people_make_the_tools_say_the_same(case: Case, data: st.DataObject) -> None:
    merged = case.merged
    after = unanswered(case, merged)
    value = data.draw(st.sampled_from(fitting(case)))
    now = {tool: case.views[tool].project(value) for tool in case.now}
    said = Case(after.past, {t: v for t, v in now.items() if not isinstance(v, Refusal)}, case.views, case.domain)
    settled = said.merged
    assert settled.conflict is None
    assert settled.writes == {}
    assert all(case.views[tool].project(settled.value) == now[tool] for tool in now)  # type: ignore[arg-type]


@given(cases())
def test_a_tool_that_cannot_be_written_never_is(case: Case) -> None:
    assert all(case.views[tool].writable for tool in case.merged.writes)


@given(cases(which=agreeing))
def test_no_edit_is_agreed_against_a_tool_that_cannot_be_written(case: Case) -> None:
    merged = case.merged
    for tool, value in case.now.items():
        if not case.views[tool].writable:
            assert case.views[tool].project(merged.value) == value  # type: ignore[arg-type]


@given(cases(which=in_conflict))
def test_a_conflict_names_the_disputants_that_cannot_be_written(case: Case) -> None:
    conflict = case.merged.conflict
    assert conflict is not None
    assert conflict.read_only == {tool for tool in conflict.claims if not case.views[tool].writable}


@given(cases())
def test_a_tool_that_is_not_shown_keeps_its_memory_and_is_not_written(case: Case) -> None:
    merged = case.merged
    assert set(merged.memory) == set(case.now)
    assert set(merged.writes) <= set(case.now)


@given(cases(which=writing))
def test_a_failed_write_is_repeated_and_is_no_edit(case: Case) -> None:
    merged = case.merged
    again = unanswered(case, merged).merged
    assert again.editors == frozenset()
    assert again.conflict is None
    assert again.writes == merged.writes
    assert again.value == merged.value


@given(cases(which=lambda case: not in_conflict(case)))
def test_after_acknowledged_writes_nothing_is_left_to_do(case: Case) -> None:
    merged = case.merged
    after = acknowledged(case, merged).merged
    assert (after.editors, after.writes, after.conflict) == (frozenset(), {}, None)
    assert after.value == merged.value


@given(cases(which=writing), st.data())
def test_what_a_tool_makes_of_an_acknowledged_write_is_no_edit_and_not_written_again(
    case: Case, data: st.DataObject
) -> None:
    merged = case.merged
    made = {tool: data.draw(st.sampled_from(case.domain)) for tool in sorted(merged.writes)}
    after = acknowledged(case, merged, made)
    assert after.merged.editors == frozenset()
    assert after.merged.writes == {}
    assert acknowledged(after, after.merged, made).merged.writes == {}
