"""Airtable's cell values as its web API has them (reference airtable §3). Empty cells are absent from a record.

A computed column comes with the type of its result, as `formula:number`. What has no shape here no mapping can use:
links (their words come by a lookup column), attachments (their addresses expire), buttons.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from mappings.iso import read_day, read_moment, read_words, write_day, write_words
from mappings.native_text import read_marked, write_marked
from mappings.shape import Account, Dialect, Shape, Sort, Unreadable, Unwritable, expect, member, same
from mappings.told_airtable import TOLD, USUAL
from sync.ports import NativeField


def _write_moment(at: datetime | None, _: Any) -> str | None:
    """Always with an offset: without one Airtable reads the time in the field's own zone."""
    if at is not None and at.tzinfo is None:
        raise Unwritable("a time without a zone would become another time there")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z" if at else None


def _read_collaborator(raw: Any) -> Account | None:
    held = expect(raw, dict)
    if not held:
        return None
    if not (held.get("id") or held.get("email")):
        raise Unreadable("the tool sent a collaborator without id and address")
    return Account(held.get("id") or "", held.get("email") or "", held.get("name") or "")


def _write_collaborator(account: Account | None, _: Any) -> dict[str, str] | None:
    if account is None:
        return None
    return {"id": account.id} if account.id else {"email": account.email}


def _write_barcode(text: str | None, raw: Any) -> dict[str, str] | None:
    return {**(raw if isinstance(raw, dict) else {}), "text": text} if text else None


def _result(raw: Any) -> Any:
    """What a formula came to; a failed one says so in an object."""
    if isinstance(raw, dict) and (failed := raw.get("error") or raw.get("specialValue")):
        raise Unreadable(f"its formula comes to {failed}")
    return raw


def _read_computed(raw: Any) -> str | None:
    """A result of an unknown type, as text."""
    found = expect(_result(raw), (str, int, float))
    return None if found is None else str(found)


class _AnyWord(frozenset[str]):
    """The options of a column that shows whatever another table holds."""

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str)


def _read_words(raw: Any) -> frozenset[str]:
    """The words of a lookup; each linked record adds one, or several where the column there holds several."""
    words: set[str] = set()
    for one in expect(_result(raw), list) or ():
        words |= _read_words(one) if isinstance(one, list) else {word for word in (expect(one, str),) if word}
    return frozenset(words)


def _read_sole(shape: Shape, raw: Any) -> Any:
    """The one value of a lookup, however often it is looked up."""
    found = [shape.read(_result(one)) for one in expect(_result(raw), list) or () if one is not None]
    if any(other != found[0] for other in found):
        raise Unreadable(f"it shows {len(found)} values, and one is meant")
    return found[0] if found else None


LINE = Shape(frozenset({Sort.LINE, Sort.WORD}), lambda raw: expect(raw, str), same)
PROSE = Shape(frozenset({Sort.PROSE, Sort.LINE}), read_marked, write_marked)
NUMBER = Shape(frozenset({Sort.NUMBER}), lambda raw: expect(raw, (int, float)), same)
MOMENT = Shape(frozenset({Sort.MOMENT}), read_moment, _write_moment)
PERSON = Shape(frozenset({Sort.ACCOUNT}), _read_collaborator, _write_collaborator, by_email=True)
DATE = Shape(frozenset({Sort.DATE}), read_day, write_day)
COMPUTED = Shape(frozenset({Sort.LINE}), _read_computed, same)
LOOKUP = Shape(frozenset({Sort.WORDS}), _read_words, write_words, options=_AnyWord())

SHAPES = {
    "singleLineText": LINE, "email": LINE, "url": LINE, "phoneNumber": LINE,
    "multilineText": PROSE, "richText": PROSE,
    "number": NUMBER, "currency": NUMBER, "percent": NUMBER, "rating": NUMBER, "duration": NUMBER,
    "count": NUMBER, "autoNumber": NUMBER,
    "checkbox": Shape(frozenset({Sort.FLAG}), lambda raw: expect(raw, bool), same),
    "singleSelect": Shape(frozenset({Sort.WORD}), lambda raw: expect(raw, str), same),
    "multipleSelects": Shape(frozenset({Sort.WORDS}), read_words, write_words),
    "date": DATE,
    "dateTime": MOMENT, "createdTime": MOMENT, "lastModifiedTime": MOMENT,
    "singleCollaborator": PERSON, "createdBy": PERSON, "lastModifiedBy": PERSON,
    "barcode": Shape(frozenset({Sort.LINE}), lambda raw: member(raw, "text"), _write_barcode),
    "formula": COMPUTED, "rollup": COMPUTED, "multipleLookupValues": LOOKUP,
}  # fmt: skip


def _shape(native: NativeField) -> Shape | None:
    sort, _, result = native.type.partition(":")
    made = SHAPES.get(result)
    if made is None:
        return SHAPES.get(sort) if not result else None
    if sort == "multipleLookupValues":
        textual = made.sorts & {Sort.LINE, Sort.WORD, Sort.WORDS}
        return LOOKUP if textual else Shape(made.sorts, partial(_read_sole, made), same)
    return Shape(made.sorts, lambda raw: made.read(_result(raw)), same)


DIALECT = Dialect(_shape, absent_is_empty=True, told=TOLD, usual=USUAL)
