"""What became of a send: figures that grow fast at first and ever more slowly after (reference esp §2.7)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from connectors.sandbox.mailchimp_state import Campaign, moment

HALF = 8.0  # hours in which half of all reactions have come
BASKET = 58.4  # what an order is worth on average
# name, lowest and highest share of those that it can happen to
_SPREAD = (
    ("opens", 0.24, 0.46),
    ("clicks", 0.015, 0.06),
    ("left", 0.0008, 0.004),
    ("hard", 0.001, 0.006),
    ("soft", 0.001, 0.008),
    ("abuse", 0.0, 0.0004),
    ("orders", 0.0005, 0.004),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one campaign. Nothing of them ever shrinks."""

    sent: int
    hard_bounces: int
    soft_bounces: int
    unique_opens: int
    opens: int
    subscriber_clicks: int
    clicks: int
    unsubscribed: int
    abuse_reports: int
    orders: int
    last_open: str | None

    @property
    def delivered(self) -> int:
        """Successful deliveries. The API does not tell it; its rates are over it."""
        return self.sent - self.hard_bounces - self.soft_bounces

    @property
    def revenue(self) -> float:
        return round(self.orders * BASKET, 2)

    def rate(self, count: int) -> float:
        """A ratio, 0 to 1."""
        return round(count / self.delivered, 4) if self.delivered > 0 else 0.0


def figures(campaign: Campaign, now: datetime) -> Figures:
    """As they stand now; all 0 before anything has gone out."""
    share = {name: low + (high - low) * _chance(campaign.id, name) for name, low, high in _SPREAD}
    hard, soft = (math.floor(campaign.sent * share[name]) for name in ("hard", "soft"))
    delivered = campaign.sent - hard - soft
    hours = max((now - moment(campaign.send_time)) / timedelta(hours=1), 0.0) if campaign.send_time else 0.0
    reached: float = 1 - 0.5 ** (hours / HALF)

    def come(name: str) -> int:
        return math.floor(delivered * share[name] * reached)

    opens, clicks = come("opens"), come("clicks")
    return Figures(
        sent=campaign.sent,
        hard_bounces=hard,
        soft_bounces=soft,
        unique_opens=opens,
        opens=math.floor(opens * 1.6),
        subscriber_clicks=clicks,
        clicks=math.floor(clicks * 1.3),
        unsubscribed=come("left"),
        abuse_reports=come("abuse"),
        orders=come("orders"),
        last_open=now.replace(microsecond=0).isoformat() if opens else None,
    )


def _chance(id: str, name: str) -> float:
    """Between 0 and 1, always the same for one campaign."""
    return int.from_bytes(sha256(f"{id}/{name}".encode()).digest()[:6]) / 2**48
