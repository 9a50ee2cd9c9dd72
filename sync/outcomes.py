"""What became of the sends of the last weeks: the counts that the ESPs told, and the rates that they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sync import codec
from sync.campaign import Campaign, Metrics, first_moment, last_moment
from sync.model import METRICS, Day, Instant, WallClock, When

SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One send and what its readers made of it. Rates are fractions (0.25), None where the ESP does not tell."""

    campaign: str
    name: str
    sent: When
    counts: Metrics

    @property
    def opens(self) -> float | None:
        """Those who opened it. Opens that a mail program made by itself are left out where they are told apart."""
        if self.counts.opens is None or self.counts.machine_opens is None:
            return self.counts.opens
        return max(self.counts.opens - self.counts.machine_opens, 0)

    @property
    def open_rate(self) -> float | None:
        """`opens` as a fraction of what was delivered."""
        return self.counts.rate(self.opens)

    @property
    def machine_open_rate(self) -> float | None:
        return self.counts.rate(self.counts.machine_opens)

    @property
    def click_rate(self) -> float | None:
        return self.counts.rate(self.counts.clicks)

    @property
    def conversion_rate(self) -> float | None:
        return self.counts.rate(self.counts.conversions)

    @property
    def unsubscribe_rate(self) -> float | None:
        return self.counts.rate(self.counts.unsubscribes)

    @property
    def bounce_rate(self) -> float | None:
        """What bounced as a fraction of all that was sent, which is what was delivered and what bounced."""
        delivered, bounces = self.counts.delivered, self.counts.bounces
        if delivered is None or bounces is None or not delivered + bounces:
            return None
        return bounces / (delivered + bounces)


def outcomes(campaigns: Iterable[Campaign], now: datetime, zone: ZoneInfo) -> tuple[Outcome, ...]:
    """The sends of the last 30 days of which at least one count is known, the newest first.

    A campaign's send is when it went out by the ESP, else when it was planned to; days and recipients' own times are
    taken in the workspace's `zone`.
    """
    found = [
        Outcome(campaign.id, campaign.title, campaign.send, campaign.metrics)
        for campaign in campaigns
        if campaign.send is not None and campaign.metrics != Metrics() and _is_recent(campaign.send, now, zone)
    ]
    found.sort(key=lambda outcome: (outcome.name.casefold(), outcome.campaign))
    return tuple(sorted(found, key=lambda outcome: first_moment(outcome.sent, zone), reverse=True))


def to_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as `--json` has it: counts by their field's name, rates as fractions, null where nothing is told."""
    return {
        "campaign": outcome.campaign,
        "name": outcome.name,
        "sent": codec.encode(outcome.sent),
        "counts": asdict(outcome.counts),
        "rates": {
            "open": outcome.open_rate,
            "machine_open": outcome.machine_open_rate,
            "click": outcome.click_rate,
            "conversion": outcome.conversion_rate,
            "unsubscribe": outcome.unsubscribe_rate,
            "bounce": outcome.bounce_rate,
        },
    }


def of_report(report: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> tuple[Outcome, ...]:
    """The outcomes in the JSON of a run's report of the last 30 days. That of an earlier version has none."""
    found = (_outcome(told) for told in report.get("outcomes", ()))
    return tuple(outcome for outcome in found if _is_recent(outcome.sent, now, zone))


def _outcome(told: Mapping[str, Any]) -> Outcome:
    sent, counts = codec.decode(told["sent"]), told["counts"]
    if not isinstance(sent, Instant | WallClock | Day):
        raise TypeError(f"not the time of a send: {told['sent']!r}")
    return Outcome(told["campaign"], told["name"], sent, Metrics(**{name: counts.get(name) for name in METRICS}))


def _is_recent(sent: When, now: datetime, zone: ZoneInfo) -> bool:
    return first_moment(sent, zone) <= now and last_moment(sent, zone) >= now - SHOWN_FOR
