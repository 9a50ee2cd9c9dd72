"""Who holds a workspace: one run at a time, by a token that only grows, so that a run that lost it commits nothing.

A hold ends when it is given back, when its time is past, when its holder is known to be gone, or when its last sign of
life lies in the future (the clock was set back; without this a killed run would block for as long). To end a hold that
is still in use is safe: every commit of a run checks its token first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, null, select, update
from sqlalchemy.exc import IntegrityError

from sync import rows
from sync.errors import Busy
from sync.statements import Prepared, of
from sync.tables import LEASE

_LOOK = select(LEASE).where(*of(LEASE))
_LOCK = _LOOK.with_for_update()  # SQLite has no such thing and needs none: its transactions come one after the other
_ADD = insert(LEASE)
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

    def renew(self, connection: Connection) -> None:
        """Hold on for longer, in the same commit as what follows. Raises Busy when the hold was lost."""
        mine = {"_workspace": self.workspace, "_token": self.token}
        if _RENEW.run(connection, {**mine, **_life(self.clock(), self.lasts)}).rowcount == 0:
            raise Busy(self._lost(connection.execute(_LOOK, {"_workspace": self.workspace}).one_or_none()))

    def give_back(self, connection: Connection) -> None:
        """The next run may come. Who held the workspace last, and the token, stay on record."""
        _GIVE_BACK.run(connection, {"_workspace": self.workspace, "_token": self.token})

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
    connection: Connection,
    workspace: str,
    holder: str,
    clock: Callable[[], datetime],
    lasts: timedelta,
    is_gone: Callable[[str], bool],
) -> Lease:
    """Take the workspace. Raises Busy with who holds it. Of two processes at once exactly one gets it."""
    now = clock()
    row = _locked(connection, workspace)
    if row.until and _lives(row, now, lasts) and not is_gone(row.holder):
        raise Busy(
            f"another run holds the workspace {workspace}: {row.holder}, since {_hour(row.since)}. "
            f"Wait for it to end; if it was killed, its hold ends by itself at {_hour(row.until)}."
        )
    values = {"token": row.token + 1, "holder": holder, "since": rows.moment_text(now), **_life(now, lasts)}
    _TAKE.run(connection, {"_workspace": workspace, **values})
    return Lease(workspace, row.token + 1, clock, lasts)


def _locked(connection: Connection, workspace: str) -> Any:
    """The row of the workspace, which nobody else can change until this transaction ends."""
    row = connection.execute(_LOCK, {"_workspace": workspace}).one_or_none()
    if row is not None:
        return row
    # Its first run. Another one may be adding the row too: the database lets one of them.
    with suppress(IntegrityError), connection.begin_nested():
        connection.execute(_ADD, {"workspace": workspace, "token": 0, "holder": "", "since": "", "renewed": ""})
    return connection.execute(_LOCK, {"_workspace": workspace}).one()


def _lives(row: Any, now: datetime, lasts: timedelta) -> bool:
    """Whether the time of a hold runs. Clocks of two machines differ a little, so not every future sign is wrong."""
    return now < rows.moment(row.until) and rows.moment(row.renewed) <= now + lasts


def _life(now: datetime, lasts: timedelta) -> dict[str, str]:
    return {"renewed": rows.moment_text(now), "until": rows.moment_text(now + lasts)}


def _hour(text: str) -> str:
    return f"{rows.moment(text):%H:%M} UTC"
