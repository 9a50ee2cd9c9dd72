"""JSON that no field of its kind ever holds leaves out its own field, and never ends a run with a trace."""

from __future__ import annotations

from typing import Any

import pytest

from sync.model import Kind
from sync.ports import Native, Reading
from tests.mappings.company import NATIVE, bound, record

DOC = {"type": "doc", "version": 1}
ODD: tuple[Any, ...] = (
    None, 5, -1.5, True, "x", "", "\ud800", "2026-13-45", "9999999-01-01T00:00:00Z", 1e400, float("nan"), [], {}, [5],
    [None], [[]], {"a": 1}, {"id": 5}, {"id": None}, {"value": None}, {"value": 5}, {"name": 5}, {"name": None},
    [{"value": 5}], [{"id": None}], [{"name": []}],
    {"accountId": 5}, {"accountId": "x", "displayName": 5, "emailAddress": 5}, {"id": "u", "email": 5, "name": 5},
    {"kind": 5}, {"kind": "instant"}, {"kind": "instant", "at": 5}, {"kind": "instant", "at": "2026-01-01T00:00:00"},
    {"kind": "day", "at": "x"}, {"kind": "recipient_local", "at": "2026-01-01T00:00:00Z"}, {"kind": "soon", "at": "x"},
    {"kind": "staggered", "at": ""}, ["x", "y"], ["x", 5],
    {"included": 5}, {"included": [5]}, {"included": [{"id": 5}]}, {"included": ["x"]},
    {"included": [{"id": "x", "name": 5}], "excluded": 5}, {"excluded": [{"id": "x", "name": "Lapsed"}]},
    {"type": "doc"}, {**DOC, "content": 5}, {**DOC, "content": [5]}, {**DOC, "content": [{"type": 5}]},
    {**DOC, "content": [{"type": "paragraph", "content": 5}]},
    {**DOC, "content": [{"type": "paragraph", "content": [{"type": "text", "text": 5}]}]},
    {**DOC, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "a", "marks": 5}]}]},
    {**DOC, "content": [{"type": "heading", "attrs": 5}]},
    {**DOC, "content": [{"type": "bulletList", "content": [{"type": "text"}]}]},
)  # fmt: skip
GOOD = {"jira": {"summary": "Spring"}, "airtable": {"fldName": "Spring"}, "klaviyo": {"name": "Spring"}}
FIELDS = [(tool, kind, field.id) for tool, native in NATIVE.items() for kind in native for field in native[kind]]


@pytest.mark.parametrize(("tool", "kind", "field"), FIELDS, ids=[f"{t} {k} {f}" for t, k, f in FIELDS])
def test_an_odd_value_is_a_trouble_of_its_field_alone(tool: str, kind: Kind, field: str) -> None:
    mapping = bound(tool)
    for odd in ODD:
        # when
        reading = mapping.get(record(tool, kind, **{**GOOD[tool], field: odd}))
        # then it is read as something that can be compared, as empty, or not at all
        assert isinstance(reading, Reading)
        assert all(hash(value) is not None for value in reading.values.values())
        assert not reading.troubles.keys() & reading.values.keys()
        others = {name for name in mapping.views(kind) if field not in _ids(mapping, kind, name)}
        assert not others & reading.troubles.keys(), odd


@pytest.mark.parametrize(("tool", "kind", "field"), FIELDS, ids=[f"{t} {k} {f}" for t, k, f in FIELDS])
def test_an_odd_value_is_written_over_or_refused_in_words(tool: str, kind: Kind, field: str) -> None:
    mapping = bound(tool)
    values = dict(mapping.get(record(tool, kind, **GOOD[tool])).values)
    emptied = dict.fromkeys(mapping.views(kind))
    for odd in ODD:
        held = record(tool, kind, **{**GOOD[tool], field: odd})
        for wanted in (values, emptied):
            native = mapping.put(kind, wanted, held)
            assert isinstance(native, Native)
            assert all(refusal.reason for refusal in native.refusals.values())


def _ids(mapping: Any, kind: Kind, name: str) -> tuple[str, ...]:
    return tuple(mapping.parts[kind].cells[name].ids)
