"""Atlassian documents: which of their parts Markdown can express, and clean-up for writing them.

Source: reference jira §5.7.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import count
from typing import Any

Node = dict[str, Any]

# Two noncharacters that no text holds: a hard break, and a backslash that the renderer must not escape.
BREAK, ESCAPE = "\ufdd0", "\ufdd1"

MARKS = ("link", "strong", "em", "strike", "code")
BLOCKS = {"paragraph", "heading", "blockquote", "bulletList", "orderedList", "listItem", "taskList", "taskItem"}
DROPPED = {"paragraph", "heading", "bulletList", "orderedList", "taskList"}  # when empty
KEPT = {"heading": ("level",), "orderedList": ("order",), "codeBlock": ("language",), "taskItem": ("state",)}
SPLIT = {"panel", "expand", "nestedExpand", "layoutSection", "layoutColumn", "bodiedExtension", "decisionItem"}
NAMES = {
    "mention": "a mention", "emoji": "an emoji", "inlineCard": "a smart link", "blockCard": "a smart link",
    "embedCard": "an embedded page", "date": "a date chip", "status": "a status chip", "media": "an attachment",
    "mediaSingle": "an attachment", "mediaGroup": "attachments", "mediaInline": "an attachment", "panel": "a panel",
    "expand": "an expandable part", "nestedExpand": "an expandable part", "layoutSection": "a layout",
    "layoutColumn": "a layout", "extension": "a macro", "bodiedExtension": "a macro", "inlineExtension": "a macro",
    "decisionList": "decisions", "decisionItem": "decisions", "table": "a table with special cells",
    "underline": "underlined text", "textColor": "coloured text", "backgroundColor": "highlighted text",
    "subsup": "raised or lowered text", "alignment": "aligned text", "indentation": "indented text",
    "citation": "a citation", "coloured": "coloured text", "frame": "a code block's title or frame",
}  # fmt: skip
# What would start another block if it stood at the start of a line.
STARTS = re.compile(r"(?=#{1,6}(?:\s|$)|>|[-+](?:\s|$)|(?:-{2,}|=+)\s*$)|(?<=\d)(?=[.)](?:\s|$))")
HEAD = re.compile(r"\s*\d{0,9}")


def presentable(doc: Node) -> tuple[Node, set[str]]:
    """The document with only what Markdown expresses, and the names of the parts that became placeholders."""
    lost: set[str] = set()
    content = [block for node in _content(doc) for block in _block(node, lost)]
    return {"type": "doc", "version": 1, "content": content}, lost


def tidy(doc: Node) -> Node:
    """The document as Jira accepts it: no empty text, no empty list, item or heading, steady local ids."""
    ids = count(1)

    def clean(node: Node) -> Node | None:
        if node["type"] == "text":
            if "marks" in node:  # emphasis within the same emphasis is one
                node["marks"] = list({mark["type"]: mark for mark in node["marks"]}.values())
            return node if node.get("text") else None
        if "localId" in node.get("attrs", {}):
            node["attrs"]["localId"] = str(next(ids))
        if "content" not in node:
            return node
        node["content"] = _merged([kept for child in node["content"] if (kept := clean(child))])
        if node["type"] in {"listItem", "blockquote", "tableCell", "tableHeader"} and not node["content"]:
            node["content"] = [{"type": "paragraph", "content": []}]
        return None if not node["content"] and node["type"] in DROPPED else node

    return clean(doc) or doc


def _content(node: Node) -> list[Node]:
    held = node.get("content")
    return [child for child in held if isinstance(child, dict)] if isinstance(held, list) else []


def _attrs(node: Node) -> Node:
    held = node.get("attrs")
    return held if isinstance(held, dict) else {}


def _block(node: Node, lost: set[str]) -> list[Node]:
    """A block as blocks that Markdown has."""
    kind = str(node.get("type"))
    if kind in BLOCKS:
        lost |= {_name(mark) for mark in node.get("marks") or ()}
        return [_kept(node, _children(node, lost))]
    if kind == "codeBlock":
        lost |= {_name(mark) for mark in node.get("marks") or ()}
        text = "".join(str(child.get("text", "")) for child in _content(node))
        return [_kept(node, [{"type": "text", "text": text}] if text else [])]
    if kind == "rule":
        return [{"type": "rule"}]
    if kind == "table":
        return _table(node, lost)
    lost.add(_name(node))
    if kind == "decisionList":
        return [{"type": "bulletList", "content": [{"type": "listItem", "content": _flow(item, lost)}
                                                   for item in _content(node)]}]  # fmt: skip
    if kind in SPLIT or (_content(node) and kind not in {"mediaSingle", "mediaGroup"}):
        title = _attrs(node).get("title")
        return ([_paragraph(str(title), bold=True)] if title else []) + _flow(node, lost)
    return [{"type": "paragraph", "content": _inline(node, lost)}]


def _children(node: Node, lost: set[str]) -> list[Node]:
    """The children of a block: blocks in a list item or quote, else text."""
    if node["type"] in {"bulletList", "orderedList", "blockquote", "listItem", "taskList"}:
        return [block for child in _content(node) for block in _block(child, lost)]
    texts = _merged([text for child in _content(node) for text in _inline(child, lost)])
    if node["type"] in {"heading", "taskItem"}:
        return [{**text, "text": text["text"].replace(BREAK, " ")} for text in texts]
    return _guarded(texts)


def _flow(node: Node, lost: set[str]) -> list[Node]:
    """The content of a container that Markdown has not, as blocks of their own."""
    blocks: list[Node] = []
    for child in _content(node):
        inline = child.get("type") in {"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"}
        blocks += [{"type": "paragraph", "content": _inline(child, lost)}] if inline else _block(child, lost)
    return blocks


def _inline(node: Node, lost: set[str]) -> list[Node]:
    """An inline node as text."""
    kind, attrs = str(node.get("type")), _attrs(node)
    if kind == "text":
        return _text(node, lost)
    if kind == "hardBreak":
        return [{"type": "text", "text": BREAK}]
    if not (kind == "emoji" and attrs.get("text")):  # such an emoji is a character like any other
        lost.add(_name(node))
    url = attrs.get("url")
    shown = attrs.get("text") or url or attrs.get("alt") or attrs.get("shortName") or ""
    if kind == "date":
        shown = _day(attrs.get("timestamp"))
    if kind.startswith("media"):
        names = [str(_attrs(child).get("alt") or "attachment") for child in _content(node)] or [
            str(shown or "attachment")
        ]
        shown = ", ".join(f"📎 {name}" for name in names)
    if not shown and _content(node):
        return [text for child in _content(node) for text in _inline(child, lost)]
    marks = [{"type": "link", "attrs": {"href": url}}] if url and shown == url else []
    return [{"type": "text", "text": _solid(str(shown or f"[{kind}]")), **({"marks": marks} if marks else {})}]


def _text(node: Node, lost: set[str]) -> list[Node]:
    """Text with its marks, blanks outside of them: Markdown's emphasis cannot begin or end with a blank."""
    text = _solid(str(node.get("text") or ""))
    held = [mark for mark in node.get("marks") or () if isinstance(mark, dict)]
    lost |= {_name(mark) for mark in held if mark.get("type") not in MARKS}
    marks = [_mark(mark) for kind in MARKS for mark in held if mark.get("type") == kind]
    if any(mark["type"] == "code" for mark in marks):
        lost |= {"formatted code"} if any(mark["type"] not in {"code", "link"} for mark in marks) else set()
        marks = [mark for mark in marks if mark["type"] in {"code", "link"}]
    core = text.strip()
    if not marks or not core:
        return [{"type": "text", "text": text}] if text else []
    at = text.index(core)
    pieces = [(text[:at], []), (core, marks), (text[at + len(core) :], [])]
    return [{"type": "text", "text": part, **({"marks": with_} if with_ else {})} for part, with_ in pieces if part]


def _mark(mark: Node) -> Node:
    if mark["type"] != "link":
        return {"type": mark["type"]}
    kept = {key: value for key, value in _attrs(mark).items() if key in {"href", "title"} and isinstance(value, str)}
    return {"type": "link", "attrs": {"href": "", **kept}}


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


def _guarded(texts: list[Node]) -> list[Node]:
    """Texts of a paragraph in which nothing at the start of a line reads as another block."""
    fresh, out = True, []
    for node in texts:
        parts = node["text"].split(BREAK)
        bare = not node.get("marks")
        parts = [_escaped(part) if bare and (fresh or i) else part for i, part in enumerate(parts)]
        text = BREAK.join(parts)
        fresh = node["text"].endswith(BREAK)
        out.append({**node, "text": text})
    return out


def _escaped(line: str) -> str:
    head = HEAD.match(line)
    for at in {len(line) - len(line.lstrip()), head.end() if head else 0}:
        if STARTS.match(line, at):
            return line[:at] + ESCAPE + line[at:]
    return line


def _table(node: Node, lost: set[str]) -> list[Node]:
    """A plain table as it is; one with merged or filled cells as a line of text for each row."""
    rows = [_content(row) for row in _content(node)]
    cells = [cell for row in rows for cell in row]
    plain = bool(rows) and len({len(row) for row in rows}) == 1 and bool(rows[0])
    plain &= all(cell.get("type") == ("tableHeader" if row is rows[0] else "tableCell") for row in rows for cell in row)
    plain &= all([child.get("type") for child in _content(cell)] in ([], ["paragraph"]) for cell in cells)
    plain &= all(_attrs(cell).get(key) in (None, 1) for cell in cells for key in ("colspan", "rowspan", "background"))
    texts = [[_cell(cell, lost) for cell in row] for row in rows]
    if plain:
        kinds = ["tableHeader"] + ["tableCell"] * (len(rows) - 1)
        return [{"type": "table", "content": [
            {"type": "tableRow", "content": [
                {"type": kind, "content": [{"type": "paragraph", "content": text}]} for text in row]}
            for kind, row in zip(kinds, texts, strict=True)]}]  # fmt: skip
    lost.add(NAMES["table"])
    bar = {"type": "text", "text": " / "}
    lines = [_merged([text for i, cell in enumerate(row) for text in ([bar] if i else []) + cell]) for row in texts]
    return [{"type": "paragraph", "content": line} for line in lines if line]


def _cell(cell: Node, lost: set[str]) -> list[Node]:
    texts: list[Node] = []
    for block in _flow(cell, lost):
        texts += [{"type": "text", "text": " "}] if texts else []
        texts += _leaves(block)
    if any(BREAK in text["text"] for text in texts):
        lost.add(NAMES["table"])
    return _merged([{**text, "text": text["text"].replace(BREAK, " ").replace(ESCAPE, "")} for text in texts])


def _leaves(node: Node) -> list[Node]:
    return [node] if node["type"] == "text" else [leaf for child in node.get("content", ()) for leaf in _leaves(child)]


def _paragraph(text: str, bold: bool = False) -> Node:
    marks = {"marks": [{"type": "strong"}]} if bold else {}
    return {"type": "paragraph", "content": [{"type": "text", "text": text, **marks}]}


def _kept(node: Node, content: list[Node]) -> Node:
    attrs = {key: _attrs(node)[key] for key in KEPT.get(node["type"], ()) if key in _attrs(node)}
    if node["type"] in {"taskList", "taskItem"}:
        attrs["localId"] = ""
    return {"type": node["type"], **({"attrs": attrs} if attrs else {}), "content": content}


def _name(node: Any) -> str:
    kind = str(node.get("type")) if isinstance(node, dict) else "?"
    return NAMES.get(kind, f"a part of type '{kind}'")


def _solid(text: str) -> str:
    return text.replace("\n", BREAK).replace(ESCAPE, "")


def _day(stamp: Any) -> str:
    try:
        return datetime.fromtimestamp(int(stamp) / 1000, UTC).date().isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return "date"
