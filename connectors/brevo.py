"""Brevo as a calendar: its campaigns, lists and segments over HTTP (reference esp §3). Nothing here sends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from connectors.answers import items, understood
from connectors.brevo_audiences import Audiences, is_number
from connectors.brevo_campaigns import TOLD_FOR, creation, edition, entry_of, lacking, written
from connectors.brevo_wire import Locked, Ungranted, Wire
from connectors.calendar import Audience, Content, Entry, SendTime, Status, no_changes, unheard
from connectors.calendar_wire import Missing
from connectors.http import Retry
from sync.errors import ConfigError, Rejected, Stale
from sync.ports import LOCKED, Calendar, Metering, TimeKind, Withheld

CAMPAIGNS = "/emailCampaigns"
ORDERS = "/ecommerce/attribution/metrics"
PAGE = 100  # the most that Brevo gives at once
# All states in one listing. One a state would cost nine of a hundred calls an hour even for a small account, and what
# goes from one state to another between two of them would be in neither.
LISTED = {"type": "classic", "statistics": "globalStats", "excludeHtmlContent": "true"}
LOOKED_AT = {"statistics": "globalStats", "excludeHtmlContent": "true"}
ATTRIBUTED = timedelta(days=30)  # so long after a send orders are asked for
# The commands that stop a scheduled campaign: which of them works is not published (§3.4). The only ones ever given.
UNSCHEDULING = ("draft", "suspended", "draft")


class BrevoEsp:
    """The email campaigns of one account. `sender` is what a new campaign starts with: {"id"} or {"email", "name"}.

    `zone` is the account's: in it best-time sends have their days. `conversions`: a listing asks for orders as well,
    for one more call a page with recent sends; an account without the commerce add-on tells none, and whoever knows
    that saves the call. The tag of a new campaign is our marker; the tag of any other is never written.
    """

    title = "Brevo"
    settle = 60.0  # the vendor promises nothing
    deletes_drafts = True
    tags = False
    batch = 1
    archives_apart = False

    def __init__(
        self,
        tool: str,
        *,
        token: str,
        sender: Mapping[str, Any],
        url: str = "https://api.brevo.com/v3",
        zone: tzinfo | None = None,
        conversions: bool = True,
        per_second: float | None = 10.0,
        per_hour: int = 100,
        retry: Retry | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        folder: Path | None = None,
    ) -> None:
        self.calendar = Calendar(
            kinds=frozenset({TimeKind.INSTANT, TimeKind.DAY}),
            writes=frozenset({TimeKind.INSTANT, TimeKind.DAY}),
            schedules=True,
            unschedules=True,
            moves_at_once=True,
            edits_scheduled=True,
            locked=LOCKED,  # "only draft or scheduled campaigns can be modified" (§3.3)
            tells_changed_at=True,
            correlates="tag",
            metering=Metering.ROW,
            tells_conversions=True,
            tells_machine_opens=True,
            calls_per_hour=per_hour,
        )
        self._tool = tool
        self._sender = sender
        self._zone = zone
        self._orders_are_asked = self._orders_are_told = conversions
        self._now = now
        self._wire = Wire(
            tool, token=token, url=url, per_second=per_second, retry=retry or Retry(), folder=folder, now=now
        )
        self._audiences = Audiences(tool, self._wire)

    def memory(self) -> Mapping[str, Any]:
        """Whether the account tells orders, which costs a request to find out."""
        return {"orders": self._orders_are_told}

    def recall(self, known: Mapping[str, Any]) -> None:
        """The same."""
        self._orders_are_told = self._orders_are_asked and known.get("orders") is not False

    def entries(self) -> Iterator[Entry]:
        """Every email campaign with its counts, a hundred a call; archived ones too."""
        doing = "reading the campaigns"
        for rows in self._wire.rows(doing, CAMPAIGNS, "campaigns", PAGE, LISTED):
            told_since = self._at() - TOLD_FOR
            with understood(self._tool, doing):
                entries = [entry_of(row, zone=self._zone, counted_since=told_since) for row in rows]
            orders = self._orders([one for one in entries if self._recent(one)])
            for entry in entries:
                yield replace(entry, metrics={**entry.metrics, **orders[entry.id]}) if entry.id in orders else entry

    def changed(self, since: datetime, *, archived: bool = False) -> Iterator[Entry]:  # noqa: ARG002
        """Never asked: no listing can be confined to what changed (§3.2)."""
        return no_changes(self.title, since)

    def entry(self, id_: str) -> Entry | None:
        """One campaign, with all its counts however old it is."""
        if not is_number(id_):
            return None  # no id, which in an address would ask for something else
        doing = "reading a campaign"
        try:
            row = self._wire.get(doing, f"{CAMPAIGNS}/{id_}", LOOKED_AT)
        except Missing:
            return None
        with understood(self._tool, doing):
            entry = entry_of(row, zone=self._zone)
            if entry.id != id_:
                raise LookupError(id_)
        return entry

    def create(self, content: Content, planned: SendTime | None, marker: str) -> str:
        """A new draft with the placeholder for its content; a time given with it would schedule it."""
        if planned is not None:
            raise Rejected("Brevo keeps no planned time on a draft.")
        doing = "creating a campaign"
        made = self._wire.create(doing, CAMPAIGNS, creation(content, marker, self._sender))
        with understood(self._tool, doing, creating=True):
            return str(int(made["id"]))

    def several(self, ids: Sequence[str]) -> Iterator[Entry]:
        """One by one: no listing can be confined to some."""
        return filter(None, map(self.entry, ids))

    def label(self, tags: Mapping[str, Collection[str]]) -> None:
        """Never called: the one tag of a campaign is our marker."""

    def edit(self, entry: Entry, content: Content) -> None:
        """Change only what is given, also while it is scheduled. The answer is empty."""
        if body := edition(entry, content):
            self._put("changing a campaign", entry, body)

    def plan(self, entry: Entry, at: SendTime) -> None:  # noqa: ARG002  there is no such thing
        """Never asked: a time on a draft schedules it (§3.4)."""
        raise Rejected("Brevo keeps no planned time on a draft: a time there schedules the campaign.")

    def schedule(self, entry: Entry, at: SendTime) -> None:
        """Schedule a draft that is fit to go out."""
        doing = "scheduling a campaign"
        try:
            row = self._wire.get(doing, f"{CAMPAIGNS}/{entry.id}", {"excludeHtmlContent": "false"})
        except Missing as exc:
            raise Stale(f"{self._tool}: the campaign {entry.id} is no longer there.") from exc
        with understood(self._tool, doing):
            now, missing = entry_of(row, zone=self._zone), lacking(row)
        if now.status is not Status.DRAFT or now.archived:
            raise Stale(f"{self._tool}: somebody just made the campaign {now.status_raw!r}.")
        if missing:
            raise Rejected(f"Brevo: the campaign needs {missing} before it can be scheduled.")
        self._set_time(doing, now, at)

    def unschedule(self, entry: Entry, confirmed: Callable[[], None] = unheard) -> None:  # noqa: ARG002  its 204 is no proof
        """Make a scheduled campaign a draft again. One that Brevo only suspends does not go out either."""
        said: Rejected | None = None
        status = Status.SCHEDULED
        for command in UNSCHEDULING:
            try:
                self._put("unscheduling a campaign", entry, {"status": command}, "/status", once=True)
            except Locked:
                raise
            except Rejected as refusal:
                said = refusal
                continue
            now = self.entry(entry.id)
            if now is None:
                raise Stale(f"{self._tool}: the campaign {entry.id} is no longer there.")
            status = now.status
            if status not in {Status.SCHEDULED, Status.PAUSED}:
                break
        if status not in {Status.DRAFT, Status.PAUSED}:
            words = f"{self._tool}: Brevo did not let the campaign be unscheduled; do it there. {said or ''}"
            raise Rejected(words.rstrip())

    def move(self, entry: Entry, at: SendTime) -> None:
        """Move a scheduled campaign. The same request would schedule a draft, which is therefore refused here."""
        if entry.status is not Status.SCHEDULED:
            raise Stale(f"{self._tool}: the campaign is not scheduled any more, so that it cannot be moved.")
        self._set_time("moving a campaign", entry, at)

    def delete(self, entry: Entry) -> None:
        """Remove a draft that was never scheduled."""
        with suppress(Missing):
            try:
                self._wire.change("deleting a draft", "DELETE", f"{CAMPAIGNS}/{entry.id}")
            except Ungranted as exc:
                raise Rejected(
                    f"{self._tool}: Brevo deletes no campaign that was ever scheduled, nor one that this key may not "
                    f"touch; archive it there. {exc}"
                ) from exc

    def audiences(self) -> Sequence[Audience]:
        """All lists, with the number of their contacts, and all segments, of which Brevo tells none."""
        return self._audiences.all()

    def audience(self, id_: str) -> Audience | None:
        """A list by itself; segments can only be listed."""
        return self._audiences.one(id_)

    def tag_names(self) -> Sequence[tuple[str, str]]:
        """None: the one tag of a campaign is a text, and carries our marker."""
        return ()

    def measure(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        """All counts of these sends, each by a request of its own, which is what older ones need (§3.6)."""
        found = [entry for entry in map(self.entry, ids) if entry is not None]
        orders = self._orders(found)
        return {one.id: {**one.metrics, **orders.get(one.id, {})} for one in found}

    def withheld(self) -> Sequence[Withheld]:
        """The orders, which take the commerce add-on, unless `conversions` says that there is none; one request."""
        if not self._orders_are_asked:
            return ()
        try:
            asked = {"periodFrom": _utc(self._at() - timedelta(days=1)), "periodTo": _utc(self._at())}
            self._wire.get("reading orders", ORDERS, asked, spare=True)
        except (Ungranted, Missing):
            self._orders_are_told = False
            return (
                Withheld(
                    "the account has no commerce add-on, or the key may not read it, so conversions stay empty",
                    f"see to that there, or do without them and set conversions = false in [tools.{self._tool}], which "
                    f"saves a request an hour",
                ),
            )
        except ConfigError:  # asked for no campaign's orders; whether that is allowed is not published
            return ()
        return ()

    def time(self) -> datetime | None:
        """Brevo's own time, by its last answer."""
        return self._wire.clock.now()

    def close(self) -> None:
        """Give back sockets."""
        self._wire.close()

    def _set_time(self, doing: str, entry: Entry, at: SendTime) -> None:
        """Whoever asks has made sure of the margin. A time that is past would send at once, so it is never written."""
        best = at.kind is TimeKind.DAY
        if at.kind not in self.calendar.writes or best is not bool(entry.raw.get("sendAtBestTime")):
            raise Rejected("Brevo: whether a campaign goes out at the best time of a day can only be changed there.")
        text = written(at, self._zone)
        if datetime.fromisoformat(text) <= self._at():
            raise Rejected(f"Brevo: {text} is past, and nothing is scheduled for a time that is.")
        self._put(doing, entry, {"scheduledAt": text}, once=True)

    def _put(self, doing: str, entry: Entry, body: Mapping[str, Any], what: str = "", *, once: bool = False) -> None:
        try:
            self._wire.change(doing, "PUT", f"{CAMPAIGNS}/{entry.id}{what}", body, once=once)
        except Missing as exc:
            raise Stale(f"{self._tool}: the campaign {entry.id} is no longer there.") from exc

    def _orders(self, entries: Sequence[Entry]) -> Mapping[str, Mapping[str, float]]:
        """The orders that these sends led to; nothing where the account has no commerce add-on (402 or 403)."""
        sends = {one.id: one.scheduled.at for one in entries if one.scheduled and one.metrics}
        if not self._orders_are_told or not sends:
            return {}
        since = min(at.replace(tzinfo=at.tzinfo or UTC) for at in sends.values()) - timedelta(days=1)
        asked = {"periodFrom": _utc(since), "periodTo": _utc(self._at()), "emailCampaignId[]": list(sends)}
        doing = "reading orders"
        try:
            answer = self._wire.get(doing, ORDERS, asked, spare=True)
        except (Ungranted, Missing):
            self._orders_are_told = False
            return {}
        with understood(self._tool, doing):
            return {str(row["id"]): {"conversions": _count(row["ordersCount"])} for row in items(answer, "results")}

    def _recent(self, entry: Entry) -> bool:
        at = entry.scheduled.at if entry.scheduled else None
        return at is not None and at.replace(tzinfo=at.tzinfo or UTC) > self._at() - ATTRIBUTED

    def _at(self) -> datetime:
        return self._wire.clock.now() or self._now()


def _count(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("count")
    return value


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
