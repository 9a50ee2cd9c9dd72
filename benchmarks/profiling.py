"""Where the time of one step goes: cProfile's figures by module and by function, as text."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MOST = 28


@contextmanager
def profiled(wanted: bool = True) -> Iterator[Callable[[], str]]:
    """Profiles what happens inside, where that is wanted; gives the text afterwards."""
    if not wanted:
        yield lambda: ""
        return
    profile = cProfile.Profile(time.process_time)  # not the clock: other processes would be in it
    with profile:
        yield lambda: told(profile)


def told(profile: cProfile.Profile) -> str:
    """The share of each module by own time, then the dearest functions by own time and with what they call."""
    stats: Any = pstats.Stats(profile)
    total = stats.total_tt or 1e-9
    modules: Counter[str] = Counter()
    for (file, _line, _name), (_cc, _calls, own, _with, _callers) in stats.stats.items():
        modules[_module(file)] += own
    lines = [f"{total:.3f} s of work under the profiler", "", "own time by module"]
    lines += [f"  {100 * own / total:5.1f} %  {own:8.3f} s  {name}" for name, own in modules.most_common(MOST)]
    for title, place in (("own time by function", 2), ("time by function with what it calls", 3)):
        found = sorted(stats.stats.items(), key=lambda one: -one[1][place])[:MOST]
        lines += ["", title]
        lines += [
            f"  {100 * row[place] / total:5.1f} %  {row[place]:8.3f} s  {row[1]:>9} x  {_module(file)}:{line} {name}"
            for (file, line, name), row in found
        ]
    return "\n".join(lines)


def _module(file: str) -> str:
    """A file as people name it: by its place in the project or in its package."""
    path = Path(file)
    if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(ROOT))
    if "site-packages" in path.parts:
        return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
    return "built in" if file.startswith(("~", "<")) else f"python/{path.name}"
