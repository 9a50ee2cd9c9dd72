"""Lists one tool: what changed since the last run, or everything, compared by fingerprints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import blake2b

from sync.errors import ConfigError, Outdated, Rejected, SyncError
from sync.fingerprint import fingerprint
from sync.identity import Sighting
from sync.intake import is_moved, is_newer
from sync.listed import KEPT, Asked, BrokenOff, Listed
from sync.metering import sight
from sync.model import Kind, Record, Ref
from sync.plan import Side
from sync.ports import NativeSchema, Withheld
from sync.state import Held, Link, Listing, Position, Remembered, Setup, State
from sync.workspace import Surroundings, Tool, Workspace


class Reader:
    """The reading of one tool in one run. Only `open`, `list`, `look_again` and `read` ask the tool; they may go on in
    another thread, and the others look at the state."""

    def __init__(self, name: str, tool: Tool, workspace: Workspace, state: State, around: Surroundings) -> None:
        self.name, self.tool, self.workspace = name, tool, workspace
        self.state, self.around = state, around
        self.now = around.clock()
        self._back: Sequence[str] | None = None
        self._links: Mapping[Ref, Link] = {}
        self.broken_off: BrokenOff | None = None
        self.recalled = self._forgot = False  # whether it goes by what was kept of its set-up

    def open(self, asked: Asked) -> Listed:
        """What its records are made of."""
        self.around.progress(f"reading {self.name}", 0, None)
        connector = self.tool.connector
        setup = self._setup(asked)
        self.recalled = setup is not None
        if connector.capability.remembers:
            connector.recall(setup.text if setup else None)
        native = connector.schema()
        began = connector.time() or self.now
        listed = Listed(Side(connector.capability, self.tool.bind(native)), native, self._meaning(native), began)
        listed.setup = setup
        if setup is None and asked.keep:
            listed.withheld = self._withheld()
        return listed

    def _withheld(self) -> Sequence[Withheld] | None:
        """What the account keeps from us; None where the tool is not asked, or cannot tell just now. To fail at this is
        no trouble of the run."""
        connector = self.tool.connector
        if not (connector.capability.withholds and connector.capability.remembers):
            return None  # what is remembered of the set-up says how often to ask
        with suppress(SyncError):
            return tuple(connector.withheld())
        return None

    def _setup(self, asked: Asked) -> Setup | None:
        known = self.state.setups.get(self.name)
        if self._forgot or known is None or asked.full or asked.anew:
            return None
        return None if self._is_due(known.at, self.workspace.count_every) else known

    def forgets(self, failure: SyncError | None = None) -> bool:
        """Whether the tool may have failed by what was kept of its set-up, which is not kept any longer then."""
        doubtful = self.recalled and (failure is None or isinstance(failure, ConfigError | Rejected))
        self._forgot, self.recalled = self._forgot or doubtful, False
        return doubtful

    def decide(self, listed: Listed, asked: Asked) -> None:
        """Where to go on from. Everything is listed when nothing is known, what records mean has changed, a write got
        no answer, or the last time is long ago."""
        position = self.state.positions.get(self.name)
        kept = self.state.listings.get(self.name)
        if kept is not None and kept.meaning == listed.meaning and not (asked.full or asked.anew):
            # However long ago it was (a month's quota is granted anew in a month), what has changed since can be told.
            listed.resumed = kept if listed.side.capability.changes and kept.position else None
        listed.anew = asked.anew or position is None or position.meaning != listed.meaning
        unanswered = any(intent.tool == self.name for intent in self.state.intents)
        if (
            position is None
            or listed.anew
            or asked.full
            or unanswered
            or not position.text
            or not listed.side.capability.changes
            or self._is_due(position.listed, self.workspace.full_every)
        ):
            self.start_over(listed)
        else:
            listed.before = position

    def start_over(self, listed: Listed) -> None:
        """List everything."""
        listed.before, listed.whole, listed.outdated = None, True, False
        for told in (listed.records, listed.same, listed.seen, listed.gone):
            told.clear()
        listed.read = 0
        listed.rest = self.state.shelf.register(self.name)
        if listed.resumed is not None:
            listed.kept = self.state.shelf.listed(self.name)

    def _is_due(self, last: datetime, every: timedelta) -> bool:
        return not last <= self.now < last + every  # a clock that was set back makes it due as well

    def list(self, listed: Listed, asked: Asked) -> Listed:
        """Ask the tool for its records."""
        complete = self._catch_up(listed, listed.before) if listed.before else self._list_all(listed)
        if not complete:
            listed.outdated = True
            return listed
        self._follow_hints(listed)
        if asked.keep:
            self._place(listed)
        return listed

    def _list_all(self, listed: Listed) -> bool:
        """Every record; of those that are as they were nothing but that they are there. Goes on where an earlier
        listing broke off, and gives False where it cannot; one that breaks off is noted."""
        connector, resumed = self.tool.connector, listed.resumed
        for ref, record in listed.kept.items():
            listed.rest[ref.kind].pop(ref.native, None)
            if record is not None:
                listed.records[ref] = record
        try:
            self._list_on(listed, connector.fetch(resumed.reached, listed.kept) if resumed else connector.fetch())
            if resumed and resumed.position and listed.side.capability.changes:
                # What was read earlier may have changed since.
                self._take_changes(listed, resumed.position)
        except Outdated:
            listed.kept, listed.resumed = {}, None
            return False
        except SyncError:
            reached = connector.reached() if listed.side.capability.resumes else None
            # One that went on and came no further, or to its end before what has changed was told, went on from there.
            reached = reached or (resumed.reached if resumed else None)
            seen = {**listed.kept, **dict.fromkeys(listed.seen), **listed.records}
            news = resumed is None or resumed.reached != reached or len(seen) > len(listed.kept)
            if reached is not None and news:
                position = resumed.position if resumed else connector.position() or ""
                began = resumed.began if resumed else self.now
                self.broken_off = (Listing(reached, position, listed.meaning, began), seen)
            raise
        listed.kept = {}
        return True

    def _list_on(self, listed: Listed, records: Iterable[Record]) -> None:
        key, rest = listed.meaning.encode(), listed.rest
        # What an unanswered write may have changed is news even where the listing does not show that yet.
        unanswered = {intent.entity for intent in self.state.intents if intent.tool == self.name}
        remembering, report = listed.side.capability.resumes, self.around.progress
        anew, same = listed.anew, listed.same
        for record in records:
            ref = record.ref
            held = rest[ref.kind].pop(ref.native, None)
            if anew or held is None or held.entity in unanswered or held.fingerprint != fingerprint(record, key):
                listed.records[ref] = record
            else:
                if remembering:
                    listed.seen.append(ref)
                if len(same) < KEPT:
                    same[ref] = record
            listed.read += 1
            if listed.read % 100 == 0:
                report(f"reading {self.name}", listed.read, None)
        report(f"reading {self.name}", listed.read, None)

    def _take_changes(self, listed: Listed, since: str) -> None:
        for one in self.tool.connector.changes(since):
            if isinstance(one, Ref):
                listed.gone.add(one)
                listed.records.pop(one, None)
            else:
                listed.records[one.ref] = one
                listed.gone.discard(one.ref)
            self.around.progress(f"reading {self.name}", len(listed.records), None)

    def _catch_up(self, listed: Listed, before: Position) -> bool:
        """What changed since; False where the tool cannot tell any more."""
        connector = self.tool.connector
        try:
            self._take_changes(listed, before.text)
        except Outdated:
            return False
        except SyncError as error:
            if connector.position() in (None, before.text):
                raise
            listed.broken = error
        if self._is_due(before.counted, self.workspace.count_every):
            listed.counted = set(connector.census())
        listed.read = len(listed.records)
        return True

    def _follow_hints(self, listed: Listed) -> None:
        """Read what a tool told of on its own past any index, which may not show it yet."""
        hinted = [hint.ref for hint in self.state.hints if hint.ref.tool == self.name]
        hinted = [ref for ref in hinted if not (listed.whole and ref in listed.records)]
        for ref, record in (self.tool.connector.read(hinted) if hinted else {}).items():
            if record is None:
                listed.gone.add(ref)
                listed.records.pop(ref, None)
            else:
                listed.records[record.ref] = record

    def _place(self, listed: Listed) -> None:
        connector, before = self.tool.connector, listed.before
        text = (connector.position() if listed.side.capability.changes else None) or ""
        counted = before is None or listed.counted is not None
        listed.position = Position(
            text,
            listed.meaning,
            before.listed if before else self.now,
            self.now if counted else before.counted if before else self.now,
        )
        if connector.capability.remembers and listed.setup is None and (told := connector.setup()) is not None:
            listed.setup = Setup(told, self.now)

    def understand(self, listed: Listed) -> None:
        """Give the records their meaning; the entities they are, and those of their parents, are at hand."""
        self._links = {e.links[self.name].ref: e.links[self.name] for e in self._linked()}
        for ref, record in listed.records.items():
            listed.found[ref] = self.sight(listed.side, record)
        listed.records.clear()

    def sight(self, side: Side, record: Record) -> Sighting:
        """A record with its meaning."""
        link = self._links.get(record.ref)
        return sight(side, record, link.measured if link else None, self.now, self.workspace.zone)

    def _linked(self) -> Iterable[Remembered]:
        return (entity for entity in self.state.entities.values() if self.name in entity.links)

    def look_again(self, listed: Listed) -> Listed:
        """Read past the index what a lagging listing shows changed: what was there before our own last write, or before
        an edit that we have seen, would pass for somebody's edit. So is what an unanswered write may have changed."""
        if not listed.side.capability.settle:
            return listed
        lag = timedelta(seconds=listed.side.capability.settle)
        since = listed.began - lag if self.tool.connector.time() else None  # our own clock may be set
        owners = self.state.links()
        unanswered = {intent.entity for intent in self.state.intents if intent.tool == self.name}
        doubtful = []
        for ref, sighting in listed.found.items():
            if (entity := self.state.entities.get(owners.get(ref, ""))) is None:
                continue
            is_doubtful = not is_newer(sighting, entity, since) and is_moved(sighting, entity, owners)
            if entity.id in unanswered or is_doubtful:
                doubtful.append(ref)
        for ref, record in (self.tool.connector.read(doubtful) if doubtful else {}).items():
            if record is None:
                del listed.found[ref]  # listed and gone: it is looked for like every other one that is missing
                listed.gone.add(ref)
            else:
                listed.found[ref] = self.sight(listed.side, record)
        return listed

    def missing(self, listed: Listed) -> dict[str, int]:
        """The entities whose record the tool does not list, or says is gone, with how often it was missing before."""
        found: dict[str, int] = {}
        for kind, natives in (listed.rest if listed.whole else self._uncounted(listed)).items():
            for native, held in natives.items():
                if not held.gone and Ref(self.name, kind, native) not in listed.found:
                    found[held.entity] = held.missed
        for entity in self._linked():
            link = entity.links[self.name]
            if link.ref in listed.gone and not link.gone and not entity.dead:
                found[entity.id] = link.missed
        return found

    def _uncounted(self, listed: Listed) -> dict[Kind, dict[str, Held]]:
        """The linked records that a count lacks. Those that had gone and are counted again are noted."""
        if listed.counted is None:
            return {}
        register = self.state.shelf.register(self.name)
        counted = (register[ref.kind].pop(ref.native, None) for ref in listed.counted)
        self._back = [held.entity for held in counted if held is not None and held.gone]
        return register

    def back_again(self, listed: Listed) -> Sequence[str]:
        """The entities whose record had gone and is counted again."""
        if listed.counted is not None and self._back is None:
            self._uncounted(listed)
        return self._back or ()

    def read(self, listed: Listed, refs: Sequence[Ref]) -> Listed:
        """These records, as a full listing told them or else past every listing."""
        known = {ref: listed.same[ref] for ref in refs if ref in listed.same}
        unknown = [ref for ref in refs if ref not in known]
        listed.direct = {**known, **(self.tool.connector.read(unknown) if unknown else {})}
        return listed

    def _meaning(self, native: NativeSchema) -> str:
        """A digest of everything that says what the tool's records mean, and among whom they are compared."""
        told = repr((self.tool.meaning, sorted(native.items()), sorted(self.workspace.tools)))
        return blake2b(told.encode(), digest_size=16).hexdigest()
