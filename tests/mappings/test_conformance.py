"""The packaged mapping of Airtable keeps the laws of mappings, and the laws notice what is wrong with another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pytest

from mappings.conformance import MappingConformance
from sync.model import Kind, Record, Value
from sync.ports import BoundMapping, Native, Reading, Refusal, View
from tests.mappings.company import bound, record

FULL = {
    "fldName": "Spring", "fldBrief": "**Hi**\n", "fldProgram": "Newsletter", "fldStatus": "Planned",
    "fldSubject": "Hello", "fldTags": ["spring"], "fldPlanned": "2026-05-05T09:00:00.000Z",
    "fldPlannedType": "Exact time", "fldDelivered": 5,
}  # fmt: skip
DONE = {"fldStage": "Design", "fldStatus": "Done", "fldDue": "2026-04-01"}


class TestAirtable(MappingConformance):
    """Two campaigns and two stages, one of each nearly empty."""

    def bound(self) -> BoundMapping:
        return bound("airtable")

    def records(self) -> Sequence[Record]:
        campaigns = [record("airtable", Kind.CAMPAIGN, **fields) for fields in (FULL, {"fldName": "Autumn"})]
        return campaigns + [record("airtable", Kind.STAGE, **fields) for fields in (DONE, {"fldStage": "QA"})]


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A mapping with one fault."""

    whole: BoundMapping
    fault: str

    @property
    def tool(self) -> str:
        return self.whole.tool

    def views(self, kind: Kind) -> Mapping[str, View]:
        views = dict(self.whole.views(kind))
        return {name: Growing(view) for name, view in views.items()} if self.fault == "views grow" else views

    def get(self, record: Record) -> Reading:
        reading = self.whole.get(record)
        if self.fault == "names are numbers":
            return replace(reading, values={**reading.values, "name": 5})
        return replace(reading, troubles={"name": "garbled"}) if self.fault == "a trouble" else reading

    def put(self, kind: Kind, values: Mapping[str, Value], record: Record | None) -> Native:
        if self.fault == "everything is sent":
            return self.whole.put(kind, values, None)
        native = self.whole.put(kind, values, record)
        return replace(native, fields={}) if self.fault == "nothing is sent" else native

    def lacking(self, kind: Kind, values: Mapping[str, Value]) -> str | None:
        return self.whole.lacking(kind, values)

    def native_field(self, kind: Kind, name: str) -> str | None:
        return None if self.fault == "no field" else self.whole.native_field(kind, name)


@dataclass(frozen=True, slots=True)
class Growing:
    """Shows a text longer each time."""

    whole: View

    @property
    def writable(self) -> bool:
        return self.whole.writable

    def project(self, value: Value) -> Value | Refusal:
        shown = self.whole.project(value)
        return f"{shown}!" if isinstance(shown, str) else shown

    def lift(self, agreed: Value, shown: Value) -> Value:
        return self.whole.lift(agreed, shown)


@pytest.mark.parametrize(
    ("fault", "law"),
    [
        ("a trouble", TestAirtable.test_every_record_is_understood),
        ("names are numbers", TestAirtable.test_every_record_is_understood),
        ("no field", TestAirtable.test_every_field_is_mapped_to_a_native_one),
        ("everything is sent", TestAirtable.test_putting_back_what_was_read_changes_nothing),
        ("nothing is sent", TestAirtable.test_what_is_put_is_what_is_read),
        ("views grow", TestAirtable.test_a_view_shows_the_same_of_what_it_shows),
        ("views grow", TestAirtable.test_a_view_finds_a_value_that_it_shows_so),
    ],
)
def test_a_spoilt_mapping_breaks_its_law(fault: str, law: Callable[[TestAirtable, BoundMapping], None]) -> None:
    with pytest.raises(AssertionError):
        law(TestAirtable(), Spoilt(bound("airtable"), fault))
