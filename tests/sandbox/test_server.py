"""The sandbox as a whole: its ports, its state file, its process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from pyairtable import Api

from connectors.sandbox.server import Config, PortInUseError, Sandbox, sandbox_process, serve
from connectors.sandbox.world import StateError

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
MODULE = [sys.executable, "-m", "connectors.sandbox"]


def api(urls: dict[str, str], company: dict[str, Any]) -> Api:
    token = company["credentials"]["airtable"]["token"]
    return Api(token, endpoint_url=urls["airtable"], retry_strategy=None, use_field_ids=True)


def free_port() -> int:
    """Four ports in a row that nobody has right now."""
    for port in range(20000 + os.getpid() % 20000, 64000, 4):
        try:
            for offset in range(4):
                with socket.socket() as sock:
                    sock.bind(("127.0.0.1", port + offset))
        except OSError:
            continue
        return port
    raise AssertionError("no four free ports")


def test_the_vendors_own_library_works_with_it() -> None:
    with Sandbox(seed=1, campaigns=3, now=NOW) as box:
        base = api(box.urls, box.company).base(box.company["base"])
        campaigns = base.table("Campaigns")
        name = campaigns.schema().field("Name").id

        assert len(campaigns.all()) == 3
        upserted = campaigns.batch_upsert([{"fields": {name: "Upserted"}}], key_fields=[name])
        assert len(upserted["createdRecords"]) == 1
        assert campaigns.first(formula="{Name}='Upserted'") == upserted["records"][0]
        campaigns.delete(upserted["createdRecords"][0])
        assert len(campaigns.all(formula="OR(" + ",".join(f"RECORD_ID()='{n:017}'" for n in range(900)) + ")")) == 0


def test_a_state_file_brings_everything_back_and_wins_over_the_settings(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox(seed=5, campaigns=3, now=NOW, state=state) as box:
        table = api(box.urls, box.company).table(box.company["base"], "Campaigns")
        made = table.create({table.schema().field("Name").id: "Kept"})
        before = {record["id"]: record for record in table.all()}
        company = box.company

    with Sandbox(seed=6, campaigns=9, now=datetime(2027, 1, 1, tzinfo=UTC), state=state) as box:
        table = api(box.urls, company).table(company["base"], "Campaigns")
        assert {record["id"]: record for record in table.all()} == before
        assert made["id"] in before
        assert {**box.company, "urls": None} == {**company, "urls": None}
        again = table.create({table.schema().field("Name").id: "Another"})
        assert again["id"] not in before


def test_a_write_that_cannot_be_kept_is_not_acknowledged_and_ends_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    box = Sandbox(seed=1, campaigns=1, now=NOW, state=tmp_path / "state.json").__enter__()
    before = (tmp_path / "state.json").read_bytes()
    monkeypatch.setattr("os.fsync", full)
    login = box.company["credentials"]["airtable"]
    answer = requests.post(
        f"{box.urls['airtable']}/v0/{login['base']}/Campaigns",
        json={"fields": {"Name": "Lost"}},
        headers={"Authorization": f"Bearer {login['token']}"},
        timeout=10,
    )

    assert answer.status_code == 500
    with pytest.raises(StateError, match="No space left on device"):
        box.__exit__(None, None, None)
    assert (tmp_path / "state.json").read_bytes() == before


def test_a_port_in_use_is_named_before_anything_is_served() -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 2))
        taken.listen()

        with pytest.raises(PortInUseError, match=rf"port {port + 2} for the sandbox's klaviyo"):
            serve(Config(port=port))
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", port))  # and the others are free again


def test_ports_follow_one_another(tmp_path: Path) -> None:
    port = free_port()
    with Sandbox(seed=1, campaigns=0, port=port) as box:
        assert list(box.urls.values()) == [f"http://127.0.0.1:{port + n}" for n in range(4)]
        assert requests.get(f"{box.control}/control/health", timeout=10).json()["ok"]


def test_a_process_of_its_own_says_where_it_is_and_ends_when_asked(tmp_path: Path) -> None:
    ready, log, state = (tmp_path / name for name in ("ready.json", "log.jsonl", "state.json"))
    arguments = ["--seed", "3", "--campaigns", "2", "--now", NOW.isoformat(), "--log", str(log), "--state", str(state)]
    with sandbox_process(ready, *arguments) as company:
        table = api(company["urls"], company).table(company["base"], "Campaigns")
        assert len(table.all()) == 2
        now = requests.get(company["urls"]["control"] + "/control/clock", timeout=10).json()["now"]
        assert now.startswith("2026-10-05T09:0")

    entries = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [entry["tool"] for entry in entries] == ["airtable"]
    assert set(json.loads(state.read_text("utf-8"))["tools"]) == {"jira", "airtable", "klaviyo"}


def test_a_process_that_ends_while_it_is_used_says_why(tmp_path: Path) -> None:
    state = tmp_path / "held" / "state.json"
    state.parent.mkdir()

    def use() -> None:
        with sandbox_process(tmp_path / "ready.json", "--campaigns", "2", "--state", str(state)) as company:
            state.unlink()
            state.parent.rmdir()
            api(company["urls"], company).table(company["base"], "Campaigns").create({})

    with pytest.raises(RuntimeError, match=r"the sandbox ended: .*cannot write the sandbox's state"):
        use()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen([*MODULE, "--campaigns", "1"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(4)]
        process.send_signal(number)
        assert process.wait(10) == 0

    assert [line.split()[0] for line in lines] == ["jira", "airtable", "klaviyo", "control"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--state", "{missing}/state.json"], "cannot write the sandbox's state"),
        (["--log", "{missing}/log"], "cannot write the sandbox's log"),
        (["--state", "{garbage}"], "garbage"),
        (["--port", "65534"], "port 65536"),
    ],
)
def test_what_stands_in_the_way_is_one_line_and_exit_code_1(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "garbage").write_text("no state")
    places = {"missing": str(tmp_path / "missing"), "garbage": str(tmp_path / "garbage")}
    given = [argument.format(**places) for argument in arguments]
    run = subprocess.run([*MODULE, *given], capture_output=True, text=True, timeout=30, check=False)

    assert run.returncode == 1
    assert run.stdout == ""
    assert message in run.stderr
    assert len(run.stderr.splitlines()) == 1
