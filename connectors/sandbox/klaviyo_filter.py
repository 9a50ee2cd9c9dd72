"""Klaviyo's filter language, and what each endpoint takes of it (reference esp §1.3, specification K1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from connectors.sandbox.klaviyo_call import Problem

Value = str | bool | float | datetime | list[Any] | None

RANGE = ("greater-or-equal", "greater-than", "less-or-equal", "less-than")
OPERATORS = {*RANGE, "equals", "any", "contains", "contains-any", "starts-with", "ends-with", "and", "or", "not"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_BARE = re.compile(r"[^,()\[\]'\"]+")
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_NAME = re.compile(r"[A-Za-z_.-]+")


@dataclass(frozen=True, slots=True)
class Condition:
    """operator(field,value)."""

    operator: str
    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an endpoint lets one field be filtered by. `kind` is text, boolean or moment."""

    operators: tuple[str, ...]
    kind: str = "text"
    words: tuple[str, ...] = ()


def conditions(text: str, allowed: Mapping[str, Allowed]) -> list[Condition]:
    """The conditions of a filter; all must hold. Raises Problem 400 for bad text and for what is not allowed."""
    found = _Parser(text).everything()
    for condition in found:
        rule = allowed.get(condition.field)
        if rule is None:
            names = ", ".join(f"'{name}'" for name in allowed)
            refuse(f"'{condition.field}' is not a filterable field for this endpoint. Filterable fields are: {names}.")
        if condition.operator not in rule.operators:
            operators = ", ".join(f"'{name}'" for name in rule.operators)
            refuse(
                f"The operator '{condition.operator}' is not allowed for the field '{condition.field}'."
                f" Allowed operators are: {operators}."
            )
        _check(condition, rule)
    return found


def _check(condition: Condition, rule: Allowed) -> None:
    value = condition.value
    many = value if isinstance(value, list) else [value]
    kind = {"text": str, "boolean": bool, "moment": datetime}[rule.kind]
    if condition.operator in ("any", "contains-any") and not isinstance(value, list):
        refuse(f"The operator '{condition.operator}' needs a list for the field '{condition.field}'.")
    if any(not isinstance(one, kind) for one in many):
        refuse(f"Invalid value for the field '{condition.field}': a {rule.kind} is expected.")
    for one in many:
        if rule.words and one not in rule.words:
            refuse(f"'{one}' is not a valid value for the field '{condition.field}'.")


def holds(condition: Condition, read: Callable[[str], Any]) -> bool:
    """Whether a row fulfils a condition. `read` gives the row's value of a field; None fulfils nothing."""
    is_, value = read(condition.field), condition.value
    if is_ is None:
        return False
    match condition.operator:
        case "equals" | "any" | "contains-any":
            return is_ in (value if isinstance(value, list) else [value])
        case "contains":
            return str(value).lower() in str(is_).lower()
        case "starts-with":
            return str(is_).lower().startswith(str(value).lower())
        case "ends-with":
            return str(is_).lower().endswith(str(value).lower())
        case "greater-or-equal":
            return bool(is_ >= value)
        case "greater-than":
            return bool(is_ > value)
        case "less-or-equal":
            return bool(is_ <= value)
    return bool(is_ < value)


def refuse(detail: str) -> NoReturn:
    """Raise the answer to a bad filter."""
    raise Problem(400, "invalid", "Invalid input.", detail, {"parameter": "filter"})


class _Parser:
    """Recursive descent over a filter's text."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text.strip(), 0

    def everything(self) -> list[Condition]:
        found = self.condition()
        while self.at < len(self.text):
            self.expect(",")
            found += self.condition()
        return found

    def condition(self) -> list[Condition]:
        """One condition, or those inside `and(...)`."""
        operator = self.name()
        if operator not in OPERATORS:
            refuse(f"'{operator}' is not a valid filter operator.")
        self.expect("(")
        if operator in ("or", "not"):
            refuse(f"The operator '{operator}' is not supported by this endpoint.")
        if operator == "and":
            found = self.condition()
            while self.is_next(","):
                found += self.condition()
            self.expect(")")
            return found
        field = self.name()
        self.expect(",")
        value = self.value()
        self.expect(")")
        return [Condition(operator, field, value)]

    def value(self) -> Value:
        self.blank()
        if self.is_next("["):
            items = [] if self.is_next("]") else [self.value()]
            while items and not self.is_next("]"):
                self.expect(",")
                items.append(self.value())
            return items
        if string := _STRING.match(self.text, self.at):
            self.at = string.end()
            inner = string[1] if string[1] is not None else string[2]
            return re.sub(r"\\(.)", r"\1", inner)
        bare = _BARE.match(self.text, self.at)
        if bare is None:
            refuse(f"A value is missing at position {self.at} of the filter.")
        self.at = bare.end()
        return _literal(bare.group().strip())

    def name(self) -> str:
        self.blank()
        match = _NAME.match(self.text, self.at)
        if match is None:
            refuse(f"A name is missing at position {self.at} of the filter.")
        self.at = match.end()
        return match.group()

    def expect(self, sign: str) -> None:
        if not self.is_next(sign):
            refuse(f"'{sign}' is missing at position {self.at} of the filter.")

    def is_next(self, sign: str) -> bool:
        self.blank()
        if self.text.startswith(sign, self.at):
            self.at += 1
            return True
        return False

    def blank(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1


def _literal(text: str) -> Value:
    """true, false, null, a number, or a moment. Text needs quotes."""
    if text in ("true", "false"):
        return text == "true"
    if text == "null":
        return None
    if _MOMENT.fullmatch(text):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            refuse(f"'{text}' has no time zone. Use a date-time such as 2026-11-01T00:00:00Z.")
        return moment
    try:
        return float(text)
    except ValueError:
        refuse(f"'{text}' is not a valid value. A string needs quotes.")
