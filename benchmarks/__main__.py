"""Runs the benchmarks: `python -m benchmarks [--campaigns N ...] [--json]`, of requests alone `… calls`."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks import calls, runs
from benchmarks.kinds import Use

TIME, CALLS = "time", "calls"


def main() -> int:
    """Print a table, or JSON, for each size of company: of both benchmarks, or of the one that is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Calls and time of each kind of run.")
    parser.add_argument("what", nargs="?", choices=(TIME, CALLS), help="only the one; both when not given")
    parser.add_argument("--campaigns", type=int, nargs="+", default=[24, 100], help="sizes of the company")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    sizes, wanted = arguments.campaigns, [arguments.what] if arguments.what else [TIME, CALLS]
    figures = [one for size in sizes for one in runs.measure(size, say=_progress)] if TIME in wanted else []
    rows = [row for size in sizes for row in calls.measure(size, say=_progress)] if CALLS in wanted else []
    if arguments.json:
        found = {TIME: [one.to_json() for one in figures], CALLS: [row.to_json() for row in rows]}
        shown = found[arguments.what] if arguments.what else found
        sys.stdout.write(json.dumps(shown, indent=2) + "\n")
        return 0
    if figures:
        _times(figures)
    if rows:
        _calls(rows)
    return 0


def _progress(text: str) -> None:
    sys.stderr.write(f"{text} ...\n")


def _times(figures: list[runs.Figures]) -> None:
    sys.stdout.write("\nStand-in tools on loopback without rate limits; their work is in the time.\n\n")
    sys.stdout.write(f"{'campaigns':>9}  {'records':>7}  {'run':<12}  {'seconds':>7}  calls (writes) by tool\n")
    for figure in figures:
        by_tool = ", ".join(f"{tool} {total} ({writes})" for tool, (total, writes) in figure.calls.items())
        row = f"{figure.campaigns:>9}  {figure.records:>7}  {figure.run:<12}  {figure.seconds:>7.2f}  {by_tool}\n"
        sys.stdout.write(row)


def _calls(rows: list[calls.Row]) -> None:
    sys.stdout.write("\nRequests by run, and the fewest by page and batch sizes (see benchmarks/bounds.py).\n")
    for tool in dict.fromkeys(row.tool for row in rows):
        sys.stdout.write(f"\n{tool}\n{'campaigns':>9}  {'records':>7}  {'run':<25}  {'written':>7}  {'requests':>8}")
        sys.stdout.write("".join(f"  {use.value:>7}" for use in Use) + f"  {'bound':>5}  {'ratio':>5}\n")
        for row in rows:
            if row.tool == tool:
                _row(row)


def _row(row: calls.Row) -> None:
    sys.stdout.write(f"{row.campaigns:>9}  {row.records:>7}  {row.run:<25}  {row.written:>7}  {row.requests:>8}")
    uses = "".join(f"  {count:>7}" for count in row.uses.values())
    sys.stdout.write(f"{uses}  {row.bound:>5}  {row.requests / row.bound:>5.1f}\n")


if __name__ == "__main__":
    raise SystemExit(main())
