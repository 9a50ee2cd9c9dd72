"""What is told of a Jira issue of which a change was made in part: its own status, and none that somebody chose."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sync.errors import Ambiguous, Rejected, Stale, Unavailable
from sync.model import Kind
from sync.ports import Create, Failed, Outcome, Update, Written
from tests.connectors.jira_wire import (
    API,
    EPIC_STATUSES,
    Wire,
    connector,
    epic_record,
    issue,
    one,
    transitions,
)

PLANNED, PROGRESS, SENT, CANCELLED = EPIC_STATUSES
MARKER = "cs-00000001"
TO_SENT = Update(epic_record(), {"status": {"name": "Sent"}})
REFUSED: dict[str, Any] = {"errorMessages": ["The brief is not approved."]}
DOWN = requests.ConnectionError("down")


def standing(status: str, **fields: Any) -> dict[str, Any]:
    return issue(status={"id": status, "name": EPIC_STATUSES[status]}, **fields)


def shows(site: Wire, *turns: dict[str, Any] | Exception | None) -> None:
    """What the issue is answered with, one after the other."""
    for turn in turns:
        site.on("GET", "issue/10451", turn if turn is not None else REFUSED, status=404 if turn is None else 200)


def steps(site: Wire, *answers: Exception | int) -> None:
    """Planned -> In Progress -> Sent, as another issue was offered it; how each step is answered."""
    another = issue("10900", status={"id": PROGRESS, "name": "In Progress"})
    site.on("POST", "search/jql", {"issues": [another], "isLast": True})
    site.on("GET", "issue/10900/transitions", transitions(SENT))
    site.on("GET", "issue/10451/transitions", transitions(PROGRESS, CANCELLED))
    site.on("GET", "issue/10451/transitions", transitions(SENT))
    for answer in answers:
        refusal = answer if isinstance(answer, Exception) else None if answer == 204 else REFUSED
        site.on("POST", "issue/10451/transitions", refusal, status=answer if isinstance(answer, int) else 200)


def status_told(outcome: Outcome) -> str | None:
    assert isinstance(outcome, Failed | Written)
    return None if outcome.record is None else str(outcome.record.fields["status"]["name"])


def test_a_walk_refused_halfway_tells_where_the_issue_stands(site: Wire) -> None:
    steps(site, 204, 400)
    shows(site, standing(PLANNED), standing(PROGRESS, summary="Autumn"))
    outcome = one(connector(), TO_SENT)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Rejected)
    assert status_told(outcome) == "In Progress"
    assert outcome.record is not None
    assert (outcome.record.fields["summary"], outcome.record.key) == ("Autumn", "CAM-17")


def test_a_walk_broken_off_halfway_tells_it_too(site: Wire) -> None:
    steps(site, 204, 503)
    shows(site, standing(PLANNED), standing(PROGRESS))
    outcome = one(connector(), TO_SENT)
    assert isinstance(outcome, Failed)
    assert type(outcome.error) is Unavailable
    assert status_told(outcome) == "In Progress"


@pytest.mark.parametrize("now", [CANCELLED, PLANNED])
def test_a_status_that_somebody_else_has_chosen_meanwhile_is_not_told_as_ours(site: Wire, now: str) -> None:
    steps(site, 204, 400)
    shows(site, standing(PLANNED), standing(now))
    assert status_told(one(connector(), TO_SENT)) == "In Progress"


@pytest.mark.parametrize("look", [DOWN, None])
def test_where_looking_fails_what_was_acknowledged_counts(site: Wire, look: Exception | None) -> None:
    steps(site, 204, 400)
    shows(site, standing(PLANNED), look)
    outcome = one(connector(), TO_SENT)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Rejected)
    assert status_told(outcome) == "In Progress"
    assert len(site.sent("GET", "issue/10451")) == 2, "one look, for Jira may be down"


def test_a_step_without_an_answer_that_cannot_be_looked_for_is_ambiguous(site: Wire) -> None:
    steps(site, DOWN)
    site.remove("GET", f"{API}/issue/10451/transitions")
    site.on("GET", "issue/10451/transitions", transitions(PROGRESS, CANCELLED))
    site.on("GET", "issue/10451/transitions", DOWN)
    shows(site, standing(PLANNED), DOWN)
    outcome = one(connector(), TO_SENT)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Ambiguous)
    assert outcome.record is None


def test_a_step_that_was_taken_without_an_answer_is_ours(site: Wire) -> None:
    steps(site, DOWN, 400)
    shows(site, standing(PLANNED), standing(PROGRESS))
    outcome = one(connector(), TO_SENT)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Rejected)
    assert status_told(outcome) == "In Progress"


def test_a_step_that_was_not_taken_leaves_the_status_as_it_was(site: Wire) -> None:
    steps(site, DOWN)
    site.remove("GET", f"{API}/issue/10451/transitions")
    site.on("GET", "issue/10451/transitions", transitions(PROGRESS, CANCELLED))
    site.on("GET", "issue/10451/transitions", DOWN)
    shows(site, standing(PLANNED))
    assert status_told(one(connector(), TO_SENT)) == "Planned"


def test_fields_that_were_written_before_the_status_was_refused_are_told(site: Wire) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("GET", "issue/10451/transitions", {"transitions": []})
    shows(site, standing(CANCELLED, summary="Autumn"))
    outcome = one(connector(), Update(epic_record(), {"summary": "Autumn", "status": {"name": "Sent"}}))
    assert isinstance(outcome, Failed)
    assert outcome.record is not None
    assert outcome.record.fields["summary"] == "Autumn"
    assert status_told(outcome) == "Planned", "it was not us who cancelled it"


def test_a_change_refused_as_a_whole_tells_nothing(site: Wire) -> None:
    site.on("GET", "issue/10451/transitions", {"transitions": []})
    shows(site, standing(CANCELLED))
    outcome = one(connector(), TO_SENT)
    assert isinstance(outcome, Failed)
    assert outcome.record is None


def test_an_issue_that_went_away_halfway_is_looked_for_by_the_next_run(site: Wire) -> None:
    steps(site, 204, 404)
    shows(site, standing(PLANNED), None)
    outcome = one(connector(), TO_SENT)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Stale)


# Creations


def created(site: Wire, *read: dict[str, Any] | Exception) -> Outcome:
    """A creation that is to be Sent; how reading it in bulk is answered, before the walk and after it."""
    site.on("POST", "issue/bulk", {"issues": [{"id": "10451", "key": "CAM-17"}], "errors": []}, status=201)
    for turn in read:
        site.on("POST", "issue/bulkfetch", turn if isinstance(turn, Exception) else {"issues": [turn]})
    shows(site, standing(PLANNED))
    return one(connector(), Create(MARKER, Kind.CAMPAIGN, {"summary": "Spring", "status": {"name": "Sent"}}))


NEW = standing(PLANNED, labels=[MARKER])


def test_a_creation_that_got_halfway_is_told_with_the_status_it_has(site: Wire) -> None:
    steps(site, 204, 400)
    outcome = created(site, NEW, standing(PROGRESS, labels=[MARKER]))
    assert isinstance(outcome, Written)
    assert status_told(outcome) == "In Progress"


def test_a_creation_that_cannot_be_looked_at_any_more_has_the_status_that_was_acknowledged(site: Wire) -> None:
    steps(site, 204, 400)
    outcome = created(site, NEW, DOWN)
    assert isinstance(outcome, Written)
    assert status_told(outcome) == "In Progress"


def test_a_creation_of_an_unknown_status_is_looked_for_by_the_next_run(site: Wire) -> None:
    steps(site, DOWN)
    site.remove("GET", f"{API}/issue/10451/transitions")
    site.on("GET", "issue/10451/transitions", transitions(PROGRESS))
    site.on("GET", "issue/10451/transitions", DOWN)
    outcome = created(site, NEW, DOWN)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Ambiguous)
