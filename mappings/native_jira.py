"""Jira's field values as its REST API has them (reference jira §5.7; version 3, so rich text is ADF)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mappings.iso import read_day, read_moment, read_words, write_day, write_words
from mappings.richtext import Unstable, from_adf, losses, to_adf
from mappings.shape import Account, Dialect, Shape, Sort, Unreadable, Unwritable, expect, member, same
from sync.ports import NativeField

LINE_LIMIT = 255  # §5.7; UTF-16 units
TEXT_LIMIT = 32_767  # §5.7, a site's default; a text that is longer without its formatting is never taken


def _write_moment(at: datetime | None, _: Any) -> str | None:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "+0000" if at else None


def _read_doc(raw: Any) -> str | None:
    doc = expect(raw, dict)
    try:
        return from_adf(doc) if doc else None
    except Unstable as why:
        raise Unreadable(str(why)) from None


def _write_doc(text: str | None, _: Any) -> dict[str, Any] | None:
    try:
        doc = to_adf(text) if text else None
    except Unstable as why:
        raise Unwritable(str(why)) from None
    size = _size(doc) if doc else 0
    if size > TEXT_LIMIT:
        raise Unwritable(f"it holds at most {TEXT_LIMIT} characters, and this text has {size}")
    return doc


def _size(node: dict[str, Any]) -> int:
    """The characters of a document in UTF-16 units, its formatting left aside."""
    own = len(str(node.get("text", "")).encode("utf-16-le", "surrogatepass")) // 2
    return own + sum(_size(child) for child in node.get("content", ()))


def _read_user(raw: Any) -> Account | None:
    user = expect(raw, dict)
    if not user:
        return None
    return Account(member(user, "accountId") or "", user.get("emailAddress") or "", user.get("displayName") or "",
                   user.get("active") is not False)  # fmt: skip


def _write_user(account: Account | None, _: Any) -> dict[str, str] | None:
    if account and not account.active:
        raise Unwritable(f"{account.name or account.id} is not active any more and cannot be assigned")
    return {"accountId": account.id} if account else None


def _read_options(raw: Any) -> frozenset[str]:
    return frozenset(filter(None, (member(option, "value") for option in expect(raw, list) or ())))


def _write_options(words: frozenset[str], raw: Any) -> list[dict[str, str]]:
    return [{"value": word} for word in write_words(words, [option["value"] for option in raw or ()])]


def _named(key: str) -> Shape:
    """An object whose name under `key` is the word."""
    return Shape(
        frozenset({Sort.WORD}),
        lambda raw: member(raw, key),
        lambda word, _: {key: word} if word else None,
    )


SHAPES = {
    "string": Shape(frozenset({Sort.LINE, Sort.WORD}), lambda raw: expect(raw, str), same, limit=LINE_LIMIT),
    "doc": Shape(frozenset({Sort.PROSE}), _read_doc, _write_doc, loses=losses),
    "date": Shape(frozenset({Sort.DATE}), read_day, write_day),
    "datetime": Shape(frozenset({Sort.MOMENT}), read_moment, _write_moment),
    "user": Shape(frozenset({Sort.ACCOUNT}), _read_user, _write_user),
    "option": _named("value"),
    "status": _named("name"),
    "array:option": Shape(frozenset({Sort.WORDS}), _read_options, _write_options),
    "array:string": Shape(
        frozenset({Sort.WORDS}), read_words, write_words,
        fits=lambda word: not any(character.isspace() for character in word) and len(word) <= LINE_LIMIT,
    ),
    "number": Shape(frozenset({Sort.NUMBER}), lambda raw: expect(raw, (int, float)), same),
}  # fmt: skip


def _shape(native: NativeField) -> Shape | None:
    return SHAPES.get(native.type)


DIALECT = Dialect(_shape)
