"""Rich text in Jira: checking a document, its plain and wiki text, and what Jira adds to it (reference jira §5.7)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

JSON = dict[str, Any]

_INLINE = {
    "text", "hardBreak", "mention", "emoji", "date", "status", "inlineCard", "placeholder", "inlineExtension",
    "mediaInline",
}  # fmt: skip
_BLOCK = {
    "paragraph", "heading", "bulletList", "orderedList", "codeBlock", "blockquote", "rule", "panel", "table",
    "taskList", "decisionList", "expand", "mediaSingle", "mediaGroup", "blockCard", "embedCard", "extension",
    "bodiedExtension", "layoutSection",
}  # fmt: skip
_CHILDREN: dict[str, set[str]] = {
    "doc": _BLOCK,
    "paragraph": _INLINE,
    "heading": _INLINE,
    "codeBlock": {"text"},
    "bulletList": {"listItem"},
    "orderedList": {"listItem"},
    "listItem": {"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "taskList"},
    "blockquote": {"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "mediaGroup"},
    "panel": _BLOCK,
    "expand": _BLOCK | {"nestedExpand"},
    "table": {"tableRow"},
    "tableRow": {"tableCell", "tableHeader"},
    "tableCell": _BLOCK | {"nestedExpand"},
    "tableHeader": _BLOCK | {"nestedExpand"},
}
_FILLED = {"bulletList", "orderedList", "listItem", "blockquote", "table", "tableRow"}
_MARKS = {
    "strong", "em", "code", "strike", "underline", "link", "textColor", "backgroundColor", "subsup", "annotation",
    "border", "alignment", "indentation", "breakout",
}  # fmt: skip
_REQUIRED = {"mention": "id", "emoji": "shortName", "date": "timestamp", "status": "text", "heading": "level"}
_NOISY = {"paragraph", "heading", "bulletList", "orderedList", "listItem", "blockquote", "panel", "table", "taskItem"}


def is_document(value: Any) -> bool:
    """Whether Jira would take this as an Atlassian document: the outer shape only."""
    return (
        isinstance(value, dict)
        and value.get("type") == "doc"
        and value.get("version") == 1
        and isinstance(value.get("content"), list)
    )


def is_comment(value: Any) -> bool:
    """Whether this is a sound document with something in it."""
    return is_document(value) and is_valid(value) and bool(value["content"])


def is_valid(node: Any) -> bool:
    """Whether a node and everything in it is in order. Empty text, strange nodes, marks and nestings are not."""
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        return False
    kind, content = node["type"], node.get("content", [])
    if kind == "text":
        text_is_filled = isinstance(node.get("text"), str) and node["text"] != ""
        return text_is_filled and all(_mark_is_valid(mark) for mark in node.get("marks", []))
    if kind in _REQUIRED and _REQUIRED[kind] not in node.get("attrs", {}):
        return False
    if not isinstance(content, list) or (kind in _FILLED and not content):
        return False
    known = kind in _CHILDREN or kind in _INLINE or kind in _BLOCK or any(kind in kinds for kinds in _CHILDREN.values())
    allowed = _CHILDREN.get(kind)
    fitting = all(isinstance(child, dict) and (allowed is None or child.get("type") in allowed) for child in content)
    return known and fitting and all(is_valid(child) for child in content)


def _mark_is_valid(mark: Any) -> bool:
    if not isinstance(mark, dict) or mark.get("type") not in _MARKS:
        return False
    return mark["type"] != "link" or isinstance(mark.get("attrs", {}).get("href"), str)


def with_noise(document: JSON, salt: str) -> JSON:
    """The document as Jira gives it back: some nodes have got a `localId`. The same salt gives the same ids."""
    return _noisy(document, salt)


def _noisy(node: JSON, path: str) -> JSON:
    shown = dict(node)
    if "content" in node:
        shown["content"] = [_noisy(child, f"{path}/{index}") for index, child in enumerate(node["content"])]
    digest = sha256(path.encode()).hexdigest()
    if node["type"] in _NOISY and int(digest[0], 16) % 2:
        shown["attrs"] = {**node.get("attrs", {}), "localId": node.get("attrs", {}).get("localId", digest[1:13])}
    return shown


def plain(node: JSON | str | None) -> str:
    """The words of a document; blocks on lines of their own. Wiki text is taken as it is."""
    return node if isinstance(node, str) else _lines(node, lambda text, _: text) if node else ""


def wiki(node: JSON | None) -> str | None:
    """The document in wiki text, as version 2 of the API shows it."""
    if node is None:
        return None

    def marked(text: str, marks: list[JSON]) -> str:
        kinds = {mark["type"]: mark for mark in marks}
        for kind, sign in (("strong", "*"), ("em", "_"), ("strike", "-"), ("underline", "+")):
            text = f"{sign}{text}{sign}" if kind in kinds else text
        text = f"{{{{{text}}}}}" if "code" in kinds else text
        return f"[{text}|{kinds['link']['attrs']['href']}]" if "link" in kinds else text

    return _lines(node, marked, lists=True)


def _lines(node: JSON, marked: Any, lists: bool = False, prefix: str = "") -> str:
    kind, content = node["type"], node.get("content", [])
    if kind == "text":
        return str(marked(node["text"], node.get("marks", [])))
    if kind == "hardBreak":
        return "\n"
    if kind in ("mention", "status", "emoji"):
        return str(node.get("attrs", {}).get("text", ""))
    if kind in ("bulletList", "orderedList"):
        inner = prefix + ("*" if kind == "bulletList" else "#")
        return "\n".join(_lines(item, marked, lists, inner) for item in content)
    if kind == "listItem":
        head = f"{prefix} " if lists else ""
        return "\n".join(
            ("" if child["type"].endswith("List") else head) + _lines(child, marked, lists, prefix) for child in content
        )
    if kind == "heading" and lists:
        return f"h{node['attrs']['level']}. " + "".join(_lines(child, marked, lists, prefix) for child in content)
    joint = "" if kind in ("paragraph", "heading", "codeBlock") else "\n\n" if kind == "doc" else "\n"
    return joint.join(_lines(child, marked, lists, prefix) for child in content)


_INLINES = re.compile(
    r"\*\*(?P<strong>.+?)\*\*|\*(?P<em>[^*\s](?:.*?[^*\s])?)\*|`(?P<code>[^`]+)`|\[(?P<link>[^\]]+)\]\((?P<href>[^)\s]+)\)"
)
_LIST_LINE = re.compile(r"\s*(?:(?P<bullet>[-*+])|(?P<number>\d+)\.)\s+(?P<rest>.*)")


def from_markdown(text: str) -> JSON | None:
    """The document of a simple Markdown text: paragraphs, headings, flat lists, bold, italic, code, links."""
    blocks: list[JSON] = []
    for part in re.split(r"\n\s*\n", text.strip()):
        if not part.strip():
            continue
        blocks.extend(_blocks(part.splitlines()))
    return {"type": "doc", "version": 1, "content": blocks} if blocks else None


def from_plain(text: str) -> JSON | None:
    """The document of a text without any markup, as version 2 of the API stores it here."""
    paragraphs = [part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    content = [_paragraph(_broken(part.splitlines())) for part in paragraphs]
    return {"type": "doc", "version": 1, "content": content} if content else None


def _broken(lines: list[str]) -> list[JSON]:
    """Lines of text with a hard break between two of them."""
    nodes = [node for line in lines for node in ([_text(line)] if line else []) + [{"type": "hardBreak"}]]
    return nodes[:-1]


def _blocks(lines: list[str]) -> Iterable[JSON]:
    loose: list[str] = []
    items: list[JSON] = []
    kind = ""
    for line in [*lines, None]:
        match = _LIST_LINE.fullmatch(line) if line is not None else None
        found = "" if match is None else "bulletList" if match["bullet"] else "orderedList"
        if items and found != kind:
            attrs = {"attrs": {"order": 1}} if kind == "orderedList" else {}
            yield {"type": kind, **attrs, "content": items}
            items = []
        if loose and (found or line is None):
            yield _paragraph(_inline(" ".join(loose)))
            loose = []
        kind = found
        if match is not None:
            items = [*items, {"type": "listItem", "content": [_paragraph(_inline(match["rest"]))]}]
        elif line is not None and (heading := re.fullmatch(r"(#{1,6})\s+(.*)", line)):
            yield {"type": "heading", "attrs": {"level": len(heading[1])}, "content": _inline(heading[2])}
        elif line is not None:
            loose.append(line)


def _paragraph(content: list[JSON]) -> JSON:
    return {"type": "paragraph", "content": content}


def _text(text: str, *marks: JSON) -> JSON:
    return {"type": "text", "text": text} | ({"marks": list(marks)} if marks else {})


def _inline(text: str) -> list[JSON]:
    out: list[JSON] = []
    at = 0
    for match in _INLINES.finditer(text):
        if match.start() > at:
            out.append(_text(text[at : match.start()]))
        if match["link"]:
            out.append(_text(match["link"], {"type": "link", "attrs": {"href": match["href"]}}))
        else:
            kind = str(match.lastgroup)
            out.append(_text(match[kind], {"type": kind}))
        at = match.end()
    if at < len(text):
        out.append(_text(text[at:]))
    return out
