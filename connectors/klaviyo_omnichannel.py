"""Klaviyo as an ESP's calendar in revision 2026-10-15, where a campaign has 1..n messages, each a send of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.answers import items, part, understood, word
from connectors.calendar import PLACEHOLDER, Content, Entry, SendTime
from connectors.calendar_wire import Document, Missing
from connectors.klaviyo import PAGE, KlaviyoEsp
from connectors.klaviyo_jobs import MESSAGE
from connectors.klaviyo_messages import (
    OVER,
    PLANS,
    Campaign,
    Variation,
    campaigns_of,
    creation,
    entries_of,
    name_for,
    plan_for,
    variations_of,
)
from sync.errors import Rejected, Stale, SyncError, Unavailable

REVISION = "2026-10-15"
PARTS = {"include": "campaign-messages,campaign-audiences,tags", "fields[tag]": "name"}


class KlaviyoOmnichannelEsp(KlaviyoEsp):
    """One account in this revision.

    An entry is a message: the oldest of a campaign goes by the campaign's id, each further one by its own
    (docs/decisions/0025-send-entries.md). Status and time are the message's, tags and archive the campaign's, subjects
    the variations', which are told message by message only. A scheduled message is reverted, planned and scheduled
    again. How many a throttled send reaches at a time is not told, so those are never moved.
    """

    _revision = REVISION
    _form = MESSAGE
    calendar = replace(KlaviyoEsp.calendar, writes=frozenset(PLANS), correlates="description")

    def __init__(self, tool: str, **options: Any) -> None:
        super().__init__(tool, **options)
        self._over: dict[str, list[Variation]] = {}  # of messages that are over, which change no more

    def entries(self) -> Iterator[Entry]:
        """Every email send: of the campaigns at work, then of the archived ones."""
        for campaign in (one for archived in (False, True) for one in self._listed("created_at", archived)):
            yield from self._entries_of(campaign)

    def changed(self, since: datetime, *, archived: bool = False) -> Iterator[Entry]:
        """Those whose campaign or message changed: a message's change need not move its campaign's time (§1.7)."""
        after = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        seen: set[str] = set()
        for campaign in self._listed("updated_at", archived, f"greater-or-equal(updated_at,{after})"):
            seen.add(campaign.id)
            yield from self._entries_of(campaign)
        for id_ in self._moved(after) if not archived else ():
            if id_ not in seen:
                seen.add(id_)
                found = self._campaign(id_)
                yield from self._entries_of(found) if found else ()

    def several(self, ids: Sequence[str]) -> Iterator[Entry]:
        """By the ids of their campaigns."""
        for campaign in self._named(ids, archived=False):
            yield from self._entries_of(campaign)

    def entry(self, id_: str) -> Entry | None:
        """One send, by its campaign's id or by its message's. None is Klaviyo's own 404 for both, or that the message
        is none of those that go by this id."""
        if not id_.isalnum():
            return None  # no id, which in an address would ask for something else
        campaign = self._campaign(id_)
        if campaign is None and (of := self._campaign_of(id_)):
            campaign = self._campaign(of)
        found = self._entries_of(campaign, anew=True) if campaign else []
        return next((entry for entry in found if entry.id == id_), None)

    def create(self, content: Content, planned: SendTime | None, marker: str) -> str:
        """A new draft. Its time follows by a request of its own; where that is refused it shows as missing in the next
        run, which has the marker to find the campaign by."""
        native = self._created(creation(content, marker, self._sender))
        with suppress(SyncError):
            if planned is not None and (entry := self.entry(native)):
                self.plan(entry, planned)
        return native

    def edit(self, entry: Entry, content: Content) -> Entry | None:
        """Change a draft. All refusals come before the first request. No answer tells a send whole."""
        variation = self._variation(entry) if content.subject is not None else None
        audience = self._audience(entry) if content.audiences is not None else ""
        held = dict(entry.raw["tags"] or ())
        wanted = {self._account.tag(name, held) for name in content.tags or ()}
        if content.tags is not None and not entry.raw["first"] and wanted != held.keys():
            raise Rejected(f"{self._tool}: tags are the whole campaign's; change them on its first send, or there.")
        if content.name is not None:
            kind, id_ = ("campaign", entry.raw["campaign"]) if entry.raw["first"] else _message(entry)
            self._write(kind, id_, {"name": name_for(entry, content.name)})
        if variation:
            details = {"channel": "email", "subject": content.subject or PLACEHOLDER}
            self._write("campaign-variation", variation, {"details": details})
        if content.audiences is not None:
            included, excluded = content.audiences
            self._write("campaign-audience", audience, {"included": list(included), "excluded": list(excluded)})
        if content.tags is not None:
            self._account.retag(entry.raw["campaign"], add=wanted - held.keys(), remove=held.keys() - wanted)
        return None

    def plan(self, entry: Entry, at: SendTime) -> Entry | None:
        """Give the draft message another time."""
        self._write(*_message(entry), {"send_options": plan_for(entry, at)})
        return None

    def delete(self, entry: Entry) -> None:
        """Remove a draft; done when it is gone already. A campaign's first send is not removed from under others."""
        if entry.raw["first"] and entry.raw["messages"] > 1:
            raise Rejected(
                f"{self._tool}: the campaign has other sends as well; a person has to remove this one there."
            )
        kind, id_ = ("campaign", entry.raw["campaign"]) if entry.raw["first"] else _message(entry)
        with suppress(Missing):
            self._wire.change("deleting a draft", "DELETE", f"/api/{kind}s/{id_}")

    def measure(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        """The counts of each message: a report for the ids of campaigns, one more where there are ids of messages."""
        first = dict(self._first_messages(ids))
        found: dict[str, Mapping[str, float]] = {}
        for (campaign, message), counts in self._reports.sends("campaign_id", list(first)).items():
            if first.get(campaign) == message:  # its siblings' counts come under the same campaign
                found[campaign] = counts
        rows = self._reports.sends("campaign_message_id", [id_ for id_ in ids if id_ not in first])
        return found | {message: counts for (_, message), counts in rows.items()}

    def _named(self, ids: Sequence[str], *, archived: bool) -> Iterator[Campaign]:
        for start in range(0, len(ids), PAGE):
            yield from self._listed("created_at", archived, f"any(id,{json.dumps(list(ids[start : start + PAGE]))})")

    def _listed(self, order: str, archived: bool, *more: str) -> Iterator[Campaign]:
        what = ",".join((f"equals(archived,{str(archived).lower()})", *more))
        params = {"filter": f"and({what})" if more else what, "sort": order, "page[size]": str(PAGE), **PARTS}
        for page in self._wire.pages("reading the campaigns", "/api/campaigns", params):
            yield from self._campaigns_of(page)

    def _campaign(self, id_: str) -> Campaign | None:
        try:
            (found,) = self._campaigns_of(self._wire.get("reading a campaign", f"/api/campaigns/{id_}", PARTS))
        except Missing:
            return None
        if found.id != id_:
            raise Unavailable(f"{self._tool} was asked for the campaign {id_} and told of another.")
        return found

    def _campaigns_of(self, document: Document) -> list[Campaign]:
        with understood(self._tool, "reading the campaigns"):
            return campaigns_of(document)

    def _entries_of(self, campaign: Campaign, *, anew: bool = False) -> list[Entry]:
        doing = "reading the subjects of a campaign"
        variations: dict[str, list[Variation]] = {}
        for message in campaign.messages:
            with suppress(Missing), understood(self._tool, doing):
                if anew or message.id not in self._over:
                    path = f"/api/campaign-messages/{message.id}/campaign-variations"
                    variations[message.id] = variations_of(self._wire.get(doing, path))
                    if message.status in OVER:
                        self._over[message.id] = variations[message.id]
                else:
                    variations[message.id] = self._over[message.id]
        with understood(self._tool, doing):
            return entries_of(campaign, variations)

    def _campaign_of(self, message: str) -> str | None:
        doing = "reading a message"
        try:
            document = self._wire.get(doing, f"/api/campaign-messages/{message}/relationships/campaign")
        except Missing:
            return None
        with understood(self._tool, doing):
            return word(part(document, "data"), "id")

    def _first_messages(self, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Campaign and message for those of the ids that are campaigns'."""
        for campaign in (one for archived in (False, True) for one in self._named(ids, archived=archived)):
            if len(campaign.messages) == 1:
                yield campaign.id, campaign.messages[0].id
            else:
                firsts = [one for one in self._entries_of(campaign) if one.raw["first"]]
                yield from ((campaign.id, one.raw["message"]) for one in firsts)

    def _moved(self, after: str) -> Iterator[str]:
        """The campaigns of the messages that changed since."""
        doing = "reading the messages"
        which = f"greater-or-equal(updated,{after})"
        params = {"filter": which, "sort": "created", "include": "campaign", "page[size]": str(PAGE)}
        for page in self._wire.pages(doing, "/api/campaign-messages", params):
            with understood(self._tool, doing):
                relations = [part(part(one, "relationships"), "campaign") for one in items(page, "data")]
                found = [word(part(one, "data"), "id") for one in relations]
            yield from found

    def _write(self, kind: str, id_: str, definition: Mapping[str, object]) -> None:
        data = {"type": kind, "id": id_, "attributes": {"definition": definition}}
        try:
            self._wire.change(f"changing a {kind}", "PATCH", f"/api/{kind}s/{id_}", data)
        except Missing as exc:
            raise Stale(f"{self._tool}: the {kind} {id_} is no longer there.") from exc

    def _variation(self, entry: Entry) -> str:
        variations = entry.raw["variations"]
        if len(variations) != 1:
            raise Rejected(f"{self._tool}: the message has {len(variations)} variations; change its subjects there.")
        return str(variations[0].id)

    def _audience(self, entry: Entry) -> str:
        audience = entry.raw["audience"]
        if audience is None:
            raise Unavailable(f"{self._tool} does not tell the audience just now. The next run tries again.")
        if entry.raw["shared"]:
            raise Rejected(f"{self._tool}: other sends of the campaign have the same audience; change it there.")
        return str(audience)


def _message(entry: Entry) -> tuple[str, str]:
    return "campaign-message", str(entry.raw["message"])
