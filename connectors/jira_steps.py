"""A step of a Jira workflow as it is offered: where it leads, and what it wants to be filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.answers import items, part, understood, word
from connectors.jira_fields import shape
from connectors.jira_site import Site

Status = Mapping[str, Any]  # {"id"?, "name"?}
Given = Mapping[str, Mapping[str, Any]]  # by status and field: what a transition into that status is to fill in


@dataclass(frozen=True, slots=True)
class Input:
    """A field on a transition's screen. `required`: the transition is refused while it is empty."""

    name: str
    schema: Mapping[str, Any]
    required: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A transition: its id, the status it leads to, and by field id what its screen holds."""

    id: str
    to: Status
    screen: bool = False
    inputs: Mapping[str, Input] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The status it leads to, as people know it."""
        return name_of(self.to)

    def filled(self, given: Given, *, cloud: bool) -> dict[str, Any]:
        """What the configuration gives for the fields of its screen; Jira refuses any other (reference jira §5.6)."""
        told = _told(given, self.to)
        found: dict[str, Any] = {}
        for native, one in self.inputs.items():
            value = told.get(native.casefold(), told.get(one.name.casefold()))
            if value is not None:
                found[native] = _shaped(value, one.schema, cloud=cloud)
        return found

    def lacking(self, given: Given, held: Mapping[str, Any]) -> list[str]:
        """The names of required fields that neither the configuration gives nor the issue holds.

        A field that we cannot read is taken to be filled: whether it is, Jira says when the step is taken.
        """
        told = _told(given, self.to)
        return [
            one.name
            for native, one in self.inputs.items()
            if one.required
            and told.get(native.casefold(), told.get(one.name.casefold())) is None
            and native in held
            and held[native] in (None, "", [])
        ]


def offered(site: Site, native: str, key: str) -> tuple[Step, ...]:
    """What this account may do with the issue from its present status (reference jira §5.6)."""
    doing = f"reading the transitions of {key}"
    answer = site.once(doing, "GET", f"issue/{native}/transitions", params={"expand": "transitions.fields"})
    with understood(site.tool, doing):
        found = [one for one in items(answer, "transitions") if one.get("isAvailable") is not False]
        return tuple(
            Step(word(one, "id"), part(one, "to"), bool(one.get("hasScreen")), _inputs(one.get("fields") or {}))
            for one in found
        )


def best(steps: Sequence[Step]) -> Step | None:
    """One without a screen before one that asks for more."""
    return min(steps, key=lambda one: one.screen, default=None)


def same(wanted: Status, status: Any) -> bool:
    """Whether a status is the wanted one, by id where that is given, else by name."""
    if not isinstance(status, Mapping):
        return False
    if wanted.get("id") is not None:
        return str(wanted["id"]) == str(status.get("id"))
    return str(wanted.get("name", "")).casefold() == str(status.get("name", "")).casefold()


def name_of(status: Status) -> str:
    """A status for people."""
    return str(status.get("name") or f"status {status.get('id')}")


def _inputs(fields: Mapping[str, Any]) -> dict[str, Input]:
    return {
        native: Input(
            str(one.get("name") or native),
            one.get("schema") or {},
            one.get("required") is True and one.get("hasDefaultValue") is not True,
        )
        for native, one in fields.items()
    }


def _told(given: Given, status: Status) -> dict[str, Any]:
    names = {str(status.get("name", "")).casefold(), str(status.get("id", ""))}
    return {
        name.casefold(): value
        for target, fields in given.items()
        if target.casefold() in names
        for name, value in fields.items()
    }


def _shaped(value: Any, schema: Mapping[str, Any], *, cloud: bool) -> Any:
    """A word of the configuration as the field takes it (reference jira §5.7); objects go as they are."""
    if schema.get("type") == "array":
        kept = {"type": schema.get("items")}
        return [_shaped(one, kept, cloud=cloud) for one in (value if isinstance(value, list) else [value])]
    if isinstance(value, dict):
        return value
    match shape(schema, cloud=cloud):
        case "option" | "option-with-child":
            return {"value": value}
        case "user":
            return {"accountId": value}
        case "username" | "priority" | "resolution" | "version":
            return {"name": value}
        case "doc":
            paragraph = {"type": "paragraph", "content": [{"type": "text", "text": value}]}
            return {"type": "doc", "version": 1, "content": [paragraph]}
    return {"name": value} if schema.get("type") == "component" else value
