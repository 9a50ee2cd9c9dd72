"""The verdict over each test: it fails if the wire carried during it what a vendor's description does not allow, or
what could have sent a campaign.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.exchanges import Exchange
from tests.contract.exceptions import Violation
from tests.contract.ledger import Ledger
from tests.contract.recording import Children, recording
from tests.contract.sends import Sends

VARIABLE = "CAMPAIGN_SYNC_CONTRACT"  # names a folder for what each process has seen
SHOWN = 5
# The stand-ins' own tests and this check's ask wrongly on purpose: theirs are not the requests of a connector.
ASKING_WRONGLY = frozenset((Path(__file__).parent, Path(__file__).parents[1] / "sandbox"))


COUNTS = pytest.StashKey[Counter[str]]()  # of `Sends`, of all processes in the one that others report to


class Wire:
    """What judges the exchanges of this process and of those that it starts."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.sends = Sends()

    def hear(self, exchange: Exchange) -> None:
        self.ledger.hear(exchange)
        self.sends.hear(exchange)


@pytest.fixture(scope="session")
def contract_wire(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[tuple[Wire, Children]]:
    """Everything that goes over the wire while the tests of this process run."""
    wire = Wire()
    with recording(wire.hear, tmp_path_factory.mktemp("exchanges")) as children:
        yield wire, children
    pytestconfig.stash[COUNTS] = wire.sends.counts
    if folder := os.environ.get(VARIABLE):
        account = wire.ledger.account
        (Path(folder) / f"{os.getpid()}.json").write_text(json.dumps(account.dump()), encoding="utf-8")


@pytest.fixture(autouse=True)
def contract(request: pytest.FixtureRequest, contract_wire: tuple[Wire, Children]) -> Iterator[None]:
    """What is asked and answered during a test keeps to the vendors' descriptions, and lets no campaign go out."""
    wire, children = contract_wire
    meant = request.node.get_closest_marker("asks_wrongly") is None
    wire.ledger.requests = wire.sends.everybody = meant and ASKING_WRONGLY.isdisjoint(request.path.parents)
    yield
    for exchange in children.news():
        wire.hear(exchange)
    told = [
        *_told("a request could have sent a campaign (tests/contract/sends.py):", wire.sends.drain()),
        *_told("the wire broke a vendor's contract (tests/contract):", wire.ledger.drain()),
    ]
    if told:
        pytest.fail("\n".join(told), pytrace=False)


def _told(heading: str, found: Sequence[Violation]) -> Iterator[str]:
    if found:
        yield heading
    yield from map(str, found[:SHOWN])
    if len(found) > SHOWN:
        yield f"… and {len(found) - SHOWN} more"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that runs a part of the tests hands its counts to the one that has it run."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["sends"] = dict(session.config.stash.get(COUNTS, None) or {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up what a process that ends has counted."""
    counts = node.config.stash.setdefault(COUNTS, Counter())
    counts.update(getattr(node, "workeroutput", {}).get("sends", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line at the end of a run in which an ESP was asked anything."""
    counts = config.stash.get(COUNTS, Counter())
    if counts["requests"]:
        terminalreporter.write_line(
            f"exchanges with ESPs judged for sends: {counts['requests']}, with {counts['schedulings']} schedulings; "
            f"{counts['could send']} could send"
        )
