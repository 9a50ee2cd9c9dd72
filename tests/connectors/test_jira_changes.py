"""What changed in Jira since a position, and the cheap listing that finds what is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from connectors.jira import JiraConnector
from sync.errors import ConfigError, Exhausted, Outdated, Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Update
from tests.connectors.jira_wire import EMPTY, Wire, connector, epic_record, issue, task

NOW = datetime(2026, 10, 8, 12, tzinfo=UTC)
SETTLE = timedelta(minutes=5)


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def since(at: datetime) -> str:
    return f"{ms(at)} 10000 10001 10002"


def at(moment: datetime, offset: str = "+0000") -> str:
    """As Jira writes it: an offset without a colon."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000") + offset


@pytest.fixture
def now(site: Wire) -> None:
    """Jira tells its time in every answer."""
    site.remove("GET", f"{site.api}/serverInfo")
    date = {"Date": format_datetime(NOW, usegmt=True)}
    site.on("GET", "serverInfo", {"deploymentType": "Cloud"}, headers=date)


def told(made: JiraConnector, position: str) -> list[str]:
    return [one.ref.native if isinstance(one, Record) else one.native for one in made.changes(position)]


def reached(made: JiraConnector) -> datetime:
    position = made.position()
    assert position is not None
    return datetime.fromtimestamp(int(position.split()[0]) / 1000, UTC)


def near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=30)  # the connector counts on from the tool's last answer


def test_one_question_without_a_zone_or_an_upper_bound_tells_what_changed_in_both_kinds(site: Wire) -> None:
    site.on("POST", "search/jql", {"issues": [task("10460", parent="10451"), issue("10451")], "isLast": True})
    made = connector()
    changed = list(made.changes(since(NOW)))
    (body,) = site.sent("POST", "search/jql")
    assert body["jql"] == (
        f"project = 10000 AND issuetype in (10001, 10002) AND updated >= {ms(NOW)} ORDER BY updated ASC, id ASC"
    )
    assert {"summary", "duedate", "issuetype", "updated"} <= set(body["fields"])
    assert [one.ref for one in changed if isinstance(one, Record)] == [
        Ref("jira", Kind.CAMPAIGN, "10451"),
        Ref("jira", Kind.STAGE, "10460"),
    ]


def test_a_run_with_nothing_to_do_asks_one_question(site: Wire) -> None:
    site.on("POST", "search/jql", EMPTY)
    made = connector()
    made.schema()
    asked = len(site.calls)
    assert told(made, since(NOW)) == []
    assert told(made, since(NOW)) == []
    assert len(site.calls) == asked + 2, "the account was proven when the place was found"


@pytest.mark.usefixtures("now")
def test_the_next_position_lies_as_far_back_as_the_index_may_lag_by_jiras_own_clock(site: Wire) -> None:
    site.on("POST", "search/jql", EMPTY)
    made = connector()
    assert made.position() is None
    list(made.fetch())
    assert near(reached(made), NOW - SETTLE)
    told(made, since(NOW - timedelta(hours=1)))
    assert near(reached(made), NOW - SETTLE)


def test_without_a_time_of_jiras_own_there_is_no_position_after_a_full_listing(site: Wire) -> None:
    site.on("POST", "search/jql", EMPTY)
    made = connector()
    list(made.fetch())
    assert made.position() is None


@pytest.mark.usefixtures("now")
def test_a_position_never_goes_back(site: Wire) -> None:
    site.on("POST", "search/jql", EMPTY)
    made, start = connector(), NOW - timedelta(minutes=1)
    told(made, since(start))
    assert made.position() == since(start)


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize(
    "breakdown",
    [
        {"body": {}, "status": 503},
        {"body": {}, "status": 429, "headers": {"RateLimit-Reason": "jira-quota-tenant-based"}},
        {"body": requests.ConnectionError("reset")},
    ],
)
def test_a_listing_that_breaks_off_is_resumed_after_its_last_whole_page(site: Wire, breakdown: dict[str, Any]) -> None:
    old = NOW - timedelta(days=30)
    page = [issue("10451", updated=at(old)), issue("10452", updated=at(old + timedelta(days=1)))]
    site.on("POST", "search/jql", {"issues": page, "nextPageToken": "A", "isLast": False})
    site.on("POST", "search/jql", **breakdown)
    made = connector()
    listed, seen = made.changes(since(old - timedelta(days=1))), [""]
    with pytest.raises(Unavailable):
        seen.extend("" if isinstance(one, Ref) else one.ref.native for one in listed)
    assert seen == ["", "10451", "10452"], "what came before is good"
    assert near(reached(made), old + timedelta(days=1) - timedelta(minutes=1))
    assert made.position() != since(old - timedelta(days=1))


@pytest.mark.usefixtures("now")
def test_a_page_of_the_last_minutes_moves_the_position_no_further_than_the_index_can_be_trusted(site: Wire) -> None:
    page = [issue("10451", updated=at(NOW - timedelta(seconds=10)))]
    site.on("POST", "search/jql", {"issues": page, "nextPageToken": "A", "isLast": False})
    site.on("POST", "search/jql", {}, status=503)
    made = connector()
    with pytest.raises(Unavailable):
        list(made.changes(since(NOW - timedelta(days=1))))
    assert near(reached(made), NOW - SETTLE)


def test_a_listing_that_breaks_off_at_once_leaves_the_position_where_it_was(site: Wire) -> None:
    site.on("POST", "search/jql", {}, status=503)
    made = connector()
    with pytest.raises(Unavailable):
        list(made.changes(since(NOW)))
    assert made.position() == since(NOW)


@pytest.mark.usefixtures("now")
def test_after_a_full_listing_that_breaks_off_there_is_no_position(site: Wire) -> None:
    site.on("POST", "search/jql", EMPTY)
    made = connector()
    list(made.fetch())
    site.replace("POST", f"{site.api}/search/jql", json={}, status=503)
    with pytest.raises(Unavailable):
        list(made.fetch())
    assert made.position() is None


@pytest.mark.parametrize(
    "position",
    ["", "yesterday", "2026-10-08 12:00", "-5 10000 10001 10002", "9" * 40 + " 10000 10001 10002",
     "0 OR project = 10009 10000 10001 10002", "1790000000000", "1790000000000 10009 10001 10002",
     "1790000000000 10000 10001 10005"],
)  # fmt: skip
def test_a_position_that_is_none_or_of_another_place_means_that_all_is_listed(site: Wire, position: str) -> None:
    with pytest.raises(Outdated):
        list(connector().changes(position))
    assert not site.sent("POST", "search/jql")


@pytest.mark.usefixtures("now")
def test_a_position_after_jiras_present_means_that_all_is_listed(site: Wire) -> None:
    with pytest.raises(Outdated, match="set back"):
        list(connector().changes(since(NOW + timedelta(days=1))))


def test_an_issue_that_is_touched_while_we_page_comes_again_with_what_it_holds_then(site: Wire) -> None:
    first = issue("10451", summary="Old", updated="2026-10-08T07:00:00.000+0000")
    site.on("POST", "search/jql", {"issues": [first, issue("10452")], "nextPageToken": "A", "isLast": False})
    again = issue("10451", summary="New", updated="2026-10-08T08:00:00.000+0000")
    site.on("POST", "search/jql", {"issues": [issue("10452"), again], "isLast": True})
    found = [one for one in connector().changes(since(NOW)) if isinstance(one, Record)]
    assert [(one.ref.native, one.fields["summary"]) for one in found] == [
        ("10451", "Old"), ("10452", "Spring launch"), ("10451", "New"),
    ]  # fmt: skip


def test_what_this_instance_wrote_is_read_past_the_index(site: Wire) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue()]})
    site.on("POST", "search/jql", EMPTY)
    made = connector()
    made.write([Update(epic_record(), {"summary": "Summer"})])
    told(made, since(NOW))
    list(made.census())
    assert [body["reconcileIssues"] for body in site.sent("POST", "search/jql")] == [[10451]] * 3


def test_an_issue_of_a_type_that_is_neither_is_passed_over(site: Wire) -> None:
    bug = issue("10451", issuetype={"id": "10005", "name": "Bug"})
    site.on("POST", "search/jql", {"issues": [bug, issue("10452")], "isLast": True})
    assert told(connector(), since(NOW)) == ["10452"]


def test_a_quota_that_is_used_up_breaks_off_at_once_and_says_until_when(site: Wire) -> None:
    reset = {
        "RateLimit-Reason": "jira-quota-tenant-based",
        "X-RateLimit-Reset": "2026-10-08T13:00Z",
        "Retry-After": "9",
    }
    site.on("POST", "search/jql", {}, status=429, headers=reset)
    with pytest.raises(Exhausted, match=r"used up until 2026-10-08 13:00 UTC") as caught:
        list(connector().changes(since(NOW)))
    assert caught.value.until == datetime(2026, 10, 8, 13, tzinfo=UTC)
    assert len(site.sent("POST", "search/jql")) == 1


# The census


def test_a_census_asks_for_ids_alone_by_the_thousand(site: Wire) -> None:
    site.on("POST", "search/jql", {"issues": [{"id": "10451"}, {"id": "10452"}], "nextPageToken": "A", "isLast": False})
    site.on("POST", "search/jql", {"issues": [{"id": "10453"}], "isLast": True})
    site.on("POST", "search/jql", {"issues": [{"id": "10460"}], "isLast": True})
    made = connector()
    made.schema()
    assert [(ref.kind, ref.native) for ref in made.census()] == [
        (Kind.CAMPAIGN, "10451"), (Kind.CAMPAIGN, "10452"), (Kind.CAMPAIGN, "10453"), (Kind.STAGE, "10460"),
    ]  # fmt: skip
    bodies = site.sent("POST", "search/jql")
    assert all(body["fields"] == ["id"] and body["maxResults"] == 5000 and "properties" not in body for body in bodies)


def test_an_empty_census_is_believed_only_while_we_are_signed_in(site: Wire) -> None:
    site.on("POST", "search/jql", EMPTY)
    made = connector()
    made.schema()
    site.replace("GET", f"{site.api}/myself", json={"message": "no"}, status=401)
    with pytest.raises(ConfigError):
        list(made.census())
