"""The long runs, one after the other, and what came of each: `make soak`, `make soak SEEDS=1000000 PARTS="simulation"`.

`PARTS` are any of `simulation`, `crash`, `mutation`, `contract`, `generated`, each also on PostgreSQL where there is a
database in it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from tests.postgres import running

PARTS = ("simulation", "crash", "mutation", "contract", "generated")
# A database over a socket is slower than one in memory by about as much; the laws are the same.
FEWER = 20


@dataclass(frozen=True, slots=True)
class Part:
    """One command and how it is called in the account."""

    name: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


def main() -> int:
    """0 when every part kept every law and caught every bug."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100_000, help="schedules of the simulation on SQLite")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    asked = parser.parse_args()
    failed = False
    with ExitStack() as stack:
        account = []
        for part in _parts(asked, stack):
            print(f"\n== {part.name}", flush=True)
            began = time.monotonic()
            command = [sys.executable, "-m", *part.arguments]
            code = subprocess.run(command, env={**os.environ, **dict(part.environment)}, check=False).returncode
            account.append(f"{'ok' if code == 0 else 'FAILED':6} {time.monotonic() - began:8.0f} s  {part.name}")
            failed |= code != 0
    print("\n== the account", *account, sep="\n")
    return int(failed)


def _parts(asked: argparse.Namespace, stack: ExitStack) -> Iterator[Part]:
    jobs, first = str(asked.jobs), asked.first
    server = stack.enter_context(running()) if {"simulation", "crash"} & set(asked.parts) else None
    if "simulation" in asked.parts:
        span = (str(first), str(first + asked.seeds))
        yield Part("simulation, SQLite", ("tests.simulation", "--seeds", *span, "--jobs", jobs))
    if "simulation" in asked.parts and server:
        span = (str(first), str(first + max(asked.seeds // FEWER, 1)))
        urls = ("--database", *(server.fresh() for _ in range(asked.jobs)))
        yield Part("simulation, PostgreSQL", ("tests.simulation", "--seeds", *span, "--jobs", jobs, *urls))
    if "crash" in asked.parts and server:
        kills = ("tests.crash", "--singles", "--pairs", "--jobs", jobs)
        yield Part("crashes, SQLite", (*kills, "--power", "--stop", "--wire"))
        yield Part("moves of sends, killed", ("tests.crash.moves",))
        yield Part("crashes, PostgreSQL", (*kills, "--database", server.fresh()))
    if "mutation" in asked.parts:
        yield Part("planted bugs and mutants", ("tests.mutation", "--all", "--jobs", jobs))
    if "contract" in asked.parts:
        yield Part(
            "the wire against the vendors' descriptions", ("tests.contract", "--unused", "--jobs", jobs, "tests")
        )
    if "generated" in asked.parts:
        more = (("HYPOTHESIS_PROFILE", "soak"),)
        yield Part("the whole suite, many more generated cases", ("pytest", "-q", "-n", jobs), more)


if __name__ == "__main__":
    sys.exit(main())
