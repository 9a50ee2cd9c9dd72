"""The parts that the settings are read with: durations, lines of keys, types of tool, the schema for editors."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from jobs.settings import load_settings
from jobs.settings_errors import key_lines
from jobs.settings_file import duration
from jobs.settings_schema import json_schema
from jobs.tools import tool_types
from sync.errors import ConfigError
from tests.jobs.conftest import Office


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90m", timedelta(minutes=90)),
        ("2d", timedelta(days=2)),
        ("1d12h", timedelta(hours=36)),
        ("30 s", timedelta(0, 30)),
    ],
)
def test_durations(text: str, meant: timedelta) -> None:
    assert duration(text) == meant


@pytest.mark.parametrize("text", ["", "h", "5", "-1h", "1h and more", "9999999999999w", 5])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match=r"must be a number with a unit|too long"):
        duration(text)


def test_the_line_of_each_key() -> None:
    text = 'a = 1\nb.c = """\n[not.a.table]\nd = 2\n"""\n[[e]]\nf = [\n  1,\n]\n[e.g]\nh = {i = 1}\n[[e]]\nf = 2\n'

    lines = key_lines(text)

    assert lines["a",] == 1
    assert lines["b", "c"] == 2
    assert ("not", "a", "table") not in lines
    assert lines["e", 0, "f"] == 7
    assert lines["e", 0, "g", "h", "i"] == 11
    assert lines["e", 1, "f"] == 13


def test_other_packages_tools_come_in_through_their_entry_point(office: Office) -> None:
    settings = load_settings(office.config)

    assert settings.tools["left"].type.name == "notebook"
    assert settings.tools["left"].token is None


def test_a_package_that_cannot_be_loaded_is_named(office: Office) -> None:
    file = office.packages / "notebook-1.dist-info" / "entry_points.txt"
    file.write_text(file.read_text("utf-8").replace("notebook:factory", "notebook:nothing"), "utf-8")
    tool_types.cache_clear()

    with pytest.raises(ConfigError, match=r"The connector notebook \(tests\.jobs\.notebook:nothing\) cannot be loaded"):
        load_settings(office.config)


def test_the_schema_for_editors_names_every_key(office: Office) -> None:
    schema = json_schema()
    tools = schema["properties"]["tools"]["additionalProperties"]["oneOf"]

    assert {tool["properties"]["type"]["const"] for tool in tools} >= {"jira", "airtable", "klaviyo", "notebook"}
    jira = next(tool for tool in tools if tool["properties"]["type"]["const"] == "jira")
    assert "requests_per_second" in jira["properties"]
    assert {"url", "project"} <= set(jira["required"])
    assert json.loads(json.dumps(schema)) == schema
