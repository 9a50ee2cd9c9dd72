"""Airtable tables as the connector sees them: what a mapping may use, and what carries marker, parent and changes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.answers import items, moment, part, understood, word
from sync.errors import ConfigError
from sync.model import Kind, Record, Ref
from sync.ports import Member, NativeField

LINKS = "multipleRecordLinks"
MODIFIED, MODIFIER = "lastModifiedTime", "lastModifiedBy"
COMPUTED = frozenset({
    "aiText", "autoNumber", "button", "count", "createdBy", "createdTime", "externalSyncSource", "formula",
    "lastModifiedBy", "lastModifiedTime", "multipleLookupValues", "rollup",
})  # fmt: skip
COLLABORATORS = frozenset({"createdBy", MODIFIER, "multipleCollaborators", "singleCollaborator"})
# Types that an upsert can match on and that hold a marker as it is (reference airtable §2.5).
MARKER_TYPES = frozenset({"singleLineText", "multilineText"})
_ID = re.compile(r"rec[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its id, the fields that a mapping may use, and the ids of the fields that only we use.

    `links` are the columns that link to other records, which no mapping can use. `modified` is the name of a column
    that tells when any of `fields` was last edited, as far as there is one. `people` are the ids of all columns that
    name collaborators.
    """

    kind: Kind
    id: str
    name: str
    fields: tuple[NativeField, ...]
    marker: str
    parent: str | None = None
    changed_at: str | None = None
    changed_by: str | None = None
    links: tuple[NativeField, ...] = ()
    modified: str | None = None
    people: tuple[str, ...] = ()

    def __contains__(self, field: str) -> bool:
        """Whether the table has a column that we know, by its id."""
        return field in {self.marker, self.parent} or any(field == known.id for known in self.fields)

    @property
    def columns(self) -> tuple[str, ...]:
        """The ids of all columns that a record is made from."""
        ours = (self.marker, self.parent, self.changed_at, self.changed_by)
        return tuple(dict.fromkeys(id_ for id_ in (*ours, *(field.id for field in self.fields)) if id_))

    @property
    def form(self) -> str:
        """What the cells mean, whatever the columns are called: two tables of one form hold the same records alike."""
        fields = sorted((f.id, f.type, sorted(f.options)) for f in self.fields)
        return repr((self.id, self.marker, self.parent, fields))

    def members(self, raw: Mapping[str, Any]) -> Iterator[Member]:
        """The collaborators that a record names."""
        for field in self.people:
            held = part(raw, "fields").get(field)
            for one in held if isinstance(held, list) else (held,):
                if isinstance(one, dict) and isinstance(one.get("id"), str):
                    yield Member(one["id"], _name(one) or one["id"], str(one.get("email") or ""))

    def record(self, tool: str, base: str, raw: Mapping[str, Any]) -> Record:
        """A record from its JSON. Of a stage that is linked to several campaigns, the first is the parent.

        A cell of a wrong type is given as it is, for the mapping to tell; what is ours of it counts as not there.
        Without `fields` the record is not understood: absent cells are empty ones, and these would be all.
        """
        with understood(tool, f"reading a record of the table {self.name!r}"):
            native, cells = word(raw, "id"), part(raw, "fields")
        marker = cells.get(self.marker)
        return Record(
            Ref(tool, self.kind, native),
            {f.id: cells[f.id] for f in self.fields if f.id in cells},
            parent=_first(cells.get(self.parent)) if self.parent else None,
            marker=marker if isinstance(marker, str) and marker else None,
            url=f"https://airtable.com/{base}/{self.id}/{native}",
            changed_at=self._changed_at(raw),
            changed_by=_name(cells.get(self.changed_by)) if self.changed_by else None,
        )

    def cells(
        self, fields: Mapping[str, Any], *, marker: str | None = None, parent: str | None = None
    ) -> dict[str, Any]:
        """The cells to send for a change: the given fields, and ours where they are part of it."""
        cells = dict(fields)
        if marker is not None:
            cells[self.marker] = marker
        if parent is not None and self.parent:
            cells[self.parent] = [parent]
        return cells

    def _changed_at(self, raw: Mapping[str, Any]) -> datetime | None:
        if self.changed_at is None:
            return None
        # Airtable may leave the field empty until the first edit: then the creation was the last change.
        return moment(part(raw, "fields").get(self.changed_at)) or moment(raw.get("createdTime"))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the records are: tables by name or id, the stage's link to its campaign, the field for our marker."""

    base: str
    campaigns: str
    stages: str
    campaign_link: str
    marker_field: str

    def tables(self, tool: str, schema: Sequence[Mapping[str, Any]]) -> dict[Kind, Table]:
        """The two tables out of the base's schema (reference airtable §8); ConfigError names what is missing.

        LookupError or TypeError where the schema is of another form, to be `understood`.
        """
        campaigns = self._table(tool, schema, Kind.CAMPAIGN, self.campaigns)
        stages = self._table(tool, schema, Kind.STAGE, self.stages)
        return {Kind.CAMPAIGN: campaigns, Kind.STAGE: stages}

    def _table(self, tool: str, schema: Sequence[Mapping[str, Any]], kind: Kind, wanted: str) -> Table:
        setting = "campaigns" if kind is Kind.CAMPAIGN else "stages"
        found = _named(schema, wanted)
        if found is None:
            raise ConfigError(
                f"{tool}: base {self.base} has no table {wanted!r}; it has {_names(schema)}. {_check(tool, setting)}"
            )
        fields = items(found, "fields")
        marker = self._field(tool, found, self.marker_field, "marker_field")
        if marker["type"] not in MARKER_TYPES:
            raise ConfigError(
                f"{tool}: the field {marker['name']!r} of table {found['name']!r} must be a text field; it is of type"
                f" {marker['type']}. {_check(tool, 'marker_field')}"
            )
        parent = self._field(tool, found, self.campaign_link, "campaign_link") if kind is Kind.STAGE else None
        if parent and parent["type"] != LINKS:
            raise ConfigError(
                f"{tool}: the field {parent['name']!r} of table {found['name']!r} must link to the table"
                f" {self.campaigns!r}; it is of type {parent['type']}. {_check(tool, 'campaign_link')}"
            )
        ours = {MODIFIED, MODIFIER, LINKS}
        links = (f for f in fields if f["type"] == LINKS and f is not parent)
        return Table(
            kind,
            word(found, "id"),
            word(found, "name"),
            tuple(_native(f) for f in fields if word(f, "type") not in ours and f["id"] != marker["id"]),
            marker["id"],
            parent["id"] if parent else None,
            _of_type(fields, MODIFIED),
            _of_type(fields, MODIFIER),
            tuple(NativeField(word(f, "id"), word(f, "name"), LINKS, read_only=True) for f in links),
            _modified(fields, {word(f, "id") for f in fields if f["type"] not in COMPUTED} - {marker["id"]}),
            tuple(word(f, "id") for f in fields if f["type"] in COLLABORATORS),
        )

    def _field(self, tool: str, table: Mapping[str, Any], wanted: str, setting: str) -> Mapping[str, Any]:
        found = _named(items(table, "fields"), wanted)
        if found is None:
            raise ConfigError(
                f"{tool}: table {table['name']!r} has no field {wanted!r}; it has {_names(table['fields'])}."
                f" {_check(tool, setting)}"
            )
        return found


def is_id(native: str) -> bool:
    """Whether this can be the id of a record at all; an address is never made of anything else."""
    return _ID.fullmatch(native) is not None


def form(tables: Mapping[Kind, Table]) -> str:
    """A short word for what the cells of the tables mean. After a choice got another name, it is another one."""
    return hashlib.sha256("".join(tables[kind].form for kind in Kind).encode()).hexdigest()[:16]


def _check(tool: str, setting: str) -> str:
    return f"Check {setting} in [tools.{tool}]."


def _modified(fields: Sequence[Mapping[str, Any]], edited: set[str]) -> str | None:
    """The name of a column that tells, to the second, when any of these was last edited (reference airtable §4).

    How a formula takes a name with braces or backslashes is not documented, so such a column is done without.
    """
    for raw in fields:
        options = raw.get("options")
        if raw["type"] != MODIFIED or not isinstance(options, dict) or options.get("isValid") is False:
            continue
        watched, result, name = options.get("referencedFieldIds"), options.get("result"), word(raw, "name")
        exact = isinstance(result, dict) and result.get("type") == "dateTime"
        if exact and (not watched or edited <= set(watched)) and not set(name) & set("{}\\\r\n"):
            return name
    return None


def _named(things: Sequence[Mapping[str, Any]], wanted: str) -> Mapping[str, Any] | None:
    return next((t for t in things if word(t, "id") == wanted), None) or next(
        (t for t in things if word(t, "name") == wanted), None
    )


def _names(things: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(repr(t["name"]) for t in things) or "none"


def _of_type(fields: Sequence[Mapping[str, Any]], type_: str) -> str | None:
    return next((f["id"] for f in fields if f["type"] == type_), None)


def _native(raw: Mapping[str, Any]) -> NativeField:
    held = raw.get("options") or {}
    choices = items(held, "choices") if "choices" in held else ()
    options = tuple((word(choice, "id"), word(choice, "name")) for choice in choices)
    sort = word(raw, "type")
    return NativeField(word(raw, "id"), word(raw, "name"), _type(sort, held), sort in COMPUTED, options)


def _type(sort: str, options: Mapping[str, Any]) -> str:
    """The type word, for a computed column with that of its result: `formula:number`."""
    result = options.get("result") if sort in COMPUTED else None
    made = result.get("type") if isinstance(result, dict) else None
    return f"{sort}:{made}" if isinstance(made, str) else sort


def _first(links: Any) -> str | None:
    native = links[0] if isinstance(links, list) and links else None
    return native if isinstance(native, str) else None


def _name(collaborator: Any) -> str | None:
    if not isinstance(collaborator, dict):
        return None
    found = (collaborator.get(key) for key in ("name", "email", "id"))
    return next((name for name in found if isinstance(name, str) and name), None)
