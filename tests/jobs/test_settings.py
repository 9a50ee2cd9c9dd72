"""The workspace's files: what is read from them, and how a mistake in them is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.settings import Settings, load_settings
from sync.errors import ConfigError
from sync.model import FieldType, Kind
from tests.jobs.conftest import Office

COMPLETE = """\
[workspace]
name = "Acme email"
timezone = "Europe/Berlin"
schedule = "0 7 * * 1-5"

[tools.jira]
type = "jira"
url = "https://acme.atlassian.net/"
email = "sync@acme.example"
token_file = "secrets/jira"
project = "CAM"

[tools.airtable]
type = "airtable"
token_env = "AIRTABLE_TOKEN"
base = "appXXXXXXXXXXXXXX"

[email]
smtp = "smtp+starttls://mail.acme.example:587"
user = "sync"
password_file = "secrets/smtp"
sender = "Campaign sync <sync@acme.example>"
to = [
  "campaigns@acme.example",
  "head@acme.example",
]

[audit]
stages = ["content", "qa"]
audience_gap = "36h"

[policy]
campaign.subject = "prefer: airtable"

[guard]
archive_count = 3

[custom.campaign.region]
type = "choice"
choices = ["DACH", "Nordics"]
"""
PEOPLE = """\
[[people]]
id = "ann"
name = "Ann Lee"
email = "ann@acme.example"
role = "designer"
[people.accounts]
jira = "5b10"

[[people]]
id = "bob"
name = "Bob Ray"
email = "bob@acme.example"
active = false
accounts = { airtable = "usr1" }
"""


@pytest.fixture
def load(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Load the complete workspace, with parts of its files replaced."""
    monkeypatch.setenv("AIRTABLE_TOKEN", "pat-geheim")
    office.write("secrets/jira", "jira-geheim\n")
    office.write("secrets/smtp", "smtp-geheim")

    def loaded(*replaced: tuple[str, str], people: str = PEOPLE) -> Settings:
        text = COMPLETE
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        office.write("campaign-sync.toml", text)
        office.write("people.toml", people)
        return load_settings(Path("campaign-sync.toml"))

    return loaded


Load = Callable[..., Settings]


def refusal(load: Load, *replaced: tuple[str, str], people: str = PEOPLE) -> str:
    with pytest.raises(ConfigError) as caught:
        load(*replaced, people=people)
    return str(caught.value)


def test_a_complete_workspace_is_read(load: Load, office: Office) -> None:
    settings = load()

    assert settings.state == f"sqlite:///{office.folder}/state.db"
    assert settings.folder == office.folder
    assert settings.schedule == "0 7 * * 1-5"
    assert settings.tools["jira"].token
    assert settings.tools["jira"].token.get_secret_value() == "jira-geheim"
    assert settings.tools["airtable"].token
    assert settings.tools["airtable"].token.get_secret_value() == "pat-geheim"
    assert settings.email
    assert settings.email.to == ("campaigns@acme.example", "head@acme.example")
    assert settings.stages == ("content", "qa")
    assert settings.audience_gap == timedelta(hours=36)
    assert settings.policy == {(Kind.CAMPAIGN, "subject"): "prefer:airtable"}
    assert settings.guard.archive_count == 3
    assert settings.guard.overwrite_count == 50
    region = settings.schema.campaign["region"]
    assert (region.type, region.label, region.choices) == (FieldType.CHOICE, "Region", ("DACH", "Nordics"))
    assert [(p.id, p.active, dict(p.accounts)) for p in settings.people] == [
        ("ann", True, {"jira": "5b10"}),
        ("bob", False, {"airtable": "usr1"}),
    ]


def test_who_says_no_schedule_syncs_every_quarter_of_an_hour(load: Load) -> None:
    assert load(('schedule = "0 7 * * 1-5"\n', "")).schedule == "*/15 * * * *"


def test_no_secret_is_in_what_the_settings_show(load: Load) -> None:
    settings = load(('name = "Acme email"', 'name = "Acme"\nstate = "postgresql+psycopg://me:db-geheim@host/db"'))

    assert "geheim" not in repr(settings)
    assert {"jira-geheim", "pat-geheim", "smtp-geheim", "db-geheim"} <= set(settings.secrets)


MISTAKES = [  # what is replaced, by what, what is said, the line that is named where it is not the replaced one
    ('project = "CAM"', 'prject = "CAM"', 'tools.jira.prject is not a known key; did you mean "project"?', ""),
    ('project = "CAM"', "", "tools.jira.project is missing; add it.", "[tools.jira]"),
    ('project = "CAM"', "project = 4", "tools.jira.project must be text in quotes.", ""),
    ("[guard]", "[gard]", 'gard is not a known key; did you mean "guard"?', ""),
    ("Europe/Berlin", "Europe/Berln", 'workspace.timezone is not a time zone; did you mean "Europe/Berlin"?', ""),
    ('"0 7 * * 1-5"', '"every day"', "workspace.schedule is not a cron expression", ""),
    ('type = "jira"', 'type = "jirra"', '"jirra" is not a known type of tool; did you mean "jira"?', ""),
    ("https://acme.atlassian.net/", "acme", "tools.jira.url must be an address such as https://", 'url = "acme"'),
    ('"secrets/jira"', '"secrets/none"', "tools.jira.token_file names secrets/none, which cannot be read", ""),
    ('token_file = "secrets/jira"', "", 'no token; add token_file = "secrets/jira" or token_env.', "[tools.jira]"),
    ('"AIRTABLE_TOKEN"', '"NOWHERE"', "names the environment variable NOWHERE, which is not set", ""),
    ('token_env = "AIRTABLE_TOKEN"', 'mapping = "none.toml"', "names a file that is not there: none.toml", ""),
    ('"head@acme.example"', '"head"', "email.to[2] must be an email address", "to = ["),
    ("smtp+starttls://mail.acme.example:587", "smtp://me:pw@host:25", "must not hold a user or a password", ""),
    ('"content"', '"contents"', 'audit.stages[1] is not a known stage; did you mean "content"?', ""),
    ('"36h"', "36", "audit.audience_gap must be a number with a unit in quotes", "audience_gap = 36"),
    (
        "prefer: airtable",
        "prefer: airtabel",
        'prefers "airtabel", which is not a known tool; did you mean "airtable"?',
        "",
    ),
    ("prefer: airtable", "latest", 'must be "hold" or "prefer: <tool>", where the tool is one of airtable, jira.', ""),
    ("campaign.subject", "campaign.subjet", 'policy.campaign.subjet is not a known field; did you mean "subject"?', ""),
    ("archive_count = 3", "archive_count = -1", "guard.archive_count must be at least 0.", ""),
    ("custom.campaign.region", "custom.campaign.subject", "is a field that every campaign has already", ""),
    ('type = "choice"', 'type = "link"', "custom.campaign.region.type must be one of", ""),
]


@pytest.mark.parametrize(("old", "new", "told", "at"), MISTAKES)
def test_a_mistake_is_told_with_its_line_and_its_way_out(load: Load, old: str, new: str, told: str, at: str) -> None:
    before = COMPLETE.replace(old, new).split(at or new)[0]

    said = refusal(load, (old, new))

    assert f"campaign-sync.toml, line {before.count(chr(10)) + 1}: " in said
    assert told in said


def test_a_secret_in_the_file_is_refused_and_not_repeated(load: Load) -> None:
    said = refusal(load, ('project = "CAM"', 'project = "CAM"\ntoken = "geheim"'))

    assert "line 12: tools.jira.token does not belong in this file" in said
    assert "token_file" in said
    assert "geheim" not in said


def test_all_mistakes_are_told_at_once_by_file_and_line(load: Load) -> None:
    people = PEOPLE.replace('id = "bob"', 'id = "ann"').replace("usr1", "5b10").replace("airtable =", "airtabel =")

    said = refusal(load, ("archive_count", "archive_cont"), ("36h", "36x"), ('project = "CAM"', ""), people=PEOPLE)
    about_people = refusal(load, people=people)

    first, *each = said.splitlines()
    assert first == "The configuration has 3 problems:"
    assert [line.split(": ")[1].split()[0] for line in each] == [
        "tools.jira.project",
        "audit.audience_gap",
        "guard.archive_cont",
    ]
    assert 'people[2].id "ann" is taken by person 1 of this file.' in about_people
    assert 'people[2].accounts.airtabel is not a known tool; did you mean "airtable"?' in about_people


def test_an_account_belongs_to_one_person(load: Load) -> None:
    said = refusal(load, people=PEOPLE.replace('airtable = "usr1"', 'jira = "5b10"'))

    assert "people[2].accounts.jira is the account of Ann Lee as well." in said


def test_files_that_are_not_there_or_not_toml(load: Load, office: Office) -> None:
    with pytest.raises(ConfigError, match=r"There is no file nowhere\.toml\. Run `campaign-sync demo`"):
        load_settings(Path("nowhere.toml"))
    with pytest.raises(ConfigError, match="is a folder"):
        load_settings(office.folder)
    office.write("broken.toml", '[workspace]\nname = "x\n')
    with pytest.raises(ConfigError, match=r"broken\.toml is not valid TOML: .*line 2"):
        load_settings(Path("broken.toml"))
    office.write("latin.toml", "").write_bytes(b'name = "K\xe4se"')
    with pytest.raises(ConfigError, match=r"latin\.toml is not UTF-8"):
        load_settings(Path("latin.toml"))
    said = refusal(load, ("[tools.jira]", 'people = "none.toml"\n[tools.jira]'))
    assert "There is no file none.toml" in said
    assert said.count("none.toml") == 1


def test_the_environment_overrides_the_file(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_SYNC_TOOLS__JIRA__URL", "http://127.0.0.1:8720")
    monkeypatch.setenv("CAMPAIGN_SYNC_TOOLS__JIRA__REQUESTS_PER_SECOND", "50")
    monkeypatch.setenv("CAMPAIGN_SYNC_GUARD__ARCHIVE_COUNT", "7")

    settings = load(('url = "https://acme.atlassian.net/"', ""))

    assert settings.tools["jira"].options.model_dump()["url"] == "http://127.0.0.1:8720"
    assert settings.tools["jira"].options.model_dump()["requests_per_second"] == 50
    assert settings.guard.archive_count == 7


def test_a_wrong_override_is_named(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_SYNC_GUARD__ARCHIVE_COUNT", "many")
    monkeypatch.setenv("CAMPAIGN_SYNC_TOLS__JIRA__URL", "http://127.0.0.1")

    said = refusal(load)

    assert "must be a whole number (set by the environment variable CAMPAIGN_SYNC_GUARD__ARCHIVE_COUNT)" in said
    assert 'CAMPAIGN_SYNC_TOLS__JIRA__URL overrides nothing: tols is not a known section; did you mean "tools"?' in said


def test_an_override_that_cannot_be_read_is_told(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_SYNC_GUARD", "{nonsense")

    assert "an environment variable that begins with CAMPAIGN_SYNC_ is not usable" in refusal(load)
