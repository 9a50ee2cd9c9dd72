"""The worked example as its users have it: two wheels, installed apart from this repository, and a workspace."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "planner"
WORKSPACE = """\
[workspace]
name = "Acme email"
timezone = "Europe/Berlin"

[tools.plan]
type = "planner"
file = "plan.db"

[tools.archive]
type = "planner"
file = "archive.db"
mapping = "planner.toml"

[audit]
stages = []
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages: ours and the example, built and installed without a network."""
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels)]
    started = [subprocess.Popen(build, cwd=place, stdout=subprocess.DEVNULL) for place in (ROOT, EXAMPLE)]
    assert [process.wait(60) for process in started] == [0, 0]
    install = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--no-compile", "--quiet"]
    subprocess.run([*install, "--target", str(site), *map(str, wheels.glob("*.whl"))], check=True, timeout=60)
    return site


def run(site: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder that has nothing of this repository, with the installed packages before all others."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CAMPAIGN_SYNC_", "PYTEST_"))}
    variables = {**clean, "PYTHONPATH": str(site), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=variables, text=True, capture_output=True, check=False, timeout=120)


def test_the_examples_own_tests_pass_where_it_is_installed(site: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))

    ran = run(site, tmp_path, sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    laws = [line for line in ran.stdout.splitlines() if "conformance" in line]
    assert laws, "what is skipped says where the laws stand"
    assert all(f"{site.name}/connectors/conformance" in line for line in laws), laws
    assert int(ran.stdout.rpartition(" passed")[0].split()[-1]) > len(("schema", "fetch", "read", "write")) * 20


def test_a_workspace_names_the_type_like_one_of_ours(site: Path, tmp_path: Path) -> None:
    mapping = run(site, tmp_path, sys.executable, "-m", "campaign_sync_planner").stdout
    (tmp_path / "planner.toml").write_text(mapping, "utf-8")
    (tmp_path / "campaign-sync.toml").write_text(WORKSPACE, "utf-8")
    (tmp_path / "people.toml").write_text("", "utf-8")
    for file in ("plan.db", "archive.db"):
        db = sqlite3.connect(tmp_path / file)
        db.executescript((EXAMPLE / "campaign_sync_planner" / "planner.sql").read_text("utf-8"))
        if file == "plan.db":
            db.execute("INSERT INTO item (kind, name, status) VALUES ('campaign', 'Spring sale', 'agreed')")
            db.commit()
        db.close()
    command = str(site / "bin" / "campaign-sync")

    checked = run(site, tmp_path, command, "config", "check", "--online")
    planned = run(site, tmp_path, command, "plan")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "plan: reached; 4 fields of a campaign and 3 fields of a stage are mapped" in checked.stdout
    assert planned.returncode == 2, planned.stdout + planned.stderr
    assert "Spring sale" in planned.stdout
    assert "archive" in planned.stdout.lower()


def test_the_wheel_says_that_it_is_typed_and_what_the_laws_need(site: Path) -> None:
    metadata = next(site.glob("campaign_sync-*.dist-info/METADATA")).read_text("utf-8")

    assert all((site / package / "py.typed").is_file() for package in ("sync", "connectors", "mappings", "jobs"))
    assert "Provides-Extra: conformance" in metadata


def test_without_pytest_the_laws_say_what_is_missing(site: Path, tmp_path: Path) -> None:
    (tmp_path / "pytest.py").write_text("raise ImportError('there is none')\n", "utf-8")

    asked = run(site, tmp_path, sys.executable, "-c", "import connectors.conformance")

    assert asked.returncode == 1
    assert "Install it: pip install 'campaign-sync[conformance]'" in asked.stderr
