"""An edit of a text in Jira changes the blocks that it is about, and leaves all others as Jira holds them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mappings.native_text import read_doc, read_wiki, write_doc, write_wiki
from mappings.richtext import canonical
from mappings.shape import Unwritable
from mappings.wiki import chunks
from sync.model import Kind
from tests.mappings.company import bound, record

FEW = settings(max_examples=settings().max_examples // 2)


def text(words: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": words, **({"marks": list(marks)} if marks else {})}


def block(kind: str, *content: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    return {"type": kind, **({"attrs": attrs} if attrs else {}), "content": list(content)}


def para(*content: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    return block("paragraph", *content, **attrs)


def items(kind: str, *words: str) -> dict[str, Any]:
    return block(kind, *(block("listItem", para(text(word))) for word in words), localId="7f")


def doc(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, **block("doc", *blocks)}


MENTION = {"type": "mention", "attrs": {"id": "5b10ann", "text": "@Ann", "accessLevel": "", "localId": "m1"}}
ASK = para(text("Ask "), MENTION)
PANEL = block("panel", para(text("Mind")), para(text("the gap")), panelType="info")
MERGED = block("table", block("tableRow", block("tableCell", para(text("wide")), colspan=2)))
MEDIA = block("mediaSingle", {"type": "media", "attrs": {"id": "f1", "alt": "logo"}}, layout="center")
CARD = {"type": "blockCard", "attrs": {"url": "https://acme.example/plan"}}
MACRO = {"type": "extension", "attrs": {"extensionKey": "chart", "extensionType": "com.acme"}}
RED = para(text("red", {"type": "textColor", "attrs": {"color": "#f00"}}))
COLUMNS = block(
    "layoutSection", block("layoutColumn", para(text("left")), width=50), block("layoutColumn", RED, width=50)
)
BLANK = {"type": "paragraph"}
DOCUMENT = doc(para(text("One"), localId="a"), ASK, PANEL, BLANK, para(text("Last"), localId="b"))

PLAIN_BLOCKS = [
    para(text("One"), localId="a"), para(text("Two")), para(text("Ask @Ann")), items("bulletList", "a", "b"),
    items("orderedList", "a"), block("heading", text("Goal"), level=2, localId="h"), BLANK, {"type": "rule"},
    block("blockquote", para(text("said"))), block("codeBlock", text("x = {a}")),
]  # fmt: skip
RICH_BLOCKS = [ASK, PANEL, MERGED, MEDIA, CARD, MACRO, RED, COLUMNS, para(text("Last "), MENTION)]
WIKI_PLAIN = [
    "One", "Two\nthree", "Ask @ann", "* a\n* b", "# a", "h2. Goal", "----", "bq. said", "{noformat}\nx\n{noformat}",
]  # fmt: skip
WIKI_RICH = [
    "Ask [~ann]", "{panel:title=Mind}\nthe\n\ngap\n{panel}", "|wide|\n|a|b|", "!logo.png|thumbnail!", "[^plan.pdf]",
    "{color:red}red{color}", "{info}\nnote\n{info}", "{code:title=a.py}\nx\n{code}", "* +under+\n** b",
    "{html}<b>x</b>{html}",
]  # fmt: skip


def blocks(markdown: str | None) -> list[str]:
    return (markdown or "").split("\n\n")


def test_only_the_edited_paragraph_of_a_document_is_new() -> None:
    written = write_doc("One more\n\nAsk @Ann\n\nMind\n\nthe gap\n\nLast", DOCUMENT)

    assert written == doc(para(text("One more")), *DOCUMENT["content"][1:])


def test_paragraphs_are_added_moved_and_removed_around_what_stays() -> None:
    written = write_doc("New\n\nMind\n\nthe gap\n\nAsk @Ann\n\n- [ ] a box", DOCUMENT)

    box = block("taskItem", text("a box"), localId="2", state="TODO")
    assert written == doc(para(text("New")), PANEL, BLANK, ASK, block("taskList", box, localId="1"))


def test_blank_lines_stay_where_they_are() -> None:
    held = doc(BLANK, para(text("a")), BLANK, para(text("b")), BLANK)

    assert write_doc("a\n\nc", held) == doc(BLANK, para(text("a")), BLANK, para(text("c")), BLANK)
    assert write_doc("c\n\nb", held) == doc(BLANK, para(text("c")), BLANK, para(text("b")), BLANK)


def test_lists_that_markdown_joins_stay_apart_in_jira() -> None:
    lists = "# a\n\n# b"

    assert canonical(read_wiki(lists) or "") == "1. a\n2. b"
    numbers, bullets = items("orderedList", "a"), items("bulletList", "a")
    assert write_doc("1. a\n2. a\n\n- a\n\n* a\n\nz", doc(numbers, numbers, bullets, bullets, para(text("y")))) == doc(
        numbers, numbers, bullets, bullets, para(text("z"))
    )
    assert write_wiki("Ask @ann\n\n1. a\n2. b\n\nc", f"Ask [~ann]\n\n{lists}") == f"Ask [~ann]\n\n{lists}\n\nc"


def test_new_boxes_take_no_local_id_that_is_taken() -> None:
    ticked = block("taskList", block("taskItem", text("a"), localId="2", state="DONE"), localId="1")

    written = write_doc("- [x] a\n\nthen\n\n- [ ] b", doc(ticked))

    assert written is not None
    assert written["content"][0] == ticked
    assert [node["attrs"]["localId"] for node in (written["content"][2], *written["content"][2]["content"])] == [
        "3",
        "4",
    ]


@pytest.mark.parametrize(
    ("wanted", "lost"),
    [
        ("One\n\nAsk @Bob\n\nMind\n\nthe gap\n\nLast", "a mention"),
        ("One\n\nAsk @Ann\n\nMind the gap\n\nLast", "a panel"),
        ("One\n\nAsk @Ann\n\nAsk @Ann\n\nMind\n\nthe gap", "a mention"),
        ("One", "a mention and a panel"),
        (None, "a mention and a panel"),
    ],
)
def test_an_edit_that_would_destroy_something_is_refused_and_names_it(wanted: str | None, lost: str) -> None:
    with pytest.raises(Unwritable, match=f"it holds {lost}, which this change would destroy"):
        write_doc(wanted, DOCUMENT)


def test_which_of_two_equal_texts_holds_the_mention_is_never_guessed() -> None:
    with pytest.raises(Unwritable, match="a mention"):
        write_doc("Ask @Ann\n\nmore", doc(ASK, para(text("Ask @Ann"))))


def test_a_text_within_a_longer_one_keeps_its_own_place() -> None:
    held = doc(RED, COLUMNS, para(text("Last")))

    assert write_doc("red\n\nleft\n\nred\n\nfirst", held) == doc(RED, COLUMNS, para(text("first")))
    assert write_doc("left\n\nred\n\nred", held) == doc(COLUMNS, RED)
    with pytest.raises(Unwritable, match="coloured text"):
        write_doc("left\n\nred\n\nLast", held)


def test_a_panel_whose_place_could_be_one_of_two_is_not_placed() -> None:
    twice = block("panel", para(text("a")), para(text("a")), panelType="info")

    with pytest.raises(Unwritable, match="a panel"):
        write_doc("a\n\na\n\na", doc(twice))


def test_a_refusal_reaches_people_with_the_name_of_the_field() -> None:
    held = record("jira", summary="Sale", description=DOCUMENT)
    put = bound("jira").put(Kind.CAMPAIGN, {"brief": "Ask Bob", "subject": "Go"}, held)

    assert put.refusals["brief"].reason == (
        "Description in Jira cannot be changed: it holds a mention and a panel, which this change would destroy; "
        "please make the change there."
    )


def test_an_edit_of_another_field_leaves_such_a_text_alone() -> None:
    held = record("jira", summary="Sale", description=DOCUMENT)
    values = {**bound("jira").get(held).values, "name": "Summer sale"}

    assert bound("jira").put(Kind.CAMPAIGN, values, held).fields == {"summary": "Summer sale"}


def test_wiki_text_keeps_its_lines_and_line_ends() -> None:
    raw = (
        "\r\nh1. Big\r\nAsk [~ann]\r\n* a\r\n* b\r\n\r\n\r\n{panel:title=Hey}\r\nMind\r\n\r\nme\r\n{panel}\r\nLast\r\n"
    )
    shown = canonical(read_wiki(raw) or "")
    assert shown == "# Big\n\nAsk @ann\n\n- a\n- b\n\n**Hey**\n\nMind\n\nme\n\nLast"

    assert write_wiki(shown, raw) == raw
    assert write_wiki(shown.replace("Last", "Last\n\n- c\n- d"), raw) == raw.rstrip() + "\r\n\r\n* c\r\n* d"
    assert write_wiki(shown.replace("Big", "Small"), raw) == raw.strip().replace("Big\r\n", "Small\r\n\r\n") + "\r\n"


@FEW
@given(data=st.data())
def test_all_blocks_outside_the_edited_one_are_the_same_in_a_document(data: st.DataObject) -> None:
    held = data.draw(st.lists(st.sampled_from([*PLAIN_BLOCKS, *RICH_BLOCKS]), max_size=6))
    at = data.draw(st.integers(0, len(held)))
    held.insert(at, para(text("this one"), localId="e"))
    shown = canonical(read_doc(doc(*held)) or "")
    assert shown is not None
    ambiguous = [node for node in held if node.get("content") == [text("Ask @Ann")]]
    assume(not (ambiguous and ASK in held))

    written = write_doc(shown.replace("this one", "that *one*"), doc(*held))

    changed = para(text("that "), text("one", {"type": "em"}))
    assert written == doc(*held[:at], changed, *held[at + 1 :])


@FEW
@given(data=st.data())
def test_all_lines_outside_the_edited_ones_are_the_same_in_wiki_text(data: st.DataObject) -> None:
    end, gap = data.draw(st.sampled_from([("\n", "\n\n"), ("\r\n", "\r\n\r\n\r\n")]))
    held = data.draw(st.lists(st.sampled_from([*WIKI_PLAIN, *WIKI_RICH]), max_size=6))
    at = data.draw(st.integers(0, len(held)))
    held.insert(at, "this *one*")
    assume(not {"Ask @ann", "Ask [~ann]"} <= set(held))
    raw = gap.join(part.replace("\n", end) for part in held)
    shown = canonical(read_wiki(raw) or "")
    assert shown is not None

    written = write_wiki(shown.replace("this **one**", "that one"), raw)

    assert written is not None
    sources = [chunk.source for chunk in chunks(raw)]
    place = sources.index("this *one*")
    assert [chunk.source for chunk in chunks(written)] == [*sources[:place], "that one", *sources[place + 1 :]]
    assert canonical(read_wiki(written) or "") == shown.replace("this **one**", "that one")


@FEW
@given(data=st.data())
def test_any_edit_is_read_back_as_it_was_meant_and_loses_nothing(data: st.DataObject) -> None:
    wiki = data.draw(st.booleans())
    pool: list[Any] = [*WIKI_PLAIN, *WIKI_RICH] if wiki else [*PLAIN_BLOCKS, *RICH_BLOCKS]
    held = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=5))
    raw: Any = "\n\n".join(held) if wiki else doc(*held)
    read: Any = read_wiki if wiki else read_doc
    pieces = [*blocks(canonical(read(raw) or "")), "new *text*", "- x\n- y", "Ask @Ann"]
    wanted = canonical("\n\n".join(data.draw(st.lists(st.sampled_from(pieces), max_size=7))))
    rich = [part for part in held if part in (WIKI_RICH if wiki else RICH_BLOCKS)]

    try:
        written: Any = (write_wiki if wiki else write_doc)(wanted, raw)
    except Unwritable:
        assert rich or wiki
        return

    assert canonical(read(written) or "") == wanted
    kept = [chunk.source for chunk in chunks(written or "")] if wiki else (written or {}).get("content", [])
    sources = [chunk.source for part in rich for chunk in chunks(part)] if wiki else rich
    assert all(kept.count(part) == sources.count(part) for part in sources)
