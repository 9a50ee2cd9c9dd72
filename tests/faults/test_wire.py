"""Every fault on the wire meets every operation of every connector; each cell of the matrix is a test."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import pytest
import requests
from requests.adapters import HTTPAdapter

from connectors import airtable, jira_issues, klaviyo
from connectors.sandbox.server import Sandbox
from sync.errors import Ambiguous, ConfigError, Stale, Unavailable
from sync.model import Record
from tests.faults.breakdowns import FAULTS, TIMED_OUT, Way
from tests.faults.desk import NOW, Desk, Ending
from tests.faults.operations import OPERATIONS
from tests.faults.outcomes import COLUMNS, MATRIX, OUTCOMES, REASONS

CELLS = [
    (tool, fault, operation)
    for tool, matrix in MATRIX.items()
    for (fault, operation), word in matrix.items()
    if word in OUTCOMES
]


@pytest.fixture(scope="module")
def desks() -> Iterator[Callable[[str], Desk]]:
    """A small company's tools, with pages so short that every listing has several."""
    made: dict[str, Desk] = {}
    with pytest.MonkeyPatch.context() as patch, Sandbox(seed=1, campaigns=3, now=NOW) as box:
        patch.setattr(airtable, "PAGE", 15)
        patch.setattr(jira_issues, "PAGE", 15)
        patch.setattr(klaviyo, "PAGE", 2)
        patch.setattr(HTTPAdapter, "send", impatient(HTTPAdapter.send))
        yield lambda tool: made.get(tool) or made.setdefault(tool, Desk(tool, box))
        for desk in made.values():
            desk.connector.close()


def impatient(send: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    """Time out where the server says that its answer came too late: nobody waits for a clock."""

    def patiently(
        self: HTTPAdapter, request: requests.PreparedRequest, *args: object, **options: object
    ) -> requests.Response:
        response = send(self, request, *args, **options)
        if TIMED_OUT in response.headers:
            raise requests.ReadTimeout(request=request)
        return response

    return patiently


@pytest.mark.parametrize(("tool", "fault", "operation"), CELLS)
def test_a_fault_ends_as_the_matrix_says(desks: Callable[[str], Desk], tool: str, fault: str, operation: str) -> None:
    desk, asked = desks(tool), OPERATIONS[tool][operation]
    word = MATRIX[tool][fault, operation]
    ways = list(FAULTS[fault](desk, asked))
    assert ways

    for way in ways:
        ending = desk.under(asked, way.faults, way.interlude)

        _ends_as(word, ending, way)
        if ending.error is not None:
            _is_told_well(desk, ending)
        elif operation.endswith("page"):
            _is_a_listing(desk, word, fault, ending.value)
        elif operation == "read":
            assert ending.value.ref == desk.campaign.ref
            assert fault == "odd field" or ending.value == desk.campaign
    assert desk.now(desk.campaign.ref) == desk.campaign, "the wire works again, and nothing is left behind"


def _ends_as(word: str, ending: Ending, way: Way) -> None:
    outcome = OUTCOMES[word]
    assert isinstance(ending.error, outcome.error or type(None)), (ending.error, way)
    if outcome.error is Unavailable:
        assert not isinstance(ending.error, Ambiguous)
    assert ending.met == outcome.met
    assert tuple(ending.waits) == outcome.waits
    if outcome.retry_after is not None:
        assert isinstance(ending.error, Unavailable)
        assert ending.error.retry_after == outcome.retry_after
    if ending.holds is not None:
        carried_out = any(fault.after or fault.status is None for fault in way.faults)
        assert ending.holds is (ending.error is None or carried_out)
    if word == "nobody":
        assert ending.value is None


def _is_told_well(desk: Desk, ending: Ending) -> None:
    """What happened, where, and what to do; and no secret, as it is or as it was sent."""
    said = str(ending.error)
    assert desk.tool in said.lower()
    assert said.endswith((".", "…"))
    match ending.error:
        case ConfigError():
            assert f"[tools.{desk.tool}]" in said
        case Unavailable() | Stale():
            assert "next run" in said
    login = desk.box.company["credentials"][desk.tool]
    assert desk.secret not in said
    assert base64.b64encode(f"{login.get('email')}:{desk.secret}".encode()).decode() not in said


def _is_a_listing(desk: Desk, word: str, fault: str, listed: list[Record]) -> None:
    """Each record once; what a listing leaves out is found by the direct look that every absence needs."""
    shown = {record.ref: record for record in listed}
    assert len(shown) == len(listed)
    if word == "moved":
        assert len(desk.all.keys() - shown.keys()) <= 1
        assert len(shown.keys() - desk.all.keys()) <= 1
        return
    missing = desk.all.keys() - shown.keys()
    assert not shown.keys() - desk.all.keys()
    assert bool(missing) is word.startswith("fewer")
    assert None not in desk.connector.read(sorted(missing, key=lambda ref: ref.native)).values()
    differing = [ref for ref, record in shown.items() if record != desk.all[ref]]
    assert len(differing) <= (1 if fault == "odd field" else 0), "an odd field is the trouble of its record alone"


def test_the_matrix_has_every_fault_every_operation_and_every_tool() -> None:
    assert set(MATRIX) == set(OPERATIONS) == {"jira", "airtable", "klaviyo"}
    for tool, matrix in MATRIX.items():
        assert set(matrix) == {(fault, operation) for fault in FAULTS for operation in COLUMNS}
        words = set(matrix.values())
        assert words <= OUTCOMES.keys() | REASONS.keys()
        assert all(operation in OPERATIONS[tool] for (_, operation), word in matrix.items() if word in OUTCOMES)
        assert set(OPERATIONS[tool]) <= set(COLUMNS)


def test_every_word_of_the_matrix_is_used() -> None:
    words = {word for matrix in MATRIX.values() for word in matrix.values()}
    assert words == OUTCOMES.keys() | REASONS.keys()
