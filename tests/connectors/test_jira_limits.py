"""Jira's limits: too many requests of each kind, and values that a field does not take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sync.errors import Ambiguous, Exhausted, Rejected, SyncError, Unavailable
from sync.model import Kind
from sync.ports import Create, Update, Written
from tests.connectors.jira_wire import Wire, connector, epic_record, error_of, issue, one

RENAME = Update(epic_record(), {"summary": "x"})


def refused(site: Wire, waits: list[float] | None = None, **headers: str) -> SyncError:
    site.on(
        "PUT", "issue/10451", {}, status=429, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    return error_of(one(connector(sleep=(waits if waits is not None else []).append), RENAME))


@pytest.mark.parametrize(
    ("reason", "which"),
    [
        ("jira-quota-global-based", "the quota of this app on all its sites"),
        ("jira-quota-tenant-based", "the quota of this app on the site"),
        ("jira-quota-of-a-new-kind", "the account's quota"),
    ],
)
def test_a_quota_is_not_waited_for_but_told_with_its_end(site: Wire, reason: str, which: str) -> None:
    waits: list[float] = []
    error = refused(site, waits, RateLimit_Reason=reason, X_RateLimit_Reset="2026-10-08T13:00:00Z", Retry_After="1800")
    assert isinstance(error, Exhausted)
    assert f"{which} is used up until 2026-10-08 13:00 UTC." in str(error)
    assert waits == []
    assert len(site.sent("PUT", "issue/10451")) == 1


def test_a_quota_that_names_a_wait_ends_that_long_after_jiras_own_time(site: Wire) -> None:
    date = "Thu, 08 Oct 2026 12:00:00 GMT"
    error = refused(site, RateLimit_Reason="jira-quota-tenant-based", Retry_After="1800", Date=date)
    assert isinstance(error, Exhausted)
    assert error.until == datetime(2026, 10, 8, 12, 30, tzinfo=UTC)


def test_a_quota_without_a_time_has_no_known_end(site: Wire) -> None:
    error = refused(site, RateLimit_Reason="jira-quota-tenant-based")
    assert isinstance(error, Exhausted)
    assert error.until is None
    assert "is used up. The first run after that" in str(error)


def test_after_a_quota_the_rest_is_not_tried_and_says_the_same(site: Wire) -> None:
    site.on("PUT", "issue/10451", {}, status=429, headers={"RateLimit-Reason": "jira-quota-tenant-based"})
    outcomes = connector().write([RENAME, Update(epic_record("10452"), {"summary": "x"})])
    assert [type(error_of(outcome)) for outcome in outcomes] == [Exhausted, Exhausted]


def test_a_burst_is_waited_for(site: Wire) -> None:
    waits: list[float] = []
    error = refused(site, waits, RateLimit_Reason="jira-burst-based", Retry_After="3")
    assert type(error) is Unavailable
    assert waits == [pytest.approx(3, abs=1)] * 3


def test_too_many_writes_of_one_issue_do_not_hinder_the_others(site: Wire) -> None:
    crowded = {"RateLimit-Reason": "jira-per-issue-on-write", "Retry-After": "2"}
    site.on("PUT", "issue/10451", {}, status=429, headers=crowded)
    site.on("PUT", "issue/10452", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue("10452")]})
    first, second = connector().write([RENAME, Update(epic_record("10452"), {"summary": "x"})])
    assert isinstance(error_of(first), Unavailable)
    assert isinstance(second, Written)


@pytest.mark.parametrize(
    ("headers", "wait"), [({"Retry-After": "4"}, 4), ({"Retry-After": "Thu, 08 Oct 2026 12:00:04 GMT"}, 4), ({}, 0.5)]
)
def test_a_site_that_is_down_is_asked_again(site: Wire, headers: dict[str, str], wait: float) -> None:
    waits: list[float] = []
    site.on("PUT", "issue/10451", {}, status=503, headers={"Date": "Thu, 08 Oct 2026 12:00:00 GMT"} | headers)
    site.on("PUT", "issue/10451", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue()]})
    assert isinstance(one(connector(sleep=waits.append), RENAME), Written)
    assert waits == [pytest.approx(wait, abs=1)]


def test_a_creation_that_met_a_site_that_is_down_is_not_repeated(site: Wire) -> None:
    site.on("POST", "issue/bulk", {}, status=503, headers={"Retry-After": "1"})
    created = Create("cs-00000001", Kind.CAMPAIGN, {"summary": "x"})
    assert isinstance(error_of(one(connector(), created)), Ambiguous)
    assert len(site.sent("POST", "issue/bulk")) == 1


# Values

LONG = {"summary": "Summary must be less than 255 characters."}
BROKEN = {"summary": "The summary is invalid because it contains newline characters."}
HUGE = {"description": "The entered text is too long. It exceeds the allowed limit of 32,767 characters."}
NO_OPTION = {"customfield_10031": "Option value 'Fair' is not valid"}
NO_SCREEN = {
    "customfield_10040": "Field 'customfield_10040' cannot be set. It is not on the appropriate screen, or unknown."
}


@pytest.mark.parametrize(
    ("fields", "said", "words"),
    [
        ({"summary": "x" * 256}, LONG, "Summary: Summary must be less than 255"),
        ({"summary": "a\nb"}, BROKEN, "Summary: The summary is invalid because it contains newline"),
        ({"description": "x" * 32_768}, HUGE, "Description: The entered text is too long"),
        ({"customfield_10031": {"value": "Fair"}}, NO_OPTION, "Program: Option value 'Fair' is not valid"),
        ({"customfield_10040": 3}, NO_SCREEN, "Delivered: Field 'Delivered' cannot be set"),
    ],
)
@pytest.mark.parametrize("creating", [True, False])
def test_a_value_that_jira_does_not_take_is_told_in_its_words_and_the_fields_name(
    site: Wire, fields: dict[str, Any], said: dict[str, str], words: str, creating: bool
) -> None:
    wrong = {"errorMessages": [], "errors": said}
    site.on("PUT", "issue/10451", wrong, status=400)
    errors = [{"status": 400, "failedElementNumber": 0, "elementErrors": wrong}]
    site.on("POST", "issue/bulk", {"issues": [], "errors": errors}, status=400)
    created = Create("cs-00000001", Kind.CAMPAIGN, {"summary": "x"} | fields)
    error = error_of(one(connector(), created if creating else Update(epic_record(), fields)))
    assert type(error) is Rejected
    assert words in str(error)


@pytest.mark.parametrize(
    "summary",
    ["🎉" * 100, "\u200f\u0645\u0631\u062d\u0628\u0627\u200e", "x" * 255, 'a" OR project = OPS', "\x00\x1f", "\ud83c"],
)
def test_a_summary_is_sent_as_it_is(site: Wire, summary: str) -> None:
    site.on("PUT", "issue/10451", None, status=204)
    site.on("POST", "issue/bulkfetch", {"issues": [issue(summary=summary)]})
    assert isinstance(one(connector(), Update(epic_record(), {"summary": summary})), Written)
    assert site.sent("PUT", "issue/10451") == [{"fields": {"summary": summary}}]
