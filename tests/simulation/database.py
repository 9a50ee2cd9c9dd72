"""The real store's database for many schedules: emptied or set back between them, and watched at every commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from sqlite3 import Connection, connect
from typing import Any

from sqlalchemy import delete

from sync.database import open_database
from sync.tables import METADATA

ENTITIES = "SELECT id, kind, dead, agreed, disputed FROM entity ORDER BY id"
LINKS = (
    'SELECT entity, tool, kind, native, "key", url, missed, contested, gone, memory FROM link '
    "ORDER BY entity, tool, kind, native"
)
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """What the sync remembers: the rows of its entities and of its links."""

    entities: list[Row]
    links: list[Row]

    def campaign_of(self, entity: str) -> str:
        """The campaign that a stage is agreed to belong to, the entity itself otherwise."""
        for id_, _, _, agreed, _ in self.entities:
            if id_ == entity:
                return str((json.loads(agreed).get("campaign") or {}).get("entity", entity))
        return entity


class Database:
    """One database that schedules use one after the other."""

    def __init__(self, url: str = "sqlite://") -> None:
        self.engine = open_database(url)
        self.at: Callable[[str, str, str], None] | None = None
        self.images: dict[int, Any] = {}  # worlds to begin from, by team
        commit = self.engine.dialect.do_commit

        def watched(connection: Any) -> None:
            if self.at:
                self.at("database", "commit", "before")
            commit(connection)
            if self.at:
                self.at("database", "commit", "after")

        self.engine.dialect.do_commit = watched  # type: ignore[method-assign,assignment]

    def empty(self) -> None:
        """Forget everything."""
        self.at = None
        with self.engine.begin() as connection:
            for table in METADATA.sorted_tables:
                connection.execute(delete(table))

    def copy(self) -> Connection | None:
        """An image to go back to, where the database can be set back as a whole (SQLite in memory)."""
        if self.engine.dialect.name != "sqlite" or self.engine.url.database:
            return None
        image = connect(":memory:")
        with self._raw() as connection:
            connection.backup(image)
        return image

    def set_back(self, image: Connection) -> None:
        """Be what `copy` gave. Not by `deserialize`, after which SQLite 3.40 now and then ends the process."""
        self.at = None
        with self._raw() as connection:
            image.backup(connection)

    def base(self) -> Base:
        """What is remembered now, read past the engine's own way of reading it."""
        with self._raw() as connection:
            cursor = connection.cursor()
            cursor.execute(ENTITIES)
            entities = list(cursor.fetchall())
            cursor.execute(LINKS)
            links = list(cursor.fetchall())
            cursor.close()
            connection.rollback()
        return Base(entities, links)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _raw(self) -> Iterator[Any]:
        connection = self.engine.raw_connection()
        try:
            yield connection.driver_connection
        finally:
            connection.close()
