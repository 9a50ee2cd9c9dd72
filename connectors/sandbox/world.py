"""What the sandbox's servers share: the clock, the log of requests, the faults to inject, and the state file."""

from __future__ import annotations

import json
import os
import random
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol


class Stateful(Protocol):
    """A tool server as far as its state goes."""

    name: str

    def dump(self) -> dict[str, Any]:
        """Everything that must survive a restart, as JSON."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a dumped state."""
        ...


class StateError(Exception):
    """The state or log file cannot be read or written. The message is one line for a person."""


@dataclass(slots=True)
class Fault:
    """An answer to give in place of the real one, `times` times, once `skip` such requests have gone well.

    `method` and `path` (a regular expression that its path contains) narrow it; with `after` the request is carried
    out first. `status` 0 drops the connection without an answer.

    `status` None spoils the real answer instead: `headers` are added, `edits` change the JSON of a good one (JSON
    Patch, RFC 6902: add, replace, remove and copy; "double" gives a key a second time, with `value`), and `cut` leaves
    that many bytes of its body, counted from the end when negative. `announced` is whether its Content-Length still
    tells of them all.
    """

    tool: str
    status: int | None
    method: str | None = None
    path: str | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    after: bool = False
    skip: int = 0
    edits: Sequence[Mapping[str, Any]] = ()
    cut: int | None = None
    announced: bool = True

    def matches(self, tool: str, method: str, path: str) -> bool:
        return (
            self.tool == tool
            and self.times > 0
            and self.method in (None, method)
            and (self.path is None or re.search(self.path, path) is not None)
        )


class World:
    """One sandbox's clock, randomness, log, faults, and persistence. Safe to use from several threads."""

    def __init__(
        self,
        seed: int,
        now: Callable[[], datetime] | datetime | None = None,
        state_path: Path | None = None,
        log_path: Path | None = None,
        rate_limits: bool = False,
    ) -> None:
        """`now`: a clock that gives aware times, a moment at which time stands still, or None for real time."""
        self.seed = seed
        self.rate_limits = rate_limits
        self.entries: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.lock = threading.RLock()
        self._tools: list[Stateful] = []
        self._state_path, self._log_path = state_path, log_path
        self._frozen: datetime | None = now.astimezone(UTC) if isinstance(now, datetime) else None
        self._clock: Callable[[], datetime] = now if callable(now) else lambda: datetime.now(UTC)
        self._offset = timedelta(0)
        self._made: dict[str, Any] | None = None
        self._dumped: dict[str, str] = {}
        self._append("")

    def now(self) -> datetime:
        """The world's time, in UTC."""
        return self._frozen if self._frozen is not None else self._clock().astimezone(UTC) + self._offset

    def set_clock(self, to: datetime) -> None:
        """Time stands still at this moment."""
        self._frozen = to.astimezone(UTC)

    def advance(self, seconds: float) -> None:
        """Time jumps ahead, and goes on as it did."""
        if self._frozen is not None:
            self._frozen += timedelta(seconds=seconds)
        else:
            self._offset += timedelta(seconds=seconds)

    def run_clock(self) -> None:
        """Time runs on from where it stands."""
        if self._frozen is not None:
            self._offset, self._frozen = self._frozen - self._clock().astimezone(UTC), None

    def rng(self, purpose: str) -> random.Random:
        """A fresh generator for one purpose, the same in every world of this seed."""
        return random.Random(f"{purpose}/{self.seed}")

    def log(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Append what happened; `n` and `at` are filled in. Callers leave credentials and headers out. Raises
        StateError.

        An entry has: tool, actor (api or human), who, method, path, query, status, write, touched (native ids), body.
        """
        with self.lock:
            full = {"n": len(self.entries) + 1, "at": self.now().isoformat(), **entry}
            self.entries.append(full)
            self._append(json.dumps(full, ensure_ascii=False) + "\n")
            return full

    def _append(self, line: str) -> None:
        if self._log_path is not None:
            try:
                with self._log_path.open("a", encoding="utf-8") as file:
                    file.write(line)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise StateError(f"cannot write the sandbox's log to {self._log_path}: {reason}") from error

    def fault(self, tool: str, method: str, path: str) -> Fault | None:
        """The first fault that this request meets; it is used up once."""
        with self.lock:
            for fault in self.faults:
                if not fault.matches(tool, method, path):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
            return None

    def add_tool(self, tool: Stateful) -> None:
        """Make a server's state part of the state file."""
        self._tools.append(tool)

    def snapshot(self) -> dict[str, str]:
        """Every tool's state, to `rewind` to."""
        with self.lock:
            return {tool.name: json.dumps(tool.dump()) for tool in self._tools}

    def rewind(self, to: Mapping[str, str], *names: str) -> None:
        """Put the tools of these names, or all of them, back into a snapshot's state. The log stays."""
        with self.lock:
            for tool in self._tools:
                if not names or tool.name in names:
                    tool.restore(json.loads(to[tool.name]))

    def made(self) -> dict[str, Any] | None:
        """What the company of the state file was made with, if there is such a file. Raises StateError."""
        state = self._read()
        return None if state is None else dict(state["made"])

    def remember(self, made: Mapping[str, Any]) -> None:
        """Keep what the company was made with in the state file, so that a restart makes the same one."""
        self._made, self.seed = dict(made), made["seed"]

    def save(self, changed: str | None = None) -> None:
        """Write the state in one step, if there is a state file. Raises StateError; the old file stays.

        `changed` names the only tool that has changed since the last time; None: any may have.
        """
        if self._state_path is None:
            return
        with self.lock:
            for tool in self._tools:
                if changed in (None, tool.name) or tool.name not in self._dumped:
                    self._dumped[tool.name] = json.dumps(tool.dump(), ensure_ascii=False)
            tools = ", ".join(f"{json.dumps(name)}: {text}" for name, text in self._dumped.items())
            state = f'{{"made": {json.dumps(self._made)}, "tools": {{{tools}}}}}'
            temporary = self._state_path.with_name(self._state_path.name + ".tmp")
            try:
                with temporary.open("w", encoding="utf-8") as file:
                    file.write(state)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(self._state_path)
            except OSError as error:
                temporary.unlink(missing_ok=True)
                reason = error.strerror or type(error).__name__
                raise StateError(f"cannot write the sandbox's state to {self._state_path}: {reason}") from error

    def load(self) -> bool:
        """Restore all tools from the state file. False if there is none yet. Raises StateError."""
        state = self._read()
        if state is None:
            return False
        try:
            for tool in self._tools:
                tool.restore(state["tools"][tool.name])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(f"the sandbox's state in {self._state_path} is of another shape: {error!r}") from error
        return True

    def _read(self) -> dict[str, Any] | None:
        if self._state_path is None or not self._state_path.exists():
            return None
        try:
            state = json.loads(self._state_path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StateError(f"cannot read the sandbox's state from {self._state_path}: {error}") from error
        if not isinstance(state, dict) or not isinstance(state.get("made"), dict):
            raise StateError(f"{self._state_path} is not a state file of the sandbox")
        return state
