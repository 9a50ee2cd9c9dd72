"""The real connectors are killed at every HTTP request and every commit, the tools being the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.boundaries import AFTER_CALL
from tests.crash.explore import Trial, singles
from tests.crash.wire import Company


# The other stories are in the soak: this one has every kind of request, and they take their time.
@pytest.mark.parametrize("name", ["edits"])
def test_a_run_that_is_killed_at_any_request_is_made_up_for(name: str, tmp_path: Path) -> None:
    with Company(tmp_path, name) as company:
        trial = Trial(company)
        methods = {label.split()[0] for label in trial.labels if AFTER_CALL in label}
        tally = singles(trial)
    assert {"GET", "POST"} <= methods
    assert tally.violations == []
    assert tally.missed == []
    assert tally.killed == tally.found != []
