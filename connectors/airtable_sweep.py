"""A listing of an Airtable table that can go on in a later run: in windows of its records' ids.

Offsets expire and no order is promised (reference airtable §2.1), so what remains of a listing has to be asked for by
something about a record that never changes. That is its id. A few pages can be left out by the ids that they had; what
is more goes by windows. By the last of its letters the ids fall into 62 classes and a rest; the last window is whatever
none of the others asked for, so that windows partition a table whatever its ids look like and however a formula
compares letters. Letters of ids are as good as random: windows are evenly long also in a table that was imported in one
second, which times of creation would put into one window.
"""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Final

from pyairtable.formulas import AND, EQ, FIND, NOT, RECORD_ID, REGEX_MATCH, to_formula_str

from sync.errors import ConfigError, Rejected
from sync.model import Kind

HEAD: Final = 20  # pages that are read without windows: so small a table costs nothing more than its pages
WINDOW: Final = 20  # pages of a window
MOST: Final = 2_000  # ids that one formula leaves out: 36 kB of them
LETTERS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
VERSION: Final = 1
_ID: Final = re.compile(r"rec[A-Za-z0-9]{14}")  # reference airtable §1

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one answer, and whether there are more."""

    records: Sequence[Raw]
    more: bool


Ask = Callable[[str | None], Iterator[Page]]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a listing has come: everything before this kind, and the windows of these letters.

    `held` is how many records these windows had. As text it is JSON of a few words, none of them secret; `base` and
    `form` are those of the tables that it is about.
    """

    base: str
    form: str
    kind: Kind
    done: str = ""
    held: int = 0

    def text(self) -> str:
        told = {"listing": VERSION, "base": self.base, "form": self.form, "kind": str(self.kind)}
        return json.dumps({**told, "done": self.done, "held": self.held})


def reach(text: str | None, base: str, form: str) -> Reach | None:
    """What an earlier listing of these tables has told; None where that means nothing for them (any more)."""
    try:
        raw: Any = json.loads(text or "")
        done, held, kind = raw["done"], raw["held"], Kind(raw["kind"])
        if (raw["listing"], raw["base"], raw["form"]) != (VERSION, base, form):
            return None
        sound = isinstance(done, str) and len(set(done)) == len(done) and set(done) <= set(LETTERS)
        if not sound or isinstance(held, bool) or not isinstance(held, int) or held < 0:
            return None
    except (LookupError, TypeError, ValueError, RecursionError):
        return None
    return Reach(base, form, kind, done, held)


def sweep(
    ask: Ask, since: Reach, page: int, reached: Callable[[Reach], None], known: Collection[str] = ()
) -> Iterator[Raw]:
    """Each record of a table that is neither in a window done since nor known. Tells `reached` of each of the first
    pages and of each window that it has shown; another sweep goes on from there, and reads nothing twice of which it is
    told that it is known.

    `ask` lists the table's records of which a formula holds, or all. The first pages are asked for as one listing, and
    the windows then leave out what these had; where a formula is refused, that listing goes on to its end.
    """
    had = set(known)
    plain = _besides(ask, had)
    if not since.done and len(had) < HEAD * page:
        for one in plain:
            yield from _new(one, had)
            had.update(raw["id"] for raw in one.records)
            if not one.more:
                return
            reached(since)
            if len(had) >= HEAD * page:
                break
    first = True
    while True:
        letters = _next(since, had, page)
        last = len(since.done) + len(letters) == len(LETTERS)
        out = {native for native in had if native[-1] in letters or (last and native[-1] not in since.done)}
        found = len(out)
        try:
            for one in ask(_formula(letters, since.done, out, last=last)):
                first = False
                new = _new(one, had)
                found += len(new)
                yield from new
        except (Rejected, ConfigError):
            if not first:
                raise
            for one in plain:
                yield from _new(one, had)
            return
        if last:
            return
        since = replace(since, done=since.done + letters, held=since.held + found)
        reached(since)


def _besides(ask: Ask, known: Collection[str]) -> Iterator[Page]:
    """The table but for what is known; all of it where such a formula is refused."""
    formula, first = _formula("", "", known, last=True), True
    try:
        for one in ask(formula):
            first = False
            yield one
    except (Rejected, ConfigError):
        if formula is None or not first:
            raise
        yield from ask(None)


def _new(page: Page, had: Collection[str]) -> Sequence[Raw]:
    return [raw for raw in page.records if raw["id"] not in had]


def _next(since: Reach, had: Collection[str], page: int) -> str:
    """The letters of the next window: one to see how many records a letter has, then by what is left of them; and no
    more than one formula can leave out."""
    left = "".join(letter for letter in LETTERS if letter not in since.done)
    if not since.done or not left:
        return left[:1]
    passed = Counter(native[-1] for native in had if native[-1] not in since.done)
    each = since.held / len(since.done) - passed.total() / len(left)
    windows = max(1, min(len(left), round(each * len(left) / (WINDOW * page))))
    size = ceil(len(left) / windows)
    while size > 1 and sum(passed[letter] for letter in left[:size]) > MOST:
        size -= 1
    return left[:size]


def _formula(letters: str, done: str, had: Collection[str], *, last: bool) -> str | None:
    """What keeps the records of a window but for those that were had already."""
    conditions: list[Any] = []
    if not last:
        conditions.append(REGEX_MATCH(RECORD_ID(), f"[{letters}]$"))
    elif done:
        conditions.append(NOT(REGEX_MATCH(RECORD_ID(), f"[{done}]$")))
    if exact := sorted(filter(_ID.fullmatch, had))[:MOST]:
        # They are all of one length and a comma is in none, so one is only found whole.
        conditions.append(EQ(FIND(RECORD_ID(), ",".join(exact)), 0))
    return to_formula_str(AND(*conditions) if len(conditions) > 1 else conditions[0]) if conditions else None
