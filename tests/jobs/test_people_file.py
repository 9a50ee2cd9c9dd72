"""Confirmed suggestions in people.toml: what is written, what is kept, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.people_file import confirm, edited
from jobs.people_suggestions import Confidence, Suggestion
from sync.errors import ConfigError

FILE = """\
# Who is who. Ask Marta before you change it.
[[people]]   # the manager
id = "ann"
name = "Ann Lee"
email = "ann@acme.example"
[people.accounts]
jira = "5b10"   # not the old one

# Bob came later
[[people]]
id = "bob"
name = "Bob Ray"
email = "bob@acme.example"
accounts = { airtable = "usr1" }

[[people]]
name = "Cat"
id = "cat"
# the end
"""
TOOLS = {"jira", "airtable"}


def known(person: str, *aliases: str, **accounts: str) -> Suggestion:
    return Suggestion(person, person, "", Confidence.CERTAIN, accounts, aliases)


def new(person: str, *aliases: str, email: str = "", active: bool = True, **accounts: str) -> Suggestion:
    return Suggestion(
        person, person.title(), "", Confidence.CERTAIN, accounts, aliases, new=True, email=email, active=active
    )


def lines(before: str, after: str) -> list[str]:
    """What is added; nothing may be gone, or stand in another order."""
    rest = iter(after.splitlines())
    added = []
    for line in before.splitlines():
        for other in rest:
            if other == line:
                break
            added.append(other)
        else:
            raise AssertionError(f"{line!r} is gone")
    return [line for line in (*added, *rest) if line]


def test_an_account_goes_to_the_others_and_every_comment_stays_where_it_was() -> None:
    after = edited(FILE, [known("ann", airtable="usr9")])

    assert after == FILE.replace("one\n", 'one\nairtable = "usr9"\n')


def test_every_way_to_write_the_file_is_kept() -> None:
    chosen = [known("ann", "Annie", "Ä \"q\""), known("cat", jira="5c")]  # fmt: skip

    assert lines(FILE, edited(FILE, chosen)) == [
        'aliases = ["Annie", "Ä \\"q\\""]', "[people.accounts]", 'jira = "5c"']  # fmt: skip
    assert 'accounts = { airtable = "usr1", jira = "5b"}' in edited(FILE, [known("bob", jira="5b")])
    assert 'accounts.jira = "q"\naccounts.airtable = "u"' in edited(
        '[[people]]\nid="cat"\nname="Cat"\naccounts.jira = "q"\n', [known("cat", airtable="u")]
    )
    assert edited('people = [\n  { id = "ann", name = "A" }, # a\n]\n', [new("eve", jira="5")]) == (
        'people = [\n  { id = "ann", name = "A" }, # a\n  {id = "eve",name = "Eve",accounts = {jira = "5"}},\n]\n'
    )


def test_aliases_are_added_to_those_that_are_there() -> None:
    once = edited(FILE, [known("ann", "Annie")])

    assert 'aliases = ["Annie", "Lee A."]' in edited(once, [known("ann", "Annie", "Lee A.")])
    assert edited(once, [known("ann", "Annie")]) == once


@pytest.mark.parametrize("text", ["", "# nobody yet\n", FILE, FILE.rstrip()])
def test_somebody_new_comes_last(text: str) -> None:
    after = edited(text, [new("eve", "E", email="eve@x.example", jira="5e"), new("fay", active=False)])

    assert lines(text, after) == [
        "[[people]]", 'id = "eve"', 'name = "Eve"', 'email = "eve@x.example"', 'aliases = ["E"]',
        "[people.accounts]", 'jira = "5e"', "[[people]]", 'id = "fay"', 'name = "Fay"', "active = false",
    ]  # fmt: skip


def test_line_ends_of_windows_and_its_mark_stay(tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    file.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())

    confirm(file, [known("cat", jira="5c")], TOOLS)

    held = file.read_bytes()
    assert held.startswith(b"\xef\xbb\xbf# Who")
    assert held.count(b"\n") == held.count(b"\r\n")


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (known("zed", jira="1"), 'has no person "zed" any more'),
        (new("ann", jira="1"), 'has a person "ann" by now'),
        (known("ann", jira="1"), "Ann Lee has another Jira account by now"),
        (known("cat", jira="5b10"), "is the account of Ann Lee as well"),
        (known("cat", "ann  LEE"), '"ann  LEE" is what Ann Lee is called as well'),
        (known("cat", klaviyo="1"), 'is not a known tool'),
        (new("eve", email="eve"), "must be an email address"),
    ],
)  # fmt: skip
def test_what_does_not_fit_any_more_leaves_the_file_alone(tmp_path: Path, chosen: Suggestion, said: str) -> None:
    file = tmp_path / "people.toml"
    file.write_text(FILE, "utf-8")

    with pytest.raises(ConfigError) as refused:
        confirm(file, [known("ann", airtable="usr9"), chosen], TOOLS)

    assert said in str(refused.value)
    assert "Run: campaign-sync people suggest" in str(refused.value)
    assert file.read_text("utf-8") == FILE
    assert [each.name for each in tmp_path.iterdir()] == ["people.toml"]


def test_the_file_is_replaced_in_one_step_and_stays_what_it_was(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "people.toml"
    real.write_text(FILE, "utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    held = real.open("r", encoding="utf-8")

    assert confirm(link, [known("cat", jira="5c")], TOOLS)
    assert not confirm(link, [known("cat", jira="5c")], TOOLS)

    with held:
        assert held.read() == FILE
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["people.toml", "real.toml"]


def test_a_file_that_cannot_be_written_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written: No such file or directory"):
        confirm(tmp_path / "people.toml", [known("cat", jira="5c")], TOOLS)
