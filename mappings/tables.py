"""The tables of docs/tools: each field, and each type of field, with how it is read and written and what gets lost.

Made of the packaged mapping files and the shapes.
`python -m mappings.tables jira` prints what docs/tools/jira.md holds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

from mappings.bind import DIALECTS, HOLDS, bind
from mappings.load import Entry, MappingFile, Section, load
from mappings.shape import Dialect, Told
from sync.errors import ConfigError
from sync.model import Field, FieldType, Kind, schema
from sync.ports import NativeField

TYPES = tuple(kind for kind in FieldType if kind is not FieldType.LINK)
BESIDE = "the kind of time stands in the field beside it"
YES_NO = {"true": ("Yes",), "false": ("No",)}
NOTHING = "nothing"
KEY, BY_KEY = "key of another tool's record", "by it a campaign is recognised whatever its name"
RULES = ("read", "write", "what is lost or refused")
PLACES = {"ics": "the feed"}


def tables(tool: str) -> str:
    """Markdown: the packaged mapping's fields by kind, then the tool's types where it has several of a kind.

    ConfigError for no tool of ours.
    """
    if tool not in DIALECTS:
        raise ConfigError(f"There is no tool of the type {tool!r}; there are {', '.join(sorted(DIALECTS))}.")
    file, dialect = load(None, tool), DIALECTS[tool]
    place = f"in {PLACES.get(tool, tool.capitalize())}"
    if not dialect.usual:
        return _table(("campaign", place, *RULES), list(_told(file.sections[Kind.CAMPAIGN], dialect))) + "\n"
    parts = [
        _table((kind.value, place, "type", *RULES), rows)
        for kind, section in file.sections.items()
        if (rows := list(_fields(kind, section, dialect)))
    ]
    types = _table(("type", "our word", "holds", *RULES), list(_types(tool, dialect)))
    return "\n\n".join([*parts, types]) + "\n"


def _told(section: Section, dialect: Dialect) -> Iterator[Sequence[str]]:
    """A row for each field of a calendar, one for neighbours of which the same is told; then what is not mirrored."""
    fields = schema().campaign
    rest = dict(dialect.told)
    for told, entries in groupby(section.entries, lambda entry: dialect.told[entry.field]):
        members = list(entries)
        labels = ", ".join(fields[entry.name].label for entry in members)
        shows = [_alike(entry.shows) for entry in members if entry.shows]
        read = told.read or ", ".join(_spelled(entry) for entry in members)
        yield labels, told.name, read, told.write or "never", "; ".join(filter(None, (told.loss, *shows))) or NOTHING
        for entry in members:
            rest.pop(entry.field, None)
    if section.key_suffix:
        yield KEY, f"the end of the {dialect.told[section.key_suffix.field].name}", BY_KEY, "never", NOTHING
    for label, told in rest.items():
        yield label, told.name, told.read or "never", told.write or "never", told.loss or NOTHING


def _spelled(entry: Entry) -> str:
    """The tool's words, with ours where they differ."""
    return ", ".join(
        word if word == value else f"{word} as {_words(value)}"
        for value, spelled in entry.values.items()
        for word in spelled
    )


def _fields(kind: Kind, section: Section, dialect: Dialect) -> Iterator[Sequence[str]]:
    fields = schema().of(kind)
    for entry in section.entries:
        type_ = dialect.usual.get(entry.field, "")
        told = dialect.told.get(type_, Told(type_, "yes", "yes"))
        written = told.write or "never"
        if entry.access == "read":
            written = "never"
        elif not type_:
            written = "where the tool takes it"
        loss = BESIDE if entry.type_field else told.loss
        if entry.shows:
            loss = "; ".join(filter(None, (loss, _alike(entry.shows))))
        natives = " and ".join(filter(None, (entry.field, entry.type_field)))
        yield fields[entry.name].label, natives, f"`{type_}`" if type_ else "", told.read, written, loss or NOTHING
    for named in (section.key, section.key_suffix):
        if named:
            place = "the column" if named is section.key else "the end of"
            yield KEY, named.field, "", f"{place} {named.field}: {BY_KEY}", "never", NOTHING
    for made in section.create:
        yield (
            "at creation only",
            made.field,
            f"`{dialect.usual.get(made.field, '')}`",
            "never",
            f"`{made.text}`",
            NOTHING,
        )


def _types(tool: str, dialect: Dialect) -> Iterator[Sequence[str]]:
    for type_, told in dialect.told.items():
        holds = ", ".join(HOLDS[kind] for kind in held_by(tool, type_))
        yield told.name, f"`{type_}`", holds, told.read or "never", told.write or "never", told.loss or NOTHING


def held_by(tool: str, type_: str) -> tuple[FieldType, ...]:
    """The canonical types that a native one can hold; yes or no also as two options with words for them."""
    return tuple(
        kind
        for kind in TYPES
        if _holds(tool, type_, kind, {}) or (kind is FieldType.FLAG and _holds(tool, type_, kind, YES_NO))
    )


def _holds(tool: str, type_: str, kind: FieldType, values: Mapping[str, tuple[str, ...]]) -> bool:
    section = Section("", (Entry("extra", "", "X", values=values),))
    native = {Kind.CAMPAIGN: (NativeField("X", "X", type_, options=(("1", "Yes"), ("2", "No"))),)}
    custom = schema((Field("extra", kind, "Extra", custom=True),))
    try:
        bind(MappingFile("", tool, {Kind.CAMPAIGN: section}), tool, native, custom, (), ZoneInfo("UTC"))
    except ConfigError:
        return False
    return True


def _alike(shows: Mapping[str, str]) -> str:
    """What looks like what: "shown as planned: in progress, in review, approved"."""
    found: dict[str, list[str]] = {}
    for one, other in shows.items():
        found.setdefault(_words(other), []).append(_words(one))
    return "; ".join(f"shown as {other}: {', '.join(ones)}" for other, ones in found.items())


def _words(name: str) -> str:
    return name.replace("_", " ")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.stdout.write("\n".join(tables(tool) for tool in sys.argv[1:] or ("jira", "airtable")))
