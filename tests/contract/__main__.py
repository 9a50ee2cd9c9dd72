"""`python -m tests.contract`: the tests that use the wire, and what went over it against the vendors' descriptions.

Prints how many exchanges there were, which of each vendor's operations they were, the exceptions that were needed,
and the violations. Exit code 1 if there are any, if a test fails, or, with `--unused`, if an exception was needed by
nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.contract.catalogue import FOLDER, descriptions
from tests.contract.exceptions import exceptions, repairs
from tests.contract.ledger import Account
from tests.contract.specification import Specification
from tests.contract.verdict import VARIABLE

ROOT = Path(__file__).parents[2]
WHERE = ("tests/connectors", "tests/sandbox", "tests/faults", "tests/e2e/test_demo.py", "tests/e2e/test_first_sync.py")


def main() -> int:
    """0 when nothing broke a contract."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract", description=__doc__)
    parser.add_argument("paths", nargs="*", default=WHERE, help="tests; by default the wire's and the demo's")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--unused", action="store_true", help="an exception that nothing needed is a failure")
    asked = parser.parse_args()
    known = descriptions()
    if not FOLDER.exists():
        print(f"The vendors' descriptions are not in {FOLDER}: only Airtable can be checked.")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-n", str(asked.jobs), *asked.paths]
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, VARIABLE: folder}, check=False).returncode
        account = Account()
        for file in sorted(Path(folder).glob("*.json")):
            account.add(Account.load(json.loads(file.read_text(encoding="utf-8"))))
    idle = unused(account)
    print(*_told(account, known, idle), sep="\n")
    return int(code != 0 or bool(account.violations) or (asked.unused and bool(idle)))


def unused(account: Account) -> list[str]:
    """The exceptions that no exchange needed, and the repairs of descriptions that no exchange was under."""
    idle = [str(one) for one in exceptions() if not account.exempt[str(one)]]
    return idle + [str(one) for one in repairs() if not account.exchanges[one.specification]]


def _told(account: Account, known: dict[str, Specification], idle: Iterable[str]) -> Iterable[str]:
    for name in sorted({*known, *account.exchanges}):
        covered = sum(operation.startswith(f"{name} ") for operation in account.operations)
        whole = f" of {known[name].operations}" if name in known else ""
        yield f"{name}: {account.exchanges[name]} exchanges, {covered}{whole} operations"
        for operation, count in sorted(account.operations.items()):
            if operation.startswith(f"{name} "):
                yield f"  {count:7}  {operation.removeprefix(f'{name} ')}"
    yield f"repairs of descriptions: {len(repairs())}; exceptions: {len(exceptions())}, used:"
    yield from (f"  {count:7}  {one}" for one, count in sorted(account.exempt.items()))
    yield from (f"  not used: {one}" for one in idle)
    yield f"violations: {len(account.violations)}"
    yield from (f"  {count:7}  {one}" for one, count in sorted(account.violations.items()))


if __name__ == "__main__":
    sys.exit(main())
