"""Statements that are put into a database's words once: to build and compile one costs several times what it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Delete, Dialect, Insert, Table, Update, bindparam

_LIST = re.compile(r"\[:(\w+)\]")
_VALUE = re.compile(r"(?<!:):(\w+)")


def of(table: Table, *key: str) -> list[Any]:
    """The rows of a workspace, or the one with this key. The values are given under the columns' names after a "_"."""
    return [table.c[name] == bindparam(f"_{name}") for name in ("workspace", *key)]


class Query:
    """A question about the rows of a workspace. In `where`, `:name` stands for a value and `[:name]` for a list of
    texts, which is given whole: a question about a thousand records is one statement, and always the same."""

    def __init__(self, columns: str, table: str, where: str = "true", rest: str = "") -> None:
        # Nothing of this comes from outside: what does is given as a value.
        text = f"SELECT {columns} FROM {table} WHERE workspace = :workspace AND {where} {rest}"  # noqa: S608
        listed = _LIST.sub(r"(SELECT jsonb_array_elements_text(CAST(:\1 AS jsonb)))", text)
        self._texts = {
            "sqlite": _LIST.sub(r"(SELECT value FROM json_each(:\1))", text),
            "postgresql": _VALUE.sub(r"%(\1)s", listed),
        }

    def rows(self, connection: Connection, **values: str | int | Collection[str]) -> Sequence[Any]:
        """What it finds."""
        told = {name: value if isinstance(value, str | int) else json.dumps([*value]) for name, value in values.items()}
        return connection.exec_driver_sql(self._texts[connection.dialect.name], told).fetchall()


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
