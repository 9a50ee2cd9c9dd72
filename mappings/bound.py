"""A mapping bound to one tool's fields: records in canonical terms, and canonical values in the tool's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.choices import ChoiceLens, plain
from mappings.lens import Lens
from mappings.people import PersonLens
from mappings.people_text import PersonNameLens
from mappings.shape import Account
from mappings.texts import LAST_KEY, cut
from sync.model import Field, Kind, Record, Value
from sync.ports import Native, Reading, Refusal, View

CAMPAIGN_NAME = "campaign.name"
NEEDED = {Kind.CAMPAIGN: "name", Kind.STAGE: "kind"}
SINGULAR = {"audiences": "audience", "tags": "tag", "kind": "kind of stage"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One canonical field of one tool: its lens, the ids of its native fields (one, or time and kind)."""

    field: Field
    lens: Lens
    ids: tuple[str, ...]
    writable: bool

    def project(self, value: Value) -> Value | Refusal:
        return self.lens.project(value)

    def lift(self, agreed: Value, shown: Value) -> Value:
        return self.lens.lift(agreed, shown)

    def raw(self, record: Record | None) -> Any:
        """What the record holds: a value, or a pair where the field has two."""
        held = tuple(record.fields.get(id_) if record else None for id_ in self.ids)
        return held if len(held) > 1 else held[0]

    def native(self, raw: Any) -> dict[str, Any]:
        return dict(zip(self.ids, raw, strict=True)) if len(self.ids) > 1 else {self.ids[0]: raw}


@dataclass(frozen=True, slots=True)
class Lost:
    """The view of a field whose native field is gone or has become something else: nothing is shown or written there.

    It never shows a value, so it is no party to any merge, and what was remembered of it stays as it was.
    """

    reason: str
    writable: bool = False

    def project(self, value: Value) -> Value | Refusal:  # noqa: ARG002 (the contract of View)
        return Refusal(self.reason)

    def lift(self, agreed: Value, shown: Value) -> Value:  # noqa: ARG002
        return shown


@dataclass(frozen=True, slots=True)
class Template:
    """A native text field that is filled at creation; `{kind}` and `{campaign}` stand for the entity's words."""

    id: str
    text: str
    lens: Lens
    limit: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """What is bound for one kind."""

    cells: Mapping[str, Cell] = field(default_factory=dict)
    create: tuple[Template, ...] = ()
    key_id: str | None = None
    suffix_id: str | None = None
    requires: tuple[str, ...] = ()
    lost: Mapping[str, Lost] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Somebody as a record names them. With `text` the account is a name in plain text and no account at all."""

    account: Account
    text: bool


@dataclass(frozen=True, slots=True)
class Bound:
    """Implements sync.ports.BoundMapping.

    `put` sends nothing for a value that the record shows already, so a view that loses detail never rewrites it; nor
    for fields that are read-only or that this tool does not hold. An empty value is not sent at creation.
    """

    tool: str
    parts: Mapping[Kind, Part]
    absent_is_empty: bool

    def views(self, kind: Kind) -> Mapping[str, View]:
        part = self._part(kind)
        return {**part.cells, **part.lost}

    def native_field(self, kind: Kind, name: str) -> str | None:
        cell = self._part(kind).cells.get(name)
        return cell.ids[0] if cell else None

    def get(self, record: Record) -> Reading:
        part = self._part(record.ref.kind)
        values: dict[str, Value] = {}
        troubles: dict[str, str] = {name: lost.reason for name, lost in part.lost.items()}
        people: dict[bool, set[str]] = {True: set(), False: set()}
        for name, cell in part.cells.items():
            if not self._known(cell, record):
                continue
            raw = cell.raw(record)
            value = _read(cell, raw)
            if isinstance(value, Refusal):
                troubles[name] = value.reason
                continue
            values[name] = value
            if isinstance(cell.lens, PersonLens) and (told := cell.lens.told(raw)):
                person, active = told
                people[active].add(person)
        return Reading(values, _key(part, record), frozenset(people[False]), troubles, frozenset(people[True]))

    @property
    def takes_accounts(self) -> bool:
        """Whether a field for a person holds accounts, rather than plain text."""
        return any(isinstance(cell.lens, PersonLens) for part in self.parts.values() for cell in part.cells.values())

    def people(self, record: Record) -> tuple[Mentioned, ...]:
        """Everybody whom the record names in a field for a person, also where a field could not be understood."""
        cells = self._part(record.ref.kind).cells.values()
        return tuple(named for cell in cells for named in _people(cell, cell.raw(record)))

    def put(self, kind: Kind, values: Mapping[str, Value], record: Record | None) -> Native:
        part = self._part(kind)
        fields: dict[str, Any] = {}
        refusals: dict[str, Refusal] = {}
        for name, value in values.items():
            cell = part.cells.get(name)
            if cell is None or not cell.writable or self._shows(cell, value, record):
                continue
            native = _written(cell, value, cell.raw(record))
            if value is None and name == NEEDED[kind]:
                native = Refusal(f"{cell.lens.where} cannot be emptied.")
            if isinstance(native, Refusal):
                refusals[name] = native
            else:
                fields |= cell.native(native)
        if record is None:
            fields = _created(part, values) | fields
        return Native(fields, refusals)

    def lacking(self, kind: Kind, values: Mapping[str, Value]) -> str | None:
        part = self._part(kind)
        lacks = [words for name in part.requires if (words := self._lack(part, name, values.get(name)))]
        return " and ".join(filter(None, (", ".join(lacks[:-1]), lacks[-1]))) if lacks else None

    def _lack(self, part: Part, name: str, value: Value) -> str | None:
        """What is wrong with a required value, None when nothing."""
        cell = part.cells.get(name)
        label = cell.field.label.lower() if cell else plain(name)
        words = _article(SINGULAR.get(name, label))
        if value is None or value == frozenset():
            return words if name != "audiences" else f"{words} that exists in {self.tool.capitalize()}"
        if cell is None:
            return None
        shown = cell.project(value)
        if shown == frozenset():
            return f"{words} that exists in {self.tool.capitalize()}"
        native = shown if isinstance(shown, Refusal) or not cell.writable else _written(cell, value, cell.raw(None))
        if isinstance(native, Refusal):
            return f"{words} that {self.tool.capitalize()} can take ({native.reason.rstrip('.')})"
        return words if shown is None else None

    def _part(self, kind: Kind) -> Part:
        return self.parts.get(kind) or Part()

    def _known(self, cell: Cell, record: Record) -> bool:
        """Whether the record tells the field at all: only some tools leave out what is empty."""
        return self.absent_is_empty or cell.ids[0] in record.fields

    def _shows(self, cell: Cell, value: Value, record: Record | None) -> bool:
        """Whether nothing needs to be sent for the value."""
        if record is None:
            return value is None or value == frozenset()
        if not self._known(cell, record):
            return False
        shown = _read(cell, cell.raw(record))
        return not isinstance(shown, Refusal) and shown in (value, cell.project(value))


# What JSON of another shape than a field has makes a lens raise.
_ODD = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)


def _read(cell: Cell, raw: Any) -> Value | Refusal:
    """One odd value leaves out its field, never the record or the run."""
    try:
        value = cell.lens.read(raw)
        hash(value)  # a value that holds a piece of odd JSON fails here rather than in the middle of a merge
    except _ODD:
        return Refusal(f"{cell.lens.where} holds something that no such field holds.")
    return value


def _people(cell: Cell, raw: Any) -> tuple[Mentioned, ...]:
    if not isinstance(cell.lens, PersonLens | PersonNameLens):
        return ()
    try:
        accounts = cell.lens.accounts(raw)
    except _ODD:
        return ()
    return tuple(Mentioned(account, isinstance(cell.lens, PersonNameLens)) for account in accounts)


def _written(cell: Cell, value: Value, raw: Any) -> Any:
    try:
        return cell.lens.write(value, raw)
    except _ODD:
        return Refusal(f"{cell.lens.where} holds something that cannot be changed from here.")


def _key(part: Part, record: Record) -> str | None:
    """The key of another tool's record that this one names."""
    held = record.fields.get(part.key_id) if part.key_id else None
    if isinstance(held, str) and held.strip():
        return held.strip()
    held = record.fields.get(part.suffix_id) if part.suffix_id else None
    found = LAST_KEY.search(held) if isinstance(held, str) else None
    return found.group(1) if found else None


def _created(part: Part, values: Mapping[str, Value]) -> dict[str, Any]:
    """The native fields that only a creation writes."""
    name = values.get(CAMPAIGN_NAME) or values.get("name") or ""
    words = {"campaign": str(name), "kind": _kind_word(part, values.get("kind"))}
    fields: dict[str, Any] = {}
    for template in part.create:
        text = re.sub(r"\{(kind|campaign)\}", lambda found: words[found.group(1)], template.text)
        native = template.lens.write(cut(text.strip(" :-"), template.limit), None)
        if not isinstance(native, Refusal) and native is not None:
            fields[template.id] = native
    return fields


def _kind_word(part: Part, kind: Value) -> str:
    """A stage's kind as people read it: the tool's own word for it where it has one."""
    if not isinstance(kind, str):
        return ""
    cell = part.cells.get("kind")
    word = cell.lens.native(kind) if cell and isinstance(cell.lens, ChoiceLens) else None
    return word or plain(kind).capitalize()


def _article(words: str) -> str:
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"
