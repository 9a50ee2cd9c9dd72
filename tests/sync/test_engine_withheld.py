"""What an account keeps from us is flagged once, stands while nobody asks again, and closes when it is granted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.memory import MemoryConnector
from sync.errors import ConfigError, SyncError, Unavailable
from sync.findings import Finding, FindingKind, Severity
from sync.ports import Withheld
from sync.report import RunReport
from tests.sync.plain import Box, World

HOUR = timedelta(hours=1)
ORDERS = Withheld("the account has no commerce add-on, so conversions stay empty", "get it there, or do without them")
REPORTS = Withheld("the key may not read reports, so their columns stay empty", "grant it that")


class Account(MemoryConnector):
    """`kept` is what it keeps to itself, or why it cannot even tell that."""

    kept: Sequence[Withheld] | SyncError = (ORDERS,)
    asked = 0

    def withheld(self) -> Sequence[Withheld]:
        self.asked += 1
        if isinstance(self.kept, SyncError):
            raise self.kept
        return self.kept


@dataclass
class AccountBox(Box):
    """A tool with an account that keeps something to itself."""

    def connector(self) -> Account:
        made = Account(self.name, self.native(), changes=True, remembers=self.remembers)
        made.capability = replace(made.capability, withholds=True)
        return made


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A plan, and an account whose set-up is remembered for an hour; one run has been."""
    world = World(tmp_path, Box("plan"), AccountBox("esp", remembers=True), count_every=HOUR)
    world.campaign("plan", name="Spring", subject="One")
    return world


def account(world: World) -> Account:
    esp = world.tools["esp"]
    assert isinstance(esp, Account)
    return esp


def flags(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.kind is FindingKind.WITHHELD]


def an_hour_later(world: World) -> RunReport:
    world.now += HOUR
    return world.run()


def test_it_is_flagged_with_what_follows_and_what_to_do(world: World) -> None:
    (flag,) = flags(world.run().opened)
    assert (flag.severity, flag.subject, flag.options) == (Severity.INFO, "esp", ())
    assert flag.title == ("Esp does not tell everything: the account has no commerce add-on, so conversions stay empty")
    assert flag.advice == "Get it there, or do without them. Everything else goes on."


def test_it_is_asked_once_an_hour_and_neither_opens_again_nor_is_mailed_again(world: World) -> None:
    (flag,) = flags(world.run().opened)
    with world.store() as store:
        store.mark_emailed(world.now, {flag.fingerprint})
    for _ in range(2):
        report = world.run()
        assert (flags(report.standing), report.opened, report.closed) == ([flag], (), ())
    assert account(world).asked == 1
    report = an_hour_later(world)
    assert (flags(report.standing), report.opened, report.closed) == ([flag], (), ())
    assert account(world).asked == 2
    assert emailed(world) is not None


def emailed(world: World) -> datetime | None:
    with world.store() as store:
        (known,) = store.open_findings()
        return known.emailed


def test_it_closes_when_the_account_grants_it_and_full_asks_at_once(world: World) -> None:
    world.run()
    account(world).kept = ()
    assert not world.run().closed, "nobody has asked"
    assert flags(world.run(full=True).closed)
    assert world.open() == {}


def test_one_more_thing_is_told_in_the_same_flag(world: World) -> None:
    world.run()
    account(world).kept = (ORDERS, REPORTS)
    report = an_hour_later(world)
    assert report.opened == report.closed == ()
    (flag,) = world.open()[FindingKind.WITHHELD]
    assert flag.title.endswith(f"{ORDERS.what}; {REPORTS.what}")
    assert flag.advice == "Get it there, or do without them. Grant it that. Everything else goes on."


@pytest.mark.parametrize("failure", [Unavailable("it is down (503)"), ConfigError("it refuses the question (402)")])
def test_to_fail_at_the_question_is_no_failure_of_the_run_and_changes_nothing(world: World, failure: SyncError) -> None:
    account(world).kept = failure
    report = world.run()
    assert (flags(report.findings), report.troubled) == ([], False)
    assert world.shows("esp") == ["One"]
    account(world).kept = (ORDERS,)
    assert flags(an_hour_later(world).opened)
    account(world).kept = failure
    report = an_hour_later(world)
    assert (len(flags(report.standing)), report.opened, report.closed, report.troubled) == (1, (), (), False)


def test_it_stands_while_the_tool_cannot_be_read(world: World) -> None:
    world.run()
    account(world).down = Unavailable("esp is down.")
    report = an_hour_later(world)
    assert {finding.kind for finding in report.opened} == {FindingKind.TOOL_TROUBLE}
    assert flags(report.standing)


def test_a_plan_asks_nothing_and_takes_nothing_back(world: World) -> None:
    world.run()
    world.now += HOUR
    account(world).kept = ()
    report = world.run(dry=True)
    assert (account(world).asked, len(flags(report.standing)), report.closed) == (1, 1, ())


def test_runs_that_write_put_the_question_off_no_longer(world: World) -> None:
    world.run()
    for number in range(9):
        world.edit("plan", "plan-1", subject=f"Number {number}")
        world.run()
        assert world.shows("esp") == [f"Number {number}"]
    assert account(world).asked == 3, "every hour, although each write asks for the set-up as well"


def test_a_tool_that_is_taken_out_of_the_workspace_takes_its_flag_along(world: World) -> None:
    world.run()
    world.boxes = world.boxes[:1]
    assert flags(world.run().closed)


def test_a_tool_that_remembers_no_set_up_is_never_asked(tmp_path: Path) -> None:
    world = World(tmp_path, Box("plan"), AccountBox("esp"))
    world.campaign("plan", name="Spring")
    for _ in range(3):
        world.run()
    assert (account(world).asked, world.open()) == (0, {})
