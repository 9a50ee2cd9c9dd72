"""Airtable tables as the connector sees them: what a mapping may use, and what carries marker, parent and changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.errors import ConfigError
from sync.model import Kind, Record, Ref
from sync.ports import NativeField

LINKS = "multipleRecordLinks"
COMPUTED = frozenset({
    "aiText", "autoNumber", "button", "count", "createdBy", "createdTime", "externalSyncSource", "formula",
    "lastModifiedBy", "lastModifiedTime", "multipleLookupValues", "rollup",
})  # fmt: skip
# Types that an upsert can match on and that hold a marker as it is (reference airtable §2.5).
MARKER_TYPES = frozenset({"singleLineText", "multilineText"})


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its id, the fields that a mapping may use, and the ids of the fields that only we use."""

    kind: Kind
    id: str
    name: str
    fields: tuple[NativeField, ...]
    marker: str
    parent: str | None = None
    changed_at: str | None = None
    changed_by: str | None = None

    def record(self, tool: str, base: str, raw: Mapping[str, Any]) -> Record:
        """A record from its JSON. Of a stage that is linked to several campaigns, the first is the parent."""
        cells = raw.get("fields", {})
        links = cells.get(self.parent) if self.parent else None
        return Record(
            Ref(tool, self.kind, raw["id"]),
            {f.id: cells[f.id] for f in self.fields if f.id in cells},
            parent=links[0] if links else None,
            marker=cells.get(self.marker) or None,
            url=f"https://airtable.com/{base}/{self.id}/{raw['id']}",
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
        return _moment(raw.get("fields", {}).get(self.changed_at)) or _moment(raw.get("createdTime"))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the records are: tables by name or id, the stage's link to its campaign, the field for our marker."""

    base: str
    campaigns: str
    stages: str
    campaign_link: str
    marker_field: str

    def tables(self, tool: str, schema: Sequence[Mapping[str, Any]]) -> dict[Kind, Table]:
        """The two tables out of the base's schema (reference airtable §8); ConfigError names what is missing."""
        campaigns = self._table(tool, schema, Kind.CAMPAIGN, self.campaigns)
        stages = self._table(tool, schema, Kind.STAGE, self.stages)
        return {Kind.CAMPAIGN: campaigns, Kind.STAGE: stages}

    def _table(self, tool: str, schema: Sequence[Mapping[str, Any]], kind: Kind, wanted: str) -> Table:
        setting = "campaigns" if kind is Kind.CAMPAIGN else "stages"
        found = _named(schema, wanted)
        if found is None:
            raise ConfigError(
                f"{tool}: base {self.base} has no table {wanted!r} ({setting} in [tools.{tool}]);"
                f" it has {_names(schema)}."
            )
        fields = found["fields"]
        marker = self._field(tool, found, self.marker_field, "marker_field")
        if marker["type"] not in MARKER_TYPES:
            raise ConfigError(f"{tool}: the field {marker['name']!r} of table {found['name']!r} must be a text field.")
        parent = self._field(tool, found, self.campaign_link, "campaign_link") if kind is Kind.STAGE else None
        if parent and parent["type"] != LINKS:
            raise ConfigError(
                f"{tool}: the field {parent['name']!r} of table {found['name']!r} must link to the table"
                f" {self.campaigns!r}; it is of type {parent['type']}."
            )
        ours = {"lastModifiedTime", "lastModifiedBy", LINKS}
        return Table(
            kind,
            found["id"],
            found["name"],
            tuple(_native(f) for f in fields if f["type"] not in ours and f["id"] != marker["id"]),
            marker["id"],
            parent["id"] if parent else None,
            _of_type(fields, "lastModifiedTime"),
            _of_type(fields, "lastModifiedBy"),
        )

    def _field(self, tool: str, table: Mapping[str, Any], wanted: str, setting: str) -> Mapping[str, Any]:
        found = _named(table["fields"], wanted)
        if found is None:
            raise ConfigError(
                f"{tool}: table {table['name']!r} has no field {wanted!r} ({setting} in [tools.{tool}]);"
                f" it has {_names(table['fields'])}."
            )
        return found


def _named(things: Sequence[Mapping[str, Any]], wanted: str) -> Mapping[str, Any] | None:
    return next((t for t in things if t["id"] == wanted), None) or next(
        (t for t in things if t["name"] == wanted), None
    )


def _names(things: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(repr(t["name"]) for t in things) or "none"


def _of_type(fields: Sequence[Mapping[str, Any]], type_: str) -> str | None:
    return next((f["id"] for f in fields if f["type"] == type_), None)


def _native(raw: Mapping[str, Any]) -> NativeField:
    choices = (raw.get("options") or {}).get("choices", ())
    options = tuple((c["id"], c["name"]) for c in choices)
    return NativeField(raw["id"], raw["name"], raw["type"], raw["type"] in COMPUTED, options)


def _moment(text: Any) -> datetime | None:
    """An Airtable instant. None for a day, which a last-modified field may be set to show."""
    if not isinstance(text, str) or "T" not in text:
        return None
    return datetime.fromisoformat(text)


def _name(collaborator: Any) -> str | None:
    if not isinstance(collaborator, dict):
        return None
    return collaborator.get("name") or collaborator.get("email") or collaborator.get("id")
