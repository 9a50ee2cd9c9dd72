"""Bugs that one could well make, each planted by changing one line, and mutants that are no bugs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutate import Change
from tests.mutation.suites import named

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug: a text that stands once in the file, the same with one line changed, and the suite that has to notice."""

    name: str
    file: str
    old: str
    new: str
    harm: str
    suite: str


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Mutants of a file that do the same as the original: the changed lines before and after, and the reason."""

    file: str
    old: str
    new: str
    reason: str


_lists = tomllib.loads((HERE / "planted.toml").read_text(encoding="utf-8"))
PLANTED = tuple(Planted(**bug) for bug in _lists["bug"])
HARMLESS = tuple(Planted(**bug) for bug in _lists["harmless"])
_mutants = tomllib.loads((HERE / "equivalent.toml").read_text(encoding="utf-8"))
EQUIVALENT = tuple(Equivalent(**mutant) for mutant in _mutants.get("mutant", ()))


def plant(root: Path, bug: Planted) -> Change:
    """The bug in its module. Raises LookupError when it does not stand there any more, or is not one line of it."""
    source = (root / bug.file).read_text(encoding="utf-8")
    changed = source.replace(bug.old, bug.new)
    if source.count(bug.old) != 1:
        place = f"{bug.old!r} stands {source.count(bug.old)} times in {bug.file}"
        raise LookupError(f"planted bug {bug.name!r}: {place}; take its line anew")
    before, after = source.splitlines(), changed.splitlines()
    lines = [at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]]
    if len(before) != len(after) or len(lines) != 1:
        raise LookupError(f"planted bug {bug.name!r} changes {len(lines)} lines of {bug.file}; it is to change one")
    at = lines[0]
    return Change(bug.file, at + 1, before[at].strip(), after[at].strip(), changed, bug.name, (named(bug.suite),))
