"""Tools that outlive the process that uses them: a child calls them over a line, its parent holds and serves them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

from connectors.memory import MemoryConnector
from sync.model import Attribution, Record, Ref
from sync.ports import Capability, Change, NativeSchema, Outcome
from tests.crash.boundaries import AFTER_CALL, BEFORE_CALL, Boundaries

Line = Connection
Answer = tuple[Any, Exception | None]


class RemoteTool:
    """A tool as the child has it. Each call is a message between two boundaries.

    A batch is a message for each change, so that it may be left half done, unless the tool is `atomic`.
    """

    def __init__(self, tool: str, capability: Capability, atomic: bool, line: Line, boundaries: Boundaries) -> None:
        self.tool, self.capability, self._atomic = tool, capability, atomic
        self._line, self._boundaries = line, boundaries

    def schema(self) -> NativeSchema:
        schema: NativeSchema = self._call("schema", "schema")
        return schema

    def fetch(self) -> Iterator[Record]:
        records, failure = self._call("fetch", "fetch")
        yield from records
        if failure:
            raise failure

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        found: Mapping[Ref, Record | None] = self._call("read", "read", list(refs))
        return found

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        if len(changes) > self.capability.batch:
            raise ValueError(f"{len(changes)} changes in one call; {self.tool} takes {self.capability.batch}")
        parts = [list(changes)] if self._atomic else [[change] for change in changes]
        return [outcome for part in parts for outcome in self._call("write", _words(part), part)]

    def time(self) -> datetime | None:
        """The tool tells no time; nothing is sent for it."""
        return None

    def attribution(self, record: Record, field_id: str) -> Attribution | None:
        found: Attribution | None = self._call("attribution", "attribution", record, field_id)
        return found

    def close(self) -> None:
        self._call("close", "close")

    def _call(self, name: str, words: str, *arguments: Any) -> Any:
        self._boundaries.reach(f"{self.tool} {words}: {BEFORE_CALL}")
        self._line.send(("call", self.tool, name, arguments))
        answer, error = self._line.recv()
        self._boundaries.reach(f"{self.tool} {words}: {AFTER_CALL}")
        if error:
            raise error
        return answer


def answer(tool: MemoryConnector, name: str, arguments: Sequence[Any]) -> Answer:
    """Carry out a child's call on the tool itself: what it gave, or the exception it raised."""
    try:
        if name == "fetch":
            return _listing(tool), None
        return getattr(tool, name)(*arguments), None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the child's
        return None, error


def _listing(tool: MemoryConnector) -> tuple[list[Record], Exception | None]:
    shown: list[Record] = []
    try:
        shown.extend(tool.fetch())
    except Exception as error:  # noqa: BLE001 - as above
        return shown, error
    return shown, None


def _words(changes: Sequence[Change]) -> str:
    return "write " + " + ".join(type(change).__name__.lower() for change in changes)
