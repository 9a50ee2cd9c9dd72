"""The demo, as somebody runs it who has just cloned the repository: a process, real ports, its files, its words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.settings import load_settings
from jobs.tools import JiraOptions
from sync.wording import tool_title

# The installed command, beside the interpreter that runs the tests.
PROGRAM = str(Path(sys.executable).with_name("campaign-sync"))


@dataclass(frozen=True, slots=True)
class Story:
    """A demo that was played: what it printed, its folder, and the tools' log there."""

    text: str
    folder: Path
    entries: list[dict[str, Any]]

    def runs(self) -> list[list[dict[str, Any]]]:
        """The log of our own calls, cut into runs as the demo counts them; what comes after them is the mail's."""
        ours = iter([entry for entry in self.entries if entry["actor"] == "api"])
        counts = re.findall(r"run \d: +(\d+) reads?, (?:no write|.* in (\d+) writes?)", self.text)
        return [[next(ours) for _ in range(int(reads) + int(writes or 0))] for reads, writes in counts]


# One test for each choice of tools, because the story takes seconds and every check looks at the same one. Each ESP
# plays in the place of the others; two of them in one workspace are in test_calendar_duo.py.
@pytest.mark.parametrize(("flavour", "esps"), [("cloud", ["klaviyo"]), ("cloud", ["mailchimp"]), ("dc", ["brevo"])])
def test_the_demo_tells_its_story_and_leaves_a_workspace_to_play_with(
    tmp_path: Path, flavour: str, esps: list[str]
) -> None:
    story = it_ends_by_itself_and_well(tmp_path / "demo", flavour, esps)
    it_speaks_to_the_jira_that_was_asked_for(story, flavour)
    each_mirrored_edit_arrived_once_and_the_third_run_made_no_write(story)
    the_send_that_was_scheduled_has_moved(story, esps)
    people_really_edited_in_every_kind_of_tool(story, esps)
    it_shows_conflicts_with_both_values_and_every_unowned_stage(story)
    the_report_is_a_mail_and_a_page(story)
    no_secret_is_in_what_it_prints_or_keeps(story, 2 + len(esps))
    if esps == ["klaviyo"]:  # what is printed last does not depend on the tools
        after_the_printed_export_every_shown_command_works_as_it_stands(story, tmp_path)


def it_ends_by_itself_and_well(folder: Path, flavour: str, esps: list[str]) -> Story:
    usual = (flavour, esps) == ("cloud", ["klaviyo"])
    choice = [] if usual else ["--jira", flavour, *(word for esp in esps for word in ("--esp", esp))]  # as make demo
    command = [PROGRAM, "demo", "--dir", str(folder), *choice]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    log = (folder / "sandbox.log").read_text("utf-8")
    secrets = [file.read_text("utf-8") for file in (folder / "secrets").iterdir()]
    assert not [secret for secret in secrets if secret in done.stderr]
    return Story(done.stdout, folder, [json.loads(line) for line in log.splitlines()])


def it_speaks_to_the_jira_that_was_asked_for(story: Story, flavour: str) -> None:
    assert {"cloud": "Jira Cloud", "dc": "Jira Data Center"}[flavour] in story.text
    calls = [e["path"] for e in story.entries if e["tool"] == "jira" and e["actor"] == "api"]
    assert calls
    assert not [path for path in calls if {"cloud": "/api/2/", "dc": "/api/3/"}[flavour] in path]
    options = load_settings(story.folder / "campaign-sync.toml").tools["jira"].options
    assert isinstance(options, JiraOptions)
    assert (options.email is None, options.user) == (flavour == "dc", None)


def each_mirrored_edit_arrived_once_and_the_third_run_made_no_write(story: Story) -> None:
    _, second, third = story.runs()
    written = Counter(native for entry in second if entry["write"] for native in entry["touched"])
    often = {native for native, count in written.items() if count > 1}
    assert 0 < len(often) <= 3 < len(written), "of one campaign alone the scheduled send moves, which takes steps"
    assert "wrote no record twice, but for those of the campaign whose scheduled send it moved" in story.text
    assert [entry for entry in third if entry["write"]] == []
    assert "The third run wrote nothing." in story.text


def the_send_that_was_scheduled_has_moved(story: Story, esps: list[str]) -> None:
    assert "which is scheduled already" in story.text
    assert re.search(rf"~ Scheduled send +Airtable +\(edited in ({'|'.join(map(tool_title, esps))})\)", story.text)
    assert not [entry for entry in story.entries if entry.get("sent")], "and nothing went out"


def people_really_edited_in_every_kind_of_tool(story: Story, esps: list[str]) -> None:
    edits = {entry["tool"] for entry in story.entries if entry["actor"] == "human"}
    assert {"jira", "airtable"} < edits <= {"jira", "airtable", *esps}


def it_shows_conflicts_with_both_values_and_every_unowned_stage(story: Story) -> None:
    assert re.search(r"Airtable +Last chance: 20 % off everything\s+Marta Nowak, ", story.text)
    assert "Final hours: a fifth off" in story.text
    assert "campaign-sync resolve" in story.text
    assert "Stages that belong to nobody" in story.text
    assert "was deleted in Airtable; it is kept in Jira" in story.text


def the_report_is_a_mail_and_a_page(story: Story) -> None:
    (mail,) = (story.folder / "mail").glob("*.eml")
    message = message_from_bytes(mail.read_bytes(), policy=default)
    assert {part.get_content_type() for part in message.walk()} >= {"text/plain", "text/html"}
    assert "Final hours: a fifth off" in mail.with_suffix(".html").read_text("utf-8")
    assert mail.name in story.text


def no_secret_is_in_what_it_prints_or_keeps(story: Story, count: int) -> None:
    folder = story.folder
    secrets = [file.read_text("utf-8") for file in (folder / "secrets").iterdir()]
    assert len(secrets) == count
    kept = [folder / "state.db", folder / "sandbox.log", folder / "campaign-sync.toml", *(folder / "mail").iterdir()]
    for secret in secrets:
        assert secret not in story.text
        for file in kept:
            assert secret.encode() not in file.read_bytes(), file.name


def after_the_printed_export_every_shown_command_works_as_it_stands(story: Story, elsewhere: Path) -> None:
    assert "sandbox --port" in story.text
    export = next(line for line in story.text.splitlines() if line.startswith("  export "))
    shown = re.search(r"campaign-sync resolve \w+ --take \w+", story.text)
    assert shown

    script = f"{export}\n{shown.group()}\ncampaign-sync report --json"
    done = subprocess.run(
        ["/bin/sh", "-ec", script], cwd=elsewhere, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    decided, report = done.stdout.split("\n", 1)
    assert decided.startswith('Decided "')
    assert json.loads(report[report.index("{") :])


def test_another_jira_than_the_two_is_refused_in_a_sentence() -> None:
    done = CliRunner().invoke(app, ["demo", "--jira", "server"])
    assert done.exit_code == 1
    assert "'server' is not one of 'cloud', 'dc'" in done.stderr


def test_a_folder_that_is_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = CliRunner().invoke(app, ["demo", "--dir", str(tmp_path)])
    assert done.exit_code == 1
    assert "not a demo's folder" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"
