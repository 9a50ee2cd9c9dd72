"""The demo, as somebody runs it who has just cloned the repository: a process, real ports, its files, its words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

# The installed command, beside the interpreter that runs the tests.
PROGRAM = str(Path(sys.executable).with_name("campaign-sync"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    command = [PROGRAM, "demo", "--dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    return done, folder


def entries(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "sandbox.log").read_text("utf-8").splitlines()]


def runs(folder: Path) -> list[list[dict[str, Any]]]:
    """The tools' log, cut where people edited and where a listing of Jira begins anew."""
    found: list[list[dict[str, Any]]] = []
    for entry in entries(folder):
        if entry["actor"] != "api":
            continue
        if entry["tool"] == "jira" and entry["path"].endswith("/serverInfo"):
            found.append([])
        found[-1].append(entry)
    return found


def test_it_ends_by_itself_and_well(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = demo
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_each_mirrored_edit_arrived_once_and_the_third_run_made_no_write(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, folder = demo
    _, second, third = runs(folder)
    written = Counter(native for entry in second if entry["write"] for native in entry["touched"])
    assert written
    assert set(written.values()) == {1}
    assert [entry for entry in third if entry["write"]] == []
    assert "The third run wrote nothing." in done.stdout


def test_people_really_edited_in_all_three_tools(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    edits = Counter(entry["tool"] for entry in entries(demo[1]) if entry["actor"] == "human")
    assert set(edits) == {"jira", "airtable", "klaviyo"}


def test_it_shows_conflicts_with_both_values_and_every_unowned_stage(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    text = demo[0].stdout
    assert re.search(r"Airtable +Last chance: 20 % off everything\s+Marta Nowak, ", text)
    assert "Final hours: a fifth off" in text
    assert "campaign-sync resolve" in text
    assert "Stages that belong to nobody" in text
    assert "was deleted in Airtable; it is kept in Jira" in text


def test_the_report_is_a_mail_and_a_page(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, folder = demo
    (mail,) = (folder / "mail").glob("*.eml")
    message = message_from_bytes(mail.read_bytes(), policy=default)
    assert {part.get_content_type() for part in message.walk()} >= {"text/plain", "text/html"}
    assert "Final hours: a fifth off" in mail.with_suffix(".html").read_text("utf-8")
    assert mail.name in done.stdout


def test_it_leaves_a_workspace_to_play_with(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, folder = demo
    config = folder / "campaign-sync.toml"
    command = [PROGRAM, "--config", str(config), "report", "--json"]
    report = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(report.stdout)
    assert "sandbox --port" in done.stdout


def test_after_the_printed_export_every_shown_command_works_as_it_stands(
    demo: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    export = next(line for line in demo[0].stdout.splitlines() if line.startswith("  export "))
    shown = re.search(r"campaign-sync resolve \w+ --take \w+", demo[0].stdout)
    assert shown

    script = f"{export}\n{shown.group()}\ncampaign-sync report"
    done = subprocess.run(
        ["/bin/sh", "-ec", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith('Decided "')


def test_no_secret_is_in_what_it_prints_or_keeps(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, folder = demo
    secrets = [file.read_text("utf-8") for file in (folder / "secrets").iterdir()]
    kept = [folder / "state.db", folder / "sandbox.log", folder / "campaign-sync.toml", *(folder / "mail").iterdir()]
    for secret in secrets:
        assert secret not in done.stdout + done.stderr
        for file in kept:
            assert secret.encode() not in file.read_bytes(), file.name


def test_a_folder_that_is_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    command = [PROGRAM, "demo", "--dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "not a demo's folder" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"
