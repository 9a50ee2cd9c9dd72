"""Statements that are put into a database's words once: to build and compile one costs several times what it takes."""

from __future__ import annotations

import json
import re
from collections import namedtuple
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Delete, Dialect, Insert, Table, Update, bindparam

from sync.session import Session

_LIST = re.compile(r"\[:(\w+)\]")
_VALUE = re.compile(r"(?<!:):(\w+)")


def of(table: Table, *key: str) -> list[Any]:
    """The rows of a workspace, or the one with this key. The values are given under the columns' names after a "_"."""
    return [table.c[name] == bindparam(f"_{name}") for name in ("workspace", *key)]


class Text:
    """A statement in words of our own, which both databases understand. `:name` stands for a value and `[:name]` for a
    list of texts, which is given whole: a question about a thousand records is one statement, and always the same."""

    def __init__(self, text: str, *, locks: bool = False) -> None:
        listed = _LIST.sub(r"(SELECT jsonb_array_elements_text(CAST(:\1 AS jsonb)))", text)
        self._texts = {
            "sqlite": _LIST.sub(r"(SELECT value FROM json_each(:\1))", text),
            # SQLite has no such lock and needs none: its transactions that write come one after the other.
            "postgresql": _VALUE.sub(r"%(\1)s", listed) + (" FOR UPDATE" if locks else ""),
        }

    def run(self, session: Session, **values: str | int | Collection[str]) -> Any:
        """The cursor that has run it."""
        told = {name: value if isinstance(value, str | int) else json.dumps([*value]) for name, value in values.items()}
        return session.run(self._texts[session.dialect.name], told)


class Query(Text):
    """A question about the rows of a workspace."""

    def __init__(self, columns: str, table: str, where: str = "true", rest: str = "", *, locks: bool = False) -> None:
        # Nothing of this comes from outside: what does is given as a value.
        text = f"SELECT {columns} FROM {table} WHERE workspace = :workspace AND {where} {rest}"  # noqa: S608
        super().__init__(text, locks=locks)

    def rows(self, session: Session, **values: str | int | Collection[str]) -> Sequence[Any]:
        """What it finds."""
        found: Sequence[Any] = self.run(session, **values).fetchall()
        return found


class Rows(Query):
    """A question for whole rows, whose columns are then called by name."""

    def __init__(self, table: Table, where: str = "true", rest: str = "", *, locks: bool = False) -> None:
        names = [column.name for column in table.columns]
        super().__init__(", ".join(f'"{name}"' for name in names), table.name, where, rest, locks=locks)
        self._row: Any = namedtuple(table.name.title(), names)  # type: ignore[misc]

    def rows(self, session: Session, **values: str | int | Collection[str]) -> Sequence[Any]:
        return list(map(self._row._make, super().rows(session, **values)))


class Prepared:
    """An insert, update or delete. All its values are named and of types that drivers know by themselves."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        self._statement = statement
        self._texts: dict[tuple[str, ...], str] = {}

    def run(self, session: Session, values: dict[str, Any] | list[dict[str, Any]]) -> int:
        """Run it with these values, or once for each of several, all of the same names. Gives how many rows it met."""
        names = values[0] if isinstance(values, list) else values
        text = self._texts.get((session.dialect.name, *names)) or self._put(session.dialect, tuple(names))
        met: int = session.run(text, values).rowcount
        return met

    def _put(self, dialect: Dialect, names: tuple[str, ...]) -> str:
        kind: Callable[..., Dialect] = type(dialect)
        # By name, which SQLite takes as well as its question marks.
        named = kind(paramstyle="named") if dialect.positional else dialect
        text = str(self._statement.compile(dialect=named, column_keys=names))
        self._texts[(dialect.name, *names)] = text
        return text
