"""Airtable: two linked tables of one base, read whole or by what changed, and written in batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from pyairtable.formulas import EQ, OR, RECORD_ID, to_formula_str

from connectors import airtable_log as log
from connectors.airtable_changes import Position, edited_since, insist_on_use, parse
from connectors.airtable_errors import Renamed
from connectors.airtable_setup import Tables
from connectors.airtable_sweep import Page, Reach, reach, sweep
from connectors.airtable_tables import Layout, Table, form, is_id
from connectors.airtable_wire import Wire
from connectors.airtable_write import AT_ONCE, Writer, slices
from connectors.http import Retry
from connectors.oauth import Grant
from sync.errors import ConfigError, Outdated
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import Capability, Change, Member, NativeSchema, Outcome, Relation, Withheld

PAGE = 100  # records of one page, reference airtable §7
LOG_PAGES = 20  # of the change log, after which what they name is read and remembered

Raw = Mapping[str, Any]


class AirtableConnector:
    """One base. `campaigns`, `stages`, `campaign_link` and `marker_field` are names or ids.

    Creations are upserts on the marker field, so that a repeated one finds its record again (reference airtable §2.5).
    An archived record lies in the base's trash, from where a person restores it (§2.6). With `webhook_log` the base
    keeps a log of its changes for us, if the token may have one; without, records are asked for by their times. It is
    made by `position`, which is only asked for where it will be kept; reading writes nothing.

    Where a run goes by what an earlier one told (`recall`), columns that are not as they were then are a ConfigError
    until they are asked for again.
    """

    def __init__(
        self,
        tool: str,
        *,
        token: str,
        base: str,
        url: str = "https://api.airtable.com",
        campaigns: str = "Campaigns",
        stages: str = "Stages",
        campaign_link: str = "Campaign",
        marker_field: str = "Sync ID",
        webhook_log: bool = True,
        per_second: float | None = 5.0,
        retry: Retry | None = None,
        grant: Grant | None = None,
    ) -> None:
        self.tool = tool
        kinds = frozenset({Kind.CAMPAIGN, Kind.STAGE})
        self.capability = Capability(kinds, batch=AT_ONCE, changes=True, resumes=True, remembers=True)
        self._wire = Wire(
            tool, token=token, base=base, url=url, per_second=per_second, retry=retry or Retry(), grant=grant
        )
        self._base = base
        self._tables = Tables(self._wire, Layout(base, campaigns, stages, campaign_link, marker_field))
        self._logs = webhook_log
        self._reached: str | None = None
        self._found: log.Found | None = None  # the log as it was when the last listing began
        self._position: Position | None = None
        self._unkept = False  # whether the log of `_position` is still to be made or prolonged
        self._members: dict[str, Member] = {}
        self._writer = Writer(self._wire, lambda fresh: self._tables.now(fresh=fresh), self.read)

    def schema(self) -> NativeSchema:
        """The fields of both tables as they are now, or as `recall` told, without the fields that only we use.

        Links to other tables are among them, so that a mapping can be told that it cannot use them.
        """
        tables = self._tables.now(fresh=not self._tables.recalled)
        return {kind: (*table.fields, *table.links) for kind, table in tables.items()}

    def setup(self) -> str | None:
        """The two tables with their columns."""
        return self._tables.told()

    def recall(self, setup: str | None) -> None:
        """Go by these tables."""
        if setup is None:
            self._tables.forget()
        else:
            self._tables.recall(setup)

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        """Every record of the two tables, page by page; another listing can go on from there, in windows where a table
        is long. It leaves out what is known.

        The position of a listing that broke off names no log: until the next one, that may have run out.
        """
        self._position, self._unkept, self._reached = None, False, after
        tables = self._tables.now(fresh=self._tables.recalled)
        shape = form(tables)
        self._found = log.find(self._wire) if self._logs else None
        self._logs = self._found is not None
        began = Position(self._base, shape, self.time(), None)

        def reached(there: Reach) -> None:
            if began.at is not None:  # nobody could be asked what has changed since
                self._reached, self._position = there.text(), began

        self._reached = None
        dawn, stages = (Reach(self._base, shape, kind) for kind in Kind)
        start = reach(after, self._base, shape)
        for here in (start or dawn, stages) if start is None or start.kind is Kind.CAMPAIGN else (start,):
            if here != dawn or start:
                reached(here)
            table = tables[here.kind]
            had = {ref.native for ref in known if ref.kind is here.kind} if start else ()
            for raw in sweep(partial(self._pages, table), here, PAGE, reached, had):
                yield self._record(table, raw)
        self._reached = None
        self._position = replace(began, log=self._found.place if self._found else None)
        self._unkept = self._found is not None and not self._found.lasting

    def reached(self) -> str | None:
        """The table, and the windows of it that were shown."""
        return self._reached

    def changes(self, since: str) -> Iterator[Record | Ref]:
        """What the change log names since then, read anew; without a log, what was edited since by its own time."""
        begin = parse(self.tool, since)
        begin = begin if self._logs else replace(begin, log=None, late=False)
        now_form = form(self._tables.now(fresh=begin.late))  # no log tells what became of the columns before it
        insist_on_use(self.tool, begin, self._base, now_form, self.time())
        self._position, self._unkept = begin, False
        if begin.at is not None and (begin.log is None or begin.late):
            now = self.time()
            yield from self._polled(begin.at)
            begin = self._after_polling(begin, now or self._wire.first_heard or begin.at)
            self._position = begin
        if begin.log is not None:
            yield from self._logged(begin, begin.log)

    def position(self) -> str | None:
        """Where the last listing began; None after one that broke off before it came anywhere.

        Makes or prolongs the change log that the next run will read.
        """
        if self._position and self._unkept:
            self._unkept = False
            self._position = self._with_log(self._position)
        position = self._position
        return position.text() if position and (position.at or position.log) else None

    def census(self) -> Iterator[Ref]:
        """The refs of every record, each with one small cell."""
        for kind in self._tables.now():
            for raw in self._as_named(kind, lambda t: self._wire.listing(t, size=PAGE, fields=[t.marker])):
                yield Ref(self.tool, kind, raw["id"])

    def members(self) -> Sequence[Member]:
        """The collaborators that the records read so far name: Airtable lists none."""
        return sorted(self._members.values(), key=lambda member: (member.name, member.native))

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:  # noqa: ARG002  nothing is sent from here
        """Never called: nothing is sent from here."""
        return {}

    def withheld(self) -> Sequence[Withheld]:
        """Never called: what may not be read here fails where it is read."""
        return ()

    def relate(self, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
        """Never called: nothing is linked from here."""

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:  # noqa: ARG002  nothing is sent here
        """Never called: nothing is sent from here."""
        return {}

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        """These records by one filtered listing per hundred; what it lacks is asked for by its id."""
        found: dict[Ref, Record | None] = {ref: None for ref in refs if not is_id(ref.native)}
        if len(found) == len(set(refs)):
            return found
        tables = self._tables.now()
        for kind, table in tables.items():
            wanted = [ref.native for ref in refs if ref.kind is kind and is_id(ref.native)]
            for native, record in self._by_id(table, wanted):
                if record is None and (raw := self._wire.single(table, native)) is not None:
                    record = self._record(self._tables.now(fresh=self._tables.recalled)[kind], raw)  # noqa: PLW2901
                found[Ref(self.tool, kind, native)] = record
        if any(record is None and is_id(ref.native) for ref, record in found.items()):
            self._insist_on_seeing(tables)
        return found

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """One request for each verb, table and ten changes; a refused batch is halved until the bad record is alone."""
        return self._writer.write(changes)

    def attribution(self, record: Record, field_id: str) -> Attribution | None:  # noqa: ARG002  Airtable tells no field
        """Who changed the record last, if the table has such fields: Airtable does not tell it by cell."""
        if record.changed_by is None and record.changed_at is None:
            return None
        return Attribution(record.changed_by, record.changed_at)

    def time(self) -> datetime | None:
        """Airtable's own time, by its last answer."""
        return self._wire.clock.now()

    def close(self) -> None:
        """Give back sockets."""
        self._wire.close()

    def _pages(self, table: Table, formula: str | None) -> Iterator[Page]:
        return self._wire.pages(table, size=PAGE, formula=formula)

    def _record(self, table: Table, raw: Raw) -> Record:
        record = table.record(self.tool, self._base, raw)
        self._members.update((member.native, member) for member in table.members(raw))
        return record

    def _insist_on_seeing(self, tables: Mapping[Kind, Table]) -> None:
        """A record is only not found while its table is still ours to see (reference airtable §6)."""
        now = self._tables.now(fresh=True)
        for kind, table in tables.items():
            if now[kind].id != table.id:
                raise ConfigError(f"{self.tool}: the table {table.name!r} of base {self._base} is another one now.")

    def _by_id(self, table: Table, natives: Sequence[str]) -> Iterator[tuple[str, Record | None]]:
        """These records by filtered listings; None for one that is not in the listing."""
        for chunk in slices(natives, PAGE):
            formula = to_formula_str(OR([EQ(RECORD_ID(), native) for native in chunk]))
            question = partial(self._listed, formula=formula)
            listed = {raw["id"]: raw for raw in self._as_named(table.kind, question)}
            now = self._tables.now()[table.kind]
            for native in chunk:
                yield native, self._record(now, listed[native]) if native in listed else None

    def _listed(self, table: Table, formula: str) -> Iterator[Raw]:
        return self._wire.listing(table, size=PAGE, formula=formula, fields=self._tables.columns(table))

    def _as_named(self, kind: Kind, ask: Callable[[Table], Iterator[Raw]]) -> Iterator[Raw]:
        """A question that names columns, asked once more by a fresh schema when one of them was renamed."""
        try:
            yield from ask(self._tables.now()[kind])
        except Renamed:
            try:
                yield from ask(self._tables.now(fresh=True)[kind])
            except Renamed as exc:
                raise self._wire.misplaced(exc) from exc

    def _with_log(self, position: Position) -> Position:
        """The position with a log that lasts; without one where that is not granted, and then there is polling.

        A new log knows nothing of what happened since the listing began, and without a time nobody can be asked for it.
        """
        if position.at is None:
            return position
        place = log.keep(self._wire, position.log)
        self._logs = place is not None
        return replace(position, log=place, late=place is not None and place != position.log)

    def _after_polling(self, position: Position, now: datetime) -> Position:
        """Where to go on from. A log is as old as it was; one that a listing has found meanwhile is used from there."""
        if position.log is not None:
            return replace(position, late=False)
        if self._logs and self._found is not None:
            self._unkept = not self._found.lasting
            return replace(position, at=now, log=self._found.place)
        return replace(position, at=now)

    def _polled(self, at: datetime) -> Iterator[Record]:
        """What was made or edited since; who deletes leaves no trace here."""
        for kind in self._tables.now():
            for raw in self._as_named(kind, lambda table: self._listed(table, edited_since(table, at))):
                yield self._record(self._tables.now()[kind], raw)

    def _logged(self, since: Position, place: log.Place) -> Iterator[Record | Ref]:
        """What the log names, as it is now; the position moves on with each piece that was read."""
        more = True
        while more:
            now, tables = self.time(), self._tables.now()
            touched = log.read(self._wire, place, [table.id for table in tables.values()], LOG_PAGES)
            now = now or self._wire.first_heard or since.at
            insist_on_use(self.tool, since, self._base, since.form, now)  # where no time was known before
            if touched.structure:
                tables = self._tables.now(fresh=True)
                if form(tables) != since.form:
                    raise Outdated(f"The columns or choices of {self.tool} have changed; everything is listed anew.")
            for kind, table in tables.items():
                for native, record in self._by_id(table, [*touched.changed.get(table.id, ())]):
                    yield record or Ref(self.tool, kind, native)
                for native in touched.destroyed.get(table.id, ()):
                    yield Ref(self.tool, kind, native)
            place, more = touched.place, touched.more
            since = replace(since, log=place, at=since.at if more else now)
            self._position = since
