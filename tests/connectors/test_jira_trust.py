"""What one Jira issue was offered, another in the same status is taken to be offered too, until Jira refuses it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from connectors.jira import JiraConnector
from sync.errors import ConfigError, Rejected, Stale
from sync.ports import Archive, Update, Written
from tests.connectors.jira_wire import (
    EMPTY,
    EPIC_STATUSES,
    Wire,
    connector,
    epic_record,
    error_of,
    issue,
    transitions,
)

PLANNED, PROGRESS, SENT, CANCELLED = EPIC_STATUSES
IMPOSSIBLE = {"errorMessages": ["It is not possible to perform the transition."], "errors": {}}


def in_status(status: str, native: str) -> dict[str, Any]:
    return issue(native, status={"id": status, "name": EPIC_STATUSES[status]})


def to_sent(native: str) -> Update:
    return Update(epic_record(native), {"status": {"name": "Sent"}})


def questions(site: Wire, native: str) -> int:
    return len(site.sent("GET", f"issue/{native}/transitions"))


def taken(site: Wire, native: str) -> list[str]:
    return [body["transition"]["id"] for body in site.sent("POST", f"issue/{native}/transitions")]


@pytest.fixture
def taught(site: Wire) -> JiraConnector:
    """A connector that has seen a planned issue offered the step to Sent."""
    site.on("POST", "issue/bulkfetch", {"issues": [in_status(SENT, native) for native in ("10451", "10452", "10453")]})
    site.on("GET", "issue/10451/transitions", transitions(SENT, CANCELLED))
    site.on("POST", "issue/10451/transitions", None, status=204)
    made = connector()
    assert isinstance(made.write([to_sent("10451")])[0], Written)
    return made


def test_the_next_one_takes_its_step_without_a_question(site: Wire, taught: JiraConnector) -> None:
    site.on("POST", "issue/10452/transitions", None, status=204)
    assert isinstance(taught.write([to_sent("10452")])[0], Written)
    assert (taken(site, "10452"), questions(site, "10452")) == ([f"1{SENT}"], 0)


def test_an_archive_too(site: Wire, taught: JiraConnector) -> None:
    site.on("PUT", "issue/10452", None, status=204)
    site.on("POST", "issue/10452/transitions", None, status=204)
    taught.write([Archive(epic_record("10452"))])
    assert (taken(site, "10452"), questions(site, "10452")) == ([f"1{CANCELLED}"], 0)


def test_after_a_refusal_it_is_asked_what_this_one_is_offered(site: Wire, taught: JiraConnector) -> None:
    """People's permissions and the conditions of a step differ from issue to issue."""
    site.on("POST", "issue/10452/transitions", IMPOSSIBLE, status=400)
    site.on("GET", "issue/10452/transitions", transitions(CANCELLED))
    site.on("GET", "issue/10452", in_status(PLANNED, "10452"))
    site.on("POST", "search/jql", EMPTY)
    failure = error_of(taught.write([to_sent("10452")])[0])
    assert isinstance(failure, Rejected)
    assert "cannot move CAM-18 from 'Planned' to 'Sent': the workflow offers 'Cancelled'" in str(failure)
    assert len(taken(site, "10452")) == 1


def test_after_a_refusal_it_goes_the_way_that_this_one_is_offered(site: Wire, taught: JiraConnector) -> None:
    other = {"transitions": [{"id": "77", "name": "Go", "to": {"id": SENT, "name": "Sent"}}]}
    site.on("POST", "issue/10452/transitions", IMPOSSIBLE, status=400)
    site.on("POST", "issue/10452/transitions", None, status=204)
    site.on("GET", "issue/10452/transitions", other)
    assert isinstance(taught.write([to_sent("10452")])[0], Written)
    assert taken(site, "10452") == [f"1{SENT}", "77"]


def test_after_a_refusal_the_next_one_is_asked_and_then_trusted_again(site: Wire, taught: JiraConnector) -> None:
    site.on("POST", "issue/10452/transitions", IMPOSSIBLE, status=400)
    site.on("GET", "issue/10452/transitions", {"transitions": []})
    site.on("GET", "issue/10452", in_status(CANCELLED, "10452"))
    for native in ("10453", "10454"):
        site.on("GET", f"issue/{native}/transitions", transitions(SENT))
        site.on("POST", f"issue/{native}/transitions", None, status=204)
    taught.write([to_sent("10452"), to_sent("10453"), to_sent("10454")])
    assert (questions(site, "10453"), questions(site, "10454")) == (1, 0)


@pytest.mark.parametrize(("status", "error"), [(404, Stale), (409, Stale), (403, Rejected), (401, ConfigError)])
def test_a_refusal_of_another_kind_is_told_as_it_is(
    site: Wire, taught: JiraConnector, status: int, error: type[Exception]
) -> None:
    site.on("POST", "issue/10452/transitions", {"errorMessages": ["no"]}, status=status)
    site.on("GET", "issue/10452/transitions", {"transitions": []})
    site.on("GET", "issue/10452", in_status(PLANNED, "10452"))
    assert isinstance(error_of(taught.write([to_sent("10452")])[0]), error)
    assert len(taken(site, "10452")) == 1


def test_after_an_answer_that_was_lost_it_is_looked_at_and_no_step_is_taken_twice(
    site: Wire, taught: JiraConnector
) -> None:
    site.on("POST", "issue/10452/transitions", requests.ReadTimeout("slow"))  # but it was moved
    site.on("GET", "issue/10452/transitions", transitions(CANCELLED))
    site.on("GET", "issue/10452", in_status(SENT, "10452"))
    assert isinstance(taught.write([to_sent("10452")])[0], Written)
    assert len(taken(site, "10452")) == 1


def test_steps_that_were_those_of_another_status_are_forgotten(site: Wire) -> None:
    """Somebody has moved the issue since it was read, so that it stands elsewhere than we believe."""
    site.on("GET", "issue/10451/transitions", transitions(CANCELLED))
    site.on("GET", "issue/10451", in_status(PROGRESS, "10451"))
    site.on("POST", "search/jql", {"issues": [], "isLast": True})
    site.on("GET", "issue/10452/transitions", transitions(SENT))
    site.on("POST", "issue/10452/transitions", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [in_status(SENT, "10452")]})
    outcomes = connector().write([to_sent("10451"), to_sent("10452")])
    assert "from 'In Progress' to 'Sent'" in str(error_of(outcomes[0]))
    assert isinstance(outcomes[1], Written)
    assert questions(site, "10452") == 1


def test_what_was_offered_is_forgotten_with_the_set_up(site: Wire, taught: JiraConnector) -> None:
    taught.recall(None)
    site.on("GET", "issue/10452/transitions", transitions(SENT))
    site.on("POST", "issue/10452/transitions", None, status=204)
    taught.write([to_sent("10452")])
    assert questions(site, "10452") == 1
