"""What a change of a field looks like in the history of an issue (reference jira §5.12)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox import jira_adf
from connectors.sandbox.jira_schema import PRIORITIES, RESOLUTIONS, Field
from connectors.sandbox.jira_state import JiraState, moment

JSON = dict[str, Any]


def change(state: JiraState, field: Field, before: Any, after: Any) -> JSON:
    """One item of a changelog entry."""
    from_, from_text = in_history(state, field, before)
    to, to_text = in_history(state, field, after)
    name = "IssueParentAssociation" if field.kind == "parent" else field.name if field.custom else field.id
    item = {"field": name, "fieldtype": "custom" if field.custom else "jira", "fieldId": field.id}
    return item | {"from": from_, "fromString": from_text, "to": to, "toString": to_text}


def in_history(state: JiraState, field: Field, value: Any) -> tuple[str | None, str | None]:
    """A stored value as (`from`, `fromString`) or (`to`, `toString`) of a changelog item."""
    if value is None:
        return (None, "") if field.kind == "labels" else (None, None)
    if field.kind in ("priority", "resolution"):
        return value, dict((*PRIORITIES, *RESOLUTIONS))[value]
    match field.kind:
        case "user":
            return value, state.accounts[value].name
        case "date":
            return value, f"{value} 00:00:00.0"
        case "datetime":
            return value, f"{moment(value):%Y-%m-%d %H:%M:%S.0}"
        case "labels":
            return None, " ".join(value)
        case "option" | "cascade":
            name = state.options[field.id][value]
            return value, name.replace("/", " - ") if field.kind == "cascade" else name
        case "options" | "components" | "versions":
            ids = f"[{', '.join(value)}]" if field.kind == "options" else ",".join(value)
            return ids, ",".join(state.options[field.id][id] for id in value)
        case "parent" | "epic":
            return value, state.issues[value].key if value in state.issues else None
        case "doc":
            return None, jira_adf.plain(value)
        case "number":
            return None, f"{value:g}"
    return None, value
