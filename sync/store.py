"""The only user of the database: loads and saves a workspace's state, journal, findings and runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from itertools import count
from threading import Lock
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine

from sync import rows
from sync.database import database_errors, open_database
from sync.errors import ConfigError, SyncError
from sync.findings import Finding
from sync.lease import Lease, take
from sync.model import Ref
from sync.rows import Image
from sync.session import Session, looking, reading, writing
from sync.shelf import AtHand, Stored
from sync.state import OpenFinding, Remembered, State, plain
from sync.statements import Query, Rows
from sync.tables import AUDIENCE, AUDITED, BINDING, DECISION, FINDING, HINT, JOURNAL, LISTING, POSITION, RUN, SETUP
from sync.transaction import Key, Transaction

_DECISIONS, _BINDINGS, _POSITIONS, _HINTS = Rows(DECISION), Rows(BINDING), Rows(POSITION), Rows(HINT)
_AUDIENCES, _SETUPS, _AUDITED, _LISTINGS = Rows(AUDIENCE), Rows(SETUP), Rows(AUDITED), Rows(LISTING)
_INTENTS = Rows(JOURNAL, rest="ORDER BY id")
_ENTITIES, _LINKS = Query(rows.ENTITY_COLUMNS, "entity"), Query(rows.LINK_COLUMNS, "link")
_CAMPAIGNS = Query(rows.ENTITY_COLUMNS, "entity", "kind = 'campaign' AND NOT dead")
_NAMED = Query(
    rows.ENTITY_COLUMNS,
    "entity",
    "kind = 'campaign' AND NOT dead AND (word = :word OR lower(id) = :text OR id IN ("
    'SELECT entity FROM link WHERE workspace = :workspace AND (lower("key") = :text OR lower(native) = :text)))',
    "ORDER BY id",
)
_PENDING, _DUE = Query("id", "entity", "pending"), Query("id", "entity", "due <= :now")
_OPEN = Rows(FINDING, "closed IS NULL", "ORDER BY opened")
_UNSENT = Rows(FINDING, "closed IS NOT NULL AND emailed IS NOT NULL", "ORDER BY closed")
_LAST_RUN = Rows(RUN, rest="ORDER BY started DESC LIMIT 1")


def open_store(url: str, workspace: str) -> Store:
    """The store of a workspace in the database at `url`, migrated. Raises ConfigError or Unavailable."""
    return Store(open_database(url), workspace, owns=True)


class Store:
    """A workspace's rows. Every method may raise Unavailable or ConfigError with the reason in words.

    With `owns` the end of a `with` block closes the engine, too; without it several stores can share one.
    """

    def __init__(self, engine: Engine, workspace: str, *, owns: bool = False) -> None:
        self.engine = engine
        self.workspace = workspace
        self._owns = owns
        self._stored: dict[Key, Image | None] = {}
        self._lease: Lease | None = None
        self._released = False
        self._numbers = count(1)
        self._committing = Lock()  # a connector's thread notes its steps while the run commits what others wrote

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._owns:
            self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One durable commit; an exception inside undoes it, and without a write there is none.

        While a lease is held, its first write checks and renews the hold: raises Busy when another run has taken the
        workspace over. Of several threads one commits at a time.
        """
        with self._committing:
            with database_errors(self.engine), ExitStack() as stack:
                transaction = Transaction(
                    lambda: self._begin(stack), self.workspace, self._stored, self._lease, self._numbers
                )
                yield transaction
            self._stored.update(transaction.changed)
            self._released = self._released or transaction.released

    def _begin(self, stack: ExitStack) -> Session:
        session = stack.enter_context(writing(self.engine))
        if self._lease is not None:
            self._lease.renew(session)
        return session

    @contextmanager
    def lease(
        self,
        holder: str,
        clock: Callable[[], datetime],
        lasts: timedelta,
        is_gone: Callable[[str], bool] = lambda _holder: False,
    ) -> Iterator[None]:
        """Hold the workspace for one run. Raises Busy with who holds it, unless that hold has ended or is gone.

        Until the end every commit checks and renews the hold first (see `sync.lease`); the last one may give it back.
        """
        with database_errors(self.engine), writing(self.engine) as session:
            lease = take(session, self.workspace, holder, clock, lasts, is_gone)
        self._lease, self._released = lease, False
        try:
            yield
            if not self._released:
                self._give_back()
        except BaseException:
            # Whatever ended the run is what to tell of; a hold that cannot be given back ends by itself.
            with suppress(SyncError):
                self._give_back()
            raise
        finally:
            self._lease = None

    def _give_back(self) -> None:
        with self.transaction() as transaction:
            transaction.release()

    def begin(self, now: datetime, every: timedelta = timedelta()) -> State:
        """What a run begins with: whatever is left to do, has come due by `now` (see `State.due_by`), or is about a
        write without an end. It takes the rest of its entities from the state's shelf as it needs them."""
        self._stored.clear()
        state = State(Stored(self.engine, self.workspace, self._stored))
        with database_errors(self.engine), reading(self.engine) as session:
            self._surroundings(state, session)
            late = _DUE.rows(session, workspace=self.workspace, now=rows.moment_text(state.due_by(now, every)))
            ids = [row[0] for row in (*_PENDING.rows(session, workspace=self.workspace), *late)]
        state.bring([*ids, *(intent.entity for intent in state.intents)])
        state.bring_campaigns()
        return state

    def load(self) -> State:
        """The whole state of the workspace at one moment."""
        self._stored.clear()
        entities: dict[str, Remembered] = {}
        state = State(AtHand(entities), entities)
        with database_errors(self.engine), reading(self.engine) as session:
            self._surroundings(state, session)
            state.listings.clear()  # what they read is not at hand
            for row in _ENTITIES.rows(session, workspace=self.workspace):
                entities[row[0]] = rows.entity(row)
            rows.give_links(entities, _LINKS.rows(session, workspace=self.workspace))
        for entity in entities.values():
            self._stored.update(rows.images(entity))
        return state

    def _surroundings(self, state: State, session: Session) -> None:
        """Everything but the entities."""
        place = {"workspace": self.workspace}
        state.intents.extend(rows.intent(row) for row in _INTENTS.rows(session, **place))
        self._numbers = count(max((intent.id for intent in state.intents), default=0) + 1)
        state.decisions.update((row.fingerprint, row.choice) for row in _DECISIONS.rows(session, **place))
        state.bindings.update((row.tool, json.loads(row.fields)) for row in _BINDINGS.rows(session, **place))
        state.positions.update((row.tool, rows.position(row)) for row in _POSITIONS.rows(session, **place))
        for row in _AUDIENCES.rows(session, **place):
            state.audiences[row.tool, row.name] = rows.reached(row)
        state.hints.extend(rows.hint(row) for row in _HINTS.rows(session, **place))
        state.setups.update((row.tool, rows.setup(row)) for row in _SETUPS.rows(session, **place))
        state.listings.update((row.tool, rows.listing(row)) for row in _LISTINGS.rows(session, **place))
        state.rules = next((row.rules for row in _AUDITED.rows(session, **place)), None)

    def open_findings(self) -> list[OpenFinding]:
        """What stands now, the oldest first."""
        return [rows.open_finding(row) for row in self._rows(_OPEN)]

    def closed_unsent(self) -> list[Finding]:
        """What was told by email as open and has closed since."""
        return [rows.finding(row) for row in self._rows(_UNSENT)]

    def mark_emailed(self, at: datetime, told: Collection[str]) -> None:
        """These findings (fingerprints), open or closed, have been told."""
        with self.transaction() as transaction:
            transaction.mark_emailed(at, told)

    def last_report(self) -> dict[str, Any] | None:
        """The JSON of the last run that was not a dry one."""
        newest = self._rows(_LAST_RUN)
        return json.loads(newest[0].report) if newest else None

    def decide(self, fingerprint: str, choice: str, at: datetime) -> None:
        """Keep a person's decision on an open finding for the next run. Raises ConfigError when it is not open."""
        with self.transaction() as transaction:
            if not transaction.stands(fingerprint):
                raise ConfigError(f"no open finding {fingerprint}. `campaign-sync report` lists them.")
            transaction.decide(fingerprint, choice, at)

    def hint(self, refs: Collection[Ref]) -> None:
        """Keep that something happened to these records, for the next run to look at them."""
        with self.transaction() as transaction:
            transaction.hint(refs)

    def find_entity(self, text: str) -> list[tuple[str, str]]:
        """Living campaigns (id, name) that `text` names: our id, a tool's key or id, or the name, ignoring case."""
        told = text.strip().casefold()
        found = self._known(_NAMED, text=told, word=plain(told))
        return [(entity.id, str(entity.agreed.get("name"))) for entity in found]

    def campaign_names(self) -> list[str]:
        """The names of the living campaigns, for suggestions."""
        return sorted(str(entity.agreed["name"]) for entity in self._known(_CAMPAIGNS) if entity.agreed.get("name"))

    def _known(self, query: Query, **values: str) -> list[Remembered]:
        """Entities without their links, to look at only."""
        with database_errors(self.engine), looking(self.engine) as session:
            return [rows.entity(row) for row in query.rows(session, workspace=self.workspace, **values)]

    def _rows(self, query: Query) -> Sequence[Any]:
        with database_errors(self.engine), looking(self.engine) as session:
            return query.rows(session, workspace=self.workspace)
