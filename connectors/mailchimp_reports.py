"""What became of Mailchimp campaigns: their reports as counts, by as few requests as possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.answers import understood, word
from connectors.calendar_wire import Document, Missing
from connectors.mailchimp_campaigns import object_in
from connectors.mailchimp_wire import Wire
from sync.errors import ConfigError
from sync.ports import Withheld

FIELDS: Final = (
    "id", "list_id", "emails_sent", "unsubscribed", "bounces", "opens.unique_opens", "clicks.unique_subscriber_clicks",
    "ecommerce.total_orders",
)  # fmt: skip
# How much earlier than the earliest send is asked for: a recipient-local one begins in the first zones of the earth.
EARLIER: Final = timedelta(days=1)


class Reports:
    """The reports of one account. `sent_at` are the send times of campaigns, as far as they are known."""

    def __init__(self, wire: Wire) -> None:
        self.sent_at: dict[str, datetime] = {}
        self._wire = wire
        self._selling: frozenset[str] | None = None  # the lists with a connected store

    def measured(self, ids: Sequence[str]) -> dict[str, dict[str, float]]:
        """Counts by campaign; those without a report are left out."""
        found: dict[str, dict[str, float]] = {}
        for report in self._reports(ids):
            found[report["id"]] = counts(report, store=self._has_store(report))
        return found

    def withheld(self) -> tuple[Withheld, ...]:
        """That the reports may not be read, or that no audience has a shop whose orders could be told."""
        try:
            self._wire.get("reading the reports", "/reports", {"count": "1", "fields": "total_items"})
        except (ConfigError, Missing) as error:
            what = f"the outcomes of sends cannot be read, so their columns stay empty: {str(error).rstrip('.')}"
            return (Withheld(what, "use a key of somebody who may see the reports there"),)
        self._selling = self._shops()
        if self._selling:
            return ()
        return (
            Withheld(
                "no audience has a connected store, so conversions stay empty", "connect one there, or do without them"
            ),
        )

    def _reports(self, ids: Sequence[str]) -> Iterator[Document]:
        """One by its id; several out of one listing from the earliest send on, which is a page of a thousand."""
        doing = "reading the reports"
        if len(ids) == 1:
            with suppress(Missing):
                report = self._wire.get(doing, f"/reports/{ids[0]}", {"fields": ",".join(FIELDS)})
                with understood(self._wire.tool, doing):
                    word(report, "id")
                yield report
        elif ids:
            wanted = set(ids)
            params = {"fields": ",".join(("total_items", *(f"reports.{name}" for name in FIELDS)))}
            known = [self.sent_at[id_] for id_ in ids if id_ in self.sent_at]
            if len(known) == len(ids):
                params["since_send_time"] = (min(known).astimezone(UTC) - EARLIER).isoformat(timespec="seconds")
            for report in self._wire.listing(doing, "/reports", "reports", params):
                if report["id"] in wanted:
                    yield report

    def _has_store(self, report: Document) -> bool:
        """Whether the report's orders mean anything: without a connected store they are 0 for want of a shop."""
        orders = object_in(report, "ecommerce").get("total_orders")
        if not _is_count(orders) or orders:
            return bool(orders)
        if self._selling is None:
            self._selling = self._shops()
        return report.get("list_id") in self._selling

    def _shops(self) -> frozenset[str]:
        """The lists with a connected store; none where the account may not know."""
        params = {"has_ecommerce_store": "true", "fields": "total_items,lists.id"}
        try:
            rows = self._wire.listing("reading which audiences have a shop", "/lists", "lists", params)
            return frozenset(str(row["id"]) for row in rows)
        except ConfigError:
            return frozenset()


def counts(report: Mapping[str, Any], *, store: bool) -> dict[str, float]:
    """The counts of one report (reference esp §2.7, §6.5): people, not events, and never a rate of the vendor's."""
    bounced = object_in(report, "bounces")
    found: dict[str, Any] = {
        "opens": object_in(report, "opens").get("unique_opens"),
        "clicks": object_in(report, "clicks").get("unique_subscriber_clicks"),
        "unsubscribes": report.get("unsubscribed"),
        "conversions": object_in(report, "ecommerce").get("total_orders") if store else None,
    }
    told: dict[str, float] = {name: number for name, number in found.items() if _is_count(number)}
    bounces = [bounced.get(kind) for kind in ("hard_bounces", "soft_bounces", "syntax_errors")]
    if any(map(_is_count, bounces)):
        told["bounces"] = sum(number or 0 for number in bounces if number is None or _is_count(number))
        if _is_count(report.get("emails_sent")):
            told["delivered"] = max(report["emails_sent"] - told["bounces"], 0)
    return told


def _is_count(number: Any) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool)
