"""Rich text in its native forms: Jira Cloud's documents, Data Center's wiki markup, Airtable's Markdown with marks.

Sources: reference jira §1 and §5.7, airtable §3.

A write keeps what is there: only the blocks that the new text changes are replaced (`mappings.splice`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

from mappings import airtable_text
from mappings.richtext import Unstable, canonical, from_adf
from mappings.shape import Unreadable, Unwritable, expect, units
from mappings.splice import Node, Part, splice
from mappings.wiki import Chunk, chunks, document
from mappings.wiki_text import wiki

TEXT_LIMIT = 32_767  # §5.7, a site's default; a text that is longer without its formatting is never taken


def read_doc(raw: Any) -> str | None:
    """The Markdown of a document."""
    doc = expect(raw, dict)
    try:
        return from_adf(doc) if doc else None
    except Unstable as why:
        raise Unreadable(str(why)) from None


def write_doc(text: str | None, raw: Any) -> Node | None:
    """The document for canonical Markdown, with the blocks of `raw` that need not change."""
    held = [node for node in raw["content"] if isinstance(node, dict)] if _is_doc(raw) else []

    def laid(parts: Sequence[Part]) -> list[Node]:
        return _numbered([held[part] if isinstance(part, int) else part for part in parts],
                         [part for part in parts if isinstance(part, int)], held)  # fmt: skip

    parts = _spliced([[node] for node in held], text, lambda parts: from_adf({"type": "doc", "content": laid(parts)}))
    doc = {"type": "doc", "version": 1, "content": laid(parts)} if parts else None
    _check(sum(units(words) for words in _words(doc)) if doc else 0)
    return doc


def read_wiki(raw: Any) -> str | None:
    """The Markdown of a wiki text."""
    text = expect(raw, str)
    try:
        return from_adf(document(text)) if text else None
    except Unstable as why:
        raise Unreadable(str(why)) from None


def write_wiki(text: str | None, raw: Any) -> str | None:
    """The wiki text for canonical Markdown, with the blocks of `raw` that need not change, character by character."""
    source = raw if isinstance(raw, str) else ""
    held = chunks(source)

    def laid(parts: Sequence[Part]) -> str:
        return _joined(parts, held, source, lambda node: wiki({"content": [node]}))

    parts = _spliced([chunk.nodes for chunk in held], text, lambda parts: from_adf(document(laid(parts))))
    markup = laid(parts) if parts else None
    _check(units(markup or ""))
    return markup


def read_marked(raw: Any) -> str | None:
    """The Markdown of a text in Airtable; whoever it mentions is there by the name that is shown."""
    text = expect(raw, str)
    return airtable_text.shown(text) if text else None


def write_marked(text: str | None, raw: Any) -> str | None:
    """Airtable's text for Markdown, with the blocks of `raw` that need not change, character by character.

    Where nothing would be lost, text that keeps no block stands as it was given: it may be one line and no Markdown.
    """
    source = raw if isinstance(raw, str) else ""
    beyond = airtable_text.beyond(source)
    if text and airtable_text.beyond(text):
        raise Unwritable("it would read this text as a mention; please write it in another way")
    if not beyond and "\n" not in (text or ""):
        return text
    held = _marked(source)

    def laid(parts: Sequence[Part]) -> str:
        return _joined(parts, held, source, lambda node: from_adf({"content": [node]}))

    parts = _spliced(
        [chunk.nodes for chunk in held], text, lambda parts: airtable_text.shown(laid(parts)),
        [airtable_text.beyond(chunk.source) for chunk in held],
    )  # fmt: skip
    return laid(parts) if any(isinstance(part, int) for part in parts) else text


def _marked(source: str) -> list[Chunk]:
    """The blocks of Airtable's text; one that cannot be read has none that may stay."""
    try:
        return airtable_text.chunks(source)
    except Unstable as why:
        if airtable_text.beyond(source):
            raise Unwritable(str(why)) from None
        return []


def _spliced(
    native: Sequence[Sequence[Node]],
    text: str | None,
    shown: Callable[[Sequence[Part]], str],
    beyond: Sequence[frozenset[str]] = (),
) -> list[Part]:
    try:
        return splice(native, text, lambda parts: canonical(shown(parts)), beyond)
    except Unstable as why:
        raise Unwritable(str(why)) from None


def _check(size: int) -> None:
    if size > TEXT_LIMIT:
        raise Unwritable(f"it holds at most {TEXT_LIMIT} characters, and this text has {size}")


def _is_doc(raw: Any) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("content"), list)


def _words(node: Node) -> Iterator[str]:
    yield str(node.get("text", ""))
    for child in node.get("content") or ():
        yield from _words(child) if isinstance(child, dict) else ()


def _numbered(nodes: list[Node], kept: list[int], held: list[Node]) -> list[Node]:
    """The nodes, new ones with local ids that no kept one has: by them Jira knows which box somebody ticks."""
    used = {id_ for i in kept for id_ in _local_ids(held[i])}
    ids = (str(number) for number in count(1) if str(number) not in used)
    stays = {id(held[i]) for i in kept}
    return [node if id(node) in stays else _renumbered(node, ids) for node in nodes]


def _local_ids(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        attrs = node.get("attrs")
        yield from [str(attrs["localId"])] if isinstance(attrs, dict) and "localId" in attrs else []
        content = node.get("content")
        for child in content if isinstance(content, list) else ():
            yield from _local_ids(child)


def _renumbered(node: Node, ids: Iterator[str]) -> Node:
    fresh = dict(node)
    if "localId" in node.get("attrs", {}):
        fresh["attrs"] = {**node["attrs"], "localId": next(ids)}
    if "content" in node:
        fresh["content"] = [_renumbered(child, ids) for child in node["content"]]
    return fresh


def _joined(parts: Sequence[Part], held: Sequence[Chunk], source: str, written: Callable[[Node], str]) -> str:
    """Kept blocks with what stood between them, new ones between blank lines; line ends as the text has them."""
    end = "\r\n" if "\r\n" in source else "\n"
    lead = len(source) - sum(len(chunk.source) + len(chunk.after) for chunk in held)
    out = source[:lead] if parts[:1] == [0] else ""
    for number, part in enumerate(parts):
        follows = parts[number + 1] if number + 1 < len(parts) else None
        if isinstance(part, int):
            out += held[part].source
            last = follows is None and part == len(held) - 1
            if last or follows == part + 1:
                out += held[part].after
                continue
        else:
            out += written(part).replace("\n", end)
        out += end * 2 if follows is not None else ""
    return out
