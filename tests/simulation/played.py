"""What a world needs to know of its tools, and they of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sync.errors import SyncError
from sync.model import Kind, Record, Value
from sync.ports import Change, Connector, View
from tests.simulation.index import Index
from tests.simulation.sends import Sends

if TYPE_CHECKING:
    from tests.simulation.tool import Make

# (tool, call, when): told of every moment at which something may go wrong; raises what shall go wrong.
Boundary = Callable[[str, str, str], None]
# (tool, native id, fields before, fields after, who)
Watch = Callable[[str, str, Mapping[str, Any], Mapping[str, Any], str], None]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a tool needs of its world: to tell of its moments and changes, the true time, what is known of sends, and to
    tell what it was given (tool, native id, fields) without an answer."""

    at: Boundary
    watch: Watch
    now: Callable[[], datetime]
    sends: Callable[[], Sends]
    unheard: Callable[[str, str, Mapping[str, Any]], None]


@dataclass(slots=True)
class Fate:
    """What goes wrong with a tool: `down` is how it fails, `skew` how wrong its clock is in what it says of changes,
    `listing` ("empty", "short", "twice" or "broken") how its next listing goes wrong, `order` that of pages."""

    down: SyncError | None = None
    skew: timedelta = timedelta()
    listing: str = ""
    order: Callable[[list[Any]], list[Any]] = list


class Played(Connector, Protocol):
    """A tool as the world and its people know it, besides what the sync knows of it."""

    fate: Fate
    index: Index[Any]
    log: list[Change]
    bin: dict[str, Record]
    returned: set[str]  # what people have taken out of the bin

    @property
    def make(self) -> Make:
        """How it was made."""

    @property
    def records(self) -> Mapping[str, Record]:
        """What it holds, in canonical words."""

    @property
    def is_writing(self) -> bool:
        """Whether it is being written to by a call that takes more than one request."""

    def put(self, kind: Kind, fields: Mapping[str, Any], parent: str | None = None) -> str: ...
    def edit(self, native: str, /, **fields: Any) -> None: ...
    def move(self, native: str, parent: str | None) -> None: ...
    def delete(self, native: str) -> None: ...
    def restore(self, native: str) -> None: ...
    def lock(self, native: str, reason: str | None) -> None: ...

    def shows(self, native: str) -> Mapping[str, Value]:
        """What of a record the sync can know, by canonical field."""

    def views(self, kind: Kind) -> Mapping[str, View]: ...
    def image(self) -> Any:
        """What it holds, to be told to `resume`, at a moment at which nothing lags."""

    def resume(self, image: Any) -> None:
        """Hold what it held then."""
