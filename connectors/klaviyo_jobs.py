"""Klaviyo's scheduling: a draft is scheduled and a scheduled send made a draft again, each waited for.

A classic send job on the strategy `immediate` would send at once, so the strategy is read right before (reference esp
§0.1). Revision 2026-10-15 has no such strategy: a message is scheduled with a strategy and a time of its own (§1.7).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from connectors.calendar import Entry, SendTime
from connectors.klaviyo_campaigns import WRITABLE
from connectors.klaviyo_messages import PLANNABLE, schedule_for
from connectors.klaviyo_wire import Wire
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds between two looks at what a send job has come to
TITLE = "Klaviyo"


@dataclass(frozen=True, slots=True)
class Form:
    """How a revision schedules: where, with what, the words of its states, and the strategies that hold a time.

    `target` is the id that a revert names, `method` the strategy of an entry. `message` of what an entry's `raw` tells
    must not have changed meanwhile.
    """

    path: str
    type: str
    draft: str
    preparing: tuple[str, ...]
    scheduled: str
    writable: frozenset[str]
    target: Callable[[Entry], str]
    method: Callable[[Entry], Any]
    order: Callable[[Entry, SendTime], dict[str, Any]]


def _strategy(entry: Entry) -> Any:
    strategy = entry.raw.get("send_strategy")
    return strategy.get("method") if isinstance(strategy, dict) else None


CLASSIC = Form(
    path="/api/campaign-send-jobs",
    type="campaign-send-job",
    draft="Draft",
    preparing=("Preparing to schedule",),
    scheduled="Scheduled",
    writable=WRITABLE,
    target=lambda entry: entry.id,
    method=_strategy,
    order=lambda entry, _: {"id": entry.id},  # the job has its campaign's id, and takes the time that this holds
)
MESSAGE = Form(
    path="/api/campaign-message-schedule",
    type="campaign-message-schedule",
    draft="draft",
    preparing=(),
    scheduled="scheduled",
    writable=PLANNABLE,
    target=lambda entry: str(entry.raw["message"]),
    method=lambda entry: entry.raw["strategy"],
    order=schedule_for,
)


class Jobs:
    """The schedules of one account. `entry` reads a campaign or message, None where there is none; `sleep` waits
    seconds."""

    def __init__(
        self, wire: Wire, form: Form, entry: Callable[[str], Entry | None], sleep: Callable[[float], None]
    ) -> None:
        self._wire = wire
        self._form = form
        self._entry = entry
        self._sleep = sleep

    def schedule(self, entry: Entry, at: SendTime) -> None:
        """Schedule a draft that holds exactly this time, and wait until it is scheduled."""
        self._guard(entry, at)
        form, underway = self._form, (self._form.draft, *self._form.preparing)
        data = {"type": form.type, **form.order(entry, at)}
        try:
            self._wire.create("scheduling a campaign", form.path, data)
        except Ambiguous as silence:
            # The job may be there: the campaign, or its message, tells.
            self._wait(entry.id, form.scheduled, underway, silence)
            return
        self._wait(entry.id, form.scheduled, underway)

    def revert(self, entry: Entry, confirmed: Callable[[], None]) -> None:
        """Revert what is scheduled, and wait until it is a draft. Never cancels, which is for good (reference esp
        §1.6). `confirmed` is called once Klaviyo has taken it (204), which it may show late."""
        form, target = self._form, self._form.target(entry)
        data = {"type": form.type, "id": target, "attributes": {"action": "revert"}}
        doubt: SyncError | None = None
        try:
            self._wire.change("unscheduling a campaign", "PATCH", f"{form.path}/{target}", data)
        except Rejected:
            # Refused for being a draft: by a repetition after a lost answer, or because somebody was faster.
            now = self._entry(entry.id)
            if now is None or now.status_raw != form.draft:
                raise
            return
        except Unavailable as silence:
            doubt = silence
        else:
            confirmed()
        self._wait(entry.id, form.draft, (form.scheduled, *form.preparing), doubt)

    def _guard(self, then: Entry, at: SendTime) -> None:
        entry = self._entry(then.id)
        method = self._form.method(entry) if entry else None
        if method not in self._form.writable:
            raise Rejected(
                f"{TITLE}: the campaign is set to {method!r}, which is never scheduled from here; do it there."
            )
        if (
            entry is None
            or entry.status_raw != self._form.draft
            or entry.archived
            or entry.planned != at
            or entry.raw.get("message") != then.raw.get("message")
        ):
            raise Stale(f"{TITLE}: somebody just changed the campaign that was to be scheduled.")

    def _wait(self, id_: str, goal: str, underway: tuple[str, ...], doubt: SyncError | None = None) -> None:
        """Look until the campaign is in the state `goal`. Raises `doubt` or Unavailable when it does not get there."""
        seen = "nothing"
        for seconds in (*WAITS, None):
            with suppress(Unavailable, ConfigError):  # what was asked for was taken, whatever keeps us from looking
                entry = self._entry(id_)
                seen = entry.status_raw if entry else "gone"
                if seen == goal:
                    return
                if seen not in underway:
                    break
            if seconds is not None:
                self._sleep(seconds)
        words = f"{TITLE} was asked to make the campaign {goal!r}, and shows {seen!r}. The next run looks again."
        raise doubt or Unavailable(words)
