"""What goes wrong at the command line: one message each, the right exit code, never a trace."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from jobs.mailbox import Mailbox
from jobs.session import hidden
from tests.jobs.conftest import Office


def test_a_tool_that_is_down_is_left_out_and_told(office: Office) -> None:
    office.call("sync")
    (office.folder / "right.json").unlink()

    done = office.call("sync")

    assert done.exit_code == 1
    assert "right does not answer" in done.stdout
    assert "Nothing to do in the other tool: Right could not be read." in done.stdout
    assert "Traceback" not in done.output


def test_a_mistyped_call_is_one_message_and_never_exit_code_2(office: Office) -> None:
    for arguments, told in (
        (["pln"], "Did you mean 'plan'? See: campaign-sync --help"),
        (["plan", "--campain", "x"], "No such option: --campain"),
        (["resolve"], "Missing argument"),
        (["report", "--force"], "--force belongs to --email"),
    ):
        refused = office.call(*arguments)
        assert (refused.exit_code, refused.stdout) == (1, ""), arguments
        assert refused.stderr.startswith("error: ")
        assert told in refused.stderr
    as_json = office.call("plan", "--json", "--campain", "x")
    assert "No such option" in json.loads(as_json.stdout)["error"]


def test_a_missing_file_is_told_in_words_and_in_json(office: Office) -> None:
    office.config = office.folder / "nowhere.toml"

    told, as_json = office.call("sync"), office.call("sync", "--json")

    assert told.exit_code == as_json.exit_code == 1
    assert f"There is no file {office.config}. Run `campaign-sync demo`" in told.stderr
    assert json.loads(as_json.stdout)["kind"] == "ConfigError"


def test_what_nobody_foresaw_is_one_line_with_the_trace_in_a_file(office: Office) -> None:
    office.write("people.toml", "")
    office.write("left.json", "{not json, pat-geheim")
    office.write("secret", "pat-geheim")
    office.config.write_text(
        office.config.read_text("utf-8").replace('"left.json"', '"left.json"\ntoken_file = "secret"')
    )

    broken = office.call("sync")
    shown = office.call("sync", "--debug")

    assert broken.exit_code == 1
    assert broken.stderr.splitlines()[-1].startswith("error: something unforeseen went wrong (JSONDecodeError)")
    traces = list(office.folder.glob("*.trace"))
    assert traces
    assert "JSONDecodeError" in traces[0].read_text("utf-8")
    assert "geheim" not in traces[0].read_text("utf-8") + broken.output + shown.output
    assert "Traceback" not in broken.output
    assert "Traceback" in shown.stderr


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the token abc-123 of", "the token [hidden] of"),
        ("Authorization: Bearer eyJhbGciOi9.x", "Authorization: Bearer [hidden]"),
        ("postgresql://me:pw@host/db", "postgresql://[hidden]@host/db"),
        (
            "basic authentication failed, see https://x.example/a",
            "basic authentication failed, see https://x.example/a",
        ),
    ],
)
def test_secrets_are_hidden_and_other_words_are_not(text: str, shown: str) -> None:
    assert hidden(text, ["abc-123", ""]) == shown


def test_ctrl_c_stops_with_its_own_words_and_code(office: Office) -> None:
    file = office.folder / "left.json"
    file.unlink()
    os.mkfifo(file)  # reading the tool waits until somebody writes: the call is surely at work

    call = office.spawn("sync")
    said = office.end_while_reading(call, signal.SIGINT)

    assert call.returncode == 130
    assert said == ["stopped; nothing half-written; run again to continue"]


def test_a_stopped_sync_gives_its_hold_on_the_workspace_back(office: Office) -> None:
    file = office.folder / "left.json"
    file.unlink()
    os.mkfifo(file)

    call = office.spawn("sync")
    said = office.end_while_reading(call, signal.SIGTERM)
    file.unlink()
    office.put("left", a={"Name": "Black Friday"})

    assert (call.returncode, "Traceback" in "\n".join(said)) == (143, False)
    assert office.call("sync").exit_code == 0


def test_a_reader_that_goes_away_is_no_failure_to_tell_of(office: Office) -> None:
    office.put("left", **{f"n{i}": {"Name": f"Campaign {i}"} for i in range(2000)})

    call = office.spawn("plan", "--verbose")
    assert call.stdout
    call.stdout.close()
    call.wait(60)

    assert call.stderr
    assert "Traceback" not in call.stderr.read()


def test_a_port_in_use_is_told(office: Office) -> None:
    with Mailbox(office.folder / "mail") as box:
        taken = office.run("mailbox", "--port", str(box.port))

    assert taken.returncode == 1
    assert taken.stderr.startswith("error: The mail sink cannot listen on 127.0.0.1:")


def test_a_full_disk_for_the_state_is_told(office: Office) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    office.config.write_text(
        office.config.read_text("utf-8").replace("[tools.left]", 'state = "/dev/full"\n[tools.left]', 1)
    )

    refused = office.call("sync")

    assert refused.exit_code == 1
    assert refused.stderr.startswith("error: ")
    assert "unforeseen" not in refused.stderr


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_an_output_that_is_full_is_one_message_without_a_trace(office: Office, as_json: tuple[str, ...]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    office.disagree()

    with full.open("w") as out:
        call = office.spawn("report", *as_json, stdout=out)
        said = call.communicate(timeout=60)[1]

    assert call.returncode == 1
    assert said == "error: no room is left: No space left on device. Free some space and run again.\n"


def test_a_closed_output_is_no_failure(office: Office) -> None:
    office.call("sync")

    call = office.spawn("report", preexec_fn=lambda: os.close(1))

    assert (call.communicate(timeout=60)[1], call.returncode) == ("", 0)


def test_json_keeps_every_letter_whatever_the_terminal_can_show(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.put("left", a={"Name": "Küchen-Wochen → März"})
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")

    done = office.run("plan", "--json")

    assert json.loads(done.stdout)["changes"][0]["campaign_name"] == "Küchen-Wochen → März"


@pytest.mark.parametrize("command", ["sandbox", "mailbox"])
def test_a_port_that_cannot_be_is_refused(office: Office, command: str) -> None:
    refused = office.run(command, "--port", "99999")

    assert (refused.returncode, "'--port'" in refused.stderr) == (1, True)
