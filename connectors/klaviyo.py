"""Klaviyo as an ESP's calendar: the email campaigns of one account, classic revisions. It has no way to send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from connectors.answers import part, understood, word
from connectors.calendar import PLACEHOLDER, Audience, Content, Entry, SendTime
from connectors.http import Retry
from connectors.klaviyo_account import Account
from connectors.klaviyo_campaigns import attributes_for, creation, entries_of, entry_of, strategy_for
from connectors.klaviyo_jobs import CLASSIC, Jobs
from connectors.klaviyo_reports import Reports
from connectors.klaviyo_wire import Missing, Wire
from sync.errors import Rejected, Stale, SyncError, Unavailable
from sync.ports import Calendar, Metering, TimeKind

PAGE = 100  # campaigns of one page (reference esp §1.2)
PARTS = {
    "include": "campaign-messages,tags",
    "fields[campaign]": "name,status,archived,audiences,send_strategy,send_time,scheduled_at,created_at,updated_at",
    "fields[campaign-message]": "definition.channel,definition.content.subject",
    "fields[tag]": "name",
}


class KlaviyoEsp:
    """One account. `from_email` and `from_label` are the sender of the drafts it creates.

    A draft holds its planned time as a strategy. A scheduled one takes no edit: it is reverted to a draft, changed, and
    scheduled again (reference esp §1.6). Klaviyo lets no client archive a campaign; a draft may be deleted.
    """

    title = "Klaviyo"
    settle = 60.0  # the vendor promises nothing
    deletes_drafts = True
    tags = True
    calendar = Calendar(
        kinds=frozenset(TimeKind),
        writes=frozenset(TimeKind),
        plans_drafts=True,
        schedules=True,
        unschedules=True,
        tells_changed_at=True,
        lists_changed=True,
        metering=Metering.REPORT,
        tells_conversions=True,
        calls_per_hour=9000,
    )

    def __init__(
        self,
        tool: str,
        *,
        token: str,
        from_email: str,
        from_label: str,
        url: str = "https://a.klaviyo.com",
        revision: str = "2026-07-15",
        conversion_metric: str | None = None,
        per_second: float | None = 10.0,
        retry: Retry | None = None,
    ) -> None:
        self._tool = tool
        self._sender = (from_email, from_label)
        retry = retry or Retry()
        self._wire = Wire(tool, token=token, url=url, revision=revision, per_second=per_second, retry=retry)
        self._jobs = Jobs(self._wire, CLASSIC, self.entry, retry.sleep)
        self._reports = Reports(tool, self._wire, conversion_metric)
        self._account = Account(tool, self._wire)

    def entries(self) -> Iterator[Entry]:
        """Every email campaign: those at work, then the archived ones, which only a query of their own shows."""
        return self._listing("created_at")

    def changed(self, since: datetime) -> Iterator[Entry]:
        """Those whose `updated_at` is not before a moment, which Klaviyo's own doings move as well."""
        at = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._listing("updated_at", f"greater-or-equal(updated_at,{at})")

    def _listing(self, order: str, *more: str) -> Iterator[Entry]:
        doing = "reading the campaigns"
        for archived in ("false", "true"):
            what = ",".join(("equals(messages.channel,'email')", f"equals(archived,{archived})", *more))
            params = {"filter": f"and({what})", "sort": order, "page[size]": str(PAGE), **PARTS}
            for page in self._wire.pages(doing, "/api/campaigns", params):
                with understood(self._tool, doing):
                    found = entries_of(page)
                yield from found

    def entry(self, id_: str) -> Entry | None:
        """One campaign. None is Klaviyo's own 404 under a key that it accepts."""
        if not id_.isalnum():
            return None  # no id, which in an address would ask for something else
        doing = "reading a campaign"
        try:
            document = self._wire.get(doing, f"/api/campaigns/{id_}", PARTS)
        except Missing:
            return None
        with understood(self._tool, doing):
            found = entry_of(document)
            if found.id != id_:
                raise LookupError(id_)
        return found

    def create(self, content: Content, planned: SendTime | None, marker: str) -> str:
        """A new draft; a tag that is refused shows as missing in the next run."""
        wanted = {self._account.tag(name) for name in content.tags or ()}
        doing = "creating a campaign"
        made = self._wire.create(doing, "/api/campaigns", creation(content, planned, marker, self._sender))
        with understood(self._tool, doing, creating=True):
            native = word(part(made, "data"), "id")
        with suppress(SyncError):
            self._account.retag(native, add=wanted)
        return native

    def edit(self, entry: Entry, content: Content) -> None:
        """Change a draft. All refusals come before the first request."""
        message = self._message(entry) if content.subject is not None else None
        held = dict(entry.raw.get("tags") or ())  # name by id
        wanted = {self._account.tag(name, held) for name in content.tags or ()}
        if attributes := attributes_for(content, entry.marker):
            self._change(entry, attributes)
        if message:
            definition = {"channel": "email", "content": {"subject": content.subject or PLACEHOLDER}}
            data = {"type": "campaign-message", "id": message, "attributes": {"definition": definition}}
            self._wire.change("changing a subject", "PATCH", f"/api/campaign-messages/{message}", data)
        if content.tags is not None:
            self._account.retag(entry.id, add=wanted - held.keys(), remove=held.keys() - wanted)

    def plan(self, entry: Entry, at: SendTime) -> None:
        """Move the draft's strategy to another time."""
        self._change(entry, {"send_strategy": strategy_for(at, entry.raw.get("send_strategy"))})

    def schedule(self, entry: Entry, at: SendTime) -> None:
        """Post the send job of a draft that holds this time."""
        self._jobs.schedule(entry, at)

    def unschedule(self, entry: Entry) -> None:
        """Revert the send job."""
        self._jobs.revert(entry)

    def move(self, entry: Entry, at: SendTime) -> None:
        """Never asked for: Klaviyo moves nothing in one call."""
        raise Rejected(f"{self.title} cannot move the campaign {entry.id} to {at.at.isoformat()} in one call.")

    def delete(self, entry: Entry) -> None:
        """Remove a draft; done when it is gone already."""
        with suppress(Missing):
            self._wire.change("deleting a draft", "DELETE", f"/api/campaigns/{entry.id}")

    def audiences(self) -> Sequence[Audience]:
        """All lists and segments."""
        return self._account.audiences()

    def audience(self, id_: str) -> Audience | None:
        """A list or a segment."""
        return self._account.audience(id_)

    def tag_names(self) -> Sequence[tuple[str, str]]:
        """Every tag."""
        return self._account.tag_names()

    def measure(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        """One report for up to a hundred campaigns."""
        return self._reports.measure(ids)

    def time(self) -> datetime | None:
        """Klaviyo's own time, by its last answer."""
        return self._wire.clock.now()

    def close(self) -> None:
        """Give back sockets."""
        self._wire.close()

    def _change(self, entry: Entry, attributes: Mapping[str, object]) -> None:
        data = {"type": "campaign", "id": entry.id, "attributes": attributes}
        try:
            self._wire.change("changing a campaign", "PATCH", f"/api/campaigns/{entry.id}", data)
        except Missing as exc:
            raise Stale(f"{self._tool}: the campaign {entry.id} is no longer there.") from exc

    def _message(self, entry: Entry) -> str:
        messages = entry.raw.get("messages")
        if messages is None:
            raise Unavailable(f"{self._tool} does not tell the campaign's message just now. The next run tries again.")
        if len(messages) != 1:
            raise Rejected(f"{self._tool}: the campaign has {len(messages)} messages; change its subjects there.")
        return str(messages[0][0])
