"""Klaviyo as an ESP's calendar: the email campaigns of one account, classic revisions. It has no way to send."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ClassVar

from connectors.answers import part, understood, word
from connectors.calendar import PLACEHOLDER, Audience, Content, Entry, SendTime, unheard
from connectors.calendar_wire import Missing
from connectors.http import Retry
from connectors.klaviyo_account import Account
from connectors.klaviyo_campaigns import (
    as_answered,
    attributes_for,
    creation,
    entries_of,
    entry_of,
    strategy_for,
    with_subject,
)
from connectors.klaviyo_jobs import CLASSIC, Form, Jobs
from connectors.klaviyo_reports import Reports
from connectors.klaviyo_wire import Wire
from sync.errors import Rejected, Stale, Unavailable
from sync.ports import LOCKED, Calendar, Metering, TimeKind, Withheld

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
    batch = PAGE  # a tag is given to all of them at once, and one page reads them back
    archives_apart = True
    _revision: ClassVar[str] = "2026-07-15"
    _form: ClassVar[Form] = CLASSIC
    calendar = Calendar(
        kinds=frozenset(TimeKind),
        writes=frozenset(TimeKind),
        plans_drafts=True,
        schedules=True,
        unschedules=True,
        locked=LOCKED - {"paused"},  # which is no state of its campaigns (reference esp §1.4, §1.6)
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
        revision: str | None = None,
        conversion_metric: str | None = None,
        per_second: float | None = 10.0,
        retry: Retry | None = None,
    ) -> None:
        self._tool = tool
        self._sender = (from_email, from_label)
        retry, revision = retry or Retry(), revision or self._revision
        self._wire = Wire(tool, token=token, url=url, revision=revision, per_second=per_second, retry=retry)
        self._jobs = Jobs(self._wire, self._form, self.entry, retry.sleep)
        self._reports = Reports(tool, self._wire, conversion_metric)
        self._account = Account(tool, self._wire)

    def memory(self) -> Mapping[str, Any]:
        """The metric that counts as a conversion."""
        return {"conversion": self._reports.conversion} if self._reports.conversion else {}

    def recall(self, known: Mapping[str, Any]) -> None:
        """The same."""
        conversion = known.get("conversion")
        self._reports.recall(conversion if isinstance(conversion, str) else None)

    def entries(self) -> Iterator[Entry]:
        """Every email campaign: those at work, then the archived ones, which only a query of their own shows."""
        for archived in (False, True):
            yield from self._listing("created_at", archived)

    def changed(self, since: datetime, *, archived: bool = False) -> Iterator[Entry]:
        """Those whose `updated_at` is not before a moment, which Klaviyo's own doings move as well."""
        after = f"greater-or-equal(updated_at,{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ})"
        return self._listing("updated_at", archived, after)

    def several(self, ids: Sequence[str]) -> Iterator[Entry]:
        """By their ids, which a filter takes a page of."""
        for start in range(0, len(ids), PAGE):
            wanted = f"any(id,{json.dumps(list(ids[start : start + PAGE]))})"
            yield from self._listing("created_at", False, wanted)

    def _listing(self, order: str, archived: bool, *more: str) -> Iterator[Entry]:
        doing = "reading the campaigns"
        what = ",".join(("equals(messages.channel,'email')", f"equals(archived,{str(archived).lower()})", *more))
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
        """A new draft."""
        return self._created(creation(content, planned, marker, self._sender))

    def _created(self, data: Mapping[str, Any]) -> str:
        doing = "creating a campaign"
        made = self._wire.create(doing, "/api/campaigns", data)
        with understood(self._tool, doing, creating=True):
            return word(part(made, "data"), "id")

    def label(self, tags: Mapping[str, Collection[str]]) -> None:
        """A request for each tag."""
        self._account.label(tags)

    def edit(self, entry: Entry, content: Content) -> Entry | None:
        """Change a draft. All refusals come before the first request."""
        message = self._message(entry) if content.subject is not None else None
        held = dict(entry.raw.get("tags") or ())  # name by id
        wanted = {self._account.tag(name, held) for name in content.tags or ()}
        now: Entry | None = entry
        if attributes := attributes_for(content, entry.marker):
            now = self._change(entry, attributes)
        if message:
            definition = {"channel": "email", "content": {"subject": content.subject or PLACEHOLDER}}
            data = {"type": "campaign-message", "id": message, "attributes": {"definition": definition}}
            shown = self._wire.change("changing a subject", "PATCH", f"/api/campaign-messages/{message}", data)
            now = with_subject(now, message, shown) if now and shown else None
        if content.tags is not None and wanted != held.keys():
            self._account.retag(entry.id, add=wanted - held.keys(), remove=held.keys() - wanted)
            return None  # that answer is empty
        return now

    def plan(self, entry: Entry, at: SendTime) -> Entry | None:
        """Move the draft's strategy to another time."""
        return self._change(entry, {"send_strategy": strategy_for(at, entry.raw.get("send_strategy"))})

    def schedule(self, entry: Entry, at: SendTime) -> None:
        """Schedule a draft for the time that it holds."""
        self._jobs.schedule(entry, at)

    def unschedule(self, entry: Entry, confirmed: Callable[[], None] = unheard) -> None:
        """Revert it to a draft."""
        self._jobs.revert(entry, confirmed)

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

    def withheld(self) -> Sequence[Withheld]:
        """The conversions, where the account has no metric for them; asks for its metrics unless one is configured."""
        return self._reports.withheld()

    def time(self) -> datetime | None:
        """Klaviyo's own time, by its last answer."""
        return self._wire.clock.now()

    def close(self) -> None:
        """Give back sockets."""
        self._wire.close()

    def _change(self, entry: Entry, attributes: Mapping[str, object]) -> Entry | None:
        data = {"type": "campaign", "id": entry.id, "attributes": attributes}
        try:
            shown = self._wire.change("changing a campaign", "PATCH", f"/api/campaigns/{entry.id}", data)
        except Missing as exc:
            raise Stale(f"{self._tool}: the campaign {entry.id} is no longer there.") from exc
        return as_answered(shown, entry) if shown else None

    def _message(self, entry: Entry) -> str:
        messages = entry.raw.get("messages")
        if messages is None:
            raise Unavailable(f"{self._tool} does not tell the campaign's message just now. The next run tries again.")
        if len(messages) != 1:
            raise Rejected(f"{self._tool}: the campaign has {len(messages)} messages; change its subjects there.")
        return str(messages[0][0])
