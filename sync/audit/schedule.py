"""Do the dates make sense: stages before their send, and no audience written to twice too soon?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.audit.board import Board
from sync.campaign import Campaign, day_of, first_moment
from sync.findings import Finding, FindingKind, Severity
from sync.model import Day, When
from sync.wording import span

# What is done after a send by its nature.
AFTER_THE_SEND = frozenset({"analysis"})


def stages_after_send(board: Board) -> Iterator[Finding]:
    """Stages that are due later than the day of the send that needs them."""
    zone = board.wording.zone
    for campaign in board.live():
        if campaign.send is None:
            continue
        day = day_of(campaign.send, zone)
        for stage in board.stages_of(campaign):
            if stage.due is None or stage.is_finished or stage.kind in AFTER_THE_SEND or stage.due.date <= day:
                continue
            late = (stage.due.date - day).days
            yield board.flag(
                FindingKind.STAGE_AFTER_SEND,
                campaign,
                stage.id,
                f"{stage.title} of {campaign.title} is due {board.wording.value(stage.due)}, "
                f"{late} day{'s' if late > 1 else ''} after its send: {board.wording.value(campaign.send)}",
                "Move the stage before the send, or the send after the stage.",
            )


@dataclass(frozen=True, slots=True)
class Sending:
    """A campaign that goes out, and the first moment at which it does."""

    campaign: Campaign
    send: When
    at: datetime


@dataclass(slots=True)
class Clash:
    """Two campaigns that reach the same audiences within the configured time."""

    first: Sending
    second: Sending
    audiences: list[str]


def audience_clashes(board: Board) -> Iterator[Finding]:
    """Pairs of campaigns that reach one audience within the configured time."""
    for clash in _clashes(board):
        yield _flag(board, clash)


def shared_audiences(board: Board) -> frozenset[str]:
    """The audiences that two campaigns reach too soon after one another."""
    return frozenset(audience for clash in _clashes(board) for audience in clash.audiences)


def _clashes(board: Board) -> Iterable[Clash]:
    by_audience: dict[str, list[Sending]] = defaultdict(list)
    for campaign in board.live(with_others=True):
        if campaign.send is not None:
            sending = Sending(campaign, campaign.send, first_moment(campaign.send, board.wording.zone))
            for audience in campaign.audiences:
                by_audience[audience].append(sending)
    shared: dict[tuple[str, str], Clash] = {}
    for audience in sorted(by_audience):
        ordered = sorted(by_audience[audience], key=lambda sending: (sending.at, sending.campaign.id))
        for index, first in enumerate(ordered):
            for second in ordered[index + 1 :]:
                if second.at - first.at >= board.rules.audience_gap:
                    break
                pair = (first.campaign.id, second.campaign.id)
                if board.others.keys() >= set(pair):
                    continue
                shared.setdefault(pair, Clash(first, second, [])).audiences.append(audience)
    return shared.values()


def _flag(board: Board, clash: Clash) -> Finding:
    first, second = clash.first, clash.second
    ids = sorted((first.campaign.id, second.campaign.id))
    distance = _distance(first, second, second.at - first.at)
    audiences = ", ".join(_named(board, audience) for audience in clash.audiences)
    return Finding(
        FindingKind.AUDIENCE_CLASH,
        Severity.WARNING,
        ids[0],
        f"{first.campaign.title} and {second.campaign.title} both reach {audiences}, {distance}: "
        f"{board.wording.value(first.send)} and {board.wording.value(second.send)}",
        f"Move one of them until they are {span(board.rules.audience_gap)} apart, or take the audience out of one.",
        first.campaign.id,
        first.campaign.title,
        ids[1],
    )


def _named(board: Board, audience: str) -> str:
    """The audience with its size to two digits: more would be another text every day."""
    size = board.sizes.get(audience)
    if not size:
        return audience
    step = 10 ** max(0, len(str(size)) - 2)
    return f"{audience} (about {round(size / step) * step:,} people)" if size > 1 else f"{audience} (1 person)"


def _distance(first: Sending, second: Sending, apart: timedelta) -> str:
    if apart < timedelta(minutes=1):
        return "on the same day" if Day in (type(first.send), type(second.send)) else "at the same time"
    return f"{span(apart)} apart"
