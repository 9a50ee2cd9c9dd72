"""Binds a mapping file to a tool's fields: names become ids, and each pair of fields gets its lens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from mappings import native_airtable, native_calendar, native_jira
from mappings.bound import NEEDED, Bound, Cell, Lost, Part, Template
from mappings.choices import ChoiceLens, FlagWordLens, SetLens
from mappings.lens import DayLens, FlagLens, Lens, NumberLens
from mappings.load import Entry, MappingFile, Named, Section, check, nearest
from mappings.people import Directory, PersonLens
from mappings.people_text import PersonNameLens
from mappings.shape import Dialect, Shape, Sort
from mappings.texts import RichLens, TextLens
from mappings.when import TYPE_WORDS, DayView, MomentLens, SendLens, TypedWhenLens
from sync.errors import ConfigError
from sync.model import Field, FieldType, Kind, PersonEntry, Schema
from sync.ports import BoundMapping, NativeField, NativeSchema

DIALECTS = {
    "jira": native_jira.DIALECT,
    "airtable": native_airtable.DIALECT,
    **native_calendar.DIALECTS,
}
HOLDS = {
    FieldType.TEXT: "text", FieldType.RICH_TEXT: "text of several lines", FieldType.CHOICE: "a choice",
    FieldType.SET: "a set of words", FieldType.PERSON: "a person", FieldType.WHEN: "a date or time",
    FieldType.DAY: "a day", FieldType.NUMBER: "a number", FieldType.FLAG: "yes or no", FieldType.LINK: "a link",
}  # fmt: skip
LISTED = {"option", "status", "priority", "resolution", "version", "singleSelect"}
# Lists of people, by the type of which each of them is: Airtable's word, and how Jira's lists are called.
COLLABORATORS, LIST_OF = "multipleCollaborators", "array:"


def bind(
    file: MappingFile,
    tool: str,
    native: NativeSchema,
    schema: Schema,
    people: Sequence[PersonEntry],
    zone: ZoneInfo,
    *,
    strict: bool = True,
) -> BoundMapping:
    """The mapping of one tool. `tool` is its name in the workspace, `zone` the workspace's.

    Raises ConfigError, with file and line, when the file names a field that is not there, that is there twice, or that
    cannot hold what it is meant for. Unless `strict`, such a field is only left out, and every record says why: people
    rename and remove columns at any time, and that must not keep the other fields from being synced. What no record
    can do without (its name or kind, keys, what creations need) raises all the same.
    """
    check(file, schema)
    dialect = DIALECTS.get(file.type)
    if dialect is None:
        raise ConfigError(f"There is no mapping for tools of the type '{file.type}'.")
    directory = Directory.of(tool, people)
    parts: dict[Kind, Part] = {}
    for kind, section in file.sections.items():
        if kind not in native:
            raise ConfigError(f"{section.where}: {tool} holds no {kind}s; remove this section.")
        binder = _Binder(tool, kind, native[kind], dialect, directory, zone, strict)
        parts[kind] = binder.part(section, schema)
    return Bound(tool, parts, dialect.absent_is_empty)


class _UnfitError(ConfigError):
    """A native field that is not there or that does not fit; `reason` says so without the place in the file."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Binder:
    """Resolves the names of one section."""

    tool: str
    kind: Kind
    natives: Sequence[NativeField]
    dialect: Dialect
    directory: Directory
    zone: ZoneInfo
    strict: bool

    def part(self, section: Section, schema: Schema) -> Part:
        suffix = self.find(section.key_suffix.field, section.key_suffix.where) if section.key_suffix else None
        fields = schema.of(self.kind)
        cells: dict[str, Cell] = {}
        owners: dict[str, str] = {}
        lost: dict[str, Lost] = {}
        needed = tuple(dict.fromkeys((NEEDED[self.kind], *(name.field for name in section.requires))))
        for entry in section.entries:
            try:
                cell = self.cell(entry, fields[entry.name], suffix)
            except _UnfitError as why:
                if self.strict or entry.name in needed:
                    raise
                lost[entry.name] = Lost(f"{why.reason} Undo that in {self.tool.capitalize()}, or correct {entry.where}")
                continue
            cells[entry.name] = cell
            for id_ in cell.ids:
                owner = owners.setdefault(id_, entry.name)
                if owner != entry.name:
                    raise ConfigError(
                        f"{entry.where}: '{entry.name}' is mapped to the {self.tool} field '{entry.field}', and so is "
                        f"'{owner}'; one field holds one of them."
                    )
        return Part(
            cells,
            tuple(self.template(named) for named in section.create),
            self.find(section.key.field, section.key.where).id if section.key else None,
            suffix.id if suffix else None,
            needed,
            lost,
        )

    def find(self, name: str, where: str) -> NativeField:
        """The field of this id, else of this name."""
        found = [field for field in self.natives if field.id == name]
        found = found or [field for field in self.natives if field.name == name]
        if not found:
            names = sorted({field.name for field in self.natives})
            problem = f"{self.tool} has no {self.kind} field '{name}'"
            raise _UnfitError(f"{where}: {problem}{nearest(name, names)}", f"{problem} now.")
        if len(found) > 1:
            ids = " or ".join(field.id for field in found)
            problem = f"{self.tool} has several {self.kind} fields named '{name}'"
            raise _UnfitError(f"{where}: {problem}; write the id instead: {ids}.", f"{problem} now: {ids}.")
        return found[0]

    def cell(self, entry: Entry, field: Field, suffix: NativeField | None) -> Cell:
        native = self.find(entry.field, entry.where)
        kind = self.find(entry.type_field, entry.where) if entry.type_field else None
        keyed = suffix is not None and suffix.id == native.id
        lens = self.lens(entry, field, native, kind, keyed)
        read_only = entry.access == "read" or native.read_only or (kind is not None and kind.read_only)
        ids = (native.id,) if kind is None else (native.id, kind.id)
        return Cell(field, lens, ids, not read_only)

    def template(self, named: Named) -> Template:
        native = self.find(named.field, named.where)
        shape = self.shape(native)
        where = self.where(native)
        if native.read_only or shape is None or not shape.sorts & {Sort.LINE, Sort.PROSE, Sort.WORD}:
            raise ConfigError(f"{named.where}: {where} takes no text, so nothing can be written there at creation.")
        if Sort.LINE in shape.sorts:
            return Template(native.id, named.text, TextLens(where, shape), shape.limit)
        if Sort.PROSE in shape.sorts:
            return Template(native.id, named.text, RichLens(where, shape), shape.limit)
        return Template(native.id, named.text, ChoiceLens(where, shape, options=_options(native)), shape.limit)

    def shape(self, native: NativeField) -> Shape | None:
        return self.dialect.shape(native)

    def where(self, native: NativeField) -> str:
        return f"{native.name} in {self.tool.capitalize()}"

    def lens(self, entry: Entry, field: Field, native: NativeField, kind: NativeField | None, keyed: bool) -> Lens:
        """The lens for this pair of types; ConfigError when the native field cannot hold the canonical one."""
        shape, where = self.shape(native), self.where(native)
        made = self.made(entry, field, native, shape, keyed) if shape else self.listed(field, native)
        if kind is not None:
            made = None
            kind_shape = self.shape(kind)
            fit = field.type is FieldType.WHEN and shape is not None and Sort.MOMENT in shape.sorts
            if fit and shape and kind_shape and Sort.WORD in kind_shape.sorts:
                made = TypedWhenLens(where, shape, kind_shape, self.zone, {**TYPE_WORDS, **entry.values})
        if made is None:
            beside = f" with {self.where(kind)} (type '{kind.type}') beside it" if kind else ""
            problem = (
                f"{where} (type '{native.type}'){beside} cannot hold '{entry.name}', which is {HOLDS[field.type]}."
            )
            raise _UnfitError(f"{entry.where}: {problem}", problem)
        if (entry.values or entry.shows) and not isinstance(made, ChoiceLens | SetLens | TypedWhenLens | FlagWordLens):
            raise ConfigError(f"{entry.where}: '{entry.name}' takes no values or shows; it is not a choice.")
        return made

    def made(self, entry: Entry, field: Field, native: NativeField, shape: Shape, keyed: bool) -> Lens | None:
        where, sorts = self.where(native), shape.sorts
        match field.type:
            case FieldType.TEXT if Sort.LINE in sorts:
                return TextLens(where, shape, keyed)
            case FieldType.RICH_TEXT if Sort.PROSE in sorts:
                return RichLens(where, shape)
            case FieldType.CHOICE if Sort.WORD in sorts:
                return ChoiceLens(where, shape, entry.values, entry.shows, _options(native))
            case FieldType.SET if Sort.WORDS in sorts:
                return SetLens(where, shape, _renames(entry), _set_options(native, shape))
            case FieldType.PERSON if Sort.ACCOUNT in sorts:
                return PersonLens(where, shape, self.directory)
            case FieldType.PERSON if sorts & {Sort.LINE, Sort.WORD}:
                return PersonNameLens(where, shape, self.directory, _options(native), native.type == "email")
            case FieldType.NUMBER if Sort.NUMBER in sorts:
                return NumberLens(where, shape)
            case FieldType.FLAG if Sort.FLAG in sorts:
                return FlagLens(where, shape)
            case FieldType.FLAG if Sort.WORD in sorts and len(entry.values) == len(("true", "false")):
                return FlagWordLens(where, ChoiceLens(where, shape, entry.values, entry.shows, _options(native)))
            case FieldType.DAY if Sort.DATE in sorts:
                return DayLens(where, shape)
            case FieldType.WHEN:
                return self.when(native, shape)
        return None

    def listed(self, field: Field, native: NativeField) -> Lens | None:
        """The lens for a person in a list of people."""
        each = "singleCollaborator" if native.type == COLLABORATORS else native.type.removeprefix(LIST_OF)
        shape = self.dialect.shape(replace(native, type=each))
        if field.type is not FieldType.PERSON or shape is None or Sort.ACCOUNT not in shape.sorts:
            return None
        return PersonLens(self.where(native), shape, self.directory, many=True)

    def when(self, native: NativeField, shape: Shape) -> Lens | None:
        where = self.where(native)
        if Sort.DATE in shape.sorts:
            return DayView(where, shape, self.zone)
        if Sort.MOMENT in shape.sorts:
            return MomentLens(where, shape)
        if Sort.WHEN not in shape.sorts:
            return None
        told = dict(native.options)
        kinds = frozenset(told.get("kinds", "").split(","))
        return SendLens(where, shape, self.zone, int(told.get("grid", "1")), kinds)


def _options(native: NativeField) -> frozenset[str]:
    """The names a choice may have; none when the tool does not list them."""
    return frozenset(name for _, name in native.options) if native.type in LISTED else frozenset()


def _set_options(native: NativeField, shape: Shape) -> frozenset[str] | None:
    """The words a set may hold, None where people add words as they like (labels)."""
    if native.type == "array:string":
        return None
    return shape.options if shape.options is not None else frozenset(name for _, name in native.options)


def _renames(entry: Entry) -> dict[str, str]:
    for word, natives in entry.values.items():
        if len(natives) > 1:
            raise ConfigError(f"{entry.where}: '{entry.name}' is a set; '{word}' needs exactly one word of the tool.")
    if entry.shows:
        raise ConfigError(f"{entry.where}: '{entry.name}' is a set, which takes no shows.")
    return {word: natives[0] for word, natives in entry.values.items()}
