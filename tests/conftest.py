"""How the whole suite runs: which generated cases are tried, and how many."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# The same cases on every machine and every day: a red test is always somebody's change.
settings.register_profile("default", derandomize=True, deadline=None)
# `make soak`: new cases each time, and many; what it finds is printed as a case to keep.
settings.register_profile(
    "soak", max_examples=5000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
