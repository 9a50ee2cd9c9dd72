"""Tools that outlive the process that uses them: a child calls them over a line, its parent holds and serves them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

from connectors.memory import MemoryConnector
from sync.model import Attribution, Record, Ref
from sync.ports import Capability, Change, Member, NativeSchema, Outcome, Relation, Withheld
from tests.crash.boundaries import AFTER_CALL, BEFORE_CALL, Boundaries

Line = Connection
Answer = tuple[Any, Exception | None]
LISTINGS = frozenset({"fetch", "changes", "census"})


class RemoteTool:
    """A tool as the child has it. Each call is a message between two boundaries.

    A batch is a message for each change, so that it may be left half done, unless the tool is `atomic`.
    """

    def __init__(self, tool: str, capability: Capability, atomic: bool, line: Line, boundaries: Boundaries) -> None:
        self.tool, self.capability, self._atomic = tool, capability, atomic
        self._line, self._boundaries = line, boundaries
        self._position: str | None = None

    def schema(self) -> NativeSchema:
        schema: NativeSchema = self._call("schema", "schema")
        return schema

    def setup(self) -> str | None:
        return None

    def recall(self, setup: str | None) -> None:
        """Never called: nothing is kept between runs."""

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        yield from self._listing("fetch")

    def reached(self) -> str | None:
        return None

    def _listing(self, call: str, *arguments: str) -> Iterator[Any]:
        """All of a listing comes over the line at once, and with it where the next one begins."""
        told, failure, self._position = self._call(call, call, *arguments)
        yield from told
        if failure:
            raise failure

    def changes(self, since: str) -> Iterator[Record | Ref]:
        yield from self._listing("changes", since)

    def position(self) -> str | None:
        return self._position

    def census(self) -> Iterator[Ref]:
        yield from self._listing("census")

    def members(self) -> Sequence[Member]:
        return ()

    def relate(self, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
        raise NotImplementedError

    def withheld(self) -> Sequence[Withheld]:
        raise NotImplementedError

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:
        raise NotImplementedError

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:
        raise NotImplementedError

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
        if name in LISTINGS:
            return _listing(tool, name, arguments), None
        return getattr(tool, name)(*arguments), None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the child's
        return None, error


def _listing(
    tool: MemoryConnector, name: str, arguments: Sequence[Any]
) -> tuple[list[Record | Ref], Exception | None, str | None]:
    shown: list[Record | Ref] = []
    try:
        shown.extend(getattr(tool, name)(*arguments))
    except Exception as error:  # noqa: BLE001 - as above
        return shown, error, tool.position()
    return shown, None, tool.position()


def _words(changes: Sequence[Change]) -> str:
    return "write " + " + ".join(type(change).__name__.lower() for change in changes)
