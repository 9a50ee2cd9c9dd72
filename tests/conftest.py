"""How the whole suite runs: which generated cases are tried, a database server, the verdict over the wire."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres
from tests.contract.recording import record_direct_calls
from tests.contract.verdict import (
    contract,
    contract_wire,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

# Fixtures and hooks; `contract` judges every test, and the hooks say how often.
__all__ = [
    "contract", "contract_wire", "pytest_sessionfinish", "pytest_terminal_summary", "pytest_testnodedown", "server",
]  # fmt: skip

record_direct_calls()

# All that tests ask is on this machine, whatever proxy a developer goes through; and who is told so at once need not
# look through every variable for one at each request.
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"

# The same cases on every machine and every day: a red test is always somebody's change.
settings.register_profile("default", derandomize=True, deadline=None)
# `make soak`: new cases each time, and many; what it finds is printed as a case to keep.
settings.register_profile(
    "soak", max_examples=5000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_finish() -> None:
    """What is imported and collected by now stays to the end: nobody needs to look through it for garbage again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """A PostgreSQL server, started when the first test asks for it."""
    with postgres.running() as server:
        yield server
