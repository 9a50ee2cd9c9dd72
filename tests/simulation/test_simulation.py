"""The simulation over a fixed set of seeds, and proof that it is deterministic, that it bites, and that it shrinks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.calendar_steps import Steps
from sync import listing
from tests.postgres import Server
from tests.simulation.__main__ import replay
from tests.simulation.database import Database
from tests.simulation.play import play
from tests.simulation.schedule import KINDS, Schedule, draw, parse
from tests.simulation.shrink import shrink
from tests.simulation.sweep import sweep

ROOT = Path(__file__).parents[2]
CHUNKS, EACH = 16, 40


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    made = Database()
    yield made
    made.close()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_law_holds_over_a_fixed_set_of_seeds(database: Database, chunk: int) -> None:
    for seed in range(chunk * EACH, (chunk + 1) * EACH):
        verdict = play(draw(seed), database)
        assert verdict.violation is None, f"make replay SEED={seed}: {verdict.violation}"


@pytest.mark.parametrize(
    "schedule",
    [
        "7:0:fail(22,552,0) stage(0,7,0) run(0,0,0)",  # made bare after a refusal, to be filled
        "0:0:run(0,0,0) stage(3,7,0) crash(21,0,0) run(0,0,0) delete(0,0,0) clear(31,7,0)",  # cleared before known
        "7:0:delete(0,0,0) soon(0,0,0) full(0,0,0) decide(0,7,0) fail(39,0,0) twice(0,0,0) restore(432,0,0) "
        "list(0,0,0)",  # brought back before the rest of a deletion was confirmed
        "7:0:jump(7,0,0) broken(1,0,0) delete(751,0,0)",  # deleted behind a listing that broke off
        "5:0:delete(0,0,0) delete(0,0,0) stage(0,3,0) dry(0,0,0)",  # not even the least was taken
        "7:0:jump(7,7,0) lock(0,0,0) plan(2,0,0) soon(0,0,0)",  # closed to edits until its campaign was over
        "7:0:campaign(0,0,0) scoped(0,0,0) pause(13,4,0) scoped(0,0,0)",  # taken over while it read
        "127:0:jump(1,7,0) lock(0,0,0) run(0,0,0) shift(5,0,0) run(0,0,0) jump(7,0,0)",  # over by a clock set wrong
        "6:0:edit(7,0,0) lock(1,0,0) full(0,0,0) jump(3,0,0)",  # put off, and then the clock was set back
        "5:0:crash(26,0,0) edit(0,0,0) campaign(0,0,0) twice(0,0,0) list(1,0,0) run(0,0,0)",  # made, and not listed
        "7:0:crash(25,0,0) campaign(1,0,0) soon(0,0,0) list(0,0,0) run(0,0,0)",  # and others seem to be there
        "8:0:bulk(1,0,0) full(0,0,0) run(0,0,0) decide(0,0,0)",  # brought back in an ESP
        "8:0:clear(0,3,0) shift(0,0,2) schedule(0,0,0)",  # taken off by people after it was moved beside a refusal
        "9:0:edit(0,0,0) shift(0,344,14)",  # edited there while it was moved beside a refusal
        "0:0:stage(3,5,0) edit(32,0,0) crash(21,0,0) soon(0,0,0) stage(0,3,0)",  # made by people where we were killed
        "9:0:delete(0,0,0) scoped(0,0,0) campaign(0,0,0) run(0,0,0) decide(0,5,0) move(0,0,0)",  # moved before it goes
        "4:0:bulk(3,0,0) shift(32,0,0) soon(0,0,0) stage(0,5,0) plan(0,0,0) decide(0,1,0)",  # new, and to go at once
        "9:0:fail(30,0,0) campaign(0,0,3) run(0,0,0) agree(0,13,0) list(14,0,0) soon(0,0,0)",  # edited before it shows
        "8:0:plan(0,0,0) scoped(0,5,0)",  # moved in an ESP by a run that was to write nowhere else
        "20:0:lock(0,0,0) shift(0,0,5)",  # moved in an ESP beside a record that is closed to edits
        "140:0:shift(0,4,0) plan(7,6,0) delete(0,0,0)",  # another time set in an ESP, by somebody who may not be done
        "0:0:plan(0,318,0) plan(7,0,0) run(0,0,0) bulk(0,0,0) jump(7,7,0)",  # over by the run that would flag it
    ],
)
def test_a_schedule_that_once_broke_a_law_breaks_none(database: Database, schedule: str) -> None:
    assert play(parse(schedule), database).violation is None


def test_every_law_holds_on_postgresql_too(server: Server) -> None:
    database = Database(server.fresh())
    for seed in range(25):
        verdict = play(draw(seed), database)
        assert verdict.violation is None, f"seed {seed}: {verdict.violation}"
    database.close()


def test_the_seeds_make_everything_happen_that_can_happen() -> None:
    steps = [step.kind for seed in range(CHUNKS * EACH) for step in draw(seed).steps]
    assert set(steps) == set(KINDS)


def test_the_same_seed_gives_the_same_history_in_every_process(database: Database) -> None:
    program = (
        "from tests.simulation.database import Database; from tests.simulation.play import play;"
        "from tests.simulation.schedule import draw;"
        "database = Database(); print(*(play(draw(seed), database).digest for seed in range(12)))"
    )
    here = [play(draw(seed), database).digest for seed in range(12)]
    assert len(set(here)) == 12
    for salt in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": salt}
        answer = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert answer.stdout.split() == here


def test_a_history_does_not_depend_on_the_ones_before_it(database: Database) -> None:
    alone = play(draw(5), database).digest
    play(draw(6), database)
    assert play(draw(5), database).digest == alone


def test_a_schedule_is_read_back_as_it_was_written() -> None:
    for seed in range(20):
        assert parse(str(draw(seed))) == draw(seed)


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> Schedule:
    """An engine that believes a lagging index, and a schedule in which that undoes somebody's edit."""
    monkeypatch.setattr(listing.Reader, "look_again", lambda _reader, listed: listed)
    return parse(
        "7:194:lag(833,66,200) status(331,383,177) tag(912,696,1011) edit(783,85,251) soon(964,556,477) "
        "soon(5,120,1003) lag(985,383,135) full(3,507,390) soon(967,760,73)"
    )


def test_a_planted_bug_is_found_shrunk_and_replayed(
    database: Database, blind: Schedule, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(blind, database).violation

    def fails(schedule: Schedule) -> bool:
        return play(schedule, database).violation is not None

    smallest = shrink(blind, fails)
    assert len(smallest.steps) < len(blind.steps)
    assert fails(parse(str(smallest)))
    for at in range(len(smallest.steps)):
        assert not fails(Schedule(smallest.team, smallest.order, smallest.steps[:at] + smallest.steps[at + 1 :]))

    assert replay(blind, "sqlite://") == 1
    told = capsys.readouterr().out
    assert f'make replay SCHEDULE="{smallest}"' in told
    assert "gave way to" in told


@pytest.mark.parametrize(
    ("spoilt", "schedule", "told"),
    [
        ("sync.engine.standing", "9:0:shift(0,3,0)", "is off the calendar by our doing, and nobody is told"),
        ("sync.engine.hide", "9:0:shift(0,3,0)", "is off the calendar by our doing is taken for an edit"),
        ("connectors.calendar_steps.Steps._put_back", "8:0:shift(0,12,0)", "and nobody had scheduled it"),
        ("sync.drafting.left_to_people", "8:0:shift(0,4,0) plan(7,6,0) delete(0,0,0)", "is setting its time"),
    ],
)
def test_a_send_that_is_not_in_good_hands_is_noticed(
    database: Database, monkeypatch: pytest.MonkeyPatch, spoilt: str, schedule: str, told: str
) -> None:
    """Nobody remembers what is halfway; what it shows is taken over; it is put back without noting that, or over the
    head of somebody who is at work on it."""
    ways: dict[str, Callable[..., object]] = {
        "sync.engine.standing": lambda *_: {},
        "sync.engine.hide": lambda *_: None,
        "sync.drafting.left_to_people": lambda *_: {},
    }
    monkeypatch.setattr(spoilt, ways.get(spoilt, Steps.schedule))
    assert told in str(play(parse(schedule), database).violation)


def test_many_seeds_are_played_in_several_processes(capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(0, 10, ["sqlite://"] * 2) == 0
    assert "10 schedules" in capsys.readouterr().out
