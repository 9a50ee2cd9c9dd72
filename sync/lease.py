"""Who holds a workspace: one run at a time, by a token that only grows, so that a run that lost it commits nothing.

A hold ends when it is given back, when its time is past, when its holder is known to be gone, or when its last sign of
life lies in the future (the clock was set back; without this a killed run would block for as long). To end a hold that
is still in use is safe: every commit of a run checks its token first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, null, update

from sync import rows
from sync.errors import Busy
from sync.session import Session
from sync.statements import Prepared, Rows, Text, of
from sync.tables import LEASE

_LOOK, _LOCK = Rows(LEASE), Rows(LEASE, locks=True)
_ADD = Text(
    "INSERT INTO lease (workspace, token, holder, since, renewed) VALUES (:workspace, 0, '', '', '') "
    "ON CONFLICT DO NOTHING"
)
_TAKE = Prepared(update(LEASE).where(*of(LEASE)))
_RENEW = Prepared(update(LEASE).where(*of(LEASE), LEASE.c.token == bindparam("_token"), LEASE.c.until.is_not(None)))
_GIVE_BACK = Prepared(update(LEASE).where(*of(LEASE), LEASE.c.token == bindparam("_token")).values(until=null()))


@dataclass(frozen=True, slots=True)
class Lease:
    """A hold that was taken. `lasts` is how long it goes on after its last renewal."""

    workspace: str
    token: int
    clock: Callable[[], datetime]
    lasts: timedelta

    def renew(self, session: Session) -> None:
        """Hold on for longer, in the same commit as what follows. Raises Busy when the hold was lost."""
        mine = {"_workspace": self.workspace, "_token": self.token}
        if _RENEW.run(session, {**mine, **_life(self.clock(), self.lasts)}) == 0:
            raise Busy(self._lost(next(iter(_LOOK.rows(session, workspace=self.workspace)), None)))

    def give_back(self, session: Session) -> None:
        """The next run may come. Who held the workspace last, and the token, stay on record."""
        _GIVE_BACK.run(session, {"_workspace": self.workspace, "_token": self.token})

    def _lost(self, row: Any) -> str:
        if row is None or row.token == self.token:
            return (
                f"this run does not hold the workspace {self.workspace} any more; nothing more was written. "
                "Start another run."
            )
        over = "" if row.until else ", over by now"
        return (
            f"another run ({row.holder}, since {_hour(row.since)}{over}) has taken over the workspace "
            f"{self.workspace}, because this one gave no sign of life for too long; nothing more was written. "
            "The next run does what is left."
        )


def take(
    session: Session,
    workspace: str,
    holder: str,
    clock: Callable[[], datetime],
    lasts: timedelta,
    is_gone: Callable[[str], bool],
) -> Lease:
    """Take the workspace. Raises Busy with who holds it. Of two processes at once exactly one gets it."""
    now = clock()
    row = _locked(session, workspace)
    if row.until and _lives(row, now, lasts) and not is_gone(row.holder):
        raise Busy(
            f"another run holds the workspace {workspace}: {row.holder}, since {_hour(row.since)}. "
            f"Wait for it to end; if it was killed, its hold ends by itself at {_hour(row.until)}."
        )
    values = {"token": row.token + 1, "holder": holder, "since": rows.moment_text(now), **_life(now, lasts)}
    _TAKE.run(session, {"_workspace": workspace, **values})
    return Lease(workspace, row.token + 1, clock, lasts)


def _locked(session: Session, workspace: str) -> Any:
    """The row of the workspace, which nobody else can change until this transaction ends."""
    found = _LOCK.rows(session, workspace=workspace)
    if not found:  # its first run, of which there may be two: the database lets one of them add the row
        _ADD.run(session, workspace=workspace)
        found = _LOCK.rows(session, workspace=workspace)
    return found[0]


def _lives(row: Any, now: datetime, lasts: timedelta) -> bool:
    """Whether the time of a hold runs. Clocks of two machines differ a little, so not every future sign is wrong."""
    return now < rows.moment(row.until) and rows.moment(row.renewed) <= now + lasts


def _life(now: datetime, lasts: timedelta) -> dict[str, str]:
    return {"renewed": rows.moment_text(now), "until": rows.moment_text(now + lasts)}


def _hour(text: str) -> str:
    return f"{rows.moment(text):%H:%M} UTC"
