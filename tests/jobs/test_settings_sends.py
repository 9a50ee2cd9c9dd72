"""How far a sync may go with an ESP's schedule: said for the workspace, and otherwise for one tool."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.calendar import Schedule, Sending
from jobs.settings import load_settings
from jobs.tools_calendar import CalendarOptions
from jobs.wiring import completed, connect
from sync.errors import ConfigError

FILE = """\
[workspace]
name = "Acme email"
timezone = "Europe/Berlin"
{workspace}

[tools.klaviyo]
type = "klaviyo"
token_env = "ESP_TOKEN"
from_email = "news@acme.example"
from_label = "Acme"
{tool}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ESP_TOKEN", "pk_secret")
    (tmp_path / "people.toml").write_text("", "utf-8")
    return tmp_path


def sending(folder: Path, workspace: str = "", tool: str = "") -> Sending:
    """What the one tool is allowed by such a file."""
    (folder / "campaign-sync.toml").write_text(FILE.format(workspace=workspace, tool=tool), "utf-8")
    settings = load_settings(folder / "campaign-sync.toml")
    options = completed(settings, settings.tools["klaviyo"])
    assert isinstance(options, CalendarOptions)
    connected = connect(settings, settings.tools["klaviyo"])
    connected.connector.close()
    return options.sending


@pytest.mark.parametrize(
    ("workspace", "tool", "schedule", "minutes"),
    [
        ("", "", Schedule.MOVE, 30),
        ('sends = "never"\nsend_margin = "2h"', "", Schedule.NEVER, 120),
        ('sends = "full"', 'schedule = "move"', Schedule.MOVE, 30),
        ('sends = "never"', 'schedule = "full"\nsend_margin = "1h"', Schedule.FULL, 60),
    ],
)
def test_a_tool_goes_by_the_workspace_unless_it_says_otherwise(
    folder: Path, workspace: str, tool: str, schedule: Schedule, minutes: int
) -> None:
    allowed = sending(folder, workspace, tool)
    assert (allowed.schedule, allowed.margin) == (schedule, timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("workspace", "words"),
    [
        ('sends = "now"', "sends"),
        ('send_margin = "4m"', "at least"),
        ('send_margin = "0s"', "at least"),
        ("sends = 1", "sends"),
    ],
)
def test_a_margin_too_small_and_a_word_nobody_knows_are_errors(folder: Path, workspace: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        sending(folder, workspace)
    with pytest.raises(ConfigError, match="schedule" if "sends" in workspace else words):
        sending(folder, "", workspace.replace("sends", "schedule"))
