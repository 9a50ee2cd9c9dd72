"""Rich text: the canonical form of Markdown, and ADF to Markdown and back.

The canonical form is what rendering gives after parsing, so that two tools that spell one text differently hold one
value. A single line break is a line break (as people type in Airtable), raw HTML is text, and images stay as they are
written. Empty text is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import marklas
from marklas.ast import Doc
from marklas.md.parser.block import dispatch_blocks
from marklas.md.parser.ir import collect, is_doc
from marklas.md.parser.normalize import normalize_blocks, tokenize

from mappings.adf import BREAK, ESCAPE, presentable, tidy

ROUNDS = 24
TRIALS = 16  # how often lines of one block are tried without their escapes
TRIED = 20_000  # characters that are read for these trials
ESCAPED = re.compile(r"\\([*_\[\]`~<])")
CONTAINER = re.compile(r"^(?:[ ]*(?:>|[-*+]|\d+\.)[ ]+)*[ ]*")
HOLDERS = {"list_item", "task_list_item", "block_quote"}
LINK = re.compile(r"\]\(<([^\s<>()\\]+)>([ )])")


class Unstable(ValueError):
    """Markdown whose spelling never settles; the text says so for a person."""


@lru_cache(maxsize=4096)
def canonical(markdown: str) -> str | None:
    """The canonical form. canonical(canonical(m)) == canonical(m), also after a trip through ADF.

    Parsing and rendering is repeated until it repeats itself. Should spellings alternate, the shortest one stands
    for all of them, which keeps the laws for any text. Raises Unstable if the spelling grows without end.
    """
    seen = [_lines(markdown)]
    for _ in range(ROUNDS):
        text = _render(_meaning(seen[-1]))
        if text in seen:
            return min(seen[seen.index(text) :], key=lambda spelling: (len(spelling), spelling)) or None
        seen.append(text)
    raise Unstable("its Markdown cannot be brought into one form; please simplify it")


def parse(markdown: str) -> dict[str, Any]:
    """Markdown as an ADF document that Jira accepts (reference jira §5.7: no empty text nodes)."""
    try:
        blocks = normalize_blocks(_plain_tokens(tokenize(_lines(markdown))))
        return tidy(marklas.render_adf(Doc(content=collect(dispatch_blocks(blocks), is_doc))))
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as why:
        # whatever people type must not stop a run
        raise Unstable("its Markdown cannot be read; please simplify it") from why


@lru_cache(maxsize=16)
def _meaning(markdown: str) -> dict[str, Any]:
    """What `parse` gives, to be compared and not to be changed: the same few spellings are asked for in every round."""
    return parse(markdown)


def from_adf(doc: dict[str, Any]) -> str:
    """The Markdown of an ADF document. Parts without a Markdown form become readable placeholders."""
    return _render(presentable(doc)[0])


def losses(doc: Any) -> str | None:
    """In words, what `from_adf` could only show as a placeholder; None when nothing."""
    lost = presentable(doc)[1] if isinstance(doc, dict) else ()
    return in_words(lost) if lost else None


def in_words(lost: Iterable[str]) -> str:
    """Some names as one phrase: a mention, a panel and a table."""
    names = sorted(lost)
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def to_adf(markdown: str) -> dict[str, Any]:
    """The ADF document for canonical Markdown."""
    return parse(markdown)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace(BREAK, "").replace(ESCAPE, "").strip("\n")


def _render(doc: dict[str, Any]) -> str:
    """Markdown of a document, with only the escapes it needs."""
    shown, _ = presentable(doc)
    try:
        text = marklas.to_md(shown, plain=True)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as why:
        raise Unstable("its formatting cannot be read; please simplify it") from why
    text = "\n".join(_broken(line) for line in text.rstrip().split("\n"))
    return _unescaped(LINK.sub(r"](\1\2", text.replace(ESCAPE, "\\")))


def _broken(line: str) -> str:
    """A line with its hard breaks as line breaks, continued under the same quote or list item."""
    if BREAK not in line:
        return line
    lead = CONTAINER.match(line)
    indent = re.sub(r"[^>\s]", " ", lead.group()) if lead else ""
    return ("\n" + indent).join(part.strip(" ") if i else part for i, part in enumerate(line.split(BREAK)))


def _unescaped(text: str) -> str:
    """The text without the backslashes that change nothing, tried block by block and line by line."""
    if not ESCAPED.search(text):
        return text
    bare = "\n\n".join(_bare(block.split("\n")) for block in text.split("\n\n"))
    return bare if _meaning(bare) == _meaning(text) else text


def _bare(lines: list[str]) -> str:
    """A block with as few backslashes as keep its meaning when it stands alone; in a long one fewer are tried away."""
    text, bare = "\n".join(lines), ESCAPED.sub(r"\1", "\n".join(lines))
    if text == bare:
        return text
    meaning = _meaning(text)
    if _meaning(bare) == meaning:
        return bare
    escaped = [i for i, line in enumerate(lines) if ESCAPED.search(line)]
    groups = _halves(escaped)
    for _ in range(min(TRIALS, TRIED // len(text))):
        if not groups:
            break
        group = groups.pop()
        trial = [ESCAPED.sub(r"\1", line) if i in group else line for i, line in enumerate(lines)]
        if parse("\n".join(trial)) == meaning:
            lines = trial
        else:
            groups += _halves(group)
    return "\n".join(lines)


def _halves(places: list[int]) -> list[list[int]]:
    """The two halves of some places, the first one last; none of a single place."""
    half = (len(places) + 1) // 2
    return [places[half:], places[:half]] if len(places) > 1 else []


def _plain_tokens(tokens: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parser's tokens with HTML and images turned back into the text people typed, and every line break kept."""
    plain: list[dict[str, Any]] = []
    for token in tokens:
        kind = token.get("type")
        if kind == "softbreak":
            plain.append({"type": "linebreak"})
        elif kind == "inline_html":
            plain.append({"type": "text", "raw": token["raw"]})
        elif kind == "image":
            plain.append({"type": "text", "raw": _image(token)})
        elif kind == "block_html":
            plain.append({"type": "paragraph", "children": _text_lines(token["raw"])})
        elif kind in HOLDERS:
            held = _held(token["children"])
            held = [_unboxed(each) for each in held] if kind == "block_quote" else held
            plain.append({**token, "children": _plain_tokens(held)})
        elif "children" in token:
            plain.append({**token, "children": _plain_tokens(token["children"])})
        else:
            plain.append(token)
    return plain


def _held(tokens: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks of a quote or a list item as Atlassian's documents can hold them there: words go before their form."""
    held: list[dict[str, Any]] = []
    for token in tokens:
        kind = token.get("type")
        if kind == "heading":
            held.append({"type": "paragraph", "children": token["children"]})
        elif kind == "block_quote":
            held += _held(token["children"])
        elif kind == "table":
            held.append({"type": "paragraph", "children": _row_lines(token)})
        elif kind != "thematic_break":
            held.append(token)
    return held


def _unboxed(token: dict[str, Any]) -> dict[str, Any]:
    """A list of boxes to tick as a list of words, the boxes among them: a quote holds no boxes."""
    if token.get("type") not in {"list", "list_item", "task_list_item"}:
        return token
    children = [_unboxed(child) for child in token["children"]]
    if token["type"] != "task_list_item":
        return {**token, "children": children}
    box = {"type": "text", "raw": "[x] " if token.get("attrs", {}).get("checked") else "[ ] "}
    first = children[0] if children else {"type": "block_text", "children": []}
    return {"type": "list_item", "children": [{**first, "children": [box, *first["children"]]}, *children[1:]]}


def _row_lines(table: dict[str, Any]) -> list[dict[str, Any]]:
    """A table as a line of text for each row."""
    rows = [row for part in table["children"] for row in ([part] if part["type"] == "table_head" else part["children"])]
    lines: list[dict[str, Any]] = []
    for row in rows:
        lines += [{"type": "linebreak"}] if lines else []
        for number, cell in enumerate(row["children"]):
            lines += [{"type": "text", "raw": " / "}] if number else []
            lines += cell["children"]
    return lines


def _text_lines(raw: str) -> list[dict[str, Any]]:
    lines = raw.strip("\n").split("\n")
    pairs = [({"type": "text", "raw": line}, {"type": "linebreak"}) for line in lines]
    return [token for pair in pairs for token in pair][:-1]


def _image(token: dict[str, Any]) -> str:
    alt = "".join(str(child.get("raw", "")) for child in token.get("children", ()))
    attrs = token.get("attrs", {})
    title = f' "{attrs["title"]}"' if attrs.get("title") else ""
    return f"![{alt}]({attrs.get('url', '')}{title})"
