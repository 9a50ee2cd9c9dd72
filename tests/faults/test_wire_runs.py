"""Whole runs while a tool's wire is at fault: nothing is lost, made twice or deleted, and all is caught up on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from requests.adapters import HTTPAdapter

from connectors import airtable, jira_issues, klaviyo
from connectors.http import Retry
from connectors.jira_issues import ARCHIVED
from connectors.sandbox.server import Sandbox
from sync.findings import FindingKind
from tests.e2e.team import TODAY, of_kind
from tests.faults.breakdowns import FAULTS
from tests.faults.crew import NEW_NAME, NEW_SUBJECT, Crew, Sight
from tests.faults.desk import TOOLS
from tests.faults.operations import OPERATIONS
from tests.faults.outcomes import MATRIX, OUTCOMES
from tests.faults.test_wire import impatient

# What is over within the run, or takes the same way through it as another fault, is left to `make soak`.
ALIKE = {
    "429", "429 with seconds", "429 with a date", "5xx, short", "cut, length fits", "text or number", "list", "null",
    "null inside", "missing key", "key twice", "record twice", "one more", "one less", "expired", "expires always",
}  # fmt: skip
# Where a fault strikes: at the creation of a record, or while the records are read.
AT = dict.fromkeys(list(FAULTS)[: list(FAULTS).index("null") + 1], "create")
AT |= dict.fromkeys(("one more", "one less", "expired", "expires always", "401"), "later page")
SOAKING = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
FAULTY = [
    (tool, fault)
    for tool in TOOLS
    for fault in FAULTS
    if MATRIX[tool][fault, AT.get(fault, "first page")] in OUTCOMES and (SOAKING or fault not in ALIKE)
]


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """A team in which nothing is left to do, on tools whose listings have two pages."""
    with pytest.MonkeyPatch.context() as patch, Sandbox(seed=1, campaigns=3, now=TODAY) as box:
        patch.setattr(airtable, "PAGE", 20)
        patch.setattr(jira_issues, "PAGE", 20)
        patch.setattr(klaviyo, "PAGE", 2)
        patch.setattr(HTTPAdapter, "send", impatient(HTTPAdapter.send))
        patch.setattr(Retry, "__call__", _without_waiting(Retry.__call__))
        yield Crew(box, tmp_path_factory.mktemp("crew"))


def _without_waiting(call: Callable[..., object]) -> Callable[..., object]:
    def at_once(self: Retry, *args: object, **options: object) -> object:
        return call(replace(self, sleep=lambda _: None), *args, **options)

    return at_once


@pytest.mark.parametrize(("tool", "fault"), FAULTY)
def test_a_fault_costs_nobody_anything_but_time(crew: Crew, tool: str, fault: str) -> None:
    ways = list(FAULTS[fault](crew.desks[tool], OPERATIONS[tool][AT.get(fault, "first page")]))
    for way in ways if SOAKING else ways[:1]:
        crew.begin_again()
        crew.people_work(tool)
        mark = crew.mark()
        crew.box.world.faults.extend(way.faults)

        during = crew.sync()

        crew.box.world.faults.clear()
        assert of_kind(during, FindingKind.DELETION) == []
        sights = _nothing_is_gone(crew, mark)
        assert sights[tool].subject == NEW_SUBJECT, "what a person wrote into the faulty tool is never overwritten"
        for other in set(TOOLS) - {tool}:
            assert sights[other].name.startswith(NEW_NAME), "the other tools went on"
            assert sights[other].made == 1
        _is_caught_up_on(crew, mark)


def _is_caught_up_on(crew: Crew, mark: int) -> None:
    """Two runs without a fault bring all together, and a third does nothing; often one run is enough."""
    crew.after_an_hour()
    crew.sync()
    quiet_at = crew.mark()
    quiet = crew.sync()
    if quiet.changes or quiet.opened or quiet.closed:
        quiet_at = crew.mark()
        quiet = crew.sync()
    assert crew.writes(quiet_at) == []
    assert (quiet.changes, quiet.opened, quiet.closed) == ((), (), ())
    assert of_kind(quiet, FindingKind.TOOL_TROUBLE) == []
    for sight in _nothing_is_gone(crew, mark).values():
        assert sight.name.startswith(NEW_NAME)
        assert sight.subject == NEW_SUBJECT
        assert sight.made == 1, "made once, and not twice"


def _nothing_is_gone(crew: Crew, mark: int) -> dict[str, Sight]:
    writes = crew.writes(mark)
    assert [entry["path"] for entry in writes if entry["method"] == "DELETE" and "/tags/" not in entry["path"]] == []
    assert ARCHIVED not in str(writes)
    sights = {tool: crew.sight(tool) for tool in TOOLS}
    for tool, sight in sights.items():
        assert sight.records >= crew.records[tool]
    return sights
