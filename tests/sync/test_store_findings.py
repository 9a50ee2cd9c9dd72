"""What the database remembers of findings, of what people decided and were told, and of runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.errors import ConfigError
from sync.store import Store
from sync.tables import RUN
from sync.transaction import KEPT_RUNS
from tests.sync.test_store import HOUR, NOW, a_finding, counted


def test_a_decision_is_for_an_open_finding_and_the_last_one_counts(store: Store) -> None:
    finding = a_finding()
    with pytest.raises(ConfigError, match=finding.fingerprint):
        store.decide(finding.fingerprint, "jira", NOW)
    with store.transaction() as transaction:
        transaction.open_finding(finding, NOW)
    store.decide(finding.fingerprint, "jira", NOW)
    store.decide(finding.fingerprint, "airtable", NOW)
    assert store.load().decisions == {finding.fingerprint: "airtable"}
    with store.transaction() as transaction:
        transaction.close_finding(finding, NOW)
    assert store.load().decisions == {}
    with pytest.raises(ConfigError):
        store.decide(finding.fingerprint, "jira", NOW)


def test_findings_open_stay_and_close(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(2), NOW + HOUR)
        transaction.open_finding(a_finding(1), NOW)
    known = store.open_findings()
    assert [(k.finding, k.opened, k.emailed) for k in known] == [
        (a_finding(1), NOW, None),
        (a_finding(2), NOW + HOUR, None),
    ]
    with store.transaction() as transaction:
        transaction.refresh_finding(replace(a_finding(1), title="Otherwise"))
        transaction.close_finding(a_finding(2), NOW)
    assert [(k.finding.title, k.opened) for k in store.open_findings()] == [("Otherwise", NOW)]


def told(store: Store) -> set[str]:
    """All that a mail says now."""
    return {finding.fingerprint for finding in (*(k.finding for k in store.open_findings()), *store.closed_unsent())}


def test_a_finding_that_comes_back_is_new(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(), NOW)
    store.mark_emailed(NOW, told(store))
    with store.transaction() as transaction:
        transaction.close_finding(a_finding(), NOW + HOUR)
        transaction.open_finding(a_finding(), NOW + 2 * HOUR)
    assert [(k.opened, k.emailed) for k in store.open_findings()] == [(NOW + 2 * HOUR, None)]


def test_what_was_told_as_open_and_has_closed_is_told_once_more(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(1), NOW)
        transaction.open_finding(a_finding(2), NOW)
    store.mark_emailed(NOW, told(store))
    assert [k.emailed for k in store.open_findings()] == [NOW, NOW]
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(3), NOW)
        transaction.close_finding(a_finding(1), NOW)
        transaction.close_finding(a_finding(3), NOW)
    assert store.closed_unsent() == [a_finding(1)]
    store.mark_emailed(NOW + HOUR, told(store))
    assert store.closed_unsent() == []
    assert [k.emailed for k in store.open_findings()] == [NOW]  # when it was told first


def test_the_last_report_is_that_of_the_newest_run_and_old_ones_go(store: Store) -> None:
    assert store.last_report() is None
    with store.transaction() as transaction:
        for number in range(KEPT_RUNS + 5):
            transaction.save_run(f"r{number}", NOW + number * HOUR, NOW + number * HOUR, {"number": number})
    assert store.last_report() == {"number": KEPT_RUNS + 4}
    assert counted(store, RUN) == KEPT_RUNS


def test_only_what_a_mail_told_counts_as_told(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(1), NOW)
        transaction.open_finding(a_finding(2), NOW)
    store.mark_emailed(NOW, {a_finding(1).fingerprint})
    emailed = {k.finding.fingerprint: k.emailed for k in store.open_findings()}
    assert emailed == {a_finding(1).fingerprint: NOW, a_finding(2).fingerprint: None}
