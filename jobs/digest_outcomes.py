"""What became of the sends, in words and figures for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from jobs.digest_words import plain
from sync.campaign import day_of
from sync.outcomes import Outcome
from sync.wording import number, percent

LIMIT: Final = 12
UNTOLD: Final = "\u2013"
TITLE: Final = "What became of your sends"
_BASE: Final = "Percentages are of what was delivered; bounced, of what was sent."
_MACHINES: Final = "Opens that a mail program such as Apple's makes by itself"
_APART: Final = f"{_MACHINES} stand apart"
_AMONG: Final = f"{_MACHINES} are among the opened: the ESP does not tell them apart."


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: how many of the readers did it, such as `opened`; `count` is given beside a percentage."""

    label: str
    text: str
    count: str = ""

    @property
    def told(self) -> bool:
        return self.text != UNTOLD


@dataclass(frozen=True, slots=True)
class Sent:
    """One send. `machine` is there where the ESP tells the opens apart that no person made."""

    name: str
    day: str
    delivered: Figure
    figures: tuple[Figure, ...]
    machine: Figure | None = None

    @property
    def sentence(self) -> str:
        """`12,710 delivered, 45.8 % opened, …`: what is told, in one line that breaks between the figures only."""
        figures = [self.delivered, *self.figures, *([self.machine] if self.machine else [])]
        return ", ".join(f"{figure.text} {figure.label}".replace(" ", "\u00a0") for figure in figures if figure.told)


@dataclass(frozen=True, slots=True)
class Sends:
    """The newest sends, how many there are besides, and how to read their figures."""

    shown: tuple[Sent, ...]
    more: int
    note: str

    @property
    def count(self) -> int:
        return len(self.shown) + self.more

    @property
    def title(self) -> str:
        """`What became of your sends (4)`."""
        return f"{TITLE} ({self.count:,})"

    @property
    def pointer(self) -> str:
        """A sentence for those who read only the beginning."""
        many = f"{self.count:,} sends" if self.count > 1 else "1 send"
        return f"What became of {many} of the last 30 days is told further down."


def sends(outcomes: Sequence[Outcome], zone: ZoneInfo, limit: int | None = LIMIT) -> Sends:
    """The first `limit` of the outcomes (None: all) as people read them."""
    shown = tuple(_sent(outcome, zone) for outcome in outcomes[:limit])
    return Sends(shown, len(outcomes) - len(shown), _note(shown))


def _sent(outcome: Outcome, zone: ZoneInfo) -> Sent:
    """An outcome as people read it, its day in the workspace's zone."""
    day, counts = day_of(outcome.sent, zone), outcome.counts
    machine = counts.machine_opens is not None
    return Sent(
        name=plain(outcome.name, 90),
        day=f"{day:%a} {day.day} {day:%b}",
        delivered=_figure("delivered", counts.delivered, None),
        figures=(
            _figure("opened", outcome.opens, outcome.open_rate),
            _figure("clicked", counts.clicks, outcome.click_rate),
            _figure("converted", counts.conversions, outcome.conversion_rate),
            _figure("unsubscribed", counts.unsubscribes, outcome.unsubscribe_rate),
            _figure("bounced", counts.bounces, outcome.bounce_rate),
        ),
        machine=_figure("machine opens", counts.machine_opens, outcome.machine_open_rate) if machine else None,
    )


def _note(shown: Sequence[Sent]) -> str:
    """What the percentages are of, and whether machines are among those who opened."""
    opened = [one for one in shown if one.figures[0].told]
    apart = [one for one in opened if one.machine]
    if not opened:
        return _BASE
    if not apart:
        return f"{_BASE} {_AMONG}"
    rest = "." if len(apart) == len(opened) else "; where the ESP does not tell them, they are among the opened."
    return f"{_BASE} {_APART}{rest}"


def _figure(label: str, count: float | None, rate: float | None) -> Figure:
    if count is None:
        return Figure(label, UNTOLD)
    return Figure(label, number(count)) if rate is None else Figure(label, percent(rate), number(count))
