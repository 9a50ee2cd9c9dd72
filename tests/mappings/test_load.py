"""Mapping files: the packaged ones load, and each mistake names its file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.load import load
from sync.errors import ConfigError
from sync.model import Field, FieldType, Kind, schema


def failure(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, "airtable", schema())
    assert str(path) in str(caught.value)
    return str(caught.value).replace(str(path), "mine.toml")


@pytest.mark.parametrize("type_", ["jira", "airtable", "klaviyo"])
def test_packaged_files_load(type_: str) -> None:
    file = load(None, type_, schema())

    assert "name" in {entry.name for entry in file.sections[Kind.CAMPAIGN].entries}


def test_a_file_of_ones_own_replaces_the_packaged_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[campaign.fields]\nregion = { field = "Region", values = { eu = ["EU", "Europe"] } }\n', "utf-8")

    file = load(path, "jira", schema((Field("region", FieldType.CHOICE, "Region", custom=True),)))

    entry = file.sections[Kind.CAMPAIGN].entries[0]
    assert (entry.name, entry.field, entry.values) == ("region", "Region", {"eu": ("EU", "Europe")})
    assert entry.where == f"{path}, line 2"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[campaign.fields\n", 1, "not valid TOML"),
        ("[campaign.fields]\nname = \n", 2, "not valid TOML"),
        ("\n[campain.fields]\n", 2, "unknown section 'campain'; did you mean 'campaign'?"),
        ("[campaign]\nrequire = []\n", 2, "unknown option 'campaign.require'; did you mean 'requires'?"),
        ('[campaign.fields]\nname = { feild = "x" }\n', 2, "unknown option 'campaign.fields.name.feild'"),
        ('[campaign.fields]\n\nstauts = { field = "x" }\n', 3, "no field 'stauts'; did you mean 'status'"),
        ('[campaign.fields]\nzzz = { field = "x" }\n', 2, "has no field 'zzz'. It has: name, brief"),
        ('[stage.fields]\ncampaign = { field = "x" }\n', 2, "a stage has no field 'campaign'"),
        ('[campaign.fields]\nname = "Name"\n', 2, "campaign.fields.name must be a table"),
        ("[campaign.fields]\nname = { field = 3 }\n", 2, "campaign.fields.name.field must be a text"),
        ('[campaign.fields]\nname = { access = "read" }\n', 2, "names no field"),
        ('[campaign.fields]\nname = { field = "x", access = "write" }\n', 2, 'must be "both" or "read"'),
        (
            '[campaign.fields.status]\nfield = "x"\n[campaign.fields.status.values]\nsnet = "S"\n',
            1,
            "no value 'snet'; did",
        ),
        (
            '[campaign.fields]\nstatus = { field = "x", values = { sent = 1 } }\n',
            2,
            "status.values.sent must be a list",
        ),
        ('[campaign.fields]\nstatus = { field = "x", values = { sent = [] } }\n', 2, "names no word"),
        ('[campaign.fields]\nstatus = { field = "x", values = { sent = "S", sending = "S" } }\n', 2, "for both"),
        ('[campaign.fields]\nstatus = { field = "x", shows = { sent = "sending" } }\n', 2, "'sent' -> 'sending'"),
        ('[campaign.fields]\nplanned_send = { field = "x", values = { noon = "N" } }\n', 2, "no value 'noon'"),
        ('[campaign]\nrequires = "name"\n', 2, "campaign.requires must be a list"),
        ('[campaign]\n# what it needs\nrequires = ["nmae"]\n', 3, "no field 'nmae'; did you mean 'name'?"),
        ('[stage.create]\nTitle = "{who}"\n', 2, "stage.create.Title knows no '{who}'"),
        ("campaign = 1\n", 1, "campaign must be a table"),
    ],
)
def test_each_mistake_names_file_line_and_key(tmp_path: Path, text: str, line: int, words: str) -> None:
    message = failure(tmp_path, text)

    assert words in message
    assert f"line {line}" in message


def test_a_missing_file_and_an_unknown_type_say_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load(tmp_path / "none.toml", "jira")
    with pytest.raises(ConfigError, match="no packaged mapping for tools of the type 'fax'"):
        load(None, "fax")


def test_a_file_that_is_no_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigError, match="cannot be read"):
        load(path, "jira")


def test_a_package_may_bring_its_own_mapping_as_text_or_as_a_file(tmp_path: Path) -> None:
    text = '[campaign.fields]\nname = { field = "Title" }\n'
    brought = tmp_path / "planner.toml"
    brought.write_text(text, "utf-8")
    named = tmp_path / "mine.toml"
    named.write_text(text.replace("Title", "Mine"), "utf-8")

    for own in (text, brought):
        file = load(None, "airtable", own=own)
        assert (file.type, file.sections[Kind.CAMPAIGN].entries[0].field) == ("airtable", "Title")
        assert load(named, "airtable", own=own).sections[Kind.CAMPAIGN].entries[0].field == "Mine"
    brought.write_text("[", "utf-8")
    with pytest.raises(ConfigError, match=r"planner\.toml \(packaged\).*not valid TOML"):
        load(None, "airtable", own=brought)
