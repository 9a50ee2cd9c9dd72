"""Writing to Airtable: batches that survive a bad record, creations that find themselves again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from connectors.airtable_errors import Gone, Hidden, Renamed
from connectors.airtable_tables import Table, is_id
from connectors.airtable_wire import Wire
from connectors.answers import items, understood, word
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Archive, Change, Create, Failed, Outcome, Update, Written

BATCH = 10  # records of one write, reference airtable §7
AT_ONCE = 100  # changes of one call: as many as are looked at by one page before

T = TypeVar("T")


class Writer:
    """Applies changes to one base. `tables(fresh)` is its schema; `read` looks records up."""

    def __init__(
        self,
        wire: Wire,
        tables: Callable[[bool], Mapping[Kind, Table]],
        read: Callable[[Sequence[Ref]], Mapping[Ref, Record | None]],
    ) -> None:
        self._wire = wire
        self._tables = tables
        self._read = read

    def write(self, changes: Sequence[Change]) -> list[Outcome]:
        """One request for each verb, table and ten changes; a refused batch is halved until the bad record is alone."""
        groups: dict[tuple[type[Change], Kind], list[int]] = {}
        outcomes: dict[int, Outcome] = {}
        for index, change in enumerate(changes):
            kind = kind_of(change)
            if not isinstance(change, Create) and not is_id(native := change.record.ref.native):
                outcomes[index] = Failed(change, Rejected(f"{self._wire.tool}: {native!r} is no id of a record."))
            elif naive := _naive(self._tables(False)[kind], change):
                told = f"{self._wire.tool}: {naive} was to become a time without a zone, which would be another time."
                outcomes[index] = Failed(change, Rejected(f"{told} {_whose(change)}"))
            else:
                groups.setdefault((type(change), kind), []).append(index)
        tables = self._tables(False) if groups else {}
        down: SyncError | None = None
        for (_, kind), indexes in groups.items():
            for chunk in slices(indexes, BATCH):
                some = [changes[i] for i in chunk]
                done = [Failed(one, down) for one in some] if down else self._apply(tables[kind], some)
                down = down or _outage(done)
                outcomes.update(zip(chunk, done, strict=True))
        return [outcomes[index] for index in range(len(changes))]

    def _apply(self, table: Table, changes: Sequence[Change]) -> list[Outcome]:
        try:
            records = self._wire.repeat(lambda: self._send(table, changes), repeatable=True)
        except (Rejected, Gone, Hidden) as error:
            if isinstance(error, Renamed) and (outcomes := self._without_columns(table, changes, error)):
                return outcomes
            # A batch is refused as a whole and the answer does not name the bad record (reference airtable §2.4).
            if len(changes) == 1:
                return [self._verdict(table, changes[0], error)]
            middle = len(changes) // 2
            return [*self._apply(table, changes[:middle]), *self._apply(table, changes[middle:])]
        except SyncError as error:
            return [Failed(change, error) for change in changes]
        return [Written(change, record) for change, record in zip(changes, records, strict=True)]

    def _without_columns(self, table: Table, changes: Sequence[Change], error: SyncError) -> list[Outcome] | None:
        """What became of changes after a column went away: those that do without it are made. None if none has."""
        try:
            fresh = self._tables(True)[table.kind]
        except SyncError as worse:
            return [Failed(change, worse) for change in changes]
        lost = [sorted(name for name in _cells(change) if name not in fresh) for change in changes]
        if not any(lost):
            return None
        sound = [change for change, names in zip(changes, lost, strict=True) if not names]
        made = iter(self._apply(fresh, sound) if sound else ())
        names = {field.id: field.name for field in table.fields}
        return [
            Failed(change, Stale(_moved(self._wire.tool, table, [names.get(id_, id_) for id_ in ids], error)))
            if ids
            else next(made)
            for change, ids in zip(changes, lost, strict=True)
        ]

    def _verdict(self, table: Table, change: Change, error: SyncError) -> Outcome:
        """What the refusal of a single change means."""
        if isinstance(error, Rejected):
            return Failed(change, Rejected(f"{error} {_whose(change)}{_blamed(table, change, str(error))}"))
        try:
            if isinstance(change, Create):
                return Failed(change, self._uncreated(change, error))
            ref = change.record.ref
            if self._read([ref])[ref] is None:
                if isinstance(change, Archive):
                    return Written(change, None)
                told = f"{self._wire.tool}: {ref.native} is no longer in the table {table.name!r}."
                return Failed(change, Stale(told))
        except SyncError as worse:
            return Failed(change, worse)
        return Failed(change, error)

    def _uncreated(self, change: Create, error: SyncError) -> SyncError:
        """Whether it was the campaign that is not there, or the table."""
        if change.parent is not None:
            campaign = Ref(self._wire.tool, Kind.CAMPAIGN, change.parent)
            if self._read([campaign])[campaign] is None:
                return Stale(
                    f"{self._wire.tool}: the campaign {change.parent} of a new {change.kind} is gone. ({error})"
                )
        return self._wire.misplaced(error) if isinstance(error, Gone) else error

    def _send(self, table: Table, changes: Sequence[Change]) -> list[Record | None]:
        """Changes of one verb in one request."""
        url, ask, tool = self._wire.records(table), self._wire.ask, self._wire.tool
        if isinstance(changes[0], Archive):
            ids = [change.record.ref.native for change in changes if isinstance(change, Archive)]
            doing = f"deleting from the table {table.name!r}"
            answer = ask(doing, "DELETE", url, params={"records[]": ids})
            with understood(tool, doing):
                if {word(raw, "id") for raw in items(answer, "records") if raw.get("deleted") is True} != set(ids):
                    raise LookupError(doing)
            return [None] * len(ids)
        creating = isinstance(changes[0], Create)
        body: dict[str, Any] = {"records": [_payload(table, change) for change in changes]}
        body |= {"typecast": False, "returnFieldsByFieldId": True}
        if creating:
            body["performUpsert"] = {"fieldsToMergeOn": [table.marker]}
        doing = f"{'creating in' if creating else 'changing'} the table {table.name!r}"
        answer = ask(doing, "PATCH", url, creating=creating, json=body)
        try:
            with understood(tool, doing):
                records = [table.record(tool, self._wire.base, raw) for raw in items(answer, "records")]
                if len(records) != len(changes) or not all(map(_is_of, records, changes)):
                    raise LookupError(doing)
        except Unavailable as exc:
            raise (Ambiguous(str(exc)) if creating else exc) from exc
        return [*records]


def _outage(outcomes: Sequence[Outcome]) -> SyncError | None:
    """The failure after which nothing more is asked for in this call: it would meet every request."""
    errors = (one.error for one in outcomes if isinstance(one, Failed))
    return next((e for e in errors if isinstance(e, Unavailable | ConfigError) and not isinstance(e, Ambiguous)), None)


def kind_of(change: Change) -> Kind:
    return change.kind if isinstance(change, Create) else change.record.ref.kind


def slices(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]


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


def _cells(change: Change) -> Mapping[str, Any]:
    return {} if isinstance(change, Archive) else change.fields


def _naive(table: Table, change: Change) -> str | None:
    """The name of a column whose time would be read in the column's own zone (reference airtable §3)."""
    cells = _cells(change)
    for field in table.fields:
        if field.type == "dateTime" and isinstance(text := cells.get(field.id), str):
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                continue  # Airtable says what is wrong with it
            if at.tzinfo is None:
                return repr(field.name)
    return None


def _moved(tool: str, table: Table, names: Sequence[str], error: SyncError) -> str:
    told = ", ".join(map(repr, names))
    return (
        f"{tool} has no column {told} in the table {table.name!r} any more ({error}) "
        "The next run goes by the columns as they are then."
    )


def _whose(change: Change) -> str:
    return (
        f"That was {f'the new {change.kind}' if isinstance(change, Create) else f'record {change.record.ref.native}'}."
    )


def _blamed(table: Table, change: Change, said: str) -> str:
    """The column that a refusal is about, as far as its words tell: by its name or by the value that was sent."""
    names = {field.id: field.name for field in table.fields}
    sent = {names.get(id_, id_): value for id_, value in _cells(change).items()}
    meant = [name for name in sent if f'"{name}"' in said] or [n for n, value in sent.items() if _quoted(value, said)]
    if not (found := meant or list(sent)):
        return ""
    return f" Column {' or '.join(map(repr, found))}."


def _quoted(value: Any, said: str) -> bool:
    words = value if isinstance(value, list) else [value]
    return any(isinstance(one, str) and one and f'"{one}"' in said for one in words)
