"""The power goes while a commit is being written, or a disk forgets commits that it had confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.power import every_cut
from tests.crash.scenarios import SCENARIOS

# Each is a prime, so that cuts within frames and at their ends take turns. `python -m tests.crash --power` takes all.
EVERY = {"edit_fan_out": 13}


@pytest.mark.parametrize("name", EVERY)
def test_a_log_of_the_database_that_is_cut_anywhere_is_made_up_for(name: str, tmp_path: Path) -> None:
    tally = every_cut(SCENARIOS[name], tmp_path, EVERY[name])
    assert any("torn" in cut for cut in tally.found)
    assert any("forgotten" in cut for cut in tally.found)
    assert tally.violations == []
