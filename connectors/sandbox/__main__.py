"""`python -m connectors.sandbox`: the sandbox in a process of its own."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.sandbox.exchanges import written_where_asked
from connectors.sandbox.server import ESPS, Config, PortInUseError, serve
from connectors.sandbox.world import StateError


def main() -> int:
    """Exit code 0 after SIGINT or SIGTERM, 1 with one line on standard error if it cannot run."""
    options = _options()
    written_where_asked()
    config = Config(
        port=options.port,
        seed=options.seed,
        campaigns=options.campaigns,
        now=options.now,
        frozen=options.frozen,
        state=options.state,
        log=options.log,
        rate_limits=options.rate_limits,
        jira=options.jira,
        esps=tuple(options.esp or ("klaviyo",)),
    )

    def ready(company: dict[str, Any]) -> None:
        for name, url in company["urls"].items():
            sys.stdout.write(f"{name:9} {url}\n")
        sys.stdout.flush()
        if options.ready_file is not None:
            write_whole(options.ready_file, json.dumps(company, ensure_ascii=False, indent=1))

    try:
        serve(config, ready)
    except (PortInUseError, StateError, OSError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    return 0


def write_whole(path: Path, text: str) -> None:
    """A reader finds the whole file or none."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="connectors.sandbox", description="Stand-in Jira, Airtable and ESPs.")
    parser.add_argument("--port", type=int, default=0, help="Jira's port; the others follow. 0: any free ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--campaigns", type=_campaigns, default=24)
    parser.add_argument("--now", type=_moment, help="ISO time at which the company starts; default: now")
    parser.add_argument("--frozen", action="store_true", help="time stands still until the control API moves it")
    parser.add_argument("--state", type=Path, help="keep the state in this file")
    parser.add_argument("--log", type=Path, help="append every request to this file, one JSON object a line")
    parser.add_argument("--ready-file", type=Path, help="write addresses, credentials and ids here once all answer")
    parser.add_argument("--jira", choices=("cloud", "dc"), default="cloud", help="Jira Cloud or Data Center")
    parser.add_argument("--esp", action="append", choices=tuple(ESPS), help="an ESP; may be given several times")
    parser.add_argument("--rate-limits", action="store_true", help="enforce the tools' rate limits")
    return parser.parse_args()


def _campaigns(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("a number of campaigns is 0 or more")
    return number


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
