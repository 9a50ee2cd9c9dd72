"""The shelves that a run takes its entities from: the database, or all of them at hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine

from sync import rows
from sync.database import database_errors
from sync.model import Kind, Record, Ref
from sync.rows import Image
from sync.session import Session, looking
from sync.state import SHOWN, Held, Remembered
from sync.statements import Query
from sync.transaction import Key

_TAKE = Query(rows.ENTITY_COLUMNS, "entity", "id IN [:ids]")
_TAKE_LINKS = Query(rows.LINK_COLUMNS, "link", "entity IN [:ids]")
_ALL = Query("id", "entity")
_OWNERS = Query("entity", "link", "tool = :tool AND native IN [:natives]")
_REGISTER = Query("kind, native, entity, fingerprint, missed, gone", "link", "tool = :tool")
_LISTED = Query("kind, native, record", "listed", "tool = :tool")
_FAMILY = Query("id", "entity", "campaign IN [:campaigns]")
_KIN = Query(rows.ENTITY_COLUMNS, "entity", "campaign IN [:campaigns]")
_LIVING = Query(rows.ENTITY_COLUMNS, "entity", "NOT dead")
_ALIKE = Query("id", "entity", "word IN [:words]")
_KEYED = Query("entity", "link", '"key" IN [:keys]')
_NEAR = Query("campaign", "reach", "audience IN [:audiences] AND at BETWEEN :first AND :last")
_SENT = Query(rows.ENTITY_COLUMNS, "entity", "sent >= :since AND NOT dead", f"ORDER BY sent DESC, id LIMIT {SHOWN}")
_LINKED = Query("count(*)", "link", "tool = :tool AND gone = :gone")


class Stored:
    """The entities in the database, which nobody else changes while the run holds the workspace. What is taken is noted
    in `images`, by which a later write knows what changed."""

    def __init__(self, engine: Engine, workspace: str, images: dict[Key, Image | None]) -> None:
        self._engine, self._workspace, self._images = engine, workspace, images

    def take(self, ids: Collection[str]) -> Iterable[Remembered]:
        with self._looking() as session:
            found = {row[0]: rows.entity(row) for row in _TAKE.rows(session, workspace=self._workspace, ids=ids)}
            rows.give_links(found, _TAKE_LINKS.rows(session, workspace=self._workspace, ids=ids))
        for entity in found.values():
            self._images.update(rows.images(entity))
        return found.values()

    def everybody(self) -> Collection[str]:
        return self._ids(_ALL)

    def owners(self, refs: Collection[Ref]) -> Set[str]:
        natives: dict[str, set[str]] = {}
        for ref in refs:
            natives.setdefault(ref.tool, set()).add(ref.native)
        return {id_ for tool, found in natives.items() for id_ in self._ids(_OWNERS, tool=tool, natives=found)}

    def register(self, tool: str) -> dict[Kind, dict[str, Held]]:
        found: dict[Kind, dict[str, Held]] = {kind: {} for kind in Kind}
        by_word = {kind.value: natives for kind, natives in found.items()}
        with self._looking() as session:
            for row in _REGISTER.rows(session, workspace=self._workspace, tool=tool):
                by_word[row[0]][row[1]] = Held(*row[2:])
        return found

    def listed(self, tool: str) -> Mapping[Ref, Record | None]:
        with self._looking() as session:
            found = _LISTED.rows(session, workspace=self._workspace, tool=tool)
            told = ((Ref(tool, Kind(kind), native), text) for kind, native, text in found)
            return {ref: rows.record(ref, text) if text else None for ref, text in told}

    def family(self, campaigns: Collection[str]) -> Set[str]:
        return self._ids(_FAMILY, campaigns=campaigns)

    def kin(self, campaigns: Collection[str] | None) -> Iterable[Remembered]:
        with self._looking() as session:
            if campaigns is None:
                found = _LIVING.rows(session, workspace=self._workspace)
            else:
                found = _KIN.rows(session, workspace=self._workspace, campaigns=campaigns)
            return [rows.entity(row) for row in found]

    def alike(self, words: Collection[str], keys: Collection[str]) -> Set[str]:
        by_word = self._ids(_ALIKE, words=words) if words else set()
        return by_word | (self._ids(_KEYED, keys=keys) if keys else set())

    def near(self, audiences: Collection[str], first: datetime, last: datetime) -> Set[str]:
        return self._ids(_NEAR, audiences=audiences, first=rows.moment_text(first), last=rows.moment_text(last))

    def sent(self, since: datetime) -> Iterable[Remembered]:
        with self._looking() as session:
            found = _SENT.rows(session, workspace=self._workspace, since=rows.moment_text(since))
            return [rows.entity(row) for row in found]

    def linked(self, tool: str) -> int:
        with self._looking() as session:
            return int(_LINKED.rows(session, workspace=self._workspace, tool=tool, gone=False)[0][0])

    def _ids(self, query: Query, **values: str | int | Collection[str]) -> set[str]:
        with self._looking() as session:
            return {row[0] for row in query.rows(session, workspace=self._workspace, **values)}

    @contextmanager
    def _looking(self) -> Iterator[Session]:
        with database_errors(self._engine), looking(self._engine) as session:
            yield session


class AtHand:
    """Entities that are all loaded already: for a run that only looks, which must see one moment of the database."""

    def __init__(self, entities: dict[str, Remembered]) -> None:
        self._entities = entities

    def take(self, ids: Collection[str]) -> Iterable[Remembered]:  # noqa: ARG002  nothing lies anywhere else
        return ()

    def everybody(self) -> Collection[str]:
        return self._entities.keys()

    def owners(self, refs: Collection[Ref]) -> Set[str]:  # noqa: ARG002  and so on
        return frozenset()

    def register(self, tool: str) -> dict[Kind, dict[str, Held]]:
        found: dict[Kind, dict[str, Held]] = {kind: {} for kind in Kind}
        for entity in self._entities.values():
            if link := entity.links.get(tool):
                found[link.ref.kind][link.ref.native] = Held(entity.id, link.fingerprint, link.missed, link.gone)
        return found

    def listed(self, tool: str) -> Mapping[Ref, Record | None]:  # noqa: ARG002
        return {}

    def family(self, campaigns: Collection[str]) -> Set[str]:
        return {entity.id for entity in self.kin(campaigns)}

    def kin(self, campaigns: Collection[str] | None) -> Iterable[Remembered]:
        if campaigns is None:
            return [entity for entity in self._entities.values() if not entity.dead]
        return [entity for entity in self._entities.values() if entity.campaign in campaigns]

    def alike(self, words: Collection[str], keys: Collection[str]) -> Set[str]:  # noqa: ARG002
        return frozenset()

    def near(self, audiences: Collection[str], first: datetime, last: datetime) -> Set[str]:  # noqa: ARG002
        return {entity.id for entity in self._entities.values() if entity.kind is Kind.CAMPAIGN}

    def sent(self, since: datetime) -> Iterable[Remembered]:
        found = [(e.sent, e) for e in self._entities.values() if e.sent and e.sent >= since and not e.dead]
        return [entity for _, entity in sorted(found, key=lambda one: (-one[0].timestamp(), one[1].id))[:SHOWN]]

    def linked(self, tool: str) -> int:
        return sum(tool in entity.shown_in for entity in self._entities.values())
