"""What the servers share: the clock, the log, the faults, and the state file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.world import Fault, StateError, World

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


class Notes:
    """A tool that holds one word."""

    name = "notes"

    def __init__(self, word: str = "") -> None:
        self.word = word

    def dump(self) -> dict[str, Any]:
        return {"word": self.word}

    def restore(self, state: dict[str, Any]) -> None:
        self.word = state["word"]


def kept(path: Path, word: str = "first") -> tuple[World, Notes]:
    world, notes = World(1, NOW, state_path=path), Notes(word)
    world.add_tool(notes)
    world.remember({"seed": 1, "campaigns": 2, "now": NOW.isoformat()})
    return world, notes


def test_a_moment_stands_still_until_it_is_moved() -> None:
    world = World(1, NOW)

    assert world.now() == world.now() == NOW
    world.advance(90)
    assert world.now() == NOW + timedelta(seconds=90)
    world.set_clock(NOW)
    assert world.now() == NOW


def test_a_running_clock_can_jump_stand_and_run_again() -> None:
    ticks = iter(NOW + timedelta(seconds=n) for n in range(10))
    world = World(1, lambda: next(ticks))

    assert world.now() == NOW
    world.advance(3600)
    assert world.now() == NOW + timedelta(hours=1, seconds=1)
    world.set_clock(NOW - timedelta(days=1))
    assert world.now() == NOW - timedelta(days=1)
    world.run_clock()
    assert world.now() == NOW - timedelta(days=1) + timedelta(seconds=1)


def test_a_generator_depends_on_seed_and_purpose_only() -> None:
    assert World(1).rng("ids").random() == World(1).rng("ids").random()
    assert World(1).rng("ids").random() != World(1).rng("names").random()
    assert World(1).rng("ids").random() != World(2).rng("ids").random()


def test_the_log_is_numbered_and_also_in_its_file(tmp_path: Path) -> None:
    world = World(1, NOW, log_path=tmp_path / "log.jsonl")

    world.log({"tool": "jira", "write": False})
    world.log({"tool": "airtable", "write": True, "body": {"name": "Jürgen"}})

    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    assert lines == world.entries
    assert [(entry["n"], entry["tool"], entry["at"]) for entry in lines] == [
        (1, "jira", NOW.isoformat()),
        (2, "airtable", NOW.isoformat()),
    ]


def test_a_log_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot write the sandbox's log"):
        World(1, NOW, log_path=tmp_path / "missing" / "log.jsonl")


def test_a_fault_meets_the_requests_it_names_and_wears_off() -> None:
    world = World(1, NOW)
    world.faults.append(Fault("jira", 503, method="POST", path="/issue", times=2))

    assert world.fault("airtable", "POST", "/issue") is None
    assert world.fault("jira", "GET", "/issue") is None
    assert world.fault("jira", "POST", "/search") is None
    assert world.fault("jira", "POST", "/rest/api/3/issue") is not None
    assert world.fault("jira", "POST", "/rest/api/3/issue") is not None
    assert world.fault("jira", "POST", "/rest/api/3/issue") is None


def test_the_state_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    world, notes = kept(tmp_path / "state.json")
    notes.word = "grüßt 🚚"
    world.save("notes")

    again, fresh = World(9, NOW, state_path=tmp_path / "state.json"), Notes()
    again.add_tool(fresh)
    assert again.made() == {"seed": 1, "campaigns": 2, "now": NOW.isoformat()}
    assert again.load() is True
    assert fresh.word == "grüßt 🚚"


def test_without_a_state_file_there_is_nothing_to_load(tmp_path: Path) -> None:
    assert World(1, NOW).load() is False
    assert World(1, NOW, state_path=tmp_path / "none.json").load() is False
    World(1, NOW).save()


def test_a_full_disk_is_one_clear_line_and_the_old_state_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    world, notes = kept(path)
    world.save()
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    notes.word = "second"
    with pytest.raises(StateError, match=r"^cannot write the sandbox's state to .*: No space left on device$"):
        world.save()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"made": 3}', "\x00\x01", '{"tools": {}}'])
def test_a_file_that_is_no_state_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)

    with pytest.raises(StateError, match=r"state\.json"):
        World(1, NOW, state_path=path).made()
    assert path.read_text() == text


def test_a_state_without_one_of_the_tools_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"made": {"seed": 1}, "tools": {}}')
    world = World(1, NOW, state_path=path)
    world.add_tool(Notes())

    with pytest.raises(StateError, match="of another shape"):
        world.load()
