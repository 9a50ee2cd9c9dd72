"""Mailchimp as a calendar: campaigns of one account, which can be scheduled for a time and never sent from here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

from connectors.answers import understood, word
from connectors.calendar import PLACEHOLDER, Audience, Content, Entry, SendTime, Status, no_changes, unheard
from connectors.calendar_wire import Missing
from connectors.http import Retry
from connectors.mailchimp_audiences import Audiences
from connectors.mailchimp_campaigns import (
    FIELDS,
    Row,
    entry_of,
    is_email,
    objections,
    recipients_for,
    scheduling,
    settings_for,
    titled,
)
from connectors.mailchimp_reports import Reports
from connectors.mailchimp_wire import PAGE, Wire
from sync.errors import Ambiguous, Rejected, Stale, SyncError
from sync.ports import LOCKED, Calendar, Metering, TimeKind, Withheld

# Mailchimp names no wait when it throttles (reference esp §2.8), so that ours double from one second on: half a minute.
PATIENT: Final = Retry(attempts=6, first=1.0)
KINDS: Final = frozenset({TimeKind.INSTANT, TimeKind.RECIPIENT_LOCAL})
CALENDAR: Final = Calendar(
    kinds=KINDS, writes=KINDS, schedules=True, unschedules=True, locked=LOCKED, grid=15, correlates="title",
    metering=Metering.REPORT, tells_conversions=True,
)  # fmt: skip


class MailchimpEsp:
    """The email campaigns of one account (`connectors.calendar.Esp`).

    `from_name` and `reply_to` are the sender of the drafts that it makes, `folder` the name of the campaign folder that
    they lie in. `batches` says that people here send in batches: Mailchimp shows of no campaign whether it is, so that
    what is scheduled is then left alone.

    A campaign has no modification time and a listing cannot ask for canceled or archived ones, so that all of them are
    listed, unfiltered: one request a thousand, where one for each status would be five and still not see these.
    """

    title = "Mailchimp"
    calendar = CALENDAR
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
        from_name: str,
        reply_to: str,
        url: str | None = None,
        folder: str | None = None,
        batches: bool = False,
        page: int = PAGE,
        retry: Retry = PATIENT,
    ) -> None:
        self.tool = tool
        self._wire = Wire(tool, token=token, url=url, retry=retry, page=page)
        self._sender = {"from_name": from_name, "reply_to": reply_to}
        self._folder = folder
        self._folders: dict[str, str] = {}  # id by name, as far as one was looked for
        self._batches = batches
        self._audiences = Audiences(self._wire)
        self._reports = Reports(self._wire)

    def memory(self) -> Mapping[str, Any]:
        """Nothing besides the audiences."""
        return {}

    def recall(self, known: Mapping[str, Any]) -> None:  # noqa: ARG002  there is nothing of it
        """Look for the folder anew."""
        self._folders.clear()

    def entries(self) -> Iterator[Entry]:
        """Every email campaign, the oldest first, so that new ones do not shift the pages."""
        fields = ",".join(("total_items", *(f"campaigns.{name}" for name in FIELDS)))
        params = {"sort_field": "create_time", "sort_dir": "ASC", "fields": fields}
        for row in self._wire.listing("reading the campaigns", "/campaigns", "campaigns", params):
            if is_email(row):
                yield self._entry(row)

    def changed(self, since: datetime, *, archived: bool = False) -> Iterator[Entry]:  # noqa: ARG002
        """Never known: campaigns have no modification time (reference esp §2.2)."""
        return no_changes(self.title, since)

    def entry(self, id_: str) -> Entry | None:
        """One campaign as it is now; None is Mailchimp's own 404."""
        if not id_.isalnum():
            return None  # no id, which in an address would ask for something else
        with suppress(Missing):
            return self._read(id_)
        return None

    def _read(self, id_: str, until: Callable[[Row], bool] | None = None) -> Entry:
        row = self._wire.get("reading a campaign", f"/campaigns/{id_}", {"fields": ",".join(FIELDS)}, until)
        entry = self._entry(row)
        with understood(self.tool, "reading a campaign"):
            if entry.id != id_:
                raise LookupError(id_)
        return entry

    def _entry(self, row: Row) -> Entry:
        with understood(self.tool, "reading a campaign"):
            entry = entry_of(row, self._wire.centre, batches=self._batches)
        self._audiences.note(row)
        if entry.status is Status.SENT and entry.scheduled:
            self._reports.sent_at[entry.id] = entry.scheduled.at.replace(tzinfo=entry.scheduled.at.tzinfo or UTC)
        return entry

    def create(self, content: Content, planned: SendTime | None, marker: str) -> str:
        """A draft, which Mailchimp lets be without an audience or a text; it holds no planned time."""
        _refuse_tags(content)
        if planned is not None:
            raise Rejected("A draft in Mailchimp holds no planned time.")
        settings = {"title": titled(content.name or "", marker), "subject_line": content.subject or PLACEHOLDER}
        body = {"type": "regular", "settings": settings | self._sender}
        if content.audiences is not None and (recipients := recipients_for(content.audiences)):
            body["recipients"] = recipients
        if self._folder:
            settings["folder_id"] = self._folder_id(self._folder)
            body["settings"] = settings | self._sender
        doing = "creating a campaign"
        made = self._wire.create(doing, "/campaigns", body)
        with understood(self.tool, doing, creating=True):
            return word(made, "id")

    def several(self, ids: Sequence[str]) -> Iterator[Entry]:
        """One by one: no listing can be confined to some."""
        return filter(None, map(self.entry, ids))

    def label(self, tags: Mapping[str, Collection[str]]) -> None:
        """Never called: campaigns have no tags."""

    def edit(self, entry: Entry, content: Content) -> Entry:
        """Change a draft. What a PATCH demands beside the change is written as it was read (reference esp §2.5)."""
        _refuse_tags(content)
        body: dict[str, object] = {"settings": settings_for(content, entry.raw, self._sender, entry.marker)}
        if content.audiences is not None:
            recipients = recipients_for(content.audiences)
            if recipients is None:
                raise Rejected("Mailchimp cannot take the audience away from a campaign; it can only change it.")
            body["recipients"] = recipients
        doing = "changing a campaign"
        with self._present(entry):
            shown = self._wire.change(doing, "PATCH", f"/campaigns/{entry.id}", body)
        with understood(self.tool, doing):
            now = self._entry(shown or {})
            if now.id != entry.id:
                raise LookupError(entry.id)
        if content.audiences is not None and now.audiences != content.audiences:
            raise Rejected("Mailchimp kept another audience than the one that was asked for; choose it there.")
        return now

    def plan(self, entry: Entry, at: SendTime) -> Entry:  # noqa: ARG002  the capability record says so beforehand
        """Never called: a draft holds no time, for giving it one schedules it."""
        raise Rejected("A draft in Mailchimp holds no planned time.")

    def move(self, entry: Entry, at: SendTime) -> None:  # noqa: ARG002
        """Never called: a scheduled campaign is unscheduled first."""
        raise Rejected("Mailchimp cannot move a scheduled campaign in one step.")

    def schedule(self, entry: Entry, at: SendTime) -> None:
        """Schedule a draft. A refusal comes with what Mailchimp's checklist says: its own words are often empty."""
        body = scheduling(at)
        with self._present(entry):
            try:
                self._wire.act("scheduling a campaign", entry.id, "schedule", body)
            except Missing:
                raise
            except Rejected as exc:
                raise Rejected(f"{exc} {self._checklist(entry.id)}") from exc
            except Ambiguous:
                now = self._read(entry.id)
                if now.status is not Status.SCHEDULED or now.scheduled != at:
                    raise

    def _checklist(self, id_: str) -> str:
        doing = "reading the send checklist"
        try:
            answer = self._wire.get(doing, f"/campaigns/{id_}/send-checklist", {"fields": "is_ready,items"})
            with understood(self.tool, doing):
                told = objections(answer)
        except SyncError:
            return "Its checklist could not be read; look at it in Mailchimp."
        if told:
            return f"Its checklist says: {told}."
        return "Its checklist is clean, so that the time itself is in question: quarter hours only, and in the future."

    def unschedule(self, entry: Entry, confirmed: Callable[[], None] = unheard) -> None:
        """Make it a draft again. Stale where it is being sent already, which nothing here stops."""
        with self._present(entry):
            # Without an answer, what the campaign shows decides; it is Ambiguous only where that is not told either.
            with suppress(Ambiguous):
                self._wire.act("unscheduling a campaign", entry.id, "unschedule")
                confirmed()
            now = self._read(entry.id, lambda row: row.get("status") != "schedule")
        if now.status is not Status.DRAFT:
            raise Stale(f"{self.tool}: the campaign is by now {now.status_raw}.")

    def delete(self, entry: Entry) -> None:
        """Remove a draft; one that is gone already is gone."""
        if entry.status is not Status.DRAFT:
            raise Rejected(f"{self.tool}: the campaign is no draft; a person has to remove it there.")
        with suppress(Missing):
            self._wire.change("deleting a draft", "DELETE", f"/campaigns/{entry.id}")

    def audiences(self) -> Sequence[Audience]:
        """All lists with their saved segments and tags."""
        return self._audiences.all()

    def audience(self, id_: str) -> Audience | None:
        """One list, segment or set of conditions; None where there is none."""
        return self._audiences.one(id_)

    def tag_names(self) -> Sequence[tuple[str, str]]:
        """Campaigns have no tags."""
        return ()

    def measure(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
        """Counts for these sends: one request for one, and one for several that were sent within a thousand sends."""
        return self._reports.measured(ids)

    def withheld(self) -> Sequence[Withheld]:
        """The reports, and the orders of a shop."""
        return self._reports.withheld()

    def time(self) -> datetime | None:
        """Mailchimp's own time, by its last answer."""
        return self._wire.clock.now()

    def close(self) -> None:
        """Give back sockets."""
        self._wire.close()

    def _folder_id(self, name: str) -> str:
        if name not in self._folders:
            doing, params = "reading the campaign folders", {"fields": "total_items,folders.id,folders.name"}
            rows = self._wire.listing(doing, "/campaign-folders", "folders", params)
            self._folders = {str(row.get("name")): str(row["id"]) for row in rows}
        if name in self._folders:
            return self._folders[name]
        raise Rejected(f"{self.tool} has no campaign folder {name!r}; make it there, or change folder.")

    @contextmanager
    def _present(self, entry: Entry) -> Iterator[None]:
        try:
            yield
        except Missing as exc:
            raise Stale(f"{self.tool}: the campaign {entry.id} is no longer there.") from exc


def _refuse_tags(content: Content) -> None:
    if content.tags is not None:
        raise Rejected("Mailchimp has no tags for campaigns.")
