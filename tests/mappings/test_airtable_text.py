"""An edit of a text in Airtable changes the blocks that it is about, and leaves all others as Airtable holds them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mappings.airtable_text import beyond, chunks, shown
from mappings.native_text import read_marked, write_marked
from mappings.richtext import canonical
from mappings.shape import Unwritable
from sync.model import Kind
from tests.mappings.company import bound, record

FEW = settings(max_examples=settings().max_examples // 2)
ANN = '<airtable:mention id="menAnn">@Ann</airtable:mention>'
BRIEF = f"# Goal\nSell more\nand sooner\n* a\n* b\n\n> > deep\n\nAsk {ANN} first\n\n```py\nx\n\ny\n```\nLast\n"
SHOWN = "# Goal\n\nSell more\nand sooner\n\n- a\n- b\n\n> deep\n\nAsk @Ann first\n\n```py\nx\n\ny\n```\n\nLast"
PLAIN = [
    "One", "Two\nthree", "Ask @Ann", "* a\n* b", "1) a\n2) b", "Goal\n====", "***", "> > said", "```\nx\n\ny\n```",
    "- a\n\n  more\n\n- b", "    code", "__bold__ \\* <b>", "| a | b |\n|---|---|\n| 1 | 2 |",
]  # fmt: skip
RICH = [f"Ask {ANN}", f"* a\n* {ANN}", f"> **{ANN}**", f"# For {ANN}", f"| {ANN} | b |\n|---|---|\n| 1 | 2 |",
        "See <airtable:file id='x'/>", "<airtable:mention id='two'>@two\n\nlines</airtable:mention>"]  # fmt: skip


def read(raw: str | None) -> str:
    return canonical(read_marked(raw) or "") or ""


def test_only_the_edited_paragraph_is_new() -> None:
    assert read(BRIEF) == SHOWN

    assert write_marked(SHOWN.replace("Last", "The *end*"), BRIEF) == BRIEF.replace("\nLast\n", "\n\nThe *end*")
    assert write_marked(SHOWN.replace("# Goal", "# Goals"), BRIEF) == BRIEF.replace("# Goal\n", "# Goals\n\n")


def test_paragraphs_are_added_moved_and_removed_around_a_mention() -> None:
    wanted = "Ask @Ann first\n\n- [ ] a box\n\n# Goal"

    assert write_marked(wanted, BRIEF) == f"Ask {ANN} first\n\n- [ ] a box\n\n# Goal"


def test_line_ends_and_blank_lines_stay_as_they_are() -> None:
    raw = f"\r\none\r\n\r\n\r\nAsk {ANN}  \r\n\r\nlast\r\n"

    assert (
        write_marked("one\n\nAsk @Ann\n\nlast\n\nnew", raw) == f"\r\none\r\n\r\n\r\nAsk {ANN}  \r\n\r\nlast\r\n\r\nnew"
    )


@pytest.mark.parametrize(
    ("wanted", "raw", "lost"),
    [
        (SHOWN.replace("Ask @Ann", "Ask @Bob"), BRIEF, "a mention"),
        ("Goal", BRIEF, "a mention"),
        (None, BRIEF, "a mention"),
        ("Ask @Ann\n\nmore", f"Ask {ANN}\n\nAsk @Ann", "a mention"),
        ("new", f"<airtable:file id='x'/>\n\n{ANN}", "a mention and a part of type 'file'"),
    ],
)
def test_an_edit_that_would_destroy_something_is_refused_and_names_it(wanted: str | None, raw: str, lost: str) -> None:
    with pytest.raises(Unwritable, match=f"it holds {lost}, which this change would destroy"):
        write_marked(wanted, raw)


def test_a_text_that_cannot_be_read_keeps_its_mention_and_is_overwritten_without_one() -> None:
    odd = "- [ ] a\n    > b"

    assert write_marked("one\n\ntwo", odd) == "one\n\ntwo"
    with pytest.raises(Unwritable, match="simplify"):
        write_marked("one\n\ntwo", f"{odd}\n\n{ANN}")


def test_text_that_airtable_would_take_for_a_mention_is_not_written() -> None:
    with pytest.raises(Unwritable, match="as a mention"):
        write_marked(f"Type {ANN} there", None)


def test_a_refusal_reaches_people_with_the_name_of_the_field() -> None:
    held = record("airtable", fldBrief=BRIEF)
    put = bound("airtable").put(Kind.CAMPAIGN, {"brief": "Ask Bob"}, held)

    assert put.refusals["brief"].reason == (
        "Brief in Airtable cannot be changed: it holds a mention, which this change would destroy; "
        "please make the change there."
    )


def test_a_mention_over_several_blocks_is_not_cut() -> None:
    raw = "one\n\n<airtable:mention id='x'>@a\n\nb</airtable:mention>\n\nlast"

    assert [chunk.source for chunk in chunks(raw)] == [raw]
    with pytest.raises(Unwritable, match="a mention"):
        write_marked("one\n\n@a\n\nb\n\nfirst", raw)


@FEW
@given(data=st.data())
def test_all_blocks_outside_the_edited_one_are_the_same(data: st.DataObject) -> None:
    held = data.draw(st.lists(st.sampled_from([*PLAIN, *RICH[:-1]]), max_size=5))
    at = data.draw(st.integers(0, len(held)))
    held.insert(at, "this *one*")
    assume(not {PLAIN[2], RICH[0]} <= set(held))
    # What is indented after an item belongs to it, and lists of one kind are one list.
    listed = [part[:1] in {"*", "-", "1", " "} for part in held]
    assume(not any(before and after for before, after in itertools.pairwise(listed)))
    raw = "\n\n".join(held)

    written = write_marked(read(raw).replace("this *one*", "that **one**"), raw)

    assert written == "\n\n".join([*held[:at], "that **one**", *held[at + 1 :]])


@FEW
@given(data=st.data())
def test_any_edit_is_read_back_as_it_was_meant_and_loses_nothing(data: st.DataObject) -> None:
    held = data.draw(st.lists(st.sampled_from([*PLAIN, *RICH]), min_size=1, max_size=5))
    raw = data.draw(st.sampled_from(["\n\n", "\n"])).join(held)
    pieces = [*read(raw).split("\n\n"), "new *text*", "- x\n- y", "Ask @Ann"]
    wanted = canonical("\n\n".join(data.draw(st.lists(st.sampled_from(pieces), max_size=7))))

    try:
        written = write_marked(wanted, raw)
    except Unwritable:
        assert beyond(raw)
        return

    assert read(written) == (wanted or "")
    assert (written or "").count("<airtable:") == raw.count("<airtable:")


@pytest.mark.parametrize("raw", [*PLAIN, *RICH, BRIEF, "", "\n \n"])
def test_the_blocks_are_the_text_from_its_first_one_on(raw: str) -> None:
    found = chunks(raw)

    assert raw.endswith("".join(chunk.source + chunk.after for chunk in found))
    assert canonical(shown(raw)) == canonical(shown("".join(chunk.source + chunk.after for chunk in found)))
