"""The benchmarks: bounds worked out by hand, what each request was for, and that every measurement measures."""

# Long because each measurement has its few checks here, and none has more.

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import timedelta
from functools import partial, partialmethod
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bounds, calls, decode, engine, limits, tables
from benchmarks.__main__ import main
from benchmarks.bounds import Listing, Work
from benchmarks.desk import TOOLS, Desk
from benchmarks.engine_step import HEAP, STEPS, measure, prepare, settle
from benchmarks.kinds import Use, counted, use_of
from benchmarks.peers import peers, step_of
from benchmarks.processes import Middle
from benchmarks.profiling import profiled
from benchmarks.team import TODAY
from benchmarks.virtual import VirtualClock, governed
from benchmarks.workload import CELLS, FAMILY, SCHEMA, chosen, items
from connectors.budgets import Budget, rates
from connectors.http import Retry
from connectors.sandbox.world import World
from jobs.side_by_side import side_by_side
from sync.errors import Unavailable
from sync.model import Kind
from tests.jobs.works import outcomes

HUNDRED = (100, 850)


@pytest.mark.parametrize(
    ("work", "jira", "log", "polling", "klaviyo"),
    [
        (Work(Listing.FULL, (0, 0)), 1, 2, 2, 1),
        (Work(Listing.FULL, HUNDRED), 2, 10, 10, 1),
        (Work(Listing.CHANGES, HUNDRED), 1, 1, 2, 1),
        (Work(Listing.CHANGES, HUNDRED, changed=(1, 101)), 1, 4, 3, 1),
        (Work(Listing.COUNT, HUNDRED), 2, 11, 12, 2),
        (Work(Listing.FULL, (0, 0), created=HUNDRED), 1 + 2 + 17 + 10, 2 + 10 + 85, 2 + 10 + 85, 1 + 100),
        (Work(Listing.CHANGES, (101, 0), edited=(11, 0), moved=3), 1 + 11 + 3, 1 + 2, 2 + 2, 1 + 11),
        (Work(Listing.CHANGES, (1, 0), subjects=4, tags=2), 1, 1, 2, 1 + 6),
    ],
)
def test_a_bound_is_what_full_pages_and_batches_take(
    work: Work, jira: int, log: int, polling: int, klaviyo: int
) -> None:
    assert bounds.jira(work) == jira
    assert bounds.airtable(work, log=True) == log
    assert bounds.airtable(work, log=False) == polling
    assert bounds.klaviyo(work) == klaviyo


def test_a_look_at_what_is_changed_goes_by_pages_but_on_a_data_center() -> None:
    work = Work(Listing.CHANGES, HUNDRED, edited=(10, 80), updated=(10, 101))
    assert bounds.looks(work, tool="jira") == 2
    assert bounds.looks(work, tool="jira", cloud=False) == 111
    assert bounds.looks(work, tool="airtable") == 1 + 2
    assert bounds.looks(replace(work, updated=(10, 0)), tool="klaviyo") == 1


ALLOWED = {calls.CLOUD: 2, calls.DC: 2, calls.LOG: 2, calls.POLLING: 2, calls.KLAVIYO: 1}


def test_changes_cost_their_writes_and_a_look_and_little_that_is_the_same_for_any_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given three of twelve campaigns that are edited with all their stages. What is counted beside the bound with a
    look is a page for the merge (of each table), and a page to read back from Jira's; the set-up is counted apart."""
    monkeypatch.setattr(calls, "SHARE", 4)
    found = [row for row in calls.measure_changes(12, say=str) if "elsewhere" in row.run]
    assert {row.tool for row in found} == ALLOWED.keys()
    for row in found:
        beside = row.requests - row.uses[Use.SETUP] - row.bound - row.looks
        assert 0 <= beside <= ALLOWED[row.tool], row
        assert row.uses[Use.SETUP] <= (6 if row.tool in (calls.CLOUD, calls.DC) else 1), row
        assert row.uses[Use.SETUP] == 0 or row.tool != calls.KLAVIYO, "an ESP's fields are its own"
        assert row.written >= 3


def test_a_new_issue_takes_its_step_along_on_cloud_and_not_on_a_data_center() -> None:
    work = Work(Listing.FULL, (0, 0), created=(50, 400), moved=9, begun=7)
    assert bounds.jira(work, cloud=True) == 1 + 1 + 8 + 5 + 2
    assert bounds.jira(work, cloud=False) == 1 + 1 + 8 + 1 + 9


def entry(tool: str, asked: str, query: str = "") -> dict[str, object]:
    method, path = asked.split()
    return {"tool": tool, "method": method, "path": path, "query": query, "body": None}


@pytest.mark.parametrize(
    ("one", "use"),
    [
        (entry("jira", "GET /rest/api/3/serverInfo"), Use.SETUP),
        (entry("jira", "GET /rest/api/2/project/CAM/statuses"), Use.SETUP),
        (entry("jira", "POST /rest/api/3/search/jql"), Use.LISTING),
        (entry("jira", "POST /rest/api/2/search"), Use.LISTING),
        (entry("jira", "POST /rest/api/2/search") | {"body": {"jql": "id in (10001, 10002)"}}, Use.LOOK),
        (entry("jira", "POST /rest/api/3/issue/bulkfetch"), Use.LOOK),
        (entry("jira", "GET /rest/api/2/issue/10001"), Use.LOOK),
        (entry("jira", "GET /rest/api/3/issue/10001/transitions"), Use.LOOK),
        (entry("jira", "POST /rest/api/3/issue/10001/transitions"), Use.WRITE),
        (entry("jira", "POST /rest/api/3/issue/bulk"), Use.WRITE),
        (entry("airtable", "GET /v0/meta/bases/app1/tables"), Use.SETUP),
        (entry("airtable", "POST /v0/bases/app1/webhooks"), Use.SETUP),
        (entry("airtable", "GET /v0/bases/app1/webhooks/ach1/payloads"), Use.LISTING),
        (entry("airtable", "GET /v0/app1/tbl1", "pageSize=100"), Use.LISTING),
        (entry("airtable", "GET /v0/app1/tbl1", "filterByFormula=OR(RECORD_ID()='rec1')"), Use.LOOK),
        (entry("airtable", "GET /v0/app1/tbl1/rec1"), Use.LOOK),
        (entry("airtable", "PATCH /v0/app1/tbl1"), Use.WRITE),
        (entry("klaviyo", "GET /api/segments"), Use.SETUP),
        (entry("klaviyo", "GET /api/campaigns"), Use.LISTING),
        (entry("klaviyo", "GET /api/campaigns/01K"), Use.LOOK),
        (entry("klaviyo", "GET /api/campaigns", 'filter=and(equals(archived,false),any(id,["01K"]))'), Use.LOOK),
        (entry("klaviyo", "PATCH /api/campaign-messages/01K"), Use.WRITE),
    ],
)
def test_each_request_is_counted_as_what_it_was_for(one: dict[str, object], use: Use) -> None:
    assert use_of(one) is use
    assert counted([one, one], str(one["tool"]))[use] == 2
    assert sum(counted([one], "another").values()) == 0


def test_a_request_that_nobody_thought_of_is_not_passed_over() -> None:
    with pytest.raises(LookupError, match="unheard-of"):
        use_of(entry("jira", "GET /rest/api/3/unheard-of"))


@pytest.mark.parametrize(
    ("requests", "airtable", "cloud", "dc", "klaviyo"),
    [
        (1, 0, 0, 0, 0),
        (900, 179, 17, 85, 300 + 14),
        (150, 29, 2, 10, 14),
        (151, 30, 3, 10.1, 60),
    ],
)
def test_the_least_time_is_what_the_rates_leave(
    requests: int, airtable: float, cloud: float, dc: float, klaviyo: float
) -> None:
    assert bounds.airtable_seconds(requests) == airtable
    assert bounds.jira_seconds(requests) == cloud
    assert bounds.jira_seconds(requests, cloud=False) == dc
    assert bounds.klaviyo_seconds(requests) == klaviyo


COUNT = 2 * FAMILY


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the steps of the engine begin with, for two campaigns and their stages."""
    folder = tmp_path_factory.mktemp("engine")
    prepare(folder, COUNT)
    return folder


def test_items_have_twelve_cells_that_the_schema_knows() -> None:
    made = list(items(COUNT))
    assert [item.kind for item in made].count(Kind.CAMPAIGN) == 2
    for item in made:
        assert len(item.values) + (item.kind is Kind.STAGE) == CELLS
        assert item.values.keys() <= SCHEMA.of(item.kind).keys()
    assert chosen(1000, 4) == [0, 250, 500, 750]
    assert chosen(3, 100) == [0, 1, 2]


def test_tools_in_memory_agree_after_a_sync_into_empty_ones(tmp_path: Path) -> None:
    desk = Desk.made(tmp_path, COUNT)
    assert desk.differences() > 0
    settle(desk)
    assert desk.differences() == 0
    desk.edit(3)
    assert desk.differences() == 3 * 2 * (len(TOOLS) - 1)


@pytest.mark.parametrize(
    ("name", "written", "listings", "changes"),
    [
        ("first", COUNT * 2, 3, 0),
        ("adopt", 0, 3, 0),
        ("delta", 0, 0, 3),
        ("full", 0, 3, 0),
        ("delta-1%", 2, 0, 3),
        ("full-1%", 2, 3, 0),
        ("delta-100", COUNT * 2, 0, 3),
    ],
)
def test_each_step_of_the_engine_does_its_work_and_no_other(
    kept: Path, name: str, written: int, listings: int, changes: int
) -> None:
    figures = measure(kept, name, COUNT)
    assert figures["written"] == written
    assert (figures["calls"].get("listing", 0), figures["calls"].get("changes", 0)) == (listings, changes)
    assert figures["calls"].get("census", 0) == 0
    assert bool(figures["calls"].get("write", 0)) is bool(written)
    assert figures["findings"] == 0
    assert figures["statements"] > 0
    assert figures["disk"] > 0


def test_memory_is_measured_with_records_that_are_a_runs_own(kept: Path) -> None:
    assert measure(kept, "full", COUNT, HEAP)["peak"] > COUNT * 1000


def test_a_run_that_did_not_do_its_work_is_no_measurement(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Desk.edit
    monkeypatch.setattr(Desk, "edit", lambda desk, changes: real(desk, changes // 2))
    with pytest.raises(RuntimeError, match="18 records were written and not 36"):
        measure(kept, "delta-100", COUNT)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measures in this process: another one for each measurement would take seconds."""

    def child(_module: str, step: str, count: str, folder: str, *_: str) -> Any:
        wanted = ("adopt", "delta")
        if step == "prepare":
            return prepare(Path(folder), int(count), wanted)
        return measure(Path(folder), step, int(count))

    monkeypatch.setattr(engine, "child", child)
    monkeypatch.setattr("benchmarks.processes.REPEATS", 2)


@pytest.mark.usefixtures("here")
def test_measurements_become_a_row() -> None:
    plan = engine.Plan([FAMILY], ("first", "delta"), repeat=2, memory=False, large=FAMILY - 1, large_steps=("delta",))
    said: list[str] = []
    (row,) = engine.measure(plan, said.append)
    assert f"{FAMILY} items: skipped {STEPS['first'].title}, which takes very long there" in said
    told = row.to_json()
    assert (told["items"], told["written"], told["step"]) == (FAMILY, 0, "delta")
    assert told["seconds"][engine.OURS]["times"] == 1  # once above the size from which that takes very long
    assert STEPS["delta"].title in tables.of_engine([row])


def test_growth_is_told_over_the_fewest_items() -> None:
    rows = [
        engine.Row("delta", count, {engine.OURS: Middle(seconds, 0, 1)}, {engine.OURS: Middle(seconds, 0, 1)}, {})
        for count, seconds in ((10_000, 4.0), (1_000, 2.0))
    ]
    assert engine.growth(rows, "delta") == [(1_000, 1.0, 1.0), (10_000, 2.0, 0.2)]
    assert engine.growth(rows, "full") == []


def test_peers_that_are_not_here_are_told_how_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = peers("/nowhere/python")
    assert found.found == {}
    assert found.missing.keys() == {"vdirsyncer", "unison"}
    assert [step_of("first", 0), step_of("full", 0), step_of("delta-1%", 7)] == ["first", "none", "7"]


def test_records_are_decoded_and_mapped_from_recorded_answers() -> None:
    rows = list(decode.measure(2, 1, str))
    assert [row.tool for row in rows] == ["jira", "airtable", "klaviyo"]
    for row in rows:
        assert row.records >= 1
        assert row.size > 100
        assert row.both.times == row.plain.times == 1
    assert tables.of_decode(rows).count("\n") == 3 + len(rows)


def test_a_run_under_limits_is_held_against_the_least_time() -> None:
    rows = list(limits.measure(3, str))
    assert [row.run for row in rows] == [
        "first sync into an empty Airtable", "first sync into an empty Jira and Klaviyo", "no change",
        "1 changed in Airtable", "1 changed in Jira", "every record of every tool",
    ]  # fmt: skip
    for row in rows:
        assert row.refused == 0
        assert all(tool.requests >= tool.fewest for tool in row.tools.values())
        assert row.seconds >= max(row.bound, *(tool.seconds for tool in row.tools.values()))
    assert rows[2].seconds == rows[2].bound == 0
    assert rows[2].ratio is None
    assert rows[0].tools["airtable"].requests > rows[2].tools["airtable"].requests
    told = tables.of_limits(rows)
    assert "429s" in told
    assert told.count("Klaviyo") == len(TOOLS) + 1


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(World(1, TODAY))


def test_budgets_and_retries_wait_by_the_virtual_clock(clock: VirtualClock) -> None:
    with governed(clock):
        budget = Budget(rates(5))
        for _ in range(11):
            budget.take(writes=True)
        assert clock.monotonic() == pytest.approx(2, rel=0.01)
        failures = [Unavailable("busy", 30.0), Unavailable("busy", 30.0)]

        def answer() -> str:
            if failures:
                raise failures.pop()
            return "fine"

        assert Retry()(answer) == "fine"
    assert timedelta(seconds=62) < clock.now() - TODAY < timedelta(seconds=65)


def test_threads_wait_side_by_side_on_the_virtual_clock(clock: VirtualClock) -> None:
    """Given one that waits twice for three seconds and one that waits five times for two, then ten have passed."""

    def waiting(seconds: float, times: int) -> Callable[[], float]:
        def wait() -> float:
            for _ in range(times):
                clock.sleep(seconds)
            return clock.monotonic()

        return wait

    together = clock.works(side_by_side)
    assert outcomes([waiting(3.0, 2), waiting(2.0, 5), lambda: 0.0], together) == [6.0, 10.0, 0.0]
    assert clock.monotonic() == 10.0
    clock.sleep(1.0)
    assert outcomes([waiting(1.0, 1)], together) == [12.0]
    assert clock.slept == 18.0


def test_works_of_several_jobs_wait_for_no_other_on_the_virtual_clock(clock: VirtualClock) -> None:
    """Given one of three waits of two seconds and one of two of five, then each goes on when its own wait is over."""
    ends: dict[float, list[float]] = {}

    def waits(seconds: float, times: int) -> Generator[Callable[[], None], None, None]:
        for _ in range(times):
            yield partial(clock.sleep, seconds)
            ends.setdefault(seconds, []).append(clock.monotonic())

    clock.works(side_by_side)([waits(2.0, 3), waits(5.0, 2)])
    assert ends == {2.0: [2.0, 4.0, 6.0], 5.0: [5.0, 10.0]}


def test_one_who_is_at_work_holds_time_up(clock: VirtualClock) -> None:
    """Given one that sleeps while another works, when it is awake again, then the other has ended."""
    ended: list[str] = []

    def work() -> list[str]:
        asleep.wait(10)
        ended.append("work")
        return ended

    def sleep() -> list[str]:
        asleep.set()
        clock.sleep(5.0)
        return list(ended)

    asleep = threading.Event()
    assert outcomes([work, sleep], clock.works(side_by_side))[1] == ["work"]


def test_a_profile_names_modules_and_functions() -> None:
    with profiled() as text:
        list(items(FAMILY))
    assert "benchmarks/workload.py" in text()
    assert "own time by module" in text()


def test_the_middle_of_measurements_says_how_far_they_spread() -> None:
    assert Middle.of([1.0, 4.0, 2.0]) == Middle(2.0, 1.5, 3)
    assert Middle.of([*[1.0] * 29, 500.0]) == Middle(1.0, 0.0, 30)


@pytest.mark.usefixtures("here")
def test_the_command_prints_a_table_and_writes_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.Plan, "__init__", partialmethod(engine.Plan.__init__, steps=("delta",)))
    out = tmp_path / "found" / "all.json"
    given = ["engine", "--items", "9", "--repeat", "1", "--no-memory", "--no-peers", "--out", str(out)]
    assert main(given) == 0
    written: dict[str, Any] = json.loads(out.read_text("utf-8"))
    assert [row["step"] for row in written["engine"]] == ["delta"]
    assert written["noise"]["work_seconds"]["times"] == 2
    said = capsys.readouterr()
    assert STEPS["delta"].title in said.out
    assert "A durable commit takes" in said.out
    assert "skipped: 100000 items" in said.err
