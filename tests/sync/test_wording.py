"""Values read as a marketer would write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sync.model import Day, EntityLink, Instant, Person, PersonEntry, Stranger, Value, WallClock
from sync.wording import Wording, listed, number, percent, tool_title, wording
from tests.sync.plain import BERLIN

WORDS = Wording(BERLIN, {"ann": "Ann Lee"}, {"cs-1": "Spring"})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "empty"),
        (True, "yes"),
        (False, "no"),
        (12345, "12,345"),
        (0.5, "0.5"),
        ("in_progress", "in progress"),
        ("Save_20", "Save_20"),
        ("two\nlines  here", "two lines here"),
        pytest.param(frozenset({"b", "a"}), "a, b", id="set"),
        (frozenset(), "none"),
        (Day(datetime(2026, 3, 9).date()), "Mon 9 Mar 2026"),
        (Instant(datetime(2026, 3, 9, 8, 5, tzinfo=UTC)), "Mon 9 Mar 2026, 09:05 (Europe/Berlin)"),
        (Instant(datetime(2026, 7, 9, 23, 5, tzinfo=UTC)), "Fri 10 Jul 2026, 01:05 (Europe/Berlin)"),
        (WallClock(datetime(2026, 3, 9, 8, 5)), "Mon 9 Mar 2026, 08:05 (each recipient's own time)"),
        (Person("ann"), "Ann Lee"),
        (Person("bo"), "bo"),
        (Stranger("jira", "5b", "Cy Doe"), "Cy Doe (unknown person in Jira)"),
        (EntityLink("cs-1"), "Spring"),
        (EntityLink("cs-2"), "cs-2"),
    ],
    ids=str,
)
def test_a_value_in_words(value: Value, words: str) -> None:
    assert WORDS.value(value) == words


def test_a_long_text_is_cut_unless_it_is_wanted_whole() -> None:
    assert len(WORDS.value("long text " * 20)) <= 90
    assert WORDS.value("long text " * 20).endswith("…")
    assert WORDS.value("x" * 90) == "x" * 90
    assert WORDS.value("word " * 50, longest=None) == ("word " * 50).strip()


def test_people_are_called_by_their_names() -> None:
    assert wording(BERLIN, [PersonEntry("ann", "Ann Lee", "a@x")]).value(Person("ann")) == "Ann Lee"


@pytest.mark.parametrize(
    ("tool", "title"), [("jira", "Jira"), ("jira-eu", "jira-eu"), ("JIRA", "JIRA"), ("ics", "ICS calendar")]
)
def test_a_tool_is_written_as_people_write_it(tool: str, title: str) -> None:
    assert tool_title(tool) == title


@pytest.mark.parametrize(
    ("words", "sentence"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_listed_as_in_a_sentence(words: list[str], sentence: str) -> None:
    assert listed(words) == sentence


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0, "0.0 %"), (0.00004, "<0.01 %"), (0.00005, "0.01 %"), (0.0019, "0.19 %"), (0.00994, "0.99 %"),
        (0.01, "1.0 %"), (0.412, "41.2 %"), (1, "100.0 %"), (12.5, "1,250.0 %"),
    ],
)  # fmt: skip
def test_a_fraction_is_a_percentage_that_does_not_break(fraction: float, text: str) -> None:
    assert percent(fraction) == text.replace(" ", "\u00a0")


def test_a_count_has_its_thousands_apart() -> None:
    assert (number(12340), number(7.0)) == ("12,340", "7")
