"""The capability table in the docs is what the connectors' records say, and the fields told of fit those records."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.calendar import Sending
from jobs.capabilities import capabilities, table
from mappings.load import load
from sync.model import METRICS, Kind
from sync.ports import Metering

PAGE = Path(__file__).parents[2] / "docs" / "tools" / "calendars.md"
START, END = "<!-- made by: python -m jobs.capabilities -->\n\n", "<!-- until here -->"
TOOLS = ("klaviyo", "mailchimp", "brevo", "ics")


def test_the_page_holds_the_table_as_the_records_say_it() -> None:
    told = PAGE.read_text("utf-8").partition(START)[2].partition(END)[0]

    assert told == table(), f"run python -m jobs.capabilities and put what it prints into {PAGE}"


def test_the_records_are_told_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)

    assert tuple(capabilities()) == TOOLS


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_maps_the_outcome_that_its_record_says_it_tells(tool: str) -> None:
    calendar = capabilities()[tool].calendar
    assert calendar is not None
    untold = set(METRICS) if calendar.metering is Metering.NONE else set()
    untold |= set() if calendar.tells_conversions else {"conversions"}
    untold |= set() if calendar.tells_machine_opens else {"machine_opens"}

    mapped = {entry.name for entry in load(None, tool).sections[Kind.CAMPAIGN].entries}

    assert mapped & set(METRICS) == set(METRICS) - untold


@pytest.mark.parametrize(
    ("tool", "open_"),
    [("klaviyo", {"draft", "scheduled", "paused"}), ("mailchimp", {"draft", "scheduled"}),
     ("brevo", {"draft", "scheduled"}), ("ics", set())],
)  # fmt: skip
def test_the_records_say_what_is_locked_and_when(tool: str, open_: set[str]) -> None:
    calendar = capabilities()[tool].calendar
    assert calendar is not None
    states = {"draft", "scheduled", "paused", "sending", "sent", "cancelled", "archived", "unknown"}

    assert states - calendar.locked == open_
    assert calendar.margin == (Sending().margin if calendar.writes else timedelta())
