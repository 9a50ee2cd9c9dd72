"""Links from a Jira issue to the same campaign elsewhere, and the people whom issues may name."""

from __future__ import annotations

from typing import Any

import pytest

from sync.errors import Rejected, Stale, Unavailable
from sync.ports import Member, Relation
from tests.connectors.jira_wire import API, NO_ISSUE, Wire, connector, epic_record

LINKS = "issue/10451/remotelink"
ROW = Relation("airtable", "rec1", "Spring launch", "https://airtable.com/app1/tbl1/rec1")
SEND = Relation("klaviyo", "01KJ", "Spring launch", "https://www.klaviyo.com/campaign/01KJ")


def accepting(site: Wire) -> None:
    site.on("POST", LINKS, {"id": 10000, "self": f"{API}/{LINKS}/10000"}, status=201)
    site.on("DELETE", LINKS, None, status=204)


def removed(site: Wire) -> list[str]:
    calls = [call.request for call in site.calls if call.request.method == "DELETE"]
    return [str(call.url).partition("globalId=")[2] for call in calls]


def test_a_link_is_written_whole_under_an_id_of_its_tool_without_a_look_before(site: Wire) -> None:
    accepting(site)
    connector().relate(epic_record(), [ROW, SEND], [])
    assert site.sent("POST", LINKS)[0] == {
        "globalId": "campaign-sync:airtable",
        "application": {"type": "campaign-sync", "name": "campaign-sync"},
        "relationship": "planned in",
        "object": {"url": ROW.url, "title": "Spring launch"},
    }
    assert [call.request.method for call in site.calls if LINKS in str(call.request.url)] == ["POST", "POST"]


def test_only_our_own_links_to_a_dropped_tool_are_taken_away(site: Wire) -> None:
    accepting(site)
    connector().relate(epic_record(), [], ["klaviyo"])
    assert removed(site) == ["campaign-sync%3Aklaviyo"]
    assert not site.sent("POST", LINKS)


def test_a_link_that_somebody_took_away_meanwhile_is_gone_all_the_same(site: Wire) -> None:
    accepting(site)
    site.replace("DELETE", f"{API}/{LINKS}", json=NO_ISSUE, status=404)
    connector().relate(epic_record(), [], ["airtable"])


def test_a_name_or_a_title_too_long_for_jira_is_shortened_to_one_of_its_own(site: Wire) -> None:
    titled = "Sommer ☀️ " * 60
    accepting(site)
    for tool in ("x" * 300, "x" * 299 + "y"):
        connector().relate(epic_record(), [Relation(tool, "rec1", titled, "https://a.example/" + "z" * 16_000)], [])
    first, second = site.sent("POST", LINKS)
    assert len(first["globalId"]) == len(second["globalId"]) == 255
    assert first["globalId"] != second["globalId"]
    assert len(first["object"]["title"]) == 255


@pytest.mark.parametrize(
    ("status", "said", "error", "words"),
    [
        (403, {"errorMessages": ["No Link Issue Permission"]}, Rejected, "permission to link issues"),
        (404, NO_ISSUE, Stale, "went away"),
        (400, {"errors": {"url": "The url is too long."}}, Rejected, "too long"),
        (413, {"errorMessages": ["The limit of links is met"]}, Rejected, "limit of links"),
        (503, {}, Unavailable, "failed at linking CAM-17"),
    ],
)
def test_a_link_that_is_refused_says_why(
    site: Wire, status: int, said: dict[str, Any], error: type[Exception], words: str
) -> None:
    site.on("POST", LINKS, said, status=status)
    with pytest.raises(error, match=words):
        connector().relate(epic_record(), [ROW], [])


# People


def test_those_who_may_be_assigned_are_listed_page_by_page_until_one_is_empty(site: Wire) -> None:
    ann = {"accountId": "5b10", "accountType": "atlassian", "displayName": "Ann Lee", "active": True}
    bob = {"accountId": "5b11", "displayName": "Bob", "emailAddress": "bob@acme.example", "active": False}
    app = {"accountId": "5b12", "accountType": "app", "displayName": "Automation", "active": True}
    site.on("GET", "user/assignable/search", [ann, app])
    site.on("GET", "user/assignable/search", [bob, ann])
    site.on("GET", "user/assignable/search", [])
    assert connector().members() == [Member("5b10", "Ann Lee"), Member("5b11", "Bob", "bob@acme.example", active=False)]
    # By ranges of all users: how many of a range may be assigned says nothing about where the next begins.
    assert site.asked("assignable/search", "startAt") == ["0", "200", "400"]
    assert set(site.asked("assignable/search", "project")) == {"CAM"}
