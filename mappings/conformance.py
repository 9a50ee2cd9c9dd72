"""The laws that every mapping keeps, as one pytest class: subclass it, give the bound mapping and a few records.

docs/write-a-connector.md tells how.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from sync.model import (
    CAMPAIGN_FIELDS,
    STAGE_FIELDS,
    Day,
    Field,
    FieldType,
    Instant,
    Kind,
    Person,
    Record,
    Stranger,
    Value,
    WallClock,
)
from sync.ports import BoundMapping, Refusal, View

try:
    import pytest
except ImportError as missing:
    raise ImportError(
        "The conformance suite runs under pytest. Install it: pip install 'campaign-sync[conformance]'"
    ) from missing

HOLDS: dict[FieldType, Any] = {
    FieldType.SET: frozenset, FieldType.PERSON: Person | Stranger, FieldType.WHEN: Instant | WallClock | Day,
    FieldType.DAY: Day, FieldType.NUMBER: int | float, FieldType.FLAG: bool,
}  # fmt: skip
CANONICAL = {
    Kind.CAMPAIGN: {field.name: field for field in CAMPAIGN_FIELDS},
    Kind.STAGE: {field.name: field for field in STAGE_FIELDS},
}


class MappingConformance:
    """The laws of `sync.ports.View` and `BoundMapping`, tried with what real records of the tool show."""

    def bound(self) -> BoundMapping:
        """The mapping under test, bound to the tool's fields as `strict` as `campaign-sync config check` binds it."""
        raise NotImplementedError("say how your mapping is bound: override bound()")

    def records(self) -> Sequence[Record]:
        """A few records of each kind as the connector gives them: full ones, and one with nothing but a name."""
        raise NotImplementedError("say what your tool's records are: override records()")

    @pytest.fixture
    def mapping(self) -> BoundMapping:
        return self.bound()

    def test_every_record_is_understood(self, mapping: BoundMapping) -> None:
        """No field of a record is troublesome, and what is read is a value of the field's type."""
        records = self.records()
        assert records, "records() gives none"
        for record in records:
            reading = mapping.get(record)
            assert not reading.troubles, f"{record.ref.native}: {reading.troubles}"
            held = [value for value in reading.values.values() if value not in (None, False, frozenset())]
            assert held, f"nothing of {record.ref.native} is understood; records hold fields by their ids"
            assert reading.values.keys() <= mapping.views(record.ref.kind).keys()
            for name, value in reading.values.items():
                field = CANONICAL[record.ref.kind].get(name)
                assert field is None or _is_of(field, value), f"{name} of {record.ref.native} is {value!r}"

    def test_every_field_is_mapped_to_a_native_one(self, mapping: BoundMapping) -> None:
        """A field that a tool shows is one that can be named to people and looked up in its history."""
        for kind in Kind:
            assert all(mapping.native_field(kind, name) for name in mapping.views(kind))

    def test_putting_back_what_was_read_changes_nothing(self, mapping: BoundMapping) -> None:
        """put(get(record), record) sends nothing, so that a run with nothing to do writes nothing."""
        for record in self.records():
            native = mapping.put(record.ref.kind, mapping.get(record).values, record)
            assert dict(native.fields) == {}, f"{record.ref.native} would be rewritten"
            assert dict(native.refusals) == {}

    def test_what_is_put_is_what_is_read(self, mapping: BoundMapping) -> None:
        """get(put(value)) is project(value): every value of one record, written into another."""
        for record, other in itertools.permutations(self.records(), 2):
            kind = record.ref.kind
            if other.ref.kind is not kind:
                continue
            wanted, views = mapping.get(other).values, mapping.views(kind)
            native = mapping.put(kind, wanted, record)
            after = mapping.get(record._replace(fields={**record.fields, **native.fields})).values
            for name, value in wanted.items():
                if views[name].writable and name not in native.refusals:
                    shown = views[name].project(value)
                    assert after.get(name) == shown, f"{name} was put as {value!r} and is read as {after.get(name)!r}"

    def test_a_view_shows_the_same_of_what_it_shows(self, mapping: BoundMapping) -> None:
        """project(project(value)) is project(value)."""
        for view, value, _ in self.shown(mapping):
            seen = view.project(value)
            assert isinstance(seen, Refusal) or view.project(seen) == seen

    def test_a_view_finds_a_value_that_it_shows_so(self, mapping: BoundMapping) -> None:
        """project(lift(agreed, shown)) is shown, and what a tool shows already is lifted to what was agreed."""
        for view, shown, agreed in self.shown(mapping):
            for known in (agreed, None):
                assert view.project(view.lift(known, shown)) == shown, f"{shown!r} is lost beside {known!r}"
            own = view.project(agreed)
            assert isinstance(own, Refusal) or view.lift(agreed, own) == agreed

    def shown(self, mapping: BoundMapping) -> Iterator[tuple[View, Value, Value]]:
        """Each view with each value that a record shows in it, beside each other one."""
        for kind in Kind:
            readings = [mapping.get(record).values for record in self.records() if record.ref.kind is kind]
            for name, view in mapping.views(kind).items():
                values = [reading[name] for reading in readings if name in reading]
                yield from ((view, shown, agreed) for shown, agreed in itertools.product(values, repeat=2))


def _is_of(field: Field, value: Value) -> bool:
    """Whether a value is one that a canonical field of this type holds."""
    if value is None:
        return field.type is not FieldType.SET
    if field.choices:
        return value in field.choices
    return isinstance(value, HOLDS.get(field.type, str))
