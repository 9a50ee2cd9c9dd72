"""The sync is killed at every boundary of every scenario, once, and comes back from it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import pytest

from sync.ports import Connector
from tests.crash.apart import every_kill, lean_process
from tests.crash.boundaries import AFTER_CALL, AFTER_COMMIT, BEFORE_CALL, BEFORE_COMMIT
from tests.crash.explore import Tally, Trial
from tests.crash.heart import Heart
from tests.crash.remote import RemoteTool
from tests.crash.scenarios import SCENARIOS


@pytest.fixture(scope="module")
def lean() -> Iterator[Executor]:
    with lean_process() as process:
        yield process


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_run_that_is_killed_at_any_boundary_is_made_up_for(name: str, lean: Executor, tmp_path: Path) -> None:
    is_made_up_for(lean.submit(every_kill, name, tmp_path).result())


def test_kills_in_this_very_process_are_made_up_for(tmp_path: Path) -> None:
    """As well as in one of its own, which would not have a bug that was planted in this one."""
    is_made_up_for(every_kill("default_of_a_new_record", tmp_path))


def is_made_up_for(tally: Tally) -> None:
    assert tally.violations == []
    assert tally.missed == []
    assert tally.killed == tally.found != []


def test_every_call_and_every_commit_has_a_boundary_on_either_side(tmp_path: Path) -> None:
    labels = Trial(Heart(SCENARIOS["edit_fan_out"], tmp_path)).labels
    for before, after in zip(labels[::2], labels[1::2], strict=True):
        assert (before, after) == (BEFORE_COMMIT, AFTER_COMMIT) or (
            before.endswith(BEFORE_CALL) and after == before.replace(BEFORE_CALL, AFTER_CALL)
        )
    assert {label.split()[0] for label in labels} == {"commit:", "airtable", "esp", "jira"}
    assert {label.split()[1].rstrip(":") for label in labels if "commit" not in label} == {
        "schema", "fetch", "changes", "census", "read", "write",
    }  # fmt: skip


def test_a_boundary_that_nothing_was_killed_at_is_missed() -> None:
    tally = Tally(found=["1 commit: before", "2 commit: after"], killed=["1 commit: before"])
    assert tally.missed == ["2 commit: after"]


def test_no_call_of_a_connector_goes_past_the_line() -> None:
    calls = {name for name in vars(Connector) if not name.startswith("_")}
    assert calls <= {*vars(RemoteTool), "tool", "capability"}
