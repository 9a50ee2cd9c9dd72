"""The benchmark's yardsticks: bounds worked out by hand, and what each request was for."""

from __future__ import annotations

import pytest

from benchmarks import bounds
from benchmarks.bounds import Listing, Work
from benchmarks.kinds import Use, counted, use_of

HUNDRED = (100, 850)


@pytest.mark.parametrize(
    ("work", "jira", "log", "polling", "klaviyo"),
    [
        (Work(Listing.FULL, (0, 0)), 1, 2, 2, 1),
        (Work(Listing.FULL, HUNDRED), 2, 10, 10, 1),
        (Work(Listing.CHANGES, HUNDRED), 1, 1, 2, 1),
        (Work(Listing.CHANGES, HUNDRED, changed=(1, 101)), 1, 4, 3, 1),
        (Work(Listing.COUNT, HUNDRED), 2, 11, 12, 1),
        (Work(Listing.FULL, (0, 0), created=HUNDRED), 1 + 2 + 17, 2 + 10 + 85, 2 + 10 + 85, 1 + 100),
        (Work(Listing.CHANGES, (101, 0), edited=(11, 0), moved=3), 1 + 11 + 3, 1 + 2, 2 + 2, 2 + 11),
        (Work(Listing.CHANGES, (1, 0), subjects=4, tags=2), 1, 1, 2, 1 + 6),
    ],
)
def test_a_bound_is_what_full_pages_and_batches_take(
    work: Work, jira: int, log: int, polling: int, klaviyo: int
) -> None:
    assert bounds.jira(work) == jira
    assert bounds.airtable(work, log=True) == log
    assert bounds.airtable(work, log=False) == polling
    assert bounds.klaviyo(work) == klaviyo


def entry(tool: str, asked: str, query: str = "") -> dict[str, object]:
    method, path = asked.split()
    return {"tool": tool, "method": method, "path": path, "query": query, "body": None}


@pytest.mark.parametrize(
    ("one", "use"),
    [
        (entry("jira", "GET /rest/api/3/serverInfo"), Use.SETUP),
        (entry("jira", "GET /rest/api/2/project/CAM/statuses"), Use.SETUP),
        (entry("jira", "POST /rest/api/3/search/jql"), Use.LISTING),
        (entry("jira", "POST /rest/api/2/search"), Use.LISTING),
        (entry("jira", "POST /rest/api/3/issue/bulkfetch"), Use.LOOK),
        (entry("jira", "GET /rest/api/2/issue/10001"), Use.LOOK),
        (entry("jira", "GET /rest/api/3/issue/10001/transitions"), Use.LOOK),
        (entry("jira", "POST /rest/api/3/issue/10001/transitions"), Use.WRITE),
        (entry("jira", "POST /rest/api/3/issue/bulk"), Use.WRITE),
        (entry("airtable", "GET /v0/meta/bases/app1/tables"), Use.SETUP),
        (entry("airtable", "POST /v0/bases/app1/webhooks"), Use.SETUP),
        (entry("airtable", "GET /v0/bases/app1/webhooks/ach1/payloads"), Use.LISTING),
        (entry("airtable", "GET /v0/app1/tbl1", "pageSize=100"), Use.LISTING),
        (entry("airtable", "GET /v0/app1/tbl1", "filterByFormula=OR(RECORD_ID()='rec1')"), Use.LOOK),
        (entry("airtable", "GET /v0/app1/tbl1/rec1"), Use.LOOK),
        (entry("airtable", "PATCH /v0/app1/tbl1"), Use.WRITE),
        (entry("klaviyo", "GET /api/segments"), Use.SETUP),
        (entry("klaviyo", "GET /api/campaigns"), Use.LISTING),
        (entry("klaviyo", "GET /api/campaigns/01K"), Use.LOOK),
        (entry("klaviyo", "PATCH /api/campaign-messages/01K"), Use.WRITE),
    ],
)
def test_each_request_is_counted_as_what_it_was_for(one: dict[str, object], use: Use) -> None:
    assert use_of(one) is use
    assert counted([one, one], str(one["tool"]))[use] == 2
    assert sum(counted([one], "another").values()) == 0


def test_a_request_that_nobody_thought_of_is_not_passed_over() -> None:
    with pytest.raises(LookupError, match="unheard-of"):
        use_of(entry("jira", "GET /rest/api/3/unheard-of"))
