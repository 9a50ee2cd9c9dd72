"""The values of Jira's fields: what may be written, is stored, and is shown (reference jira §5.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from connectors.sandbox import jira_adf
from connectors.sandbox.jira_schema import (
    PRIORITIES,
    TYPE,
    Field,
)
from connectors.sandbox.jira_state import JiraState, moment, stamp

JSON = dict[str, Any]

DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")
NOT_A_DOCUMENT = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
LONGEST_LINE = 255
LONGEST_TEXT = 32767


class BadValue(ValueError):
    """A value that the field does not take. With `general` the complaint is not by field."""

    def __init__(self, message: str, field: str | None = None, general: bool = False) -> None:
        super().__init__(message)
        self.field = field
        self.general = general


@dataclass(frozen=True, slots=True)
class Write:
    """A value on its way into a field. `rich`: documents come as ADF, not as wiki text."""

    state: JiraState
    field: Field
    value: Any
    rich: bool


def stored(state: JiraState, field: Field, value: Any, rich: bool) -> Any:
    """What to store for a written value; None for an empty field. Raises BadValue in Jira's words.

    `rich`: documents come as ADF, not as wiki text.
    """
    return _CHECKS[field.kind](Write(state, field, value, rich))


def _line(write: Write) -> str:
    value = write.value
    if value is None or (isinstance(value, str) and not value.strip()):
        raise BadValue("You must specify a summary of the issue.")
    if not isinstance(value, str):
        raise BadValue("Operation value must be a string")
    if "\n" in value or "\r" in value:
        raise BadValue("The summary is invalid because it contains newline characters.")
    if len(value) > LONGEST_LINE:
        raise BadValue(f"Summary must be less than {LONGEST_LINE} characters.")
    return value.strip()


def _text(write: Write) -> str | None:
    value = write.value
    if value is not None and not isinstance(value, str):
        raise BadValue("Operation value must be a string")
    if value and len(value) > LONGEST_LINE:
        raise BadValue(f"The entered text is too long. It exceeds the allowed limit of {LONGEST_LINE} characters.")
    return value or None


def _doc(write: Write) -> JSON | None:
    value = write.value
    if value is None:
        return None
    if not write.rich:
        if not isinstance(value, str):
            raise BadValue("Operation value must be a string")
        document = jira_adf.from_plain(value)
    elif not jira_adf.is_document(value):
        raise BadValue(NOT_A_DOCUMENT)
    elif not jira_adf.is_valid(value):
        raise BadValue("INVALID_INPUT", general=True)
    else:
        document = value if value["content"] else None
    if len(jira_adf.plain(document)) > LONGEST_TEXT:
        raise BadValue(f"The entered text is too long. It exceeds the allowed limit of {LONGEST_TEXT} characters.")
    return document


def _date(write: Write) -> str | None:
    value = write.value
    if value is None or value == "":
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise BadValue(f"Error parsing date string: {value}") from None


def _datetime(write: Write) -> str | None:
    value = write.value
    if value is None or value == "":
        return None
    try:
        if not isinstance(value, str) or not DATETIME.fullmatch(value):
            raise ValueError
        return stamp(datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z"))
    except ValueError:
        raise BadValue(f"Error parsing time: {value}") from None


def _user(write: Write) -> str | None:
    value = write.value
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("accountId", ""), str | None):
        raise BadValue("data was not an object")
    if "accountId" not in value and "id" not in value:
        raise BadValue("'accountId' must be the only user identifying query parameter in GDPR strict mode.")
    id = value.get("accountId", value.get("id"))
    if id is None:
        return None
    account = write.state.accounts.get(id)
    if account is None:
        raise BadValue(f"User '{id}' does not exist.")
    if write.field.id == "assignee" and not (account.active and account.assignable):
        raise BadValue(f"User '{id}' cannot be assigned issues.")
    return account.id


def _labels(write: Write) -> list[str] | None:
    value = write.value
    if value is not None and (not isinstance(value, list) or not all(isinstance(label, str) for label in value)):
        raise BadValue("data was not an array")
    for label in value or ():
        if re.search(r"\s", label) or not label:
            raise BadValue(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > LONGEST_LINE:
            raise BadValue(f"The label '{label}' exceeds the maximum length of {LONGEST_LINE} characters.")
    return sorted(sorted(set(value)), key=str.lower) if value else None


def _option(write: Write) -> str | None:
    value = write.value
    if value is None:
        return None
    options = write.state.options[write.field.id]
    if not isinstance(value, dict) or not ("id" in value or "value" in value):
        raise BadValue(f"Specify a valid 'id' or 'value' for {write.field.name}")
    if "id" in value:
        if str(value["id"]) not in options:
            raise BadValue(f"Option id '{value['id']}' is not valid")
        return str(value["id"])
    found = next((id for id, name in options.items() if name == value["value"]), None)
    if found is None:
        raise BadValue(f"Option value '{value['value']}' is not valid")
    return found


def _options(write: Write) -> list[str] | None:
    value = write.value
    if value is not None and not isinstance(value, list):
        raise BadValue("data was not an array")
    chosen = {_option(replace(write, value=one)) for one in value or ()} - {None}
    return [id for id in write.state.options[write.field.id] if id in chosen] or None


def _number(write: Write) -> float | None:
    value = write.value
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue("Operation value must be a number")
    return float(value)


def _priority(write: Write) -> str:
    value = write.value
    given = value if isinstance(value, dict) else {}
    for id, name in PRIORITIES:
        if str(given.get("id", "")) == id or given.get("name") == name:
            return id
    raise BadValue("Specify a valid 'id' or 'name' for Priority" if not given else "The priority selected is invalid.")


def _parent(write: Write) -> str | None:
    value = write.value
    if value is None or (isinstance(value, dict) and value.get("none") is True):
        return None
    named = value.get("id") or value.get("key") if isinstance(value, dict) else None
    parent = write.state.find(str(named)) if named else None
    if parent is None:
        raise BadValue("Could not find issue by id or key.")
    if TYPE[parent.type].level != 1:
        raise BadValue("Given parent issue does not belong to appropriate hierarchy.", field="parentId")
    return parent.id


_CHECKS = {
    "line": _line, "text": _text, "doc": _doc, "date": _date, "datetime": _datetime, "user": _user, "labels": _labels,
    "option": _option, "options": _options, "number": _number, "priority": _priority, "parent": _parent,
}  # fmt: skip


def in_history(state: JiraState, field: Field, value: Any) -> tuple[str | None, str | None]:
    """A stored value as (`from`, `fromString`) or (`to`, `toString`) of a changelog item."""
    if value is None:
        return (None, "") if field.kind == "labels" else (None, None)
    match field.kind:
        case "user":
            return value, state.accounts[value].name
        case "date":
            return value, f"{value} 00:00:00.0"
        case "datetime":
            return value, f"{moment(value):%Y-%m-%d %H:%M:%S.0}"
        case "labels":
            return None, " ".join(value)
        case "option":
            return value, state.options[field.id][value]
        case "options":
            return f"[{', '.join(value)}]", ",".join(state.options[field.id][id] for id in value)
        case "priority":
            return value, dict(PRIORITIES)[value]
        case "parent":
            return value, state.issues[value].key if value in state.issues else None
        case "doc":
            return None, jira_adf.plain(value)
        case "number":
            return None, f"{value:g}"
    return None, value
