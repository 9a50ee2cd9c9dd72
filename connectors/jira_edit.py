"""The body of an edit of a Jira issue: only what changes, and of a set only its difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.jira_issues import is_ours
from connectors.jira_project import Project
from connectors.jira_site import signed
from sync.errors import Rejected
from sync.ports import Update

_IDENTITY = ("id", "accountId", "value", "name")  # by which of its members an element of a set is known, best first


def edit(project: Project, change: Update) -> dict[str, Any]:
    """What `PUT issue` takes for the change; empty where nothing differs (reference jira §5.4).

    The status is left out, which an edit does not take.
    """
    before, kind = change.record, change.record.ref.kind
    layout = project.layout
    types = {field.id: field for field in layout.schema[kind]}
    fields: dict[str, Any] = {}
    verbs: dict[str, list[dict[str, Any]]] = {}
    for name, value in change.fields.items():
        listed = name in types and types[name].type.startswith("array:")
        if name == "labels":
            verbs[name] = _labels(change, value or [])
        elif listed and name in layout.differing[kind]:
            verbs[name] = _difference(_held(change, name, types[name].name), value or [])
        elif name != "status":
            fields[name] = [] if value is None and listed else value  # a list is cleared by an empty one
    if change.parent is not None:
        fields |= project.hangs_on(before.ref.kind, change.parent)
    update = {name: one for name, one in verbs.items() if one}
    body = ({"fields": fields} if fields else {}) | ({"update": update} if update else {})
    return signed(body) if body else {}


def _labels(change: Update, wanted: Sequence[str]) -> list[dict[str, Any]]:
    """The difference, which never names what is ours; and the marker, in case it was lost."""
    have = _held(change, "labels", "labels")
    differing = _difference(have, [label for label in wanted if label in have or not is_ours(label)])
    if not change.record.marker:
        return differing
    at = sum("add" in verb for verb in differing)
    return [*differing[:at], {"add": change.record.marker}, *differing[at:]]


def _held(change: Update, name: str, label: str) -> list[Any]:
    have = change.record.fields.get(name) or []
    if not isinstance(have, list):
        where = change.record.key or change.record.ref.native
        raise Rejected(f"The {label} of {where} cannot be understood, so none is changed.")
    return have


def _difference(have: Sequence[Any], wanted: Sequence[Any]) -> list[dict[str, Any]]:
    """Additions, then removals, so that what somebody adds meanwhile stays (reference jira §5.4)."""
    added: list[Any] = []
    for one in wanted:
        if not any(_alike(one, other) for other in (*have, *added)):
            added.append(one)
    removed = [one for one in have if not any(_alike(one, other) for other in wanted)]
    return [{"add": _brief(one)} for one in added] + [{"remove": _brief(one)} for one in removed]


def _alike(one: Any, other: Any) -> bool:
    """Whether two elements are the same one, by the best of their members that both have."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        member = next((name for name in _IDENTITY if name in one and name in other), None)
        return member is not None and one[member] == other[member]
    return bool(one == other)


def _brief(one: Any) -> Any:
    """An element as a verb names it, without what else is told of it."""
    if not isinstance(one, Mapping):
        return one
    return next(({name: one[name]} for name in _IDENTITY if name in one), dict(one))
