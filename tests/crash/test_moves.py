"""A move in steps is killed right before and right after its last one, and made up for."""

from __future__ import annotations

from pathlib import Path

from tests.crash.moves import every_kill


# The other ESPs and every other place are in the soak.
def test_a_move_that_is_killed_at_its_last_step_is_made_up_for(tmp_path: Path) -> None:
    tally = every_kill("mailchimp", tmp_path, only="/actions/schedule")
    assert tally.violations == []
    assert len(tally.killed) == 2
    assert tally.missed == []
