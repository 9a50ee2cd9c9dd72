"""The real connectors are killed at HTTP requests and commits, the tools being the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.boundaries import AFTER_CALL
from tests.crash.explore import Trial, singles
from tests.crash.wire import Company

# A prime, so that before and after a request take turns. The soak kills at every one, and in the other stories too.
EVERY = 11


@pytest.mark.parametrize("name", ["edits"])
def test_a_run_that_is_killed_at_any_request_is_made_up_for(name: str, tmp_path: Path) -> None:
    with Company(tmp_path, name) as company:
        trial = Trial(company)
        methods = {label.split()[0] for label in trial.labels if AFTER_CALL in label}
        tally = singles(trial, EVERY)
    assert {"GET", "POST"} <= methods
    assert tally.violations == []
    assert tally.missed == []
    assert tally.killed == tally.found != []
