"""Klaviyo's campaign attributes, revision 2026-07-15 (reference esp §1.3-1.6)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from mappings.iso import day, moment, read_words, write_words
from mappings.shape import Dialect, Shape, Sort, Unreadable, Unwritable, expect, member, same
from sync.model import Day, Instant, Value, WallClock
from sync.ports import NativeField

TIMELESS = {"immediate", "ab_test", "ab_test_campaign", "unsupported"}


def _required(raw: Any, key: str) -> str:
    text = member(raw, key)
    if not text:
        raise Unreadable(f"the send strategy has no {key}")
    return text


def _at(raw: Any, key: str, local: bool) -> Instant | WallClock:
    """A time of a strategy. A recipient-local one is the wall-clock time written as UTC (§1.5)."""
    at = moment(_required(raw, key)).astimezone(UTC).replace(microsecond=0)
    return WallClock(at.replace(tzinfo=None)) if local else Instant(at)


def _read_strategy(raw: Any) -> Value:
    if not expect(raw, dict):
        return None
    method = _required(raw, "method")
    if method in TIMELESS:
        return None
    if method == "smart_send_time":
        return Day(day(_required(raw, "date")))
    if method not in {"static", "throttled"}:
        raise Unreadable(f"the send method '{method}' is not known")
    local = method == "static" and bool((raw.get("options") or {}).get("is_local"))
    return _at(raw, "datetime", local)


def _write_strategy(value: Value, raw: Any) -> dict[str, Any]:
    """The strategy moved to another time. A throttled send keeps its method; what is not ours stays."""
    held = raw or {}
    method = held.get("method", "static")
    if value is None:
        raise Unwritable("Klaviyo cannot take back the time of a send; set another one")
    if method not in {"static", "throttled", "smart_send_time"}:
        raise Unwritable(f"it is set to '{method}'; choose a send time in Klaviyo first")
    if method == "throttled":
        if not isinstance(value, Instant):
            raise Unwritable("it is sent in batches from an exact time on; choose another send method in Klaviyo first")
        return {**held, "datetime": _text(value.at)}
    if isinstance(value, Day):
        kept = {key: kept for key, kept in held.items() if key not in {"datetime", "options"}}
        return {**kept, "method": "smart_send_time", "date": value.date.isoformat()}
    if not isinstance(value, Instant | WallClock):
        raise Unwritable("it holds a time only")
    kept = {key: kept for key, kept in held.items() if key != "date"}
    options = {**(held.get("options") or {}), "is_local": isinstance(value, WallClock)}
    return {**kept, "method": "static", "datetime": _text(value.at), "options": options}


def _text(at: datetime) -> str:
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC).isoformat(timespec="seconds")


def _read_send_time(raw: Any) -> Value:
    """When it goes or went out: {"method", "is_local", "value"}."""
    if not expect(raw, dict):
        return None
    if not raw.get("value"):
        return None
    if len(_required(raw, "value")) == len("2026-10-12"):
        return Day(day(raw["value"]))
    return _at(raw, "value", bool(raw.get("is_local")))


def audience_names(native: NativeField) -> dict[str, str]:
    """The name of each list and segment by id; those of one name carry their id as well, so that no name is two."""
    taken = Counter(name for _, name in native.options)
    return {id_: name if taken[name] == 1 else f"{name} ({id_})" for id_, name in native.options}


def _audiences(native: NativeField) -> Shape:
    """The audiences included; those excluded are never touched.

    A list that was deleted is none any more: its id, which the campaign keeps, means nothing to people.
    """
    names = audience_names(native)
    ids = {name: id_ for id_, name in names.items()}

    def label(entry: Any) -> str | None:
        id_ = member(entry, "id") or ""
        name: str = names.get(id_) or entry.get("name") or id_
        return name if name != id_ else None

    def read(raw: Any) -> frozenset[str]:
        held = expect(raw, dict) or {}
        return frozenset(filter(None, (label(entry) for entry in expect(held.get("included"), list) or ())))

    def write(words: frozenset[str], raw: Any) -> dict[str, Any]:
        held = raw or {}
        kept = [entry for entry in held.get("included") or () if label(entry) in words]
        new = sorted(words - {label(entry) for entry in kept})
        if not words and raw:
            raise Unwritable("a Klaviyo campaign needs at least one list or segment that exists there")
        included = kept + [{"id": ids.get(name, name), "name": name} for name in new]
        return {**held, "included": included, "excluded": held.get("excluded") or []}

    return Shape(frozenset({Sort.WORDS}), read, write, options=frozenset(ids))


SHAPES = {
    "string": Shape(frozenset({Sort.LINE, Sort.WORD}), lambda raw: expect(raw, str), same),
    "tags": Shape(frozenset({Sort.WORDS}), read_words, write_words),
    "send_strategy": Shape(frozenset({Sort.WHEN}), _read_strategy, _write_strategy),
    "send_time": Shape(frozenset({Sort.WHEN}), _read_send_time, same),
}


def _shape(native: NativeField) -> Shape | None:
    return _audiences(native) if native.type == "audiences" else SHAPES.get(native.type)


DIALECT = Dialect(_shape)
