"""Airtable's rich text: Markdown with marks of Airtable's own, such as mentions, and the blocks that it stands in.

Source: reference airtable §3. Of the marks the mention is known; any other is kept in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mappings.adf import NAMES, Node, presentable
from mappings.richtext import Unstable, parse
from mappings.splice import bare
from mappings.wiki import LINE, Chunk

MARK = re.compile(r"<airtable:([\w-]+)\b[^>]*?(?:/>|>(.*?)</airtable:\1>)", re.DOTALL)
FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})(.*)")
HEADING = re.compile(r"[ ]{0,3}#{1,6}(?:\s|\Z)")
BULLET, ITEM = re.compile(r"[ ]{0,3}(?:[-*+]|1[.)])\s+\S"), re.compile(r"[ ]{0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|\Z)")
BLANKS = re.compile(r"[^\r\n]*")  # at the end of a line
QUOTE = re.compile(r"[ ]{0,3}>")


def shown(source: str) -> str:
    """The Markdown that people see: a mention is the name that it shows."""
    return MARK.sub(lambda mark: f"[{mark[1]}]" if mark[2] is None else mark[2], source)


def beyond(source: str) -> frozenset[str]:
    """The names of what the text holds besides Markdown."""
    return frozenset(NAMES.get(mark[1], f"a part of type '{mark[1]}'") for mark in MARK.finditer(source))


def chunks(source: str) -> list[Chunk]:
    """The blocks of a text, with what each says when it stands alone.

    Markdown's blocks depend on their neighbours, so a way to part the text is taken only if its blocks say the same as
    the text does: line by line, else at blank lines, else as one block. Raises Unstable.
    """
    if not source.strip():
        return []
    together, marks = bare(_said(source)), MARK.findall(source)
    for starts in (_begins, lambda _, __: False):
        try:
            parted = [Chunk(text, after, tuple(_said(text))) for text, after in _cut(source, starts)]
        except Unstable:
            continue
        same = [node for chunk in parted for node in bare(chunk.nodes)] == together
        if same and [mark for chunk in parted for mark in MARK.findall(chunk.source)] == marks:
            return parted
    text = source.strip("\r\n")
    lead = source.index(text)
    return [Chunk(text, source[lead + len(text) :], tuple(_said(source)))]


def _said(source: str) -> list[Node]:
    """The document's blocks that a text says; Unstable where there is something among them that Markdown cannot say."""
    said: list[Node] = parse(shown(source))["content"]
    if lost := presentable({"content": said})[1]:
        raise Unstable(f"{' and '.join(sorted(lost))} cannot be read in its Markdown; please simplify it")
    return said


def _cut(source: str, begins: Callable[[str, str], bool]) -> Iterator[tuple[str, str]]:
    """The text in blocks and what comes after each: at blank lines, and where `begins` says so of two lines."""
    blocks: list[list[str]] = []
    closing, blank = "", True
    for line in LINE.findall(source):
        words = line.rstrip("\r\n")
        if not words.strip() and not closing:
            blank = True
            if blocks:
                blocks[-1].append(line)
            continue
        held = [kept for kept in blocks[-1] if kept.strip()] if blocks else []
        parted = _parted(held[0], words) if held and blank else bool(held) and begins(held[-1], words)
        if not closing and (not held or parted):
            blocks.append([])
        blocks[-1].append(line)
        closing, blank = _fence(words, closing), False
    for block in blocks:
        text = "".join(block)
        end = BLANKS.match(text, len(text.rstrip()))
        yield (text[: end.end()], text[end.end() :]) if end else (text, "")


def _parted(first: str, line: str) -> bool:
    """Whether a line after a blank one begins another block: one more item of a list does not, nor what belongs to an
    item, nor more code that is indented."""
    item, indented = bool(ITEM.match(first)), line[:1].isspace()
    return not ((item and (indented or ITEM.match(line))) or (indented and first[:1].isspace()))


def _begins(before: str, line: str) -> bool:
    """Whether a line begins a block without a blank line before it."""
    if HEADING.match(before) or FENCE.match(before) or HEADING.match(line) or FENCE.match(line):
        return True
    if ITEM.match(before) or before[:1].isspace():
        return False
    return bool(BULLET.match(line)) or (bool(QUOTE.match(line)) and not QUOTE.match(before))


def _fence(line: str, closing: str) -> str:
    """The fence that ends the code after this line, empty outside of code."""
    fence = FENCE.match(line)
    if closing:
        return "" if fence and fence[1].startswith(closing) and not fence[2].strip() else closing
    return fence[1] if fence and not (fence[1][0] == "`" and "`" in fence[2]) else ""
