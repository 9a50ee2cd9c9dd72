"""Jira workflows of several steps, and the fields that a step wants filled in."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sync.errors import Rejected
from sync.ports import Update, Written
from tests.connectors.jira_wire import (
    API,
    EMPTY,
    EPIC_STATUSES,
    Wire,
    connector,
    epic_record,
    error_of,
    issue,
    one,
    transitions,
)

PLANNED, PROGRESS, SENT, CANCELLED = EPIC_STATUSES
TO_SENT = Update(epic_record(resolution=None), {"status": {"name": "Sent"}})
RESOLUTION = {"resolution": {"required": True, "name": "Resolution", "schema": {"type": "resolution"}}}


def in_status(status: str, native: str = "10451") -> dict[str, Any]:
    return issue(native, status={"id": status, "name": EPIC_STATUSES[status]})


def offers(site: Wire, native: str, *turns: dict[str, Any]) -> None:
    for turn in turns:
        site.on("GET", f"issue/{native}/transitions", turn)


def sample(site: Wire, status: str, native: str) -> None:
    """An issue that is in this status, by which the workflow is learned."""
    site.on("POST", "search/jql", {"issues": [in_status(status, native)], "isLast": True})


def wanting(*ids: str, fields: dict[str, Any] = RESOLUTION) -> dict[str, Any]:
    offered = transitions(*ids)
    for step in offered["transitions"]:
        step |= {"hasScreen": True, "fields": fields}
    return offered


def taken(site: Wire, native: str = "10451") -> list[str]:
    return [body["transition"]["id"] for body in site.sent("POST", f"issue/{native}/transitions")]


def two_steps(site: Wire) -> None:
    """Planned -> In Progress -> Sent."""
    offers(site, "10451", transitions(PROGRESS, CANCELLED), transitions(SENT))
    offers(site, "10900", transitions(SENT))
    site.on("GET", "issue/10451", in_status(PLANNED))
    site.on("POST", "issue/10451/transitions", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [in_status(SENT)]})


# Several steps


def test_a_status_two_steps_away_is_reached_by_a_way_that_another_issue_was_offered(site: Wire) -> None:
    sample(site, PROGRESS, "10900")
    two_steps(site)
    assert isinstance(one(connector(), TO_SENT), Written)
    assert taken(site) == [f"1{PROGRESS}", f"1{SENT}"]
    (question,) = site.sent("POST", "search/jql")
    assert question["jql"] == f"project = 10000 AND issuetype = 10001 AND status = {PROGRESS} ORDER BY id DESC"


def test_what_was_learned_is_not_asked_again(site: Wire) -> None:
    sample(site, PROGRESS, "10900")
    two_steps(site)
    offers(site, "10452", transitions(PROGRESS), transitions(SENT))
    site.on("GET", "issue/10452", in_status(PLANNED, "10452"))
    site.on("POST", "issue/10452/transitions", None, status=204)
    made = connector()
    made.write([TO_SENT, Update(epic_record("10452"), {"status": {"name": "Sent"}})])
    assert taken(site, "10452") == [f"1{PROGRESS}", f"1{SENT}"]
    assert len(site.sent("POST", "search/jql")) == 1
    assert len(site.sent("GET", "issue/10900/transitions")) == 1


def test_no_step_is_taken_from_where_no_way_is_known(site: Wire) -> None:
    site.on("POST", "search/jql", EMPTY)
    offers(site, "10451", transitions(PROGRESS))
    site.on("GET", "issue/10451", in_status(PLANNED))
    failure = error_of(one(connector(), TO_SENT))
    assert isinstance(failure, Rejected)
    assert "from 'Planned' to 'Sent': the workflow offers 'In Progress', and no way on from there is known" in str(
        failure
    )
    assert "What follows 'In Progress' is not known while no issue is in it." in str(failure)
    assert taken(site) == []


def test_a_status_that_the_workflow_does_not_have_is_not_looked_for(site: Wire) -> None:
    offers(site, "10451", transitions(PROGRESS))
    site.on("GET", "issue/10451", in_status(PLANNED))
    failure = error_of(one(connector(), Update(epic_record(), {"status": {"name": 'Sent" OR project = OPS'}})))
    assert isinstance(failure, Rejected)
    assert not site.sent("POST", "search/jql")


def test_no_way_leads_through_a_status_that_ends_the_work(site: Wire) -> None:
    offered = transitions(CANCELLED)
    offered["transitions"][0]["to"]["statusCategory"] = {"key": "done"}
    offers(site, "10451", offered)
    site.on("GET", "issue/10451", in_status(PLANNED))
    assert isinstance(error_of(one(connector(), TO_SENT)), Rejected)
    assert taken(site) == []
    assert not site.sent("POST", "search/jql")


def test_a_sample_that_the_index_shows_in_a_status_it_has_left_teaches_nothing(site: Wire) -> None:
    site.on("POST", "search/jql", {"issues": [in_status(SENT, "10900")], "isLast": True})
    offers(site, "10451", transitions(PROGRESS))
    site.on("GET", "issue/10451", in_status(PLANNED))
    assert isinstance(error_of(one(connector(), TO_SENT)), Rejected)
    assert not site.sent("GET", "issue/10900/transitions")


def test_a_step_refused_halfway_is_told_with_where_the_issue_stands(site: Wire) -> None:
    sample(site, PROGRESS, "10900")
    two_steps(site)
    site.remove("POST", f"{API}/issue/10451/transitions")
    site.on("POST", "issue/10451/transitions", None, status=204)
    site.on("POST", "issue/10451/transitions", {"errorMessages": ["The brief is not approved."]}, status=400)
    failure = error_of(one(connector(), TO_SENT))
    assert isinstance(failure, Rejected)
    assert "moved CAM-17 from 'Planned' on the way to 'Sent' only as far as 'In Progress', where it stands" in str(
        failure
    )
    assert "The brief is not approved" in str(failure)


def test_a_step_that_this_issue_is_not_offered_ends_the_way_and_none_leads_back(site: Wire) -> None:
    sample(site, PROGRESS, "10900")
    two_steps(site)
    site.remove("GET", f"{API}/issue/10451/transitions")
    site.remove("GET", f"{API}/issue/10451")
    offers(site, "10451", transitions(PROGRESS), transitions(PLANNED))
    site.on("GET", "issue/10451", in_status(PLANNED))
    site.on("GET", "issue/10451", in_status(PROGRESS))
    site.remove("POST", f"{API}/issue/10451/transitions")
    site.on("POST", "issue/10451/transitions", None, status=204)
    site.on("POST", "issue/10451/transitions", {"errorMessages": ["It is not possible"]}, status=400)
    failure = error_of(one(connector(), TO_SENT))
    assert isinstance(failure, Rejected)
    assert "only as far as 'In Progress'" in str(failure)
    assert "from 'In Progress' to 'Sent': the workflow offers 'Planned'" in str(failure)
    assert taken(site) == [f"1{PROGRESS}", f"1{SENT}"], "what another was offered is tried once, and no step after it"


def test_a_way_goes_on_after_an_answer_that_was_lost(site: Wire) -> None:
    sample(site, PROGRESS, "10900")
    two_steps(site)
    site.remove("POST", f"{API}/issue/10451/transitions")
    site.on("POST", "issue/10451/transitions", requests.ReadTimeout("slow"))  # but it was moved
    site.on("POST", "issue/10451/transitions", None, status=204)
    assert isinstance(one(connector(), TO_SENT), Written)
    assert taken(site) == [f"1{PROGRESS}", f"1{SENT}"]


# Fields that a step wants


def test_a_field_that_a_step_wants_is_named_with_where_to_give_it(site: Wire) -> None:
    offers(site, "10451", wanting(SENT))
    site.on("GET", "issue/10451", in_status(PLANNED))
    failure = error_of(one(connector(), TO_SENT))
    assert isinstance(failure, Rejected)
    assert "wants 'Resolution' for the step of CAM-17 from 'Planned' to 'Sent'" in str(failure)
    assert "[tools.jira.transition_fields.Sent] as Resolution = …" in str(failure)
    assert taken(site) == []


@pytest.mark.parametrize("given", [{"Sent": {"resolution": "Done"}}, {"sent": {"Resolution": {"name": "Done"}}}])
def test_the_configuration_fills_it_in(site: Wire, given: dict[str, Any]) -> None:
    offers(site, "10451", wanting(SENT))
    site.on("POST", "issue/10451/transitions", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [in_status(SENT)]})
    assert isinstance(one(connector(transition_fields=given), TO_SENT), Written)
    (body,) = site.sent("POST", "issue/10451/transitions")
    assert body == {"transition": {"id": f"1{SENT}"}, "fields": {"resolution": {"name": "Done"}}}


def test_a_field_that_is_not_on_the_screen_is_not_sent(site: Wire) -> None:
    offers(site, "10451", transitions(SENT))
    site.on("POST", "issue/10451/transitions", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [in_status(SENT)]})
    one(connector(transition_fields={"Sent": {"resolution": "Done"}}), TO_SENT)
    assert site.sent("POST", "issue/10451/transitions") == [{"transition": {"id": f"1{SENT}"}}]


def test_a_field_that_the_issue_holds_already_or_that_has_a_default_is_not_asked_for(site: Wire) -> None:
    held = {"summary": {"required": True, "name": "Summary", "schema": {"type": "string"}}}
    usual = {"resolution": RESOLUTION["resolution"] | {"hasDefaultValue": True}}
    offers(site, "10451", wanting(SENT, fields=held | usual))
    site.on("POST", "issue/10451/transitions", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [in_status(SENT)]})
    assert isinstance(one(connector(), TO_SENT), Written)


def test_a_step_further_on_that_wants_a_field_is_named_before_the_first_is_taken(site: Wire) -> None:
    sample(site, PROGRESS, "10900")
    two_steps(site)
    site.replace("GET", f"{API}/issue/10900/transitions", json=wanting(SENT))
    failure = error_of(one(connector(), TO_SENT))
    assert isinstance(failure, Rejected)
    assert (
        "The step to it from 'In Progress' wants 'Resolution', which [tools.jira.transition_fields.Sent] may give."
        in str(failure)
    )
    assert taken(site) == []


@pytest.mark.parametrize(
    ("schema", "value", "sent"),
    [
        ({"type": "option"}, "EMEA", {"value": "EMEA"}),
        ({"type": "array", "items": "option"}, ["A", "B"], [{"value": "A"}, {"value": "B"}]),
        ({"type": "array", "items": "version"}, "1.0", [{"name": "1.0"}]),
        ({"type": "array", "items": "component"}, "Mail", [{"name": "Mail"}]),
        ({"type": "array", "items": "string"}, "x", ["x"]),
        ({"type": "user"}, "5b10", {"accountId": "5b10"}),
        ({"type": "number"}, 3, 3),
        (
            {"type": "string", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textarea"},
            "Why",
            {
                "type": "doc",
                "version": 1,
                "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Why"}]}],
            },
        ),
    ],
)
def test_a_word_of_the_configuration_takes_the_shape_of_its_field(
    site: Wire, schema: dict[str, Any], value: Any, sent: Any
) -> None:
    offers(
        site, "10451", wanting(SENT, fields={"customfield_1": {"required": True, "name": "Why so", "schema": schema}})
    )
    site.on("POST", "issue/10451/transitions", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [in_status(SENT)]})
    one(connector(transition_fields={"Sent": {"Why so": value}}), TO_SENT)
    assert site.sent("POST", "issue/10451/transitions")[0]["fields"] == {"customfield_1": sent}
