"""The writes of one commit. Rows that did not change are not written, and a commit of nothing is none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, literal_column, select, update

from sync import rows
from sync.findings import Finding
from sync.lease import Lease
from sync.model import Ref
from sync.rows import Image
from sync.state import Edit, Hint, Position, Reached, Remembered
from sync.statements import Prepared, of
from sync.tables import AUDIENCE, BINDING, DECISION, ENTITY, FINDING, HINT, HISTORY, JOURNAL, LINK, POSITION, RUN

KEPT_RUNS = 200

# Of an entity: (its id, None); of a link: (its entity, its tool).
Key = tuple[str, str | None]


_INTEND = insert(JOURNAL)
_INSERT = {
    table: Prepared(insert(table))
    for table in (AUDIENCE, BINDING, DECISION, ENTITY, FINDING, HINT, HISTORY, LINK, POSITION, RUN)
}
_CHANGE_ENTITY = Prepared(update(ENTITY).where(*of(ENTITY, "id")))
_CHANGE_LINK = Prepared(update(LINK).where(*of(LINK, "entity", "tool")))
_UNLINK = Prepared(delete(LINK).where(*of(LINK, "entity", "tool")))
_CONCLUDE = Prepared(update(JOURNAL).where(JOURNAL.c.id == bindparam("_id")))
_CHANGE_FINDING = Prepared(update(FINDING).where(*of(FINDING, "fingerprint")))
_DROP_FINDING = Prepared(delete(FINDING).where(*of(FINDING, "fingerprint")))
_DROP_UNTOLD = Prepared(delete(FINDING).where(*of(FINDING, "fingerprint"), FINDING.c.emailed.is_(None)))
_STANDS = select(FINDING.c.kind).where(*of(FINDING, "fingerprint"), FINDING.c.closed.is_(None)).with_for_update()
_TOLD = [*of(FINDING), FINDING.c.fingerprint.in_(bindparam("_told", expanding=True))]
_DROP_TOLD = delete(FINDING).where(*_TOLD, FINDING.c.closed.is_not(None))
_MARK_TOLD = update(FINDING).where(*_TOLD, FINDING.c.emailed.is_(None))
_DROP_BINDING = Prepared(delete(BINDING).where(*of(BINDING, "tool")))
_DROP_AUDIENCE = Prepared(delete(AUDIENCE).where(*of(AUDIENCE, "tool", "name")))
_DROP_POSITION = Prepared(delete(POSITION).where(*of(POSITION, "tool")))
_DROP_HINT = Prepared(delete(HINT).where(HINT.c.id == bindparam("_id")))
_DROP_DECISION = Prepared(delete(DECISION).where(*of(DECISION, "fingerprint")))
_LAST_DROPPED = (
    select(RUN.c.started)
    .where(*of(RUN))
    .order_by(RUN.c.started.desc())
    .offset(literal_column(str(KEPT_RUNS)))
    .limit(literal_column("1"))
)
_DROP_RUNS = Prepared(delete(RUN).where(*of(RUN), RUN.c.started <= _LAST_DROPPED.scalar_subquery()))


class Transaction:
    """Writes to one workspace inside one commit, which `begin` starts at the first of them.

    `stored` are the images of what the database holds, `changed` those of what this commit writes (None: deleted).
    """

    def __init__(
        self, begin: Callable[[], Connection], workspace: str, stored: Mapping[Key, Image | None], lease: Lease | None
    ) -> None:
        self.changed: dict[Key, Image | None] = {}
        self.released = False
        self._begin = begin
        self._connection: Connection | None = None
        self._workspace = workspace
        self._stored = stored
        self._lease = lease

    def save(self, entities: Iterable[Remembered]) -> None:
        """Entities with their links, where they differ from what is stored. One statement a table writes all that
        are new, another all that changed."""
        new: dict[str, list[dict[str, Any]]] = {"entity": [], "link": []}
        known: dict[str, list[dict[str, Any]]] = {"entity": [], "link": []}
        for entity in entities:
            if (image := rows.entity_image(entity)) != (before := self._before(entity.id)):
                self.changed[entity.id, None] = image
                (known if before else new)["entity"].append(rows.entity_row(entity))
            for tool, link in entity.links.items():
                if (image := rows.link_image(link)) != (before := self._before(entity.id, tool)):
                    self.changed[entity.id, tool] = image
                    (known if before else new)["link"].append(rows.link_row(entity.id, link))
        for table, change in ((ENTITY, _CHANGE_ENTITY), (LINK, _CHANGE_LINK)):
            if found := new[table.name]:
                self._run(_INSERT[table], [{"workspace": self._workspace, **row} for row in found])
            if found := known[table.name]:
                self._run(change, [{**self._mine(), **_keyed(table, row)} for row in found])

    def _before(self, entity: str, tool: str | None = None) -> Image | None:
        key = (entity, tool)
        return self.changed[key] if key in self.changed else self._stored.get(key)

    def forget_link(self, entity: Remembered, tool: str) -> None:
        """Unlink a record, so that a new one is created in its place."""
        del entity.links[tool]
        self._run(_UNLINK, self._mine(entity=entity.id, tool=tool))
        self.changed[entity.id, tool] = None

    def bind(self, tool: str, fields: Mapping[str, str]) -> None:
        """Remember from which fields of a tool the canonical ones were read."""
        self._run(_DROP_BINDING, self._mine(tool=tool))
        self._run(_INSERT[BINDING], {"workspace": self._workspace, "tool": tool, "fields": rows.dumps(fields)})

    def place(self, tool: str, position: Position | None) -> None:
        """Remember up to where a tool was read; None forgets it, so that the next run reads all of it."""
        self._run(_DROP_POSITION, self._mine(tool=tool))
        if position is not None:
            self._run(_INSERT[POSITION], {"workspace": self._workspace, **rows.position_row(tool, position)})

    def hint(self, refs: Iterable[Ref]) -> None:
        """Keep that something happened to these records."""
        if found := [{"tool": ref.tool, "kind": ref.kind.value, "native": ref.native} for ref in refs]:
            self._run(_INSERT[HINT], [{"workspace": self._workspace, **row} for row in found])

    def followed(self, hints: Iterable[Hint]) -> None:
        """These hints have been looked at."""
        if found := [{"_id": hint.id} for hint in hints]:
            self._run(_DROP_HINT, found)

    def forget_decision(self, fingerprint: str) -> None:
        """A decision about what has changed since it was made counts no more."""
        self._run(_DROP_DECISION, self._mine(fingerprint=fingerprint))

    def intend(self, run: str, at: datetime, tool: str, entity: str, action: str, cells: Any) -> int:
        """Write down a change before its call; the number is for `conclude`. `cells` is {field: [old, new]} as JSON."""
        row = {"run": run, "at": rows.moment_text(at), "tool": tool, "entity": entity, "action": action}
        values = {
            "workspace": self._workspace,
            "cells": rows.dumps(cells),
            "state": "intended",
            "unscheduled": 0,
            **row,
        }
        (key,) = self._opened().execute(_INTEND, values).inserted_primary_key or (0,)
        return int(key)

    def conclude(self, intent: int, state: str, reason: str | None = None) -> None:
        """How a change ended: "done", "failed", or "intended" when the tool gave no answer."""
        self._run(_CONCLUDE, {"_id": intent, "state": state, "reason": reason})

    def unscheduled(self, intent: int, *, sure: bool) -> None:
        """The change takes a scheduled send off the calendar and has yet to put it back. `sure`: the tool said so."""
        self._run(_CONCLUDE, {"_id": intent, "unscheduled": 2 if sure else 1})

    def reach(self, tool: str, name: str, reached: Reached) -> None:
        """Remember how large an audience is."""
        self._run(_DROP_AUDIENCE, self._mine(tool=tool, name=name))
        row = {"tool": tool, "name": name, "size": reached.size, "at": rows.moment_text(reached.at)}
        self._run(_INSERT[AUDIENCE], {"workspace": self._workspace, **row})

    def remember_edits(self, run: str, at: datetime, edits: Iterable[Edit]) -> None:
        """Keep agreements in the history."""
        place = {"workspace": self._workspace, "run": run, "at": rows.moment_text(at)}
        if found := [{**place, **rows.edit_row(edit)} for edit in edits]:
            self._run(_INSERT[HISTORY], found)

    def open_finding(self, finding: Finding, at: datetime) -> None:
        """Keep a finding as open. One that is back after it had closed is a new one."""
        self._run(_DROP_FINDING, self._mine(fingerprint=finding.fingerprint))
        values = {"fingerprint": finding.fingerprint, "kind": finding.kind.value, "opened": rows.moment_text(at)}
        self._run(_INSERT[FINDING], {"workspace": self._workspace, "body": rows.finding_text(finding), **values})

    def refresh_finding(self, finding: Finding) -> None:
        """Keep what a finding that stands says now."""
        mine = self._mine(fingerprint=finding.fingerprint)
        self._run(_CHANGE_FINDING, {**mine, "body": rows.finding_text(finding)})

    def close_finding(self, finding: Finding, at: datetime) -> None:
        """Close a finding; a decision on it has been carried out or does not matter any more.

        One that nobody was told of by email just goes.
        """
        mine = self._mine(fingerprint=finding.fingerprint)
        self._run(_DROP_UNTOLD, mine)
        self._run(_CHANGE_FINDING, {**mine, "closed": rows.moment_text(at)})
        self._run(_DROP_DECISION, mine)

    def mark_emailed(self, at: datetime, told: Collection[str]) -> None:
        """These findings have been told; those of them that are closed can go."""
        mine = self._mine(told=list(told))
        self._opened().execute(_DROP_TOLD, mine)
        self._opened().execute(_MARK_TOLD, {**mine, "emailed": rows.moment_text(at)})

    def stands(self, fingerprint: str) -> bool:
        """Whether a finding is open, and stays so until this commit."""
        return self._opened().execute(_STANDS, self._mine(fingerprint=fingerprint)).first() is not None

    def decide(self, fingerprint: str, choice: str, at: datetime) -> None:
        """Keep a decision; a later one on the same finding replaces it."""
        self._run(_DROP_DECISION, self._mine(fingerprint=fingerprint))
        values = {"fingerprint": fingerprint, "choice": choice, "at": rows.moment_text(at)}
        self._run(_INSERT[DECISION], {"workspace": self._workspace, **values})

    def save_run(self, run: str, started: datetime, finished: datetime, report: Mapping[str, Any]) -> None:
        """Keep the account of a run; the oldest go."""
        times = {"started": rows.moment_text(started), "finished": rows.moment_text(finished)}
        self._run(_INSERT[RUN], {"workspace": self._workspace, "id": run, "report": rows.dumps(report), **times})
        self._run(_DROP_RUNS, self._mine())

    def release(self) -> None:
        """Give the workspace back with this commit, the last of a run. Without a lease there is nothing to give."""
        if self._lease is not None:
            self._lease.give_back(self._opened())
            self.released = True

    def _run(self, statement: Prepared, values: dict[str, Any] | list[dict[str, Any]]) -> None:
        statement.run(self._opened(), values)

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = self._begin()
        return self._connection

    def _mine(self, **key: Any) -> dict[str, Any]:
        return {"_workspace": self._workspace, **{f"_{name}": value for name, value in key.items()}}


def _keyed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row for its update: the key's values under the names that `_of` gives them."""
    return {f"_{name}" if name in table.primary_key.columns else name: value for name, value in row.items()}
