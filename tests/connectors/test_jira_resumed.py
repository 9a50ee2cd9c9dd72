"""A long listing of Jira Cloud whose page token runs out goes on where it was (reference jira §4.2)."""

from __future__ import annotations

import pytest

from connectors.jira_search import LISTINGS
from sync.errors import Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Update, Written
from tests.connectors.jira_wire import Wire, connector, issue

EXPIRED = {"errorMessages": ["The provided next page token is invalid or expired."], "errors": {}}
EMPTY = {"issues": [], "isLast": True}
DAY = 24 * 3_600_000
FIRST = 1_791_443_280_000  # 2026-10-08T07:08:00Z
ALL = "project = 10000 AND issuetype = 10001 ORDER BY created ASC, id ASC"


def made(number: int, days: int) -> dict[str, object]:
    """An epic that was made so many days after the first."""
    return issue(str(10450 + number), created=f"2026-10-{8 + days:02}T07:08:00.000+0000")


def test_a_listing_goes_on_from_what_was_created_last(site: Wire) -> None:
    site.on("POST", "search/jql", {"issues": [made(1, 0), made(2, 3)], "nextPageToken": "A", "isLast": False})
    site.on("POST", "search/jql", EXPIRED, status=400)
    site.on("POST", "search/jql", {"issues": [made(2, 3), made(3, 5)], "nextPageToken": "B", "isLast": False})
    site.on("POST", "search/jql", EXPIRED, status=400)
    site.on("POST", "search/jql", {"issues": [made(3, 5)], "isLast": True})
    site.on("POST", "search/jql", EMPTY)

    records = [record.ref.native for record in connector().fetch() if record.ref.kind is Kind.CAMPAIGN]

    assert records == ["10451", "10452", "10453"]
    asked = [(body["jql"], body.get("nextPageToken")) for body in site.sent("POST", "search/jql")][:5]
    assert asked == [
        (ALL, None),
        (ALL, "A"),
        (ALL.replace(" ORDER", f" AND created >= {FIRST + 3 * DAY - 60_000} ORDER"), None),
        (ALL.replace(" ORDER", f" AND created >= {FIRST + 3 * DAY - 60_000} ORDER"), "B"),
        (ALL.replace(" ORDER", f" AND created >= {FIRST + 5 * DAY - 60_000} ORDER"), None),
    ]


def test_a_token_that_runs_out_again_and_again_without_coming_further_is_given_up(site: Wire) -> None:
    for _ in range(1 + LISTINGS):  # the first of them comes further
        site.on("POST", "search/jql", {"issues": [made(1, 0)], "nextPageToken": "A", "isLast": False})
        site.on("POST", "search/jql", EXPIRED, status=400)

    with pytest.raises(Unavailable, match="expire 3 times in a row"):
        list(connector().fetch())


def test_what_changed_goes_on_from_what_was_updated_last(site: Wire) -> None:
    since = f"{FIRST} 10000 10001 10002"
    first = issue("10451", updated="2026-10-09T07:08:00.000+0000")
    site.on("POST", "search/jql", {"issues": [first], "nextPageToken": "A", "isLast": False})
    site.on("POST", "search/jql", EXPIRED, status=400)
    site.on("POST", "search/jql", EMPTY)

    told = [one.ref.native for one in connector().changes(since) if isinstance(one, Record)]
    assert told == ["10451"]
    begun, _, resumed = (body["jql"] for body in site.sent("POST", "search/jql"))
    assert f"updated >= {FIRST} " in begun
    assert f"updated >= {FIRST + DAY - 60_000} " in resumed


def test_an_issue_that_is_read_past_the_index_is_no_place_to_go_on_from(site: Wire) -> None:
    """Where on the pages such issues come is not documented."""
    mine = made(9, 20)
    jira = connector()
    site.on("PUT", "issue/10459", {}, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [mine], "issueErrors": []})
    held = Record(Ref("jira", Kind.CAMPAIGN, "10459"), {"summary": "Spring launch"})
    (done,) = jira.write([Update(held, {"summary": "Summer launch"})])
    assert isinstance(done, Written)
    site.on("POST", "search/jql", {"issues": [made(1, 0), mine], "nextPageToken": "A", "isLast": False})
    site.on("POST", "search/jql", EXPIRED, status=400)
    site.on("POST", "search/jql", EMPTY)

    assert [record.ref.native for record in jira.fetch()] == ["10451", "10459"]

    first, _, resumed = site.sent("POST", "search/jql")[:3]
    assert first["reconcileIssues"] == [10459]
    assert f"created >= {FIRST - 60_000} " in resumed["jql"]
