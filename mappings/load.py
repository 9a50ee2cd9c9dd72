"""Reads a mapping file (TOML) into a declarative structure, with errors that name the file, the line and the key."""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from sync.errors import ConfigError
from sync.model import FieldType, Kind, Schema

SECTION_KEYS = ("fields", "create", "key", "key_suffix", "requires")
ENTRY_KEYS = ("field", "type_field", "values", "shows", "access")
HEADER = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]+")
KEY = re.compile(r"\s*((?:\"[^\"]*\"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:\"[^\"]*\"|'[^']*'|[\w-]+))*)\s*=")
PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")
WHEN_KINDS = ("instant", "wall_clock", "day")


@dataclass(frozen=True, slots=True)
class Entry:
    """One canonical field and the native field, by name or id, that holds it. `where` is file and line."""

    name: str
    where: str
    field: str
    type_field: str | None = None
    values: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    shows: Mapping[str, str] = dataclasses.field(default_factory=dict)
    access: str = "both"


@dataclass(frozen=True, slots=True)
class Named:
    """A native field that the file names outside of `fields`; `text` is what it gets."""

    where: str
    field: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What the file says of campaigns or stages.

    `key` holds another tool's key; `key_suffix` is a text that ends in one. `create` is written at creation only.
    """

    where: str
    entries: tuple[Entry, ...] = ()
    create: tuple[Named, ...] = ()
    key: Named | None = None
    key_suffix: Named | None = None
    requires: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping file that is well formed; names in it are not resolved yet. `type` is the tool's type."""

    path: str
    type: str
    sections: Mapping[Kind, Section]


def load(
    path: Path | Traversable | None, type: str, schema: Schema | None = None, *, own: str | Traversable | None = None
) -> MappingFile:
    """The mapping file, or when there is no path `own`, which a package brings along as text or as a file, or else ours
    for this tool type.

    Raises ConfigError. With a schema unknown canonical fields are refused here, else by `bind`, which knows the
    workspace's own fields.
    """
    text, name = _text(path, type) if path is not None or own is None else _brought(own, type)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise ConfigError(f"{name}: this is not valid TOML: {why}.") from None
    source = _Source(name, _lines(text))
    source.known(data, (), [kind.value for kind in Kind], "section")
    sections = {kind: _section(source, data[kind.value], kind.value) for kind in Kind if kind.value in data}
    file = MappingFile(name, type, sections)
    if schema is not None:
        check(file, schema)
    return file


def check(file: MappingFile, schema: Schema) -> None:
    """ConfigError when the file names a canonical field or value that the workspace has not."""
    for kind, section in file.sections.items():
        fields = schema.of(kind)
        names = [name for name, field in fields.items() if field.type is not FieldType.LINK]
        for entry in section.entries:
            if entry.name not in names:
                raise ConfigError(f"{entry.where}: a {kind} has no field '{entry.name}'{nearest(entry.name, names)}")
            held = fields[entry.name]
            choices: Iterable[str] = held.choices
            if held.type is FieldType.WHEN:
                choices = WHEN_KINDS
            if held.type is FieldType.FLAG:
                choices = ("true", "false")
            for value in (*entry.values, *entry.shows) if choices else ():
                if value not in choices:
                    raise ConfigError(f"{entry.where}: '{entry.name}' has no value '{value}'{nearest(value, choices)}")
        for name in section.requires:
            if name.field not in names:
                raise ConfigError(f"{name.where}: a {kind} has no field '{name.field}'{nearest(name.field, names)}")


def nearest(word: str, words: Iterable[str]) -> str:
    """The end of a sentence that names the most similar words, or all of them."""
    held = list(words)
    lower = {each.casefold(): each for each in held}
    close = [lower[found] for found in difflib.get_close_matches(word.casefold(), lower, n=3, cutoff=0.6)]
    if close:
        return f"; did you mean {' or '.join(repr(each) for each in close)}?"
    return f". It has: {', '.join(held)}." if held else "."


def _brought(own: str | Traversable, type_: str) -> tuple[str, str]:
    if isinstance(own, str):
        return own, f"the mapping of type '{type_}' (packaged)"
    text, _ = _text(own, type_)
    return text, f"{own.name} (packaged)"


def _text(path: Path | Traversable | None, type_: str) -> tuple[str, str]:
    if path is None:
        packaged = files("mappings") / f"{type_}.toml"
        if not packaged.is_file():
            raise ConfigError(f"There is no packaged mapping for tools of the type '{type_}'; name a mapping file.")
        return packaged.read_text("utf-8"), f"mappings/{type_}.toml (packaged)"
    try:
        return path.read_text("utf-8"), str(path)
    except FileNotFoundError:
        raise ConfigError(f"The mapping file {path} does not exist.") from None
    except (OSError, UnicodeDecodeError) as why:
        raise ConfigError(f"The mapping file {path} cannot be read: {why}.") from None


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """The line of each key; tomllib does not tell them."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := HEADER.match(line):
            table = _parts(header.group(1))
            found.setdefault(table, number)
        elif key := KEY.match(line):
            found.setdefault((*table, *_parts(key.group(1))), number)
    return found


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple("".join(filter(None, part)) for part in PART.findall(dotted))


@dataclass(frozen=True, slots=True)
class _Source:
    """The file's name and the lines of its keys, for error messages."""

    name: str
    lines: Mapping[tuple[str, ...], int]

    def where(self, key: tuple[str, ...]) -> str:
        for end in range(len(key), 0, -1):
            starts = [line for known, line in self.lines.items() if known[:end] == key[:end]]
            if starts:
                return f"{self.name}, line {min(starts)}"
        return self.name

    def error(self, key: tuple[str, ...], problem: str) -> ConfigError:
        return ConfigError(f"{self.where(key)}: {'.'.join(key)} {problem}")

    def known(self, table: Mapping[str, Any], at: tuple[str, ...], allowed: Iterable[str], what: str) -> None:
        words = list(allowed)
        for key in table:
            if key not in words:
                raise ConfigError(f"{self.where((*at, key))}: unknown {what} '{'.'.join((*at, key))}'"
                                  f"{nearest(key, words)}")  # fmt: skip

    def table(self, value: Any, key: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.error(key, "must be a table.")
        return value

    def text(self, value: Any, key: tuple[str, ...]) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, "must be a text in quotes that is not empty.")
        return value

    def texts(self, value: Any, key: tuple[str, ...]) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            raise self.error(key, "must be a list of texts in quotes.")
        return tuple(value)


def _section(source: _Source, value: Any, kind: str) -> Section:
    table = source.table(value, (kind,))
    source.known(table, (kind,), SECTION_KEYS, "option")

    def named(option: str) -> Named | None:
        if option not in table:
            return None
        return Named(source.where((kind, option)), source.text(table[option], (kind, option)))

    fields = source.table(table.get("fields", {}), (kind, "fields"))
    create = source.table(table.get("create", {}), (kind, "create"))
    return Section(
        source.where((kind,)),
        tuple(_entry(source, spec, (kind, "fields", name)) for name, spec in fields.items()),
        tuple(
            Named(source.where((kind, "create", name)), name, _template(source, text, (kind, "create", name)))
            for name, text in create.items()
        ),
        named("key"),
        named("key_suffix"),
        tuple(
            Named(source.where((kind, "requires")), name)
            for name in source.texts(table.get("requires", []), (kind, "requires"))
        ),
    )


def _template(source: _Source, value: Any, key: tuple[str, ...]) -> str:
    text = source.text(value, key)
    for name in re.findall(r"\{([^}]*)\}", text):
        if name not in {"kind", "campaign"}:
            raise source.error(key, f"knows no '{{{name}}}'; use {{kind}} or {{campaign}}.")
    return text


def _entry(source: _Source, value: Any, key: tuple[str, ...]) -> Entry:
    spec = source.table(value, key)
    source.known(spec, key, ENTRY_KEYS, "option")
    if "field" not in spec:
        raise source.error(key, "names no field; write field = \"…\".")  # fmt: skip
    access = spec.get("access", "both")
    if access not in {"both", "read"}:
        raise source.error((*key, "access"), "must be \"both\" or \"read\".")  # fmt: skip
    values = {
        word: source.texts(native if isinstance(native, list) else [native], (*key, "values", word))
        for word, native in source.table(spec.get("values", {}), (*key, "values")).items()
    }
    shows = {
        word: source.text(shown, (*key, "shows", word))
        for word, shown in source.table(spec.get("shows", {}), (*key, "shows")).items()
    }
    _unambiguous(source, values, shows, key)
    type_field = source.text(spec["type_field"], (*key, "type_field")) if "type_field" in spec else None
    name = source.text(spec["field"], (*key, "field"))
    return Entry(key[-1], source.where(key), name, type_field, values, shows, access)


def _unambiguous(
    source: _Source, values: Mapping[str, tuple[str, ...]], shows: Mapping[str, str], key: tuple[str, ...]
) -> None:
    owner: dict[str, str] = {}
    for word, natives in values.items():
        if not natives:
            raise source.error((*key, "values", word), "names no word of the tool.")
        for native in natives:
            if owner.setdefault(native, word) != word:
                raise source.error((*key, "values"), f"uses '{native}' for both '{owner[native]}' and '{word}'.")
    for word, shown in shows.items():
        if shown not in values or word in values:
            problem = f"must lead from a value that is not in values to one that is; '{word}' -> '{shown}' does not."
            raise source.error((*key, "shows"), problem)
