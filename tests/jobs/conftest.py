"""A workspace of two notebooks on disk, and the command line to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.tools import GROUP, tool_types
from tests.jobs.notebook import MAPPING

ROOT = Path(__file__).parents[2]
RARELY = "0 0 29 2 *"  # so that no test ever meets the moment of a scheduled pass
CONFIG = f"""\
[workspace]
name = "Acme email"
timezone = "Europe/Berlin"
schedule = "{RARELY}"

[tools.left]
type = "notebook"
file = "left.json"
mapping = "mapping.toml"

[tools.right]
type = "notebook"
file = "right.json"
mapping = "mapping.toml"

[audit]
stages = []
"""
EMAIL = '\n[email]\nsmtp = "{url}"\nsender = "Sync <sync@acme.example>"\nto = ["team@acme.example"]\n'


class Office:
    """The folder of a workspace, its two tools, and how people and the command line act on them."""

    def __init__(self, folder: Path, packages: Path) -> None:
        self.folder, self.packages = folder, packages
        self.config = folder / "campaign-sync.toml"

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def put(self, tool: str, **rows: dict[str, Any]) -> None:
        """What the tool holds from now on: native id -> fields."""
        self.write(f"{tool}.json", json.dumps(rows))

    def rows(self, tool: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads((self.folder / f"{tool}.json").read_text("utf-8"))
        return found

    def edit(self, tool: str, native: str, field: str, value: Any) -> None:
        rows = self.rows(tool)
        rows[native][field] = value
        self.write(f"{tool}.json", json.dumps(rows))

    def call(self, *arguments: str) -> Any:
        """The command in this process: exit_code, stdout, stderr."""
        return CliRunner().invoke(app, [*arguments, "--config", str(self.config)])

    def spawn(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """The command in a process of its own."""
        # A suite that runs in the background of a shell ignores Ctrl-C, and its children would inherit that.
        code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        code += "from jobs.cli import main; main()"
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(self.packages)])}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.Popen(command, cwd=self.folder, env=variables, text=True, **streams)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command in a process of its own, to its end."""
        call = self.spawn(*arguments)
        out, err = call.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, call.returncode, out, err)

    def end_while_reading(self, call: subprocess.Popen[str], number: signal.Signals) -> list[str]:
        """Signal a call once it reads both tools; what it still said, without the lines on how far it is. The signal is
        heard, because the wait for a tool ends from time to time.
        """
        assert call.stderr
        unheard = {"reading left …", "reading right …"}  # they are read side by side, and begin in any order
        while unheard:
            line = call.stderr.readline()
            assert line, f"it ended before it told of {unheard}"
            unheard.discard(line.strip())
        call.send_signal(number)
        said = call.communicate(timeout=60)[1].splitlines()
        return [line for line in said if line and not line.endswith(" …")]

    def disagree(self) -> str:
        """Both notebooks edit the subject line of one campaign; the fingerprint of the conflict."""
        assert self.call("sync").exit_code == 0
        self.edit("left", "a", "Subject line", "Left says")
        self.edit("right", "right-1", "Subject line", "Right says")
        assert self.call("sync").exit_code == 0
        found = json.loads(self.call("report", "--json").stdout)["findings"]
        assert [finding["kind"] for finding in found] == ["conflict"]
        fingerprint: str = found[0]["fingerprint"]
        return fingerprint


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A workspace that is complete: an empty people directory, a mapping, one campaign in the left notebook."""
    packages = tmp_path / "packages"
    info = packages / "notebook-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: notebook\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nnotebook = tests.jobs.notebook:factory\n", "utf-8")
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CAMPAIGN_SYNC_")]:
        monkeypatch.delenv(name)
    tool_types.cache_clear()
    made = Office(tmp_path, packages)
    made.write("campaign-sync.toml", CONFIG)
    made.write("people.toml", "")
    made.write("mapping.toml", MAPPING)
    made.put("left", a={"Name": "Black Friday", "Subject line": "Hello"})
    made.put("right")
    yield made
    tool_types.cache_clear()
