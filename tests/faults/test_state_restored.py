"""The state is lost, emptied, or put back from a backup: no work of people is undone, and nothing is made twice."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.findings import FindingKind
from tests.e2e.native import MANAGER, create
from tests.faults.company import TOOLS, Crew

pytest_plugins = ["tests.faults.office"]
CAMPAIGNS = ["Alpha", "Beta", "Gamma"]


def parts(crew: Crew) -> list[Path]:
    """The state's file and what SQLite keeps beside it."""
    return sorted(crew.config.parent.glob("state.db*"))


def kept(crew: Crew, folder: Path) -> Path:
    """A backup of the state."""
    folder.mkdir()
    with sqlite3.connect(crew.config.parent / "state.db") as source, sqlite3.connect(folder / "state.db") as copy:
        source.backup(copy)
    source.close()
    copy.close()
    return folder / "state.db"


def restore(crew: Crew, backup: Path) -> None:
    for part in parts(crew):
        part.unlink()
    shutil.copy(backup, crew.config.parent / "state.db")


def deleted(crew: Crew) -> None:
    for part in parts(crew):
        part.unlink()


def emptied(crew: Crew) -> None:
    for part in parts(crew):
        part.write_bytes(b"")


LOST = pytest.mark.parametrize("lose", [deleted, emptied], ids=["deleted", "emptied"])


@LOST
def test_a_lost_state_is_found_again_in_the_tools(crew: Crew, lose: Callable[[Crew], None]) -> None:
    before = crew.mark()
    lose(crew)

    crew.settle()

    assert crew.writes(before) == [], "every record is recognised, none is made anew"
    seen = crew.look()
    assert all(seen.names(tool) == CAMPAIGNS for tool in TOOLS)
    assert seen.differing == []
    assert len(crew.state().entities) == 7, "three campaigns and four stages"
    crew.edit("airtable", crew.record("Alpha"), Name="Alpha two")
    crew.settle()
    assert all("Alpha two" in crew.look().names(tool) for tool in TOOLS)


@LOST
def test_what_differs_after_the_state_was_lost_is_asked_and_not_guessed(
    crew: Crew, lose: Callable[[Crew], None]
) -> None:
    crew.edit("airtable", crew.record("Alpha"), **{"Subject line": "Written in Airtable"})
    lose(crew)
    before = crew.mark()

    opened = crew.settle()

    assert [f.title for f in opened if f.kind is FindingKind.CONFLICT] == [
        "Subject line of Alpha differs in Airtable, Jira and Klaviyo"
    ]
    assert crew.writes(before) == [], "neither word is overwritten"


def test_work_since_the_backup_stays_when_it_is_put_back(crew: Crew, tmp_path: Path) -> None:
    backup = kept(crew, tmp_path / "backup")
    crew.edit("airtable", crew.record("Alpha"), **{"Subject line": "New since then"})
    crew.edit("jira", crew.record("Beta", "design"), **{"Due date": "2026-03-25"})
    crew.edit("klaviyo", crew.record("Gamma"), name="Gamma two")
    crew.settle()
    restore(crew, backup)
    before = crew.mark()

    opened = crew.settle()

    assert crew.writes(before) == []
    assert opened == []
    assert crew.look().differing == []
    assert crew.record("Alpha").agreed["subject"] == "New since then"
    assert crew.record("Gamma two").agreed["name"] == "Gamma two"


def test_an_edit_that_no_run_has_seen_is_asked_about_after_a_backup_was_put_back(crew: Crew, tmp_path: Path) -> None:
    backup = kept(crew, tmp_path / "backup")
    alpha = crew.record("Alpha")
    crew.edit("airtable", alpha, **{"Subject line": "Synced since then"})
    crew.settle()
    crew.edit("jira", alpha, **{"Subject line": "Not synced yet"})
    restore(crew, backup)
    before = crew.mark()

    opened = crew.settle()

    assert [f.title for f in opened] == ["Subject line of Alpha differs in Airtable, Jira and Klaviyo"]
    assert crew.writes(before) == []


def test_going_back_to_what_the_backup_knows_is_the_one_edit_that_it_hides(crew: Crew, tmp_path: Path) -> None:
    """The residue: whoever, after the backup was made, changed a value and back, has the later one once more.

    Against the old memory only the first change shows as an edit. Both values are in the history.
    """
    backup = kept(crew, tmp_path / "backup")
    alpha = crew.record("Alpha")
    crew.edit("airtable", alpha, **{"Subject line": "Synced since then"})
    crew.settle()
    crew.edit("airtable", alpha, **{"Subject line": "Come and see"})
    restore(crew, backup)

    opened = crew.settle()

    assert opened == []
    assert {crew.look().value(tool, alpha, "subject") for tool in TOOLS} == {"Synced since then"}
    with sqlite3.connect(crew.config.parent / "state.db") as state:
        words = [f"{old} {new}" for old, new in state.execute("SELECT old, new FROM history WHERE field = 'subject'")]
    state.close()
    assert any("Come and see" in text and "Synced since then" in text for text in words)


def test_what_was_made_since_the_backup_is_not_made_again(crew: Crew, tmp_path: Path) -> None:
    backup = kept(crew, tmp_path / "backup")
    row = crew.plan_campaign("airtable", "Delta", **{"Planned send": "2026-04-25T07:00:00.000Z"})
    crew.plan_stage(row, "Design", "dana", "2026-04-01")
    crew.settle()
    restore(crew, backup)
    before = crew.mark()

    crew.settle()

    assert crew.writes(before) == []
    assert all(crew.look().names(tool) == ["Alpha", "Beta", "Delta", "Gamma"] for tool in TOOLS)


def test_what_was_deleted_since_the_backup_does_not_come_back(crew: Crew, tmp_path: Path) -> None:
    backup = kept(crew, tmp_path / "backup")
    stage = crew.record("Beta", "qa")
    row = {"table": "Stages", "record": stage.links["airtable"].ref.native}
    crew.control("airtable/delete", {"as": crew.member(MANAGER), **row})
    crew.control("jira/delete", {"as": crew.member(MANAGER), "issue": stage.links["jira"].ref.native})
    crew.settle()
    restore(crew, backup)
    before = crew.mark()

    crew.settle()

    assert crew.writes(before) == [], "the record is not made again in either tool"


def test_a_state_of_another_time_never_archives(crew: Crew, tmp_path: Path) -> None:
    """Records that the old memory does not know are people's, whatever it says about the others."""
    backup = kept(crew, tmp_path / "backup")
    create(crew, "airtable", "Campaigns", {"Name": "Echo", "Status": "Planned"})
    crew.settle()
    restore(crew, backup)
    crew.settle()
    assert {"Alpha", "Beta", "Echo", "Gamma"} == set(crew.look().names("airtable"))
    assert "Echo" in crew.look().names("jira")


KILLED = """
import os, signal, sqlite3, sys
state = sqlite3.connect(sys.argv[1], isolation_level=None)
state.execute("PRAGMA wal_autocheckpoint=0")
state.execute("PRAGMA cache_size=1")
state.execute("UPDATE finding SET emailed = '2026-03-02T08:00:00+00:00'")
state.execute("BEGIN IMMEDIATE")
state.execute("UPDATE link SET key = 'torn'")
state.execute("CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000) "
              "SELECT i, randomblob(200) AS noise FROM n")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_log_of_a_process_that_was_killed_is_taken_up(crew: Crew) -> None:
    state = crew.config.parent / "state.db"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(state)], check=False)
    assert killed.returncode == -9
    assert (state.parent / "state.db-wal").stat().st_size > 100_000, "both commits are in the log only"
    before = crew.mark()

    crew.settle()

    assert crew.writes(before) == []
    assert "torn" not in {link.key for e in crew.state().entities.values() for link in e.links.values()}
    with sqlite3.connect(state) as connection:
        emailed = connection.execute("SELECT count(*) FROM finding WHERE emailed IS NOT NULL").fetchone()
    connection.close()
    assert emailed[0] > 0, "what was committed is kept"
