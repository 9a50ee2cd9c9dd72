"""The guard lets ordinary runs pass and stops those that would lose or overwrite too much."""

from __future__ import annotations

import pytest

from sync.guard import Bounds, excesses, is_emptied
from sync.model import Kind, Value
from sync.plan import Step
from sync.report import Action, CellChange

BOUNDS = Bounds(archive_count=10, archive_share=0.2, overwrite_count=5, overwrite_share=0.5)


def _steps(action: Action, count: int, old: Value = "old", tool: str = "jira") -> list[Step]:
    cells = (CellChange("subject", "Subject", old, "new"),)
    return [Step(action, tool, Kind.CAMPAIGN, f"e{n}", f"e{n}", {}, {}, cells) for n in range(count)]


@pytest.mark.parametrize(
    ("archives", "linked", "stops"),
    [(1, 1, False), (1, 2, False), (2, 10, False), (3, 10, True), (2, 9, True), (10, 1000, False), (11, 1000, True)],
)
def test_archives_stop_beyond_a_count_or_a_share_but_one_alone_never_does(
    archives: int, linked: int, stops: bool
) -> None:
    reasons = excesses(_steps(Action.ARCHIVE, archives), {"jira": linked}.__getitem__, BOUNDS)
    assert reasons == ([f"{archives} of {linked} records would be archived in jira"] if stops else [])
    assert is_emptied(archives, linked, BOUNDS) == stops


@pytest.mark.parametrize(
    ("overwritten", "linked", "stops"), [(5, 5, False), (6, 12, False), (6, 11, True), (100, 1000, False)]
)
def test_overwrites_stop_beyond_a_count_and_a_share(overwritten: int, linked: int, stops: bool) -> None:
    reasons = excesses(_steps(Action.UPDATE, overwritten), {"jira": linked}.__getitem__, BOUNDS)
    assert reasons == ([f"{overwritten} of {linked} records would be overwritten in jira"] if stops else [])


@pytest.mark.parametrize("old", [None, "", frozenset[str](), False])
def test_filling_what_was_empty_is_no_overwriting(old: Value) -> None:
    assert excesses(_steps(Action.UPDATE, 100, old), {"jira": 100}.__getitem__, BOUNDS) == []


def test_creations_are_never_too_many() -> None:
    assert excesses(_steps(Action.CREATE, 1000), {"jira": 0}.__getitem__, BOUNDS) == []


def test_every_tool_is_counted_by_itself() -> None:
    steps = _steps(Action.ARCHIVE, 2) + _steps(Action.ARCHIVE, 3, tool="airtable")
    assert excesses(steps, {"jira": 10, "airtable": 10}.__getitem__, BOUNDS) == [
        "3 of 10 records would be archived in airtable",
    ]


def test_the_records_of_a_tool_are_counted_only_where_that_matters_and_of_every_such_tool() -> None:
    asked: list[str] = []

    def linked(tool: str) -> int:
        asked.append(tool)
        return 1000

    quiet = _steps(Action.ARCHIVE, 1, tool="airtable") + _steps(Action.UPDATE, 5, tool="airtable")
    assert excesses(quiet, linked, BOUNDS) == []
    assert asked == []
    assert len(excesses(quiet + _steps(Action.ARCHIVE, 11), linked, BOUNDS)) == 1
    assert asked == ["jira"]


def test_a_few_overwrites_beside_archives_are_none_too_many() -> None:
    steps = _steps(Action.ARCHIVE, 2) + _steps(Action.UPDATE, 5)
    assert excesses(steps, {"jira": 9}.__getitem__, BOUNDS) == ["2 of 9 records would be archived in jira"]


def test_records_that_were_new_in_this_run_count_among_those_that_are_there() -> None:
    bounds = Bounds(archive_count=10, archive_share=1.0)
    assert excesses(_steps(Action.ARCHIVE, 3), {"jira": 2}.__getitem__, bounds) == []
    assert excesses(_steps(Action.ARCHIVE, 3), {"jira": 2}.__getitem__, BOUNDS) == [
        "3 of 3 records would be archived in jira"
    ]


def test_nothing_missing_is_nothing_emptied() -> None:
    assert not is_emptied(0, 0, BOUNDS)


@pytest.mark.parametrize(
    ("missing", "linked", "emptied"),
    [(3, 14, True), (3, 15, False), (10, 50, False), (10, 1000, False), (11, 1000, True)],
)
def test_without_a_setting_more_than_ten_records_or_a_fifth_are_too_many_to_lose(
    missing: int, linked: int, emptied: bool
) -> None:
    assert is_emptied(missing, linked, Bounds()) == emptied


@pytest.mark.parametrize(("overwritten", "linked", "stops"), [(50, 60, False), (51, 101, True), (51, 102, False)])
def test_without_a_setting_more_than_fifty_records_and_a_half_are_too_many_to_overwrite(
    overwritten: int, linked: int, stops: bool
) -> None:
    assert bool(excesses(_steps(Action.UPDATE, overwritten), {"jira": linked}.__getitem__, Bounds())) == stops


def test_the_reasons_come_in_the_order_of_the_tools_names() -> None:
    steps = _steps(Action.ARCHIVE, 3) + _steps(Action.ARCHIVE, 4, tool="airtable")
    assert excesses(steps, {"jira": 10, "airtable": 10}.__getitem__, BOUNDS) == [
        "4 of 10 records would be archived in airtable",
        "3 of 10 records would be archived in jira",
    ]


def test_a_record_of_which_one_cell_is_filled_and_another_overwritten_is_overwritten() -> None:
    cells = (CellChange("brief", "Brief", None, "new"), CellChange("subject", "Subject", "old", "new"))
    steps = [Step(Action.UPDATE, "jira", Kind.CAMPAIGN, f"e{n}", f"e{n}", {}, {}, cells) for n in range(6)]
    assert len(excesses(steps, {"jira": 6}.__getitem__, BOUNDS)) == 1
