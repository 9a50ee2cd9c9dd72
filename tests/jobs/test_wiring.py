"""The composition root: who holds a workspace, and whether that process still runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from jobs.wiring import is_gone, new_id
from sync.identity import is_marker

HERE = socket.gethostname()


def test_a_process_of_this_machine_that_has_ended_is_gone() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_gone(f"{HERE}, process {ended.pid}")


@pytest.mark.parametrize(
    "holder",
    [
        "{here}, process {me}",
        "another-{here}, process 999999999",
        "{here}, process 99999999999999999999",
        "a night job",
        "{here}, process -1",
        "",
    ],
)
def test_nobody_else_is_taken_for_gone(holder: str) -> None:
    assert not is_gone(holder.format(here=HERE, me=os.getpid()))


def test_ids_are_marks_that_we_recognise_in_the_tools() -> None:
    ids = {new_id() for _ in range(50)}
    assert len(ids) == 50
    assert all(map(is_marker, ids))
