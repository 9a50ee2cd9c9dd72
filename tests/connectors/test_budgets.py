"""Rate budgets: how many calls go in a window, what is kept for writes, and that processes count together."""
# Long because a budget has three sides: its windows, what is kept for writes, and the processes that share it.

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from connectors import budgets
from connectors.budgets import LONGEST_PAUSE, MARGIN, Budget, rates, shared_name
from connectors.http import limit
from sync.errors import Unavailable

URL = "https://tool.example/api"


class Clock:
    """The machine's time as far as a budget sees it: it passes only while somebody waits."""

    def __init__(self) -> None:
        self.ms = 1_000_000.0
        self.slept: list[float] = []

    def now(self) -> int:
        return int(self.ms)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ms += seconds * 1000

    def budget(self, per_second: float | None, per_minute: float | None = None, **where: Any) -> Budget:
        return Budget(rates(per_second, per_minute), now=self.now, sleep=self.sleep, **where)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(clock: Clock, budget: Budget, calls: int, *, writes: bool) -> list[int]:
    """When each of some calls in a row was let through."""
    times = []
    for _ in range(calls):
        budget.take(writes=writes)
        times.append(clock.now())
    return times


@pytest.mark.parametrize(
    ("allowed", "most"),
    [
        ((5, None), [(5, 1000)]),
        ((4.5, None), [(4, 1000)]),
        ((0.5, None), [(1, 2000)]),
        ((0.3, None), [(1, 4000)]),
        ((10, 150), [(10, 1000), (150, 60_000)]),
        ((1, 60), [(1, 1000)]),
        ((None, 30), [(30, 60_000)]),
        ((None, None), []),
    ],
)
def test_a_budget_is_never_bunched_beyond_its_rate(allowed: tuple[Any, Any], most: list[tuple[int, int]]) -> None:
    assert [(rate.limit, rate.interval - MARGIN) for rate in rates(*allowed)] == most


def test_no_window_ever_holds_more_calls_than_allowed(clock: Clock) -> None:
    times = taken(clock, clock.budget(5), 23, writes=True)
    assert all(later - earlier >= 1000 for earlier, later in zip(times, times[5:], strict=False))
    assert times[-1] - times[0] < 4 * 1010, "next to nothing is lost"


def test_reads_leave_room_for_writes_at_any_time(clock: Clock) -> None:
    budget = clock.budget(5)
    times = taken(clock, budget, 12, writes=False)
    assert all(later - earlier >= 1000 for earlier, later in zip(times, times[4:], strict=False))
    before = len(clock.slept)
    budget.take(writes=True)
    assert len(clock.slept) == before, "the write had not to wait"


def test_writes_use_the_whole_budget_and_reads_wait_for_them(clock: Clock) -> None:
    budget = clock.budget(5)
    assert len(set(taken(clock, budget, 5, writes=True))) == 1
    assert taken(clock, budget, 1, writes=False)[0] >= 1_001_000


def test_a_minute_counts_as_well_as_a_second(clock: Clock) -> None:
    times = taken(clock, clock.budget(10, 20), 41, writes=True)
    assert times[20] - times[0] >= 60_000
    assert times[40] - times[20] >= 60_000


def test_a_budget_of_one_call_is_for_reads_too(clock: Clock) -> None:
    first, second = taken(clock, clock.budget(0.5), 2, writes=False)
    assert 2000 <= second - first < 2200


@pytest.mark.parametrize("allowed", [(1.0, 2.0), (0.06, 1.2), (5.0, 4.0)])
def test_a_window_that_never_bites_beside_a_longer_one_is_left_out(clock: Clock, allowed: tuple[float, float]) -> None:
    for writes in (True, False):
        assert len(taken(clock, clock.budget(*allowed), 1, writes=writes)) == 1


def test_two_that_name_the_same_share_count_together(clock: Clock, tmp_path: Path) -> None:
    one, two, other = (clock.budget(5, share=name, folder=tmp_path) for name in ("a", "a", "b"))
    assert len(set(taken(clock, one, 5, writes=True))) == 1
    taken(clock, other, 5, writes=True)
    assert clock.slept == []
    two.take(writes=True)
    assert sum(clock.slept) >= 1.0
    for budget in (one, two, other):
        budget.close()


def test_after_a_refusal_nobody_calls_for_as_long_as_the_tool_asks(clock: Clock, tmp_path: Path) -> None:
    one, two = (clock.budget(5, share="a", folder=tmp_path) for _ in range(2))
    one.pause(30)
    two.take(writes=True)
    assert 30 <= sum(clock.slept) < 30.1
    one.close()
    two.close()


def test_a_longer_pause_is_not_cut_short_by_a_later_shorter_one(clock: Clock) -> None:
    budget = clock.budget(5)
    budget.pause(30)
    budget.pause(5)
    budget.take(writes=False)
    assert sum(clock.slept) >= 30


def test_a_pause_that_is_too_long_to_sit_out_is_left_to_a_later_run(clock: Clock) -> None:
    budget = clock.budget(5)
    budget.pause(LONGEST_PAUSE + 540)
    with pytest.raises(Unavailable, match="600 seconds more") as told:
        budget.take(writes=False)
    assert told.value.retry_after == pytest.approx(600)
    assert clock.slept == []


def test_what_was_counted_before_the_machine_was_started_anew_is_forgotten(clock: Clock, tmp_path: Path) -> None:
    before = clock.budget(5, share="a", folder=tmp_path)
    taken(clock, before, 5, writes=True)
    before.pause(30)
    before.close()
    clock.ms = 5_000
    after = clock.budget(5, share="a", folder=tmp_path)
    taken(clock, after, 5, writes=True)
    assert clock.slept == []
    after.close()


def test_calls_that_count_no_more_are_not_kept(clock: Clock) -> None:
    budget = clock.budget(100)
    taken(clock, budget, 1_000, writes=True)
    assert budget._ledger is not None
    assert budget._ledger.writes.count() < 300


@pytest.mark.parametrize("broken", ["no folder", "no database"])
def test_where_the_folder_cannot_be_used_each_process_counts_for_itself_and_says_so(
    clock: Clock, tmp_path: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    budgets._say.cache_clear()
    if broken == "no folder":
        (tmp_path / "cache").write_text("a file")
    else:
        whole = clock.budget(5, share="a", folder=tmp_path / "cache")
        whole.take(writes=True)
        whole.close()
        (found,) = (tmp_path / "cache").glob("*.sqlite")
        found.write_bytes(b"no database" * 100)
    one, two = (clock.budget(5, share="a", folder=tmp_path / "cache") for _ in range(2))
    assert len(set(taken(clock, one, 5, writes=True))) == 1
    one.take(writes=True)
    assert sum(clock.slept) >= 1.0, "it still keeps to its budget"
    two.take(writes=True)
    assert [record.message.startswith("Rate budgets are not shared") for record in caplog.records] == [True]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.airtable.com", "airtable:api.airtable.com:appB"),
        ("https://API.airtable.com:443/v0", "airtable:api.airtable.com:appB"),
        ("http://127.0.0.1:8720", None),
        ("http://localhost:8720/x", None),
        ("http://[::1]:8720", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_a_stand_in_on_this_machine_shares_with_nobody(url: str, name: str | None) -> None:
    assert shared_name("airtable", url, "appB") == name


@responses.activate
def test_a_question_that_is_posted_is_a_read_and_a_refusal_pauses_the_budget(tmp_path: Path) -> None:
    responses.add("POST", f"{URL}/listRecords", json={})
    responses.add("POST", URL, json={}, status=429, headers={"Retry-After": "600"})
    session = requests.Session()
    limit(session, 5, share="a", reading=("/listRecords",), folder=tmp_path)
    adapter: Any = session.get_adapter(URL)
    asked: list[bool] = []
    whole = adapter.budget.call

    def noted(*, writes: bool) -> Any:
        asked.append(writes)
        return whole(writes=writes)

    adapter.budget.call = noted
    session.post(f"{URL}/listRecords?x=1", json={})
    session.post(URL, json={})
    assert asked == [False, True]
    with pytest.raises(Unavailable, match="pause of all calls to a"):
        session.post(f"{URL}/listRecords", json={})
    session.close()


def test_a_generous_budget_costs_next_to_nothing() -> None:
    budget = Budget(rates(100_000))
    budget.take(writes=False)
    began = time.process_time()
    for _ in range(300):
        budget.take(writes=False)
    assert (time.process_time() - began) / 300 < 0.001


CALLER = """
    import sys
    from pathlib import Path
    import requests
    from connectors.http import limit

    url, folder, calls = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    session = requests.Session()
    limit(session, 20, share="site", folder=folder)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(calls):
        session.post(url)
"""
KILLED = """
    import os, signal, sys
    from pathlib import Path
    from connectors.budgets import Budget, rates

    budget = Budget(rates(5), "site", folder=Path(sys.argv[1]))
    budget.take(writes=True)
    with budget._ledger.alone():
        budget._ledger.writes.conn.execute("INSERT INTO calls VALUES ('call', 0)")
        os.kill(os.getpid(), signal.SIGKILL)
"""


@contextmanager
def arrivals() -> Iterator[tuple[str, list[float]]]:
    """A tool on loopback that notes when it is called."""
    times: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            times.append(time.monotonic())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", times
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_two_processes_stay_within_one_budget_together(tmp_path: Path) -> None:
    with arrivals() as (url, times):
        command = [sys.executable, "-c", textwrap.dedent(CALLER), url, str(tmp_path), "15"]
        both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in both:
            process.communicate("go\n", timeout=60)
        assert [process.returncode for process in both] == [0, 0]
    # 30 calls of 20 a second: the 21st may not be made before a second has passed since the first. A slow machine
    # can delay how the first arrives, but nothing lets the 21st go early.
    assert len(times) == 30
    assert sorted(times)[20] - min(times) > 0.6


def test_a_killed_process_leaves_neither_a_lock_nor_a_broken_ledger(clock: Clock, tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    began = time.monotonic()
    budget = clock.budget(5, share="site", folder=tmp_path)
    budget.take(writes=True)
    assert budget.share == "site", "it is shared still"
    assert time.monotonic() - began < budgets.LOCKED
    budget.close()
