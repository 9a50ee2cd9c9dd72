"""What became of Klaviyo's sends: one report for many campaigns, within its small quota (reference esp §1.9)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.answers import items, part, understood, word
from connectors.klaviyo_wire import Wire
from sync.errors import ConfigError
from sync.ports import Withheld

AT_ONCE = 100  # campaigns of one report: a list of a filter has at most so many items (K1)
ORDERS = "Placed Order"  # what shops count as a conversion
COUNTED = {
    "delivered": "delivered", "opens_unique": "opens", "clicks_unique": "clicks", "bounced": "bounces",
    "unsubscribe_uniques": "unsubscribes", "conversion_uniques": "conversions",
}  # fmt: skip
DOING = "reading what became of campaigns"


class Reports:
    """The campaign reports of one account. `conversion` is the id of the metric that counts as a conversion."""

    def __init__(self, tool: str, wire: Wire, conversion: str | None) -> None:
        self._tool = tool
        self._wire = wire
        self._configured = self._conversion = conversion

    @property
    def conversion(self) -> str | None:
        """The id of the metric that counts as a conversion, as far as it is known."""
        return self._conversion

    def recall(self, conversion: str | None) -> None:
        """Go by the metric that was found earlier, if none is configured; None looks for it again."""
        self._conversion = self._configured or conversion

    def measure(self, ids: Sequence[str]) -> dict[str, dict[str, float]]:
        """Counts by field of campaigns. Conversions are left out where the account has no metric for them."""
        found: dict[str, dict[str, float]] = {}
        for (campaign, _), counts in self.sends("campaign_id", ids).items():
            _add(found.setdefault(campaign, {}), counts)
        return found

    def withheld(self) -> tuple[Withheld, ...]:
        """That no metric counts as a conversion, or that the metrics may not be read: then there are no outcomes."""
        try:
            metric, counts = self._metric()
        except ConfigError as error:
            what = f"the outcomes of sends cannot be read, so their columns stay empty: {str(error).rstrip('.')}"
            return (Withheld(what, "give the key the scope metrics:read"),)
        if metric is None or counts:
            return ()
        return (
            Withheld(
                f"the account has no metric called {ORDERS}, so conversions stay empty",
                f"set conversion_metric in [tools.{self._tool}] to the id of the one that counts as a conversion, or "
                f"do without them",
            ),
        )

    def sends(self, field: str, ids: Sequence[str]) -> dict[tuple[str, str], dict[str, float]]:
        """The same of each message, by campaign and message. `field`: whose ids these are, campaign_id or
        campaign_message_id."""
        found: dict[tuple[str, str], dict[str, float]] = {}
        metric, counts = self._metric() if ids else (None, False)
        if metric is None:  # an account without any metric has sent nothing that was ever counted
            return found
        for start in range(0, len(ids), AT_ONCE):
            for send, statistics in self._rows(field, ids[start : start + AT_ONCE], metric):
                told = {ours: statistics.get(theirs) for theirs, ours in COUNTED.items()}
                numbers = {
                    name: count
                    for name, count in told.items()
                    if isinstance(count, int | float) and (counts or name != "conversions")
                }
                _add(found.setdefault(send, {}), numbers)  # a test has a row for each of its messages
        return found

    def _rows(self, field: str, ids: Sequence[str], metric: str) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
        attributes = {
            "statistics": list(COUNTED),
            # A key and no moments: their offset would be ignored for the account's zone.
            "timeframe": {"key": "last_365_days"},
            "conversion_metric_id": metric,
            "filter": f"contains-any({field},{json.dumps(list(ids))})",
        }
        data = {"type": "campaign-values-report", "attributes": attributes}
        for page in self._wire.report(DOING, "/api/campaign-values-reports", data):
            with understood(self._tool, DOING):
                results = items(part(part(page, "data"), "attributes"), "results")
                rows = [(_send(part(row, "groupings")), part(row, "statistics")) for row in results]
            yield from rows

    def _metric(self) -> tuple[str | None, bool]:
        """The metric that a report has to name, and whether it counts conversions; any other one will do as well."""
        if self._conversion:
            return self._conversion, True
        first: str | None = None
        doing = "looking for the metric of conversions"
        for page in self._wire.pages(doing, "/api/metrics", {"fields[metric]": "name"}):
            with understood(self._tool, doing):
                found = [(word(one, "id"), part(one, "attributes").get("name")) for one in items(page, "data")]
            for id_, name in found:
                if name == ORDERS:
                    self._conversion = id_
                    return id_, True
                first = first or id_
        return first, False


def _send(groupings: Mapping[str, Any]) -> tuple[str, str]:
    return word(groupings, "campaign_id"), str(groupings.get("campaign_message_id") or "")


def _add(held: dict[str, float], counts: Mapping[str, float]) -> None:
    for name, count in counts.items():
        held[name] = held.get(name, 0) + count
