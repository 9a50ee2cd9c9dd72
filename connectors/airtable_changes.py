"""What changed in an Airtable base since a position: by its change log where there is one, else by asking for times."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pyairtable.formulas import CREATED_TIME, IS_AFTER, LAST_MODIFIED_TIME, OR, Field, to_formula_str

from connectors.airtable_log import LIFE, Place
from connectors.airtable_tables import Table
from connectors.answers import moment
from sync.errors import Outdated

OVERLAP: Final = timedelta(seconds=120)  # times are coarse and compared strictly (reference airtable §4)
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing began: the base, the form of its tables, the tool's own time, and the place in its log.

    `late` says that the log was only made after the listing: what happened from `at` on is asked for by times, once.
    As text it is JSON of a few words, all of them Airtable's or ours, none of them secret.
    """

    base: str
    form: str
    at: datetime | None
    log: Place | None
    late: bool = False

    def text(self) -> str:
        at = self.at.astimezone(UTC).isoformat(timespec="milliseconds") if self.at else None
        log = [self.log.webhook, self.log.cursor] if self.log else None
        told = {"v": VERSION, "base": self.base, "form": self.form, "at": at, "log": log}
        return json.dumps(told | ({"late": True} if self.late else {}))


def parse(tool: str, text: str) -> Position:
    """The position out of its text; Outdated for one that is not ours."""
    try:
        raw: Any = json.loads(text)
        if raw["v"] != VERSION:
            raise ValueError(raw["v"])
        at, log = moment(raw["at"]), raw["log"]
        place = Place(str(log[0]), int(log[1])) if log else None
        return Position(str(raw["base"]), str(raw["form"]), at, place, bool(raw.get("late")))
    except (LookupError, TypeError, ValueError, RecursionError) as exc:
        raise Outdated(f"What is remembered of {tool} is of another kind; everything is listed anew.") from exc


def insist_on_use(tool: str, since: Position, base: str, form: str, now: datetime | None) -> None:
    """Outdated where what came later cannot be all that is different.

    A renamed choice shows in every record that has it, and no record's time or payload needs to tell (reference
    airtable §3), so another form of the tables asks for a full listing; columns that were only renamed do not.
    """
    if since.base != base:
        raise Outdated(f"{tool} is another base now; everything is listed anew.")
    if since.form != form:
        raise Outdated(f"The columns or choices of {tool} have changed; everything is listed anew.")
    if since.log and now and since.at and now - since.at >= LIFE:
        raise Outdated(f"{tool} keeps its change log for {LIFE.days} days only; everything is listed anew.")
    if since.at is None and (since.log is None or since.late):
        raise Outdated(f"{tool} told no time at its last listing; everything is listed anew.")


def edited_since(table: Table, at: datetime) -> str:
    """The formula that keeps what was made or edited after a moment, with some overlap.

    LAST_MODIFIED_TIME() is empty for a record that nobody has edited, as far as is documented.
    """
    moment = (at - OVERLAP).astimezone(UTC)
    modified = LAST_MODIFIED_TIME() if table.modified is None else Field(table.modified)
    return to_formula_str(OR(IS_AFTER(modified, moment), IS_AFTER(CREATED_TIME(), moment)))
