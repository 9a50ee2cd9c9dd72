"""New drafts: each made by itself with its marker, then labelled and read back together, by the fewest requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from connectors.calendar import PLACEHOLDER, Content, Entry, Esp, SendTime
from connectors.calendar_content import content_of
from connectors.calendar_records import Records
from connectors.calendar_schedule import Rules, same, send_time
from sync.errors import Ambiguous, ConfigError, SyncError, Unavailable
from sync.ports import Create, Failed, Outcome, Written


@dataclass(frozen=True, slots=True)
class _Made:
    """A draft that is there, and what it was to hold."""

    order: Create
    id: str
    content: Content
    planned: SendTime | None

    def is_shown_by(self, entry: Entry) -> bool:
        """Whether a listing has caught up with all that was written."""
        wanted = self.content
        return (
            entry.marker == self.order.marker
            and entry.name == wanted.name
            and entry.subjects == (wanted.subject or PLACEHOLDER,)
            and entry.audiences == (wanted.audiences or ((), ()))
            and frozenset(entry.tags or ()) == (wanted.tags or frozenset())
            and same(entry.planned, self.planned)
        )


@dataclass(frozen=True, slots=True)
class Drafts:
    """Makes the drafts of one account. `refuse_unknown` raises Rejected for fields that nothing takes from here."""

    tool: str
    esp: Esp
    records: Records
    rules: Rules
    refuse_unknown: Callable[[Mapping[str, Any]], None]

    def make(self, orders: Sequence[Create], down: SyncError | None = None) -> list[Outcome]:
        """One outcome for each, in order. Once the ESP is `down`, it is asked for nothing more."""
        tried: list[_Made | Failed] = []
        for order in orders:
            down = down or outage(one for one in tried if isinstance(one, Failed))
            tried.append(Failed(order, down) if down else self._attempt(order))
        made = [one for one in tried if isinstance(one, _Made)]
        if tags := {one.id: one.content.tags for one in made if one.content.tags}:
            with suppress(SyncError):  # what lacks its tags shows that in the next run
                self.esp.label(tags)
        listed: dict[str, Entry] = {}
        if len(made) > 1:
            with suppress(SyncError):
                listed = {entry.id: entry for entry in self.esp.several([one.id for one in made])}
        return [one if isinstance(one, Failed) else self._outcome(one, listed.get(one.id)) for one in tried]

    def _attempt(self, order: Create) -> _Made | Failed:
        """All refusals come before the request."""
        try:
            self.refuse_unknown(order.fields)
            content = content_of(order.fields, None, self.esp, self.records) or Content()
            at = send_time(order.fields.get("planned")) if self.esp.calendar.plans_drafts else None
            if at is not None:
                self.rules.may_plan(at, None)
            return _Made(order, self.esp.create(content, at, order.marker), content, at)
        except SyncError as error:
            return Failed(order, error)

    def _outcome(self, made: _Made, listed: Entry | None) -> Outcome:
        """What the ESP made of it. A listing may lag, so that one which shows anything else does not count."""
        try:
            entry = listed if listed and made.is_shown_by(listed) else self.esp.entry(made.id)
            if entry is None:
                raise Ambiguous(f"{self.esp.title} does not show it.")
            return Written(made.order, self.records.record(entry))
        except SyncError as error:
            told = f"{self.tool} created the campaign {made.id}, but reading it failed: {error}"
            doubt = Ambiguous(told)
            doubt.__cause__ = error
            return Failed(made.order, doubt)


def outage(outcomes: Iterable[Outcome]) -> SyncError | None:
    """The failure after which an ESP is asked for nothing more in this call. One that only one write was left in doubt
    by is none: the others go on."""
    errors = (one.error for one in outcomes if isinstance(one, Failed))
    return next((e for e in errors if isinstance(e, Unavailable | ConfigError) and not isinstance(e, Ambiguous)), None)
