"""The writes of one commit. Rows that did not change are not written, and a commit of nothing is none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, literal_column, select, update

from sync import rows
from sync.findings import Finding
from sync.lease import Lease
from sync.model import Record, Ref
from sync.rows import Image
from sync.session import Session
from sync.state import Edit, Hint, Listing, Position, Reached, Remembered, Setup
from sync.statements import Prepared, Query, Text, of
from sync.tables import (
    AUDIENCE,
    AUDITED,
    BINDING,
    DECISION,
    ENTITY,
    FINDING,
    HINT,
    HISTORY,
    JOURNAL,
    LINK,
    LISTED,
    LISTING,
    METADATA,
    POSITION,
    REACH,
    RUN,
    SETUP,
)

KEPT_RUNS = 200

Row = dict[str, Any]
# Of an entity: (its id, None); of a link: (its entity, its tool).
Key = tuple[str, str | None]


_INSERT = {table: Prepared(insert(table)) for table in METADATA.sorted_tables}
_CHANGE_ENTITY = Prepared(update(ENTITY).where(*of(ENTITY, "id")))
_CHANGE_LINK = Prepared(update(LINK).where(*of(LINK, "entity", "tool")))
_UNLINK = Prepared(delete(LINK).where(*of(LINK, "entity", "tool")))
_CONCLUDE = Prepared(delete(JOURNAL).where(*of(JOURNAL, "id")))
_NOTE = Prepared(update(JOURNAL).where(*of(JOURNAL, "id")))
_DROP_REACH = Prepared(delete(REACH).where(*of(REACH, "campaign")))
_DROP_RULES = Prepared(delete(AUDITED).where(*of(AUDITED)))
_DROP_LISTING = Prepared(delete(LISTING).where(*of(LISTING, "tool")))
_DROP_LISTED = Prepared(delete(LISTED).where(*of(LISTED, "tool")))
_DROP_SETUP = Prepared(delete(SETUP).where(*of(SETUP, "tool")))
_CHANGE_FINDING = Prepared(update(FINDING).where(*of(FINDING, "fingerprint")))
_DROP_FINDING = Prepared(delete(FINDING).where(*of(FINDING, "fingerprint")))
_DROP_UNTOLD = Prepared(delete(FINDING).where(*of(FINDING, "fingerprint"), FINDING.c.emailed.is_(None)))
_STANDS = Query("kind", "finding", "fingerprint = :fingerprint AND closed IS NULL", locks=True)
_TOLD = "workspace = :workspace AND fingerprint IN [:told]"
_DROP_TOLD = Text(f"DELETE FROM finding WHERE {_TOLD} AND closed IS NOT NULL")  # noqa: S608  (nothing from outside)
_MARK_TOLD = Text(f"UPDATE finding SET emailed = :at WHERE {_TOLD} AND emailed IS NULL")  # noqa: S608
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
        self,
        begin: Callable[[], Session],
        workspace: str,
        stored: Mapping[Key, Image | None],
        lease: Lease | None,
        numbers: Iterator[int],
    ) -> None:
        self.changed: dict[Key, Image | None] = {}
        self.released = False
        self._begin = begin
        self._session: Session | None = None
        self._workspace = workspace
        self._stored = stored
        self._lease = lease
        self._numbers = numbers  # of intents

    def save(self, entities: Iterable[Remembered]) -> None:
        """Entities with their links, where they differ from what is stored. One statement a table writes all that
        are new, another all that changed (one for each set of indexed columns that did)."""
        found: dict[Table, dict[tuple[str, ...] | None, list[Row]]] = {ENTITY: {}, LINK: {}}
        for entity in entities:
            if (image := rows.entity_image(entity)) != (before := self._before(entity.id)):
                self.changed[entity.id, None] = image
                same = rows.same_in_index(ENTITY.name, image, before) if before else None
                found[ENTITY].setdefault(same, []).append(rows.entity_row(entity))
            for tool, link in entity.links.items():
                if (image := rows.link_image(link, entity.agreed)) != (before := self._before(entity.id, tool)):
                    self.changed[entity.id, tool] = image
                    same = rows.same_in_index(LINK.name, image, before) if before else None
                    found[LINK].setdefault(same, []).append(rows.link_row(entity, link))
        for table, change, key in ((ENTITY, _CHANGE_ENTITY, ("id",)), (LINK, _CHANGE_LINK, ("entity", "tool"))):
            for same, written in found[table].items():
                if same is None:
                    self._run(_INSERT[table], [{"workspace": self._workspace, **row} for row in written])
                    continue
                mine = [self._mine(**{name: row.pop(name) for name in key}) for row in written]
                news = [name for name in written[0] if name not in same]
                self._run(change, [{n: row[n] for n in news} | place for row, place in zip(written, mine, strict=True)])

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

    def reaches(self, found: Mapping[str, Mapping[str, datetime]]) -> None:
        """Remember the audiences of these campaigns, and when each is reached."""
        if found:
            self._run(_DROP_REACH, [self._mine(campaign=campaign) for campaign in found])
        news = [
            {"workspace": self._workspace, "campaign": campaign, "audience": audience, "at": rows.moment_text(at)}
            for campaign, audiences in found.items()
            for audience, at in audiences.items()
        ]
        if news:
            self._run(_INSERT[REACH], news)

    def audited(self, rules: str) -> None:
        """Remember by which rules the campaigns were looked at."""
        self._run(_DROP_RULES, self._mine())
        self._run(_INSERT[AUDITED], {"workspace": self._workspace, "rules": rules})

    def set_up(self, tool: str, setup: Setup | None) -> None:
        """Remember what a connector need not ask again; None forgets it."""
        self._run(_DROP_SETUP, self._mine(tool=tool))
        if setup is not None:
            row = {"tool": tool, "text": setup.text, "at": rows.moment_text(setup.at)}
            self._run(_INSERT[SETUP], {"workspace": self._workspace, **row})

    def break_off(self, tool: str, listing: Listing | None, seen: Mapping[Ref, Record | None]) -> None:
        """Remember how far a full listing came before it broke off, and what it read; None forgets it."""
        self._run(_DROP_LISTING, self._mine(tool=tool))
        self._run(_DROP_LISTED, self._mine(tool=tool))
        place = {"workspace": self._workspace, "tool": tool}
        if listing is not None:
            about = {"reached": listing.reached, "position": listing.position, "meaning": listing.meaning}
            self._run(_INSERT[LISTING], {**place, **about, "began": rows.moment_text(listing.began)})
        if seen:
            self._run(_INSERT[LISTED], [
                {**place, "kind": ref.kind.value, "native": ref.native, "record": record and rows.record_text(record)}
                for ref, record in seen.items()
            ])  # fmt: skip

    def intend(self, run: str, at: datetime, changes: Sequence[tuple[str, str, str, Any]]) -> list[int]:
        """Write changes (tool, entity, action, cells) down before their call; the numbers are for `conclude`. The cells
        are {field: [old, new]} as JSON."""
        place = {"workspace": self._workspace, "run": run, "at": rows.moment_text(at), "unscheduled": 0}
        values: list[dict[str, Any]] = [
            {**place, "id": next(self._numbers), "tool": tool, "entity": entity, "action": action,
             "cells": rows.dumps(cells)}
            for tool, entity, action, cells in changes
        ]  # fmt: skip
        self._run(_INSERT[JOURNAL], values)
        return [row["id"] for row in values]

    def conclude(self, intents: Iterable[int]) -> None:
        """It is known how these changes ended."""
        if found := [self._mine(id=intent) for intent in intents]:
            self._run(_CONCLUDE, found)

    def unscheduled(self, intent: int, *, sure: bool) -> None:
        """The change takes a scheduled send off the calendar and has yet to put it back. `sure`: the tool said so."""
        self._run(_NOTE, {**self._mine(id=intent), "unscheduled": 2 if sure else 1})

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
        _DROP_TOLD.run(self._opened(), workspace=self._workspace, told=told)
        _MARK_TOLD.run(self._opened(), workspace=self._workspace, told=told, at=rows.moment_text(at))

    def stands(self, fingerprint: str) -> bool:
        """Whether a finding is open, and stays so until this commit."""
        return bool(_STANDS.rows(self._opened(), workspace=self._workspace, fingerprint=fingerprint))

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

    def _opened(self) -> Session:
        if self._session is None:
            self._session = self._begin()
        return self._session

    def _mine(self, **key: Any) -> dict[str, Any]:
        return {"_workspace": self._workspace, **{f"_{name}": value for name, value in key.items()}}
