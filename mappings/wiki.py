"""Wiki markup, the rich text of Jira Data Center, as an Atlassian document: its blocks with the lines they stand on.

Source: reference jira §1 and Atlassian's "Text Formatting Notation Help". A single line break is a line break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mappings.wiki_inline import inline

Node = dict[str, Any]

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
HEADING = re.compile(r"\s*h([1-6])\.(?:\s+(.*))?\Z")
RULE = re.compile(r"\s*-{4,}\s*\Z")
QUOTE = re.compile(r"\s*bq\.\s+(.*)\Z")
ROW = re.compile(r"\s*\|")
ITEM = re.compile(r"\s*([*#-]{1,12})(?:\s+(.*))?\Z")
TASK = re.compile(r"\\?\[([ xX])\\?\](?:\s+(.*))?\Z")
CELL = re.compile(r"(\|\|?)((?:\\.|\[(?:\\.|[^\]\\\[])*\]|![^\s|!][^!]*!|[^|\\]|\\\Z)*)")
MACRO = re.compile(r"(?<![\\{])\{([A-Za-z][\w-]*)(?::([^{}\n]*))?\}(?!\})")
VERBATIM = {"code", "noformat", "html"}
FRAMED = {"quote", "panel", "info", "note", "tip", "warning", "expand", "section", "column"}
DEPTH = 6  # of macros within macros; deeper ones are text


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of a text that are read as one, and what they say. `after` is the line end and blank lines."""

    source: str
    after: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    """A macro with a body: where it begins and ends in the text, and where its body does."""

    name: str
    params: str
    start: int
    body: int
    body_end: int
    end: int


def chunks(text: str) -> list[Chunk]:
    """The blocks of a text. Their sources and what comes after them, joined, are the text from its first block on."""
    lines = LINE.findall(text)
    cuts = list(_blocks([line.rstrip("\r\n") for line in lines], 0))
    found: list[Chunk] = []
    for number, (start, end, nodes) in enumerate(cuts):
        until = cuts[number + 1][0] if number + 1 < len(cuts) else len(lines)
        raw = "".join(lines[start:end])
        source = raw.rstrip("\r\n")
        found.append(Chunk(source, raw[len(source) :] + "".join(lines[end:until]), tuple(nodes)))
    return found


def document(text: str) -> Node:
    """The whole text as a document."""
    return {"type": "doc", "version": 1, "content": [node for chunk in chunks(text) for node in chunk.nodes]}


def _nodes(text: str, depth: int) -> list[Node]:
    return [node for _, _, nodes in _blocks(text.split("\n"), depth) for node in nodes]


def _blocks(lines: list[str], depth: int) -> Iterator[tuple[int, int, list[Node]]]:
    """Each block: its first line, the line after its last, its nodes."""
    spans = _spans(lines) if depth < DEPTH else {}
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
            continue
        end = _end(lines, at, spans)
        yield at, end, list(_block(line, lines[at:end], spans.get(at, ()) if _kind(line) == "text" else (), depth))
        at = end


def _kind(line: str) -> str:
    """What a line begins."""
    if not line.strip():
        return "blank"
    for kind, form in (("heading", HEADING), ("rule", RULE), ("quote", QUOTE), ("row", ROW), ("item", ITEM)):
        if form.match(line):
            return kind
    return "text"


def _end(lines: list[str], at: int, spans: dict[int, list[_Span]]) -> int:
    """The line after the block that begins here. A macro's body is never cut."""
    kind = _kind(lines[at])
    end = _past(at, lines, spans)
    while kind in ("text", "item", "row") and end < len(lines):
        found = _kind(lines[end])
        if kind == "text" and (found != "text" or at in spans or end in spans):
            break
        if kind == "item" and found not in ("item", "text"):
            break
        if kind == "row" and found != "row" and (found != "text" or lines[end - 1].rstrip().endswith("|")):
            break
        end = _past(end, lines, spans)
    return end


def _past(at: int, lines: list[str], spans: dict[int, list[_Span]]) -> int:
    last = at
    while last in spans and (far := _line_of(lines, spans[last][-1].end - 1)) > last:
        last = far
    return last + 1


def _line_of(lines: list[str], offset: int) -> int:
    for number, line in enumerate(lines):
        offset -= len(line) + 1
        if offset < 0:
            return number
    return len(lines) - 1


def _spans(lines: list[str]) -> dict[int, list[_Span]]:
    """The macros with a body that make blocks, by the line on which they begin."""
    text = "\n".join(lines)
    found: dict[int, list[_Span]] = {}
    at = 0
    while opened := MACRO.search(text, at):
        span = _span(text, opened)
        at = span.end if span else opened.end()
        if span and (span.name in VERBATIM | FRAMED or "\n" in text[span.start : span.end]):
            found.setdefault(_line_of(lines, span.start), []).append(span)
    return found


def _span(text: str, opened: re.Match[str]) -> _Span | None:
    name = opened[1]
    closing = f"{{{name}}}"
    at = opened.end()
    end = text.find(closing, at)
    while end >= 0 and name not in VERBATIM:
        inner = MACRO.search(text, at, end)
        if not inner:
            break
        at = inner.end()
        if inner[1] in VERBATIM and (over := text.find(f"{{{inner[1]}}}", at)) >= 0:
            at = over + len(inner[1]) + 2
            end = text.find(closing, at) if at > end else end
    if end < 0:
        return None
    return _Span(name, opened[2] or "", opened.start(), opened.end(), end, end + len(closing))


def _block(line: str, lines: list[str], spans: Any, depth: int) -> Iterator[Node]:
    """The nodes of one block, which begins with this line."""
    if spans:
        yield from _mixed("\n".join(lines), depth)
    elif found := HEADING.match(line):
        yield {"type": "heading", "attrs": {"level": int(found[1])}, "content": inline(found[2] or "")}
    elif RULE.match(line):
        yield {"type": "rule"}
    elif found := QUOTE.match(line):
        yield {"type": "blockquote", "content": [_paragraph(found[1])]}
    elif ROW.match(line):
        yield _table(lines)
    elif ITEM.match(line):
        yield from _lists(_items(lines, depth), 0)
    else:
        yield _paragraph("\n".join(lines))


def _paragraph(text: str) -> Node:
    return {"type": "paragraph", "content": inline(text)}


def _mixed(text: str, depth: int) -> Iterator[Node]:
    """Text with macros in it: what stands before, the first macro, the rest."""
    spans = [span for held in _spans(text.split("\n")).values() for span in held]
    at = 0
    for span in spans:
        if text[at : span.start].strip():
            yield _paragraph(text[at : span.start].strip("\n"))
        yield _macro(span, text[span.body : span.body_end], depth)
        at = span.end
    if text[at:].strip():
        yield _paragraph(text[at:].strip("\n"))


def _macro(span: _Span, body: str, depth: int) -> Node:
    if span.name in ("code", "noformat"):
        return _code(span, body.removeprefix("\n").removesuffix("\n"))
    if span.name == "html":
        return {"type": "extension", "attrs": {"text": "{html}"}}
    params = dict(pair.partition("=")[::2] for pair in span.params.split("|"))
    kind = {"quote": "blockquote", "color": "coloured", "expand": "expand"}.get(span.name, "panel")
    if span.name not in FRAMED | {"color"}:
        kind = "bodiedExtension"
    title = {"attrs": {"title": params["title"]}} if params.get("title") else {}
    return {"type": kind, **title, "content": _nodes(body, depth + 1)}


def _code(span: _Span, body: str) -> Node:
    """A code block. The language `none` is none; a title or a border is more than Markdown has."""
    params = [param for param in span.params.split("|") if param]
    plain = [param for param in params if "=" not in param]
    language = plain[0] if plain and plain[0] != "none" and span.name == "code" else None
    node: Node = {"type": "codeBlock", "content": [{"type": "text", "text": body}] if body else []}
    if language:
        node["attrs"] = {"language": language}
    if len(params) > 1 or params != plain:
        node["marks"] = [{"type": "frame"}]
    return node


def _table(lines: list[str]) -> Node:
    rows: list[str] = []
    for line in lines:
        if ROW.match(line) or not rows:
            rows.append(line.strip())
        else:
            rows[-1] += "\n" + line.strip()
    return {"type": "table", "content": [{"type": "tableRow", "content": [*_cells(row)]} for row in rows]}


def _cells(row: str) -> Iterator[Node]:
    found = CELL.findall(row)
    if len(found) > 1 and not found[-1][1].strip():
        found = found[:-1]  # the bar that ends the row
    for bars, text in found:
        kind = "tableHeader" if bars == "||" else "tableCell"
        yield {"type": kind, "content": [_paragraph(text.strip())]}


def _items(lines: list[str], depth: int) -> list[tuple[str, str, list[Node]]]:
    """The list's items: their signs, the words of the first line, and the blocks of the lines below them."""
    items: list[tuple[str, list[str]]] = []
    within = -1
    spans = _spans(lines) if depth < DEPTH else {}
    for number, line in enumerate(lines):
        found = ITEM.match(line) if number > within else None
        if found:
            items.append((found[1], [found[2] or ""]))
        else:
            items[-1][1].append(line)
        within = max(within, _past(number, lines, spans) - 1)
    return [(signs, text[0], _item(text, depth)) for signs, text in items]


def _item(lines: list[str], depth: int) -> list[Node]:
    if depth < DEPTH and _spans(lines):
        return list(_mixed("\n".join(lines), depth + 1))
    return [_paragraph("\n".join(lines))] if lines != [""] else []


def _lists(items: list[tuple[str, str, list[Node]]], level: int) -> Iterator[Node]:
    """The lists of one level, each with what is nested below its items."""
    at = 0
    while at < len(items):
        sign = items[at][0][level]
        end = next((i for i in range(at, len(items)) if _other(items[i][0], sign, level)), len(items))
        yield _list(items[at:end], sign, level)
        at = end


def _other(signs: str, sign: str, level: int) -> bool:
    return (signs[level] == "#") != (sign == "#")


def _list(items: list[tuple[str, str, list[Node]]], sign: str, level: int) -> Node:
    heads = [i for i, item in enumerate(items) if len(item[0]) == level + 1]
    starts, own_lines = (heads if heads[:1] == [0] else [0, *heads]), set(heads)
    tasks = sign != "#" and all(i in own_lines and TASK.match(items[i][1]) for i in starts)
    content: list[Node] = []
    for number, start in enumerate(starts):
        below = items[start + (start in own_lines) : starts[number + 1] if number + 1 < len(starts) else len(items)]
        nested = list(_lists(below, level + 1))
        own = items[start][2] if start in own_lines else []
        if tasks:
            content += [_task(items[start][1], own), *nested]
        else:
            content.append({"type": "listItem", "content": [*own, *nested] or [_paragraph("")]})
    kind = "taskList" if tasks else "orderedList" if sign == "#" else "bulletList"
    return {"type": kind, "content": content}


def _task(words: str, own: list[Node]) -> Node:
    """A box to tick, which wiki markup has not: people write it as `[ ]` or `[x]` at the start of an item."""
    found = TASK.match(words)
    text = found[2] or "" if found else words
    more = [child for node in own[:1] for child in node.get("content", ())]
    state = "DONE" if found and found[1] in "xX" else "TODO"
    broken = any(child["type"] == "hardBreak" for child in more) or len(own) > 1
    content = inline(text) if not broken else [*inline(text), *more[1:]]
    return {"type": "taskItem", "attrs": {"state": state}, "content": content}
