"""What became of the sends, on the terminal: a row each, in as many columns as the width allows."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from jobs.digest_outcomes import LIMIT, UNTOLD, Sent, sends
from jobs.terminal_text import padded, prose, put, widest
from sync.outcomes import Outcome

# Of a longer name at least so much must fit beside the figures.
SHORTEST: Final = 24
_GAP: Final = "  "


def show_outcomes(console: Console, outcomes: Sequence[Outcome], zone: ZoneInfo, *, verbose: bool = False) -> None:
    """The sends in the order given; without `verbose` not more than twelve."""
    if not outcomes:
        return
    told = sends(outcomes, zone, None if verbose else LIMIT)
    put(console, (told.title, "bold"))
    _rows(console, told.shown)
    if told.more:
        put(console, f"and {told.more:,} more: campaign-sync report --verbose", indent=2)
    prose(console, told.note, indent=2, style="dim")
    put(console)


def _rows(console: Console, shown: Sequence[Sent]) -> None:
    """One line each; where that does not fit, the name above the figures; on a narrow terminal all in words."""
    header, *table = _table(shown)
    widths = [widest(column) for column in zip(header, *table, strict=True)]
    figures, days = sum(widths) + len(_GAP) * (len(widths) - 1), widest(one.day for one in shown)
    room = console.width - 2 - days - figures - 2 * len(_GAP)
    names = widest(["Campaign", *(one.name for one in shown)])
    if room >= min(names, SHORTEST):
        names = min(names, room)
        head = [padded("Campaign", names), padded("Sent", days), _aligned(header, widths)]
        put(console, (_GAP.join(head), "dim"), indent=2)
        for one, row in zip(shown, table, strict=True):
            put(console, _GAP.join([_cut(one.name, names), padded(one.day, days), _aligned(row, widths)]), indent=2)
    elif 4 + figures <= console.width:
        put(console, (_aligned(header, widths), "dim"), indent=4)
        for one, row in zip(shown, table, strict=True):
            prose(console, f"{one.name}, {one.day}", indent=2)
            put(console, _aligned(row, widths), indent=4)
    else:
        for one in shown:
            prose(console, f"{one.name}, {one.day}", indent=2)
            for line in wrap(one.sentence, max(console.width - 4, 20)):
                put(console, line, indent=4)


def _table(shown: Sequence[Sent]) -> list[list[str]]:
    """The header and a row of figures for each send."""
    machines = any(one.machine for one in shown)
    labels = [figure.label.capitalize() for figure in shown[0].figures]
    table = [["Delivered", *labels, *(["Machine opens"] if machines else [])]]
    for one in shown:
        row = [one.delivered.text, *(figure.text for figure in one.figures)]
        table.append([*row, one.machine.text if one.machine else UNTOLD] if machines else row)
    return table


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Figures, to the right."""
    return _GAP.join(" " * (width - cell_len(text)) + text for text, width in zip(row, widths, strict=True))


def _cut(name: str, width: int) -> str:
    """The name in exactly so many cells."""
    text = Text(name)
    text.truncate(width, overflow="ellipsis", pad=True)
    return text.plain
