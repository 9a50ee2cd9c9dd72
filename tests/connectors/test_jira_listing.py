"""A full listing of Jira that breaks off goes on where it was (reference jira §4.1, §4.2, §4.6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from connectors.jira import JiraConnector
from sync.errors import Unavailable
from sync.ports import Update, Written
from tests.connectors.jira_wire import (
    EMPTY,
    House,
    Wire,
    connector,
    epic_record,
    house_connector,
    issue,
    one,
    task,
)

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
FIRST = datetime(2026, 10, 8, 7, 8, tzinfo=UTC)
DATE = {"Date": format_datetime(NOW, usegmt=True)}
EPICS = "project = 10000 AND issuetype = 10001"
TASKS = "project = 10000 AND issuetype = 10002"


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def created(days: float) -> str:
    return (FIRST + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def epic(number: int, days: float) -> dict[str, Any]:
    return issue(str(10450 + number), created=created(days))


def story(number: int, days: float, **fields: Any) -> dict[str, Any]:
    return task(str(10450 + number), created=created(days), **fields)


@pytest.fixture
def clocked(site: Wire) -> Wire:
    """Jira tells its time in every answer."""
    site.remove("GET", f"{site.api}/serverInfo")
    site.on("GET", "serverInfo", {"deploymentType": "Cloud"}, headers=DATE)
    return site


@pytest.fixture
def house() -> Iterator[House]:
    with House() as made:
        made.site()
        made.remove("GET", f"{made.api}/serverInfo")
        made.on("GET", "serverInfo", {"deploymentType": "Server"}, headers=DATE)
        yield made


def pages(site: Wire, *turns: dict[str, Any] | None) -> None:
    """What a search is answered with in turn; None is an outage."""
    for turn in turns:
        site.on("POST", "search/jql", turn or {}, status=200 if turn else 503)


def more(*issues: dict[str, Any]) -> dict[str, Any]:
    return {"issues": list(issues), "nextPageToken": str(issues[-1]["id"]), "isLast": False}


def last(*issues: dict[str, Any]) -> dict[str, Any]:
    return {"issues": list(issues), "isLast": True}


def broken(made: JiraConnector, after: str | None = None) -> tuple[list[str], str | None]:
    """What came of a listing that breaks off, and how far it has certainly come."""
    seen: list[str] = []
    with pytest.raises(Unavailable):
        seen.extend(record.ref.native for record in made.fetch(after))
    return seen, made.reached()


def rest(site: Wire, after: str | None, *turns: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What another connector lists from there, and what it asks for that."""
    site.remove("POST", f"{site.api}/search/jql")
    before = len(site.sent("POST", "search/jql"))
    pages(site, *turns)
    found = [record.ref.native for record in connector().fetch(after)]
    return found, [body["jql"].partition(" ORDER")[0] for body in site.sent("POST", "search/jql")[before:]]


def test_it_goes_on_from_what_was_created_last_of_a_page_that_was_read(clocked: Wire) -> None:
    pages(clocked, more(epic(1, 0), epic(2, 3)), None)
    seen, after = broken(connector())
    assert seen == ["10451", "10452"]
    found, asked = rest(clocked, after, last(epic(2, 3), epic(3, 5)), last(story(4, 1)))
    assert found == ["10452", "10453", "10454"], "what was created in the same minute may come again"
    since = ms(FIRST + timedelta(days=3, minutes=-1))
    assert asked == [f"{EPICS} AND created >= {since}", TASKS]


def test_after_the_campaigns_it_goes_on_with_the_stages(clocked: Wire) -> None:
    pages(clocked, last(epic(1, 0)), None)
    _, after = broken(connector())
    assert rest(clocked, after, last(story(4, 1))) == (["10454"], [TASKS])


def test_within_the_stages_the_campaigns_are_not_listed_again(clocked: Wire) -> None:
    pages(clocked, last(epic(1, 0)), more(story(4, 1)), None)
    _, after = broken(connector())
    since = ms(FIRST + timedelta(days=1, minutes=-1))
    assert rest(clocked, after, last(story(4, 1), story(5, 1))) == (
        ["10454", "10455"],
        [f"{TASKS} AND created >= {since}"],
    )


def test_what_an_index_may_not_show_yet_is_not_passed(clocked: Wire) -> None:
    pages(clocked, more(issue("10451", created=NOW.strftime("%Y-%m-%dT%H:%M:%S.000+0000"))), None)
    _, after = broken(connector())
    _, (asked, _) = rest(clocked, after, last(epic(1, 0)), last(story(4, 1)))
    assert abs(int(asked.rpartition(" ")[2]) - ms(NOW - timedelta(minutes=5))) < 30_000


def test_a_listing_that_goes_on_and_breaks_off_at_once_has_come_no_less_far(clocked: Wire) -> None:
    pages(clocked, more(epic(1, 0)), None)
    _, after = broken(connector())
    assert after is not None
    assert broken(connector(), after) == ([], after)


def test_one_that_breaks_off_at_once_begins_anew(clocked: Wire) -> None:
    pages(clocked, None)
    assert broken(connector()) == ([], None)


def test_one_that_is_complete_has_nothing_to_go_on_from(clocked: Wire) -> None:
    pages(clocked, last(epic(1, 0)), last(story(4, 1)))
    made = connector()
    list(made.fetch())
    assert made.reached() is None


def test_without_a_time_of_jiras_own_a_listing_begins_anew(site: Wire) -> None:
    pages(site, more(epic(1, 0)), None)
    assert broken(connector()) == (["10451"], None)


def test_an_issue_that_is_read_past_the_index_is_no_place_to_go_on_from(clocked: Wire) -> None:
    made = connector()
    clocked.on("PUT", "issue/10459", None, status=204)
    clocked.on("POST", "issue/bulkfetch", {"issues": [epic(9, 11)]})
    assert isinstance(one(made, Update(epic_record("10459"), {"summary": "x"})), Written)
    pages(clocked, more(epic(1, 0), epic(9, 11)), None)
    _, after = broken(made)
    _, (asked, _) = rest(clocked, after, last(epic(1, 0)), last(story(4, 1)))
    assert asked.endswith(f"created >= {ms(FIRST - timedelta(minutes=1))}")


KNOWN = {"version": 1, "scope": ["10000", "10001", "10002"], "kind": "stage", "created": None}


@pytest.mark.parametrize(
    "after",
    ["", "yesterday", "[]", "7", "null", "{}"]
    + [json.dumps(KNOWN | other) for other in (
        {"version": 2}, {"scope": ["10009", "10001", "10002"]}, {"kind": "bug"}, {"created": "0 OR project = OPS"},
        {"created": True}, {"created": 10**40}, {"created": 1.5},
    )],
)  # fmt: skip
def test_what_means_nothing_here_begins_anew(clocked: Wire, after: str) -> None:
    found, asked = rest(clocked, after, last(epic(1, 0)), last(story(4, 1)))
    assert (found, asked) == (["10451", "10454"], [EPICS, TASKS])


def test_a_listing_that_went_on_and_finds_nothing_is_believed_only_while_we_are_signed_in(clocked: Wire) -> None:
    found, asked = rest(clocked, json.dumps(KNOWN), EMPTY)
    assert (found, asked) == ([], [TASKS])
    assert [str(call.request.url) for call in clocked.calls][-1].endswith("/myself")


def test_on_a_data_center_it_goes_on_the_same_way(house: House) -> None:
    page = {"issues": [epic(1, 0), epic(2, 3)], "total": 5, "startAt": 0}
    house.on("POST", "search", page)
    house.on("POST", "search", {}, status=503)
    seen, after = broken(house_connector())
    assert seen == ["10451", "10452"]
    house.remove("POST", f"{house.api}/search")
    house.on("POST", "search", {"issues": [epic(2, 3), epic(3, 4)], "total": 2})
    house.on("POST", "search", {"issues": [], "total": 0})
    assert [record.ref.native for record in house_connector().fetch(after)] == ["10452", "10453"]
    jql = [body["jql"] for body in house.sent("POST", "search")][-2:]
    since = ms(FIRST + timedelta(days=3, minutes=-1))
    assert jql == [
        f"{EPICS} AND created >= {since} ORDER BY created ASC, id ASC",
        f"{TASKS} ORDER BY created ASC, id ASC",
    ]
