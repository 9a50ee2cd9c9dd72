"""A listing of an Airtable table goes on where it broke off, and costs hardly more than its pages."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice, pairwise
from math import ceil

import pytest

from connectors import airtable_sweep
from connectors.airtable_sweep import HEAD, LETTERS, MOST, WINDOW, Page, Raw, Reach, reach, sweep
from connectors.sandbox.airtable_formula import Context, parse
from connectors.sandbox.airtable_values import empty
from sync.errors import ConfigError, Rejected, Unavailable
from sync.model import Kind

PAGE = 100
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAWN = Reach("appB", "form", Kind.STAGE)


def ids(count: int, *, last: str = LETTERS, seed: int = 7) -> list[str]:
    rng = random.Random(seed)
    return [f"rec{''.join(rng.choices(LETTERS, k=9))}{number:04}{rng.choice(last)}" for number in range(count)]


def kept(formula: str | None, native: str) -> bool:
    """What the stand-in's formulas say of a record that has no cells."""
    if formula is None:
        return True
    context = Context(native, NOW, NOW, lambda _: None, lambda _: None)
    return not empty(parse(formula, ())(context))


def note(natives: Iterator[str], seen: set[str]) -> None:
    """Whatever comes before it breaks off."""
    for native in natives:
        seen.add(native)


class Shelf:
    """A table of so many records, in another order at every question. `limit` is the pages until the quota is used up,
    `refuses` the error for every question with a formula."""

    def __init__(self, natives: Sequence[str]) -> None:
        self.natives, self.pages, self.formulas = list(natives), 0, list[str | None]()
        self.limit: int | None = None
        self.refuses: Exception | None = None
        self.marks: list[Reach] = []

    def ask(self, formula: str | None) -> Iterator[Page]:
        if formula and self.refuses:
            raise self.refuses
        self.formulas.append(formula)
        found = [native for native in self.natives if kept(formula, native)]
        random.Random(len(self.formulas)).shuffle(found)
        for start in range(0, max(len(found), 1), PAGE):
            if self.pages == self.limit:
                raise Unavailable("no more of it this month")
            self.pages += 1
            rows: list[Raw] = [{"id": native} for native in found[start : start + PAGE]]
            yield Page(rows, start + PAGE < len(found))

    def sweep(self, since: Reach = DAWN, known: Collection[str] = ()) -> Iterator[str]:
        for raw in sweep(self.ask, since, PAGE, self.marks.append, known):
            yield raw["id"]

    def part(self, pages: int | None, since: Reach, known: Collection[str] = ()) -> tuple[list[str], Reach]:
        """What is shown until so many pages more are used up, and from where to go on."""
        self.limit = None if pages is None else self.pages + pages
        self.marks.clear()
        seen: list[str] = []
        if pages is None:
            seen.extend(self.sweep(since, known))
        else:
            with pytest.raises(Unavailable):
                seen.extend(self.sweep(since, known))
        return seen, self.marks[-1] if self.marks else since


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE * 3 + 1, PAGE * HEAD])
def test_a_small_table_costs_its_pages_and_no_formula(count: int) -> None:
    shelf = Shelf(ids(count))
    assert sorted(shelf.sweep()) == sorted(shelf.natives)
    assert shelf.pages == max(1, ceil(count / PAGE))
    assert set(shelf.formulas) == {None}
    assert shelf.marks == [DAWN] * (shelf.pages - 1), "from each page on another one can go on"


@pytest.mark.parametrize("count", [PAGE * HEAD + 1, 2_500, 9_000])
def test_a_long_table_costs_no_more_than_a_twentieth_above_its_pages(count: int) -> None:
    shelf = Shelf(ids(count))
    shown = list(shelf.sweep())
    assert sorted(shown) == sorted(shelf.natives), "each once"
    assert shelf.pages <= ceil(count / PAGE) * 1.05


def test_windows_are_about_as_long_as_they_should_be() -> None:
    shelf = Shelf(ids(9_000))
    list(shelf.sweep())
    held = [0, *(mark.held for mark in shelf.marks)]
    read_again = [after - before for before, after in pairwise(held)]
    assert max(read_again) < WINDOW * PAGE * 1.5
    assert len([mark for mark in shelf.marks if mark.done]) <= 9_000 / (WINDOW * PAGE) + 1


@pytest.mark.parametrize("limit", [5, HEAD + 1, 45, 60])
def test_what_a_quota_broke_off_goes_on_with_the_windows_that_are_left(limit: int) -> None:
    shelf = Shelf(ids(6_000))
    shelf.limit = limit
    seen: set[str] = set()
    with pytest.raises(Unavailable):
        note(shelf.sweep(), seen)
    shelf.limit, before = None, shelf.pages
    since = reach(shelf.marks[-1].text(), "appB", "form") if shelf.marks else None
    rest = list(shelf.sweep(since or DAWN))
    assert len(set(rest)) == len(rest)
    assert seen | set(rest) == set(shelf.natives)
    left = 6_000 - (since.held if since else 0)
    assert shelf.pages - before <= ceil(left / PAGE) * 1.05 + 1
    assert left <= 6_000 - len(seen) + (HEAD + WINDOW * 1.5) * PAGE


@pytest.mark.parametrize("breaks", [[1], [3], [1, 1, 1, 1], [5, 1], [HEAD - 1], [HEAD], [HEAD + 1], [12, 9, 1, 15, 4]])
@pytest.mark.parametrize("count", [650, PAGE * HEAD, 3_900])
def test_however_often_it_breaks_off_what_is_known_is_not_read_again(count: int, breaks: Sequence[int]) -> None:
    shelf, seen, since = Shelf(ids(count)), list[str](), DAWN
    breaks = [*breaks] if sum(breaks) < count / PAGE else [2, 3]
    for pages in (*breaks, None):
        more, since = shelf.part(pages, since, seen)
        seen += more
    assert sorted(seen) == sorted(shelf.natives), "each once"
    least = ceil(count / PAGE)
    assert shelf.pages <= least * (1 if count <= PAGE * HEAD else 1.05) + len(breaks) + 1, "a page begun anew at a time"
    assert max(formula.count("rec") for formula in shelf.formulas if formula) <= MOST


@pytest.mark.parametrize("pages", [1, 25])
def test_what_is_known_is_left_out_in_windows_as_well(pages: int) -> None:
    shelf = Shelf(ids(6_000))
    seen, since = shelf.part(HEAD + 1 + pages, DAWN)
    assert since.done, "it broke off in a window"
    before = shelf.pages
    rest, _ = shelf.part(None, since, seen)
    assert sorted([*seen, *rest]) == sorted(shelf.natives), "each once"
    assert shelf.pages - before <= ceil((6_000 - len(seen)) / PAGE) * 1.05 + 1


@pytest.mark.parametrize("last", ["z", LETTERS])
def test_no_formula_grows_with_what_is_known(last: str) -> None:
    shelf = Shelf(ids(4_500, last=last))
    assert sorted(shelf.sweep(DAWN, shelf.natives[:4_400])) == sorted(shelf.natives[4_400:])
    assert max(formula.count("rec") for formula in shelf.formulas if formula) <= MOST
    assert shelf.pages <= 30 + len(LETTERS)


def test_a_table_in_which_all_is_known_costs_one_page() -> None:
    shelf = Shelf(ids(650))
    assert list(shelf.sweep(DAWN, shelf.natives)) == []
    assert shelf.pages == 1


def test_what_was_known_and_is_gone_makes_no_difference() -> None:
    shelf = Shelf(ids(650))
    known = [*shelf.natives[:200], *ids(300, seed=8), "odd"]
    assert sorted(shelf.sweep(DAWN, known)) == sorted(shelf.natives[200:])


def test_wherever_it_breaks_off_nothing_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD", "WINDOW"):
        monkeypatch.setattr(airtable_sweep, name, 1)
    natives = ids(700)
    for place in range(0, 701, 77):
        shelf = Shelf(natives)
        seen = set(islice(shelf.sweep(), place))
        after = shelf.marks[-1] if shelf.marks else DAWN
        assert seen | set(shelf.sweep(after)) == set(natives), place


@pytest.mark.parametrize("last", ["0", "z", "aA", LETTERS])
def test_ids_that_are_all_alike_are_read_whole_as_well(last: str) -> None:
    shelf = Shelf(ids(3_000, last=last))
    assert sorted(shelf.sweep()) == sorted(shelf.natives)
    assert shelf.pages <= 30 + len(LETTERS)


def test_ids_of_another_alphabet_are_in_the_last_window() -> None:
    odd = [f"rec{number}-" for number in range(50)]
    shelf = Shelf([*ids(2_100), *odd])
    assert sorted(shelf.sweep()) == sorted(shelf.natives)
    assert set(odd) <= set(shelf.sweep(Reach("appB", "form", Kind.STAGE, LETTERS[:-1], 2_000)))
    assert set(odd) <= set(shelf.sweep(Reach("appB", "form", Kind.STAGE, LETTERS, 2_000)))


@pytest.mark.parametrize("refusal", [Rejected("invalid formula"), ConfigError("too long")])
def test_where_a_formula_is_refused_the_plain_listing_goes_on(refusal: Exception) -> None:
    shelf = Shelf(ids(2_500))
    shelf.refuses = refusal
    assert sorted(shelf.sweep()) == sorted(shelf.natives)
    assert shelf.pages == 25
    assert sorted(shelf.sweep(Reach("appB", "form", Kind.STAGE, "01", 80))) == sorted(shelf.natives)
    assert sorted(shelf.sweep(DAWN, shelf.natives[:900])) == sorted(shelf.natives[900:])
    assert shelf.pages == 75


@pytest.mark.parametrize(
    "changed",
    [
        {}, {"listing": 2}, {"base": "appX"}, {"form": "other"}, {"kind": "send"}, {"done": "00"}, {"done": "]"},
        {"done": 7}, {"held": -1}, {"held": "9"}, {"held": True},
    ],
)  # fmt: skip
def test_how_far_it_came_is_good_for_the_same_tables_only(changed: dict[str, object]) -> None:
    there = Reach("appB", "form", Kind.CAMPAIGN, "0aZ", 99)
    text = json.dumps(json.loads(there.text()) | changed)
    assert reach(text, "appB", "form") == (None if changed else there)
    assert len(Reach("appB", "form", Kind.CAMPAIGN, LETTERS, 10**6).text()) < 300
