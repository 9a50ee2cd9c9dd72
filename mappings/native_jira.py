"""Jira's field values as its REST API has them, on Jira Cloud (version 3) and Data Center (version 2).

Source: reference jira §1 and §5.7. Sets are written as the full list that is wanted, in the record's order.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from mappings.iso import read_day, read_moment, read_words, write_day, write_words
from mappings.native_text import read_doc, read_wiki, write_doc, write_wiki
from mappings.shape import Account, Dialect, Shape, Sort, Unwritable, expect, member, same, units
from mappings.told_jira import TOLD, USUAL
from sync.ports import NativeField

LINE_LIMIT = 255  # §5.7; UTF-16 units
PARTED = " / "  # between the option and the one below it of a cascading select
# An option's own slash between blanks, which would read as that one; it gets a backslash more.
SLASH, MARKED = re.compile(r"(?<![^ ])(\\*)/(?![^ ])"), re.compile(r"(?<![^ ])\\(\\*)/(?![^ ])")


def _write_moment(at: datetime | None, _: Any) -> str | None:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "+0000" if at else None


def _read_user(raw: Any) -> Account | None:
    user = expect(raw, dict)
    if not user:
        return None
    return Account(member(user, "accountId") or "", user.get("emailAddress") or "", user.get("displayName") or "",
                   user.get("active"))  # fmt: skip


def _write_user(account: Account | None, _: Any) -> dict[str, str] | None:
    if account and account.active is False:
        raise Unwritable(f"{account.name or account.id} is not active any more and cannot be assigned")
    return {"accountId": account.id} if account else None


def _read_username(raw: Any) -> Account | None:
    """Data Center names people by their user name, and tells the address to whoever may see it."""
    user = expect(raw, dict)
    if not user:
        return None
    return Account(member(user, "name") or "", user.get("emailAddress") or "", user.get("displayName") or "",
                   user.get("active"))  # fmt: skip


def _write_username(account: Account | None, raw: Any) -> dict[str, str] | None:
    named = _write_user(account, raw)
    return {"name": named["accountId"]} if named else None


def _named(key: str) -> Shape:
    """An object whose name under `key` is the word."""
    return Shape(
        frozenset({Sort.WORD}),
        lambda raw: member(raw, key),
        lambda word, _: {key: word} if word else None,
    )


def _fixed(what: str) -> Shape:
    """An object that is read by its name and never written."""

    def write(_: Any, __: Any) -> Any:
        raise Unwritable(f"{what} is changed in Jira only")

    return Shape(frozenset({Sort.WORD, Sort.LINE}), lambda raw: member(raw, "name"), write)


def _several(key: str, ids: dict[str, str] | None = None) -> Shape:
    """A list of objects whose names under `key` are the words; where the ids are known, they go along."""

    def read(raw: Any) -> frozenset[str]:
        return frozenset(filter(None, (member(one, key) for one in expect(raw, list) or ())))

    def write(words: frozenset[str], raw: Any) -> list[dict[str, str]]:
        held = {one[key]: one.get("id") for one in raw or ()}
        listed = [(word, held.get(word) or (ids or {}).get(word)) for word in write_words(words, list(held))]
        return [{"id": id_, key: word} if ids is not None and id_ else {key: word} for word, id_ in listed]

    return Shape(frozenset({Sort.WORDS}), read, write)


def _read_cascade(raw: Any) -> str | None:
    """`Parent / Child`, or the parent alone."""
    parent = member(raw, "value")
    child = member(raw.get("child"), "value") if parent else None
    return PARTED.join(SLASH.sub(r"\\\1/", name) for name in (parent, child) if name) or None


def _write_cascade(word: str | None, _: Any) -> dict[str, Any] | None:
    if not word:
        return None
    names = [MARKED.sub(r"\1/", name) for name in word.split(PARTED)]
    if len(names) > len(("parent", "child")) or not all(names):
        raise Unwritable(f"'{word}' is not of the form 'Parent / Child'")
    return {"value": names[0], **({"child": {"value": names[1]}} if names[1:] else {})}


SHAPES = {
    "string": Shape(frozenset({Sort.LINE, Sort.WORD}), lambda raw: expect(raw, str), same, limit=LINE_LIMIT),
    "doc": Shape(frozenset({Sort.PROSE}), read_doc, write_doc),
    "wiki": Shape(frozenset({Sort.PROSE}), read_wiki, write_wiki),
    "date": Shape(frozenset({Sort.DATE}), read_day, write_day),
    "datetime": Shape(frozenset({Sort.MOMENT}), read_moment, _write_moment),
    "user": Shape(frozenset({Sort.ACCOUNT}), _read_user, _write_user),
    "username": Shape(frozenset({Sort.ACCOUNT}), _read_username, _write_username),
    "option": _named("value"),
    "option-with-child": Shape(frozenset({Sort.WORD}), _read_cascade, _write_cascade),
    "status": _named("name"), "priority": _named("name"), "resolution": _named("name"), "version": _named("name"),
    "issuetype": _fixed("the type of an issue"), "project": _fixed("the project of an issue"),
    "array:option": _several("value"),
    "array:component": _several("name"),
    "array:string": Shape(
        frozenset({Sort.WORDS}), read_words, write_words,
        fits=lambda word: not any(character.isspace() for character in word) and units(word) <= LINE_LIMIT,
    ),
    "number": Shape(frozenset({Sort.NUMBER}), lambda raw: expect(raw, (int, float)), same),
}  # fmt: skip


def _shape(native: NativeField) -> Shape | None:
    if native.type == "array:version":
        return _several("name", {name: id_ for id_, name in native.options})
    return SHAPES.get(native.type)


DIALECT = Dialect(_shape, told=TOLD, usual=USUAL)
