"""The house keeps its own rules: imports run one way, files stay small, nothing unpinned or local gets in."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from jobs.cli import app

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = PYPROJECT["tool"]["importlinter"]["root_packages"]
LOCKS = ("runtime", "build", "dev")
LONGEST = 300


def files() -> list[Path]:
    """Every file that is, or would be, committed."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def sources() -> list[Path]:
    return [path for path in files() if path.suffix == ".py"]


def pinned(lock: str) -> Iterator[tuple[str, str]]:
    """A lock's entries: the requirement, and what follows it up to the next one."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        requirement, _, rest = entry.partition("\n")
        yield requirement, rest


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of our packages and their contracts that a test may spoil."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def broken(house: Path, *named: str) -> set[str]:
    """The ids of the import contracts that this copy breaks, of those that are named or of all."""
    contracts = [c for c in PYPROJECT["tool"]["importlinter"]["contracts"] if not named or c["id"] in named]
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    command += [word for name in named for word in ("--contract", name)]
    run = subprocess.run(command, cwd=house, check=False, capture_output=True, text=True, env={"COLUMNS": "400"})
    verdicts = {c["id"] for c in contracts if f"{c['name']} BROKEN" in run.stdout}
    kept = {c["id"] for c in contracts if f"{c['name']} KEPT" in run.stdout}
    assert verdicts | kept == {c["id"] for c in contracts}, run.stdout + run.stderr
    assert (run.returncode == 0) == (not verdicts)
    return verdicts


def test_the_import_contracts_hold(house: Path) -> None:
    assert broken(house) == set()


@pytest.mark.parametrize(
    ("module", "forbidden", "contract"),
    [
        ("sync/model.py", "import jobs", "house"),
        ("sync/errors.py", "import connectors.http", "house"),
        ("connectors/http.py", "import mappings", "house"),
        ("mappings/__init__.py", "import connectors.http", "house"),
        ("connectors/http.py", "from sync import merge", "ports"),
        ("mappings/new.py", "import sync.store", "ports"),
        ("sync/model.py", "from sync.ports import Create", "heart"),
        ("sync/errors.py", "import sync.model", "heart"),
        ("sync/merge.py", "import sync.engine", "heart"),
        ("sync/policy.py", "from sync.plan import *", "heart"),
        ("sync/new.py", "", "heart"),
        ("connectors/new.py", "", "wire"),
        ("connectors/jira.py", "import connectors.airtable", "wire"),
        ("connectors/klaviyo.py", "import connectors.sandbox", "sandbox-unused"),
        ("connectors/sandbox/new.py", "from connectors.http import *", "sandbox-alone"),
        ("connectors/sandbox/new.py", "from sync.model import Day", "sandbox-alone"),
        ("sync/__init__.py", "import sync.model", "packages-empty"),
        ("mappings/native_jira.py", "import mappings.native_airtable", "lenses"),
        ("mappings/new.py", "", "lenses"),
        ("sync/guard.py", "import sync.rows", "decisions-pure"),
        ("sync/store.py", "import sync.plan", "memory-plain"),
        ("jobs/people.py", "import jobs.cli", "acyclic"),
        ("sync/plan.py", "import requests", "heart-offline"),
        ("mappings/new.py", "import urllib.request, http.client", "heart-offline"),
        ("sync/audit/new.py", "import sqlalchemy", "one-database-user"),
        ("sync/new.py", "import pytest", "shipped-bare"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(house: Path, module: str, forbidden: str, contract: str) -> None:
    with (house / module).open("a", encoding="utf-8") as source:
        source.write(f"\n{forbidden}\n")

    assert broken(house, contract) == {contract}


def test_no_module_is_out_of_the_contracts_sight() -> None:
    built = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert built == PACKAGES
    for path in sources():
        package = path.relative_to(ROOT).parts[0]
        if path.is_relative_to(ROOT / "docs" / "examples"):
            continue  # a package of somebody else's
        assert package in {*PACKAGES, "tests", "benchmarks"}, f"{path} is in no package that the contracts know"
        if package in PACKAGES:
            assert (path.parent / "__init__.py").exists(), f"{path.parent} is no package, so its imports go unseen"


def families_met(source: str) -> set[str]:
    """The tools whose wire a module of the connectors imports: what their modules' names begin with."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            named.update({str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)})
    parts = [name.split(".") for name in named]
    return {part[1].split("_")[0] for part in parts if part[0] == "connectors" and len(part) > 1}


def test_no_tools_wire_knows_another_tool() -> None:
    wire = {
        path.stem: path.read_text("utf-8") for path in (ROOT / "connectors").glob("*.py") if path.stem != "__init__"
    }
    tools = {"airtable", "brevo", "ics", "jira", "klaviyo", "mailchimp"}
    shared = {"answers", "budgets", "calendar", "clock", "http", "memory", "oauth", "slots", "webhooks"}
    assert {name.split("_")[0] for name in wire} == tools | shared
    for name, source in wire.items():
        family = name.split("_")[0]
        assert not families_met(source) & (tools - {family}), name


@pytest.mark.parametrize(
    "line",
    ["import connectors.klaviyo_wire", "from connectors import klaviyo_wire", "from connectors.klaviyo import x"],
)
def test_a_tool_that_knows_another_is_found(line: str) -> None:
    assert families_met(f"import os\n{line}\n") & {"klaviyo"}


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path) for path in sources() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]

    assert silent == []


def test_no_file_grows_long_without_a_reason() -> None:
    for path in sources():
        lines = path.read_text("utf-8").splitlines()
        if len(lines) > LONGEST:
            opening = "\n".join(lines[:5])
            assert "Long because" in opening, f"{path} has {len(lines)} lines and no reason in its first five"


def test_no_file_names_a_package_host_or_somebodys_machine() -> None:
    # Written in pieces, so that this file passes too.
    names = ("pypi" + ".org", "python" + "hosted", "npmjs" + ".", "deb." + "debian", "docker" + ".io", "gh" + "cr.io")
    places = ("/work" + "/", "/root" + "/", "/home" + "/", "/Users" + "/", "/opt/" + "wheels", "/opt/" + "pypi")
    for path in files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        assert [word for word in (*names, *places) if word in text] == [], path


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_by_version_and_hash(lock: str) -> None:
    entries = list(pinned(lock))

    assert entries
    for requirement, rest in entries:
        assert re.match(r"[a-z0-9.\[\]-]+==[^ ]+", requirement), requirement
        assert "--hash=sha256:" in rest, requirement


def test_the_locks_agree_with_each_other() -> None:
    dev = {requirement for requirement, _ in pinned("dev")}
    for lock in ("runtime", "build"):
        assert {requirement for requirement, _ in pinned(lock)} <= dev


def test_every_dependency_is_locked() -> None:
    locked = {requirement.partition("==")[0] for requirement, _ in pinned("runtime")}
    for dependency in PYPROJECT["project"]["dependencies"]:
        assert re.split(r"[<>=~;\[ ]", dependency)[0] in locked


def test_the_tools_are_registered_for_whoever_installs_us() -> None:
    registered = {point.name: point.load() for point in entry_points(group="campaign_sync.connectors")}

    assert {"jira", "airtable", "klaviyo"} <= registered.keys()
    for name in ("jira", "airtable", "klaviyo"):
        assert registered[name].name == name
        assert callable(registered[name].build)


def test_the_wheel_carries_our_packages_whole_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")

    carried = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    ours = {path.relative_to(ROOT).as_posix() for path in files() if path.relative_to(ROOT).parts[0] in PACKAGES}
    assert carried == ours


def test_the_image_runs_as_nobody_in_particular_and_builds_from_locks_only() -> None:
    instructions = (ROOT / "docker" / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    users = [line.split()[1] for line in instructions if line.startswith("USER ")]
    installs = [part for line in instructions for part in line.split("&&") if "pip install" in part]

    assert users
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", users[-1])
    assert installs
    assert all("--require-hashes" in install or "--no-index" in install for install in installs)


def test_every_container_is_confined_and_every_command_of_theirs_exists() -> None:
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text("utf-8"))

    assert {"worker", "mailbox", "sandbox"} == compose["services"].keys()
    assert compose["services"]["sandbox"]["profiles"] == ["sandbox"]
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["worker"]
    for service in compose["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        ports = service.get("ports", [])
        assert all(":-127.0.0.1:" in port for port in ports), (
            "nothing is reachable from outside unless somebody opens it"
        )
        options = [word for word in service["command"] if word.startswith("--")]
        said = CliRunner().invoke(app, [service["command"][0], "--help"], env={"COLUMNS": "200"}).output
        assert [option for option in options if option not in said] == []
