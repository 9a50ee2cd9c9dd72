"""Mailchimp's wire: signatures, pages that move, throttling, and what refusals mean."""

from __future__ import annotations

import base64
import re
import threading
from pathlib import Path
from typing import Any

import pytest
import responses

from connectors import mailchimp as modules
from connectors.http import Retry
from connectors.mailchimp_wire import ACTIONS, Wire
from sync.errors import ConfigError, Unavailable
from tests.connectors.mailchimp_account import KEY, Account, campaign, problem

THROTTLED = [(429, {}, ""), (429, {}, "<html>Too many</html>"), (403, {"Content-Type": "text/html"}, "<html>No</html>")]


@pytest.fixture
def mailchimp(wire: Any) -> Account:
    return Account(wire)


def sent(account: Account) -> Any:
    return account.wire.calls[-1].request


def test_a_key_signs_by_basic_and_its_end_names_the_data_centre(mailchimp: Account) -> None:
    list(mailchimp.esp().entries())
    scheme, _, credentials = sent(mailchimp).headers["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(credentials).decode().partition(":")[2]) == ("Basic", KEY)
    assert sent(mailchimp).url.startswith("https://us6.api.mailchimp.com/3.0/campaigns?")


def test_an_oauth_token_signs_as_bearer_at_the_address_given(mailchimp: Account) -> None:
    mailchimp.holds(campaign("C1"))
    (entry,) = mailchimp.esp(token="opaque", url="https://us6.api.mailchimp.com/").entries()
    assert sent(mailchimp).headers["Authorization"] == "Bearer opaque"
    assert entry.url == "https://us6.admin.mailchimp.com/campaigns/show/?id=4521"


@pytest.mark.parametrize("token", ["opaque", "0123-us6.evil.example", "0123-us6/x", "0123-"])
def test_a_token_without_a_data_centre_needs_an_address(mailchimp: Account, token: str) -> None:
    with pytest.raises(ConfigError, match="data centre, such as -us6"):
        list(mailchimp.esp(token=token).entries())
    assert not mailchimp.wire.calls


def test_at_another_address_nothing_is_said_of_where_people_open_a_campaign(wire: Any) -> None:
    wire.add(responses.GET, "http://127.0.0.1:1/3.0/campaigns/C1", json=campaign("C1"))
    entry = Account(wire).esp(token="opaque", url="http://127.0.0.1:1").entry("C1")
    assert entry
    assert entry.url is None


@pytest.mark.parametrize("answer", THROTTLED)
def test_throttling_is_waited_out_ever_longer_without_being_told_how_long(mailchimp: Account, answer: Any) -> None:
    mailchimp.holds(campaign("C1"))
    mailchimp.next = [answer] * 3
    slept: list[float] = []
    assert len(list(mailchimp.esp(slept).entries())) == 1
    assert slept == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("answer", THROTTLED)
def test_lasting_throttling_is_left_to_the_next_run(mailchimp: Account, answer: Any) -> None:
    mailchimp.next = [answer] * 6
    with pytest.raises(Unavailable):
        list(mailchimp.esp().entries())
    assert not mailchimp.next


def test_waits_are_spread() -> None:
    slept: list[float] = []
    draws = iter([0.0, 1.0, 0.0])
    wire = Wire("mailchimp", token="x", url="http://127.0.0.1:1", retry=Retry(slept.append, 3, rng=lambda: next(draws)))
    with responses.RequestsMock() as mock:
        mock.add(responses.GET, "http://127.0.0.1:1/3.0/ping", status=429)
        with pytest.raises(Unavailable):
            wire.get("asking", "/ping")
    assert slept == [0.25, 1.5]


def test_three_calls_at_once_are_the_most_for_an_account() -> None:
    under_way: list[int] = []
    most, full, guard = [0], threading.Event(), threading.Lock()

    def answer(_: Any) -> Any:
        with guard:
            under_way.append(1)
            most[0] = max(most[0], len(under_way))
            if len(under_way) == 3:
                full.set()
        assert full.wait(10)
        with guard:
            under_way.pop()
        return 200, {}, "{}"

    def call() -> None:
        Wire("mailchimp", token="one", url="http://127.0.0.1:1", retry=Retry()).get("asking", "/ping")

    with responses.RequestsMock() as mock:
        mock.add_callback(responses.GET, "http://127.0.0.1:1/3.0/ping", answer)
        threads = [threading.Thread(target=call) for _ in range(7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert most == [3]


def test_patience_ends_when_mailchimps_own_does(mailchimp: Account) -> None:
    list(mailchimp.esp().entries())
    assert sent(mailchimp).req_kwargs["timeout"] == (5, 120)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (problem(401, "Your API key may be invalid."), "may be invalid"),
        (problem(403, "User disabled."), "User disabled"),
        (problem(404, "The resource could not be found."), "could not be found"),
        (problem(400, "Odd."), "Odd"),
        ((404, {}, "<html>nginx</html>"), "404"),
    ],
)
def test_a_refused_listing_is_a_matter_of_configuration(mailchimp: Account, answer: Any, words: str) -> None:
    mailchimp.next = [answer]
    with pytest.raises(ConfigError, match=words):
        list(mailchimp.esp().entries())


def test_only_mailchimps_own_not_found_is_one(mailchimp: Account) -> None:
    assert mailchimp.esp().entry("GONE") is None
    mailchimp.next = [(404, {}, "<html>nginx</html>")]
    with pytest.raises(ConfigError):
        mailchimp.esp().entry("GONE")


def test_the_key_is_in_no_message(mailchimp: Account) -> None:
    mailchimp.next = [
        problem(401, f"The key {KEY} is invalid."),
        problem(400, "", errors=[{"field": KEY, "message": KEY}]),
    ]
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            list(mailchimp.esp().entries())
        assert KEY not in str(caught.value)
        assert "[hidden]" in str(caught.value)


@pytest.mark.parametrize("size", [2, 3, 5, 7, 1000])
def test_every_page_is_read_and_each_campaign_told_once(mailchimp: Account, size: int) -> None:
    mailchimp.holds(*(campaign(f"C{number}") for number in range(7)))
    assert [entry.id for entry in mailchimp.esp(page=size).entries()] == [f"C{number}" for number in range(7)]


def test_an_empty_account_has_no_campaigns(mailchimp: Account) -> None:
    assert list(mailchimp.esp().entries()) == []


@pytest.mark.parametrize("comes", [True, False], ids=["another comes", "none comes"])
def test_a_listing_that_moves_between_pages_is_begun_anew(mailchimp: Account, comes: bool) -> None:
    mailchimp.holds(*(campaign(f"C{number}") for number in range(5)))

    def somebody_deletes_the_first() -> None:
        mailchimp.between_pages = None
        mailchimp.campaigns.pop(0)
        if comes:  # the number of campaigns stays what it was, and yet one would be missed
            mailchimp.campaigns.append(campaign("C9"))

    mailchimp.between_pages = somebody_deletes_the_first
    found = [entry.id for entry in mailchimp.esp(page=3).entries()]
    assert {"C1", "C2", "C3", "C4"} <= set(found)
    assert len(found) == len(set(found))
    assert [query["offset"] for query in mailchimp.queries("/campaigns")].count("0") == 2


def test_a_listing_that_never_rests_is_left_to_the_next_run(mailchimp: Account) -> None:
    mailchimp.holds(*(campaign(f"C{number}") for number in range(5)))
    mailchimp.between_pages = lambda: mailchimp.campaigns.append(campaign(f"X{len(mailchimp.campaigns)}"))
    with pytest.raises(Unavailable, match="kept changing"):
        list(mailchimp.esp(page=3).entries())


@pytest.mark.parametrize(
    "body",
    ["[]", "{}", '{"campaigns": []}', '{"campaigns": [{}], "total_items": 1}', '{"campaigns": 1, "total_items": 0}'],
)
def test_an_answer_of_another_form_is_not_taken_for_an_empty_account(mailchimp: Account, body: str) -> None:
    mailchimp.next = [(200, {}, body)] * 6
    with pytest.raises(Unavailable):
        list(mailchimp.esp().entries())


def test_fewer_rows_than_there_are_said_to_be_are_not_all(mailchimp: Account) -> None:
    mailchimp.next = [(200, {}, '{"campaigns": [], "total_items": 2}')] * 6
    with pytest.raises(Unavailable):
        list(mailchimp.esp().entries())


def test_mailchimps_time_is_that_of_its_last_answer(mailchimp: Account) -> None:
    esp = mailchimp.esp()
    assert esp.time() is None
    list(esp.entries())
    now = esp.time()
    assert now
    assert f"{now:%Y-%m-%d %H:%M}" == "2026-11-02 09:00"


def test_no_request_that_sends_can_be_made(mailchimp: Account) -> None:
    """Only scheduling and its undoing are known; send, resume, create-resend and cancel-send are no words here."""
    wire = Wire("mailchimp", token=KEY, url=None, retry=Retry())
    for action in ("send", "resume", "create-resend", "cancel-send", "pause", "test", "replicate", "schedule/../send"):
        with pytest.raises(ValueError, match=action):
            wire.act("doing", "C1", action)
    assert not mailchimp.wire.calls
    assert {"schedule", "unschedule"} == ACTIONS
    for source in Path(str(modules.__file__)).parent.glob("mailchimp*.py"):
        assert set(re.findall(r"actions/([\w-]+)", source.read_text())) == set()
