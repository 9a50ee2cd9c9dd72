"""The planted bugs are where they are said to be, mutants are made of everything, and the judge does look."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.__main__ import stale_reasons
from tests.mutation.mutate import mutants
from tests.mutation.planted import HARMLESS, PLANTED, Planted, plant
from tests.mutation.suites import OWN, SEEDS

ROOT = Path(__file__).parents[2]
HOUSE = {
    "merge", "policy", "plan", "guard", "identity", "absence", "intake", "intents", "reconcile", "delivery", "engine",
    "lease", "transaction", "store", "account", "pending", "reading", "unscheduled", "metering", "relations",
    "workspace", "ripples", "drafting", "commits", "listing", "written", "upkeep", "fingerprint", "shelf", "state",
    "rows", "moves", "calendar_steps", "database",
}  # fmt: skip

SMALL = """\
\"\"\"A module.\"\"\"
LIMIT: int = 3

def count(texts, most=LIMIT):
    found = []
    for text in sorted(texts):
        if not text or len(text) > most:
            continue
        found.append(text)
    return found if all(found) else None
"""


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_a_planted_bug_changes_one_line_of_the_heart_into_another_that_is_python(bug: Planted) -> None:
    change = plant(ROOT, bug)
    assert ast.dump(ast.parse(change.source)) != ast.dump(ast.parse((ROOT / bug.file).read_text(encoding="utf-8")))
    (suite,) = change.suites
    assert suite.startswith(SEEDS) or (ROOT / suite.partition("::")[0]).is_file()


def test_the_planted_bugs_are_many_differ_and_are_in_every_part_of_the_heart() -> None:
    assert len({bug.name for bug in PLANTED}) == len(PLANTED) >= 48
    assert {Path(bug.file).stem for bug in PLANTED} == HOUSE


def test_a_planted_bug_whose_line_has_gone_is_told_of_by_name() -> None:
    gone = Planted("an old one", "sync/guard.py", "nowhere = 1", "nowhere = 2", "None.", "test_guard")
    with pytest.raises(LookupError, match=r"planted bug 'an old one': 'nowhere = 1' stands 0 times in sync/guard\.py"):
        plant(ROOT, gone)


def test_every_mutant_that_is_called_equivalent_is_still_one() -> None:
    assert stale_reasons([mutant for file in OWN for mutant in mutants(ROOT, file)]) == []


def test_a_module_is_changed_in_one_place_at_a_time_and_nowhere_twice(tmp_path: Path) -> None:
    (tmp_path / "small.py").write_text(SMALL, encoding="utf-8")
    found = mutants(tmp_path, "small.py")
    assert [(c.line, c.new) for c in found] == [
        (2, "LIMIT: int = 2"),
        (2, "LIMIT: int = 4"),
        (6, "for text in list(texts):"),
        (7, "if (len(text) > most):"),
        (7, "if (not text and len(text) > most):"),
        (7, "if (not text):"),
        (7, "if not (not text or len(text) > most):"),
        (7, "if not text or (len(text) <= most):"),
        (7, "if not text or (len(text) >= most):"),
        (7, "if text or len(text) > most:"),
        (8, "if not text or len(text) > most: break"),
        (8, "if not text or len(text) > most: pass"),
        (9, "pass"),
        (10, "pass"),
        (10, "return None"),
        (10, "return found"),
        (10, "return found if any(found) else None"),
    ]
    for change in found:
        compile(change.source, change.file, "exec")


def test_the_judge_catches_bugs_and_lets_pass_what_is_none() -> None:
    bugs = ("mass archives by share alone", "a stale edit overrules")
    command = [sys.executable, "-m", "tests.mutation", "--only", *bugs, HARMLESS[0].name]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 1, answer.stderr
    for bug in bugs:
        assert f"{bug} caught by tests/sync/test_" in answer.stdout
    assert f"{HARMLESS[0].name} SURVIVED" in answer.stdout
    assert "planted bugs caught 2 of 3; mutants caught 0 of 0" in answer.stdout
