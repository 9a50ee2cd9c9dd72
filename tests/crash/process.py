"""One run of the sync in a process of its own, that may be killed or stopped at a boundary."""

from __future__ import annotations

import gc
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from typing import Any

from sync.errors import SyncError
from sync.report import RunReport
from tests.crash.boundaries import Boundaries
from tests.crash.remote import Answer, Line

Work = Callable[[Line, Boundaries], RunReport]
Serve = Callable[[str, str, Sequence[Any]], Answer]  # (tool, call, arguments)


@dataclass(slots=True)
class Life:
    """What became of a process: the boundaries it passed, and how it ended.

    `report` is that of a run that came to its end, `error` what it raised in words ("Busy: …"). With neither it was
    killed, or it is stopped.
    """

    labels: list[str] = field(default_factory=list)
    report: RunReport | None = None
    error: str | None = None
    killed: bool = False
    stopped: bool = False


class Process:
    """A child that does `work`; this process serves its calls. At boundary number `at` it gets the signal `end`."""

    def __init__(self, work: Work, serve: Serve, at: int | None = None, end: signal.Signals = signal.SIGKILL) -> None:
        self.life, self._serve = Life(), serve
        self._line, line = Pipe()
        gc.disable()  # a collection in the child would copy every page of this process
        self._pid = os.fork()
        if self._pid == 0:
            self._line.close()
            _live(work, line, at, end)
        gc.enable()
        line.close()

    def serve(self) -> Life:
        """Answer its calls until it has ended or stopped."""
        self.life.stopped = False
        for message in self._messages():
            match message:
                case ("reached", str(label)):
                    self.life.labels.append(label)
                case ("call", str(tool), str(name), tuple(arguments)):
                    self._line.send(self._serve(tool, name, arguments))
                case ("stopping",):
                    os.waitpid(self._pid, os.WUNTRACED)
                    self.life.stopped = True
                    return self.life
                case ("ended", report, error):
                    self.life.report, self.life.error = report, error
        self._line.close()
        _, status = os.waitpid(self._pid, 0)
        self.life.killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        return self.life

    def go_on(self) -> Life:
        """Let it run again after a stop."""
        os.kill(self._pid, signal.SIGCONT)
        return self.serve()

    def kill(self) -> None:
        """End it, wherever it stands."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._line.close()

    def _messages(self) -> Iterator[tuple[Any, ...]]:
        with suppress(EOFError, ConnectionResetError):
            while True:
                yield self._line.recv()


def _live(work: Work, line: Line, at: int | None, end: signal.Signals) -> None:
    def tell(label: str) -> None:
        line.send(("reached", label))
        if end is signal.SIGSTOP and boundaries.passed == at:
            line.send(("stopping",))

    boundaries = Boundaries(tell, at, end)
    try:
        boundaries.trace_commits()
        line.send(("ended", work(line, boundaries), None))
    except SyncError as error:
        line.send(("ended", None, f"{type(error).__name__}: {error}"))
    except BaseException:  # noqa: BLE001 - the child of a test never goes on as the test
        line.send(("ended", None, traceback.format_exc()))
    finally:
        os._exit(0)
