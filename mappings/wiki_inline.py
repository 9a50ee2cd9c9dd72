"""Wiki markup inside a line: emphasis, links, mentions, images, macros, as Atlassian's inline nodes.

Source: Atlassian's "Text Formatting Notation Help", which every Jira Data Center shows beside its editor. What that
page leaves open is read the way that keeps people's text: a sign that opens nothing is a sign.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from html import unescape
from typing import Any

Node = dict[str, Any]

SIGNS: dict[str, Node] = {
    "*": {"type": "strong"}, "_": {"type": "em"}, "-": {"type": "strike"}, "+": {"type": "underline"},
    "^": {"type": "subsup", "attrs": {"type": "sup"}}, "~": {"type": "subsup", "attrs": {"type": "sub"}},
    "??": {"type": "citation"},
}  # fmt: skip
DEPTH = 8  # of emphasis within emphasis; deeper signs are text
GONE = "\ufdd2"  # stands for what was read already: neither letter nor blank nor sign
WORD = r"[^\W_]"
# The address ends where a sign of links, tables or macros begins, so that these can stand around it.
# What ends a sentence or emphasis is no part of it.
URL = r"\b(?:https?|ftp|file)://(?:(?!&\#)[^\s\[\]{}|<>\"\\])*[\w/=%\#$]"
TARGET = re.compile(r"(?:[a-z][a-z0-9+.-]*:|#|/)[^\s|\]]*\Z", re.IGNORECASE)
ATOM = re.compile(
    rf"""(?P<escape>\\[-\#*_+?^~|%{{}}()!@\[\]])
    | (?P<break>(?<!\\)\\\\(?!\\)[ ]?)
    | (?P<entity>&(?:\#\d{{1,7}}|\#[xX][0-9a-fA-F]{{1,6}}|[A-Za-z]{{2,8}}\d?);)
    | (?P<url>{URL})
    | \{{\{{(?!\s)(?P<code>(?:\\.|[^{{}}\\]|[{{}}](?![{{}}]))+)(?<!\s)\}}\}}
    | \[(?P<link>(?:\\[^\n]|[^\]\[\\])+)\]
    | (?<!{WORD})!(?P<image>[^\s!](?:[^!]*[^\s!\\])?)!(?!{WORD})
    | \{{color(?::(?P<color>[^{{}}]*))?\}}(?P<coloured>.{{0,8000}}?)\{{color\}}
    | (?P<pair>(?<!\{{)\{{(?P<name>[A-Za-z][\w-]*)(?::[^{{}}]*)?\}}.{{0,2000}}?\{{(?P=name)\}})
    | (?P<macro>\{{(?:anchor|toc|jira|status|include|gallery|chart|csv|excerpt|loremipsum|html)(?::[^{{}}]*)?\}}
      | \{{[A-Za-z][\w-]*:[^{{}}]*=[^{{}}]*\}})""",
    re.VERBOSE,
)
OPEN = re.compile(r"\{(?P<brace>\?\?|[*_+^~-])\}|(?<![^\W_])(?P<bare>\?\?|[*_+^~-])(?=\S)")


def inline(text: str) -> list[Node]:
    """The nodes of some lines of text; each line break is one."""
    nodes: list[Node] = []
    for number, line in enumerate(text.split("\n")):
        nodes += ([{"type": "hardBreak"}] if number else []) + _line(line.strip(), (), 0)
    return _merged(nodes)


def _merged(nodes: list[Node]) -> list[Node]:
    """The nodes with neighbouring texts of the same marks joined."""
    joined: list[Node] = []
    for node in nodes:
        last = joined[-1] if joined else None
        if last and node["type"] == last["type"] == "text" and node.get("marks") == last.get("marks"):
            joined[-1] = {**last, "text": last["text"] + node["text"]}
        else:
            joined.append(node)
    return joined


def _line(line: str, marks: tuple[Node, ...], depth: int) -> list[Node]:
    """The nodes of one line, or of a piece of it under these marks."""
    atoms = {found.start(): found for found in ATOM.finditer(line)}
    bare = ATOM.sub(lambda found: ("x" if found["url"] else GONE) * len(found[0]), line)
    closers = _closers(bare) if depth < DEPTH else {}
    nodes: list[Node] = []
    at = done = 0
    for start in sorted({*atoms, *(found.start() for found in OPEN.finditer(bare))}):
        if start < at:
            continue
        if start in atoms:
            nodes += _text(line[done:start], marks) + _atom(atoms[start], marks, depth)
            at = done = atoms[start].end()
        elif spread := _phrase(bare, start, closers):
            inner, end, sign = spread
            nodes += _text(line[done:start], marks)
            nodes += _line(line[inner:end], _with(marks, SIGNS[sign.strip("{}")]), depth + 1)
            at = done = end + len(sign)
    return nodes + _text(line[done:], marks)


def _closers(bare: str) -> dict[str, list[int]]:
    """Where each sign may close emphasis."""
    found: dict[str, list[int]] = {}
    for sign in SIGNS:
        one = re.escape(sign)
        ends = re.finditer(rf"(?<=[^\s{re.escape(sign[0])}]){one}(?!{WORD})", bare)
        found[sign] = [end.start() for end in ends]
        found[f"{{{sign}}}"] = [end.start() for end in re.finditer(rf"\{{{one}\}}", bare)]
    return found


def _phrase(bare: str, start: int, closers: dict[str, list[int]]) -> tuple[int, int, str] | None:
    """Where the emphasis that opens here has its text, from and to, and its sign; None when nothing closes it."""
    opened = OPEN.match(bare, start)
    if not opened:
        return None
    sign, inner = opened[0], opened.end()
    if opened["bare"] and bare.startswith(sign[0], inner):
        return None
    ends = closers.get(sign, ())
    at = bisect_left(ends, inner + 1)
    return (inner, ends[at], sign) if at < len(ends) else None


def _with(marks: tuple[Node, ...], mark: Node) -> tuple[Node, ...]:
    return marks if mark in marks else (*marks, mark)


def _text(text: str, marks: tuple[Node, ...]) -> list[Node]:
    return [{"type": "text", "text": text, **({"marks": [*marks]} if marks else {})}] if text else []


def _atom(found: re.Match[str], marks: tuple[Node, ...], depth: int) -> list[Node]:
    """What stands for itself and may hold signs that mean nothing."""
    if found["escape"]:
        return _text(found["escape"][1], marks)
    if found["break"]:
        return [{"type": "hardBreak"}]
    if found["entity"]:
        return _text(unescape(found["entity"]).replace("\n", " ").replace("\r", " "), marks)
    if found["code"] is not None:
        return _line(found["code"], _with(marks, {"type": "code"}), depth + 1)
    if found["link"] is not None:
        return list(_link(found["link"], marks, depth))
    if found["image"] is not None:
        return [{"type": "mediaInline", "attrs": {"alt": found["image"].partition("|")[0]}}]
    if found["coloured"] is not None:
        return _line(found["coloured"], _with(marks, {"type": "textColor"}), depth + 1)
    if found["pair"] or found["macro"]:
        return [{"type": "inlineExtension", "attrs": {"text": found[0]}}]
    return _text(found[0], marks)


def _link(body: str, marks: tuple[Node, ...], depth: int) -> Iterator[Node]:
    """A link, a mention, an attachment; text in brackets that leads nowhere stays text."""
    shown, bar, rest = _halves(body)
    target, _, tip = rest.partition("|")
    if body.startswith("~") and not bar and body.strip("~ "):
        name = body[1:].removeprefix("accountid:")
        yield {"type": "mention", "attrs": {"id": name, "text": f"@{name}"}}
    elif body.startswith("^") and body.strip("^ "):
        yield {"type": "mediaInline", "attrs": {"alt": body[1:].partition("|")[0]}}
    elif bar and shown and TARGET.match(target.strip()):
        if tip.strip() in ("smart-link", "smart-card", "smart-embed"):
            yield {"type": "inlineCard", "attrs": {"url": target.strip()}}
            return
        attrs = {"href": target.strip(), **({"title": tip} if tip else {})}
        yield from _line(shown, (*marks, {"type": "link", "attrs": attrs}), depth + 1)
    elif not bar and re.match(rf"(?:{URL}|mailto:\S+)\Z", body, re.IGNORECASE):
        yield from _text(body, (*marks, {"type": "link", "attrs": {"href": body}}))
    else:
        yield from [*_text("[", marks), *_line(body, marks, depth + 1), *_text("]", marks)]


def _halves(body: str) -> tuple[str, str, str]:
    """A link's text and the rest, parted at the first bar that is not escaped."""
    for found in re.finditer(r"\\.|(\|)", body):
        if found[1]:
            return body[: found.start()], "|", body[found.end() :]
    return body, "", ""
