"""Works side by side: their jobs at once, each with its own outcome, and ended together when somebody stops the run."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial

import pytest

from jobs.side_by_side import in_turn, side_by_side
from sync.workspace import GivenUp, SideBySide, Work, later, one_by_one
from tests.jobs.works import outcomes

PATIENCE = 60  # seconds, which only a machine under a heavy load takes


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C is heard: whoever starts the tests in the background may have turned that off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Stopped(BaseException):
    """The end of a worker."""


def test_jobs_are_under_way_at_once_and_their_outcomes_come_in_order() -> None:
    """Given jobs that wait for one another in a ring, when they are done, then none waited in vain."""
    began = [threading.Event() for _ in range(3)]

    def job(at: int) -> Callable[[], int]:
        def run() -> int:
            began[at].set()
            assert began[at - 2].wait(PATIENCE)
            return at

        return run

    assert outcomes([job(at) for at in range(3)], side_by_side) == [0, 1, 2]


def test_one_that_fails_stops_no_other() -> None:
    failed = threading.Event()

    def fails() -> str:
        failed.set()
        raise ValueError("no answer")

    def goes_on() -> str:
        assert failed.wait(PATIENCE)
        return "read"

    first, second = outcomes([fails, goes_on], side_by_side)
    assert repr(first) == "ValueError('no answer')"
    assert second == "read"


def test_a_single_work_needs_no_thread() -> None:
    me = threading.current_thread()
    assert outcomes([threading.current_thread], side_by_side) == [me]
    assert outcomes([], side_by_side) == []
    (failure,) = outcomes([lambda: 1 // 0], side_by_side)
    assert isinstance(failure, ZeroDivisionError)


def test_one_by_one_each_work_ends_before_the_next_begins() -> None:
    told: list[str] = []

    def work(name: str) -> Work:
        for part in "12":
            yield partial(told.append, f"{name}{part} asked")
            told.append(f"{name}{part} noted")

    one_by_one([work("a"), work("b")])
    assert told == [f"{name}{part} {what}" for name in "ab" for part in "12" for what in ("asked", "noted")]


def test_no_work_waits_for_the_job_of_another() -> None:
    """Given one whose first job lasts until the other is done with all of its three, then both come to their end."""
    others_done = threading.Event()
    me, noted = threading.current_thread(), []

    def slow() -> Work:
        noted.append((yield partial(others_done.wait, PATIENCE)))

    def quick() -> Work:
        for _ in range(3):
            assert (yield threading.current_thread) is not me
            assert threading.current_thread() is me, "what is no job is done here"
        others_done.set()

    side_by_side([slow(), quick()])
    assert noted == [True]


@pytest.mark.parametrize("together", [one_by_one, side_by_side])
def test_one_that_waits_for_others_goes_on_as_they_get_further(together: SideBySide) -> None:
    """Given one that does what another has brought so far, in any order, then it does all of it and ends."""
    brought: list[int] = []
    done: list[int] = []
    at_work = [True]

    def brings() -> Work:
        for number in range(3):
            yield partial(brought.append, number)
        at_work.clear()

    def takes() -> Work:
        while at_work or len(done) < len(brought):
            if len(done) == len(brought):
                assert (yield later) is None
            for number in brought[len(done) :]:
                yield partial(done.append, number)

    together([takes(), brings()])
    assert done == [0, 1, 2]


def test_what_a_work_raises_ends_the_run_when_the_others_have_noted_what_was_under_way() -> None:
    """Given a job under way and another work that ends the run, then that job ends and is noted, and none follows."""
    began, ending = threading.Event(), threading.Event()
    told: list[str] = []

    def writes() -> str:
        began.set()
        assert ending.wait(PATIENCE)
        return "written"

    def under_way() -> Work:
        told.append((yield writes))
        yield partial(told.append, "more")

    def stops() -> Work:
        yield partial(began.wait, PATIENCE)
        ending.set()
        raise Stopped

    with pytest.raises(Stopped):
        side_by_side([under_way(), stops()])
    assert told == ["written"]


def test_ctrl_c_ends_the_wait_at_once_and_the_jobs_at_their_next_step() -> None:
    stuck, ended = threading.Event(), threading.Event()
    told: list[str] = []
    progress = in_turn(lambda what, _done, _total: told.append(what))

    def hangs() -> None:
        progress("first", 0, None)
        _thread.interrupt_main()
        stuck.wait(PATIENCE)
        try:
            progress("second", 1, None)
        except GivenUp:
            ended.set()
            raise

    with pytest.raises(KeyboardInterrupt):
        outcomes([hangs, lambda: None], side_by_side)
    assert not stuck.is_set(), "nobody waited for the job"
    stuck.set()
    assert ended.wait(PATIENCE)
    assert told == ["first"]


@pytest.mark.parametrize("others", [1, 3])
def test_what_ends_a_worker_within_a_job_ends_the_whole_run(others: int) -> None:
    stuck = threading.Event()

    def stops() -> bool:
        raise Stopped

    with pytest.raises(Stopped):
        outcomes([*[lambda: stuck.wait(PATIENCE)] * others, stops], side_by_side)
    stuck.set()


def test_jobs_keep_no_process_from_ending_and_know_what_their_caller_set() -> None:
    tool: ContextVar[str] = ContextVar("tool", default="")
    tool.set("jira")
    found = outcomes([lambda: (threading.current_thread().daemon, tool.get())] * 2, side_by_side)
    assert found == [(True, "jira")] * 2


def test_progress_is_told_by_one_at_a_time() -> None:
    inside, most = 0, 0
    meet = threading.Barrier(4)

    def shows(_what: str, _done: int, _total: int | None) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.0001)  # lets the others in, if anything does
        inside -= 1

    progress = in_turn(shows)

    def job() -> None:
        meet.wait(PATIENCE)
        for number in range(20):
            progress("reading", number, None)

    outcomes([job] * 4, side_by_side)
    assert most == 1
