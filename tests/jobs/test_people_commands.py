"""`campaign-sync people`: what it lists, suggests and writes, and how it answers to what is wrong."""
# Long because each command is tried with what is right, what is wrong, and what is not there.

from __future__ import annotations

import json
import os
import pty
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from pydantic import SecretStr

from jobs.cli import app
from jobs.settings import load_settings
from jobs.tools import tool_types
from sync.errors import Unavailable
from sync.model import Kind
from sync.ports import Member, NativeField, NativeSchema
from tests.jobs.conftest import Office
from tests.jobs.notebook import MAPPING, Notebook, NotebookConnector, NotebookOptions

PEOPLE = """\
# Ask Marta first.
[[people]]
id = "ann"
name = "Ann Lee"
email = "ann@acme.example"   # by heart

[[people]]
id = "bob"
name = "Bob Ray"
email = ""
active = false
"""
ANN = {"id": "usr-ann", "email": "Ann@acme.example", "name": "A. Lee"}


class RosterConnector(NotebookConnector):
    """A notebook with an owner, a writer in plain text, and members in `<file>.members`, when there is such a file."""

    def schema(self) -> NativeSchema:
        people = NativeField("Owner", "Owner", "singleCollaborator"), NativeField("Writer", "Writer", "singleLineText")
        return {Kind.CAMPAIGN: (*super().schema()[Kind.CAMPAIGN], *people)}

    def members(self) -> Sequence[Member]:
        file = self.file.with_suffix(".members")
        if not file.exists():
            raise Unavailable(f"{self.tool} does not list its members now.")
        return [Member(**each) for each in json.loads(file.read_text("utf-8"))]


class Roster(Notebook):
    """What the entry point names."""

    name = "roster"

    def build(self, tool: str, options: NotebookOptions, token: SecretStr | None) -> NotebookConnector:
        return RosterConnector(tool, options.file)


factory = Roster()


@pytest.fixture
def desk(office: Office) -> Office:
    """The left notebook knows people, the right one does not. Ann and a Zed own campaigns; Bo. Ray writes one."""
    entries = office.packages / "notebook-1.dist-info/entry_points.txt"
    entries.write_text(entries.read_text("utf-8") + f"roster = {__name__}:factory\n", "utf-8")
    tool_types.cache_clear()
    text = office.config.read_text("utf-8").replace('"notebook"\nfile = "left', '"roster"\nfile = "left')
    text = text.replace('mapping = "mapping.toml"\n\n[tools.right', 'mapping = "people-mapping.toml"\n\n[tools.right')
    office.write("campaign-sync.toml", text + '\n[custom.campaign.writer]\ntype = "person"\n')
    office.write("people-mapping.toml", f'{MAPPING}owner = {{ field = "Owner" }}\nwriter = {{ field = "Writer" }}\n')
    office.write("people.toml", PEOPLE)
    office.write("left.members", json.dumps([{"native": "usr-bob", "name": "Ray, Bob", "active": False}]))
    zed = {"id": "usr-zed", "email": "zed@x.example", "name": "Zed"}
    office.put(
        "left",
        a={"Name": "One", "Owner": ANN, "Writer": "Bob R."},
        b={"Name": "Two", "Owner": zed, "Writer": "Ann Lee"},
        c={"Name": "Three", "Owner": zed},
    )
    return office


def people(desk: Office) -> dict[str, Any]:
    return {p.id: p for p in load_settings(Path("campaign-sync.toml")).people}


def test_the_list_tells_in_which_tools_everybody_is_known(desk: Office) -> None:
    shown, told = desk.call("people"), json.loads(desk.call("people", "--json").stdout)

    assert shown.exit_code == 0
    assert (
        shown.stdout
        == f"""\
2 people in {desk.folder / "people.toml"}

               Left
Ann Lee (ann)  address
Bob Ray (bob)  -        not active

"address": no account is listed; they are recognised where the tool shows their address.
No Left account is listed for Ann Lee.
To find them: campaign-sync people suggest
"""
    )
    assert told["tools"] == ["left"]
    assert [(p["id"], p["missing"], p["active"]) for p in told["people"]] == [
        ("ann", ["left"], True), ("bob", ["left"], False)]  # fmt: skip


def test_suggestions_are_numbered_with_their_reasons_and_nothing_is_written(desk: Office) -> None:
    before = desk.rows("left")

    shown = desk.call("people", "suggest")

    assert shown.exit_code == 0
    assert (
        shown.stdout
        == """\
For people of the directory
  1  Ann Lee: Left account usr-ann (A. Lee)
     certain: the same address, Ann@acme.example
  2  Bob Ray: Left account usr-bob (Ray, Bob)
     likely: the same name, "Ray, Bob"; deactivated in Left: nothing can be given to them there
  3  Bob Ray: also called "Bob R." in Left
     perhaps: "Bob R." is nearly "Bob Ray"

New people, whom records name
  4  Zed: zed@x.example, Left account usr-zed
     named by 2 records

Nothing has been written. To write some of them: campaign-sync people confirm 1 2 3
To write all that share an address: campaign-sync people confirm --all-by-email
"""
    )
    assert (desk.rows("left"), (desk.folder / "people.toml").read_text("utf-8")) == (before, PEOPLE)


def test_what_is_confirmed_is_written_and_nothing_else(desk: Office) -> None:
    desk.call("people", "suggest")

    done = desk.call("people", "confirm", "1", "3-4", "1")

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "+ Ann Lee: Left account usr-ann (A. Lee)", '+ Bob Ray: also called "Bob R." in Left',
        "+ Zed: zed@x.example, Left account usr-zed",
        f"Written to {desk.folder / 'people.toml'}. The next run goes by it: campaign-sync sync",
    ]  # fmt: skip
    held = people(desk)
    assert (held["ann"].accounts, held["bob"].accounts) == ({"left": "usr-ann"}, {})
    assert (held["bob"].aliases, held["zed"].email) == (("Bob R.",), "zed@x.example")
    assert "# Ask Marta first.\n" in (desk.folder / "people.toml").read_text("utf-8")
    assert desk.call("people", "confirm", "1").stdout.endswith("people.toml has all of that already.\n")
    assert "  1  Bob Ray: Left account usr-bob" in desk.call("people", "suggest").stdout


def test_a_number_means_what_was_shown_also_when_the_tools_have_moved_on(desk: Office) -> None:
    desk.call("people", "suggest")
    desk.write("left.members", "[]")
    desk.put("left")

    desk.call("people", "confirm", "4")

    assert people(desk)["zed"].accounts == {"left": "usr-zed"}


def test_an_address_is_enough_to_confirm_unseen_where_nothing_speaks_against_it(desk: Office) -> None:
    done = json.loads(desk.call("people", "confirm", "--all-by-email", "--json").stdout)

    assert done["written"] == ["Ann Lee: Left account usr-ann (A. Lee)"]
    assert {name: dict(person.accounts) for name, person in people(desk).items()} == {
        "ann": {"left": "usr-ann"}, "bob": {}}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Say which: the numbers that `people suggest` showed, --all-by-email, or --interactive."),
        (["1", "--all-by-email"], "Say which"),
        (["0"], "The last `people suggest` showed no number 0. Its numbers go from 1 to 4."),
        (["2-9"], "showed no number 5"),
        (["one"], '"one" is no number of a suggestion. Write them like this: 1 3, or 1-9.'),
        (["--interactive"], "--interactive needs a terminal. Use numbers instead: campaign-sync people suggest"),
    ],
)
def test_a_confirmation_that_means_nothing_is_refused(desk: Office, arguments: list[str], told: str) -> None:
    desk.call("people", "suggest")

    refused = desk.call("people", "confirm", *arguments)

    assert refused.exit_code == 1
    assert told in refused.stderr
    assert (desk.folder / "people.toml").read_text("utf-8") == PEOPLE


def test_a_number_before_any_suggestion_is_refused(desk: Office) -> None:
    refused = desk.call("people", "confirm", "1")

    assert (refused.exit_code, "no number means anything. Run: campaign-sync people suggest" in refused.stderr) == (
        1, True)  # fmt: skip


def test_a_tool_that_cannot_be_read_is_told_and_leaves_out_only_itself(desk: Office) -> None:
    (desk.folder / "left.members").unlink()
    without_members = desk.call("people", "suggest")
    (desk.folder / "left.json").unlink()
    without_records = desk.call("people", "suggest", "--json")

    assert (without_members.exit_code, without_records.exit_code) == (1, 1)
    assert "! Left could not be read: the list of its members: left does not list its members now." in (
        without_members.stdout
    )
    assert "  1  Ann Lee" in without_members.stdout
    assert json.loads(without_records.stdout)["suggestions"] == []


def test_an_empty_directory_is_filled_from_the_tools(desk: Office) -> None:
    (desk.folder / "people.toml").unlink()
    missing = desk.call("people")
    desk.write("people.toml", "")
    listed = desk.call("people")
    desk.call("people", "suggest")
    done = desk.call("people", "confirm", "1-4")

    assert missing.exit_code == 1
    assert "Make it, empty, and fill it from your tools with `campaign-sync people suggest`" in missing.stderr
    assert "Nobody is in" in listed.stdout
    assert done.exit_code == 0, done.stderr
    assert {"a-lee", "zed", "bob-r", "ann-lee"} == set(people(desk))


def test_a_stranger_is_flagged_with_the_way_to_get_to_know_them_until_they_are_known(desk: Office) -> None:
    def strangers() -> list[dict[str, Any]]:
        assert desk.call("sync").exit_code == 0
        found = json.loads(desk.call("report", "--json").stdout)["findings"]
        return [finding for finding in found if finding["kind"] == "unknown_owner"]

    before = strangers()
    desk.call("people", "suggest")
    desk.call("people", "confirm", "4")

    assert len(before) == 2
    assert all("`campaign-sync people suggest` finds who that may be" in each["advice"] for each in before)
    assert strangers() == []


def test_nothing_to_suggest_is_said(desk: Office) -> None:
    desk.put("left")
    desk.write("left.members", "[]")

    assert desk.call("people", "suggest").stdout == "Nothing to suggest: everybody is known.\n"


@contextmanager
def terminal() -> Iterator[tuple[IO[bytes], IO[str]]]:
    """A terminal: the keys of whoever sits at it, and what a program reads."""
    keys, screen = pty.openpty()
    with os.fdopen(keys, "r+b", buffering=0) as ours, os.fdopen(screen, encoding="utf-8") as theirs:
        yield ours, theirs


@pytest.mark.parametrize(
    ("typed", "written"),
    [(b"y\nn\nq\n", ["ann"]), (b"y\n\x04", ["ann"]), (b"n\nno\n\nx\n", [])],
    ids=["quit", "end of input", "no"],
)
def test_at_a_terminal_each_is_asked_for(
    desk: Office,
    typed: bytes,
    written: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with terminal() as (keys, stdin):
        monkeypatch.setattr(sys, "stdin", stdin)
        keys.write(typed)
        code = app(["people", "confirm", "--interactive"], standalone_mode=False)

    said = capsys.readouterr()
    assert code == 0, said.err
    assert "Write this? [y/N/q]" in said.out
    assert [name for name, person in people(desk).items() if person.accounts] == written


class CtrlC:
    """A terminal at which somebody says yes once and then presses Ctrl-C."""

    def __init__(self) -> None:
        self.lines = ["y\n"]

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        if not self.lines:
            raise KeyboardInterrupt
        return self.lines.pop()


def test_an_interruption_between_two_questions_writes_nothing(
    desk: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", CtrlC())

    code = app(["people", "confirm", "--interactive"], standalone_mode=False)

    said = capsys.readouterr()
    assert code == 130
    assert "  2  " in said.out
    assert "stopped; nothing half-written" in said.err
    assert (desk.folder / "people.toml").read_text("utf-8") == PEOPLE
