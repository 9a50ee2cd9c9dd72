"""What became of sends in words: figures, what is not told, and whether machines are among those who opened."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from jobs.digest_outcomes import LIMIT, Sends, sends
from sync.campaign import Metrics
from sync.model import Instant, WallClock, When
from sync.outcomes import Outcome

BERLIN = ZoneInfo("Europe/Berlin")
SENT = Instant(datetime(2026, 11, 10, 23, 30, tzinfo=UTC))
APART = Metrics(12710, 5820, 1440, 583, None, 24, 193)
AMONG = Metrics(2292, 633, None, 136, 15, 8, 18)


def told(*counts: Metrics, sent: When = SENT) -> Sends:
    return sends([Outcome(f"cs-{n}", f"Sale {n}", sent, each) for n, each in enumerate(counts)], BERLIN)


def test_a_send_is_told_with_its_day_in_the_workspaces_zone_and_what_was_counted() -> None:
    (one,) = told(AMONG).shown

    assert (one.name, one.day, one.delivered.text) == ("Sale 0", "Wed 11 Nov", "2,292")
    assert [(f.label, f.text, f.count) for f in one.figures] == [
        ("opened", "27.6\u00a0%", "633"),
        ("clicked", "5.9\u00a0%", "136"),
        ("converted", "0.65\u00a0%", "15"),
        ("unsubscribed", "0.35\u00a0%", "8"),
        ("bounced", "0.78\u00a0%", "18"),
    ]
    assert one.machine is None


def test_what_the_esp_does_not_tell_is_a_dash_and_left_out_of_the_sentence() -> None:
    (one,) = told(APART).shown

    assert one.figures[2].text == "\u2013"
    assert one.sentence.replace("\u00a0", " ") == (
        "12,710 delivered, 34.5 % opened, 4.6 % clicked, 0.19 % unsubscribed, 1.5 % bounced, 11.3 % machine opens"
    )


def test_a_count_of_which_no_rate_is_known_is_told_as_it_is() -> None:
    (one,) = told(Metrics(opens=633)).shown

    assert (one.figures[0].text, one.figures[0].count, one.delivered.told) == ("633", "", False)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([APART], "Opens that a mail program such as Apple's makes by itself stand apart."),
        ([AMONG], "are among the opened: the ESP does not tell them apart."),
        ([APART, AMONG], "stand apart; where the ESP does not tell them, they are among the opened."),
        ([APART, Metrics(bounces=1)], "makes by itself stand apart."),
        ([Metrics(bounces=1)], "bounced, of what was sent."),
    ],
)
def test_the_note_says_whether_machines_are_among_those_who_opened(counts: list[Metrics], said: str) -> None:
    assert told(*counts).note.endswith(said)


def test_many_sends_are_capped_and_say_by_how_many() -> None:
    many = told(*[AMONG] * (LIMIT + 3))

    assert (len(many.shown), many.more, many.title) == (LIMIT, 3, f"What became of your sends ({LIMIT + 3})")
    assert many.pointer == f"What became of {LIMIT + 3} sends of the last 30 days is told further down."
    assert told(AMONG).pointer.startswith("What became of 1 send of")


def test_a_name_is_one_printable_line() -> None:
    hostile = Outcome("cs-1", "Sale\r\n\x1b[31m\u202e now", SENT, AMONG)

    assert sends([hostile], BERLIN).shown[0].name == "Sale [31m now"


def test_the_day_of_a_send_at_each_recipients_own_time_is_not_turned() -> None:
    (one,) = told(AMONG, sent=WallClock(datetime(2026, 11, 10, 23, 30))).shown

    assert one.day == "Tue 10 Nov"
