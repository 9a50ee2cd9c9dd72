"""What a webhook tells of an action: the changes that its specification asks for (reference airtable §5.1, §5.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base
from connectors.sandbox.airtable_image import RowImage, TableChange, TableImage, changed_cells

DATA_TYPES = ("tableData", "tableFields", "tableMetadata")
CHANGE_TYPES = ("add", "remove", "update")
Told = dict[str, Any]


class Specification:
    """What a webhook asks for. `written` is the JSON as it was given."""

    def __init__(self, written: Mapping[str, Any]) -> None:
        options = written["options"]
        self.filters: Mapping[str, Any] = options["filters"]
        self.includes: Mapping[str, Any] = options.get("includes") or {}
        self.scope: str | None = self.filters.get("recordChangeScope")

    def wants(self, data_type: str, change_type: str) -> bool:
        return data_type in self.filters["dataTypes"] and change_type in self.filters.get("changeTypes", CHANGE_TYPES)

    def hears(self, source: str) -> bool:
        return source in self.filters.get("fromSources", (source,))

    def body(self, changes: Sequence[TableChange]) -> Told:
        """The part of a payload that tells of the changes; empty if none of them is asked for."""
        changed, created, destroyed = {}, {}, []
        for change in changes:
            if self.scope and self.scope.startswith("tbl") and change.id != self.scope:
                continue
            if change.before is None and change.after is not None:
                if told := self._created_table(change.after):
                    created[change.id] = told
            elif change.after is None:
                destroyed += [change.id] * self.wants("tableMetadata", "remove")
            elif told := self._changed_table(change, change.before or change.after, change.after):
                changed[change.id] = told
        whole = {"changedTablesById": changed, "createdTablesById": created, "destroyedTableIds": destroyed}
        return {name: value for name, value in whole.items() if value}

    def _created_table(self, table: TableImage) -> Told:
        told: Told = {}
        if self.wants("tableMetadata", "add"):
            told["metadata"] = {"name": table.name, "description": table.description}
        if self.wants("tableFields", "add"):
            told["fieldsById"] = {id: _field(known) for id, known in table.fields.items()}
        if self.wants("tableData", "add"):
            told["recordsById"] = {id: self._created(row) for id, row in table.rows.items()}
        return told

    def _changed_table(self, change: TableChange, before: TableImage, after: TableImage) -> Told:
        told = self._fields(before, after)
        if self.wants("tableMetadata", "update") and (before.name, before.description) != (
            after.name,
            after.description,
        ):
            told["changedMetadata"] = {
                "current": {"name": after.name, "description": after.description},
                "previous": {"name": before.name, "description": before.description},
            }
        view = self.scope if self.scope and self.scope.startswith("viw") else None
        records = self._records(change, after, view)
        if view is not None:
            return told | ({"changedViewsById": {view: records}} if records else {})
        return told | records

    def _fields(self, before: TableImage, after: TableImage) -> Told:
        told: Told = {}
        watched = self.filters.get("watchSchemasOfFieldIds")
        if self.wants("tableFields", "add"):
            told["createdFieldsById"] = {id: _field(f) for id, f in after.fields.items() if id not in before.fields}
        if self.wants("tableFields", "remove"):
            told["destroyedFieldIds"] = [id for id in before.fields if id not in after.fields]
        if self.wants("tableFields", "update"):
            told["changedFieldsById"] = {
                id: {"current": _field(known)} | self._previous_field(before.fields[id])
                for id, known in after.fields.items()
                if before.fields.get(id, known) != known and (not watched or id in watched)
            }
        return {name: value for name, value in told.items() if value}

    def _previous_field(self, known: Mapping[str, Any]) -> Told:
        return {"previous": _field(known)} if self.includes.get("includePreviousFieldDefinitions") else {}

    def _records(self, change: TableChange, table: TableImage, view: str | None) -> Told:
        created, changed, destroyed = {}, {}, []
        for id, (before, after) in change.records.items():
            was = before is not None and (view is None or view in before.views)
            is_ = after is not None and (view is None or view in after.views)
            if is_ and after is not None and not was and self.wants("tableData", "add"):
                created[id] = self._created(after)
            elif was and not is_ and self.wants("tableData", "remove"):
                destroyed.append(id)
            elif was and is_ and before and after and (told := self._changed(table, before, after)):
                changed[id] = told
        whole = {"createdRecordsById": created, "changedRecordsById": changed, "destroyedRecordIds": destroyed}
        return {name: value for name, value in whole.items() if value}

    def _created(self, row: RowImage) -> Told:
        watched = self.filters.get("watchDataInFieldIds")
        included = self.includes.get("includeCellValuesInFieldIds") or ()
        shown = {
            id: value for id, value in row.cells.items() if not watched or id in watched or _in(id, included)
        }  # fmt: skip
        return {"createdTime": row.created, "cellValuesByFieldId": shown}

    def _changed(self, table: TableImage, before: RowImage, after: RowImage) -> Told:
        watched = self.filters.get("watchDataInFieldIds")
        ids = [id for id in changed_cells(table, before, after) if not watched or id in watched]
        if not ids or not self.wants("tableData", "update"):
            return {}
        told: Told = {"current": {"cellValuesByFieldId": {id: after.cells.get(id) for id in ids}}}
        if self.includes.get("includePreviousCellValues"):
            told["previous"] = {"cellValuesByFieldId": {id: before.cells.get(id) for id in ids}}
        if included := self.includes.get("includeCellValuesInFieldIds"):
            same = {id: value for id, value in after.cells.items() if id not in ids and _in(id, included)}
            told["unchanged"] = {"cellValuesByFieldId": same}
        return told


def _in(field: str, included: Any) -> bool:
    return included == "all" or field in included


def _field(known: Mapping[str, Any]) -> dict[str, str]:
    return {"name": known["name"], "type": known["type"]}


def checked(base: Base, written: Any) -> Mapping[str, Any]:
    """A specification of the right shape, that names what is there. INVALID_REQUEST_UNKNOWN otherwise."""
    options = written.get("options") if isinstance(written, Mapping) else None
    filters = options.get("filters") if isinstance(options, Mapping) else None
    if not isinstance(written, Mapping) or not isinstance(filters, Mapping):
        raise errors.bad_request("`specification.options.filters` is missing")
    types = filters.get("dataTypes")
    if not isinstance(types, list) or not types or not set(types) <= set(DATA_TYPES):
        raise errors.bad_request(f"`dataTypes` must be some of {', '.join(DATA_TYPES)}")
    if not set(_list(filters, "changeTypes")) <= set(CHANGE_TYPES):
        raise errors.bad_request(f"`changeTypes` must be some of {', '.join(CHANGE_TYPES)}")
    _list(filters, "fromSources")
    scope = filters.get("recordChangeScope")
    scopes = {table.id for table in base.tables} | {view["id"] for table in base.tables for view in table.views}
    if scope is not None and scope not in scopes:
        raise errors.bad_request("`recordChangeScope` is no table or view of this base")
    fields = {column.id for table in base.tables for column in table.columns}
    if not {*_list(filters, "watchDataInFieldIds"), *_list(filters, "watchSchemasOfFieldIds")} <= fields:
        raise errors.bad_request("a field to watch is not in this base")
    return written


def _list(filters: Mapping[str, Any], name: str) -> list[str]:
    value = filters.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise errors.bad_request(f"`{name}` must be a list of strings")
    return value
