"""Rich text: one canonical form, nothing lost on the way through Jira and Airtable."""

from __future__ import annotations

from typing import Any

import pytest
from marklas.md.parser import normalize

from mappings.richtext import Unstable, canonical, from_adf, losses, to_adf
from sync.model import Kind
from tests.mappings.company import bound, record


def doc(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(blocks)}


def para(*inline: dict[str, Any]) -> dict[str, Any]:
    return {"type": "paragraph", "content": list(inline)}


def text(words: str, *marks: str) -> dict[str, Any]:
    return {"type": "text", "text": words, **({"marks": [{"type": mark} for mark in marks]} if marks else {})}


MENTION = {"type": "mention", "attrs": {"id": "5b10ann", "text": "@Ann"}}


@pytest.mark.parametrize(
    "spellings",
    [
        ("a\nb", "a  \nb", "a\\\nb\n"),
        ("- a\n- b", "* a\n* b\n", "+ a\n+ b"),
        ("# Goal", "Goal\n===="),
        ("---", "***"),
        ("**bold** and *lean*", "__bold__ and _lean_"),
        ("[x](http://a)", "[x](<http://a>)"),
        ("snake_case 2 * 3 < 4 [draft]", "snake\\_case 2 \\* 3 \\< 4 \\[draft\\]"),
        ("1. a\n2. b", "1) a\n2) b"),
    ],
)
def test_spellings_of_one_text_are_one_value(spellings: tuple[str, ...]) -> None:
    assert {canonical(each) for each in spellings} == {spellings[0]}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("> > deep", "> deep"),
        ("- > said", "- said"),
        ("- # goal\n- x", "- goal\n- x"),
        ("> # goal\n> text", "> goal\n>\n> text"),
        ("> - [ ] call\n> - [x] do", "> - [ ] call\n> - [x] do"),
        ("****twice****", "**twice**"),
    ],
)
def test_words_outlive_a_form_that_jira_has_not_in_that_place(typed: str, kept: str) -> None:
    assert canonical(typed) == kept
    assert canonical(from_adf(to_adf(kept))) == kept


@pytest.mark.parametrize("nothing", ["", " \n\t\n", "# ", "\r\n"])
def test_no_text_is_none(nothing: str) -> None:
    assert canonical(nothing) is None


@pytest.mark.parametrize(
    "kept",
    ["<b>not bold</b> here", "<div>x</div>\n**b**", "![logo](http://u/i.png)", "a &amp; b", "\\# no", "1\\. May",
     "- [ ] call\n- [x] do", "| a | b |\n| --- | --- |\n| 1 | 2 |", "```py\nx < 1\n```", "مرحبا 😀", "> a\n> b"],
)  # fmt: skip
def test_what_people_type_survives_a_trip_through_jira(kept: str) -> None:
    assert canonical(kept) == kept
    assert canonical(from_adf(to_adf(kept))) == kept


def test_jira_noise_does_not_make_another_value() -> None:
    plain = doc(para(text("Hello "), text("you", "strong")))
    noisy = doc(
        {"type": "paragraph", "attrs": {"localId": "8f"}, "content": [text("Hello"), text(" "), text("you", "strong")]},
        {"type": "paragraph"},
    )

    assert canonical(from_adf(plain)) == canonical(from_adf(noisy)) == "Hello **you**"
    assert losses(noisy) is None


def test_adf_has_no_empty_text_and_steady_ids() -> None:
    assert to_adf("- \n\n# \n\nx")["content"][0]["content"][0]["content"] == [{"type": "paragraph", "content": []}]
    assert to_adf("- [ ] a") == to_adf("- [ ] a")


def test_text_that_looks_like_a_block_stays_text() -> None:
    written = doc(para(text("# 1 seller"), {"type": "hardBreak"}, text("- not a list")))

    assert to_adf(from_adf(written)) == written


@pytest.mark.parametrize(
    ("node", "shown", "lost"),
    [
        (para(text("Ask "), MENTION), "Ask @Ann", "a mention"),
        ({"type": "panel", "attrs": {"panelType": "info"}, "content": [para(text("Mind"))]}, "Mind", "a panel"),
        ({"type": "expand", "attrs": {"title": "A"}, "content": [para(text("x"))]}, "**A**\n\nx", "an expandable part"),
        ({"type": "mediaSingle", "content": [{"type": "media", "attrs": {"alt": "a"}}]}, "📎 a", "an attachment"),
        (para({"type": "inlineCard", "attrs": {"url": "http://a"}}), "[http://a](http://a)", "a smart link"),
        (para({"type": "date", "attrs": {"timestamp": "1700000000000"}}), "2023-11-14", "a date chip"),
        (para(text("red", "underline")), "red", "underlined text"),
        ({"type": "novelty"}, "[novelty]", "a part of type 'novelty'"),
        (para({"type": "emoji", "attrs": {"shortName": ":smile:", "text": "😄"}}), "😄", None),
    ],
)  # fmt: skip
def test_what_markdown_lacks_reads_as_a_placeholder_and_is_named(
    node: dict[str, Any], shown: str, lost: str | None
) -> None:
    assert canonical(from_adf(doc(node))) == shown
    assert losses(doc(node)) == lost


def test_a_table_with_merged_cells_is_read_as_lines() -> None:
    cell = {"type": "tableCell", "attrs": {"colspan": 2}, "content": [para(text("wide"))]}
    rows = [{"type": "tableRow", "content": [cell, {"type": "tableCell", "content": [para(text("b"))]}]}]

    assert canonical(from_adf(doc({"type": "table", "content": rows}))) == "wide / b"
    assert losses(doc({"type": "table", "content": rows})) == "a table with special cells"


def test_a_text_with_a_mention_is_not_overwritten_in_jira() -> None:
    jira = bound("jira")
    held = record("jira", summary="Sale", description=doc(para(text("Ask "), MENTION)))

    unchanged = jira.put(Kind.CAMPAIGN, {"brief": "Ask @Ann"}, held)
    changed = jira.put(Kind.CAMPAIGN, {"brief": "Ask Bob", "name": "Sale!"}, held)

    assert unchanged.fields == {}
    assert unchanged.refusals == {}
    assert changed.fields == {"summary": "Sale!"}
    assert "a mention, which this change would destroy" in changed.refusals["brief"].reason


def test_a_text_with_a_mention_is_not_overwritten_in_airtable() -> None:
    airtable = bound("airtable")
    held = record("airtable", fldBrief='Ask <airtable:mention id="usrANN">@Ann</airtable:mention>')

    assert airtable.get(held).values["brief"] == "Ask @Ann"
    assert airtable.put(Kind.CAMPAIGN, {"brief": "Ask @Ann"}, held).refusals == {}
    assert "brief" in airtable.put(Kind.CAMPAIGN, {"brief": "Ask Bob"}, held).refusals


def test_text_that_cannot_be_read_says_so() -> None:
    odd = "- [ ] a\n    > b"
    with pytest.raises(Unstable, match="simplify"):
        canonical(odd)

    reading = bound("airtable").get(record("airtable", fldBrief=odd))

    assert "simplify" in reading.troubles["brief"]
    assert "brief" not in reading.values


@pytest.mark.parametrize("odd", [">" * 3000 + "x", "[" * 3000, "|a" * 2000 + "|\n" + "|-" * 2000 + "|", "\\" * 5000])
def test_monstrous_text_neither_hangs_nor_crashes(odd: str) -> None:
    try:
        shown = canonical(odd)
    except Unstable:
        return
    assert shown is None or canonical(shown) == shown


def test_one_needed_backslash_among_many_lines_leaves_the_others_without() -> None:
    lines = [f"snake_case_{number} of it" for number in range(24)]
    lines[17] = "\\*not lean\\*"
    typed = "\n".join(lines)

    assert canonical(typed) == typed
    assert canonical(from_adf(to_adf(typed))) == typed


@pytest.mark.parametrize(
    "markup",
    ["*_[`" * 1500, ("*_[`" * 25 + "\n") * 60, "> *_[` a\n" * 600],
    ids=["one line", "many lines", "quote"],
)
def test_a_long_text_of_markup_is_read_a_few_times_and_no_more(markup: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    tokenize = normalize.tokenize

    def counted(text: str) -> list[dict[str, Any]]:
        read.append(len(text))
        return tokenize(text)

    monkeypatch.setattr("mappings.richtext.tokenize", counted)
    shown = canonical(markup)

    assert len(markup) < sum(read) < 20 * len(markup)
    assert shown is not None
    assert canonical(shown) == shown
