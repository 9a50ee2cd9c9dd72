"""An edit of rich text block by block: what a tool keeps natively stays, only the blocks that the edit changes are new.

Laws, for every document and text: the kept blocks are the very objects that were given; read back, the outcome is the
wanted text. Where these cannot be had for certain, `Unwritable` names what overwriting would destroy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from mappings.adf import presentable
from mappings.richtext import Unstable, canonical, from_adf, in_words, parse
from mappings.shape import Unwritable

Node = dict[str, Any]
Part = int | Node  # the place of a block that stays, or a new block


@dataclass(frozen=True, slots=True)
class Block:
    """Native blocks that are one in Markdown, mostly a single one: their places in the native text, the document
    nodes that they mean, what of these Markdown cannot express, and how Markdown shows them."""

    held: tuple[int, ...]
    nodes: tuple[Node, ...]
    lost: frozenset[str]
    shown: tuple[str, ...]

    @classmethod
    def of(cls, held: Sequence[int], nodes: Sequence[Node], beyond: frozenset[str] = frozenset()) -> Block:
        """The block of these places and nodes, and of what is lost with it `beyond` the nodes. Raises Unstable."""
        doc = {"type": "doc", "version": 1, "content": list(nodes)}
        lost = beyond.union(presentable(doc)[1])
        return cls(tuple(held), tuple(nodes), lost, tuple(_keys(canonical(from_adf(doc)))))


def splice(
    native: Sequence[Sequence[Node]],
    text: str | None,
    whole: Callable[[Sequence[Part]], str | None],
    beyond: Sequence[frozenset[str]] = (),
) -> list[Part]:
    """The parts, in order, that make a native text show `text`.

    `native` is the document nodes of each native block, `beyond` names what each holds that its nodes do not tell.
    `whole` reads parts back: it tells the canonical text that they would show together. Raises Unwritable when a block
    with more than Markdown can express would not survive.
    """
    fresh: list[Node] = parse(text)["content"] if text else []
    more = [*beyond, *[frozenset[str]()] * (len(native) - len(beyond))]
    lost = _lost(native).union(*more)
    try:
        blocks = _parted([Block.of([at], nodes, more[at]) for at, nodes in enumerate(native)])
        if blocks and text:
            parts = _aligned(blocks, fresh)
            if whole(parts) == text:
                return parts
    except Unstable:
        pass
    if lost:
        raise Unwritable(_destroys(lost))
    return list(fresh)


def _lost(native: Sequence[Sequence[Node]]) -> frozenset[str]:
    return frozenset(presentable({"content": [node for nodes in native for node in nodes]})[1])


def _destroys(lost: frozenset[str]) -> str:
    return f"it holds {in_words(lost)}, which this change would destroy; please make the change there"


def _keys(text: str | None) -> list[str]:
    """The blocks of a canonical text as something to compare; local ids are noise."""
    return [_key(node) for node in (parse(text)["content"] if text else ())]


def _key(node: Node) -> str:
    return json.dumps(bare(node), sort_keys=True)


def bare(node: Any) -> Any:
    """A node, or a list of them, without local ids, by which no text differs from another."""
    if isinstance(node, dict):
        return {key: bare(held) for key, held in node.items() if key != "localId"}
    return [bare(each) for each in node] if isinstance(node, list | tuple) else node


def _parted(blocks: list[Block]) -> list[Block] | None:
    """The blocks such that each is shown alone as it is among the others; None when there is no such way."""
    nodes = [node for block in blocks for node in block.nodes]
    together = _keys(canonical(from_adf({"type": "doc", "version": 1, "content": nodes})))
    ways = (blocks, _joined(blocks))
    return next((way for way in ways if together == [key for block in way for key in block.shown]), None)


def _joined(blocks: list[Block]) -> list[Block]:
    """The blocks with lists that follow each other joined where they are one list to Markdown."""
    joined: list[Block] = []
    last = 0  # the last one that shows anything
    for block in blocks:
        if block.shown and joined and _lists(joined[last].nodes[-1:] + block.nodes[:1]):
            run = [*joined[last:], block]
            places = [place for one in run for place in one.held]
            lost = frozenset(name for one in run for name in one.lost)
            both = Block.of(places, [node for one in run for node in one.nodes], lost)
            if both.shown != joined[last].shown + block.shown:
                joined[last:] = [both]
                continue
        joined.append(block)
        last = len(joined) - 1 if block.shown else last
    return joined


def _lists(nodes: Sequence[Node]) -> bool:
    kinds = {node.get("type") for node in nodes}
    return len(kinds) == 1 and kinds <= {"bulletList", "orderedList", "taskList"}


def _aligned(blocks: list[Block], fresh: list[Node]) -> list[Part]:
    """The wanted blocks with those that are there already in their native form.

    A block with more than Markdown can express has its place where its text stands: all blocks of that text must be
    there again, as many as before. The others are matched as a comparison of two files matches lines.
    """
    wanted = [_key(node) for node in fresh]
    place = _anchors(blocks, wanted)
    free = [i for i, block in enumerate(blocks) if i not in place and block.shown]
    taken = {at + k for i, at in place.items() for k in range(len(blocks[i].shown))}
    gaps = [at for at in range(len(wanted)) if at not in taken]
    single = [i for i in free if len(blocks[i].shown) == 1]
    matcher = SequenceMatcher(None, [blocks[i].shown[0] for i in single], [wanted[at] for at in gaps], autojunk=False)
    for a, b, size in matcher.get_matching_blocks():
        place |= {single[a + k]: gaps[b + k] for k in range(size)}
    laid = _laid(blocks, fresh, place)
    return [each for part in laid for each in (blocks[part].held if isinstance(part, int) else (part,))]


def _anchors(blocks: list[Block], wanted: list[str]) -> dict[int, int]:
    """Where the blocks that must not be lost are to stand, by their number; Unwritable names those without a place."""
    place: dict[int, int] = {}
    lost: frozenset[str] = frozenset()
    before: list[str | None] = [key for block in blocks for key in block.shown]
    after: list[str | None] = list(wanted)
    rich = {block.shown: None for block in blocks if block.lost and block.shown}
    # A longer text may hold a shorter one, whose own places are those that are left.
    for shown in sorted(rich, key=len, reverse=True):
        alike = [i for i, block in enumerate(blocks) if block.shown == shown]
        there = _taken(shown, after)
        if there is not None and len(alike) == len(there) == len(_taken(shown, before) or ()):
            place |= dict(zip(alike, there, strict=True))
        else:
            lost = lost.union(*(blocks[i].lost for i in alike))
    if lost:
        raise Unwritable(_destroys(lost))
    return place


def _taken(shown: Sequence[str], among: list[str | None]) -> list[int] | None:
    """Where a text stands, by its first block; these places are then taken. None when two of them overlap."""
    size = len(shown)
    found = [at for at in range(len(among) - size + 1) if among[at : at + size] == [*shown]]
    if any(later - at < size for at, later in pairwise(found)):
        return None
    for at in found:
        among[at : at + size] = [None] * size
    return found


def _laid(blocks: list[Block], fresh: list[Node], place: dict[int, int]) -> list[Part]:
    """Kept and new blocks in the order that is wanted. What shows nothing stays beside a neighbour that stays."""
    kept = {at: i for i, at in place.items()}
    ahead: dict[int, list[int]] = {}
    behind: dict[int, list[int]] = {}
    seen = [i for i, block in enumerate(blocks) if block.shown]
    for i in (i for i, block in enumerate(blocks) if not block.shown):
        before = max((each for each in seen if each < i), default=-1)
        after = min((each for each in seen if each > i and each in place), default=len(blocks))
        if before == -1 or before in place:
            behind.setdefault(before, []).append(i)
        else:
            ahead.setdefault(after, []).append(i)
    parts: list[Part] = list(behind.get(-1, ()))
    at = 0
    while at < len(fresh):
        if at in kept:
            parts += [*ahead.get(kept[at], ()), kept[at], *behind.get(kept[at], ())]
            at += len(blocks[kept[at]].shown)
        else:
            parts.append(fresh[at])
            at += 1
    return [*parts, *ahead.get(len(blocks), ())]
