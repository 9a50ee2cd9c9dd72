"""Runs the benchmarks: `python -m benchmarks [--campaigns N ...] [--json]`."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.runs import Figures, measure


def main() -> int:
    """Print a table, or JSON, for each size of company."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Calls and time of each kind of run.")
    parser.add_argument("--campaigns", type=int, nargs="+", default=[24, 100], help="sizes of the company")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    figures = [figure for size in arguments.campaigns for figure in measure(size, say=_progress)]
    if arguments.json:
        sys.stdout.write(json.dumps([figure.to_json() for figure in figures], indent=2) + "\n")
    else:
        _table(figures)
    return 0


def _progress(text: str) -> None:
    sys.stderr.write(f"{text} ...\n")


def _table(figures: list[Figures]) -> None:
    sys.stdout.write("\nStand-in tools on loopback without rate limits; their work is in the time.\n\n")
    sys.stdout.write(f"{'campaigns':>9}  {'records':>7}  {'run':<12}  {'seconds':>7}  calls (writes) by tool\n")
    for figure in figures:
        calls = ", ".join(f"{tool} {total} ({writes})" for tool, (total, writes) in figure.calls.items())
        row = f"{figure.campaigns:>9}  {figure.records:>7}  {figure.run:<12}  {figure.seconds:>7.2f}  {calls}\n"
        sys.stdout.write(row)


if __name__ == "__main__":
    raise SystemExit(main())
