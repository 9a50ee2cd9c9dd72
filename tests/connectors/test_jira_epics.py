"""A Data Center names a stage's epic by its key; those not known yet are looked up together (reference jira §5.9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from sync.model import Record
from tests.connectors.jira_wire import House, house_connector, issue, task

SINCE = "1790000000000 10000 10001 10002"


@pytest.fixture
def house() -> Iterator[House]:
    with House() as made:
        made.site()
        yield made


def story(native: str, epic: Any) -> dict[str, Any]:
    return task(native, customfield_10008=epic)


def epic(native: str, key: str) -> dict[str, Any]:
    return issue(native) | {"key": key}


def page(*issues: dict[str, Any]) -> dict[str, Any]:
    return {"startAt": 0, "total": len(issues), "issues": list(issues)}


def parents(house: House, *turns: dict[str, Any]) -> list[str | None]:
    """What the changed stages hang on, when the searches are answered so."""
    for turn in turns:
        house.on("POST", "search", turn)
    changed = [one for one in house_connector().changes(SINCE) if isinstance(one, Record)]
    return [one.parent for one in changed if one.ref.kind == "stage"]


def questions(house: House) -> list[str]:
    return [body["jql"] for body in house.sent("POST", "search")[1:]]


def looked_up(house: House) -> list[str]:
    return [str(call.request.url).partition("?")[0].rpartition("/issue/")[2] for call in house.calls if _looks(call)]


def _looks(call: Any) -> bool:
    return "/issue/CAM-" in str(call.request.url)


STORIES = page(story("10460", "CAM-1"), story("10461", "CAM-2"), story("10462", "CAM-2"), story("10463", None))


def test_several_are_one_question(house: House) -> None:
    found = page(epic("10451", "CAM-1"), epic("10452", "CAM-2"), epic("10453", "CAM-3"))
    assert parents(house, STORIES, found) == ["10451", "10452", "10452", None]
    assert questions(house) == ["key in (CAM-1, CAM-2)"]
    assert looked_up(house) == []


def test_those_that_come_along_are_not_asked_for(house: House) -> None:
    with_epics = page(*STORIES["issues"], epic("10451", "CAM-1"), epic("10452", "CAM-2"))
    assert parents(house, with_epics) == ["10451", "10452", "10452", None]
    assert (questions(house), looked_up(house)) == ([], [])


def test_one_that_the_index_does_not_know_is_looked_up_by_itself(house: House) -> None:
    house.on("GET", "issue/CAM-2", issue("10452"))
    assert parents(house, STORIES, page(epic("10451", "CAM-1"))) == ["10451", "10452", "10452", None]
    assert looked_up(house) == ["CAM-2"]


def test_one_that_has_moved_is_looked_up_by_the_key_that_is_named(house: House) -> None:
    house.on("GET", "issue/CAM-2", epic("10452", "OPS-7"))
    found = page(epic("10451", "CAM-1"), epic("10452", "OPS-7"))
    assert parents(house, STORIES, found) == ["10451", "10452", "10452", None]
    assert looked_up(house) == ["CAM-2"]


def test_a_single_one_is_looked_up_by_itself(house: House) -> None:
    house.on("GET", "issue/CAM-2", issue("10452"))
    assert parents(house, page(story("10460", "CAM-2"))) == ["10452"]
    assert questions(house) == []


@pytest.mark.parametrize("hostile", ["CAM-1) OR project = OPS OR key in (CAM-1", "cam-1 ", "7", 7])
def test_what_is_no_key_does_not_get_into_the_question(house: House, hostile: Any) -> None:
    house.add("GET", re.compile(rf"{house.api}/issue/.*"), json={}, status=404)
    stories = page(story("10459", hostile), *STORIES["issues"])
    parents(house, stories, page(epic("10451", "CAM-1"), epic("10452", "CAM-2")))
    assert questions(house) == ["key in (CAM-1, CAM-2)"]


def test_where_the_index_refuses_each_is_looked_up_by_itself(house: House) -> None:
    house.on("GET", "issue/CAM-1", issue("10451"))
    house.on("GET", "issue/CAM-2", issue("10452"))
    house.on("POST", "search", STORIES)
    house.on("POST", "search", {"errorMessages": ["no"]}, status=400)
    assert parents(house) == ["10451", "10452", "10452", None]


def test_stages_of_a_listing_that_goes_on_without_the_campaigns_are_no_exception(house: House) -> None:
    after = '{"version": 1, "scope": ["10000", "10001", "10002"], "kind": "stage", "created": null}'
    house.on("POST", "search", STORIES)
    house.on("POST", "search", page(epic("10451", "CAM-1"), epic("10452", "CAM-2")))
    assert [one.parent for one in house_connector().fetch(after)] == ["10451", "10452", "10452", None]
    assert looked_up(house) == []
