"""What the audit rules look at: the living campaigns with their stages, the people, and the moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf

from sync.campaign import Campaign, Stage, first_moment
from sync.findings import Finding, FindingKind, Severity
from sync.model import STAGE_KINDS, PersonEntry
from sync.wording import Wording


@dataclass(frozen=True, slots=True)
class AuditRules:
    """What a workspace wants flagged: the stages each campaign must have, and how far apart two sends to one
    audience must be."""

    stages: tuple[str, ...] = STAGE_KINDS
    audience_gap: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Board:
    """The agreed model at one moment.

    `disputed` are the cells in conflict (entity, field): people have claimed them, so their emptiness is no gap.
    `inactive` are person ids (or a stranger's native ids) that some tool calls deactivated. `sizes` say about how many
    people an audience has, where that is known. `others` are campaigns that are looked at for what they share with
    these alone.
    """

    campaigns: Mapping[str, Campaign]
    stages: Mapping[str, tuple[Stage, ...]]
    people: Mapping[str, PersonEntry]
    rules: AuditRules
    now: datetime
    wording: Wording
    disputed: frozenset[tuple[str, str]] = frozenset()
    inactive: frozenset[str] = field(default=frozenset())
    sizes: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, Campaign] = field(default_factory=dict)

    def live(self, *, with_others: bool = False) -> Iterator[Campaign]:
        """Campaigns that are not over, in the order of their sends, those without one last."""
        zone = self.wording.zone
        among = {**self.others, **self.campaigns} if with_others else self.campaigns
        found = [c for c in among.values() if not c.is_over(self.now, zone)]
        dated = sorted(found, key=lambda c: (c.title, c.id))
        dated.sort(key=lambda c: first_moment(c.send, zone).timestamp() if c.send else inf)
        return iter(dated)

    def stages_of(self, campaign: Campaign) -> tuple[Stage, ...]:
        """Its stages in the order in which a campaign is made."""
        order = {kind: at for at, kind in enumerate(STAGE_KINDS)}
        found = self.stages.get(campaign.id, ())
        return tuple(sorted(found, key=lambda s: (order.get(s.kind or "", len(order)), s.id)))

    def flag(
        self, kind: FindingKind, campaign: Campaign, subject: str, title: str, advice: str, key: str = "",
        severity: Severity = Severity.WARNING,
    ) -> Finding:  # fmt: skip
        """A finding about a campaign or one of its stages."""
        return Finding(kind, severity, subject, title, advice, campaign.id, campaign.title, key)
