"""What happens after a Brevo send: counts that grow on a decaying curve, Apple's machine opens apart (reference esp
§3.6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from connectors.sandbox.brevo_state import Campaign, moment

JSON = dict[str, Any]

RECENT = timedelta(days=182)  # the six months that a listing's statistics look back on
BASKET = 64.5
# What of those who were reached do in the end, in thousandths from and to, and after how many hours half of it is done.
_OPENS, _MACHINE, _CLICKS = ((180, 380), 6.0), ((120, 250), 2.0), ((15, 60), 8.0)
_LEAVES, _COMPLAINS, _BUYS = ((1, 5), 12.0), ((0, 1), 12.0), ((1, 8), 24.0)
_HARD, _SOFT = (2, 6), (4, 12)


def statistics(campaign: Campaign, since: datetime | None, now: datetime, with_machines: bool) -> JSON:
    """The `globalStats` by events from `since` (None: all) to `now`. Counts, and two rates of 0..100.

    `uniqueViews` is every recipient whose email was opened, whoever or whatever did it; `trackableViews` are those of
    people alone whose mail program hides nothing. Whether `opensRate` counts the machines is the account's setting
    (`with_machines`, B2).
    """
    hard, soft = (_share(campaign, name, rate) for name, rate in (("hard", _HARD), ("soft", _SOFT)))
    hard, soft = (_sending(campaign, total, since, now) for total in (hard, soft))
    sent = _sending(campaign, campaign.size, since, now)
    delivered = sent - hard - soft
    people, machine = grown(campaign, "opens", _OPENS, since, now), grown(campaign, "machine", _MACHINE, since, now)
    opens = people + machine
    clicks = grown(campaign, "clicks", _CLICKS, since, now)
    seen = opens if with_machines else people
    return {
        "uniqueClicks": clicks, "clickers": clicks + clicks // 4,
        "complaints": grown(campaign, "complains", _COMPLAINS, since, now),
        "delivered": delivered, "sent": sent, "softBounces": soft, "hardBounces": hard,
        "uniqueViews": opens, "viewed": opens + people // 3,
        "unsubscriptions": grown(campaign, "leaves", _LEAVES, since, now),
        "trackableViews": people - people // 5, "trackableViewsRate": _percentage(people - people // 5, delivered),
        "estimatedViews": people + machine // 3, "appleMppOpens": machine,
        "opensRate": _percentage(seen, delivered), "deferred": soft // 2, "returnBounce": 0,
    }  # fmt: skip


def stopped(campaign: Campaign, now: datetime) -> None:
    """Sending ends before everybody was reached."""
    campaign.size = _sending(campaign, campaign.size, None, now)
    campaign.lasts = min(campaign.lasts, _past(campaign, now).total_seconds())


def orders(campaign: Campaign, since: datetime | None, now: datetime) -> int:
    """Purchases that the shop attributes to the campaign."""
    return grown(campaign, "buys", _BUYS, since, now)


def grown(
    campaign: Campaign, name: str, how: tuple[tuple[int, int], float], since: datetime | None, now: datetime
) -> int:
    """How many recipients have done a thing within a time: half of what is left in every half-life."""
    rate, hours = how
    total, half = _share(campaign, name, rate), timedelta(hours=hours)

    def until(at: datetime) -> int:
        past = _past(campaign, at)
        return int(total * (1 - 0.5 ** (past / half))) if past > timedelta(0) else 0

    return until(now) - (until(since) if since else 0)


def _sending(campaign: Campaign, total: int, since: datetime | None, now: datetime) -> int:
    """Sending goes evenly."""

    def until(at: datetime) -> int:
        lasts = timedelta(seconds=max(campaign.lasts, 1))
        return int(total * min(max(_past(campaign, at) / lasts, 0.0), 1.0))

    return until(now) - (until(since) if since else 0)


def _past(campaign: Campaign, at: datetime) -> timedelta:
    return at - moment(campaign.began) if campaign.began else timedelta(0)


def _share(campaign: Campaign, name: str, rate: tuple[int, int]) -> int:
    """A share of the recipients that is the campaign's own, and always the same."""
    least, most = rate
    digest = int.from_bytes(sha256(f"{campaign.id}/{name}".encode()).digest()[:4])
    return int(campaign.size * (least + (most - least) * digest / 0xFFFFFFFF) / 1000)


def _percentage(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
