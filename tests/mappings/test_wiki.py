"""Wiki markup, the rich text of Jira Data Center: read as people meant it, written so that it says the same there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.bind import bind
from mappings.load import load
from mappings.native_text import read_wiki, write_wiki
from mappings.richtext import Unstable, canonical, losses
from mappings.shape import Unwritable
from mappings.wiki import chunks, document
from sync.model import Kind, Person, schema
from tests.mappings.company import NATIVE, PEOPLE, ZONE, record

FEW = settings(max_examples=settings().max_examples // 2)

PIECES = [
    *"ab *_`~[]()<>#-+|\\&.1!?^{}@", "\n", "\n\n", "**", "- ", "- [ ] ", "1. ", "> ", "\n    ", "http://x.y/a_b", "é😀",
    "שלום", "{code}", "{*}", "{color:red}", "{first_name}", "{{ merge }}", "*|FNAME|*", "h1. ", "bq. ", "(x)", "&#42;",
    "[~ann]", "||", "--", "??", "word ", "**bold**", "*lean*", "`code`", "~~gone~~", "[a](http://u)",
    "\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n", "\n\n```py\nx\n```\n\n", "\n\n# Goal\n\n", "\n\n---\n\n",
]  # fmt: skip


@pytest.mark.parametrize(
    ("wiki", "markdown"),
    [
        ("h2. Goal\nSell *more* of _it_", "## Goal\n\nSell **more** of *it*"),
        ("one\r\ntwo \\\\three\r\n\r\nfour\r\n", "one\ntwo\nthree\n\nfour"),
        ("* a\n** b\n*# c\n* d", "- a\n\n  - b\n\n  1. c\n\n- d"),
        ("# a\n# b\n\n- c\n- d", "1. a\n2. b\n\n- c\n- d"),
        ("* \\[ \\] call\n* [x] do", "- [ ] call\n- [x] do"),
        ("* a\n{code:sql}\nselect *\n{code}\n* b", "- a\n\n  ```sql\n  select *\n  ```\n\n- b"),
        ("||a||b||\n|1|[x|http://u]|", "| a | b |\n| --- | --- |\n| 1 | [x](http://u) |"),
        ("bq. said", "> said"),
        ("{quote}\na\n\n* b\n{quote}", "> a\n>\n> - b"),
        ("{noformat}*x*\n  y{noformat}", "```\n*x*\n  y\n```"),
        ("{code}x{code} {code:none}y{code}", "```\nx\n```\n\n```\ny\n```"),
        ("Run {code}x{code} now", "Run\n\n```\nx\n```\n\nnow"),
        ("----", "---"),
        ("-gone- {{a_b_c}} H{*}u{*}ge", "~~gone~~ `a_b_c` H**u**ge"),
        ("[http://a/b_c_d] http://a/b_c_d *http://x*", "[http://a/b_c_d](http://a/b_c_d) http://a/b_c_d **http://x**"),
        ("[word|http://u|tip] [mail|mailto:a@b.c]", '[word](http://u "tip") [mail](mailto:a@b.c)'),
        ("e-mail snake_case 2 * 3 a-b - c 5+5 x^2 wow!", "e-mail snake_case 2 * 3 a-b - c 5+5 x^2 wow!"),
        ("\\*no\\* \\{x} &#42; &amp; C:\\temp", "\\*no\\* {x} \\* & C:\\\\temp"),
        ("Hi {first_name}, {{ merge }} [draft] {x} y", "Hi {first_name}, {{ merge }} [draft] {x} y"),
        ("*bold", "*bold"),
        (" \r\n\r\n", None),
    ],
)
def test_wiki_text_reads_as_markdown(wiki: str, markdown: str | None) -> None:
    assert canonical(read_wiki(wiki) or "") == markdown
    assert losses(document(wiki)) is None


@pytest.mark.parametrize(
    ("wiki", "shown", "lost"),
    [
        ("Ask [~ann]", "Ask @ann", "a mention"),
        ("{panel:title=A|bgColor=#fff}\nx\n{panel}", "**A**\n\nx", "a panel"),
        ("{info}x{info}", "x", "a panel"),
        ("a {color:red}b{color}", "a b", "coloured text"),
        ("{color:red}\na\n\nb\n{color}", "a\n\nb", "coloured text"),
        ("!logo.png|thumbnail!", "📎 logo.png", "an attachment"),
        ("see [^plan.pdf]", "see 📎 plan.pdf", "an attachment"),
        ("+u+ ^up^ ~down~ ??who??", "u up down who", "a citation, raised or lowered text and underlined text"),
        ("{html}<b>x</b>{html}", "{html}", "a macro"),
        ("{chart:type=pie}", "{chart:type=pie}", "a macro"),
        ("{expand:title=More}x{expand}", "**More**\n\nx", "an expandable part"),
        ("{code:title=a.py|borderStyle=solid}x{code}", "```\nx\n```", "a code block's title or frame"),
        ("|a|b|\n|c|d|", "a / b\nc / d", "a table with special cells"),
        ("||a||b||\n|c \\\\ d|e|", "| a | b |\n| --- | --- |\n| c d | e |", "a table with special cells"),
        ("[a|http://u|smart-link]", "[http://u](http://u)", "a smart link"),
    ],
)
def test_what_markdown_lacks_reads_as_a_placeholder_and_is_named(wiki: str, shown: str, lost: str) -> None:
    assert losses(document(wiki)) == lost
    if lost != "a table with special cells":
        assert canonical(read_wiki(wiki) or "") == shown
    with pytest.raises(Unwritable, match=lost):
        write_wiki("other words", wiki)


@pytest.mark.parametrize(
    ("markdown", "wiki"),
    [
        (
            "{*} [x] {code} | a ~b ^c \\\\ {first_name}",
            "\\{\\*\\} \\[x\\] \\{code\\} \\| a \\~b \\^c \\ \\{first_name\\}",
        ),
        ("H**u**ge **b** http://a.b/c_d**x**", "H{*}u{*}ge *b* http://a.b/c_d{*}x{*}"),
        ("h1\\. no\nbq. no\n\\# no\n\\- no", "&#104;1. no\n&#98;q. no\n\\# no\n\\- no"),
        ("\\\\\\\\server\\\\share &amp;amp; (x) :)", "&#92;\\server\\share &#38;amp;amp; \\(x) :)"),
        ("- a\n  - b\n\n1. c", "* a\n** b\n\n# c"),
        ("```\n{noformat}\n```", "{code:none}\n{noformat}\n{code}"),
        ("مرحبا 😀 *שלום*", "مرحبا 😀 _שלום_"),
    ],
)
def test_signs_that_people_mean_literally_are_escaped(markdown: str, wiki: str) -> None:
    text = canonical(markdown)

    assert write_wiki(text, None) == wiki
    assert canonical(read_wiki(wiki) or "") == text


@pytest.mark.parametrize(
    ("markdown", "why"),
    [
        ("3. a\n4. b", "always begins with 1"),
        ("- a\n\n  b", "no second paragraph"),
        ("- - a", "words of its own"),
        ("[a](plan)", "cannot hold a link to 'plan'"),
        ("```py\n{code}\n```", "cannot hold the words that end it"),
        ("x" * 32_768, "at most 32767 characters"),
    ],
)
def test_what_wiki_text_has_not_is_refused_in_words(markdown: str, why: str) -> None:
    with pytest.raises(Unwritable, match=why):
        write_wiki(canonical(markdown), None)


def test_a_campaign_is_read_and_written_on_data_center() -> None:
    types = {"doc": "wiki", "user": "username"}
    native = {
        kind: tuple(replace(field, type=types.get(field.type, field.type)) for field in fields)
        for kind, fields in NATIVE["jira"].items()
    }
    people = (replace(PEOPLE[0], accounts={"jira": "ann"}), PEOPLE[1])
    jira = bind(load(None, "jira"), "jira", native, schema(), people, ZONE)
    epic = record("jira", summary="Sale", description="Ask [~ann]\r\n\r\n*Go*\r\n", assignee={"name": "ann"})

    reading = jira.get(epic)
    put = jira.put(Kind.CAMPAIGN, {**reading.values, "brief": "Ask @ann\n\n**Stop**", "owner": None}, epic)

    assert reading.values["brief"] == "Ask @ann\n\n**Go**"
    assert reading.values["owner"] == Person("ann")
    assert put.refusals == {}
    assert put.fields == {"description": "Ask [~ann]\r\n\r\n*Stop*", "assignee": None}
    assert jira.put(Kind.CAMPAIGN, reading.values, epic).fields == {}


def test_a_very_long_line_goes_through() -> None:
    line = canonical(("word *lean* {x} " * 300).strip())

    assert line is not None
    assert canonical(read_wiki(write_wiki(line, None)) or "") == line


@FEW
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_what_is_written_reads_as_it_was_meant(typed: str) -> None:
    try:
        text = canonical(typed)
        written = write_wiki(text, None)
    except (Unstable, Unwritable):
        return

    assert canonical(read_wiki(written) or "") == text
    assert write_wiki(text, written) == written


@FEW
@given(
    st.lists(st.sampled_from([*PIECES, "\r\n", "{panel}", "{quote}", "{noformat}", "* ", "!a!"]), max_size=14).map(
        "".join
    )
)
def test_the_blocks_of_any_text_are_all_of_it(typed: str) -> None:
    found = chunks(typed)

    joined = "".join(chunk.source + chunk.after for chunk in found)
    assert typed.endswith(joined)
    assert not typed[: len(typed) - len(joined)].strip()
    words = {word for word in ("bold", "lean", "gone", "word") if word in typed}
    assert all(word in (read_wiki(typed) or "") for word in words)


@pytest.mark.parametrize(
    "odd", ["*" * 9000, "[" * 9000, "{quote}" * 999, "{a}{b}{c}" * 900, "* a\n" * 900, "||" * 3000, "\\" * 9000]
)
def test_monstrous_text_neither_hangs_nor_crashes(odd: str) -> None:
    shown = read_wiki(odd)

    assert shown is None or isinstance(shown, str)
