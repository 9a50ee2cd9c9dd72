"""Airtable's formula language: what filters records, and what formula and rollup fields are computed with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from connectors.sandbox.airtable_functions import FUNCTIONS
from connectors.sandbox.airtable_values import FormulaError, equal, number, text

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


class SyntaxFault(Exception):
    """The text is no formula, or names fields that are not there. The message is Airtable's."""


@dataclass(frozen=True, slots=True)
class Context:
    """The record that a formula looks at, and the time it is.

    `cell` gives a field's value by the field's id, as formulas see it; `modified` when one of these fields, or any if
    there are none, was last edited. `values` is what a rollup has gathered.
    """

    record: str
    created: datetime
    now: datetime
    cell: Callable[[str], Any]
    modified: Callable[[tuple[str, ...]], datetime | None]
    values: tuple[Any, ...] = ()


Node = Callable[[Context], Any]
Names = tuple[tuple[str, str], ...]


@lru_cache(maxsize=512)
def parse(formula: str, names: Names, *, ids: bool = False, rollup: bool = False) -> Node:
    """The formula over these fields (pairs of id and name). `ids`: fields may go by id. SyntaxFault if it is wrong."""
    known = {name: id for id, name in names} | ({id: id for id, _ in names} if ids else {})
    parser = _Parser(formula, known, rollup)
    try:
        node = parser.whole()
    except RecursionError as error:
        raise SyntaxFault(WRONG) from error
    if parser.unknown:
        raise SyntaxFault("Unknown field names: " + ", ".join(name.lower() for name in parser.unknown))
    return node


class _Parser:
    """Recursive descent; each method returns the node for one level of precedence."""

    def __init__(self, formula: str, known: dict[str, str], rollup: bool) -> None:
        self.tokens = _tokens(formula)
        self.at = 0
        self.known, self.rollup = known, rollup
        self.unknown: list[str] = []

    def whole(self) -> Node:
        node = self.comparison()
        if self.at < len(self.tokens):
            raise SyntaxFault(WRONG)
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
        if kind == "word" and self.rollup and value == "values":
            return lambda context: list(context.values)
        if kind in ("word", "field"):
            id = self.named(value)
            return lambda context: context.cell(id)
        raise SyntaxFault(WRONG)

    def named(self, name: str) -> str:
        if name not in self.known:
            self.unknown.append(name)
        return self.known.get(name, "")

    def call(self, name: str) -> Node:
        if name == "LAST_MODIFIED_TIME":
            return self.last_modified()
        arguments: list[Node] = []
        if not self.accept(")"):
            arguments.append(self.comparison())
            while self.accept(","):
                arguments.append(self.comparison())
            self.expect(")")
        if name in CONTEXTUAL and not arguments:
            return CONTEXTUAL[name]
        if name == "IF" and len(arguments) in (2, 3):
            return _choose(*arguments)
        if name in ("ISERROR", "ERROR"):
            return _error(name, arguments)
        function = FUNCTIONS.get(name)
        if function is None or not function.takes(len(arguments)):
            raise SyntaxFault(WRONG)
        return lambda context: function.call(*(argument(context) for argument in arguments))

    def last_modified(self) -> Node:
        """Its arguments are fields, not values."""
        fields: list[str] = []
        while not self.accept(")"):
            if fields:
                self.expect(",")
            kind, value = self.next()
            if kind not in ("field", "word"):
                raise SyntaxFault(WRONG)
            fields.append(self.named(value))
        watched = tuple(fields)
        return lambda context: context.modified(watched)

    def accept(self, *operators: str) -> str | None:
        if self.at < len(self.tokens):
            kind, value = self.tokens[self.at]
            if kind == "op" and value in operators:
                self.at += 1
                return value
        return None

    def expect(self, operator: str) -> None:
        if not self.accept(operator):
            raise SyntaxFault(WRONG)

    def next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise SyntaxFault(WRONG)
        self.at += 1
        return self.tokens[self.at - 1]


def _tokens(formula: str) -> list[tuple[str, str]]:
    tokens, at, formula = [], 0, formula.rstrip()
    while at < len(formula):
        match = TOKEN.match(formula, at)
        if match is None or match.lastgroup is None:
            raise SyntaxFault(WRONG)
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


def _compare(operator: str, left: Node, right: Node) -> Node:
    def node(context: Context) -> bool:
        a, b = left(context), right(context)
        if operator in ("=", "!="):
            return equal(a, b) == (operator == "=")
        if isinstance(a, datetime) and isinstance(b, datetime):
            x, y = a.timestamp(), b.timestamp()
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


def _error(name: str, arguments: list[Node]) -> Node:
    def node(context: Context) -> bool:
        if name == "ERROR":
            raise FormulaError
        try:
            arguments[0](context)
        except (FormulaError, ValueError, ArithmeticError):
            return True
        return False

    if name == "ISERROR" and len(arguments) != 1:
        raise SyntaxFault(WRONG)
    return node


CONTEXTUAL: dict[str, Node] = {
    "RECORD_ID": lambda context: context.record,
    "CREATED_TIME": lambda context: context.created,
    "NOW": lambda context: context.now,
    "TODAY": lambda context: context.now.replace(hour=0, minute=0, second=0, microsecond=0),
}
