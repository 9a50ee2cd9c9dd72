"""A vendor's OpenAPI description: which operation a request is, and what it says of requests and answers."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from tests.contract.exceptions import Repair
from tests.contract.schemas import closed

# Jira writes a zone without its colon (reference jira §5.1), which RFC 3339 and so `format: date-time` forbids.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)")
_FORMATS = {"date-time": lambda text: _MOMENT.fullmatch(text) is not None}


# (method, path template, query) -> the parameters that are wrong, as "name=value"
QueryFaults = Callable[[str, str, list[tuple[str, str]]], list[str]]


@dataclass(frozen=True, slots=True)
class Complaint:
    """What one part of an exchange should not be. `place` is a path into the part, such as `/issues/0/id`."""

    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One described parameter. `place`: query, path or header (in lower case)."""

    name: str
    place: str
    required: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Operation:
    """One method of one path of a description."""

    method: str
    template: str
    parameters: tuple[Parameter, ...]
    node: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


class Specification:
    """A description under the name by which the exceptions call it.

    `before` is what stands before its paths on the wire; the repairs are made to it before anything is read. By
    `query_faults` queries are judged where names of parameters are patterns, which OpenAPI cannot say.
    """

    def __init__(
        self,
        name: str,
        document: dict[str, Any],
        *,
        before: str = "",
        mending: Sequence[Repair] = (),
        query_faults: QueryFaults | None = None,
    ) -> None:
        for repair in mending:
            repair.apply(document)
        self.name, self.query_faults = name, query_faults
        self._document = document
        self._address = f"urn:{name}"
        self._named = document["components"]["schemas"]
        components = {"components": {"schemas": {name: closed(one, self._named) for name, one in self._named.items()}}}
        self._registry = jsonschema_rs.Registry([(self._address, components)], draft=jsonschema_rs.Draft202012)
        self._templates: dict[int, list[tuple[str, re.Pattern[str]]]] = {}
        for template in document["paths"]:
            whole = before + template.rstrip("/")
            pattern = re.compile("[^/]+".join(map(re.escape, re.split(r"\{[^}]+\}", whole))))
            self._templates.setdefault(whole.count("/"), []).append((template, pattern))
        self._validators: dict[int, Any] = {}
        self._before = before

    @property
    def operations(self) -> int:
        """How many the vendor describes."""
        return sum(method in _METHODS for path in self._document["paths"].values() for method in path)

    @functools.lru_cache(maxsize=4096)  # noqa: B019 a description lives as long as its process
    def operation(self, method: str, path: str) -> Operation | None:
        """The operation with the fewest parameters that a request fits."""
        path = path.rstrip("/")
        fitting = [
            template
            for template, pattern in self._templates.get(path.count("/"), ())
            if pattern.fullmatch(path) and method.lower() in self._document["paths"][template]
        ]
        return self._operation(method, min(fitting, key=lambda one: one.count("{"))) if fitting else None

    @functools.cache  # noqa: B019 as above
    def _operation(self, method: str, template: str) -> Operation:
        path = self._document["paths"][template]
        node = path[method.lower()]
        found = {(one["name"], one["in"]): one for one in [*path.get("parameters", ()), *node.get("parameters", ())]}
        parameters = tuple(
            Parameter(_named(one), one["in"], one.get("required", False), one.get("schema", {}))
            for one in found.values()
        )
        return Operation(method.upper(), self._before + template, parameters, node)

    def segments(self, operation: Operation, path: str) -> dict[str, str]:
        """What a quoted path gives for the parameters of its template."""
        given = zip(operation.template.rstrip("/").split("/"), path.rstrip("/").split("/"), strict=True)
        return {word[1:-1]: unquote(value) for word, value in given if word.startswith("{") and word.endswith("}")}

    def request_body(self, operation: Operation) -> Mapping[str, Any]:
        """`content` and `required` of what the operation takes."""
        return self._resolved(operation.node.get("requestBody", {}))

    def answer(self, operation: Operation, status: int) -> Mapping[str, Any] | None:
        """What the operation may answer with a status; None if it has no such answer."""
        answers: Mapping[str, Any] = operation.node["responses"]
        for name in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if name in answers:
                return self._resolved(answers[name])
        return None

    def complaints(self, schema: Mapping[str, Any], instance: Any) -> Iterator[Complaint]:
        """What a schema of this description says against a value."""
        validator = self._validators.get(id(schema))
        if validator is None:
            whole = {
                "$id": f"{self._address}/{len(self._validators)}",
                **_absolute(closed(schema, self._named), self._address),
            }
            validator = jsonschema_rs.Draft202012Validator(
                whole, registry=self._registry, validate_formats=True, formats=_FORMATS
            )
            self._validators[id(schema)] = validator
        for error in validator.iter_errors(instance):
            yield from _told(error)

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            found: Any = self._document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node


_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def _named(parameter: Mapping[str, Any]) -> str:
    name: str = parameter["name"]
    return name.lower() if parameter["in"] == "header" else name


def _absolute(node: Any, address: str) -> Any:
    """References of an operation's own schema lead into the components of its description."""
    if isinstance(node, list):
        return [_absolute(one, address) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        word: address + value if word == "$ref" and isinstance(value, str) else _absolute(value, address)
        for word, value in node.items()
    }


def _told(error: Any) -> Iterator[Complaint]:
    """A validator's error, down to the member and to the alternative that fits best."""
    place = "".join(f"/{step}" for step in error.instance_path)
    details = error.kind.as_dict()
    if error.kind.name in ("anyOf", "oneOf") and details.get("context"):
        branches = ([one for each in branch for one in _told(each)] for branch in details["context"])
        yield from min(branches, key=lambda branch: _misfit(branch, place))
    elif error.kind.name in ("additionalProperties", "unevaluatedProperties") and details.get("unexpected"):
        for name in details["unexpected"]:
            yield Complaint(f"{place}/{name}", "the vendor describes no such member")
    else:
        yield Complaint(place, error.message)


def _misfit(complaints: Sequence[Complaint], place: str) -> tuple[bool, int]:
    """How little an alternative was meant: one of another type, such as null, least of all."""
    return any(one.place == place and "is not of type" in one.message for one in complaints), len(complaints)
