"""The laws of sync.ports, for every field of every packaged mapping."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.bind import bind
from mappings.load import load
from sync.model import (
    CAMPAIGN_STATUSES,
    STAGE_KINDS,
    STAGE_STATUSES,
    Day,
    Field,
    FieldType,
    Instant,
    Kind,
    Person,
    Stranger,
    Value,
    WallClock,
    schema,
)
from sync.ports import NativeField, Refusal
from tests.mappings.company import AUDIENCES, NATIVE, PEOPLE, PROGRAMS, TYPES, ZONE, bound, choices, record, stored

# Half the usual number of cases for each field: there are many fields and few kinds of lenses.
LAW = settings(max_examples=settings().max_examples // 2)
BOUND = {tool: bound(tool) for tool in NATIVE}
FIELDS = [(tool, kind, name) for tool in NATIVE for kind in Kind for name in BOUND[tool].views(kind)]

moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))
words = st.sampled_from(["spring", "promo", "two words", "cs-7k2m9x4q", *(name for _, name in AUDIENCES)])
markup = st.lists(
    st.sampled_from([*"ab *_`~[]()<>#-+|\\&.1", "\n", "\n\n", "**", "- ", "1. ", "> ", "\n    ", "http://x.y", "é😀"]),
    max_size=16,
).map("".join)
whens = st.one_of(
    moments.map(lambda at: Instant(at.replace(tzinfo=UTC))),
    moments.map(WallClock),
    st.dates(date(1990, 1, 1), date(2090, 1, 1)).map(Day),
    st.sampled_from([WallClock(datetime(2026, 3, 29, 2, 30)), WallClock(datetime(2026, 10, 25, 2, 30, fold=1))]),
)
people = st.sampled_from([Person("ann"), Person("bob"), Person("cat"), Person("nobody"),
                          Stranger("jira", "5b10x", "Eve"), Stranger("airtable", "usrX", "Eve")])  # fmt: skip
TYPED: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TEXT: st.one_of(
        st.text(max_size=20), st.sampled_from(["Sale [CAM-3]", "A\nb", "[CAM-1] [CAM-2]", "x" * 300])
    ),
    FieldType.RICH_TEXT: markup,
    FieldType.CHOICE: st.sampled_from([*PROGRAMS, *CAMPAIGN_STATUSES, *STAGE_STATUSES, *STAGE_KINDS, "odd"]),
    FieldType.SET: st.frozensets(st.one_of(words, st.text("ab \n\u00a0", max_size=3)), max_size=4),
    FieldType.PERSON: people,
    FieldType.WHEN: whens,
    FieldType.DAY: st.dates().map(Day),
    FieldType.NUMBER: st.one_of(st.integers(), st.floats()),
    FieldType.FLAG: st.booleans(),
}


def values(field: Field) -> st.SearchStrategy[Any]:
    """Any value of a field, empty ones among them; a set is never None."""
    return TYPED[field.type] if field.type is FieldType.SET else st.one_of(st.none(), TYPED[field.type])


def same(one: Value | Refusal, other: Value | Refusal) -> bool:
    """Equal, where the display name of a stranger is the tool's business."""
    if isinstance(one, Stranger) and isinstance(other, Stranger):
        return (one.tool, one.native) == (other.tool, other.native)
    return one == other


@pytest.mark.parametrize(("tool", "kind", "name"), FIELDS)
@LAW
@given(data=st.data())
def test_view_laws(tool: str, kind: Kind, name: str, data: st.DataObject) -> None:
    view, strategy = BOUND[tool].views(kind)[name], values(schema().of(kind)[name])
    agreed, other = data.draw(strategy), data.draw(strategy)
    shown = view.project(other)
    own = view.project(agreed)

    if not isinstance(shown, Refusal):
        assert view.project(shown) == shown
        assert view.project(view.lift(agreed, shown)) == shown
        assert view.project(view.lift(None, shown)) == shown
    if not isinstance(own, Refusal):
        assert view.lift(agreed, own) == agreed


@pytest.mark.parametrize(("tool", "kind", "name"), FIELDS)
@LAW
@given(data=st.data())
def test_what_is_put_is_what_is_read(tool: str, kind: Kind, name: str, data: st.DataObject) -> None:
    mapping = BOUND[tool]
    view, strategy = mapping.views(kind)[name], values(schema().of(kind)[name])
    if not view.writable:
        assert mapping.put(kind, {name: data.draw(strategy)}, None).fields.keys().isdisjoint({"status", "scheduled"})
        return
    empty = record(tool, kind, **({} if tool == "airtable" else {field.id: None for field in NATIVE[tool][kind]}))
    first, second = data.draw(strategy), data.draw(strategy)
    before = stored(empty, dict(mapping.put(kind, {name: first}, empty).fields))

    native = mapping.put(kind, {name: second}, before)
    after = mapping.get(stored(before, dict(native.fields)))

    if name in native.refusals:
        assert native.fields == {}
    else:
        assert same(after.values[name], view.project(second))
        assert after.troubles == {}
    again = mapping.get(before)
    assert mapping.put(kind, again.values, before).fields == {}
    assert mapping.put(kind, again.values, before).refusals == {}


@pytest.mark.parametrize(
    ("type_", "native"),
    [
        (FieldType.FLAG, NativeField("fldX", "X", "checkbox")),
        (FieldType.WHEN, NativeField("fldX", "X", "dateTime")),
        (FieldType.WHEN, NativeField("fldX", "X", "date")),
        (FieldType.RICH_TEXT, NativeField("fldX", "X", "multilineText")),
        (FieldType.TEXT, NativeField("fldX", "X", "multilineText")),
        (FieldType.CHOICE, NativeField("fldX", "X", "singleLineText")),
        (FieldType.NUMBER, NativeField("fldX", "X", "currency")),
        (FieldType.DAY, NativeField("fldX", "X", "date")),
        (FieldType.SET, NativeField("fldX", "X", "multipleSelects", options=choices("spring", *TYPES))),
    ],
    ids=lambda each: each.type if isinstance(each, NativeField) else str(each),
)
@LAW
@given(data=st.data())
def test_custom_fields_obey_too(
    type_: FieldType, native: NativeField, data: st.DataObject, tmp_path_factory: Any
) -> None:
    file = tmp_path_factory.getbasetemp() / "custom.toml"
    file.write_text('[campaign.fields]\nextra = { field = "X" }\n', "utf-8")
    custom = Field("extra", type_, "Extra", custom=True)
    natives = {Kind.CAMPAIGN: (native,)}
    mapping = bind(load(file, "airtable"), "airtable", natives, schema((custom,)), PEOPLE, ZONE)
    view = mapping.views(Kind.CAMPAIGN)["extra"]
    agreed, other = data.draw(values(custom)), data.draw(values(custom))
    shown, own = view.project(other), view.project(agreed)
    empty = record("airtable")

    native_values = mapping.put(Kind.CAMPAIGN, {"extra": other}, empty)

    if isinstance(shown, Refusal):
        assert "extra" in native_values.refusals
    else:
        assert mapping.get(stored(empty, dict(native_values.fields))).values["extra"] == shown
        assert view.project(shown) == shown
        assert view.project(view.lift(agreed, shown)) == shown
    assert isinstance(own, Refusal) or view.lift(agreed, own) == agreed
