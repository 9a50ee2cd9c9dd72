"""The words of a JQL query and the tree they make, with Jira's complaints about bad text (reference jira §4.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

RESERVED_WORDS = frozenset(
    """
    and or not empty null order by in is was changed before after during on from to cf abort access add all
    alter any avg begin between boolean break byte catch char character check checkpoint collate collation
    column commit connect continue count create current date decimal declare decrement default defaults define
    delete delimiter desc difference distinct divide do double drop else encoding end equals escape exclusive
    exec execute exists explain false fetch file field first float for function go goto grant greater group
    having identified if immediate increment index initial inner inout input insert int integer intersect
    intersection into isempty isnull join last left less like limit lock long max min minus mode modify modulo
    more multiply next noaudit notin nowait number object of option outer output power previous prior privileges
    public raise raw remainder rename resource return returns revoke right row rowid rownum rows select session
    set share size sqrt start strict string subtract sum synonym table then trans transaction trigger true uid
    union unique update user validate values view when whenever where while with
    """.split()  # noqa: SIM905 as a list of words it fills pages
)
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\s()=!<>~\"'\[\],&|+;?*/%^$#@{}]+")
_SIGN = re.compile(r"!=|!~|<=|>=|&&|\|\||[=<>~(),\[\]!]")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", " ": " "}


class JqlError(ValueError):
    """A query that Jira answers with status 400; `messages` go into `errorMessages`."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = list(messages)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is word, string, sign or end; `at` is the offset in the text."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """A literal. Quoted digits are text, unquoted ones may be a number."""

    text: str
    quoted: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """A function such as currentUser()."""

    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Empty:
    """The word EMPTY or NULL."""


Operand = Text | Call | Empty


@dataclass(frozen=True, slots=True)
class Clause:
    """field operator operands; one operand but for `in` and `not in`."""

    field: str
    operator: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Junction:
    """Parts joined by `and` or `or`."""

    word: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """Not this."""

    part: Node


Node = Clause | Junction | Negation


@dataclass(frozen=True, slots=True)
class Query:
    """`where` is None for a query that only sorts; `order` holds (field, descending)."""

    where: Node | None
    order: tuple[tuple[str, bool], ...]


def tokens(text: str) -> list[Token]:
    """The words, strings and signs of a query, and an end token. Raises JqlError."""
    found, at = [], 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        if text[at] in "\"'":
            value, end = _quoted(text, at)
            found.append(Token("string", value, at))
        elif word := _WORD.match(text, at):
            found.append(Token("word", word.group(), at))
            end = word.end()
        elif sign := _SIGN.match(text, at):
            found.append(Token("sign", sign.group(), at))
            end = sign.end()
        else:
            char = text[at]
            raise JqlError(
                f"Error in the JQL Query: The character '{char}' is a reserved JQL character. You must enclose it in a"
                f" string or use the escape '\\u{ord(char):04x}' instead. {place(text, at)}"
            )
        at = end
    return [*found, Token("end", "", len(text))]


def _quoted(text: str, start: int) -> tuple[str, int]:
    """The value of a quoted string that starts at `start`, and the offset behind it."""
    quote, out, at = text[start], [], start + 1
    while at < len(text) and text[at] != quote:
        if text[at] == "\n":
            break
        if text[at] != "\\":
            out.append(text[at])
            at += 1
            continue
        code = text[at + 1 : at + 2]
        if code == "u" and re.fullmatch(r"[0-9a-fA-F]{4}", text[at + 2 : at + 6]):
            out.append(chr(int(text[at + 2 : at + 6], 16)))
            at += 6
        elif code in _ESCAPES and code:
            out.append(_ESCAPES[code])
            at += 2
        else:
            raise JqlError(f"Error in the JQL Query: '\\{code}' is an illegal JQL escape sequence. {place(text, at)}")
    if at >= len(text) or text[at] != quote:
        where = place(text, start)
        raise JqlError(f"Error in the JQL Query: The quoted string '{''.join(out)}' has not been completed. {where}")
    return "".join(out), at + 1


def place(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    return f"(line {line}, character {at - (text.rfind(chr(10), 0, at) + 1) + 1})"
