"""Airtable's formula language, as far as `filterByFormula` needs it: text to a condition over rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, Column, Row, Table
from connectors.sandbox.airtable_cells import day_or_moment, last_change, shown
from connectors.sandbox.airtable_functions import FUNCTIONS, FormulaError, equal, number, text

TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+\.?\d*|\.\d+)
    | (?P<string>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    | \{(?P<field>(?:\\.|[^}\\])*)\}
    | (?P<word>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<op><=|>=|!=|[-+*/&=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
WRONG = "Invalid formula. Please check your formula text."
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Context:
    """The row that a formula looks at, and the time it is."""

    base: Base
    table: Table
    row: Row
    now: datetime


Node = Callable[[Context], Any]


def condition(formula: str, table: Table) -> Callable[[Context], bool]:
    """Whether a row is kept (§2.1). INVALID_FILTER_BY_FORMULA if the formula is wrong or names an unknown field."""
    parser = _Parser(formula, table)
    try:
        node = parser.whole()
    except RecursionError as error:
        raise errors.bad_formula(WRONG) from error
    if parser.unknown:
        raise errors.bad_formula("Unknown field names: " + ", ".join(name.lower() for name in parser.unknown))

    def kept(context: Context) -> bool:
        try:
            value = node(context)
        except (FormulaError, ValueError, ArithmeticError):  # a number too great, a day that no calendar has
            return False
        return value == value and value not in (None, 0, False, "", [])  # noqa: PLR0124 NaN is unlike itself

    return kept


class _Parser:
    """Recursive descent; each method returns the node for one level of precedence."""

    def __init__(self, formula: str, table: Table) -> None:
        self.tokens = list(_tokens(formula))
        self.at = 0
        self.table = table
        self.unknown: list[str] = []

    def whole(self) -> Node:
        node = self.comparison()
        if self.at < len(self.tokens):
            raise errors.bad_formula(WRONG)
        return node

    def comparison(self) -> Node:
        node = self.joined()
        while operator := self.accept("=", "!=", "<", ">", "<=", ">="):
            node = _compare(operator, node, self.joined())
        return node

    def joined(self) -> Node:
        node = self.sum()
        while self.accept("&"):
            node = _join(node, self.sum())
        return node

    def sum(self) -> Node:
        node = self.product()
        while operator := self.accept("+", "-"):
            node = _calculate(operator, node, self.product())
        return node

    def product(self) -> Node:
        node = self.unary()
        while operator := self.accept("*", "/"):
            node = _calculate(operator, node, self.unary())
        return node

    def unary(self) -> Node:
        if self.accept("-"):
            inner = self.unary()
            return lambda context: -number(inner(context))
        return self.atom()

    def atom(self) -> Node:
        if self.accept("("):
            node = self.comparison()
            self.expect(")")
            return node
        kind, value = self.next()
        if kind == "number":
            amount = float(value)
            return lambda _: amount
        if kind == "string":
            return lambda _: value
        if kind == "word" and self.accept("("):
            return self.call(value.upper())
        if kind in ("word", "field"):
            return self.field(value)
        raise errors.bad_formula(WRONG)

    def field(self, name: str) -> Node:
        """By name only; that ids work here is not promised."""
        column = next((c for c in self.table.columns if c.name == name), None)
        if column is None:
            self.unknown.append(name)
            return lambda _: None
        return lambda context: _cell(context, column)

    def call(self, name: str) -> Node:
        start = self.at
        arguments: list[Node] = []
        if not self.accept(")"):
            arguments.append(self.comparison())
            while self.accept(","):
                arguments.append(self.comparison())
            self.expect(")")
        if name == "LAST_MODIFIED_TIME":
            return self.last_modified(start)
        if name in CONTEXTUAL and not arguments:
            return CONTEXTUAL[name]
        if name == "IF" and len(arguments) in (2, 3):
            return _choose(*arguments)
        function = FUNCTIONS.get(name)
        if function is None or not function.takes(len(arguments)):
            raise errors.bad_formula(WRONG)
        return lambda context: function.call(*(argument(context) for argument in arguments))

    def last_modified(self, start: int) -> Node:
        """Its arguments are columns, not values."""
        names = [value for kind, value in self.tokens[start : self.at] if kind in ("field", "word")]
        ids = [column.id for column in self.table.columns if column.name in names]

        def node(context: Context) -> Any:
            at, _ = last_change(context.row, ids or [c.id for c in context.table.columns])
            return at and datetime.fromisoformat(at)

        return node

    def accept(self, *operators: str) -> str | None:
        if self.at < len(self.tokens):
            kind, value = self.tokens[self.at]
            if kind == "op" and value in operators:
                self.at += 1
                return value
        return None

    def expect(self, operator: str) -> None:
        if not self.accept(operator):
            raise errors.bad_formula(WRONG)

    def next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise errors.bad_formula(WRONG)
        self.at += 1
        return self.tokens[self.at - 1]


def _tokens(formula: str) -> list[tuple[str, str]]:
    tokens, at, formula = [], 0, formula.rstrip()
    while at < len(formula):
        match = TOKEN.match(formula, at)
        if match is None or match.lastgroup is None:
            raise errors.bad_formula(WRONG)
        value = match.group(match.lastgroup)
        if match.lastgroup == "string":
            value = _unescaped(value[1:-1])
        elif match.lastgroup == "field":
            value = _unescaped(value)
        tokens.append((match.lastgroup, value))
        at = match.end()
    return tokens


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match.group(1), match.group(1)), value, flags=re.DOTALL)


def _cell(context: Context, column: Column) -> Any:
    """A cell as formulas see it: people by name, links by primary value, dates as dates."""
    value = shown(context.base, column, context.row)
    if value is None:
        return None
    if column.type in ("date", "dateTime", "lastModifiedTime", "createdTime"):
        found = day_or_moment(value)
        return found if isinstance(found, datetime) else datetime(found.year, found.month, found.day, tzinfo=UTC)
    if column.type == "multipleRecordLinks":
        linked = context.base.table(column.options["linkedTableId"])
        return [text(linked.rows[link].cells.get(linked.columns[0].id)) for link in value if link in linked.rows]
    if isinstance(value, dict):
        return value.get("name", "")
    return float(value) if isinstance(value, (int, float)) else value


def _compare(operator: str, left: Node, right: Node) -> Node:
    def node(context: Context) -> bool:
        a, b = left(context), right(context)
        if operator in ("=", "!="):
            return equal(a, b) == (operator == "=")
        if isinstance(a, date) and isinstance(b, date):
            x, y = a.timestamp() if isinstance(a, datetime) else 0, b.timestamp() if isinstance(b, datetime) else 0
        else:
            x, y = number(a), number(b)
        return {"<": x < y, ">": x > y, "<=": x <= y, ">=": x >= y}[operator]

    return node


def _join(left: Node, right: Node) -> Node:
    return lambda context: text(left(context)) + text(right(context))


def _calculate(operator: str, left: Node, right: Node) -> Node:
    def node(context: Context) -> float:
        a, b = number(left(context)), number(right(context))
        if operator == "/" and b == 0:
            raise FormulaError
        return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else 0.0}[operator]

    return node


def _choose(test: Node, then: Node, otherwise: Node = lambda _: None) -> Node:
    return lambda context: then(context) if test(context) else otherwise(context)


CONTEXTUAL: dict[str, Node] = {
    "RECORD_ID": lambda context: context.row.id,
    "CREATED_TIME": lambda context: datetime.fromisoformat(context.row.created),
    "NOW": lambda context: context.now,
    "TODAY": lambda context: context.now.replace(hour=0, minute=0, second=0, microsecond=0),
}
