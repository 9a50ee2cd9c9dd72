"""The command line, on a workspace of two notebooks: what each command does, says and exits with."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from jobs.cli import app
from tests.jobs.conftest import ROOT, Office


def test_a_plan_tells_of_changes_by_its_exit_code_and_writes_nothing(office: Office) -> None:
    planned = office.call("plan")

    assert planned.exit_code == 2
    assert "Black Friday" in planned.stdout
    assert "+ Right   create the campaign (2 fields)" in planned.stdout
    assert "1 change in 1 tool: 1 create." in planned.stdout
    assert office.rows("right") == {}


def test_a_sync_mirrors_and_the_next_one_has_nothing_to_do(office: Office) -> None:
    first, second, planned = office.call("sync"), office.call("sync"), office.call("plan")

    assert (first.exit_code, second.exit_code, planned.exit_code) == (0, 0, 0)
    assert [row["Name"] for row in office.rows("right").values()] == ["Black Friday"]
    assert "1 change written in 1 tool: 1 created." in first.stdout
    assert second.stdout == "Nothing to do: both tools agree.\n"


def test_progress_never_mixes_with_the_result(office: Office) -> None:
    done = office.call("sync", "--json")

    report = json.loads(done.stdout)
    assert report["changes"][0]["state"] == "done"
    assert "reading left" in done.stderr


def test_a_conflict_is_no_error_and_a_decision_settles_it(office: Office) -> None:
    fingerprint = office.disagree()

    shown = office.call("report")
    decided = office.call("resolve", fingerprint[:5], "--take", "right")
    office.call("sync")

    assert "Left    Left says" in shown.stdout
    assert "Right   Right says" in shown.stdout
    assert decided.exit_code == 0
    assert "The next run carries it out: campaign-sync sync" in decided.stdout
    assert office.rows("left")["a"]["Subject line"] == "Right says"
    assert office.call("report").stdout == "Nothing is flagged.\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["0000", "--take", "left"], 'No open flag begins with "0000". See: campaign-sync report'),
        (["{flag}"], "Say which way: --take TOOL, --delete or --restore"),
        (["{flag}", "--take", "left", "--delete"], "and only one of them"),
        (["{flag}", "--take", "left", "or", "--take", "right"], "Only one of the choices may stay"),
        (["{flag}", "--take", "jira"], "is not settled by --take jira. Use --take left or --take right."),
        (["{flag}", "--delete"], "is not settled by --delete. Use --take left"),
    ],
)
def test_a_decision_that_cannot_settle_it_is_refused(office: Office, arguments: list[str], told: str) -> None:
    flag = office.disagree()

    refused = office.call("resolve", *(argument.format(flag=flag) for argument in arguments))

    assert refused.exit_code == 1
    assert told in refused.stderr


def test_a_tool_may_be_written_as_its_maker_writes_it(office: Office) -> None:
    decided = office.call("resolve", office.disagree(), "--take", "Left", "--json")

    assert json.loads(decided.stdout)["choice"] == "left"


def test_a_resync_asks_for_its_scope_and_knows_the_campaigns(office: Office) -> None:
    early = office.call("resync", "--campaign", "Black Friday")
    office.put("left", a={"Name": "Black Friday"}, b={"Name": "Spring"}, c={"Name": "Spring sale"})
    office.call("sync")

    assert "nothing has been synced yet" in early.stderr
    for arguments, told in (
        ([], "Say what to compare again: --campaign KEY, --tool NAME, or --all."),
        (["--all", "--tool", "left"], "--all is everything; leave out --campaign and --tool."),
        (["--campaign", "black fryday"], 'No campaign "black fryday" is known. Nearest: Black Friday.'),
        (["--campaign", "zzz"], "Give the key of a campaign (not of a stage), its id or its name."),
        (["--tool", "lefd"], 'The workspace has no tool "lefd". Did you mean "left"?'),
    ):
        refused = office.call("resync", *arguments)
        assert (refused.exit_code, told in refused.stderr) == (1, True), refused.stderr
    for arguments in (["--all"], ["--tool", "left"], ["--campaign", "SPRING"], ["--campaign", "A", "--tool", "right"]):
        assert office.call("resync", *arguments).exit_code == 0


def test_a_name_of_several_campaigns_is_not_guessed(office: Office) -> None:
    office.put("left", a={"Name": "Spring"}, b={"Name": "Spring"})
    office.call("sync")

    refused = office.call("resync", "--campaign", "Spring")

    assert refused.exit_code == 1
    assert '"Spring" names 2 campaigns: Spring (cs-' in refused.stderr


def test_the_file_is_named_before_or_after_the_command_or_by_the_environment(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.config.rename(office.folder / "other.toml")
    office.config = office.folder / "other.toml"

    assert office.call("plan").exit_code == 2
    assert CliRunner().invoke(app, ["--config", "other.toml", "plan"]).exit_code == 2
    monkeypatch.setenv("CAMPAIGN_SYNC_CONFIG", "other.toml")
    assert CliRunner().invoke(app, ["plan"]).exit_code == 2


def test_the_configuration_is_checked_with_and_without_the_tools(office: Office) -> None:
    offline, online = office.call("config", "check"), office.call("config", "check", "--online")
    office.write("mapping.toml", '[campaign.fields]\nname = { field = "Nam" }\n')
    wrong = office.call("config", "check", "--online")
    unsound = office.write("mapping.toml", '[campaign.fields]\nnome = { field = "Name" }\n')
    refused = office.call("config", "check")

    assert offline.exit_code == 0
    assert "is fine: Acme email, 0 people, 2 tools, no reports by email." in offline.stdout
    assert "left: reached; 2 fields of a campaign are mapped." in online.stdout
    assert wrong.exit_code == 1
    assert wrong.stderr.count("error: ") == 2
    assert refused.exit_code == 1
    assert f"{unsound}, line 2" in refused.stderr


def test_the_check_of_the_configuration_is_one_json_for_programs(office: Office) -> None:
    fine = office.call("config", "check", "--online", "--json")
    office.write("mapping.toml", '[campaign.fields]\nname = { field = "Nam" }\n')
    wrong = office.call("config", "check", "--online", "--json")

    said = json.loads(fine.stdout)
    assert fine.exit_code == 0
    assert (said["workspace"], said["people"], said["email"], said["webhooks"]) == ("Acme email", 0, [], None)
    assert [(tool["tool"], tool["fine"]) for tool in said["tools"]] == [("left", True), ("right", True)]
    assert "name" in said["tools"][0]["mapped"]["campaign"]
    assert wrong.exit_code == 1
    assert wrong.stderr == ""
    failed = json.loads(wrong.stdout)["tools"]
    assert [(tool["fine"], tool["kind"], "'Nam'" in tool["error"]) for tool in failed] == [
        (False, "ConfigError", True)
    ] * 2


def test_the_schema_is_json(office: Office) -> None:
    assert json.loads(office.call("config", "schema").stdout.rstrip())["title"] == "campaign-sync.toml"


def test_help_loads_nothing_that_it_does_not_need(office: Office) -> None:
    code = (
        "import sys\nfrom jobs.cli import app\ntry: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & set(sys.argv[1:])))"
    )
    heavy = ["alembic", "connectors", "dbos", "jinja2", "jira", "pyairtable", "pydantic", "requests", "sqlalchemy"]

    done = subprocess.run([sys.executable, "-c", code, *heavy], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "Usage:" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
