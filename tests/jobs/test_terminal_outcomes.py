"""What became of the sends on the terminal: a row each, readable at every width."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from jobs.terminal import show_plan, show_run
from jobs.terminal_outcomes import show_outcomes
from sync.campaign import Metrics
from sync.model import Instant
from sync.outcomes import Outcome
from sync.report import Action, CellChange, RecordChange, RunReport, State, ToolAccount
from sync.wording import Wording

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
DASH = "\u2013"  # what the ESP does not tell
SALE = Outcome("cs-1", "Birthday offer", Instant(NOW - timedelta(days=5)), Metrics(2292, 633, None, 136, 15, 8, 18))
NEWS = Outcome(
    "cs-2", "Sustainability report", Instant(NOW - timedelta(days=11)), Metrics(12710, 5820, 1440, 583, None, 24, 193)
)
LONG = Outcome("cs-3", "Price change notice for members in Austria, Germany and Spain", SALE.sent, Metrics(31198, 9203))


def shown(*outcomes: Outcome, width: int = 120, verbose: bool = False) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system=None)
    show_outcomes(console, outcomes, BERLIN, verbose=verbose)
    return file.getvalue().replace("\u00a0", " ").splitlines()


def run(*changes: RecordChange, dry: bool = False, verbose: bool = False) -> str:
    """The screen of a run that knows of two sends."""
    file, tools = io.StringIO(), (ToolAccount("jira", 1),)
    report = RunReport("Acme", "r", NOW, NOW, dry, tools, changes, outcomes=(SALE, NEWS))
    show = show_plan if dry else show_run
    show(Console(file=file, width=120), report, Wording(BERLIN), verbose=verbose)
    return file.getvalue().replace("\u00a0", " ")


def test_a_wide_terminal_has_a_row_for_each_send() -> None:
    lines = [line.split("  ") for line in shown(SALE, NEWS)[1:4]]

    assert [[cell.strip() for cell in line if cell] for line in lines] == [
        ["Campaign", "Sent", "Delivered", "Opened", "Clicked", "Converted", "Unsubscribed", "Bounced", "Machine opens"],
        ["Birthday offer", "Tue 17 Nov", "2,292", "27.6 %", "5.9 %", "0.65 %", "0.35 %", "0.78 %", DASH],
        ["Sustainability report", "Wed 11 Nov", "12,710", "34.5 %", "4.6 %", DASH, "0.19 %", "1.5 %", "11.3 %"],
    ]
    assert len({len(line) for line in shown(SALE, NEWS)[1:4]}) == 1


def test_without_machine_opens_there_is_no_column_for_them() -> None:
    assert "Machine opens" not in "".join(shown(SALE))


def test_a_name_that_does_not_fit_is_cut() -> None:
    lines = shown(LONG, width=110)

    assert lines[2].startswith("  Price change notice for me")
    assert "\u2026  Tue 17 Nov     31,198  29.5 %" in lines[2]


def test_at_eighty_columns_the_name_stands_above_its_figures() -> None:
    lines = shown(SALE, NEWS, width=80)

    assert lines[1:4] == [
        "    Delivered  Opened  Clicked  Converted  Unsubscribed  Bounced  Machine opens",
        "  Birthday offer, Tue 17 Nov",
        "        2,292  27.6 %    5.9 %     0.65 %        0.35 %   0.78 %              " + DASH,
    ]


def test_a_narrow_terminal_tells_it_in_words() -> None:
    assert shown(NEWS, width=50)[1:5] == [
        "  Sustainability report, Wed 11 Nov",
        "    12,710 delivered, 34.5 % opened,",
        "    4.6 % clicked, 0.19 % unsubscribed,",
        "    1.5 % bounced, 11.3 % machine opens",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, shown(SALE, NEWS, LONG, width=width))) <= width


def test_many_sends_are_capped_unless_all_are_wanted() -> None:
    lines = shown(*[SALE] * 15)

    assert lines[0] == "What became of your sends (15)"
    assert "  and 3 more: campaign-sync report --verbose" in lines
    assert sum("Birthday offer" in line for line in shown(*[SALE] * 15, verbose=True)) == 15


def test_a_name_cannot_steer_the_terminal() -> None:
    text = "".join(shown(Outcome("cs-1", "[bold]\x1b[31m\u202eSale", SALE.sent, SALE.counts)))

    assert not {char for char in text if ord(char) < 32 or char == "\u202e"}
    assert "[bold] [31mSale" in text


def test_a_run_shows_the_sends_of_which_it_brought_news_and_says_where_the_others_are() -> None:
    cells = (CellChange("opens", "Opens", 600, 633),)
    news = RecordChange(Action.UPDATE, "jira", "cs-1", "cs-1", "Birthday offer", "Birthday offer", cells, State.DONE)

    told, quiet, everything = run(news), run(), run(verbose=True)

    assert "What became of your sends (1)" in told
    assert "Sustainability report" not in told
    assert "What became of your sends" not in quiet
    assert quiet.endswith("What became of the 2 sends of the last 30 days: campaign-sync report\n")
    assert "What became of your sends (2)" in everything


def test_a_plan_is_about_what_is_to_come() -> None:
    assert "What became" not in run(dry=True)
