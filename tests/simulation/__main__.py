"""Replays one seed, or plays many: `python -m tests.simulation --seed 17`, `--seeds 0 1000000 --jobs 2`."""

from __future__ import annotations

import argparse
import sys

from tests.simulation.database import Database
from tests.simulation.play import play
from tests.simulation.schedule import Schedule, draw, parse
from tests.simulation.shrink import shrink
from tests.simulation.sweep import sweep


def main() -> int:
    """0 when every schedule kept the laws, 1 when one broke them."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this seed, print its history, shrink it if it fails")
    parser.add_argument("--schedule", help="replay a schedule as a shrunk seed prints it")
    parser.add_argument("--seeds", type=int, nargs=2, metavar=("FROM", "TO"), help="play all of these")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--database", nargs="+", help="URLs, one for each process; else SQLite in memory")
    asked = parser.parse_args()
    urls = asked.database or ["sqlite://"] * asked.jobs
    if len(urls) != asked.jobs:
        parser.error("--database needs as many URLs as --jobs")
    if asked.seeds:
        return sweep(asked.seeds[0], asked.seeds[1], urls)
    schedule = parse(asked.schedule) if asked.schedule else draw(asked.seed or 0)
    return replay(schedule, urls[0])


def replay(schedule: Schedule, url: str) -> int:
    """Play one schedule and tell its history; a failing one is shrunk and told again."""
    database = Database(url)
    verdict = play(schedule, database, tell=print)
    print(f"hash {verdict.digest}, {verdict.runs} runs, {verdict.boundaries} boundaries")
    if verdict.violation is None:
        print("Every law was kept.")
        return 0
    print(f"\n{verdict.violation}\n\nShrinking ...")
    smallest = shrink(schedule, lambda one: play(one, database).violation is not None)
    verdict = play(smallest, database, tell=print)
    print(f'\n{verdict.violation}\n\nmake replay SCHEDULE="{smallest}"')
    return 1


if __name__ == "__main__":
    sys.exit(main())
