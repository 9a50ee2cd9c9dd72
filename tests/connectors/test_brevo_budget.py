"""Brevo's hundred calls an hour: learned from its answers, shared by all processes, with a reserve for writes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.calendar import Content
from connectors.http import Retry
from sync.errors import Exhausted, Unavailable
from tests.connectors.brevo_account import Account, campaign, hour, later, refusal


@pytest.fixture
def account(wire: Any) -> Account:
    made = Account(wire)
    made.holds(campaign(7))
    return made


@pytest.fixture
def options(tmp_path: Path, slept: list[float]) -> dict[str, Any]:
    """Budgets in a folder of this test; what is waited for is only noted."""
    return {"folder": tmp_path, "retry": Retry(sleep=slept.append, rng=lambda: 0.0)}


def about(until: datetime | None, seconds: float) -> bool:
    """Whether it is so long from now, but for what the test itself took."""
    return until is not None and later(seconds - 30) <= until <= later(seconds + 30)


def test_reads_end_where_the_reserve_begins_and_writes_go_on(account: Account, options: dict[str, Any]) -> None:
    account.headers |= hour(31)
    esp = account.esp(**options)
    list(esp.entries())
    account.headers |= hour(30)
    list(esp.entries())
    with pytest.raises(Exhausted, match=r"used up, but for what is kept for writes") as told:
        list(esp.entries())
    assert about(told.value.until, 1800)
    assert account.hourly() == 2

    entry = esp.entry("7")
    assert entry
    esp.edit(entry, Content(name="Summer"))
    assert account.campaigns[7]["name"] == "Summer"


def test_the_reserve_follows_the_limit_of_the_account(account: Account, options: dict[str, Any]) -> None:
    account.headers |= hour(61, of=200)
    esp = account.esp(**options)
    for _ in range(2):
        list(esp.entries())
    account.headers |= hour(60, of=200)
    list(esp.entries())
    with pytest.raises(Exhausted):
        list(esp.entries())


def test_another_process_does_not_ask_what_this_one_knows(account: Account, options: dict[str, Any]) -> None:
    account.headers |= hour(30)
    list(account.esp(**options).entries())
    with pytest.raises(Exhausted) as told:
        list(account.esp(**options).entries())
    assert account.hourly() == 1
    assert about(told.value.until, 1800)


def test_another_account_has_an_hour_of_its_own(account: Account, options: dict[str, Any]) -> None:
    account.headers |= hour(0)
    list(account.esp(**options).entries())
    list(account.esp(**options, token="xkeysib-of-somebody-else").entries())
    assert account.hourly() == 2


def test_when_nothing_is_left_nothing_is_asked_or_written(account: Account, options: dict[str, Any]) -> None:
    entry = account.entry(7, **options)
    account.headers |= hour(0)
    esp = account.esp(**options)
    list(esp.entries())
    before = len(account.asked)
    with pytest.raises(Exhausted):
        esp.entry("7")
    with pytest.raises(Exhausted):
        esp.edit(entry, Content(name="X"))
    assert len(account.asked) == before


def test_lists_and_segments_cost_nothing_of_the_hour(account: Account, options: dict[str, Any]) -> None:
    account.headers |= hour(0)
    esp = account.esp(**options)
    list(esp.entries())
    account.headers = hour(0, of=10, reset=1)
    assert esp.audiences()
    account.headers = {}
    assert esp.audiences()


def test_a_refusal_for_the_rate_that_is_soon_over_is_waited_for(
    account: Account, options: dict[str, Any], slept: list[float]
) -> None:
    said = [refusal(429, "too_many_requests", **hour(0, of=10, reset=2))]
    account.refuses = lambda _: said.pop() if said else None
    assert account.esp(**options).audiences()
    assert slept == [2.0]


def test_an_hour_that_is_used_up_is_not_waited_for(
    account: Account, options: dict[str, Any], slept: list[float]
) -> None:
    account.refuses = lambda _: refusal(429, "too_many_requests", **hour(0, reset=1500))
    with pytest.raises(Exhausted, match="goes on after 09:25 UTC") as told:
        account.esp(**options).entry("7")
    assert about(told.value.until, 1500)
    assert slept == []
    assert len(account.asked) == 1


@pytest.mark.parametrize("reset", ["", "soon", "-5", "nan", "inf"])
def test_a_refusal_that_tells_no_time_is_tried_again_a_few_times(
    account: Account, options: dict[str, Any], reset: str, slept: list[float]
) -> None:
    account.refuses = lambda _: refusal(429, "too_many_requests", **{"x-sib-ratelimit-reset": reset})
    with pytest.raises(Unavailable):
        account.esp(**options).entry("7")
    assert len(account.asked) == 4
    assert slept == sorted(slept)


def test_a_time_beyond_the_hour_is_no_time_of_brevos(account: Account, options: dict[str, Any]) -> None:
    account.refuses = lambda _: refusal(429, "too_many_requests", **hour(0, reset=10**9))
    with pytest.raises(Exhausted) as told:
        account.esp(**options).entry("7")
    assert about(told.value.until, 3600)
