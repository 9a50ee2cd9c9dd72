"""The functions of Airtable's formula language that take values and give one."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.airtable_dates import added, after, difference, formatted, in_zone, moment, parsed, same
from connectors.sandbox.airtable_values import FormulaError, equal, flat, number, text

NOT_RE2 = re.compile(r"\(\?(=|!|<=|<!)|\\[1-9]")  # Airtable's expressions look neither around nor back


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how many values it takes; `most` None means any number."""

    call: Callable[..., Any]
    least: int
    most: int | None

    def takes(self, count: int) -> bool:
        return count >= self.least and (self.most is None or count <= self.most)


def _find(needle: Any, where: Any, start: Any = 1.0) -> float:
    return float(text(where).find(text(needle), max(0, int(number(start)) - 1)) + 1)


def _search(needle: Any, where: Any, start: Any = 1.0) -> float | None:
    return _find(text(needle).lower(), text(where).lower(), start) or None


def _value(value: Any) -> float:
    digits = re.sub(r"[^0-9.\-]", "", text(value))
    try:
        return float(digits)
    except ValueError:
        return math.nan


def _expression(pattern: Any) -> re.Pattern[str]:
    try:
        if NOT_RE2.search(text(pattern)):
            raise FormulaError
        return re.compile(text(pattern))
    except re.error as error:
        raise FormulaError from error


def _extract(value: Any, pattern: Any) -> str:
    found = _expression(pattern).search(text(value))
    if found is None:
        raise FormulaError
    return found.group(1 if found.re.groups else 0) or ""


def _joined(values: Any, separator: Any = ", ") -> str:
    return text(separator).join(text(v) for v in (values if isinstance(values, list) else [values]) if text(v))


def _numbers(values: Any) -> list[float]:
    return [float(value) for value in flat(values) if isinstance(value, (int, float)) and not isinstance(value, bool)]


def _average(*values: Any) -> float:
    numbers = _numbers(values)
    if not numbers:
        raise FormulaError
    return math.fsum(numbers) / len(numbers)


def _switch(value: Any, *rest: Any) -> Any:
    for case, then in zip(rest[::2], rest[1::2], strict=False):
        if equal(value, case):
            return then
    return rest[-1] if len(rest) % 2 else None


def _substitute(value: Any, old: Any, new: Any, which: Any = None) -> str:
    if which is None:
        return text(value).replace(text(old), text(new))
    parts, at = text(value).split(text(old)), int(number(which))
    if not 0 < at < len(parts):
        return text(value)
    return text(old).join(parts[:at]) + text(new) + text(old).join(parts[at:])


def _modulo(a: Any, b: Any) -> float:
    if not number(b):
        raise FormulaError
    return math.fmod(number(a), number(b))


def _rounded(value: Any, digits: Any = 0.0) -> float:
    scale = 10.0 ** int(number(digits))
    return math.copysign(math.floor(abs(number(value)) * scale + 0.5), number(value)) / scale


def _function(call: Callable[..., Any]) -> Function:
    parameters = inspect.signature(call).parameters.values()
    any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    needed = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    return Function(call, max(len(needed), 1 if any_number else 0), None if any_number else len(parameters))


LOGIC: dict[str, Callable[..., Any]] = {
    "AND": lambda *values: all(flat(values)),
    "OR": lambda *values: any(flat(values)),
    "XOR": lambda *values: sum(map(bool, flat(values))) % 2 == 1,
    "NOT": lambda value: not value,
    "BLANK": lambda: None,
    "TRUE": lambda: True,
    "FALSE": lambda: False,
    "SWITCH": _switch,
}
WORDS: dict[str, Callable[..., Any]] = {
    "LOWER": lambda value: text(value).lower(),
    "UPPER": lambda value: text(value).upper(),
    "TRIM": lambda value: text(value).strip(),
    "LEN": lambda value: float(len(text(value))),
    "LEFT": lambda value, count: text(value)[: int(number(count))],
    "RIGHT": lambda value, count: text(value)[-int(number(count)) :] if number(count) else "",
    "MID": lambda value, start, count: text(value)[int(number(start)) - 1 :][: int(number(count))],
    "REPT": lambda value, count: text(value) * int(number(count)),
    "T": lambda value: value if isinstance(value, str) else None,
    "CONCATENATE": lambda *values: "".join(map(text, values)),
    "SUBSTITUTE": _substitute,
    "FIND": _find,
    "SEARCH": _search,
    "VALUE": _value,
    "REGEX_MATCH": lambda value, pattern: _expression(pattern).search(text(value)) is not None,
    "REGEX_EXTRACT": _extract,
    "REGEX_REPLACE": lambda value, pattern, new: _expression(pattern).sub(text(new), text(value)),
}
LISTS: dict[str, Callable[..., Any]] = {
    "ARRAYJOIN": _joined,
    "ARRAYUNIQUE": lambda values: list(dict.fromkeys(flat([values]))),
    "ARRAYCOMPACT": lambda values: [value for value in flat([values]) if value not in (None, "")],
    "ARRAYFLATTEN": lambda *values: flat(values),
    "SUM": lambda *values: math.fsum(_numbers(values)),
    "MAX": lambda *values: max(_numbers(values), default=0.0),
    "MIN": lambda *values: min(_numbers(values), default=0.0),
    "AVERAGE": _average,
    "COUNT": lambda *values: float(len(_numbers(values))),
    "COUNTA": lambda *values: float(len([value for value in flat(values) if value not in (None, "")])),
    "COUNTALL": lambda *values: float(len(flat(values))),
    "ABS": lambda value: abs(number(value)),
    "INT": lambda value: float(math.floor(number(value))),
    "MOD": _modulo,
    "ROUND": _rounded,
}
DATES: dict[str, Callable[..., Any]] = {
    "DATETIME_PARSE": parsed,
    "DATETIME_DIFF": difference,
    "DATEADD": added,
    "DATETIME_FORMAT": formatted,
    "DATESTR": lambda value: formatted(value, "YYYY-MM-DD"),
    "SET_TIMEZONE": in_zone,
    "IS_AFTER": after,
    "IS_BEFORE": lambda a, b: after(b, a),
    "IS_SAME": same,
    "YEAR": lambda value: float(moment(value).year),
    "MONTH": lambda value: float(moment(value).month),
    "DAY": lambda value: float(moment(value).day),
    "HOUR": lambda value: float(moment(value).hour),
    "MINUTE": lambda value: float(moment(value).minute),
    "WEEKDAY": lambda value: float(moment(value).isoweekday() % 7),
}
FUNCTIONS = {name: _function(call) for name, call in {**LOGIC, **WORDS, **LISTS, **DATES}.items()}
