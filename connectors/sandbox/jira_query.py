"""Decides which issues a JQL query means, and in what order (reference jira §4.5-4.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.jira_jql_tokens import Call, Clause, Empty, JqlError, Junction, Negation, Node, Operand, Text
from connectors.sandbox.jira_names import Names, QueryField
from connectors.sandbox.jira_state import Issue

Test = Callable[[Issue], bool]

_DATE_FORMATS = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")
_PERIOD = re.compile(r"([-+]?)((?:\d+[wdhm]\s*)+)")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_OPPOSITE = {
    "=": "!=", "!=": "=", "in": "not in", "not in": "in", "is": "is not", "is not": "is", "~": "!~", "!~": "~",
    "<": ">=", ">=": "<", ">": "<=", "<=": ">",
}  # fmt: skip
_OPERATORS = {
    "list": {"=", "!=", "in", "not in", "is", "is not"},
    "number": {"=", "!=", "in", "not in", "is", "is not", "<", "<=", ">", ">="},
    "time": {"=", "!=", "in", "not in", "is", "is not", "<", "<=", ">", ">="},
    "day": {"=", "!=", "in", "not in", "is", "is not", "<", "<=", ">", ">="},
    "key": {"=", "!=", "in", "not in", "is", "is not", "<", "<=", ">", ">="},
    "words": {"~", "!~", "is", "is not"},
    "property": {"=", "!=", "in", "not in", "is", "is not", "<", "<=", ">", ">=", "~", "!~"},
}
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and when: date literals are read in this account's zone, periods count from now."""

    account: str
    zone: ZoneInfo
    now: datetime


def matcher(where: Node, names: Names, asker: Asker) -> Test:
    """A test for issues. Raises JqlError for fields, operators and values that do not exist, with all complaints."""
    complaints: list[str] = []
    test = _node(where, names, asker, complaints)
    if complaints:
        raise JqlError(*dict.fromkeys(complaints))
    return test


def _node(node: Node, names: Names, asker: Asker, complaints: list[str]) -> Test:
    match node:
        case Negation(part):
            return _node(_opposite(part), names, asker, complaints)
        case Junction(word, parts):
            tests = [_node(part, names, asker, complaints) for part in parts]
            if word == "and":
                return lambda issue: all(test(issue) for test in tests)
            return lambda issue: any(test(issue) for test in tests)
        case Clause():
            try:
                return _clause(node, names, asker)
            except JqlError as error:
                complaints.extend(error.messages)
                return lambda _: False


def _opposite(node: Node) -> Node:
    """`not` moved down to the operators, as Jira does: what has no value fulfils neither a clause nor its opposite."""
    match node:
        case Negation(part):
            return part
        case Junction(word, parts):
            return Junction("and" if word == "or" else "or", tuple(_opposite(part) for part in parts))
        case Clause(field, operator, operands):
            return Clause(field, _OPPOSITE[operator], operands)


def _clause(clause: Clause, names: Names, asker: Asker) -> Test:
    field = names.field(clause.field)
    operator, operands = clause.operator, clause.operands
    if operator not in _OPERATORS[field.kind]:
        raise JqlError(f"The operator '{operator}' is not supported by the '{clause.field}' field.")
    if field.kind == "property":
        return _property(clause, field)
    if any(isinstance(operand, Empty) for operand in operands):
        if len(operands) > 1 or operator not in ("is", "is not", "=", "!="):
            raise JqlError(f"The operator '{operator}' does not support the value 'EMPTY' for '{clause.field}'.")
        empty = operator in ("is", "=")
        return lambda issue: (not field.read(issue)) is empty
    if operator in ("~", "!~"):
        return _words(field, operator, operands[0], clause.field)
    wanted = [one for operand in operands for one in _values(field, clause, operand, asker)]
    if operator in _COMPARE:
        compare, bound = _COMPARE[operator], wanted[0]
        return lambda issue: any(compare(value, bound) for value in field.read(issue))
    chosen = set(wanted)
    if operator in ("=", "in"):
        return lambda issue: bool(chosen & set(field.read(issue)))
    return lambda issue: bool(found := set(field.read(issue))) and not chosen & found


def _values(field: QueryField, clause: Clause, operand: Operand, asker: Asker) -> list[Any]:
    """The comparable values that an operand means; none for a key in a list that names no issue."""
    if isinstance(operand, Call):
        return [_called(field, clause, operand, asker)]
    if not isinstance(operand, Text):
        return []
    if field.kind in ("time", "day"):
        at = _time(operand, clause.field, asker)
        return [at.astimezone(asker.zone).date() if field.kind == "day" else at]
    found = field.resolve(operand.text)
    if found is not None:
        return [found]
    if field.kind == "key":
        if clause.operator in ("in", "not in"):
            return []
        raise JqlError("Issue does not exist or you do not have permission to see it.")
    raise JqlError(f"The value '{operand.text}' does not exist for the field '{clause.field}'.")


def _called(field: QueryField, clause: Clause, call: Call, asker: Asker) -> Any:
    name = call.name.lower()
    times = _times(asker)
    if name == "currentuser" and field.users:
        return asker.account
    if name in times and field.kind in ("time", "day"):
        at = times[name]
        if call.arguments:
            at += _period(call.arguments[0]) or timedelta(0)
        return at.astimezone(asker.zone).date() if field.kind == "day" else at
    if name in (*times, "currentuser"):
        raise JqlError(f"A value provided by the function '{call.name}' is invalid for the field '{clause.field}'.")
    raise JqlError(f"Unable to find JQL function '{call.name}({', '.join(call.arguments)})'.")


def _times(asker: Asker) -> dict[str, datetime]:
    """The functions that give a time, without their arguments. Weeks begin on Sundays, as in the caller's locale."""
    day = asker.now.astimezone(asker.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    week, month, year = day - timedelta(days=(day.weekday() + 1) % 7), day.replace(day=1), day.replace(month=1, day=1)
    ends = {
        "endofday": day + timedelta(days=1),
        "endofweek": week + timedelta(days=7),
        "endofmonth": (month + timedelta(days=31)).replace(day=1),
        "endofyear": year.replace(year=year.year + 1),
    }
    starts = {"now": asker.now, "startofday": day, "startofweek": week, "startofmonth": month, "startofyear": year}
    return starts | {name: at - timedelta(seconds=1) for name, at in ends.items()}


def _property(clause: Clause, field: QueryField) -> Test:
    """Without an app that has declared the key for indexing: no error and no rows (§5.10)."""
    match = re.fullmatch(r"issue\.property\[(.*)\]([^\]]*)", clause.field, re.IGNORECASE)
    key, *path = [match[1], *match[2].split(".")[1:]] if match else [""]
    wanted = {operand.text for operand in clause.operands if isinstance(operand, Text)}

    def held(issue: Issue) -> bool:
        properties: Any = field.read(issue)
        value = properties.get(key) if isinstance(properties, dict) else None
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        values = value if isinstance(value, list) else [value]
        if clause.operator in ("is", "is not"):
            return (value is None) is (clause.operator == "is")
        return any(str(one) in wanted for one in values) if clause.operator in ("=", "in") else False

    return lambda issue: bool(field.read(issue)) and held(issue)


def _time(text: Text, name: str, asker: Asker) -> datetime:
    """An unquoted number is epoch milliseconds, a period counts from now, other text is in the asker's zone."""
    raw = text.text.strip()
    if not text.quoted and re.fullmatch(r"-?\d+", raw):
        return datetime.fromtimestamp(int(raw) / 1000, asker.zone)
    period = _period(raw)
    if period is not None:
        return asker.now + period
    for pattern in _DATE_FORMATS:
        try:
            return datetime.strptime(raw, pattern).replace(tzinfo=asker.zone)
        except ValueError:
            continue
    raise JqlError(
        f"Date value '{raw}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm',"
        " 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )


def _period(text: str) -> timedelta | None:
    match = _PERIOD.fullmatch(text.strip())
    if match is None:
        return None
    parts = re.findall(r"(\d+)([wdhm])", match[2])
    length = sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in parts), timedelta(0))
    return -length if match[1] == "-" else length


def _words(field: QueryField, operator: str, operand: Operand, name: str) -> Test:
    """All words of the phrase occur; a word that ends in * is the start of one. Other signs separate words."""
    if not isinstance(operand, Text):
        raise JqlError(f"A value provided by a function is invalid for the field '{name}'.")
    phrase = operand.text.replace("\\", "")
    wanted = re.findall(r"\w+\*?", phrase.lower())
    if not wanted:
        raise JqlError(f"The text query '{operand.text}' for field '{name}' is not allowed to be empty.")

    def has(issue: Issue) -> bool:
        words = re.findall(r"\w+", " ".join(field.read(issue)).lower())
        return all(any(w.startswith(one[:-1]) if one.endswith("*") else w == one for w in words) for one in wanted)

    return has if operator == "~" else lambda issue: bool(field.read(issue)) and not has(issue)


def sorter(order: tuple[tuple[str, bool], ...], names: Names) -> Callable[[Issue], list[tuple[bool, Any]]]:
    """The sort key of an issue, as JSON-able values: (is empty, value) by field, and the id last.

    Descending fields have their values turned by `before`, not here.
    """
    if len(order) > 7:
        raise JqlError("The maximum number of fields to order by is 7.")
    fields = [names.field(name) for name, _ in order]
    if any(field.kind == "property" for field in fields):
        raise JqlError("Not able to sort using field 'issue.property'.")

    def key(issue: Issue) -> list[tuple[bool, Any]]:
        parts: list[tuple[bool, Any]] = []
        for field in fields:
            values = [_sortable(value) for value in field.read(issue)]
            parts.append((not values, min(values) if values else 0))
        return [*parts, (False, int(issue.id))]

    return key


def _sortable(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else value if isinstance(value, int | float) else str(value)


def directions(descending: list[bool]) -> list[bool]:
    """Whether each part of a sort key goes down. The last part, the id, goes as the first field does."""
    return [*descending, bool(descending and descending[0])]


def before(a: list[Any], b: list[Any], descending: list[bool]) -> int:
    """-1, 0 or 1 as a comes before, with, or after b."""
    for one, other, down in zip(a, b, directions(descending), strict=True):
        if list(one) != list(other):
            smaller = list(one) < list(other)
            return -1 if smaller != down else 1
    return 0
