"""Airtable over HTTP: two linked tables of one base, written in batches that are safe to repeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import requests
from pyairtable import Api
from pyairtable.formulas import EQ, OR, RECORD_ID, to_formula_str

from connectors.airtable_tables import Layout, Table
from connectors.http import TIMEOUT, Retry, as_given, limit, retry_after, translate
from sync.errors import ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import Archive, Capability, Change, Create, Failed, NativeSchema, Outcome, Update, Written

PAGE = 100  # records of one page, reference airtable §7
BATCH = 10  # records of one write, the same
LOCKOUT = 30.0  # seconds a base refuses everything after too many requests, the same
LISTINGS = 3  # how often a listing is begun anew when its cursor runs out

T = TypeVar("T")


class _Gone(Stale):
    """The record is not there any more."""


class _Hidden(ConfigError):
    """Not there, or not for us to see: Airtable uses the same words for both (reference airtable §6)."""


class _Expired(SyncError):
    """The cursor of a listing ran out; it has to begin anew."""


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

    def close(self) -> None:
        """Give back sockets."""
        self._api.session.close()

    def _tables(self, *, fresh: bool = False) -> dict[Kind, Table]:
        if self._known is None or fresh:
            answer = self._container(f"reading the tables of base {self._base}", self._api.base(self._base).urls.tables)
            self._known = self._layout.tables(self.tool, answer.get("tables", ()))
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
            except _Expired:
                continue
            return
        raise Unavailable(f"{self.tool} let the listing of table {table.name!r} expire {LISTINGS} times in a row.")

    def _pages(self, table: Table, formula: str | None) -> Iterator[Mapping[str, Any]]:
        urls = self._api.table(self._base, table.id).urls
        options: dict[str, Any] = {"page_size": PAGE, "use_field_ids": True}
        if formula is not None:
            options["formula"] = formula
        while True:
            page = self._container(
                f"reading the table {table.name!r}", urls.records, fallback=("POST", urls.records_post), options=options
            )
            yield from page.get("records", ())
            if not page.get("offset"):
                return
            options = {**options, "offset": page["offset"]}

    def _single(self, table: Table, ref: Ref) -> Record | None:
        url = self._api.table(self._base, table.id).urls.record(ref.native)
        doing = f"reading the record {ref.native} of table {table.name!r}"
        options = {"use_field_ids": True}
        try:
            raw = self._retry(lambda: self._ask(doing, "GET", url, options=options))
        except (_Gone, _Hidden):
            return None
        return table.record(self.tool, self._base, raw)

    def _container(self, doing: str, url: str, **request: Any) -> Any:
        """Read something that has to be there: when it is not, a person must look at the configuration."""
        try:
            return self._retry(lambda: self._ask(doing, "GET", url, **request))
        except (Stale, Rejected) as exc:
            raise ConfigError(f"{exc} Check base and tables of [tools.{self.tool}].") from exc

    def _apply(self, table: Table, changes: Sequence[Change]) -> list[Outcome]:
        try:
            records = self._retry(lambda: self._send(table, changes), repeatable=True)
        except (Rejected, _Gone, _Hidden) as error:
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
            return Failed(change, error)
        ref = change.record.ref
        try:
            if isinstance(error, _Gone | _Hidden) and self.read([ref])[ref] is None:
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
            self._ask(f"deleting from the table {table.name!r}", "DELETE", url, params={"records[]": ids})
            return [None] * len(ids)
        creating = isinstance(changes[0], Create)
        body: dict[str, Any] = {"records": [_payload(table, change) for change in changes]}
        body |= {"typecast": False, "returnFieldsByFieldId": True}
        if creating:
            body["performUpsert"] = {"fieldsToMergeOn": [table.marker]}
        doing = f"{'creating in' if creating else 'changing'} the table {table.name!r}"
        answer = self._ask(doing, "PATCH", url, creating=creating, json=body)
        records = [table.record(self.tool, self._base, raw) for raw in answer.get("records", ())]
        if len(records) != len(changes):
            raise Unavailable(
                f"{self.tool} acknowledged {len(records)} of {len(changes)} changes; the next run looks again."
            )
        return [*records]

    def _ask(self, doing: str, method: str, url: str, *, creating: bool = False, **request: Any) -> Any:
        try:
            answer = self._api.request(method, url, **request)
        except requests.RequestException as exc:
            raise _meaning(self.tool, doing, exc, creating=creating) from exc
        if not isinstance(answer, dict):
            raise Unavailable(
                f"{self.tool} answered {doing} with something that is not a record. The next run tries again."
            )
        return answer


def _meaning(tool: str, doing: str, exc: requests.RequestException, *, creating: bool) -> SyncError:
    """The error table of http with Airtable's particulars (reference airtable §6)."""
    error = translate(tool, doing, exc, creating=creating)
    if exc.response is None:
        return error
    match exc.response.status_code, _type(exc.response):
        case _, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE":
            return _Expired(str(error))
        case 429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED":
            return ConfigError(f"{tool} refused {doing}: the workspace has used up its API calls of this month.")
        case 429, _:
            asked = retry_after(exc.response)
            return Unavailable(str(error), LOCKOUT if asked is None else asked)
        case (404, _) | (_, "ROW_DOES_NOT_EXIST"):
            return _Gone(str(error))
        case 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND":
            return _Hidden(str(error))
    return error


def _type(response: requests.Response) -> str:
    """The type word of an error: `error` is a string or an object, or there is a list `errors`."""
    try:
        body = response.json()
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    error = body.get("error") or (errors[0].get("error") if isinstance(errors, list) and errors else "")
    return str(error.get("type", "") if isinstance(error, dict) else error)


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
