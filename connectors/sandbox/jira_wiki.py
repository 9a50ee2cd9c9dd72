"""Wiki text on its way in: what version 2 of Jira Cloud's API makes of it (reference jira §1)."""

from __future__ import annotations

import re
from typing import Any

JSON = dict[str, Any]

_INLINES = re.compile(
    r"\{\{(?P<code>[^{}]+)\}\}|\[(?P<link>[^\]|]+)\|(?P<href>[^\]\s]+)\]"
    r"|(?<!\w)(?:\*(?P<strong>\S(?:.*?\S)?)\*|_(?P<em>\S(?:.*?\S)?)_|\+(?P<underline>\S(?:.*?\S)?)\+)(?!\w)"
)
_ITEM = re.compile(r"(?P<sign>[*#]) +(?P<rest>.+)")
_HEADING = re.compile(r"h(?P<level>[1-6])\. +(?P<rest>.+)")
_LISTS = {"*": "bulletList", "#": "orderedList"}


def document(text: str) -> JSON | None:
    """The document of wiki text: paragraphs, headings, flat lists, bold, italic, underlined, code, links."""
    blocks: list[JSON] = []
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        loose: list[str] = []
        for line in part.splitlines():
            item, heading = _ITEM.fullmatch(line), _HEADING.fullmatch(line)
            if item is None and heading is None:
                loose.append(line)
                continue
            blocks += _paragraph(loose)
            loose = []
            if heading is not None:
                attrs = {"level": int(heading["level"])}
                blocks.append({"type": "heading", "attrs": attrs, "content": _inline(heading["rest"])})
            elif item is not None:
                _listed(blocks, _LISTS[item["sign"]], item["rest"])
        blocks += _paragraph(loose)
    return {"type": "doc", "version": 1, "content": blocks} if blocks else None


def _listed(blocks: list[JSON], kind: str, text: str) -> None:
    """One more item of the list that the last block is, or of a new one."""
    if not blocks or blocks[-1]["type"] != kind:
        blocks.append({"type": kind, "content": []} | ({"attrs": {"order": 1}} if kind == "orderedList" else {}))
    blocks[-1]["content"].append({"type": "listItem", "content": [{"type": "paragraph", "content": _inline(text)}]})


def _paragraph(lines: list[str]) -> list[JSON]:
    """A paragraph with hard breaks between its lines; none for no lines."""
    nodes = [node for line in lines for node in (*_inline(line), {"type": "hardBreak"})][:-1]
    return [{"type": "paragraph", "content": nodes}] if any("text" in node for node in nodes) else []


def _inline(text: str) -> list[JSON]:
    out: list[JSON] = []
    at = 0
    for match in _INLINES.finditer(text):
        if match.start() > at:
            out.append({"type": "text", "text": text[at : match.start()]})
        kind = str(match.lastgroup)
        if kind == "href":
            mark: JSON = {"type": "link", "attrs": {"href": match["href"]}}
            out.append({"type": "text", "text": match["link"], "marks": [mark]})
        else:
            out.append({"type": "text", "text": match[kind], "marks": [{"type": kind}]})
        at = match.end()
    return [*out, {"type": "text", "text": text[at:]}] if at < len(text) else out
