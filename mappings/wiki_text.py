"""Writes the document of a Markdown text as wiki markup, every sign that people mean literally escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mappings.shape import Unwritable
from mappings.wiki_inline import TARGET, URL

Node = dict[str, Any]

SIGNS = {"strong": "*", "em": "_", "strike": "-"}
SPECIAL = r"\-\#*_+?^~|%{}()!@\[\]"
ICONS = r"\((?=(?:[yni/x!+\-?*]|\*[rgby]|on|off|flag|flagoff)\))"
# A sign that would open something where it stands; signs within words and between blanks open nothing.
PLAIN = re.compile(
    rf"""(?P<url>{URL}) | (?P<amp>&(?=\#?\w+;)) | (?P<slash>\\(?=[{SPECIAL}\\]|\Z)) | (?P<sign>[{{}}\[\]|])
    | (?P<open>(?<![^\W_])[*_+^~!-](?=\S|\Z) | --+ | \?\?+ | {ICONS})""",
    re.VERBOSE,
)
INSIDE = re.compile(
    rf"""(?P<url>{URL}) | (?P<amp>&(?=\#?\w+;)) | (?P<slash>\\(?=[{SPECIAL}\\]|\Z))
    | (?P<sign>[{{}}\[\]|]) | (?P<open>[*_+^~!?-] | {ICONS})""",
    re.VERBOSE,
)
START = re.compile(r"(?P<list>[*#-]+(?=\s|\Z))|(?P<word>h(?=[1-6]\.)|b(?=q\.))")
EDGE = re.compile(r"[^\W_]|\\")
ADDRESS = re.compile(rf"{URL}\Z")
BEFORE = re.compile(rf"(?:[^\W_]|\\|{URL}[^\s{{}}\[\]|<>\"\\]*)\Z")


def wiki(doc: Node) -> str:
    """The wiki markup of a document that Markdown can express; raises Unwritable for what wiki markup has not."""
    return "\n\n".join(_block(node) for node in doc.get("content", ()))


def _block(node: Node) -> str:
    match node["type"]:
        case "paragraph":
            return _lines(node)
        case "heading":
            return f"h{node['attrs']['level']}. {_runs(node['content'])}"
        case "rule":
            return "----"
        case "codeBlock":
            return _code(node)
        case "blockquote":
            return "{quote}\n" + wiki(node) + "\n{quote}"
        case "table":
            return "\n".join(_row(row) for row in node["content"])
        case "bulletList" | "orderedList" | "taskList":
            return "\n".join(_items(node, ""))
    raise Unwritable(f"wiki text has nothing for a part of type '{node['type']}'")


def _code(node: Node) -> str:
    language = node.get("attrs", {}).get("language")
    text = "".join(child["text"] for child in node.get("content", ()))
    forms = (
        [(f"{{code:{language}}}", "{code}")] if language else [("{noformat}", "{noformat}"), ("{code:none}", "{code}")]
    )
    for opening, closing in forms:
        if closing not in text and not re.search(r"[{}|=\n]", language or ""):
            return f"{opening}\n{text}\n{closing}"
    raise Unwritable("a code block in wiki text cannot hold the words that end it")


def _row(row: Node) -> str:
    cells = row["content"]
    bar = "||" if cells and cells[0]["type"] == "tableHeader" else "|"
    texts = [_runs([child for block in cell["content"] for child in block.get("content", ())]) for cell in cells]
    return bar + bar.join(text if text.strip() else " " for text in texts) + bar


def _items(node: Node, above: str) -> Iterator[str]:
    """The lines of a list and of the lists below it."""
    kind, at = node["type"], above + ("#" if node["type"] == "orderedList" else "*")
    if kind == "orderedList" and node.get("attrs", {}).get("order", 1) != 1:
        raise Unwritable("a numbered list in wiki text always begins with 1")
    for item in node["content"]:
        if item["type"] == "taskList":
            yield from _items(item, at)
        elif item["type"] == "taskItem":
            box = "x" if item["attrs"].get("state") == "DONE" else " "
            yield f"{at} \\[{box}\\] {_runs(item.get('content', ()))}"
        else:
            yield from _item(item, at)


def _item(item: Node, at: str) -> Iterator[str]:
    first, rest = item["content"][0], item["content"][1:]
    if first["type"] != "paragraph":
        raise Unwritable("an item of a list in wiki text begins with words of its own")
    yield f"{at} {_lines(first)}"
    for block in rest:
        if block["type"] == "codeBlock":
            yield _code(block)
        elif block["type"] in ("bulletList", "orderedList", "taskList"):
            yield from _items(block, at)
        else:
            raise Unwritable("an item of a list in wiki text has no second paragraph")


def _lines(node: Node) -> str:
    """The lines of a paragraph, none of which begins another block."""
    return "\n".join(START.sub(_start, line, count=1) if START.match(line) else line
                     for line in _runs(node.get("content", ())).split("\n"))  # fmt: skip


def _start(found: re.Match[str]) -> str:
    return f"\\{found[0]}" if found["list"] else f"&#{ord(found[0])};"


def _runs(nodes: Any) -> str:
    """Texts with their marks. Signs of emphasis stand in braces where they touch a word."""
    out = ""
    for number, node in enumerate(nodes):
        if node["type"] == "hardBreak":
            out += "\n"
            continue
        follows = nodes[number + 1] if number + 1 < len(nodes) else {}
        out += _run(node, out, "" if follows.get("marks") else follows.get("text", "")[:1])
    return out


def _run(node: Node, before: str, after: str) -> str:
    marks = {mark["type"]: mark for mark in node.get("marks", ())}
    if not marks:
        return PLAIN.sub(_escaped, node["text"])
    link = marks.get("link")
    if link and marks.keys() == {"link"} and link["attrs"] == {"href": node["text"]} and ADDRESS.match(node["text"]):
        return f"[{node['text']}]"
    text = INSIDE.sub(_escaped, node["text"])
    if "code" in marks:
        text = f"{{{{{text}}}}}"
    touching = bool(BEFORE.search(before) or EDGE.match(after) or re.search(URL, text))
    for kind in ("strike", "em", "strong"):
        if kind in marks:
            sign = f"{{{SIGNS[kind]}}}" if touching and not link else SIGNS[kind]
            text = f"{sign}{text}{sign}"
    return _linked(text, link["attrs"]) if link else text


def _linked(text: str, attrs: Node) -> str:
    href, title = attrs["href"], attrs.get("title")
    if not TARGET.match(href) or re.search(r"[|\[\]{}\\]", f"{href}{title or ''}"):
        raise Unwritable(f"wiki text cannot hold a link to '{href}'")
    return f"[{text}|{href}|{title}]" if title else f"[{text}|{href}]"


def _escaped(found: re.Match[str]) -> str:
    if found["url"]:
        return found[0]
    if found["amp"] or found["slash"]:
        return f"&#{ord(found[0])};"
    return "".join(f"\\{sign}" for sign in found[0])
