"""Klaviyo over HTTP: campaigns of the classic revisions. It plans drafts; it can neither schedule nor send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from connectors.answers import items, part, understood, word
from connectors.http import Retry
from connectors.klaviyo_campaigns import PLACEHOLDER, Campaign, attributes_for, campaign_of, campaigns_of, creation
from connectors.klaviyo_wire import Missing, Wire
from sync.errors import Ambiguous, Outdated, Rejected, Stale, SyncError, Unavailable
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import (
    Archive,
    Capability,
    Change,
    Create,
    Failed,
    Member,
    NativeField,
    NativeSchema,
    Outcome,
    Relation,
    Update,
    Written,
)  # fmt: skip

SETTLE = 60.0  # seconds until a created campaign is sure to be in a listing; the vendor promises nothing
PAGE = 100  # campaigns of one page (reference esp §1.2)
EDITED = frozenset({"name", "subject", "audiences", "tags", "send_strategy"})
PARTS = {
    "include": "campaign-messages,tags",
    "fields[campaign]": "name,status,archived,audiences,send_strategy,send_time,scheduled_at,created_at,updated_at",
    "fields[campaign-message]": "definition.channel,definition.content.subject",
    "fields[tag]": "name",
}


class KlaviyoConnector:
    """The email campaigns of one account. `from_email` and `from_label` are the sender of the drafts it creates.

    A campaign that is no draft any more, or that is archived, is locked. An archive deletes the draft, for Klaviyo
    lets no client archive one (reference esp §1.6); anything that is not a draft is left to people.
    """

    def __init__(
        self,
        tool: str,
        *,
        token: str,
        from_email: str,
        from_label: str,
        url: str = "https://a.klaviyo.com",
        revision: str = "2026-07-15",
        per_second: float | None = 10.0,
        retry: Retry | None = None,
    ) -> None:
        self.tool = tool
        self.capability = Capability(frozenset({Kind.CAMPAIGN}), settle=SETTLE)
        self._sender = (from_email, from_label)
        self._retry = retry or Retry()
        self._wire = Wire(tool, token=token, url=url, revision=revision, per_second=per_second, retry=self._retry)
        self._audiences: dict[str, str] = {}  # name by id of every list and segment
        self._nameless: set[str] = set()  # ids that a fresh look did not find: lists that were deleted
        self._tags: dict[str, str] = {}  # id by name

    def schema(self) -> NativeSchema:
        """The campaign's fields; the lists, segments and tags as they are now are the options."""
        self._look_up_audiences()
        self._look_up_tags()
        return {
            Kind.CAMPAIGN: (
                NativeField("name", "Name", "string"),
                NativeField("subject", "Subject line", "string"),
                NativeField("audiences", "Audiences", "audiences", options=tuple(self._audiences.items())),
                NativeField("tags", "Tags", "tags", options=tuple((id_, name) for name, id_ in self._tags.items())),
                NativeField("send_strategy", "Send strategy", "send_strategy"),
                NativeField("status", "Status", "string", read_only=True),
                NativeField("send_time", "Send time", "send_time", read_only=True),
            )
        }

    def fetch(self) -> Iterator[Record]:
        """Every email campaign: those at work, then the archived ones, which only a query of their own shows."""
        seen: set[str] = set()
        doing = "reading the campaigns"
        for archived in ("false", "true"):
            what = f"and(equals(messages.channel,'email'),equals(archived,{archived}))"
            params = {"filter": what, "sort": "created_at", "page[size]": str(PAGE), **PARTS}
            for page in self._wire.pages(doing, "/api/campaigns", params):
                with understood(self.tool, doing):
                    campaigns = campaigns_of(page)
                for campaign in campaigns:
                    if campaign.id not in seen:
                        seen.add(campaign.id)
                        yield self._record(campaign)

    def changes(self, since: str) -> Iterator[Record | Ref]:
        """Never asked: what is deleted leaves no trace there, and a page of campaigns costs as much."""
        raise Outdated(f"{self.tool} does not tell what changed since {since}.")

    def position(self) -> str | None:
        """None: every listing is a full one."""
        return None

    def census(self) -> Iterator[Ref]:
        """The refs of the full listing."""
        for record in self.fetch():
            yield record.ref

    def members(self) -> Sequence[Member]:
        """Nobody: a campaign has no owner there."""
        return ()

    def relate(self, record: Record, relations: Sequence[Relation]) -> None:
        """Never called: nothing is linked from here."""

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        """These campaigns one by one. None is Klaviyo's own 404 under a key that it accepts."""
        found: dict[Ref, Record | None] = {}
        for ref in refs:
            found[ref] = None
            if not ref.native.isalnum():
                continue  # no id, which in an address would ask for something else
            with suppress(Missing):
                found[ref] = self._record(self._campaign(ref.native))
        return found

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Each change by itself, re-read right before and read back after."""
        return [self._write(change) for change in changes]

    def attribution(self, record: Record, field_id: str) -> Attribution | None:  # noqa: ARG002  Klaviyo tells no field
        """When the campaign last changed; Klaviyo names nobody, and counts its own changes (reference esp §1.3)."""
        return Attribution(None, record.changed_at)

    def time(self) -> datetime | None:
        """Klaviyo's own time, by its last answer."""
        return self._wire.clock.now()

    def close(self) -> None:
        """Give back sockets."""
        self._wire.close()

    def _write(self, change: Change) -> Outcome:
        try:
            match change:
                case Create():
                    return Written(change, self._create(change))
                case Update():
                    return Written(change, self._update(change))
                case Archive():
                    self._archive(change)
                    return Written(change, None)
        except SyncError as error:
            return Failed(change, error)

    def _create(self, change: Create) -> Record:
        _refuse_unknown(change.fields)
        wanted = {self._tag(name) for name in change.fields.get("tags") or ()}
        doing = "creating a campaign"
        made = self._wire.create(doing, "/api/campaigns", creation(change.fields, change.marker, *self._sender))
        with understood(self.tool, doing, creating=True):
            native = word(part(made, "data"), "id")
        # The campaign is there from here on, whatever fails: a tag that is refused shows as missing in the next run.
        with suppress(SyncError):
            self._retag(native, add=wanted)
        try:
            return self._record(self._campaign(native))
        except SyncError as error:
            raise Ambiguous(f"{self.tool} created the campaign {native}, but reading it failed: {error}") from error

    def _update(self, change: Update) -> Record:
        _refuse_unknown(change.fields)
        native, fields = change.record.ref.native, change.fields
        try:
            current = self._campaign(native)
        except Missing as exc:
            raise Stale(f"{self.tool}: the campaign {native} is no longer there.") from exc
        self._refuse_if_changed(current, change)
        # All refusals come before the first request: a change is not left half done for a reason known beforehand.
        attributes = attributes_for(fields, current.marker, current)
        if "tags" in fields and current.tags is None:
            raise Unavailable(f"{self.tool} does not tell the campaign's tags just now. The next run tries again.")
        message = self._message(current) if "subject" in fields else None
        wanted = {self._tag(name, current) for name in fields.get("tags") or ()}
        if attributes:
            data = {"type": "campaign", "id": native, "attributes": attributes}
            self._wire.change("changing a campaign", "PATCH", f"/api/campaigns/{native}", data)
        if message:
            self._resubject(message, fields["subject"])
        if "tags" in fields:
            held = {id_ for id_, _ in current.tags or ()}
            self._retag(native, add=wanted - held, remove=held - wanted)
        return self._record(self._campaign(native))

    def _refuse_if_changed(self, current: Campaign, change: Update) -> None:
        """Klaviyo has no conditional write: what the plan saw is compared right before (reference esp §0.3, §6.4)."""
        planned, now = change.record, self._record(current)
        if now.locked and planned.locked:
            raise Rejected(f"{self.tool}: the campaign is {now.locked}.")
        if now.locked:
            raise Stale(f"{self.tool}: the campaign is by now {now.locked}.")
        moved = sorted(name for name in change.fields if now.fields.get(name) != planned.fields.get(name))
        if moved:
            raise Stale(f"{self.tool}: somebody just changed {', '.join(moved)} of the campaign.")

    def _archive(self, change: Archive) -> None:
        native = change.record.ref.native
        try:
            current = self._campaign(native)
            if current.locked:
                raise Rejected(f"{self.tool}: the campaign is {current.locked}; a person has to remove it there.")
            self._wire.change("deleting a draft", "DELETE", f"/api/campaigns/{native}")
        except Missing:
            return

    def _message(self, current: Campaign) -> str:
        if current.messages is None:
            raise Unavailable(f"{self.tool} does not tell the campaign's message just now. The next run tries again.")
        if len(current.messages) != 1:
            raise Rejected(
                f"{self.tool}: the campaign has {len(current.messages)} messages; change its subjects there."
            )
        return current.messages[0][0]

    def _resubject(self, message: str, subject: Any) -> None:
        definition = {"channel": "email", "content": {"subject": subject or PLACEHOLDER}}
        data = {"type": "campaign-message", "id": message, "attributes": {"definition": definition}}
        self._wire.change("changing a subject", "PATCH", f"/api/campaign-messages/{message}", data)

    def _retag(self, native: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        data = [{"type": "campaign", "id": native}]
        for verb, method, tags in (("adding", "POST", add), ("removing", "DELETE", remove)):
            for tag in sorted(tags):
                self._wire.change(f"{verb} a tag", method, f"/api/tags/{tag}/relationships/campaigns", data)

    def _campaign(self, native: str) -> Campaign:
        doing = "reading a campaign"
        document = self._wire.get(doing, f"/api/campaigns/{native}", PARTS)
        with understood(self.tool, doing):
            campaign = campaign_of(document)
            if campaign.id != native:
                raise LookupError(native)
        return campaign

    def _record(self, campaign: Campaign) -> Record:
        if any(id_ not in self._audiences and id_ not in self._nameless for id_ in campaign.audience_ids):
            self._look_up_audiences()
            for id_ in campaign.audience_ids:
                if id_ not in self._audiences:
                    self._look_up_audience(id_)
        return campaign.record(self.tool, lambda id_: self._audiences.get(id_, id_))

    def _tag(self, name: str, current: Campaign | None = None) -> str:
        """The id of an existing tag."""
        held = {tag: id_ for id_, tag in current.tags or ()} if current else {}
        if name not in held and name not in self._tags:
            self._look_up_tags()
        if name not in held and name not in self._tags:
            raise Rejected(f"{self.tool} has no tag {name!r}; make it there first.")
        return held.get(name) or self._tags[name]

    def _look_up_audiences(self) -> None:
        self._audiences = {id_: name for kind in ("list", "segment") for id_, name in self._named(kind)}
        self._nameless = set()

    def _look_up_audience(self, id_: str) -> None:
        """A list that no listing shows is nameless only when it is gone: a silently empty listing renames nothing."""
        for kind in ("list", "segment"):
            doing = f"reading the {kind} {id_}"
            with suppress(Missing):
                document = self._wire.get(doing, f"/api/{kind}s/{id_}", {f"fields[{kind}]": "name"})
                with understood(self.tool, doing):
                    self._audiences[id_] = word(part(part(document, "data"), "attributes"), "name")
                return
        self._nameless.add(id_)

    def _look_up_tags(self) -> None:
        self._tags = {name: id_ for id_, name in self._named("tag")}

    def _named(self, kind: str) -> Iterator[tuple[str, str]]:
        """Id and name of every list, segment or tag."""
        doing = f"reading the {kind}s"
        for page in self._wire.pages(doing, f"/api/{kind}s", {f"fields[{kind}]": "name"}):
            with understood(self.tool, doing):
                found = [(word(thing, "id"), word(part(thing, "attributes"), "name")) for thing in items(page, "data")]
            yield from found


def _refuse_unknown(fields: Mapping[str, Any]) -> None:
    wrong = sorted(set(fields) - EDITED)
    if wrong:
        raise Rejected(f"Klaviyo takes no value for {', '.join(wrong)} from here.")
