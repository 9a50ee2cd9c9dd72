"""What a run asks of the tools, and what each of them told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sync.errors import SyncError
from sync.identity import Sighting
from sync.model import Kind, Record, Ref
from sync.plan import Side
from sync.ports import NativeSchema, Refusal, Withheld
from sync.state import Held, Listing, Position, Setup

# A listing that broke off, and what it read: None for a record that is as it was.
BrokenOff = tuple[Listing, Mapping[Ref, Record | None]]

# So many records of a full listing are kept although they are as they were, so that whichever of them are needed for
# something that changed elsewhere are not asked for again.
KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is asked to read besides what changed: these entities, with `full` whatever the tools list, and with
    `anew` every entity as if nothing were known of it. With `believe_absence` a tool in which very much is missing is
    not taken for emptied. With `keep` the run will keep the tools' positions; without it they are not even asked for,
    since a tool may have to make something in order to give one."""

    entities: frozenset[str] = frozenset()
    full: bool = False
    anew: bool = False
    believe_absence: bool = False
    keep: bool = True


@dataclass(slots=True)
class Listed:
    """What one tool told.

    `records` may be news, `same` are some of those that are as they were, `found` are the news with their meaning.
    `rest` are the linked records that a full listing lacks, `counted` all its refs where they were counted, `gone`
    those it says are gone, `direct` what was read past the listing. `anew`: what its records mean is not what it was,
    or nothing was known, so that all of them are news. `broken` is what ended a listing of changes early. A listing
    that goes on where one broke off is `resumed`, and `kept` is what that one read: None for a record that is as it
    was, as are those `seen`. `withheld` is what the account keeps from us, None where that was not asked or not told.
    """

    side: Side
    native: NativeSchema
    meaning: str
    began: datetime
    before: Position | None = None
    anew: bool = False
    whole: bool = False
    outdated: bool = False
    read: int = 0
    records: dict[Ref, Record] = field(default_factory=dict)
    same: dict[Ref, Record] = field(default_factory=dict)
    found: dict[Ref, Sighting] = field(default_factory=dict)
    rest: dict[Kind, dict[str, Held]] = field(default_factory=dict)
    counted: set[Ref] | None = None
    gone: set[Ref] = field(default_factory=set)
    direct: dict[Ref, Record | None] = field(default_factory=dict)
    position: Position | None = None
    setup: Setup | None = None
    withheld: Sequence[Withheld] | None = None
    resumed: Listing | None = None
    kept: Mapping[Ref, Record | None] = field(default_factory=dict)
    seen: list[Ref] = field(default_factory=list)
    broken: SyncError | None = None

    def shows_more(self) -> bool:
        """Whether a record shows a value that its tool has not, by what is known of its set-up."""
        views = {kind: self.side.mapping.views(kind) for kind in self.side.capability.kinds}
        return any(
            name in views[ref.kind] and isinstance(views[ref.kind][name].project(value), Refusal)
            for ref, sighting in self.found.items()
            for name, value in sighting.reading.values.items()
        )
