"""Tools are written side by side: none waits for another, and what is remembered is as if they had taken turns."""

# Long because every way in which two tools may end is played with the same two.

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import MemoryConnector
from jobs.side_by_side import side_by_side
from sync.codec import decode
from sync.engine import run
from sync.errors import Busy, Rejected, Unavailable
from sync.findings import FindingKind
from sync.model import Kind, Value
from sync.ports import Change, Outcome, Update
from sync.report import RunReport, State
from sync.store import Store, open_store
from sync.workspace import SideBySide, Surroundings, one_by_one
from tests.sync.calendar_tool import DOWN, LATER, SOONER, EspConnector, scheduled
from tests.sync.plain import Box, World

PATIENCE = 60  # seconds, which only a machine under a heavy load takes
HOUR = timedelta(hours=1)
CAMPAIGNS = frozenset({Kind.CAMPAIGN})


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C is heard: whoever starts the tests in the background may have turned that off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class KilledError(BaseException):
    """The process ends here."""


def sync(world: World, together: SideBySide = side_by_side) -> RunReport:
    """A run that does the works of its tools in this way."""
    world.now += timedelta(minutes=15)
    around = Surroundings(lambda: world.now, world.new_id, side_by_side=together)
    with world.store() as store:
        return run(world.workspace(), store, around)


def around_writes(tool: MemoryConnector, act: Callable[[Callable[[], Sequence[Outcome]]], Sequence[Outcome]]) -> None:
    """Have every call that writes into a tool made by `act`."""
    write = tool.write
    tool.write = lambda changes: act(lambda: write(changes))  # type: ignore[method-assign]


def ctrl_c() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def unhindered(tool: MemoryConnector) -> None:
    """From now on it writes as ever."""
    del tool.__dict__["write"]


def converges(world: World) -> None:
    """A run that settles what was left, and one that has nothing to do."""
    world.now += HOUR
    sync(world)
    sync(world)
    written = world.writes()
    report = sync(world)
    assert (report.changes, world.writes(), world.state().intents) == ((), written, [])


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A campaign with a stage in one of three tools."""
    world = World(tmp_path, Box("a"), Box("b"), Box("c"))
    world.stage("a", world.campaign("a", name="Spring", subject="one"), kind="design")
    return world


def test_two_tools_are_written_at_the_same_time(world: World) -> None:
    both = threading.Barrier(2, timeout=PATIENCE)
    for tool in "bc":

        def met(write: Callable[[], Sequence[Outcome]]) -> Sequence[Outcome]:
            both.wait()
            return write()

        around_writes(world.tools[tool], met)
    assert sync(world).count(state=State.DONE) == 4
    assert [len(tool.records) for tool in world.tools.values()] == [2, 2, 2]


def test_a_tool_that_answers_late_and_then_fails_holds_up_no_other(world: World) -> None:
    """Given one whose first write lasts until another tool has all of its records, then the other one gets them."""
    written = threading.Event()

    def late(_write: Callable[[], Sequence[Outcome]]) -> Sequence[Outcome]:
        assert written.wait(PATIENCE)
        raise Unavailable("no answer")

    def last(write: Callable[[], Sequence[Outcome]]) -> Sequence[Outcome]:
        outcomes = write()
        if len(world.tools["c"].records) == 2:
            written.set()
        return outcomes

    around_writes(world.tools["b"], late)
    around_writes(world.tools["c"], last)
    report = sync(world)
    assert (report.count(state=State.DONE, tool="c"), report.count(state=State.DEFERRED, tool="b")) == (2, 2)
    unhindered(world.tools["b"])
    converges(world)
    assert len(world.tools["b"].records) == 2


def _year(folder: Path, together: SideBySide) -> tuple[list[RunReport], Any]:
    """Runs over new campaigns, edits in every tool, a refused update, a deletion; what they told, and what is left."""
    folder.mkdir()
    world = World(folder, Box("a", batch=2), Box("b", batch=1), Box("c", kinds=CAMPAIGNS))
    for name in ("Spring", "Summer", "Autumn"):
        world.stage("a", world.campaign("a", name=name, subject="one", brief="b"), kind="design")
    reports = [sync(world, together)]
    world.edit("b", "b-1", subject="two")
    world.edit("a", "a-3", subject="three", brief="three")
    world.edit("c", "c-3", brief="four")
    world.tools["b"].fail_next(Rejected("not both at once"))
    world.tools["c"].fail_next(Unavailable("busy"))
    reports.append(sync(world, together))
    world.tools["a"].delete("a-6")
    reports += [sync(world, together) for _ in range(4)]
    left = world.state()
    records = [[record._replace(changed_at=None) for record in tool.records.values()] for tool in world.tools.values()]
    return reports, (left.entities, left.intents, world.history(), world.open(), records)


def test_reports_records_and_database_are_as_if_tools_had_taken_turns(tmp_path: Path) -> None:
    in_turns, at_once = _year(tmp_path / "turns", one_by_one), _year(tmp_path / "once", side_by_side)
    assert at_once == in_turns
    assert sum(len(report.changes) for report in at_once[0]) > 15


@pytest.mark.parametrize("arrives", [True, False])
def test_ctrl_c_in_the_middle_leaves_what_the_next_run_settles(world: World, arrives: bool) -> None:
    """Given a write under way when the run is interrupted, whether it arrives later or never does."""
    stuck, under_way, over = threading.Event(), threading.Event(), threading.Event()

    def hangs(write: Callable[[], Sequence[Outcome]]) -> Sequence[Outcome]:
        under_way.set()
        stuck.wait(PATIENCE)
        outcomes = write() if arrives else ()
        over.set()
        return outcomes

    def interrupted(write: Callable[[], Sequence[Outcome]]) -> Sequence[Outcome]:
        under_way.wait(PATIENCE)
        ctrl_c()
        stuck.wait(PATIENCE)
        return write()

    around_writes(world.tools["b"], hangs)
    around_writes(world.tools["c"], interrupted)
    with pytest.raises(KeyboardInterrupt):
        sync(world)
    assert not stuck.is_set(), "nobody waited for the tools"
    assert {intent.tool for intent in world.state().intents} == {"b", "c"}
    stuck.set()
    assert over.wait(PATIENCE)
    for tool in "bc":
        unhindered(world.tools[tool])
    converges(world)
    assert [len(tool.records) for tool in world.tools.values()] == [2, 2, 2]


def calendar(esp: EspConnector) -> Value:
    """When its only send goes out."""
    return decode(esp.records["esp-1"].fields.get("scheduled_send"))


def meanwhile(world: World, esp: EspConnector, act: Callable[[Callable[[bool], None], bool], None]) -> None:
    """Have each step of the ESP's next move noted by `act`."""
    write = esp.write

    def noted(change: Change) -> Change:
        return replace(change, step=partial(act, change.step)) if isinstance(change, Update) else change

    esp.write = lambda changes: write([noted(change) for change in changes])  # type: ignore[method-assign]


@pytest.mark.parametrize("ends", ["well", "refused", "killed"])
def test_a_send_is_moved_in_one_tool_while_another_one_writes(tmp_path: Path, ends: str) -> None:
    world, esp = scheduled(tmp_path, Box("desk", kinds=CAMPAIGNS))
    world.edit("plan", "plan-1", planned_send=SOONER)
    writing, moved = threading.Event(), threading.Event()

    def meets(note: Callable[[bool], None], sure: bool) -> None:
        assert writing.wait(PATIENCE)
        note(sure)
        if sure:
            moved.set()

    def lasts(write: Callable[[], Sequence[Outcome]]) -> Sequence[Outcome]:
        writing.set()
        assert moved.wait(PATIENCE)
        return write()

    meanwhile(world, esp, meets)
    around_writes(world.tools["desk"], lasts)
    if ends == "killed":
        esp.stops = KilledError()
        with pytest.raises(KilledError):
            sync(world)
    else:
        esp.stops = DOWN if ends == "refused" else None
        sync(world)
        assert (FindingKind.UNSCHEDULED in world.open()) is (ends == "refused")
    unhindered(world.tools["desk"])
    converges(world)
    assert calendar(esp) == SOONER
    assert world.shows("desk", "planned_send") == [SOONER]
    assert world.open() == {}


def test_a_move_that_nobody_waits_for_any_more_takes_no_send_off(tmp_path: Path) -> None:
    world, esp = scheduled(tmp_path, Box("desk", kinds=CAMPAIGNS))
    world.edit("plan", "plan-1", planned_send=SOONER)
    moving, ended, over = threading.Event(), threading.Event(), threading.Event()

    def late(note: Callable[[bool], None], sure: bool) -> None:
        moving.set()
        assert ended.wait(PATIENCE)
        try:
            note(sure)
        finally:
            over.set()

    def interrupted(write: Callable[[], Sequence[Outcome]]) -> Sequence[Outcome]:
        assert moving.wait(PATIENCE)
        ctrl_c()
        assert ended.wait(PATIENCE)
        return write()

    meanwhile(world, esp, late)
    around_writes(world.tools["desk"], interrupted)
    with pytest.raises(KeyboardInterrupt):
        sync(world)
    ended.set()
    assert over.wait(PATIENCE)
    assert calendar(esp) == LATER
    for tool in ("esp", "desk"):
        unhindered(world.tools[tool])
    converges(world)
    assert calendar(esp) == SOONER


def test_a_run_that_has_lost_the_workspace_takes_no_send_off(tmp_path: Path) -> None:
    world, esp = scheduled(tmp_path, Box("desk", kinds=CAMPAIGNS))
    world.edit("plan", "plan-1", planned_send=SOONER)

    def too_late(note: Callable[[bool], None], sure: bool) -> None:
        with world.store() as store, store.lease("another", lambda: world.now, HOUR, lambda _holder: True):
            note(sure)

    meanwhile(world, esp, too_late)
    with pytest.raises(Busy, match="another"):
        sync(world)
    assert calendar(esp) == LATER


@pytest.mark.parametrize("place", ["memory", "file"])
def test_threads_commit_one_after_the_other_under_one_hold(tmp_path: Path, place: str) -> None:
    """Given a thread that notes the steps of moves while the run commits what others wrote, then all of it is there."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    failures: list[Exception] = []
    with open_store("sqlite://" if place == "memory" else str(tmp_path / "state.db"), "test") as store:

        def notes() -> None:
            try:
                for intent in known:
                    with store.transaction() as transaction:
                        transaction.unscheduled(intent, sure=True)
            except Exception as error:  # noqa: BLE001 - shown by the test
                failures.append(error)

        with store.lease("this run", lambda: at, HOUR):
            known = _intend(store, at, 30)
            thread = threading.Thread(target=notes)
            thread.start()
            with suppress(Exception):
                for _ in range(30):
                    _intend(store, at, 1)
            thread.join(PATIENCE)
        left = store.load().intents
    assert failures == []
    assert (len(left), [intent.id for intent in left if intent.sure]) == (60, known)


def _intend(store: Store, at: datetime, number: int) -> list[int]:
    with store.transaction() as transaction:
        return transaction.intend("run", at, [("a", "cs-1", "update", {})] * number)
