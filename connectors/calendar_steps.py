"""The steps by which a campaign is changed: each looks again before it touches a schedule, and reads back after.

No step sends. One that unschedules says so before the next one begins, so that whoever comes after a crash goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from connectors import clock
from connectors.calendar import Content, Entry, Esp, SendTime, Status, several
from connectors.calendar_schedule import Rules, same, told
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable

FRESH = 5.0  # seconds for which what a page has shown counts as a look


class Looks:
    """Campaigns as they are right before they are edited: by pages, which are asked for again as they grow old.

    Only for `plain` edits, which cannot touch a schedule; and only a draft counts. All else is looked at by itself.
    """

    def __init__(self, esp: Esp, plain: Sequence[str]) -> None:
        self._esp = esp
        self._ahead = list(plain)
        self._asked: list[str] = []
        self._shown: dict[str, Entry] = {}
        self._at = 0.0

    def at(self, id_: str) -> Entry | None:
        """One campaign as it is now; None is the ESP's own not-found."""
        if id_ not in self._ahead:
            return self._esp.entry(id_)
        now, left = clock.monotonic(), self._ahead[self._ahead.index(id_) :]
        if len(left) > 1 and (id_ not in self._asked or now - self._at > FRESH):
            # Counted from before it is asked for: from then on somebody may have edited.
            self._asked, self._at = left[: self._esp.batch], now
            self._shown = several(self._esp, self._asked)
        self._ahead = left[1:]
        shown = self._shown.pop(id_, None) if now - self._at <= FRESH else None
        return shown if shown and shown.status is Status.DRAFT else self._esp.entry(id_)


class Steps:
    """One change of one campaign, on its way.

    `entry` is the campaign as it was when the change was decided upon. `unscheduled(False)` is called right before it
    is taken off the calendar, and `unscheduled(True)` once that is sure. `touched` says whether the ESP has, or may
    have, taken a part of the change; `shown` is what it shows since the last step, by its answer or by a look, None
    where neither has told.
    """

    def __init__(self, esp: Esp, rules: Rules, entry: Entry, unscheduled: Callable[[bool], None]) -> None:
        self._esp = esp
        self._rules = rules
        self._entry = entry
        self._unscheduled = unscheduled
        self._ours: set[str] = set()  # the parts of the campaign that are different by our own edit
        self.touched = False
        self.shown: Entry | None = None

    def edit(self, content: Content) -> None:
        """Change the content."""
        self.shown = self._esp.edit(self._entry, content)
        self.touched, self._entry = True, self.shown or self._entry
        given = {"name": content.name, "subjects": content.subject, "audiences": content.audiences}
        self._ours |= {part for part, value in given.items() if value is not None}

    def plan(self, at: SendTime) -> None:
        """Give a draft a planned time, which schedules nothing."""
        self.shown = self._esp.plan(self._entry, at)
        self.touched, self._entry = True, self.shown or replace(self._entry, planned=at)

    def move(self, at: SendTime) -> None:
        """Move a scheduled campaign, in one call or in steps."""
        if not self._esp.calendar.moves_at_once:
            self._move_in_steps(at)
            return
        entry = self._unchanged(Status.SCHEDULED)
        self._rules.may_move(entry, at)
        self._attempt(lambda: self._esp.move(entry, at))
        self._confirm(at)

    def unschedule(self) -> None:
        """Make a scheduled campaign a draft again."""
        self._attempt(lambda: self._esp.unschedule(self._entry))
        self._entry = self._present()
        if self._entry.status is not Status.DRAFT:
            raise Unavailable(f"{self._esp.title} shows the unscheduled campaign as {self._entry.status_raw!r} still.")

    def schedule(self, at: SendTime) -> None:
        """Schedule a draft, which holds the time already where drafts hold one."""
        entry = self._ready(at)
        self._attempt(lambda: self._esp.schedule(entry, at))
        self._confirm(at)

    def finish(self, at: SendTime) -> None:
        """Schedule a draft that we unscheduled for this time. An error says that it is not scheduled."""
        plans = self._esp.calendar.plans_drafts
        try:
            entry, then = self._unchanged(Status.DRAFT), self._entry
            if plans and not same(entry.planned, then.planned):
                raise Stale(f"{self._esp.title}: somebody just changed the planned send of the campaign.")
            self._entry = entry
            if plans and not same(entry.planned, at):
                self.plan(at)
            self._put_back(at)
        except SyncError as error:
            if self.shown is None or self.shown.status is not Status.SCHEDULED:
                unfinished(error, self._esp.title, at)
            raise

    def _put_back(self, at: SendTime) -> None:
        """Schedule what we unscheduled. Whoever is cut off from here on cannot know whether it was: if it is off the
        calendar then, somebody may have taken it off after us, and it is not to be scheduled once more."""
        entry = self._ready(at)
        self._unscheduled(False)  # from here on nobody knows
        try:
            self._attempt(lambda: self._esp.schedule(entry, at))
        except SyncError as error:
            if not isinstance(error, Ambiguous) or self._is_draft():
                self._unscheduled(True)  # nothing was done
            raise
        self._confirm(at)

    def _ready(self, at: SendTime) -> Entry:
        """The draft as it is right before it is scheduled. Raises Stale if somebody changed it."""
        entry = self._unchanged(Status.DRAFT)
        if self._esp.calendar.plans_drafts and not same(entry.planned, at):
            raise Stale(f"{self._esp.title}: somebody just changed the planned send of the campaign.")
        self._rules.may_schedule(at, at)  # time has passed since it was decided
        return entry

    def _is_draft(self) -> bool:
        """Whether the ESP shows it as a draft; False also where it does not answer."""
        with suppress(SyncError):
            return self._present().status is Status.DRAFT
        return False

    def _move_in_steps(self, at: SendTime) -> None:
        entry, sure = self._entry, _Once(lambda: self._unscheduled(True))
        self._unscheduled(False)
        try:
            # What the ESP has plainly taken is sure, though it may show it late: whoever comes after a crash, or after
            # we have waited in vain, can go on without asking a person.
            self._attempt(lambda: self._esp.unschedule(entry, sure))
        except SyncError as error:
            if self.touched and self._is_scheduled_anew():
                if sure.done:
                    self._unscheduled(False)  # it is on the calendar, and not by us
                raise Stale(f"{self._esp.title}: somebody just scheduled the campaign for another time.") from error
            if sure.done:
                unfinished(error, self._esp.title, at)
            raise
        sure()
        planned = entry.planned if self._esp.calendar.plans_drafts else None
        self._entry = replace(entry, status=Status.DRAFT, planned=planned, scheduled=None)
        self.finish(at)

    def _is_scheduled_anew(self) -> bool:
        """Whether the ESP shows a time that somebody has chosen since the change was decided upon."""
        with suppress(SyncError):
            now = self._present()
            return now.status is Status.SCHEDULED and not same(now.scheduled, self._entry.scheduled)
        return False

    def _attempt(self, call: Callable[[], None]) -> None:
        """Touch the schedule. Only a plain refusal means that nothing was done.

        Plans and keys may allow everything but this: a refusal for want of a right is of this campaign, and the others
        go on. Where nothing is allowed any more, the next request tells.
        """
        try:
            call()
        except ConfigError as error:
            raise Rejected(str(error)) from error
        except (Rejected, Stale):
            raise
        except SyncError:
            self.touched = True
            raise
        self.touched, self.shown = True, None

    def _present(self) -> Entry:
        entry = self._esp.entry(self._entry.id)
        if entry is None:
            raise Stale(f"{self._esp.title}: the campaign {self._entry.id} is no longer there.")
        self.shown = entry
        return entry

    def _unchanged(self, status: Status) -> Entry:
        """The campaign as it is now. Raises Stale if somebody changed it since it was decided upon."""
        now, then = self._present(), self._entry
        if now.status is not status:
            raise Stale(f"{self._esp.title}: somebody just made the campaign {now.status_raw!r}.")
        parts = ("name", "subjects", "audiences", "archived", "read_only")
        moved = [part for part in parts if part not in self._ours and getattr(now, part) != getattr(then, part)]
        if moved:
            raise Stale(f"{self._esp.title}: somebody just changed {', '.join(moved)} of the campaign.")
        if status is Status.SCHEDULED and not same(now.scheduled, then.scheduled):
            raise Stale(f"{self._esp.title}: somebody just moved the campaign.")
        return now

    def _confirm(self, at: SendTime) -> None:
        """Compare what the ESP made of it."""
        entry = self._present()
        if entry.status is not Status.SCHEDULED:
            raise Unavailable(
                f"{self._esp.title} shows the campaign as {entry.status_raw!r}, though it was to be scheduled for "
                f"{told(at)}. The next run looks again; look at it there."
            )
        if not same(entry.scheduled, at):
            instead = told(entry.scheduled) if entry.scheduled else "no time"
            raise Stale(f"{self._esp.title} shows {instead} where {told(at)} was asked for; look at it there.")
        self._entry = entry


@dataclass(slots=True)
class _Once:
    """Tells something the first time that it is called."""

    tell: Callable[[], None]
    done: bool = False

    def __call__(self) -> None:
        if not self.done:
            self.done = True
            self.tell()


def unfinished(error: SyncError, title: str, at: SendTime) -> None:
    """Make an error say that the campaign is not scheduled, which is what matters most."""
    words = f"the campaign was unscheduled to be moved to {told(at)}, and is not scheduled again yet"
    error.args = (f"{title}: {words}. {error}",)
