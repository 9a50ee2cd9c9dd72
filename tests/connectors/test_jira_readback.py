"""What a Data Center made of our writes is read from its index, and one by one where that may lag."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.model import Kind, Record, Ref
from sync.ports import Change, Create, Update, Written
from tests.connectors.jira_wire import (
    NO_ISSUE,
    House,
    Wire,
    connector,
    epic_record,
    house_connector,
    issue,
    task,
    transitions,
)

BEFORE = datetime(2026, 10, 8, 15, 8, 33, 123000, tzinfo=UTC)
EARLIER, SAME, LATER = (f"2026-10-08T15:08:{second}+0000" for second in ("32.000", "33.123", "33.124"))
TWO = ("10451", "10452")


@pytest.fixture
def house() -> Iterator[House]:
    with House() as made:
        made.site()
        for native in TWO:
            made.on("PUT", f"issue/{native}", None, status=204)
            made.on("GET", f"issue/{native}", issue(native, summary="Read directly"))
        yield made


def held(native: str, **changes: Any) -> Record:
    return epic_record(native)._replace(changed_at=BEFORE, **changes)


def written(house: House, changes: list[Change]) -> tuple[list[Any], list[str]]:
    """The summaries that are told after it, and the issues that were read one by one."""
    outcomes = house_connector().write(changes)
    records = [one.record for one in outcomes if isinstance(one, Written)]
    assert len(records) == len(changes)
    read = [str(call.request.url).partition("?")[0].rpartition("/")[2] for call in house.calls if _reads(call)]
    return [record.fields["summary"] for record in records if record is not None], read


def _reads(call: Any) -> bool:
    return call.request.method == "GET" and "/issue/104" in str(call.request.url)


def renamed(house: House, *shown: dict[str, Any], sent: dict[str, Any] | None = None, **record: Any) -> list[str]:
    """Two issues are renamed; which were read one by one, when the index shows this of them."""
    house.on("POST", "search", {"issues": list(shown), "total": len(shown)})
    changes = [Update(held(native, **record), sent or {"summary": "Summer"}) for native in TWO]
    return written(house, list(changes))[1]


def fresh(native: str, **fields: Any) -> dict[str, Any]:
    return issue(native, **({"summary": "Summer", "updated": LATER} | fields))


def test_what_the_index_shows_as_it_was_written_is_not_read_again(house: House) -> None:
    assert renamed(house, fresh("10451"), fresh("10452")) == []
    (question,) = house.sent("POST", "search")
    assert question["jql"] == "id in (10451, 10452) ORDER BY id ASC"
    assert question["validateQuery"] is False
    assert {"summary", "updated", "labels", "status"} <= set(question["fields"])


@pytest.mark.parametrize(
    "lagging",
    [
        {"updated": EARLIER},  # what was there before
        {"updated": SAME},  # no sign that it is newer than what was read before the write
        {"summary": "Spring launch"},  # somebody else's edit, without ours
        {"updated": None},
        {"labels": ["cs-99999999"]},  # of which the record said nothing
    ],
)
def test_what_the_index_does_not_surely_show_is_read_by_itself(house: House, lagging: dict[str, Any]) -> None:
    assert renamed(house, fresh("10451"), fresh("10452", **lagging)) == ["10452"]


def test_what_the_index_does_not_know_yet_is_read_by_itself(house: House) -> None:
    assert renamed(house, fresh("10452")) == ["10451"]


def test_a_marker_that_stands_in_a_property_alone_is_read_where_it_stands(house: House) -> None:
    assert renamed(house, fresh("10451"), fresh("10452"), marker="cs-00000001") == list(TWO)


def test_an_issue_that_nobody_asked_for_is_passed_over(house: House) -> None:
    assert renamed(house, fresh("10451"), fresh("10452"), fresh("10453")) == []


def test_where_the_index_does_not_answer_all_are_read_one_by_one(house: House) -> None:
    house.on("POST", "search", {"errorMessages": ["no"]}, status=400)
    assert renamed(house) == list(TWO)


def test_a_single_one_is_read_at_once(house: House) -> None:
    assert written(house, [Update(held("10451"), {"summary": "Summer"})]) == (["Read directly"], ["10451"])
    assert not house.sent("POST", "search")


@pytest.mark.parametrize(
    ("sent", "shown", "believed"),
    [
        ({"customfield_10031": {"value": "Fair"}}, {"customfield_10031": {"id": "3", "value": "Fair"}}, True),
        ({"customfield_10031": {"value": "Fair"}}, {"customfield_10031": None}, False),
        ({"customfield_10031": None}, {}, True),
        ({"customfield_10032": [{"value": "A"}, {"value": "B"}]},
         {"customfield_10032": [{"value": "B", "id": "2"}, {"value": "A", "id": "1"}]}, True),
        ({"customfield_10032": [{"value": "A"}]}, {"customfield_10032": [{"value": "A"}, {"value": "B"}]}, False),
        ({"labels": ["vip", "sale"]}, {"labels": ["sale", "vip"]}, True),
        ({"labels": ["vip"]}, {"labels": ["vip", "press"]}, False),
        ({"description": "h1. Brief"}, {"description": "h1. Brief\r\n"}, False),
    ],
)  # fmt: skip
def test_a_field_counts_as_shown_when_it_holds_what_was_sent(
    house: House, sent: dict[str, Any], shown: dict[str, Any], believed: bool
) -> None:
    found = renamed(house, *(fresh(native, **shown) for native in TWO), sent=sent)
    assert found == ([] if believed else list(TWO))


def test_a_stage_is_believed_under_the_campaign_it_was_moved_to(house: House) -> None:
    for native, number in (("10461", 0), ("10462", 1)):
        house.on("PUT", f"issue/{native}", None, status=204)
        house.on("GET", f"issue/{native}", task(native, customfield_10008="CAM-18", summary=f"By itself {number}"))
    house.on("GET", "issue/CAM-17", issue("10451"))
    shown = [
        task(native, customfield_10008=epic, updated=LATER)
        for native, epic in (("10461", "CAM-18"), ("10462", "CAM-17"))
    ]
    house.on("POST", "search", {"issues": shown, "total": 2})
    stages = [held(native)._replace(ref=held(native).ref._replace(kind=Kind.STAGE)) for native in ("10461", "10462")]
    summaries, _ = written(house, [Update(stage, {}, parent="10452") for stage in stages])
    assert summaries == ["Spring launch", "By itself 1"]


def test_what_was_created_is_told_by_its_label_and_read_by_itself_while_the_index_lacks_it(house: House) -> None:
    house.on("POST", "issue/bulk", {"issues": [{"id": "10451"}, {"id": "10452"}], "errors": []}, status=201)
    house.replace("GET", f"{house.api}/issue/10451", json=issue("10451", summary="By itself", labels=["cs-00000002"]))
    house.on("POST", "search", {"issues": [issue("10452", labels=["cs-00000001"])], "total": 1})
    creates = [Create(f"cs-0000000{n}", Kind.CAMPAIGN, {"summary": "x"}) for n in (1, 2)]
    assert written(house, list(creates)) == (["Spring launch", "By itself"], ["10451"])


def test_an_issue_that_is_gone_is_looked_for_by_itself(house: House) -> None:
    house.replace("GET", f"{house.api}/issue/10452", json=NO_ISSUE, status=404)
    house.on("POST", "search", {"issues": [fresh("10451")], "total": 1})
    outcomes = house_connector().write([Update(held(native), {"summary": "Summer"}) for native in TWO])
    assert [isinstance(outcome, Written) for outcome in outcomes] == [True, False]


@pytest.mark.parametrize(("shown", "by_itself"), [("10106", []), ("10100", ["10451", "10452"])])
def test_what_was_moved_is_believed_in_the_status_it_was_brought_into(
    house: House, shown: str, by_itself: list[str]
) -> None:
    """A new issue that was moved right after, while the index still shows it where it was created."""
    house.on("POST", "issue/bulk", {"issues": [{"id": native} for native in TWO], "errors": []}, status=201)
    house.on("GET", "issue/10451/transitions", transitions("10106"))
    for number, native in enumerate(TWO, 1):
        house.on("POST", f"issue/{native}/transitions", None, status=204)
        sent = issue(native, labels=[f"cs-0000000{number}"], status={"id": "10106", "name": "Sent"})
        house.replace("GET", f"{house.api}/issue/{native}", json=sent)
    for status in ("10100", shown):
        new = [
            issue(native, labels=[f"cs-0000000{number}"], status={"id": status, "name": "x"})
            for number, native in enumerate(TWO, 1)
        ]
        house.on("POST", "search", {"issues": new, "total": 2})
    fields = {"summary": "x", "status": {"name": "Sent"}}
    outcomes = house_connector().write([Create(f"cs-0000000{n}", Kind.CAMPAIGN, fields) for n in (1, 2)])
    records = [one.record for one in outcomes if isinstance(one, Written)]
    assert [record.fields["status"]["id"] for record in records if record is not None] == ["10106", "10106"]
    read = [str(c.request.url).partition("?")[0].rpartition("/")[2] for c in house.calls if _reads(c)]
    assert [native for native in read if native != "transitions"] == by_itself


REFS = [Ref("jira", Kind.CAMPAIGN, native) for native in TWO]


def test_a_glance_is_one_question_to_the_index_of_a_data_center(house: House) -> None:
    house.on("POST", "search", {"issues": [issue("10451"), issue("10452", labels=["campaign-sync-archived"])]})
    made = house_connector()
    shown = made.glance(REFS)
    assert list(shown) == REFS[:1], "what is not what it was taken for is read by itself"
    (asked,) = house.sent("POST", "search")
    assert asked["jql"] == "id in (10451, 10452) ORDER BY id ASC"
    assert made.glance([*REFS[:1], Ref("jira", Kind.CAMPAIGN, "1) OR (1")]) == {}, "and one is as soon read"


def test_there_is_no_glance_at_cloud_which_reads_a_page_past_its_index() -> None:
    with Wire() as cloud:
        cloud.site()
        assert connector().glance(REFS) == {}
        assert {call.request.method for call in cloud.calls} == {"GET"}
