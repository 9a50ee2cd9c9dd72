"""Cells at rest are left out of a merge exactly because it would make nothing of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest

from sync.identity import Sighting
from sync.merge import Memory, Merged, merge
from sync.model import UNSET, Kind, Record, Ref, Unset, Value, schema
from sync.ports import Reading, View
from sync.reconcile import Rules, reconcile
from sync.state import Link, Remembered
from tests.sync.plain import AsIs, DayOnly, Only, day, instant

X, XY = frozenset("x"), frozenset("xy")
MORNING, NOON, THAT_DAY = instant("2026-03-02T09:00"), instant("2026-03-02T12:00"), day("2026-03-02")
VALUES: Mapping[str, tuple[Value, ...]] = {
    "subject": (None, "x", "y"),
    "tags": (frozenset(), X, XY),
    "planned_send": (MORNING, NOON, THAT_DAY),
}
CASES: tuple[tuple[str, View], ...] = (
    ("subject", AsIs()), ("subject", AsIs(writable=False)), ("subject", Only(X)),
    ("tags", AsIs()), ("tags", AsIs(writable=False)), ("tags", Only(X)),
    ("planned_send", AsIs()), ("planned_send", DayOnly()), ("planned_send", DayOnly(writable=False)),
)  # fmt: skip
# What a tool had shown, what it had been given, and what it shows now: None where it could not be read.
Told = tuple[Value | Unset, Value | Unset, Value | Unset]


def known(name: str, agreed: Value | Unset, **told: Told) -> Remembered:
    links = {tool: Link(ref(tool), memory={name: Memory(seen, wrote)}) for tool, (seen, wrote, _) in told.items()}
    return Remembered("c1", Kind.CAMPAIGN, {} if agreed is UNSET else {name: agreed}, {}, links)


def ref(tool: str) -> Ref:
    return Ref(tool, Kind.CAMPAIGN, tool)


def sighting(tool: str, name: str, shown: Value | Unset) -> Sighting:
    return Sighting(Record(ref(tool), {}), Reading({} if shown is UNSET else {name: shown}))


def reconciled(name: str, agreed: Value | Unset, a: Told, b: Told, view: View) -> Mapping[str, Merged]:
    sightings = {tool: sighting(tool, name, shown) for tool, (_, _, shown) in (("a", a), ("b", b))}
    views: dict[str, Mapping[str, View]] = {"a": {name: AsIs()}, "b": {name: view}}
    return reconcile(known(name, agreed, a=a, b=b), sightings, views, frozenset(), schema(), Rules())


def fully_merged(name: str, agreed: Value | Unset, a: Told, b: Told, view: View) -> Merged:
    now = {tool: shown for tool, (_, _, shown) in (("a", a), ("b", b)) if not isinstance(shown, Unset)}
    return merge(known(name, agreed, a=a, b=b).past(name, {"a", "b"}), now, {"a": AsIs(), "b": view})


@pytest.mark.parametrize(("name", "view"), CASES)
def test_what_is_left_out_would_be_agreed_on_as_it_is_and_written_nowhere(name: str, view: View) -> None:
    values = VALUES[name]
    told = list(product((UNSET, *values), (UNSET, values[1]), (UNSET, *values)))
    at_rest = 0
    for agreed, a, b in product((UNSET, *values), told, told):
        if name in reconciled(name, agreed, a, b, view):
            continue
        at_rest += 1
        remembered = {
            tool: Memory(seen, wrote) for tool, (seen, wrote, shown) in (("a", a), ("b", b)) if shown != UNSET
        }
        assert fully_merged(name, agreed, a, b, view) == Merged(agreed, remembered), (agreed, a, b)
        assert view.project(agreed) == agreed or b[2] is UNSET or not isinstance(agreed, frozenset), (agreed, a, b)  # type: ignore[arg-type]
    assert at_rest > len(values)


def test_everybody_who_shows_what_is_agreed_and_remembered_is_at_rest() -> None:
    at_rest = ("x", UNSET, "x")
    assert reconciled("subject", "x", at_rest, at_rest, AsIs()) == {}


@pytest.mark.parametrize("entity_claims", [{"a": "x", "b": "y"}, {"b": "x"}])
def test_what_was_disputed_is_never_at_rest(entity_claims: dict[str, Value]) -> None:
    entity = known("subject", "x", a=("x", UNSET, "x"), b=("x", UNSET, "x"))
    entity.disputed["subject"] = entity_claims
    sightings = {tool: sighting(tool, "subject", "x") for tool in "ab"}
    views = {tool: {"subject": AsIs()} for tool in "ab"}
    merged = reconcile(entity, sightings, views, frozenset(), schema(), Rules())
    assert merged["subject"].value == "x"
    assert merged["subject"].conflict is None
