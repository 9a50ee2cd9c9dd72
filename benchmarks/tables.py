"""The measurements as text tables: numbers to the right, one row a run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks import calls, decode, edit, engine, limits, runs
from benchmarks.engine import OURS
from benchmarks.engine_step import STEPS
from benchmarks.kinds import Use
from benchmarks.peers import UNISON, VDIRSYNCER

NUMBER = re.compile(r"-|[\d.]+(e[+-]\d+)?( %)?")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, numbers to the right and words to the left."""
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    words = [not all(NUMBER.fullmatch(row[at]) for row in rows) for at in range(len(header))]

    def line(row: Sequence[str]) -> str:
        cells = (cell.ljust(w) if left else cell.rjust(w) for cell, w, left in zip(row, widths, words, strict=True))
        return "  ".join(cells).rstrip()

    return "\n".join(line(row) for row in (header, *rows)) + "\n"


def of_noise(found: Mapping[str, Any]) -> str:
    """What the machine is, and how far the same work differs from one time to the next."""
    parts = (("computing, by the clock", "work_seconds"), ("computing, work alone", "work_cpu"))
    said = [f"{title} {_share(found[key]['spread'])}" for title, key in parts]
    commit = found["commit_seconds"]
    return (
        f"Python {found['python']}, {found['cores']} cores, load {' '.join(map(str, found['load']))}. Spread of the "
        f"same work ({found['work_seconds']['times']} times, of the median): {', '.join(said)}. A durable commit takes "
        f"{1000 * commit['median']:.1f} ms (spread {_share(commit['spread'])} of {commit['times']}).\n"
    )


def of_engine(rows: Sequence[engine.Row]) -> str:
    """By size and step, beside the peers. Ratios are those of the medians of work: of CPU seconds."""
    header = (
        "items", "run", "seconds", "spread", "work s", "items/s", "x vdirsyncer", "x unison", "heap B/item",
        "RSS B/item", "disk B/item/tool", "statements", "written",
    )  # fmt: skip
    cells = [
        (
            f"{row.items}", row.title, _seconds(row.wall[OURS].median), _share(row.wall[OURS].spread),
            _seconds(row.cpu[OURS].median), f"{row.per_second:.0f}", _ratio(row.ratio(VDIRSYNCER)),
            _ratio(row.ratio(UNISON)), _bytes(row.heap, row.items), _bytes(row.rss, row.items), f"{row.disk:.0f}",
            f"{row.once['statements']}", f"{row.once['written']}",
        )
        for row in rows
    ]  # fmt: skip
    grown = [
        f"{STEPS[step].title}: "
        + ", ".join(f"{items} items x {times:.2f} (an item x {by_item:.2f})" for items, times, by_item in found)
        for step in STEPS
        if len(found := engine.growth(rows, step)) > 1
    ]
    shown = (
        "".join(f"{line}\n" for line in ("How the work grows with the items, over the fewest:", *grown))
        if grown
        else ""
    )
    return (
        "Twelve fields an item, three tools in memory, the state in an SQLite file.\n\n" + table(header, cells) + shown
    )


def of_decode(rows: Sequence[decode.Row]) -> str:
    header = (
        "tool",
        "records",
        "bytes each",
        "json.loads s",
        "decoded s",
        "and mapped s",
        "spread",
        "records/s",
        "x json.loads",
    )
    cells = [
        (
            row.tool, f"{row.records}", f"{row.size:.0f}", _seconds(row.plain.median), _seconds(row.decode.median),
            _seconds(row.both.median), _share(row.both.spread), f"{row.per_second:.0f}", f"{row.times_plain:.1f}",
        )
        for row in rows
    ]  # fmt: skip
    return "From the tools' answers to canonical cells; seconds of work for all records.\n\n" + table(header, cells)


def of_limits(rows: Sequence[limits.Row]) -> str:
    header = ("campaigns", "run", "tool", "requests", "fewest", "seconds", "bound s", "ratio", "429s")
    cells = []
    for row in rows:
        for tool, one in row.tools.items():
            timed = (f"{one.seconds:.1f}", f"{one.least:.1f}", _ratio(limits.ratio(one.seconds, one.least)))
            counts = f"{one.requests}", f"{one.fewest}"
            cells.append((f"{row.campaigns}", row.run, tool, *counts, *timed, f"{one.refused}"))
        whole = f"{row.seconds:.1f}", f"{row.bound:.1f}", _ratio(row.ratio)
        cells.append((f"{row.campaigns}", row.run, "all", "-", "-", *whole, f"{row.refused}"))
    return (
        "Under the vendors' rate limits, by the stand-ins' clock: a request takes no time. A tool's seconds end with "
        "its last request; where the limits demand no wait there is no ratio.\n\n" + table(header, cells)
    )


def of_edit(rows: Sequence[edit.Row]) -> str:
    header = ("campaigns", "edited in", "by", "seconds", "spread")
    cells = [
        (f"{row.campaigns}", row.source, row.way, f"{row.seconds.median:.2f}", _share(row.seconds.spread))
        for row in rows
    ]
    told = (
        "From an edit in one tool to its arrival in all others. By poll it counts from the run's begin; until then it "
        "waits for the schedule. By webhook `gather` (3 s by default) is added.\n\n"
    )
    return told + table(header, cells)


def of_time(rows: Sequence[runs.Figures]) -> str:
    header = ("campaigns", "records", "run", "seconds", "calls (writes) by tool")
    cells = [
        (
            f"{row.campaigns}", f"{row.records}", row.run, f"{row.seconds:.2f}",
            ", ".join(f"{tool} {total} ({writes})" for tool, (total, writes) in row.calls.items()),
        )
        for row in rows
    ]  # fmt: skip
    return "Stand-in tools on loopback without rate limits; their work is in the time.\n\n" + table(header, cells)


def of_calls(rows: Sequence[calls.Row]) -> str:
    first = "Requests by run, and the fewest by page and batch sizes (see benchmarks/bounds.py).\n"
    last = "The last column is their ratio where one look at each record that is changed counts among the fewest.\n"
    return first + last + "".join(_calls(rows))


def _calls(rows: Sequence[calls.Row]) -> Iterator[str]:
    uses = (use.value for use in Use)
    header = ("campaigns", "records", "run", "written", "requests", *uses, "bound", "ratio", "with a look")
    for tool in dict.fromkeys(row.tool for row in rows):
        cells = [
            (
                f"{row.campaigns}", f"{row.records}", row.run, f"{row.written}", f"{row.requests}",
                *(f"{count}" for count in row.uses.values()), f"{row.bound}", f"{row.requests / row.bound:.2f}",
                f"{row.requests / (row.bound + row.looks):.2f}",
            )
            for row in rows
            if row.tool == tool
        ]  # fmt: skip
        yield f"\n{tool}\n{table(header, cells)}"


SHOWN: dict[str, Callable[[Any], str]] = {
    "engine": of_engine, "decode": of_decode, "calls": of_calls, "changes": of_calls, "limits": of_limits,
    "edit": of_edit, "time": of_time,
}  # fmt: skip


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _bytes(value: int | None, items: int) -> str:
    return "-" if value is None else f"{value / items:.0f}"


__all__ = ["SHOWN", "of_noise", "table"]
