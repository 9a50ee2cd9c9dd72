"""Runs the benchmarks: `python -m benchmarks [WHAT ...]`; prints tables and writes JSON.

`engine`, `decode`, `limits`, `edit`, `calls`, `changes` and `time`; all of them when none is named. `changes` are those
of the calls that follow on 1 % of edits. `--profile STEP` tells where the time of one step goes instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import calls, decode, edit, engine, limits, runs
from benchmarks.engine_step import STEPS
from benchmarks.peers import Peers, peers
from benchmarks.processes import child, noise
from benchmarks.tables import SHOWN, of_noise
from benchmarks.team import TOOLS

OUT = Path(__file__).with_name("out")
ITEMS, MANY_ITEMS = (1_000, 10_000), 100_000
CAMPAIGNS, MANY_CAMPAIGNS = (24, 100), 1_000
PAGES, EDITING = 100, 24  # campaigns whose records are decoded, and among which one is edited
PROFILES = (*STEPS, *(f"decode:{tool}" for tool in TOOLS))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is named, or all of it."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if unknown := set(given.what) - set(SHOWN):
        parser.error(f"nothing here measures {', '.join(sorted(unknown))}; there are {', '.join(SHOWN)}")
    if given.profile:
        sys.stdout.write(_profile(given.profile, given) + "\n")
        return 0
    wanted = [name for name in SHOWN if name in given.what] if given.what else list(SHOWN)
    found: dict[str, Any] = {"noise": noise()}
    if not given.json:
        sys.stdout.write(of_noise(found["noise"]))
    for name in wanted:
        rows = list(_MEASURED[name](given))
        found[name] = [row.to_json() for row in rows]
        if not given.json:
            sys.stdout.write(f"\n{name}\n{SHOWN[name](rows)}")
            sys.stdout.flush()
    if not given.large:
        _say(f"skipped: {MANY_ITEMS} items and {MANY_CAMPAIGNS} campaigns, which take long (--large)")
    if given.json:
        sys.stdout.write(json.dumps(found[wanted[0]] if len(wanted) == 1 else found, indent=2) + "\n")
    else:
        place = given.out or OUT / f"{'-'.join(wanted) if given.what else 'all'}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
        _say(f"written: {place}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="What runs cost, in calls, time and memory."
    )
    parser.add_argument("what", nargs="*", help=f"{', '.join(SHOWN)}; all when not given")
    parser.add_argument("--items", type=int, nargs="+", default=list(ITEMS), help="sizes for the engine by itself")
    parser.add_argument("--campaigns", type=int, nargs="+", default=list(CAMPAIGNS), help="sizes of the company")
    parser.add_argument("--large", action="store_true", help=f"{MANY_ITEMS} items and {MANY_CAMPAIGNS} campaigns too")
    parser.add_argument("--repeat", type=int, default=3, help="how often each time is measured")
    parser.add_argument("--no-memory", action="store_true", help="leave memory out, which doubles the engine's time")
    parser.add_argument("--peer-python", help="the Python that has vdirsyncer; ours is tried when not given")
    parser.add_argument("--no-peers", action="store_true", help="measure no other program beside the engine")
    parser.add_argument("--json", action="store_true", help="print JSON in place of tables")
    parser.add_argument("--out", type=Path, help=f"where the JSON goes (default: {OUT.parent.name}/{OUT.name})")
    steps = ", ".join(PROFILES).replace("%", "%%")
    parser.add_argument("--profile", choices=PROFILES, metavar="STEP", help=f"one of {steps}")
    return parser


def _engine(given: argparse.Namespace) -> Iterator[engine.Row]:
    known = Peers({}, {}) if given.no_peers else peers(given.peer_python)
    for name, how in known.missing.items():
        _say(f"without {name}, which is not here: {how}")
    counts = sorted({*given.items, *([MANY_ITEMS] if given.large else [])})
    plan = engine.Plan(counts, repeat=given.repeat, memory=not given.no_memory, peers=known)
    return engine.measure(plan, _say)


def _sizes(given: argparse.Namespace) -> list[int]:
    return sorted({*given.campaigns, *([MANY_CAMPAIGNS] if given.large else [])})


def _limits(given: argparse.Namespace) -> Iterator[limits.Row]:
    for size in _sizes(given):
        yield from limits.measure(size, _say)


def _calls(given: argparse.Namespace) -> Iterator[calls.Row]:
    for size in _sizes(given):
        yield from calls.measure(size, say=_say)


def _changes(given: argparse.Namespace) -> Iterator[calls.Row]:
    for size in _sizes(given):
        yield from calls.measure_changes(size, say=_say)


def _time(given: argparse.Namespace) -> Iterator[runs.Figures]:
    for size in _sizes(given):
        yield from runs.measure(size, say=_say)


_MEASURED: dict[str, Callable[[argparse.Namespace], Iterator[Any]]] = {
    "engine": _engine,
    "decode": lambda given: decode.measure(PAGES, 2 * given.repeat + 1, _say),
    "limits": _limits,
    "edit": lambda given: edit.measure(EDITING, given.repeat, _say),
    "calls": _calls,
    "changes": _changes,
    "time": _time,
}


def _profile(step: str, given: argparse.Namespace) -> str:
    """Where the time of one step goes, over the most items or campaigns that are asked for."""
    if step.startswith("decode:"):
        return decode.profile(PAGES, step.removeprefix("decode:"))
    count = str(max(given.items))
    with TemporaryDirectory() as folder:
        _say(f"{count} items: preparing")
        child(engine.MODULE, "prepare", count, folder, "--wanted", step)
        figures = child(engine.MODULE, step, count, folder, "--profile")
    return f"{figures['title']}, {count} items\n\n{figures['profile']}"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    raise SystemExit(main())
