"""Which tests judge a change, the fastest and likeliest first; the simulation's seeds come last."""

from __future__ import annotations

SEEDS = "seeds:"  # `seeds:400` plays the schedules of that many seeds

MERGE = (
    "test_merge_cases", "test_policy", "test_merge_sets", "test_merge_table", "test_merge_table_sets", "test_merge",
)  # fmt: skip
ENGINE = (
    "test_engine_mirror", "test_engine_views", "test_engine_conflicts", "test_engine_deletions", "test_engine_bounds",
    "test_engine_failures", "test_engine_refusals", "test_engine_crashes", "test_engine_doubt", "test_engine_echoes",
    "test_engine_changes", "test_engine_counts",
)  # fmt: skip
# The modules that are mutated as a whole, and the tests of their own.
OWN = {
    "sync/merge.py": (*MERGE, "test_guard", "test_plan"),
    "sync/policy.py": ("test_policy",),
    "sync/plan.py": ("test_plan", "test_plan_cases"),
    "sync/guard.py": ("test_guard",),
    "sync/identity.py": ("test_identity", "test_identity_cases"),
}


def judging(file: str) -> tuple[str, ...]:
    """What judges a mutant of a file."""
    return tuple(named(suite) for suite in (*OWN[file], *ENGINE, f"{SEEDS}400"))


def named(suite: str) -> str:
    """A suite as it is run: a path, or a number of seeds. A bare name is one of the heart's test modules."""
    return suite if "/" in suite or suite.startswith(SEEDS) else f"tests/sync/{suite}.py"
