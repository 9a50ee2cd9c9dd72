"""Reads the text of a JQL query into a tree (reference jira §4.5)."""

from __future__ import annotations

from typing import NoReturn

from connectors.sandbox.jira_jql_tokens import (
    RESERVED_WORDS,
    Call,
    Clause,
    Empty,
    JqlError,
    Junction,
    Negation,
    Node,
    Operand,
    Query,
    Text,
    Token,
    place,
    tokens,
)

OPERATORS = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'"


def parse(text: str) -> Query:
    """The tree of a query. Raises JqlError."""
    return _Parser(text).query()


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.index = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.now
        self.index += 1
        return token

    def is_word(self, *words: str) -> bool:
        return self.now.kind == "word" and self.now.text.lower() in words

    def is_sign(self, *signs: str) -> bool:
        return self.now.kind == "sign" and self.now.text in signs

    def fail(self, expected: str, at_end: str) -> NoReturn:
        if self.now.kind == "end":
            raise JqlError(f"Error in the JQL Query: {at_end}")
        raise JqlError(f"Error in the JQL Query: {expected} but got '{self.now.text}'. {place(self.text, self.now.at)}")

    def query(self) -> Query:
        where = None if self.now.kind == "end" or self.is_word("order") else self.either()
        order = self.order() if self.is_word("order") else ()
        if self.now.kind != "end":
            self.fail("Expecting ','" if order else "Expecting either 'OR' or 'AND'", "")
        return Query(where, order)

    def either(self) -> Node:
        parts = [self.both()]
        while self.is_word("or") or self.is_sign("||"):
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Junction("or", tuple(parts))

    def both(self) -> Node:
        parts = [self.single()]
        while self.is_word("and") or self.is_sign("&&"):
            self.take()
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else Junction("and", tuple(parts))

    def single(self) -> Node:
        if self.is_word("not") or self.is_sign("!"):
            self.take()
            return Negation(self.single())
        if not self.is_sign("("):
            return self.clause()
        self.take()
        inner = self.either()
        if not self.is_sign(")"):
            self.fail("Expecting ')'", "Expecting ')' before the end of the query.")
        self.take()
        return inner

    def clause(self) -> Clause:
        name = self.field()
        operator = self.operator()
        if operator in ("in", "not in"):
            return Clause(name, operator, self.list_or_call())
        operand = self.operand()
        if operator in ("is", "is not") and not isinstance(operand, Empty):
            raise JqlError(f"The operator '{operator}' can only be used with 'EMPTY' or 'NULL' for the field '{name}'.")
        return Clause(name, operator, (operand,))

    def field(self) -> str:
        """A name, cf[1], or issue.property[key].path."""
        token = self.now
        if token.kind not in ("word", "string"):
            self.fail("Expecting a field name", "Expecting a field name at the end of the query.")
        self.take()
        lower = token.text.lower()
        if token.kind == "string" or not (lower == "cf" or lower.startswith("issue.property")):
            if token.kind == "word" and lower in RESERVED_WORDS:
                self.reserved(token)
            return token.text
        if not self.is_sign("["):
            self.fail("Expecting '['", "Expecting '[' before the end of the query.")
        self.take()
        inside = self.take()
        if not self.is_sign("]"):
            self.fail("Expecting ']'", "Expecting ']' before the end of the query.")
        self.take()
        if lower == "cf":
            return f"cf[{inside.text}]"
        path = self.take().text if self.now.kind == "word" and self.now.text.startswith(".") else ""
        return f"issue.property[{inside.text}]{path}"

    def operator(self) -> str:
        if self.is_sign("=", "!=", "<", "<=", ">", ">=", "~", "!~"):
            return self.take().text
        if self.is_word("in", "is", "not"):
            word = self.take().text.lower()
            if word == "is" and self.is_word("not"):
                self.take()
                return "is not"
            if word != "not":
                return word
            if self.is_word("in"):
                self.take()
                return "not in"
        end = f"Expecting operator before the end of the query. The valid operators are {OPERATORS}."
        if self.now.kind == "end":
            self.fail("", end)
        where = place(self.text, self.now.at)
        raise JqlError(
            f"Error in the JQL Query: Expecting operator but got '{self.now.text}'."
            f" The valid operators are {OPERATORS}. {where}"
        )

    def list_or_call(self) -> tuple[Operand, ...]:
        if not self.is_sign("("):
            operand = self.operand()
            if isinstance(operand, Call):
                return (operand,)
            raise JqlError("Error in the JQL Query: Expecting '(' to start a list of values for the operator 'in'.")
        self.take()
        operands = [self.operand()]
        while self.is_sign(","):
            self.take()
            operands.append(self.operand())
        if not self.is_sign(")"):
            self.fail("Expecting ',' or ')'", "Expecting ')' before the end of the query.")
        self.take()
        return tuple(operands)

    def operand(self) -> Operand:
        token = self.now
        if token.kind not in ("word", "string"):
            expected = "Expecting either a value, list or function"
            if token.kind == "end":  # Jira leaves out the article in this one message
                raise JqlError(f"Error in JQL Query: {expected} before the end of the query.")
            self.fail(expected, "")
        self.take()
        if token.kind == "string":
            return Text(token.text)
        if token.text.lower() in ("empty", "null"):
            return Empty()
        if self.is_sign("("):
            return self.call(token.text)
        if token.text.lower() in RESERVED_WORDS:
            self.reserved(token)
        return Text(token.text, quoted=False)

    def call(self, name: str) -> Call:
        self.take()
        arguments = []
        while not self.is_sign(")"):
            if self.now.kind not in ("word", "string"):
                self.fail("Expecting ')'", "Expecting ')' before the end of the query.")
            arguments.append(self.take().text)
            if self.is_sign(","):
                self.take()
        self.take()
        return Call(name, tuple(arguments))

    def order(self) -> tuple[tuple[str, bool], ...]:
        self.take()
        if not self.is_word("by"):
            self.fail("Expecting 'by'", "Expecting 'by' before the end of the query.")
        self.take()
        found = []
        while True:
            name = self.field()
            descending = self.take().text.lower() == "desc" if self.is_word("asc", "desc") else False
            found.append((name, descending))
            if not self.is_sign(","):
                return tuple(found)
            self.take()

    def reserved(self, token: Token) -> NoReturn:
        raise JqlError(
            f"Error in the JQL Query: '{token.text}' is a reserved JQL word. You must surround it in quotation marks to"
            f" use it in a query. {place(self.text, token.at)}"
        )
