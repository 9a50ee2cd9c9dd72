"""The configured project: that this account sees it, and its two issue types with the statuses of their workflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.answers import items, understood, word
from connectors.jira_site import Site
from sync.errors import ConfigError
from sync.model import Kind

Options = tuple[tuple[str, str], ...]  # (id, name)


@dataclass(frozen=True, slots=True)
class Place:
    """A project's id and key; by kind the issue type's id and its statuses; the kinds that are sub-tasks."""

    project: str
    key: str
    types: Mapping[Kind, str]
    statuses: Mapping[Kind, Options]
    subtasks: frozenset[Kind] = frozenset()

    def kind_of(self, issuetype: str) -> Kind | None:
        """The kind that an issue type's id stands for here."""
        return next((kind for kind, native in self.types.items() if native == issuetype), None)


def confirm(site: Site, key: str) -> str:
    """The project's id; raises unless we are signed in and see the project."""
    site.prove()
    doing = "opening the project"
    project = site.find(doing, _path(key))
    if project is None:
        raise ConfigError(
            f"{site.tool} shows this account no project {key!r}. Check project in [tools.{site.tool}] "
            "and the account's permission to browse it."
        )
    with understood(site.tool, doing):
        return number(project, "id")


def find_place(site: Site, key: str, names: Mapping[Kind, str]) -> Place:
    """The project by its key, with the issue types of these names."""
    project, doing = confirm(site, key), "reading issue types"
    listed = site.look(doing, "GET", f"{_path(key)}/statuses")
    with understood(site.tool, doing):
        types = {word(one, "name"): one for one in reversed(items({"types": listed}, "types"))}
        chosen = {kind: _chosen(site.tool, key, types, kind, name) for kind, name in names.items()}
        ids = {kind: number(one, "id") for kind, one in chosen.items()}
        statuses = {
            kind: tuple((number(status, "id"), word(status, "name")) for status in items(one, "statuses"))
            for kind, one in chosen.items()
        }
    if len(set(ids.values())) < len(ids):
        raise ConfigError(
            f"campaign_type and stage_type in [tools.{site.tool}] name the same issue type of {site.tool}; "
            "campaigns and stages need two."
        )
    subtasks = frozenset(kind for kind, one in chosen.items() if one.get("subtask") is True)
    if Kind.CAMPAIGN in subtasks:
        raise ConfigError(
            f"campaign_type in [tools.{site.tool}] names {names[Kind.CAMPAIGN]!r}, which is a sub-task: "
            "nothing can hang on it. Choose a type such as Epic."
        )
    return Place(project, key, ids, statuses, subtasks)


def number(holder: Any, key: str) -> str:
    """An id as it may stand in JQL and in addresses; LookupError or TypeError for anything but digits."""
    held = word(holder, key)
    if not held.isascii() or not held.isdigit():
        raise TypeError(key)
    return held


def _path(key: str) -> str:
    return f"project/{quote(key, safe='')}"


def _chosen(tool: str, key: str, types: dict[str, Mapping[str, Any]], kind: Kind, name: str) -> Mapping[str, Any]:
    folded = {one.casefold(): found for one, found in types.items()}
    found = types.get(name) or folded.get(name.casefold())
    if found is None:
        names = ", ".join(map(repr, reversed(types))) or "none"
        raise ConfigError(
            f"{tool} project {key} has no issue type {name!r} ({kind}_type in [tools.{tool}]). It has: {names}."
        )
    return found
