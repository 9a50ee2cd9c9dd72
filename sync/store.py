"""The only user of the database: loads and saves a workspace's state, journal, findings and runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, delete, insert, select

from sync import rows
from sync.database import database_errors, open_database
from sync.errors import Busy, ConfigError
from sync.findings import Finding
from sync.model import Kind
from sync.state import Intent, OpenFinding, State
from sync.tables import DECISION, ENTITY, FINDING, JOURNAL, LEASE, LINK, RUN
from sync.transaction import Transaction


def open_store(url: str, workspace: str) -> Store:
    """The store of a workspace in the database at `url`, migrated. Raises ConfigError or Unavailable."""
    return Store(open_database(url), workspace)


class Store:
    """A workspace's rows. Every method may raise Unavailable or ConfigError with the reason in words."""

    def __init__(self, engine: Engine, workspace: str) -> None:
        self.engine = engine
        self.workspace = workspace
        self._saved: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One durable commit; an exception inside undoes it."""
        pending = dict(self._saved)
        with database_errors(self.engine), self.engine.begin() as connection:
            yield Transaction(connection, self.workspace, pending)
        self._saved = pending

    @contextmanager
    def lease(
        self, holder: str, now: datetime, lasts: timedelta, is_gone: Callable[[str], bool] = lambda _holder: False
    ) -> Iterator[None]:
        """Hold the workspace for one run. Raises Busy with who holds it, unless that hold has ended or is gone."""
        self._acquire(holder, now, lasts, is_gone)
        try:
            yield
        finally:
            with database_errors(self.engine), self.engine.begin() as connection:
                mine = (LEASE.c.workspace == self.workspace) & (LEASE.c.holder == holder)
                connection.execute(delete(LEASE).where(mine))

    def _acquire(self, holder: str, now: datetime, lasts: timedelta, is_gone: Callable[[str], bool]) -> None:
        with database_errors(self.engine), self.engine.begin() as connection:
            row = connection.execute(select(LEASE).where(LEASE.c.workspace == self.workspace)).one_or_none()
            if row is not None and rows.moment(row.until) > now and not is_gone(row.holder):
                since, until = (f"{rows.moment(text):%H:%M} UTC" for text in (row.since, row.until))
                raise Busy(
                    f"another run holds the workspace {self.workspace}: {row.holder}, since {since}. "
                    f"Wait for it to end; if it was killed, its hold ends by itself at {until}."
                )
            connection.execute(delete(LEASE).where(LEASE.c.workspace == self.workspace))
            times = {"since": rows.moment_text(now), "until": rows.moment_text(now + lasts)}
            connection.execute(insert(LEASE).values(workspace=self.workspace, holder=holder, **times))

    def load(self) -> State:
        """The whole state of the workspace."""
        state = State()
        for row in self._rows(ENTITY):
            state.entities[row.id] = rows.entity(row)
        for row in self._rows(LINK):
            state.entities[row.entity].links[row.tool] = rows.link(row)
        for row in self._rows(JOURNAL, JOURNAL.c.state == "intended", order=JOURNAL.c.id):
            state.intents.append(Intent(row.id, row.tool, row.entity, row.action, rows.moment(row.at)))
        for row in self._rows(DECISION):
            state.decisions[row.fingerprint] = row.choice
        self._saved = {}
        for entity in state.entities.values():
            self._saved.update(rows.stored(entity))
        return state

    def open_findings(self) -> list[OpenFinding]:
        """What stands now, the oldest first."""
        found = self._rows(FINDING, FINDING.c.closed.is_(None), order=FINDING.c.opened)
        return [rows.open_finding(row) for row in found]

    def closed_unsent(self) -> list[Finding]:
        """What was told by email as open and has closed since."""
        told = FINDING.c.closed.is_not(None) & FINDING.c.emailed.is_not(None)
        return [rows.finding(row) for row in self._rows(FINDING, told, order=FINDING.c.closed)]

    def mark_emailed(self, at: datetime, told: Collection[str]) -> None:
        """These findings (fingerprints), open or closed, have been told."""
        with self.transaction() as transaction:
            transaction.mark_emailed(at, told)

    def last_report(self) -> dict[str, Any] | None:
        """The JSON of the last run that was not a dry one."""
        newest = self._rows(RUN, order=RUN.c.started.desc(), limit=1)
        return json.loads(newest[0].report) if newest else None

    def decide(self, fingerprint: str, choice: str, at: datetime) -> None:
        """Keep a person's decision on an open finding for the next run. Raises ConfigError when it is not open."""
        if fingerprint not in {known.finding.fingerprint for known in self.open_findings()}:
            raise ConfigError(f"no open finding {fingerprint}. `campaign-sync report` lists them.")
        with self.transaction() as transaction:
            transaction.decide(fingerprint, choice, at)

    def find_entity(self, text: str) -> list[tuple[str, str]]:
        """Living campaigns (id, name) that `text` names: our id, a tool's key or id, or the name, ignoring case."""
        wanted = text.strip().casefold()
        found = []
        for entity in self.load().entities.values():
            if entity.dead or entity.kind is not Kind.CAMPAIGN:
                continue
            name = entity.agreed.get("name")
            links = entity.links.values()
            words = {entity.id, name, *(link.key for link in links), *(link.ref.native for link in links)}
            if wanted in {word.casefold() for word in words if isinstance(word, str)}:
                found.append((entity.id, str(name)))
        return sorted(found)

    def campaign_names(self) -> list[str]:
        """The names of the living campaigns, for suggestions."""
        entities = [e for e in self.load().entities.values() if e.kind is Kind.CAMPAIGN and not e.dead]
        return sorted(str(entity.agreed["name"]) for entity in entities if entity.agreed.get("name"))

    def _rows(self, table: Any, *where: Any, order: Any = None, limit: int | None = None) -> list[Any]:
        query = select(table).where(table.c.workspace == self.workspace, *where).order_by(order).limit(limit)
        with database_errors(self.engine), self.engine.connect() as connection:
            return list(connection.execute(query))
