"""Statements that are put into a database's words once: to build and compile one costs several times what it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, CursorResult, Delete, Dialect, Insert, Table, Update, bindparam


def of(table: Table, *key: str) -> list[Any]:
    """The rows of a workspace, or the one with this key. The values are given under the columns' names after a "_"."""
    return [table.c[name] == bindparam(f"_{name}") for name in ("workspace", *key)]


class Prepared:
    """An insert, update or delete. All its values are named and of types that drivers know by themselves."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        self._statement = statement
        self._texts: dict[tuple[str, ...], str] = {}

    def run(self, connection: Connection, values: dict[str, Any] | list[dict[str, Any]]) -> CursorResult[Any]:
        """Run it with these values, or once for each of several, all of the same names."""
        names = values[0] if isinstance(values, list) else values
        text = self._texts.get((connection.dialect.name, *names)) or self._put(connection, tuple(names))
        return connection.exec_driver_sql(text, values)

    def _put(self, connection: Connection, names: tuple[str, ...]) -> str:
        kind: Callable[..., Dialect] = type(connection.dialect)
        # By name, which SQLite takes as well as its question marks.
        dialect = kind(paramstyle="named") if connection.dialect.positional else connection.dialect
        text = str(self._statement.compile(dialect=dialect, column_keys=names))
        self._texts[(connection.dialect.name, *names)] = text
        return text
