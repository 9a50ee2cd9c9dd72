"""Airtable over HTTP: two linked tables of one base, written in batches that are safe to repeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import requests
from pyairtable import Api
from pyairtable.api.params import options_to_params
from pyairtable.formulas import EQ, OR, RECORD_ID, to_formula_str

from connectors.airtable_errors import Expired, Gone, Hidden, meaning
from connectors.airtable_tables import Layout, Table
from connectors.answers import items, understood, word
from connectors.http import TIMEOUT, Retry, ToolClock, as_given, json_of, limit, translate
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import Archive, Capability, Change, Create, Failed, NativeSchema, Outcome, Update, Written

PAGE = 100  # records of one page, reference airtable §7
BATCH = 10  # records of one write, the same
LISTINGS = 3  # how often a listing is begun anew when its cursor runs out

T = TypeVar("T")


class AirtableConnector:
    """One base. `campaigns`, `stages`, `campaign_link` and `marker_field` are names or ids.

    Creations are upserts on the marker field, so that a repeated one finds its record again (reference airtable §2.5).
    An archived record lies in the base's trash, from where a person restores it (§2.6).
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
        per_second: float | None = 5.0,
        retry: Retry | None = None,
    ) -> None:
        self.tool = tool
        self.capability = Capability(frozenset({Kind.CAMPAIGN, Kind.STAGE}), batch=BATCH)
        self._api = Api(token, timeout=TIMEOUT, retry_strategy=None, use_field_ids=True, endpoint_url=url.rstrip("/"))
        self._api.session.auth = as_given
        limit(self._api.session, per_second)
        self._base = base
        self._layout = Layout(base, campaigns, stages, campaign_link, marker_field)
        self._retry = retry or Retry()
        self._known: dict[Kind, Table] | None = None
        self._clock = ToolClock()

    def schema(self) -> NativeSchema:
        """The fields of both tables as they are now, without links and without the fields that only we use."""
        return {kind: table.fields for kind, table in self._tables(fresh=True).items()}

    def fetch(self) -> Iterator[Record]:
        """Every record of the two tables, page by page."""
        for table in self._tables().values():
            for raw in self._listing(table):
                yield table.record(self.tool, self._base, raw)

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        """These records by one filtered listing per hundred; what it lacks is asked for by its id."""
        tables = self._tables()
        found: dict[Ref, Record | None] = {}
        for kind, table in tables.items():
            for chunk in _slices([ref for ref in refs if ref.kind is kind], PAGE):
                formula = to_formula_str(OR([EQ(RECORD_ID(), ref.native) for ref in chunk]))
                records = (table.record(self.tool, self._base, raw) for raw in self._listing(table, formula))
                here = {record.ref: record for record in records}
                found.update({ref: here.get(ref) or self._single(table, ref) for ref in chunk})
        if None in found.values():
            self._insist_on_seeing(tables)
        return found

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """One request for each verb, table and ten changes; a refused batch is halved until the bad record is alone."""
        tables = self._tables()
        groups: dict[tuple[type[Change], Kind], list[int]] = {}
        for index, change in enumerate(changes):
            groups.setdefault((type(change), _kind(change)), []).append(index)
        outcomes: dict[int, Outcome] = {}
        for (_, kind), indexes in groups.items():
            for chunk in _slices(indexes, BATCH):
                outcomes.update(zip(chunk, self._apply(tables[kind], [changes[i] for i in chunk]), strict=True))
        return [outcomes[index] for index in range(len(changes))]

    def attribution(self, record: Record, field_id: str) -> Attribution | None:  # noqa: ARG002  Airtable tells no field
        """Who changed the record last, if the table has such fields: Airtable does not tell it by cell."""
        if record.changed_by is None and record.changed_at is None:
            return None
        return Attribution(record.changed_by, record.changed_at)

    def time(self) -> datetime | None:
        """Airtable's own time, by its last answer."""
        return self._clock.now()

    def close(self) -> None:
        """Give back sockets."""
        self._api.session.close()

    def _tables(self, *, fresh: bool = False) -> dict[Kind, Table]:
        if self._known is None or fresh:
            doing = f"reading the tables of base {self._base}"
            answer = self._container(doing, self._api.base(self._base).urls.tables)
            with understood(self.tool, doing):
                self._known = self._layout.tables(self.tool, items(answer, "tables"))
        return self._known

    def _insist_on_seeing(self, tables: Mapping[Kind, Table]) -> None:
        """A record is only not found while its table is still ours to see (reference airtable §6)."""
        now = self._tables(fresh=True)
        for kind, table in tables.items():
            if now[kind].id != table.id:
                raise ConfigError(f"{self.tool}: the table {table.name!r} of base {self._base} is another one now.")

    def _listing(self, table: Table, formula: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Each record once: pages may repeat what moved; an expired listing begins anew (reference airtable §2.1)."""
        seen: set[str] = set()
        for _ in range(LISTINGS):
            try:
                for raw in self._pages(table, formula):
                    if raw["id"] not in seen:
                        seen.add(raw["id"])
                        yield raw
            except Expired:
                continue
            return
        raise Unavailable(f"{self.tool} let a listing expire {LISTINGS} times in a row. The next run tries again.")

    def _pages(self, table: Table, formula: str | None) -> Iterator[Mapping[str, Any]]:
        urls = self._api.table(self._base, table.id).urls
        options: dict[str, Any] = {"page_size": PAGE, "use_field_ids": True}
        if formula is not None:
            options["formula"] = formula
        doing = f"reading the table {table.name!r}"
        while True:
            page = self._container(doing, urls.records, params=options_to_params(options))
            with understood(self.tool, doing):
                records = items(page, "records")
                all(word(raw, "id") for raw in records)
                # On the last page it is absent (reference airtable §2.1): an empty one would be something unknown.
                offset = word(page, "offset") if "offset" in page else None
            yield from records
            if offset is None:
                return
            options["offset"] = offset

    def _single(self, table: Table, ref: Ref) -> Record | None:
        url = self._api.table(self._base, table.id).urls.record(ref.native)
        doing = f"reading the record {ref.native} of table {table.name!r}"
        try:
            raw = self._retry(lambda: self._ask(doing, "GET", url, params=options_to_params({"use_field_ids": True})))
        except (Gone, Hidden):
            return None
        return table.record(self.tool, self._base, raw)

    def _container(self, doing: str, url: str, **request: Any) -> Any:
        """Read something that has to be there: when it is not, a person must look at the configuration."""
        try:
            return self._retry(lambda: self._ask(doing, "GET", url, **request))
        except (Stale, Rejected) as exc:
            raise self._misplaced(exc) from exc

    def _misplaced(self, error: SyncError) -> ConfigError:
        return ConfigError(f"{error} Check base and tables of [tools.{self.tool}].")

    def _apply(self, table: Table, changes: Sequence[Change]) -> list[Outcome]:
        try:
            records = self._retry(lambda: self._send(table, changes), repeatable=True)
        except (Rejected, Gone, Hidden) as error:
            # A batch is refused as a whole and the answer does not name the bad record (reference airtable §2.4).
            if len(changes) == 1:
                return [self._verdict(table, changes[0], error)]
            middle = len(changes) // 2
            return [*self._apply(table, changes[:middle]), *self._apply(table, changes[middle:])]
        except SyncError as error:
            return [Failed(change, error) for change in changes]
        return [Written(change, record) for change, record in zip(changes, records, strict=True)]

    def _verdict(self, table: Table, change: Change, error: SyncError) -> Outcome:
        """What the refusal of a single change means."""
        if isinstance(change, Create):
            return Failed(change, self._misplaced(error) if isinstance(error, Gone) else error)
        ref = change.record.ref
        try:
            if isinstance(error, Gone | Hidden) and self.read([ref])[ref] is None:
                if isinstance(change, Archive):
                    return Written(change, None)
                return Failed(change, Stale(f"{self.tool}: {ref.native} is no longer in the table {table.name!r}."))
        except SyncError as worse:
            return Failed(change, worse)
        return Failed(change, error)

    def _send(self, table: Table, changes: Sequence[Change]) -> list[Record | None]:
        """Changes of one verb in one request."""
        url = self._api.table(self._base, table.id).urls.records
        if isinstance(changes[0], Archive):
            ids = [change.record.ref.native for change in changes if isinstance(change, Archive)]
            doing = f"deleting from the table {table.name!r}"
            answer = self._ask(doing, "DELETE", url, params={"records[]": ids})
            with understood(self.tool, doing):
                if {word(raw, "id") for raw in items(answer, "records") if raw.get("deleted") is True} != set(ids):
                    raise LookupError(doing)
            return [None] * len(ids)
        creating = isinstance(changes[0], Create)
        body: dict[str, Any] = {"records": [_payload(table, change) for change in changes]}
        body |= {"typecast": False, "returnFieldsByFieldId": True}
        if creating:
            body["performUpsert"] = {"fieldsToMergeOn": [table.marker]}
        doing = f"{'creating in' if creating else 'changing'} the table {table.name!r}"
        answer = self._ask(doing, "PATCH", url, creating=creating, json=body)
        try:
            with understood(self.tool, doing):
                records = [table.record(self.tool, self._base, raw) for raw in items(answer, "records")]
                if len(records) != len(changes) or not all(map(_is_of, records, changes)):
                    raise LookupError(doing)
        except Unavailable as exc:
            raise (Ambiguous(str(exc)) if creating else exc) from exc
        return [*records]

    def _ask(self, doing: str, method: str, url: str, *, creating: bool = False, **request: Any) -> Any:
        """One request through the library's session; its own `request` fails itself over odd error bodies."""
        try:
            response = self._api.session.request(method, url, timeout=TIMEOUT, **request)
        except requests.RequestException as exc:
            raise translate(self.tool, doing, exc, creating=creating) from exc
        self._clock.learn(response)
        if not response.ok:
            raise meaning(self.tool, doing, response, creating=creating)
        answer = json_of(self.tool, doing, response, creating=creating)
        with understood(self.tool, doing, creating=creating):
            if not isinstance(answer, dict):
                raise TypeError(doing)
        return answer


def _is_of(record: Record, change: Change) -> bool:
    """Whether what was acknowledged is this change; the answer is in the order of the request."""
    return record.marker in (None, change.marker) if isinstance(change, Create) else record.ref == change.record.ref


def _payload(table: Table, change: Change) -> dict[str, Any]:
    match change:
        case Create(marker, _, fields, parent):
            present = {name: value for name, value in fields.items() if value is not None}
            return {"fields": table.cells(present, marker=marker, parent=parent)}
        case Update(record, fields, parent):
            return {"id": record.ref.native, "fields": table.cells(fields, parent=parent)}
    raise TypeError(change)


def _kind(change: Change) -> Kind:
    return change.kind if isinstance(change, Create) else change.record.ref.kind


def _slices(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
