"""The verdict over each test: it fails if the wire carried during it what a vendor's description does not allow."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.ledger import Ledger
from tests.contract.recording import Children, recording

VARIABLE = "CAMPAIGN_SYNC_CONTRACT"  # names a folder for what each process has seen
SHOWN = 5
# The stand-ins' own tests and this check's ask wrongly on purpose: theirs are not the requests of a connector.
ASKING_WRONGLY = frozenset((Path(__file__).parent, Path(__file__).parents[1] / "sandbox"))


@pytest.fixture(scope="session")
def contract_wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Children]]:
    """Everything that goes over the wire while the tests of this process run."""
    ledger = Ledger()
    with recording(ledger.hear, tmp_path_factory.mktemp("exchanges")) as children:
        yield ledger, children
    if folder := os.environ.get(VARIABLE):
        (Path(folder) / f"{os.getpid()}.json").write_text(json.dumps(ledger.account.dump()), encoding="utf-8")


@pytest.fixture(autouse=True)
def contract(request: pytest.FixtureRequest, contract_wire: tuple[Ledger, Children]) -> Iterator[None]:
    """What is asked and answered during a test keeps to the vendors' descriptions."""
    ledger, children = contract_wire
    meant = request.node.get_closest_marker("asks_wrongly") is None
    ledger.requests = meant and ASKING_WRONGLY.isdisjoint(request.path.parents)
    yield
    for exchange in children.news():
        ledger.hear(exchange)
    if found := ledger.drain():
        told = [str(violation) for violation in found[:SHOWN]]
        more = [f"… and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        pytest.fail("\n".join(["the wire broke a vendor's contract (tests/contract):", *told, *more]), pytrace=False)
