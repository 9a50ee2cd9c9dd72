"""The verdict itself: a test fails for what went over the wire in it, and the end of a run says how much was judged."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.contract.verdict import COUNTS, pytest_sessionfinish, pytest_testnodedown

ROOT = Path(__file__).parents[2]
TESTS = r"""
import json
import os
from pathlib import Path

import requests
import responses

from tests.contract import catalogue

catalogue.FOLDER = Path("none")  # sends are judged without the vendors' descriptions, which take their time to read
ACTIONS = "https://us1.api.mailchimp.com/3.0/campaigns/c1/actions"


def asked(action, **body):
    with responses.RequestsMock() as wire:
        wire.post(f"{ACTIONS}/{action}", status=204)
        requests.post(f"{ACTIONS}/{action}", json=body, timeout=5)


def test_that_schedules():
    asked("schedule", schedule_time="2026-11-27T13:00:00+00:00")


def test_that_sends():
    asked("send")


def test_in_which_another_process_sends():
    exchange = {"tool": "brevo", "method": "PUT", "path": "/v3/emailCampaigns/7/status", "query": "", "headers": {},
                "body": "{}", "status": 204, "answer_headers": {}, "answer": "", "sent": True}
    file = Path(os.environ["CAMPAIGN_SYNC_EXCHANGES"]) / "another.jsonl"
    file.write_text(json.dumps(exchange) + "\n", encoding="utf-8")


def test_that_asks_for_nothing():
    pass
"""


def test_a_test_that_could_send_fails_and_the_run_says_so(tmp_path: Path) -> None:
    planted = tmp_path / "test_planted.py"
    planted.write_text(TESTS, encoding="utf-8")
    options = ["-q", "-p", "tests.contract.verdict", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    command = [sys.executable, "-m", "pytest", *options, str(planted)]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=100, env=alone)
    told = [line for line in run.stdout.splitlines() if line.startswith("ERROR")]
    assert run.returncode == 1, run.stdout + run.stderr
    assert [name for line in told for name in ("test_that_sends", "another_process") if name in line] == [
        "test_that_sends",
        "another_process",
    ]
    assert "a request could have sent a campaign (tests/contract/sends.py):" in run.stdout
    assert "mailchimp: POST /3.0/campaigns/c1/actions/send" in run.stdout
    assert "it made a campaign go out at once" in run.stdout
    assert "exchanges with ESPs judged for sends: 3, with 1 schedulings; 2 could send" in run.stdout


def test_what_several_processes_have_judged_is_added_up() -> None:
    config = SimpleNamespace(stash=pytest.Stash())
    for number in (2, 3):
        worker: Any = SimpleNamespace(config=SimpleNamespace(stash=pytest.Stash(), workeroutput={}))
        worker.config.stash[COUNTS] = Counter(requests=number)
        pytest_sessionfinish(worker)
        pytest_testnodedown(SimpleNamespace(config=config, workeroutput=worker.config.workeroutput))
    pytest_testnodedown(SimpleNamespace(config=config))  # one that was killed
    assert config.stash[COUNTS] == Counter(requests=5)
