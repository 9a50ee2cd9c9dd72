"""What one run may tell the next of an Airtable base, so that its tables need not be asked for once more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from connectors.airtable_errors import Moved
from connectors.airtable_tables import Layout, Table, form
from connectors.airtable_wire import Wire
from connectors.answers import understood
from sync.errors import SyncError
from sync.model import Kind

LONGEST: Final = 200_000  # characters, as the contract has it
VERSION: Final = 1
OPTIONS: Final = ("isValid", "referencedFieldIds")  # of a column, as they are; `choices` and `result` in parts

Raw = Mapping[str, Any]


class Tables:
    """The two tables of a base: asked for once, or as an earlier run told of them."""

    def __init__(self, wire: Wire, layout: Layout) -> None:
        self.recalled = False  # whether what is known was told by an earlier run, and may not hold any more
        self._wire, self._layout = wire, layout
        self._known: dict[Kind, Table] | None = None
        self._described: Sequence[Raw] = ()  # what `_known` was made from

    def now(self, *, fresh: bool = False) -> dict[Kind, Table]:
        """Both tables, asked for where nothing is known, or if they are to be `fresh`.

        Moved where they mean something else than those that an earlier run told of, until these are forgotten: whoever
        goes by them would take what he reads for something that it is not.
        """
        if self._known is None or fresh:
            before, schema = self._known if self.recalled else None, self._wire.schema()
            with understood(self._wire.tool, f"reading the tables of base {self._wire.base}"):
                found = self._layout.tables(self._wire.tool, schema)
            if before and form(before) != form(found):
                told = f"The columns or choices of {self._wire.tool} have changed since they were last asked for."
                raise Moved(f"{told} They have to be asked for again.")
            self._known, self._described = found, schema
        return self._known

    def told(self) -> str | None:
        """What a later run is to recall."""
        if self._known is None:
            return None
        return told(self._wire.base, self._described, [table.id for table in self._known.values()])

    def recall(self, text: str) -> None:
        """Go by what was told. Where that is not what the settings ask for, it is passed over."""
        if described := recalled(self._wire.base, text):
            with suppress(SyncError), understood(self._wire.tool, "recalling its tables"):
                tables = self._layout.tables(self._wire.tool, described)
                # A question by a column's name would be answered by whichever column has that name now.
                self._known = {kind: replace(table, modified=None) for kind, table in tables.items()}
                self._described, self.recalled = described, True

    def forget(self) -> None:
        """Know nothing."""
        self._known, self.recalled = None, False

    def columns(self, table: Table) -> tuple[str, ...]:
        """What to ask a record for: all that it has. Or, where they were not asked for in this run, the columns that we
        know, by their ids: one that went away is then refused, and does not look emptied."""
        return table.columns if self.recalled else ()


def told(base: str, schema: Sequence[Raw], tables: Iterable[str]) -> str | None:
    """The tables of these ids out of a base's schema (reference airtable §8), as far as we ever look at it; None where
    that is too long to be kept. Names and ids, none of them secret."""
    known = frozenset(tables)
    kept = [{**_named(one), "fields": [_field(f) for f in one["fields"]]} for one in schema if one["id"] in known]
    text = json.dumps({"setup": VERSION, "base": base, "tables": kept}, ensure_ascii=False)
    return text if len(text) <= LONGEST else None


def recalled(base: str, text: str | None) -> Sequence[Raw] | None:
    """The schema out of what was told of this base; None where that means nothing (any more)."""
    try:
        raw: Any = json.loads(text or "")
        if (raw["setup"], raw["base"]) != (VERSION, base):
            return None
        tables = raw["tables"]
    except (LookupError, TypeError, ValueError, RecursionError):
        return None
    return tables if isinstance(tables, list) else None


def _named(raw: Raw) -> dict[str, Any]:
    return {name: raw[name] for name in ("id", "name")}


def _field(raw: Raw) -> dict[str, Any]:
    field, options = {**_named(raw), "type": raw["type"]}, raw.get("options")
    if not isinstance(options, dict):
        return field
    kept: dict[str, Any] = {name: options[name] for name in OPTIONS if name in options}
    if "choices" in options:
        kept["choices"] = [_named(choice) for choice in options["choices"]]
    if isinstance(result := options.get("result"), dict):
        kept["result"] = {"type": result.get("type")}
    return {**field, "options": kept} if kept else field
