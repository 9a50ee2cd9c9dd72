"""What an account's lists, segments and tags are called: asked once, recalled later, and looked for where one lacks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.calendar import Audience
from connectors.calendar_connector import CalendarConnector
from sync.model import Kind
from tests.connectors.calendar_esp import REF, TinyEsp, draft


class Account(TinyEsp):
    """Counts what it is asked for, and has lists that no listing shows (`hidden`)."""

    hidden: dict[str, str]
    asked_for: list[str]

    def audience(self, id_: str) -> Audience | None:
        self.asked_for.append(id_)
        return Audience(id_, self.hidden[id_]) if id_ in self.hidden else None


def account(*audiences: str) -> Account:
    made = Account(draft(audiences=(audiences or ("L1",), ())))
    made.hidden, made.asked_for = {"H1": "VIPs"}, []
    return made


def recalled(esp: TinyEsp, setup: str | None) -> CalendarConnector:
    tool = CalendarConnector("news", esp)
    tool.recall(setup)
    return tool


def told(esp: TinyEsp) -> str:
    """What a run that has read everything tells the next one."""
    tool = CalendarConnector("news", esp)
    tool.schema()
    list(tool.fetch())
    setup = tool.setup()
    assert setup
    return setup


def names(tool: CalendarConnector) -> list[str]:
    record = tool.read([REF])[REF]
    assert record
    return [one["name"] for one in record.fields["audiences"]["included"]]


def test_before_anything_was_asked_there_is_nothing_to_tell() -> None:
    assert CalendarConnector("news", account()).setup() is None


def test_what_is_recalled_is_not_asked_for() -> None:
    esp = account("L1", "H1", "GONE")
    setup = told(esp)
    assert (esp.listings, esp.asked_for) == (1, ["H1", "GONE"])
    tool = recalled(esp, setup)
    schema = tool.schema()
    assert names(tool) == ["Customers", "VIPs", "GONE"]
    assert (esp.listings, esp.asked_for) == (1, ["H1", "GONE"])
    assert schema == recalled(esp, None).schema(), "it tells what a fresh answer would"
    assert tool.setup() == setup, "and can be handed on"


def test_a_list_that_the_memory_lacks_is_asked_for_once_and_is_no_unknown_name() -> None:
    esp = account("L1")
    setup = told(esp)
    esp.names["L3"] = "Lapsed"
    esp.holds(audiences=(("L3", "L1", "L4"), ()))
    tool = recalled(esp, setup)
    tool.schema()
    for _ in range(3):
        assert names(tool) == ["Lapsed", "Customers", "L4"]
    assert (esp.listings, esp.asked_for) == (2, ["L4"]), "one fresh listing, then one look for the one that it lacks"


def test_what_is_forgotten_is_asked_for_again() -> None:
    esp = account("L1")
    tool = recalled(esp, told(esp))
    before = tool.schema()
    esp.names["L1"] = "Shoppers"
    assert tool.schema() == before
    tool.recall(None)
    assert names(tool) == ["Shoppers"]
    (field,) = (one for one in tool.schema()[Kind.CAMPAIGN] if one.id == "audiences")
    assert ("L1", "Shoppers") in field.options


def test_a_listing_that_is_silently_empty_renames_nothing() -> None:
    esp = account("L1")
    tool = CalendarConnector("news", esp)
    tool.schema()
    esp.names.clear()
    tool.schema()
    assert names(tool) == ["Customers"]


def test_options_come_in_one_order_whatever_order_they_are_told_in() -> None:
    esp = account("L1")
    before = CalendarConnector("news", esp).schema()
    esp.names = dict(reversed(esp.names.items()))
    assert CalendarConnector("news", esp).schema() == before


def test_a_memory_that_would_be_too_long_is_not_told() -> None:
    esp = account()
    esp.names |= {f"N{number}": "A list with a rather long name" for number in range(6000)}
    tool = CalendarConnector("news", esp)
    tool.schema()
    assert tool.setup() is None


def _but(**changes: Any) -> str:
    setup = json.loads(told(account()))
    return json.dumps({**setup, "names": {**setup["names"], **changes}})


@pytest.mark.parametrize(
    "setup",
    [
        "", "{", "[]", "5", "null", '{"names": 5}', '{"names": {}}', "[" * 5000, _but(audiences=5),
        _but(audiences={"L1": 5}), _but(tags=None), _but(sizes={"L1": "many"}), _but(sizes=3), _but(nameless=[5]),
    ],
)  # fmt: skip
def test_what_cannot_have_been_told_is_passed_over(setup: str) -> None:
    esp = account()
    tool = recalled(esp, setup)
    tool.schema()
    assert names(tool) == ["Customers"]
    assert esp.listings == 1
