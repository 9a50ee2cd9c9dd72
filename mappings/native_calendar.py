"""The fields that campaigns have in every ESP, as the calendar connector gives them: subjects, times, audiences."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from mappings.iso import day, moment, read_words, write_words
from mappings.shape import Dialect, Shape, Sort, Unreadable, Unwritable, expect, member, same
from mappings.told_calendar import TOLD
from sync.model import Day, Instant, Value, WallClock
from sync.ports import NativeField

INSTANT, LOCAL, DAY, STAGGERED = "instant", "recipient_local", "day", "staggered"


def _is_test(raw: Any) -> bool:
    """Whether there are several subjects of which the tool does not tell all."""
    return isinstance(raw, dict) and "experiment" in raw


def _read_subjects(raw: Any) -> str | None:
    if _is_test(raw):
        raise Unreadable("an A/B test is set up there, so that no single subject line can be shown")
    subjects = expect(raw, list) or []
    if not all(isinstance(one, str) for one in subjects):
        raise Unreadable("the tool sent a list that does not hold texts only")
    if len(subjects) > 1:
        raise Unreadable(f"{len(subjects)} subject lines are being tested there, and only one can be shown")
    return subjects[0] if subjects else None


def _write_subjects(value: str | None, raw: Any) -> list[str]:
    if _is_test(raw):
        raise Unwritable("an A/B test is set up there; change its subject lines there")
    if isinstance(raw, list) and len(raw) > 1:
        raise Unwritable(f"{len(raw)} subject lines are being tested there; change them there")
    return [value] if value else []


def _required(raw: Any, key: str) -> str:
    text = member(raw, key)
    if not text:
        raise Unreadable(f"the send time has no {key}")
    return text


def _read_time(raw: Any) -> Value:
    """{"kind", "at"}: a moment, a clock time without a zone, or a day."""
    if not expect(raw, dict):
        return None
    kind, text = _required(raw, "kind"), _required(raw, "at")
    if kind in (INSTANT, STAGGERED):
        return Instant(moment(text).astimezone(UTC).replace(microsecond=0))
    if kind == DAY:
        return Day(day(text))
    if kind != LOCAL:
        raise Unreadable(f"the kind of send '{kind}' is not known")
    try:
        return WallClock(datetime.fromisoformat(text).replace(microsecond=0))
    except ValueError:
        raise Unreadable(f"'{text}' is no date and time of a clock") from None


def _write_time(value: Value, raw: Any) -> dict[str, str] | None:
    """A send in portions keeps its method: only the moment at which it begins is moved."""
    portions = isinstance(raw, dict) and raw.get("kind") == STAGGERED
    if value is None:
        return None
    if portions and not isinstance(value, Instant):
        raise Unwritable("it is sent in portions from an exact time on; choose another send method there first")
    if isinstance(value, Instant):
        kind, at = STAGGERED if portions else INSTANT, value.at.astimezone(UTC).isoformat(timespec="seconds")
    elif isinstance(value, WallClock):
        kind, at = LOCAL, value.at.isoformat(timespec="seconds")
    elif isinstance(value, Day):
        kind, at = DAY, value.date.isoformat()
    else:
        raise Unwritable("it holds a time only")
    return {"kind": kind, "at": at}


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
            raise Unwritable("a campaign needs at least one list or segment that exists there")
        included = kept + [{"id": ids.get(name, name), "name": name} for name in new]
        return {**held, "included": included, "excluded": held.get("excluded") or []}

    return Shape(frozenset({Sort.WORDS}), read, write, options=frozenset(ids))


def _number(raw: Any) -> Any:
    return expect(raw, (int, float))


SHAPES = {
    "string": Shape(frozenset({Sort.LINE, Sort.WORD}), lambda raw: expect(raw, str), same),
    "subjects": Shape(frozenset({Sort.LINE}), _read_subjects, _write_subjects),
    "tags": Shape(frozenset({Sort.WORDS}), read_words, write_words),
    "send_time": Shape(frozenset({Sort.WHEN}), _read_time, _write_time),
    "number": Shape(frozenset({Sort.NUMBER}), _number, same),
}


def _shape(native: NativeField) -> Shape | None:
    return _audiences(native) if native.type == "audiences" else SHAPES.get(native.type)


# The fields are the same for all; what people are told of them is not.
DIALECTS = {tool: Dialect(_shape, told=told) for tool, told in TOLD.items()}
