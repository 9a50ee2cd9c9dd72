"""Breaks the heart one line at a time: `python -m tests.mutation`, `--planted`, `--only sync/guard.py --jobs 2`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.mutation.judge import judge
from tests.mutation.mutate import Change, mutants
from tests.mutation.planted import EQUIVALENT, HARMLESS, PLANTED, Equivalent, plant
from tests.mutation.suites import OWN, judging

ROOT = Path(__file__).parents[2]


def main() -> int:
    """0 when everything was caught, 1 when something survived or a list is out of date."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--planted", action="store_true", help="the planted bugs alone")
    parser.add_argument("--all", action="store_true", help="the planted bugs and every mutant, as without any option")
    parser.add_argument("--list", action="store_true", help="list them, and judge none")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--only", nargs="+", metavar="NAME|FILE", help="planted bugs by name, or a file, or FILE:LINE")
    asked = parser.parse_args()
    try:
        bugs = [plant(ROOT, bug) for bug in PLANTED + (HARMLESS if asked.only else ())]
    except LookupError as error:
        sys.exit(str(error))
    found = [] if asked.planted and not asked.all else [m for file in OWN for m in mutants(ROOT, file)]
    equivalent = {change for change in found if _reason(change)}
    if found and (stale := stale_reasons(found)):
        sys.exit("\n".join(f"no mutant any more: {one.file}: {one.old} -> {one.new}" for one in stale))
    chosen = [replace(c, suites=judging(c.file)) for c in found if c not in equivalent]
    if asked.only:
        bugs, chosen = [c for c in bugs if _is_meant(c, asked.only)], [c for c in chosen if _is_meant(c, asked.only)]
        equivalent = {change for change in equivalent if _is_meant(change, asked.only)}
    if asked.list:
        print(*bugs, *chosen, sep="\n")
        return 0
    return _told(bugs, chosen, len(equivalent), asked.jobs)


def stale_reasons(found: Sequence[Change]) -> list[Equivalent]:
    """What is listed as equivalent and is no mutant any more."""
    return [one for one in EQUIVALENT if (one.file, one.old, one.new) not in {(c.file, c.old, c.new) for c in found}]


def _reason(change: Change) -> str | None:
    wanted = (change.file, change.old, change.new)
    return next((one.reason for one in EQUIVALENT if (one.file, one.old, one.new) == wanted), None)


def _is_meant(change: Change, wanted: Sequence[str]) -> bool:
    return not {change.name, change.file, f"{change.file}:{change.line}"}.isdisjoint(wanted)


def _told(bugs: Sequence[Change], chosen: Sequence[Change], equivalent: int, jobs: int) -> int:
    """Judge, and tell each verdict when it comes and the sum at the end."""
    suites = dict.fromkeys(suite for change in (*bugs, *chosen) for suite in change.suites)
    if not suites:
        sys.exit("nothing to judge: no planted bug, file or line of that name")
    survived: list[Change] = []
    for verdict in judge([_unchanged(tuple(suites))], 1):
        if verdict.caught_by:
            sys.exit(f"the tests fail without any change: {verdict.caught_by}")
        print(f"{len(suites)} suites pass without a change ({verdict.seconds:.0f} s)", flush=True)
    for number, verdict in enumerate(judge([*bugs, *chosen], jobs), 1):
        change = verdict.change
        outcome = f"caught by {verdict.caught_by}" if verdict.caught_by else "SURVIVED"
        where = change.name or f"{change.file}:{change.line}"
        print(f"[{number}/{len(bugs) + len(chosen)}] {where} {outcome} ({verdict.seconds:.1f} s)", flush=True)
        if not verdict.caught_by:
            survived.append(change)
            print(change, flush=True)
    left = sum(1 for change in survived if change.name)
    print(
        f"planted bugs caught {len(bugs) - left} of {len(bugs)}; "
        f"mutants caught {len(chosen) - len(survived) + left} of {len(chosen)} ({equivalent} equivalent, listed)"
    )
    return int(bool(survived))


def _unchanged(suites: tuple[str, ...]) -> Change:
    file = "sync/guard.py"
    return Change(file, 1, "", "", (ROOT / file).read_text(encoding="utf-8"), "unchanged", suites)


if __name__ == "__main__":
    sys.exit(main())
