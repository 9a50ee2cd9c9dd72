"""A tool type of somebody else's package, found by its entry point: campaigns in a JSON file on disk."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr

from sync.errors import Outdated, Unavailable
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import (
    Archive,
    Capability,
    Change,
    Create,
    Member,
    NativeField,
    NativeSchema,
    Outcome,
    Relation,
    Withheld,
    Written,
)

MAPPING = '[campaign.fields]\nname = { field = "Name" }\nsubject = { field = "Subject line" }\n'


class NotebookOptions(BaseModel):
    """Where the notebook lies."""

    model_config = ConfigDict(extra="forbid")

    file: Path


class NotebookConnector:
    """The file holds {"native id": {"Name": …, "Subject line": …, "marker": …}}; a file that is gone is a tool down."""

    def __init__(self, tool: str, file: Path) -> None:
        self.tool, self.file = tool, file
        self.capability = Capability(frozenset({Kind.CAMPAIGN}))

    def schema(self) -> NativeSchema:
        return {Kind.CAMPAIGN: tuple(NativeField(n, n, "singleLineText") for n in ("Name", "Subject line"))}

    def setup(self) -> str | None:
        return None

    def recall(self, setup: str | None) -> None:
        """Never called: nothing is kept between runs."""

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        for native, row in self._rows().items():
            yield self._record(native, row)

    def reached(self) -> str | None:
        return None

    def changes(self, since: str) -> Iterator[Record | Ref]:
        raise Outdated(since)

    def position(self) -> str | None:
        return None

    def census(self) -> Iterator[Ref]:
        for record in self.fetch():
            yield record.ref

    def members(self) -> Sequence[Member]:
        return ()

    def relate(self, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
        raise NotImplementedError

    def withheld(self) -> Sequence[Withheld]:
        raise NotImplementedError

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:
        raise NotImplementedError

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:
        raise NotImplementedError

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        rows = self._rows()
        return {ref: self._record(ref.native, rows[ref.native]) if ref.native in rows else None for ref in refs}

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        return [Written(change, self._apply(change)) for change in changes]

    def attribution(self, record: Record, field_id: str) -> Attribution | None:
        return None

    def time(self) -> datetime | None:
        return None

    def close(self) -> None:
        pass

    def _apply(self, change: Change) -> Record | None:
        rows = self._rows()
        match change:
            case Create():
                native = f"{self.tool}-{len(rows) + 1}"
                rows[native] = {**change.fields, "marker": change.marker}
            case Archive():
                native = change.record.ref.native
                del rows[native]
            case _:
                native = change.record.ref.native
                rows[native].update(change.fields)
        self.file.write_text(json.dumps(rows), "utf-8")
        return self._record(native, rows[native]) if native in rows else None

    def _rows(self) -> dict[str, dict[str, Any]]:
        try:
            rows: dict[str, dict[str, Any]] = json.loads(self.file.read_text("utf-8"))
        except OSError:
            raise Unavailable(f"{self.tool} does not answer. The next run tries again.") from None
        return rows

    def _record(self, native: str, row: Mapping[str, Any]) -> Record:
        fields = {name: value for name, value in row.items() if name != "marker" and value is not None}
        return Record(Ref(self.tool, Kind.CAMPAIGN, native), fields, marker=row.get("marker"), key=native.upper())


class Notebook:
    """What the entry point names."""

    name, mapping_type, options, needs_token = "notebook", "airtable", NotebookOptions, False

    def build(self, tool: str, options: NotebookOptions, token: SecretStr | None) -> NotebookConnector:
        return NotebookConnector(tool, options.file)


factory = Notebook()
