"""Airtable's cell values as its web API has them (reference airtable §3). Empty cells are absent from a record."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from mappings.iso import read_day, read_moment, read_words, write_day, write_words
from mappings.shape import Account, Dialect, Shape, Sort, Unreadable, expect, same
from sync.ports import NativeField

MENTION = re.compile(r"<airtable:mention\b[^>]*>(.*?)</airtable:mention>", re.DOTALL)


def _write_moment(at: datetime | None, _: Any) -> str | None:
    """Always with an offset: without one Airtable reads the time in the field's own zone."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z" if at else None


def _read_prose(raw: Any) -> str | None:
    text = expect(raw, str)
    return MENTION.sub(r"\1", text) if text else None


def _mentions(raw: Any) -> str | None:
    return "a mention" if isinstance(raw, str) and MENTION.search(raw) else None


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


def _read_computed(raw: Any) -> Any:
    """A formula's text or number; its error objects are not understood."""
    return expect(raw, (str, int, float))


LINE = Shape(frozenset({Sort.LINE, Sort.WORD}), lambda raw: expect(raw, str), same)
PROSE = Shape(frozenset({Sort.PROSE, Sort.LINE}), _read_prose, same, loses=_mentions)
NUMBER = Shape(frozenset({Sort.NUMBER}), lambda raw: expect(raw, (int, float)), same)
MOMENT = Shape(frozenset({Sort.MOMENT}), read_moment, _write_moment)
PERSON = Shape(frozenset({Sort.ACCOUNT}), _read_collaborator, _write_collaborator, by_email=True)
COMPUTED = Shape(frozenset({Sort.LINE, Sort.NUMBER}), _read_computed, same)

SHAPES = {
    "singleLineText": LINE, "email": LINE, "url": LINE, "phoneNumber": LINE,
    "multilineText": PROSE, "richText": PROSE,
    "number": NUMBER, "currency": NUMBER, "percent": NUMBER, "rating": NUMBER, "count": NUMBER, "autoNumber": NUMBER,
    "checkbox": Shape(frozenset({Sort.FLAG}), lambda raw: expect(raw, bool), same),
    "singleSelect": Shape(frozenset({Sort.WORD}), lambda raw: expect(raw, str), same),
    "multipleSelects": Shape(frozenset({Sort.WORDS}), read_words, write_words),
    "date": Shape(frozenset({Sort.DATE}), read_day, write_day),
    "dateTime": MOMENT, "createdTime": MOMENT, "lastModifiedTime": MOMENT,
    "singleCollaborator": PERSON, "createdBy": PERSON, "lastModifiedBy": PERSON,
    "formula": COMPUTED, "rollup": COMPUTED,
}  # fmt: skip


def _shape(native: NativeField) -> Shape | None:
    return SHAPES.get(native.type)


DIALECT = Dialect(_shape, absent_is_empty=True)
