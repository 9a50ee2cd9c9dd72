"""The words of the conflict report: short subjects, printable lines, safe links, and who owns what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.digest_words import SUBJECT_LENGTH, ownership, plain, stages_phrase, subject, web_address
from sync.findings import Claim, Finding, FindingKind, Severity

RECORD = "https://airtable.com/appX/recA"


def owned(title: str, claims: tuple[Claim, ...] = ()) -> Finding:
    return Finding(FindingKind.UNKNOWN_OWNER, Severity.WARNING, "s1", title, "", detail_key="ann", claims=claims)


def test_a_claim_names_the_owner_and_an_odd_title_does_no_harm() -> None:
    named = owned("Design of Spring", claims=(Claim("jira", "Zoe"),))
    odd = owned("who belongs to")

    assert ownership(named) == ("Zoe", "Design of Spring")
    assert ownership(odd) == ("ann", "who belongs to")


@given(
    st.text(max_size=60),
    st.lists(st.sampled_from(["12 conflicts", "1 audience clash", "x" * 70])),
    st.integers(0, 9999),
)
def test_subjects_stay_short_and_keep_the_state(workspace: str, shorts: list[str], new: int) -> None:
    line = subject(workspace, shorts, new)

    assert len(line) <= SUBJECT_LENGTH
    assert line == plain(line)
    assert (shorts[0][:30] if shorts else "all tools agree") in line


@given(st.text(), st.integers(2, 50))
def test_plain_text_is_one_printable_line(text: str, longest: int) -> None:
    line = plain(text, longest)

    assert len(line) <= longest
    assert len(line.splitlines()) <= 1
    assert plain(line, longest) == line
    line.encode()


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//host/x",
        "https://",
        "http://[broken",
        'https://a.example/" onclick="x',
        "https://a.example/\r\nBcc: x",
    ],
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert web_address(url) is None
    assert web_address(RECORD) == RECORD


@pytest.mark.parametrize(
    ("unowned", "missing", "said"),
    [
        (1, 0, "1 stage has nobody"),
        (0, 1, "1 stage is not planned"),
        (0, 3, "3 stages are not planned"),
        (8, 26, "8 stages have nobody, 26 are not planned"),
        (1, 1, "1 stage has nobody, 1 is not planned"),
    ],
)
def test_unowned_and_missing_stages_are_told_apart(unowned: int, missing: int, said: str) -> None:
    assert stages_phrase(unowned, missing) == said
