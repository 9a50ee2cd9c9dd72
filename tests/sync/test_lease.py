"""One run at a time holds a workspace, and a run that lost its hold writes nothing more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sync.errors import Busy
from sync.store import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_lease_is_refused_with_its_holders_name_and_its_end(store: Store) -> None:
    with store.lease("night job 7", NOW, HOUR):
        said = r"night job 7, since 09:00 UTC.*ends by itself at 10:00 UTC"
        with pytest.raises(Busy, match=said), store.lease("another", NOW + HOUR - timedelta(seconds=1), HOUR):
            pass
    with store.lease("another", NOW, HOUR):
        pass


def test_a_lease_that_has_ended_is_taken_over_and_its_late_holder_takes_nothing_back(store: Store) -> None:
    with store.lease("next", NOW, HOUR):
        with store.lease("later", NOW + HOUR, HOUR):
            pass
        with store.lease("last", NOW + HOUR, HOUR):
            pass
    with store.lease("slow", NOW, HOUR):
        taken = store.lease("next", NOW + HOUR, 2 * HOUR)
        taken.__enter__()
    with pytest.raises(Busy, match="next"), store.lease("third", NOW + 2 * HOUR, HOUR):
        pass


def test_the_hold_of_somebody_who_is_gone_is_taken_over_at_once(store: Store) -> None:
    killed = store.lease("killed", NOW, HOUR)
    killed.__enter__()
    with pytest.raises(Busy), store.lease("next", NOW, HOUR, lambda holder: holder == "another"):
        pass
    with store.lease("next", NOW, HOUR, lambda holder: holder == "killed"):
        pass


def test_a_lease_ends_with_an_exception(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.lease("one", NOW, HOUR):
        raise ZeroDivisionError
    with store.lease("two", NOW, HOUR):
        pass


def test_a_run_that_lost_its_hold_commits_nothing_more(store: Store) -> None:
    with store.lease("slow", NOW, HOUR), store.lease("quick", NOW + 2 * HOUR, HOUR):
        with pytest.raises(Busy, match="taken over"):
            _decide_and_hold(store)
        assert store.load().decisions == {}


def test_a_hold_is_renewed(store: Store) -> None:
    with store.lease("slow", NOW, HOUR):
        with store.transaction() as transaction:
            transaction.hold("slow", NOW + 3 * HOUR)
        with pytest.raises(Busy), store.lease("quick", NOW + 2 * HOUR, HOUR):
            pass


def _decide_and_hold(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.decide("f", "jira", NOW)
        transaction.hold("slow", NOW + 3 * HOUR)
