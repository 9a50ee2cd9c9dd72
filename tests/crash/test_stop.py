"""Two runs of one workspace at once, the first of which stands still for longer than its hold lasts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.boundaries import AFTER_CALL, BEFORE_CALL, BEFORE_COMMIT
from tests.crash.stop import STOPPED, Standstill


@pytest.mark.parametrize("name", STOPPED[:1])  # the soak stops the others
def test_a_run_that_is_stopped_beyond_its_hold_loses_the_workspace_and_commits_nothing_more(
    name: str, tmp_path: Path
) -> None:
    still = Standstill(name, tmp_path)
    kinds = still.kinds()
    labels = [still.labels[at - 1] for at in kinds]
    for part in (BEFORE_COMMIT, BEFORE_CALL, AFTER_CALL, " write "):
        assert any(part in label for label in labels), part
    assert [words for at in kinds for words in still.violations(at)] == []
