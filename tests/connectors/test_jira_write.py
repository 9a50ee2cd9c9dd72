"""Writing to Jira: bulk creation, edits of single fields, and what failures become."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.model import Kind
from sync.ports import Archive, Change, Create, Failed, Update, Written
from tests.connectors.jira_wire import EMPTY, Wire, connector, epic_record, error_of, issue, one, transitions

FIRST, SECOND = "cs-00000001", "cs-00000002"


def marked(native: str, marker: str, **fields: Any) -> dict[str, Any]:
    return issue(native, labels=[marker], properties={"campaign-sync": {"entity": marker}}, **fields)


def creation(marker: str = FIRST, **fields: Any) -> Create:
    return Create(marker, Kind.CAMPAIGN, {"summary": "Spring launch"} | fields)


# Creations


def test_neighbouring_creations_are_one_request_with_the_marker_twice_in_each(site: Wire) -> None:
    site.on("POST", "issue/bulk", {"issues": [{"id": "10500"}, {"id": "10501"}], "errors": []}, status=201)
    site.on("POST", "issue/bulkfetch", {"issues": [marked("10500", SECOND), marked("10501", FIRST)]})
    stage = Create(SECOND, Kind.STAGE, {"summary": "Design: x", "duedate": None, "labels": ["email"]}, parent="10451")
    outcomes = connector().write([creation(), stage])
    # Jira promises no order, so the markers tell which is which.
    assert [o.record.ref.native for o in outcomes if isinstance(o, Written) and o.record] == ["10501", "10500"]
    ((first, second),) = [body["issueUpdates"] for body in site.sent("POST", "issue/bulk")]
    assert first == {
        "fields": {
            "summary": "Spring launch", "project": {"id": "10000"}, "issuetype": {"id": "10001"}, "labels": [FIRST],
        },
        "properties": [{"key": "campaign-sync", "value": {"entity": FIRST}}],
    }  # fmt: skip
    assert second["fields"]["parent"] == {"id": "10451"}
    assert second["fields"]["labels"] == ["email", SECOND]
    assert "duedate" not in second["fields"]


def test_a_refused_element_fails_alone_in_the_words_of_its_field(site: Wire) -> None:
    wrong = {"errorMessages": [], "errors": {"customfield_10031": "Option 'Fair' is not valid"}}
    errors = [{"status": 400, "failedElementNumber": 0, "elementErrors": wrong}]
    site.on("POST", "issue/bulk", {"issues": [{"id": "10500"}], "errors": errors}, status=201)
    site.on("POST", "issue/bulkfetch", {"issues": [marked("10500", SECOND)]})
    refused, made = connector().write([creation(), creation(SECOND)])
    assert isinstance(made, Written)
    assert isinstance(error_of(refused), Rejected)
    assert "Program: Option 'Fair' is not valid" in str(error_of(refused))


def test_when_every_element_is_refused_the_400_is_read_element_by_element(site: Wire) -> None:
    wrong = {"errorMessages": ["Field 'customfield_10040' is required"], "errors": {}}
    errors = [{"status": 400, "failedElementNumber": 0, "elementErrors": wrong}]
    site.on("POST", "issue/bulk", {"issues": [], "errors": errors}, status=400)
    assert "Field 'Delivered' is required" in str(error_of(one(connector(), creation())))


def test_a_request_that_is_refused_as_a_whole_fails_all_its_creations(site: Wire) -> None:
    site.on("POST", "issue/bulk", {"errorMessages": ["Invalid request payload."]}, status=400)
    errors = [error_of(outcome) for outcome in connector().write([creation(), creation(SECOND)])]
    assert [type(error) for error in errors] == [Rejected, Rejected]
    assert "Invalid request payload" in str(errors[0])


@pytest.mark.parametrize(
    "answer",
    [
        {"body": requests.ConnectionError("reset")},
        {"body": requests.ReadTimeout("slow")},
        {"body": {"errorMessages": ["oops"]}, "status": 502},
    ],
)
def test_a_creation_without_an_answer_is_ambiguous_and_not_repeated(site: Wire, answer: dict[str, Any]) -> None:
    site.on("POST", "issue/bulk", **answer)
    assert isinstance(error_of(one(connector(), creation())), Ambiguous)
    assert len(site.sent("POST", "issue/bulk")) == 1


def test_a_creation_that_was_turned_away_at_the_door_is_repeated(site: Wire) -> None:
    site.on("POST", "issue/bulk", {}, status=429, headers={"Retry-After": "1"})
    site.on("POST", "issue/bulk", {"issues": [{"id": "10500"}], "errors": []}, status=201)
    site.on("POST", "issue/bulkfetch", {"issues": [marked("10500", FIRST)]})
    assert isinstance(one(connector(), creation()), Written)


def test_a_created_issue_that_cannot_be_read_back_is_ambiguous(site: Wire) -> None:
    site.on("POST", "issue/bulk", {"issues": [{"id": "10500"}], "errors": []}, status=201)
    site.on("POST", "issue/bulkfetch", {}, status=503)
    assert isinstance(error_of(one(connector(), creation())), Ambiguous)


def test_a_created_issue_is_moved_into_its_status_by_a_transition(site: Wire) -> None:
    site.on("POST", "issue/bulk", {"issues": [{"id": "10500"}], "errors": []}, status=201)
    site.on("POST", "issue/bulkfetch", {"issues": [marked("10500", FIRST)]})
    site.on("POST", "issue/bulkfetch", {"issues": [marked("10500", FIRST, status={"id": "10106", "name": "Sent"})]})
    site.on("GET", "issue/10500/transitions", transitions("10100", "10106"))
    site.on("POST", "issue/10500/transitions", None, status=204)
    outcome = one(connector(), creation(status={"name": "Sent"}))
    assert isinstance(outcome, Written)
    assert outcome.record is not None
    assert outcome.record.fields["status"]["name"] == "Sent"
    assert site.sent("POST", "issue/10500/transitions") == [{"transition": {"id": "110106"}}]
    assert "status" not in site.sent("POST", "issue/bulk")[0]["issueUpdates"][0]["fields"]


def test_a_created_issue_that_cannot_reach_its_status_stands_as_it_is(site: Wire) -> None:
    site.on("POST", "issue/bulk", {"issues": [{"id": "10500"}], "errors": []}, status=201)
    site.on("POST", "issue/bulkfetch", {"issues": [marked("10500", FIRST)]})
    site.on("GET", "issue/10500/transitions", {"transitions": []})
    site.on("GET", "issue/10500", issue("10500"))
    site.on("POST", "search/jql", EMPTY)
    outcome = one(connector(), creation(status={"name": "Sent"}))
    assert isinstance(outcome, Written)
    assert outcome.record is not None
    assert outcome.record.fields["status"]["name"] == "Planned"


def test_what_was_written_is_read_past_the_index_by_the_next_listing(site: Wire) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue()]})
    site.on("POST", "search/jql", {"issues": [], "isLast": True})
    made = connector()
    made.write([Update(epic_record(), {"summary": "Summer"})])
    list(made.fetch())
    assert [body["reconcileIssues"] for body in site.sent("POST", "search/jql")] == [[10451], [10451]]


# Edits


def edited(site: Wire, change: Update) -> Any:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue()]})
    assert isinstance(one(connector(), change), Written)
    (body,) = site.sent("PUT", "issue/10451")
    return body


def test_only_the_changed_fields_are_sent_and_the_record_is_what_jira_made_of_them(site: Wire) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue(summary="Summer launch")]})
    outcome = one(connector(), Update(epic_record(), {"summary": "Summer  launch"}))
    assert isinstance(outcome, Written)
    assert outcome.record is not None
    assert outcome.record.fields["summary"] == "Summer launch"
    assert site.sent("PUT", "issue/10451") == [{"fields": {"summary": "Summer  launch"}}]


def test_labels_are_written_as_a_difference_and_our_marker_is_kept(site: Wire) -> None:
    record = epic_record(marker=FIRST, labels=["email", "old"])
    body = edited(site, Update(record, {"labels": ["new", "email", "cs-99999999"]}))
    assert body == {"update": {"labels": [{"add": "new"}, {"add": FIRST}, {"remove": "old"}]}}


def test_a_list_is_cleared_by_an_empty_one_and_a_scalar_by_null(site: Wire) -> None:
    body = edited(site, Update(epic_record(), {"customfield_10032": None, "customfield_10031": None}))
    assert body == {"fields": {"customfield_10032": [], "customfield_10031": None}}


def test_a_stage_is_moved_to_another_campaign_by_its_parent(site: Wire) -> None:
    assert edited(site, Update(epic_record(), {}, parent="10452")) == {"fields": {"parent": {"id": "10452"}}}


def test_several_updates_are_read_back_in_one_request(site: Wire) -> None:
    for native in ("10451", "10452"):
        site.on("PUT", f"issue/{native}", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue("10451"), issue("10452")]})
    changes = [Update(epic_record(native), {"summary": "x"}) for native in ("10451", "10452")]
    assert all(isinstance(outcome, Written) for outcome in connector().write(changes))
    assert len(site.sent("POST", "issue/bulkfetch")) == 1


def test_an_edit_without_an_answer_is_repeated(site: Wire) -> None:
    site.on("PUT", "issue/10451", requests.ConnectionError("reset"))
    site.on("PUT", "issue/10451", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue()]})
    assert isinstance(one(connector(), Update(epic_record(), {"summary": "x"})), Written)


@pytest.mark.parametrize(
    ("status", "error"), [(400, Rejected), (403, Rejected), (404, Stale), (409, Stale), (401, ConfigError)]
)
def test_a_refused_edit_says_what_to_do_by_its_class(site: Wire, status: int, error: type[SyncError]) -> None:
    said = {"errorMessages": [], "errors": {"duedate": "Error parsing date string"}}
    site.on("PUT", "issue/10451", said, status=status)
    failure = error_of(one(connector(), Update(epic_record(), {"duedate": "soon"})))
    assert type(failure) is error
    assert "CAM-17" in str(failure)
    if error is Rejected:
        assert "Due date: Error parsing date string" in str(failure)


def test_one_refusal_does_not_hinder_the_other_changes(site: Wire) -> None:
    site.on("PUT", "issue/10451", {"errorMessages": ["no"]}, status=403)
    site.on("PUT", "issue/10452", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue("10452")]})
    changes = [Update(epic_record(native), {"summary": "x"}) for native in ("10451", "10452")]
    refused, written = connector().write(changes)
    assert isinstance(refused, Failed)
    assert isinstance(written, Written)


@pytest.mark.parametrize(("status", "error"), [(503, Unavailable), (401, ConfigError)])
def test_after_a_failure_that_would_meet_all_the_rest_is_not_tried(
    site: Wire, status: int, error: type[SyncError]
) -> None:
    site.on("PUT", "issue/10451", {}, status=status)
    changes: list[Change] = [Update(epic_record("10451"), {"summary": "x"}), creation(), Archive(epic_record("10452"))]
    outcomes = connector().write(changes)
    assert [type(error_of(outcome)) for outcome in outcomes] == [error] * 3
    assert [outcome.change for outcome in outcomes] == changes
    assert not site.sent("POST", "issue/bulk")


def test_an_update_that_cannot_be_read_back_is_not_acknowledged(site: Wire) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("POST", "issue/bulkfetch", {}, status=503)
    assert isinstance(error_of(one(connector(), Update(epic_record(), {"summary": "x"}))), Unavailable)
