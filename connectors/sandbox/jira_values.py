"""The values of Jira's fields: what may be written, is stored, and is shown (reference jira §5.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from connectors.sandbox import jira_adf, jira_wiki
from connectors.sandbox.jira_schema import EPIC, PRIORITIES, RESOLUTIONS, SUBTASK, TYPE, Field
from connectors.sandbox.jira_state import JiraState, stamp

JSON = dict[str, Any]

DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")
NOT_A_DOCUMENT = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
LONGEST_LINE = 255


class BadValue(ValueError):
    """A value that the field does not take. With `general` the complaint is not by field."""

    def __init__(self, message: str, field: str | None = None, general: bool = False) -> None:
        super().__init__(message)
        self.field = field
        self.general = general


@dataclass(frozen=True, slots=True)
class Write:
    """A value on its way into a field of an issue of a type (`kind`). `rich`: documents come as ADF."""

    state: JiraState
    field: Field
    value: Any
    rich: bool
    kind: str


def stored(state: JiraState, field: Field, value: Any, rich: bool, kind: str) -> Any:
    """What to store for a written value; None for an empty field. Raises BadValue in Jira's words.

    `rich`: documents come as ADF, not as wiki text; `kind` is the type of the issue.
    """
    return _CHECKS[field.kind](Write(state, field, value, rich, kind))


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


def _doc(write: Write) -> JSON | str | None:
    value, document = write.value, None
    if value is None:
        return None
    if not write.rich or not write.state.cloud:
        if not isinstance(value, str):
            raise BadValue("Operation value must be a string")
        document = jira_wiki.document(value) if write.state.cloud else value or None
    elif not jira_adf.is_document(value):
        raise BadValue(NOT_A_DOCUMENT)
    elif not jira_adf.is_valid(value):
        raise BadValue("INVALID_INPUT", general=True)
    else:
        document = value if value["content"] else None
    most = int(write.state.switches.text_limit)
    if len(jira_adf.plain(document)) > most:
        raise BadValue(f"The entered text is too long. It exceeds the allowed limit of {most} characters.")
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
    value, state = write.value, write.state
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(one, str | None) for one in value.values()):
        raise BadValue("data was not an object")
    named = ("accountId", "id") if state.cloud else ("name", "key")
    given = [name for name in named if name in value]
    if not given:
        raise BadValue(
            "'accountId' must be the only user identifying query parameter in GDPR strict mode."
            if state.cloud
            else "expected 'name' property to be a string"
        )
    id = value[given[0]]
    if id is None or (id == "" and not state.cloud):
        return None
    account = state.user(id, given[0])
    if account is None:
        raise BadValue(f"User '{id}' does not exist.")
    if write.field.id == "assignee" and not (account.active and account.assignable):
        raise BadValue(state.switches.assignee_refusal.replace("{}", id))
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


def _resolution(write: Write) -> str | None:
    value = write.value if isinstance(write.value, dict) else {}
    for id, name in RESOLUTIONS:
        if str(value.get("id", "")) == id or value.get("name") == name:
            return id
    if write.value is None:
        return None
    raise BadValue("Resolution is invalid.")


def _parts(write: Write) -> list[str] | None:
    """Components or versions, which have to be there already."""
    value = write.value
    if value is not None and not isinstance(value, list):
        raise BadValue("data was not an array")
    word = "Component" if write.field.kind == "components" else "Version"
    options, chosen = write.state.options[write.field.id], set()
    for one in value or ():
        given = one if isinstance(one, dict) else {}
        found = [id for id, name in options.items() if str(given.get("id", "")) == id or given.get("name") == name]
        if not found:
            raise BadValue(f"{word} name '{given.get('name', given.get('id'))}' is not valid")
        chosen.update(found)
    return [id for id in options if id in chosen] or None


def _cascade(write: Write) -> str | None:
    """An option, or one below it: stored as the lower one's id."""
    value = write.value
    if isinstance(value, dict) and "/" in str(value.get("value")):
        raise BadValue(f"Option value '{value['value']}' is not valid")
    if not isinstance(value, dict) or value.get("child") is None:
        return _option(write)
    top = _option(replace(write, value={name: value[name] for name in ("id", "value") if name in value}))
    child, options = value["child"], write.state.options[write.field.id]
    for id, name in options.items():
        upper, _, lower = name.partition("/")
        if lower and upper == options[str(top)] and (child.get("id") == id or child.get("value") == lower):
            return id
    raise BadValue(f"Option value '{child.get('value', child.get('id'))}' is not valid")


def _epic(write: Write) -> str | None:
    """Data Center's Epic Link: the epic's key as a text."""
    value = write.value
    if value is None or value == "":
        return None
    epic = write.state.find(value) if isinstance(value, str) else None
    if epic is None or epic.type != EPIC:
        raise BadValue(f"Issue '{value}' is not an epic." if epic else f"Issue with key {value} not found.")
    return epic.id


def _parent(write: Write) -> str | None:
    value = write.value
    if value is None or (isinstance(value, dict) and value.get("none") is True):
        if write.kind == SUBTASK:
            raise BadValue("A sub-task cannot be without its parent.")
        return None
    named = value.get("id") or value.get("key") if isinstance(value, dict) else None
    parent = write.state.find(str(named)) if named else None
    if parent is None:
        raise BadValue("Could not find issue by id or key.")
    level = 0 if write.kind == SUBTASK else 1
    if TYPE[parent.type].level < level or (level and TYPE[parent.type].level != level):
        raise BadValue("Given parent issue does not belong to appropriate hierarchy.", field="parentId")
    return parent.id


_CHECKS = {
    "line": _line, "text": _text, "doc": _doc, "date": _date, "datetime": _datetime, "user": _user, "labels": _labels,
    "option": _option, "options": _options, "number": _number, "priority": _priority, "parent": _parent,
    "resolution": _resolution, "components": _parts, "versions": _parts, "cascade": _cascade, "label": _text,
    "epic": _epic,
}  # fmt: skip
