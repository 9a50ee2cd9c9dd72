"""The people directory, people.toml: who is who, and which account in which tool is theirs."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

from pydantic import ValidationError

from jobs.settings_errors import Document, Loc, Problems, read_toml, said_of, unknown
from jobs.settings_file import PeopleFile, PersonSection
from mappings.names import name_key
from mappings.people import Aliased
from sync.errors import ConfigError
from sync.model import PersonEntry

HOW = (
    "Make it, empty, and fill it from your tools with `campaign-sync people suggest`, or list your people in it, as "
    "docs/setup.md tells; workspace.people names another file."
)


def read_people(path: Path, *, tools: Set[str], problems: Problems) -> tuple[PersonEntry, ...]:
    """The people of the file; what is wrong with it is added to the problems. `tools` are the workspace's."""
    try:
        document = read_toml(path, missing=HOW)
    except ConfigError as exc:
        problems.told.append((path, 0, str(exc)))
        return ()
    try:
        file = PeopleFile(**document.data)
    except ValidationError as exc:
        for error in exc.errors(include_url=False, include_input=False):
            loc: Loc = tuple(error["loc"])
            known = PersonSection.model_fields if len(loc) > 1 else PeopleFile.model_fields
            problems.add(document, loc, said_of(error, known))
        return ()
    _check(document, file, tools, problems)
    return tuple(_entry(person) for person in file.people)


def _entry(person: PersonSection) -> PersonEntry:
    about = (person.id, person.name, person.email, person.role, person.active, dict(person.accounts))
    return Aliased(*about, person.aliases) if person.aliases else PersonEntry(*about)


def _check(document: Document, file: PeopleFile, tools: Set[str], problems: Problems) -> None:
    """No two people with one id, no account or alias that is two people's, no account in a tool that does not exist."""
    ids: dict[str, int] = {}
    accounts: dict[tuple[str, str], str] = {}
    for position, person in enumerate(file.people):
        at: Loc = ("people", position)
        if person.id in ids:
            problems.add(document, (*at, "id"), f'"{person.id}" is taken by person {ids[person.id] + 1} of this file')
        ids.setdefault(person.id, position)
        for tool, account in person.accounts.items():
            if tool not in tools:
                problems.add(document, (*at, "accounts", tool), unknown("tool", tool, tools))
            elif (owner := accounts.setdefault((tool, account), person.name)) != person.name:
                problems.add(document, (*at, "accounts", tool), f"is the account of {owner} as well")
        for which, alias in enumerate(person.aliases):
            taken = _called(file.people, alias, but=position)
            if taken:
                problems.add(document, (*at, "aliases", which), f'"{alias}" is what {taken} is called as well')


def _called(people: Sequence[PersonSection], alias: str, *, but: int) -> str | None:
    """Who else has this name or alias."""
    key = name_key(alias)
    others = [person for position, person in enumerate(people) if position != but]
    return next((p.name for p in others if key in map(name_key, (p.name, *p.aliases))), None)
