"""One run at a time holds a workspace, and a run that lost its hold commits nothing more and says who took it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from sync.errors import Busy, Unavailable
from sync.lease import take
from sync.session import writing
from sync.store import Store, open_store
from sync.tables import DECISION, LEASE

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Run:
    """Somebody with a clock and a store of their own, on the database of another one."""

    def __init__(
        self, store: Store, holder: str, at: datetime = NOW, gone: Callable[[str], bool] | None = None
    ) -> None:
        self.store = Store(store.engine, store.workspace)
        self.holder, self.now = holder, at
        self.gone = gone or (lambda _holder: False)

    @contextmanager
    def holds(self, lasts: timedelta = HOUR) -> Iterator[Store]:
        with self.store.lease(self.holder, lambda: self.now, lasts, self.gone):
            yield self.store

    def decides(self) -> None:
        with self.store.transaction() as transaction:
            transaction.decide("f", self.holder, self.now)

    def is_refused(self) -> str:
        """What it is told."""
        with pytest.raises(Busy) as refusal, self.holds():
            pass
        return str(refusal.value)


@pytest.fixture
def slow(store: Store) -> Iterator[Run]:
    """A run that holds the workspace and then stands still for longer than it may, or was killed."""
    run = Run(store, "slow")
    hold = run.holds()
    hold.__enter__()
    yield run
    with suppress(Busy):
        hold.__exit__(None, None, None)


def decided(store: Store) -> list[str]:
    """Who wrote, in the order of the database."""
    with store.engine.connect() as connection:
        return list(connection.execute(select(DECISION.c.choice)).scalars())


def token(store: Store) -> int:
    with store.engine.connect() as connection:
        return int(connection.execute(select(LEASE.c.token)).scalar_one())


def test_a_held_workspace_is_refused_with_its_holders_name_and_the_end_of_its_hold(store: Store) -> None:
    with Run(store, "night job 7").holds():
        told = Run(store, "another", NOW + HOUR - timedelta(seconds=1)).is_refused()
    assert told == (
        "another run holds the workspace test: night job 7, since 09:00 UTC. "
        "Wait for it to end; if it was killed, its hold ends by itself at 10:00 UTC."
    )


def test_a_workspace_that_was_given_back_is_taken_at_once_by_a_greater_token(store: Store) -> None:
    tokens = []
    for name in ("one", "two", "three"):
        with Run(store, name).holds() as held:
            tokens.append(token(held))
    assert tokens == [1, 2, 3]
    assert token(store) == 3


def test_a_hold_whose_time_is_past_is_taken_over(store: Store, slow: Run) -> None:
    with Run(store, "next", NOW + HOUR).holds():
        assert "next" in Run(store, "third", NOW + HOUR).is_refused()


def test_the_hold_of_somebody_who_is_gone_is_taken_over_at_once(store: Store, slow: Run) -> None:
    assert "slow" in Run(store, "next", gone=lambda holder: holder == "another").is_refused()
    with Run(store, "next", gone=lambda holder: holder == "slow").holds():
        pass


def test_a_hold_from_before_the_clock_was_set_back_is_taken_over(store: Store, slow: Run) -> None:
    with Run(store, "next", NOW - timedelta(hours=24)).holds() as held:
        assert token(held) == 2


def test_a_clock_that_is_a_little_behind_another_machines_takes_nothing_over(store: Store, slow: Run) -> None:
    assert "slow" in Run(store, "next", NOW - timedelta(minutes=2)).is_refused()


def test_a_hold_ends_with_an_exception(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), Run(store, "one").holds():
        raise ZeroDivisionError
    with Run(store, "two").holds():
        pass


def test_every_commit_renews_the_hold(store: Store) -> None:
    run = Run(store, "slow")
    with run.holds():
        run.now = NOW + timedelta(minutes=50)
        run.decides()
        assert "ends by itself at 10:50 UTC" in Run(store, "quick", NOW + HOUR).is_refused()
        run.now = NOW + timedelta(minutes=100)
        run.decides()
        assert "since 09:00 UTC" in Run(store, "quick", NOW + 2 * HOUR).is_refused()


def test_a_commit_that_nobody_disturbed_goes_through_even_after_the_time_is_past(store: Store) -> None:
    run = Run(store, "slow")
    with run.holds():
        run.now = NOW + 5 * HOUR
        run.decides()
    assert decided(store) == ["slow"]


def test_a_run_that_was_taken_over_commits_nothing_more_and_names_who_did(store: Store, slow: Run) -> None:
    slow.now = NOW + 2 * HOUR
    with Run(store, "quick", NOW + 2 * HOUR - timedelta(minutes=9)).holds():
        for _ in range(2):
            with pytest.raises(Busy) as refusal:
                slow.decides()
            assert str(refusal.value) == (
                "another run (quick, since 10:51 UTC) has taken over the workspace test, because this one gave no sign "
                "of life for too long; nothing more was written. The next run does what is left."
            )
        assert decided(store) == []
        assert token(store) == 2


def test_a_run_that_was_taken_over_commits_nothing_when_the_other_is_through_already(store: Store, slow: Run) -> None:
    with Run(store, "quick", NOW + 2 * HOUR).holds():
        pass
    with pytest.raises(Busy, match=r"another run \(quick, since 11:00 UTC, over by now\) has taken over"):
        slow.decides()
    assert decided(store) == []


def test_a_run_that_was_taken_over_does_not_give_back_what_is_not_its_own(store: Store) -> None:
    quick = Run(store, "quick", NOW + 2 * HOUR)
    with quick_holds_after(Run(store, "slow"), quick):
        assert "quick" in Run(store, "third", NOW + 2 * HOUR).is_refused()
        quick.decides()
    assert decided(store) == ["quick"]


def test_what_failed_is_told_and_not_that_the_hold_was_lost_too(store: Store) -> None:
    failed = Unavailable("no answer")
    with quick_holds_after(Run(store, "slow"), Run(store, "quick", NOW + 2 * HOUR), failed) as told:
        assert told is failed


@contextmanager
def quick_holds_after(slow: Run, quick: Run, failed: Exception | None = None) -> Iterator[BaseException]:
    """`quick` takes over from `slow`, which then ends, or fails; what `slow` was told at its end."""
    with ExitStack() as stack:

        def runs() -> None:
            with slow.holds():
                stack.enter_context(quick.holds())
                if failed:
                    raise failed

        with pytest.raises((Busy, Unavailable)) as told:
            runs()
        yield told.value


def test_the_last_commit_may_give_the_workspace_back_and_is_the_last(store: Store) -> None:
    run = Run(store, "one")
    with run.holds():
        with run.store.transaction() as transaction:
            transaction.decide("f", "one", NOW)
            transaction.release()
        with Run(store, "two").holds():
            pass
        with pytest.raises(Busy, match="two"):
            run.decides()
    with run.holds():
        with run.store.transaction() as transaction:
            transaction.release()
        with pytest.raises(Busy, match=r"does not hold the workspace test any more; nothing more was written"):
            run.decides()
    assert decided(store) == ["one"]


def test_a_release_that_is_undone_leaves_the_hold(store: Store) -> None:
    run = Run(store, "one")
    with run.holds():
        with suppress(ZeroDivisionError), run.store.transaction() as transaction:
            transaction.release()
            raise ZeroDivisionError
        assert "one" in Run(store, "two").is_refused()
    with Run(store, "two").holds():
        pass


def test_a_hold_whose_row_was_taken_out_by_hand_is_lost(store: Store, slow: Run) -> None:
    with store.engine.begin() as connection:
        connection.execute(delete(LEASE))
    with pytest.raises(Busy, match=r"does not hold the workspace test any more; nothing more was written"):
        slow.decides()
    assert decided(store) == []


def test_writes_outside_a_run_ask_for_no_hold(store: Store) -> None:
    with Run(store, "one").holds():
        Run(store, "a person").decides()
    assert decided(store) == ["a person"]
    with store.transaction() as transaction:
        transaction.release()


@pytest.mark.parametrize("known", [False, True])
def test_of_many_at_once_exactly_one_gets_the_workspace(store: Store, url: str, known: bool) -> None:
    if known:  # or it is the very first run
        with Run(store, "before").holds():
            pass
    start, told, winners, failures = threading.Barrier(4), threading.Barrier(4), [], []

    def takes(name: str) -> None:
        try:
            with open_store(url, "test") as mine:
                start.wait()
                try:
                    with Run(mine, name).holds():
                        winners.append(name)
                        told.wait()
                except Busy:
                    told.wait()
        except Exception as error:  # noqa: BLE001  (whatever it is, the test names it)
            failures.append(error)
            start.abort()
            told.abort()

    threads = [threading.Thread(target=takes, args=(f"run {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, len(winners)) == ([], 1)


def test_giving_back_ends_ones_own_hold_alone(store: Store) -> None:
    held = (store.workspace, "late", lambda: NOW, HOUR, lambda _holder: True)
    with writing(store.engine) as session:
        lost, won = take(session, *held), take(session, *held)
        lost.give_back(session)
    assert "late" in Run(store, "third").is_refused()
    with writing(store.engine) as session:
        won.give_back(session)
    with Run(store, "third").holds():
        assert token(store) == 3
