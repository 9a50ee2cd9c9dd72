"""From a tool's answers to canonical cells: what decoding and mapping cost per record, next to `json.loads` alone.

The stand-ins' answers to one full listing are recorded once, as bytes, and given again from memory. What is timed is
everything of ours from there on: the HTTP library's part, the connector's decoding, and the mapping.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import requests
from requests.adapters import HTTPAdapter

from benchmarks.processes import Middle, Say
from benchmarks.profiling import profiled
from benchmarks.team import TOOLS, Team, team_of
from jobs.wiring import open_workspace
from sync.model import Record
from sync.ports import BoundMapping
from sync.workspace import Tool

Key = tuple[str, str, bytes]


@dataclass(frozen=True, slots=True)
class Row:
    """One tool. `size` is the bytes of its answers per record; times are seconds for all records, of work."""

    tool: str
    records: int
    answers: int
    size: float
    plain: Middle
    decode: Middle
    both: Middle

    @property
    def per_second(self) -> float:
        """Records a second, decoded and mapped."""
        return self.records / self.both.median

    @property
    def times_plain(self) -> float:
        """How many times as long as `json.loads` of the same bytes."""
        return self.both.median / self.plain.median

    def to_json(self) -> dict[str, Any]:
        return {
            "tool": self.tool, "records": self.records, "answers": self.answers, "bytes_per_record": round(self.size),
            "records_per_second": round(self.per_second), "times_json_loads": round(self.times_plain, 2),
            "json_loads_seconds": self.plain.to_json(), "decode_seconds": self.decode.to_json(),
            "decode_and_map_seconds": self.both.to_json(),
        }  # fmt: skip


class Tape:
    """Every answer to every request. Recording asks the tool; playing asks nobody."""

    def __init__(self) -> None:
        self._answers: dict[Key, requests.Response] = {}
        self.listed: list[bytes] = []  # the bodies of what a listing was answered with

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Let requests through and keep the answers."""
        real = HTTPAdapter.send

        def send(
            adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any
        ) -> requests.Response:
            answer = real(adapter, request, *args, **{**options, "stream": False})
            answer.content  # noqa: B018  read now, while the tool is there
            self._answers[_key(request)] = answer
            self.listed.append(answer.content)
            return answer

        with patch.object(HTTPAdapter, "send", send):
            yield

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Answer from memory. LookupError for what was never asked."""

        def send(_: HTTPAdapter, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
            kept = self._answers[_key(request)]
            answer = requests.Response()
            answer.status_code, answer.headers, answer.url = kept.status_code, kept.headers, kept.url
            answer.encoding, answer.reason, answer.request = kept.encoding, kept.reason, request
            answer._content = kept.content
            answer._content_consumed = True  # type: ignore[attr-defined]
            return answer

        with patch.object(HTTPAdapter, "send", send):
            yield


def measure(campaigns: int, repeat: int, say: Say, *, tools: Sequence[str] = TOOLS) -> Iterator[Row]:
    """One row a tool, of a company of so many campaigns."""
    with team_of(campaigns) as team:
        for name in tools:
            say(f"{campaigns} campaigns: decoding {name}")
            yield _measured(team, name, repeat)


def profile(campaigns: int, tool: str) -> str:
    """Where the time of one tool's listing goes."""
    with team_of(campaigns) as team, open_workspace(team.settings) as workspace:
        tape = _taped(workspace.tools[tool])
        with tape.playing():
            mapping = workspace.tools[tool].bind(workspace.tools[tool].connector.schema())
            with profiled() as text:
                _mapped(workspace.tools[tool], mapping)
        return text()


def _measured(team: Team, name: str, repeat: int) -> Row:
    with open_workspace(team.settings) as workspace:
        tool = workspace.tools[name]
        tape = _taped(tool)
        with tape.playing():
            mapping = tool.bind(tool.connector.schema())
            count = len(_records(tool))
            gc.collect()
            plain, decode, both = [], [], []
            for _ in range(repeat):
                plain.append(_timed(lambda: [json.loads(body) for body in tape.listed]))
                decode.append(_timed(lambda: _records(tool)))
                both.append(_timed(lambda: _mapped(tool, mapping)))
    size = sum(map(len, tape.listed)) / count
    return Row(name, count, len(tape.listed), size, Middle.of(plain), Middle.of(decode), Middle.of(both))


def _taped(tool: Tool) -> Tape:
    tape = Tape()
    with tape.recording():
        tool.connector.schema()
        tape.listed.clear()
        _records(tool)
    return tape


def _records(tool: Tool) -> list[Record]:
    return list(tool.connector.fetch())


def _mapped(tool: Tool, mapping: BoundMapping) -> list[Any]:
    return [mapping.get(record) for record in tool.connector.fetch()]


def _timed(work: Callable[[], Any]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _key(request: requests.PreparedRequest) -> Key:
    body = request.body or b""
    return str(request.method), str(request.url), body.encode() if isinstance(body, str) else body
