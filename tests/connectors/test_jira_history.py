"""Who last changed a field in Jira."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.jira_site import HISTORY
from sync.model import Attribution
from tests.connectors.jira_wire import NO_ISSUE, Wire, connector, epic_record


def _entry(number: int, field: str, who: str) -> dict[str, object]:
    at = f"2026-10-08T07:{number % 60:02}:00.000+0000"
    return {"id": str(number), "author": {"displayName": who}, "created": at, "items": [{"fieldId": field}]}


def test_the_newest_change_of_the_field_tells_who_and_when(site: Wire) -> None:
    entries = [_entry(1, "duedate", "Ann"), _entry(2, "duedate", "Bo"), _entry(3, "summary", "Cy")]
    site.on("GET", "issue/10451/changelog", {"values": entries, "total": 3, "isLast": True})
    found = connector().attribution(epic_record(), "duedate")
    assert found == Attribution("Bo", datetime(2026, 10, 8, 7, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("told", "ours"),
    [
        (HISTORY, True),
        (HISTORY | {"extraData": {}, "activityDescription": None}, True),
        ({"type": "another-app"}, False),
        ({}, False),
        (None, False),
        ("campaign-sync", False),
    ],
)
def test_a_change_is_ours_when_its_history_says_so(site: Wire, told: object, ours: bool) -> None:
    entries = [_entry(1, "status", "Ann"), _entry(2, "status", "Sync") | {"historyMetadata": told}]
    site.on("GET", "issue/10451/changelog", {"values": entries, "total": 2})
    found = connector().attribution(epic_record(), "status")
    assert found == Attribution("Sync", datetime(2026, 10, 8, 7, 2, tzinfo=UTC), ours=ours)


def test_what_somebody_changed_after_us_is_not_ours(site: Wire) -> None:
    entries = [_entry(1, "status", "Sync") | {"historyMetadata": HISTORY}, _entry(2, "status", "Ann")]
    entries.append(_entry(3, "summary", "Sync") | {"historyMetadata": HISTORY})
    site.on("GET", "issue/10451/changelog", {"values": entries, "total": 3})
    found = connector().attribution(epic_record(), "status")
    assert found is not None
    assert (found.who, found.ours) == ("Ann", False)


def test_a_long_history_is_read_from_its_end(site: Wire) -> None:
    entries = [_entry(n, "summary" if n == 1 else "duedate", f"P{n}") for n in range(5)]
    path = "issue/10451/changelog"
    site.on("GET", path, {"values": entries[:2], "total": 5})
    site.on("GET", path, {"values": entries[3:5], "total": 5})
    site.on("GET", path, {"values": entries[2:4], "total": 5})
    made = connector()
    assert made.attribution(epic_record(), "duedate") == Attribution("P4", datetime(2026, 10, 8, 7, 4, tzinfo=UTC))
    assert site.asked("/changelog", "startAt") == ["0", "3"]


def test_a_field_that_was_never_changed_goes_back_to_the_creator(site: Wire) -> None:
    site.on("GET", "issue/10451/changelog", {"values": [], "total": 0})
    record = epic_record(creator={"displayName": "Ann"}, created="2026-10-01T08:00:00.000+0000")
    found = connector().attribution(record, "duedate")
    assert found == Attribution("Ann", datetime(2026, 10, 1, 8, tzinfo=UTC))


@pytest.mark.parametrize(("changed", "untouched"), [("08:00:01.900", True), ("08:00:03.000", False)])
def test_an_issue_is_untouched_when_nothing_has_changed_it_since_it_was_made(
    site: Wire, changed: str, untouched: bool
) -> None:
    site.on("GET", "issue/10451/changelog", {"values": [], "total": 0})
    record = epic_record(created="2026-10-01T08:00:00.000+0000", creator={"displayName": "Sync"})
    record = record._replace(changed_at=datetime.fromisoformat(f"2026-10-01T{changed}+00:00"))
    found = connector().attribution(record, "duedate")
    assert found is not None
    assert found.untouched is untouched


def test_an_issue_out_of_sight_tells_nothing_about_its_history(site: Wire) -> None:
    site.on("GET", "issue/10451/changelog", NO_ISSUE, status=404)
    assert connector().attribution(epic_record(), "duedate") is None
