"""The fields that JQL knows by name, and what a value written for one of them means (reference jira §4.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.sandbox import jira_adf
from connectors.sandbox.jira_jql_tokens import JqlError
from connectors.sandbox.jira_schema import (
    PRIORITIES,
    RESOLUTIONS,
    STATUSES,
    Field,
)
from connectors.sandbox.jira_state import Issue, JiraState, moment


@dataclass(frozen=True, slots=True)
class QueryField:
    """A field in a query. `kind` decides the operators; `resolve` gives None for a value that does not exist.

    `read` gives all the values of an issue, none where the field is empty. `users`: currentUser() may stand here.
    """

    kind: str
    read: Callable[[Issue], list[Any]]
    resolve: Callable[[str], Any]
    users: bool = False


_ALIASES = {
    "type": "issuetype", "due": "duedate", "issue": "key", "issuekey": "key", "createddate": "created",
    "updateddate": "updated", "components": "component", "fixversions": "fixversion", "label": "labels",
}  # fmt: skip


class Names:
    """The fields by the names that people write, in any case of letters."""

    def __init__(self, state: JiraState) -> None:
        self._state = state
        self._fields = self._system()
        for field in state.setup.fields.values():
            if field.custom:
                built = self._custom(field)
                for name in (f"cf[{field.number}]", field.id, field.name.lower()):
                    self._fields.setdefault(name, built)

    def field(self, name: str) -> QueryField:
        """Raises JqlError for a name that nobody knows."""
        lower = re.sub(r"\s+", " ", name.strip().lower())
        if lower.startswith("issue.property"):
            lower = "issue.property"
        lower = {"due date": "duedate", "issue type": "issuetype"}.get(lower, _ALIASES.get(lower, lower))
        found = self._fields.get(lower)
        if found is None:
            raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")
        return found

    def _system(self) -> dict[str, QueryField]:
        switches = self._state.switches
        bearing = lambda i: i.properties if switches.property_indexed else []  # noqa: E731
        labels = _labels(self._state) if switches.unknown_label_refused else None
        statuses = lambda text: _group([(s.id, s.name) for s in STATUSES], text)  # noqa: E731
        types = lambda text: _one([(t.id, t.name) for t in self._state.setup.types.values()], text)  # noqa: E731
        return {
            "project": QueryField("list", lambda i: [i.project], self._project),
            "key": QueryField("key", lambda i: [int(i.id)], self._issue),
            "id": QueryField("key", lambda i: [int(i.id)], self._issue),
            "parent": QueryField("list", lambda i: _int(i.values.get("parent")), self._issue),
            "issuetype": QueryField("list", lambda i: [i.type], types),
            "status": QueryField("list", lambda i: [i.status, _status_name(i.status)], statuses),
            "statuscategory": QueryField("list", lambda i: [_category(i.status)], _category_named),
            "priority": QueryField("list", lambda i: [i.values["priority"]], lambda t: _one(list(PRIORITIES), t)),
            "resolution": QueryField(
                "list", lambda i: _some(i.values.get("resolution")), lambda t: _one(list(RESOLUTIONS), t)
            ),
            "component": self._options("components"),
            "fixversion": self._options("fixVersions"),
            "labels": QueryField(
                "list",
                lambda i: [x.lower() for x in i.values.get("labels", [])],
                lambda t: t.lower() if labels is None or t.lower() in labels else None,
            ),
            "assignee": QueryField("list", lambda i: _some(i.values.get("assignee")), self._user, users=True),
            "reporter": QueryField("list", lambda i: _some(i.values.get("reporter")), self._user, users=True),
            "creator": QueryField("list", lambda i: [i.creator], self._user, users=True),
            "summary": QueryField("words", lambda i: [i.values["summary"]], str),
            "description": QueryField("words", lambda i: _some(jira_adf.plain(i.values.get("description"))), str),
            "text": QueryField("words", _all_words, str),
            "comment": QueryField("words", lambda i: [jira_adf.plain(one["body"]) for one in i.comments], str),
            "created": QueryField("time", lambda i: [moment(i.created)], str),
            "updated": QueryField("time", lambda i: [moment(i.updated)], str),
            "duedate": QueryField("day", lambda i: _days(i.values.get("duedate")), str),
            "issue.property": QueryField("property", bearing, str),
        }

    def _project(self, text: str) -> str | None:
        found = self._state.setup.project(text) or next(
            (p for p in self._state.setup.projects.values() if p.name.lower() == text.lower()), None
        )
        return found.id if found and found.visible and self._state.setup.permissions["browse"] else None

    def _options(self, id: str) -> QueryField:
        named = list(self._state.options.get(id, {}).items())
        return QueryField("list", lambda i: _list(i.values.get(id)), lambda t: _one(named, t))

    def _custom(self, field: Field) -> QueryField:
        id = field.id
        match field.kind:
            case "option" | "options" | "cascade":
                return self._options(id)
            case "epic":
                return QueryField("list", lambda i: _int(i.values.get(id)), self._issue)
            case "user":
                return QueryField("list", lambda i: _some(i.values.get(id)), self._user, users=True)
            case "labels":
                return QueryField("list", lambda i: [x.lower() for x in i.values.get(id, [])], str.lower)
            case "date":
                return QueryField("day", lambda i: _days(i.values.get(id)), str)
            case "doc":
                return QueryField("words", lambda i: _some(jira_adf.plain(i.values.get(id))), str)
            case "number":
                return QueryField("number", lambda i: _list(i.values.get(id)), _number)
            case "datetime":
                return QueryField("time", lambda i: [moment(t) for t in _some(i.values.get(id))], str)
        return QueryField("words", lambda i: _some(i.values.get(id)), str)

    def _issue(self, text: str) -> int | None:
        found = self._state.find(text)
        return int(found.id) if found and not found.hidden else None

    def _user(self, text: str) -> str | None:
        found = self._state.account(text)
        if found is None:
            found = next((a for a in self._state.accounts.values() if a.name.lower() == text.lower()), None)
        return found.id if found else None


def _labels(state: JiraState) -> set[str]:
    return {label.lower() for issue in state.issues.values() for label in issue.values.get("labels", ())}


def _all_words(issue: Issue) -> list[str]:
    """Everything that text search looks at."""
    values = (issue.values.get(name) for name in ("summary", "description", "environment"))
    return [jira_adf.plain(text) for text in (*values, *(one["body"] for one in issue.comments)) if text]


def _one(named: list[tuple[str, str]], text: str) -> str | None:
    return next((id for id, name in named if text in (id,) or text.lower() == name.lower()), None)


def _group(named: list[tuple[str, str]], text: str) -> str | None:
    """An id, or a name that several things may share."""
    if any(id == text for id, _ in named):
        return text
    return next((name.lower() for _, name in named if name.lower() == text.lower()), None)


def _status_name(id: str) -> str:
    return next(s.name.lower() for s in STATUSES if s.id == id)


def _category(id: str) -> str:
    return next(s.category for s in STATUSES if s.id == id)


def _category_named(text: str) -> str | None:
    return {"to do": "new", "in progress": "indeterminate", "done": "done"}.get(text.lower())


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d+", text) or re.fullmatch(r"-?\d+\.\d+", text) else None


def _some(value: Any) -> list[Any]:
    return [value] if value else []


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _days(value: str | None) -> list[date]:
    return [date.fromisoformat(value)] if value else []


def _int(value: str | None) -> list[int]:
    return [int(value)] if value else []
