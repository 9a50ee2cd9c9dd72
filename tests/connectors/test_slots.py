"""A few calls at once for an account, over threads and processes."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from connectors.slots import Slots
from sync.errors import Unavailable


def test_as_many_calls_as_there_are_places_are_under_way_and_no_more() -> None:
    under_way, most, done = 0, 0, threading.Barrier(8)
    guard, full = threading.Lock(), threading.Event()
    slots = [Slots("here", 3) for _ in range(8)]

    def call(one: Slots) -> None:
        nonlocal under_way, most
        with one.one():
            with guard:
                under_way += 1
                most = max(most, under_way)
                if under_way == 3:
                    full.set()
            assert full.wait(10)
            with guard:
                under_way -= 1
        done.wait(10)

    threads = [threading.Thread(target=call, args=(one,)) for one in slots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == 3


def test_processes_share_their_places_and_the_next_gets_the_one_given_back(tmp_path: Path) -> None:
    """Each stands for a process: what they have in common is the folder only."""
    waits: list[float] = []
    processes = [Slots(f"process {number}", 3, "mailchimp:us6", folder=tmp_path) for number in range(4)]
    with ExitStack() as held:
        for process in processes[:2]:
            held.enter_context(process.one())
        with ExitStack() as third:
            third.enter_context(processes[2].one())

            def wait(seconds: float) -> None:
                waits.append(seconds)
                third.close()

            last = Slots("process 3", 3, "mailchimp:us6", folder=tmp_path, sleep=wait)
            with last.one():
                pass
    assert len(waits) == 1


def test_a_call_that_gets_no_place_is_left_to_the_next_run(tmp_path: Path) -> None:
    waits: list[float] = []
    first = Slots("a", 1, "mailchimp:us7", folder=tmp_path)
    second = Slots("b", 1, "mailchimp:us7", folder=tmp_path, sleep=waits.append)
    with first.one(), pytest.raises(Unavailable, match="do not end"), second.one():
        pass
    assert 59 < sum(waits) < 61
    with second.one():  # and its own place is not lost by that
        pass


def test_where_no_file_can_be_made_calls_go_on(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with Slots("c", 1, "mailchimp:us8", folder=blocked / "below").one():
        pass
