"""Reading from Jira: the schema, listings and direct reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sync.errors import ConfigError, Unavailable
from sync.model import Kind, Ref
from sync.ports import NativeField
from tests.connectors.jira_wire import API, EMPTY, NO_ISSUE, SITE, Wire, connector, epic_record, issue, task

# The schema


def test_the_schema_names_fields_of_shapes_we_speak_with_what_can_be_set_and_chosen(site: Wire) -> None:
    fields = {field.id: field for field in connector().schema()[Kind.CAMPAIGN]}
    statuses = (("10100", "Planned"), ("10101", "In Progress"), ("10106", "Sent"), ("10107", "Cancelled"))
    assert fields["summary"] == NativeField("summary", "Summary", "string")
    assert fields["description"].type == fields["customfield_10036"].type == "doc"
    assert fields["status"] == NativeField("status", "Status", "status", options=statuses)
    assert fields["customfield_10031"] == NativeField(
        "customfield_10031", "Program", "option", options=(("1", "Newsletter"),)
    )
    assert fields["customfield_10032"].type == "array:option"
    assert fields["labels"].type == "array:string"
    assert fields["customfield_10040"].read_only  # on no screen of an epic
    assert fields["created"].read_only
    assert fields["issuetype"].read_only  # another type would make it another kind
    assert not {"attachment", "thumbnail"} & fields.keys()
    assert "customfield_10099" not in fields  # another project's own


def test_a_screen_of_several_pages_is_read_to_its_end(site: Wire) -> None:
    path = f"{API}/issue/createmeta/10000/issuetypes/10002"
    site.replace("GET", path, json={"fields": [{"fieldId": "summary"}], "total": 2})
    site.on("GET", "issue/createmeta/10000/issuetypes/10002", {"fields": [{"fieldId": "duedate"}], "total": 2})
    fields = {field.id: field for field in connector().schema()[Kind.STAGE]}
    assert not fields["duedate"].read_only


# Listings


def test_campaigns_come_before_stages_page_by_page_and_each_once(site: Wire) -> None:
    site.on("POST", "search/jql", {"issues": [issue("10451"), issue("10452")], "nextPageToken": "A", "isLast": False})
    site.on("POST", "search/jql", {"issues": [issue("10452"), issue("10453")], "isLast": True})
    site.on("POST", "search/jql", {"issues": [task("10460", parent="10451")], "isLast": True})
    records = list(connector().fetch())
    assert [r.ref.native for r in records] == ["10451", "10452", "10453", "10460"]
    assert [r.ref.kind for r in records] == [Kind.CAMPAIGN] * 3 + [Kind.STAGE]
    assert records[3].parent == "10451"
    first, second, third = site.sent("POST", "search/jql")
    assert first["jql"] == "project = 10000 AND issuetype = 10001 ORDER BY created ASC, id ASC"
    assert second == first | {"nextPageToken": "A"}
    assert "issuetype = 10002" in third["jql"]
    assert first["properties"] == ["campaign-sync"]
    assert {"summary", "customfield_10032", "parent", "updated"} <= set(first["fields"])


def test_a_record_says_what_people_see_and_hides_what_is_ours(site: Wire) -> None:
    labels = ["email", "cs-7k2m9x4q", "spring"]
    marked = issue(labels=labels, properties={"campaign-sync": {"entity": "cs-7k2m9x4q"}})
    site.on("POST", "search/jql", {"issues": [marked], "isLast": True})
    record = next(connector().fetch())
    assert record.fields["labels"] == ["email", "spring"]
    assert record.marker == "cs-7k2m9x4q"
    assert record.key == "CAM-17"
    assert record.url == f"{SITE}/browse/CAM-17"
    assert record.changed_at == datetime(2026, 10, 8, 15, 8, 33, 123000, UTC)
    assert record.locked is None
    assert "attachment" not in record.fields


@pytest.mark.parametrize(
    ("labels", "properties", "marker"),
    [
        (["cs-7k2m9x4q"], {}, "cs-7k2m9x4q"),
        ([], {"campaign-sync": {"entity": "cs-7k2m9x4q"}}, "cs-7k2m9x4q"),
        (["cs-00000000"], {"campaign-sync": {"entity": "cs-7k2m9x4q"}}, "cs-7k2m9x4q"),
        (["cs-7k2m9x4q"], {"campaign-sync": "scribble"}, "cs-7k2m9x4q"),
        (["cs-team", "CS-7K2M9X4Q"], {"campaign-sync": {"entity": 7}}, None),
    ],
)
def test_the_marker_is_read_from_the_property_or_else_the_label(
    site: Wire, labels: list[str], properties: dict[str, object], marker: str | None
) -> None:
    site.on("POST", "search/jql", {"issues": [issue(labels=labels, properties=properties)], "isLast": True})
    assert next(connector().fetch()).marker == marker


def test_an_empty_listing_is_believed_only_while_we_are_signed_in(site: Wire) -> None:
    site.on("POST", "search/jql", {"issues": [issue()], "isLast": True})
    site.on("POST", "search/jql", EMPTY)
    site.remove("GET", f"{API}/myself")
    site.on("GET", "myself", {"accountId": "5b10"})
    site.on("GET", "myself", {"message": "no"}, status=401)
    with pytest.raises(ConfigError):
        list(connector().fetch())


@pytest.mark.parametrize("token", [{}, {"nextPageToken": "A"}])
def test_a_listing_that_breaks_off_or_turns_in_circles_is_not_complete(site: Wire, token: dict[str, str]) -> None:
    site.on("POST", "search/jql", {"issues": [issue()], "isLast": False} | token)
    with pytest.raises(Unavailable, match="before the last page"):
        list(connector().fetch())


def test_a_page_that_fails_is_asked_for_again_after_the_time_that_jira_names(site: Wire) -> None:
    waits: list[float] = []
    site.on("POST", "search/jql", {}, status=429, headers={"Retry-After": "7"})
    site.on("POST", "search/jql", EMPTY)
    assert list(connector(sleep=waits.append).fetch()) == []
    assert waits == [pytest.approx(7, abs=1)]


@pytest.mark.parametrize(
    ("fields", "locked"),
    [
        ({"labels": ["campaign-sync-archived"]}, "archived by campaign-sync"),
        ({"project": {"id": "10009", "key": "OPS"}}, "moved to project OPS, outside CAM"),
        ({"issuetype": {"id": "10005", "name": "Bug"}}, "its issue type is now Bug"),
    ],
)
def test_a_record_that_is_no_longer_ours_to_edit_is_locked(site: Wire, fields: dict[str, Any], locked: str) -> None:
    site.on("POST", "issue/bulkfetch", {"issues": [issue(**fields)], "issueErrors": []})
    ref = epic_record().ref
    record = connector().read([ref])[ref]
    assert record is not None
    assert locked in str(record.locked)
    assert record.fields["labels"] == []


# Direct reads


def test_reading_goes_in_hundreds_and_past_the_index(site: Wire) -> None:
    refs = [Ref("jira", Kind.CAMPAIGN, str(10500 + n)) for n in range(150)]
    site.on("POST", "issue/bulkfetch", {"issues": [issue(ref.native) for ref in refs[:100]], "issueErrors": []})
    site.on("POST", "issue/bulkfetch", {"issues": [issue(ref.native) for ref in refs[100:]]})
    found = connector().read(refs)
    assert all(found[ref] is not None for ref in refs)
    assert [len(body["issueIdsOrKeys"]) for body in site.sent("POST", "issue/bulkfetch")] == [100, 50]


def test_an_issue_is_absent_after_a_direct_404_to_an_account_that_sees_the_project(site: Wire) -> None:
    ref = epic_record().ref
    site.on("POST", "issue/bulkfetch", {"issues": []})
    site.on("GET", "issue/10451", NO_ISSUE, status=404)
    assert connector().read([ref]) == {ref: None}
    assert len(site.sent("GET", "myself")) == 2


@pytest.mark.parametrize("native", ["../project/CAM", "CAM-17", "10451?expand=x", "", "\uff11\uff10\uff14\uff15\uff11"])
def test_what_is_no_id_is_no_issue_and_asked_for_at_no_address(site: Wire, native: str) -> None:
    ref = Ref("jira", Kind.CAMPAIGN, native)
    assert connector().read([ref]) == {ref: None}
    assert not [
        call for call in site.calls if "/issue/" in str(call.request.url) and "createmeta" not in str(call.request.url)
    ]


def test_an_issue_that_bulkfetch_left_out_but_that_is_there_is_not_absent(site: Wire) -> None:
    ref = epic_record().ref
    site.on("POST", "issue/bulkfetch", {"issues": []})
    site.on("GET", "issue/10451", issue())
    record = connector().read([ref])[ref]
    assert record is not None
    assert record.key == "CAM-17"


def test_nothing_is_absent_to_an_account_that_lost_the_project(site: Wire) -> None:
    made = connector()
    made.schema()
    site.on("POST", "issue/bulkfetch", {"issues": []})
    site.on("GET", "issue/10451", NO_ISSUE, status=404)
    site.replace("GET", f"{API}/project/CAM", json=NO_ISSUE, status=404)
    with pytest.raises(ConfigError, match="no project"):
        made.read([epic_record().ref])


def test_an_issue_that_jira_could_not_read_just_now_is_not_absent(site: Wire) -> None:
    site.on("POST", "issue/bulkfetch", {"issues": [], "issueErrors": [{"id": "10451", "errorMessage": "busy"}]})
    with pytest.raises(Unavailable, match="10451"):
        connector().read([epic_record().ref])
