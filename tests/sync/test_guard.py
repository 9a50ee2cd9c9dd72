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
    reasons = excesses(_steps(Action.ARCHIVE, archives), {"jira": linked}, BOUNDS)
    assert reasons == ([f"{archives} of {linked} records would be archived in jira"] if stops else [])
    assert is_emptied(archives, linked, BOUNDS) == stops


@pytest.mark.parametrize(
    ("overwritten", "linked", "stops"), [(5, 5, False), (6, 12, False), (6, 11, True), (100, 1000, False)]
)
def test_overwrites_stop_beyond_a_count_and_a_share(overwritten: int, linked: int, stops: bool) -> None:
    reasons = excesses(_steps(Action.UPDATE, overwritten), {"jira": linked}, BOUNDS)
    assert reasons == ([f"{overwritten} of {linked} records would be overwritten in jira"] if stops else [])


@pytest.mark.parametrize("old", [None, "", frozenset[str](), False])
def test_filling_what_was_empty_is_no_overwriting(old: Value) -> None:
    assert excesses(_steps(Action.UPDATE, 100, old), {"jira": 100}, BOUNDS) == []


def test_creations_are_never_too_many() -> None:
    assert excesses(_steps(Action.CREATE, 1000), {"jira": 0}, BOUNDS) == []


def test_every_tool_is_counted_by_itself() -> None:
    steps = _steps(Action.ARCHIVE, 2) + _steps(Action.ARCHIVE, 3, tool="airtable")
    assert excesses(steps, {"jira": 10, "airtable": 10}, BOUNDS) == [
        "3 of 10 records would be archived in airtable",
    ]


def test_nothing_missing_is_nothing_emptied() -> None:
    assert not is_emptied(0, 0, BOUNDS)
