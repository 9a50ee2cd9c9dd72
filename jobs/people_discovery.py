"""Reads whom the tools know: the accounts that they list, and those and the plain-text names that their records name.
Writes to no tool."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from jobs.people_suggestions import Seen
from jobs.settings import Settings, ToolSettings
from jobs.tools import mapping_file
from jobs.wiring import connect
from mappings.bound import Bound
from mappings.names import address
from sync.errors import SyncError
from sync.model import FieldType
from sync.workspace import Progress, silent


@dataclass(frozen=True, slots=True)
class Found:
    """Whom the tools know. `failures` says by tool why it could not be read."""

    seen: tuple[Seen, ...] = ()
    failures: dict[str, str] = field(default_factory=dict)


def tools_with_people(settings: Settings) -> tuple[str, ...]:
    """The tools of whose fields at least one is mapped to a person. Raises ConfigError for a wrong mapping file."""
    return tuple(name for name, tool in settings.tools.items() if _maps_people(settings, tool))


def look(settings: Settings, progress: Progress = silent) -> Found:
    """Ask every tool that has people. One that cannot be read leaves out only itself."""
    seen: list[Seen] = []
    failures: dict[str, str] = {}
    for name in tools_with_people(settings):
        progress(f"reading {name}", 0, None)
        try:
            seen += _seen(settings, settings.tools[name], failures)
        except SyncError as why:
            failures[name] = str(why)
    return Found(tuple(seen), failures)


def _maps_people(settings: Settings, tool: ToolSettings) -> bool:
    file = mapping_file(tool.type, tool.mapping)
    return any(
        entry.name in fields and fields[entry.name].type is FieldType.PERSON
        for kind, section in file.sections.items()
        for fields in (settings.schema.of(kind),)
        for entry in section.entries
    )


def _seen(settings: Settings, tool: ToolSettings, failures: dict[str, str]) -> list[Seen]:
    """Everybody whom one tool knows, each once. Raises SyncError; without a list of members the records remain."""
    connected = connect(settings, tool, strict=False)
    found: dict[tuple[str, bool], Seen] = {}
    try:
        bound = connected.bind(connected.connector.schema())
        if not isinstance(bound, Bound):
            return []
        for record in connected.connector.fetch():
            for named in bound.people(record):
                account, text = named.account, named.text
                native = account.id or account.email
                name = _bare(account.name) if text else account.name
                new = Seen(tool.name, native, name, account.email, account.active is not False, text=text)
                found[native, text] = _both(found.get((native, text), new), new)
        try:  # last, because some tools list only whom they have named so far
            members = connected.connector.members() if bound.takes_accounts else ()
        except SyncError as why:
            members, failures[tool.name] = (), f"the list of its members: {why}"
        for member in members:
            known = found.get((member.native, False), Seen(tool.name, member.native))
            name, email = member.name or known.name, member.email or known.email
            found[member.native, False] = replace(known, name=name, email=email, active=member.active)
    finally:
        with suppress(SyncError):
            connected.connector.close()
    return list(found.values())


def _both(known: Seen, new: Seen) -> Seen:
    """One account as two records tell of it."""
    return replace(known, name=known.name or new.name, email=known.email or new.email, named=known.named + 1)


def _bare(text: str) -> str:
    """The name in a text such as "Ann Lee <ann@acme.example>"."""
    return text.partition("<")[0].strip() or text if address(text) else text
