"""The writes of one commit. Rows that did not change are not written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from sync import rows
from sync.errors import Busy
from sync.findings import Finding
from sync.state import Edit, Remembered
from sync.tables import DECISION, ENTITY, FINDING, HISTORY, JOURNAL, LEASE, LINK, RUN

KEPT_RUNS = 200


class Transaction:
    """Writes to one workspace inside one commit. `saved` are the rows as they are stored, by `rows.stored`."""

    def __init__(self, connection: Connection, workspace: str, saved: dict[str, Any]) -> None:
        self._db = connection
        self._workspace = workspace
        self._saved = saved

    def hold(self, holder: str, until: datetime) -> None:
        """Keep the workspace for longer, in the same commit as what follows. Raises Busy when it was lost."""
        mine = (LEASE.c.workspace == self._workspace) & (LEASE.c.holder == holder)
        if self._db.execute(update(LEASE).where(mine).values(until=rows.moment_text(until))).rowcount == 0:
            raise Busy(
                f"this run took so long that another one has taken over the workspace {self._workspace}. "
                "Nothing more was written; that other run goes on."
            )

    def save(self, entities: Iterable[Remembered]) -> None:
        """Entities with their links, where they differ from what is stored. New rows go in one statement a table."""
        new: dict[str, list[dict[str, Any]]] = {ENTITY.name: [], LINK.name: []}
        for entity in entities:
            for name, row in rows.stored(entity).items():
                if self._saved.get(name) == row:
                    continue
                table = LINK if name.startswith("link/") else ENTITY
                if name in self._saved:
                    self._change(table, row)
                else:
                    new[table.name].append({"workspace": self._workspace, **row})
                self._saved[name] = row
        for table in (ENTITY, LINK):
            if new[table.name]:
                self._db.execute(insert(table), new[table.name])

    def _change(self, table: Table, row: Mapping[str, Any]) -> None:
        key = {column.name for column in table.primary_key} - {"workspace"}
        mine = [table.c.workspace == self._workspace, *(table.c[name] == row[name] for name in key)]
        values = {name: value for name, value in row.items() if name not in key}
        self._db.execute(update(table).where(*mine).values(**values))

    def forget_link(self, entity: Remembered, tool: str) -> None:
        """Unlink a record, so that a new one is created in its place."""
        ref = entity.links.pop(tool).ref
        mine = (LINK.c.workspace == self._workspace) & (LINK.c.tool == ref.tool)
        self._db.execute(delete(LINK).where(mine & (LINK.c.kind == ref.kind.value) & (LINK.c.native == ref.native)))
        self._saved.pop(f"link/{entity.id}/{tool}", None)

    def intend(self, run: str, at: datetime, tool: str, entity: str, action: str, cells: Any) -> int:
        """Write down a change before its call; the number is for `conclude`."""
        row = {"run": run, "at": rows.moment_text(at), "tool": tool, "entity": entity, "action": action}
        values = {"workspace": self._workspace, "cells": rows.dumps(cells), "state": "intended", **row}
        key = self._db.execute(insert(JOURNAL).values(**values)).inserted_primary_key
        return int(key[0]) if key else 0

    def conclude(self, intent: int, state: str, reason: str | None = None) -> None:
        """How a change ended: "done", "failed", or "intended" when the tool gave no answer."""
        self._db.execute(update(JOURNAL).where(JOURNAL.c.id == intent).values(state=state, reason=reason))

    def remember_edits(self, run: str, at: datetime, edits: Iterable[Edit]) -> None:
        """Keep agreements in the history."""
        place = {"workspace": self._workspace, "run": run, "at": rows.moment_text(at)}
        found = [{**place, **rows.edit_row(edit)} for edit in edits]
        if found:
            self._db.execute(insert(HISTORY), found)

    def open_finding(self, finding: Finding, at: datetime) -> None:
        self._db.execute(delete(FINDING).where(*self._is(FINDING, finding.fingerprint)))
        values = {"fingerprint": finding.fingerprint, "kind": finding.kind.value, "opened": rows.moment_text(at)}
        self._db.execute(insert(FINDING).values(workspace=self._workspace, body=rows.finding_text(finding), **values))

    def refresh_finding(self, finding: Finding) -> None:
        mine = self._is(FINDING, finding.fingerprint)
        self._db.execute(update(FINDING).where(*mine).values(body=rows.finding_text(finding)))

    def close_finding(self, finding: Finding, at: datetime) -> None:
        """Close a finding; a decision on it has been carried out or does not matter any more.

        One that nobody was told of by email just goes.
        """
        mine = self._is(FINDING, finding.fingerprint)
        self._db.execute(delete(FINDING).where(*mine, FINDING.c.emailed.is_(None)))
        self._db.execute(update(FINDING).where(*mine).values(closed=rows.moment_text(at)))
        self._db.execute(delete(DECISION).where(*self._is(DECISION, finding.fingerprint)))

    def mark_emailed(self, at: datetime, told: Collection[str]) -> None:
        """These findings have been told; those of them that are closed can go."""
        mine = (FINDING.c.workspace == self._workspace) & FINDING.c.fingerprint.in_(told)
        self._db.execute(delete(FINDING).where(mine & FINDING.c.closed.is_not(None)))
        emailed = rows.moment_text(at)
        self._db.execute(update(FINDING).where(mine & FINDING.c.emailed.is_(None)).values(emailed=emailed))

    def decide(self, fingerprint: str, choice: str, at: datetime) -> None:
        """Keep a decision; a later one on the same finding replaces it."""
        self._db.execute(delete(DECISION).where(*self._is(DECISION, fingerprint)))
        values = {"fingerprint": fingerprint, "choice": choice, "at": rows.moment_text(at)}
        self._db.execute(insert(DECISION).values(workspace=self._workspace, **values))

    def save_run(self, run: str, started: datetime, finished: datetime, report: Mapping[str, Any]) -> None:
        """Keep the account of a run; the oldest go."""
        times = {"started": rows.moment_text(started), "finished": rows.moment_text(finished)}
        self._db.execute(insert(RUN).values(workspace=self._workspace, id=run, report=rows.dumps(report), **times))
        mine = RUN.c.workspace == self._workspace
        oldest = select(RUN.c.started).where(mine).order_by(RUN.c.started.desc()).offset(KEPT_RUNS).limit(1)
        limit = self._db.execute(oldest).scalar()
        if limit is not None:
            self._db.execute(delete(RUN).where(mine & (RUN.c.started <= limit)))

    def _is(self, table: Table, fingerprint: str) -> tuple[Any, Any]:
        return table.c.workspace == self._workspace, table.c.fingerprint == fingerprint
