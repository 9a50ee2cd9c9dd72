"""Statuses in Jira, which only a transition reaches, and the archive, which is one."""

from __future__ import annotations

import requests

from sync.errors import Rejected, Stale
from sync.ports import Archive, Update, Written
from tests.connectors.jira_wire import API, EMPTY, Wire, connector, epic_record, error_of, issue, one, transitions

# Statuses


def test_a_status_is_reached_by_the_transition_whose_target_it_is_after_the_fields(site: Wire) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("GET", "issue/10451/transitions", transitions("10101", "10106"))
    site.on("POST", "issue/10451/transitions", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue(status={"id": "10106", "name": "Sent"})]})
    one(connector(), Update(epic_record(), {"summary": "x", "status": {"name": "sent"}}))
    assert site.sent("PUT", "issue/10451") == [{"fields": {"summary": "x"}}]
    assert site.sent("POST", "issue/10451/transitions") == [{"transition": {"id": "110106"}}]
    methods = [str(call.request.method) for call in site.calls]
    assert methods.index("PUT") < methods.index("POST", methods.index("PUT"))


def test_a_status_that_no_transition_leads_to_is_named_with_what_is_on_offer(site: Wire) -> None:
    site.on("GET", "issue/10451/transitions", transitions("10101", "10107"))
    site.on("GET", "issue/10451", issue())
    site.on("POST", "search/jql", EMPTY)
    failure = error_of(one(connector(), Update(epic_record(), {"status": {"name": "Sent"}})))
    assert isinstance(failure, Rejected)
    assert "CAM-17 from 'Planned' to 'Sent': the workflow offers 'Cancelled', 'In Progress'" in str(failure)


def test_a_transition_whose_answer_was_lost_is_not_refused_when_it_took_place(site: Wire) -> None:
    site.on("GET", "issue/10451/transitions", transitions("10106"))
    site.on("GET", "issue/10451/transitions", transitions("10107"))
    site.on("POST", "issue/10451/transitions", requests.ReadTimeout("slow"))
    site.on("GET", "issue/10451", issue(status={"id": "10106", "name": "Sent"}))
    site.on("POST", "issue/bulkfetch", {"issues": [issue(status={"id": "10106", "name": "Sent"})]})
    outcome = one(connector(), Update(epic_record(), {"status": {"id": "10106"}}))
    assert isinstance(outcome, Written)
    assert len(site.sent("POST", "issue/10451/transitions")) == 1


def test_a_status_that_the_issue_has_already_costs_nothing(site: Wire) -> None:
    site.on("POST", "issue/bulkfetch", {"issues": [issue()]})
    assert isinstance(one(connector(), Update(epic_record(), {"status": {"name": "Planned"}})), Written)
    assert not site.sent("GET", "issue/10451/transitions")


def test_a_transition_without_a_screen_goes_before_one_that_asks_for_more(site: Wire) -> None:
    offered = transitions("10106", "10106")
    offered["transitions"][0] |= {"id": "7", "hasScreen": True}
    site.on("GET", "issue/10451/transitions", offered)
    site.on("POST", "issue/10451/transitions", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue()]})
    one(connector(), Update(epic_record(), {"status": {"id": "10106"}}))
    assert site.sent("POST", "issue/10451/transitions") == [{"transition": {"id": "110106"}}]


def test_an_edit_and_a_transition_say_in_the_history_that_they_are_ours(site: Wire) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("GET", "issue/10451/transitions", transitions("10106"))
    site.on("POST", "issue/10451/transitions", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue()]})
    one(connector(), Update(epic_record(), {"summary": "x", "status": {"name": "Sent"}}))
    one(connector(), Archive(epic_record()))
    ours = {"type": "campaign-sync", "generator": {"id": "campaign-sync", "type": "application"}}
    sent = [*site.bodies("PUT", "issue/10451"), *site.bodies("POST", "issue/10451/transitions")]
    assert [body["historyMetadata"] for body in sent] == [ours] * 3


# Archives


def test_an_archived_issue_is_labelled_and_closed_but_not_deleted(site: Wire) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("GET", "issue/10451/transitions", transitions("10106", "10107"))
    site.on("POST", "issue/10451/transitions", None, status=204)
    change = Archive(epic_record())
    assert one(connector(), change) == Written(change, None)
    assert site.sent("PUT", "issue/10451") == [{"update": {"labels": [{"add": "campaign-sync-archived"}]}}]
    assert site.sent("POST", "issue/10451/transitions") == [{"transition": {"id": "110107"}}]
    assert "DELETE" not in [call.request.method for call in site.calls]


def test_an_issue_that_no_transition_closes_is_archived_all_the_same(site: Wire) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("GET", "issue/10451/transitions", {"transitions": []})
    site.on("GET", "issue/10451", issue())
    assert isinstance(one(connector(), Archive(epic_record())), Written)


def test_no_write_goes_to_an_address_that_deletes_or_archives_for_good(site: Wire) -> None:
    site.on("PUT", "issue/10451", {"errorMessages": ["no"]}, status=404)
    assert isinstance(error_of(one(connector(), Archive(epic_record()))), Stale)
    written = [str(c.request.url) for c in site.calls if c.request.method in ("PUT", "DELETE")]
    assert written == [f"{API}/issue/10451"]
