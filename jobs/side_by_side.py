"""Several waits at once: works that each ask another tool, their jobs in threads, while the run waits for whichever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from sync.workspace import GivenUp, Job, Progress, Work, go_on, later, one_by_one, outcome_of

# Seconds. Ctrl-C ends a wait at once, but for one that comes in the very moment in which a wait begins.
LOOK_UP = 0.25


class _Worker(threading.Thread):
    """One job's thread. It keeps no process from ending: what it was about to do is looked up by the next run."""

    def __init__(self, work: Callable[[], None], given_up: threading.Event) -> None:
        super().__init__(target=copy_context().run, args=(work,), daemon=True)
        self.given_up = given_up


class _Jobs:
    """The jobs that are under way, one of each work at most."""

    def __init__(self) -> None:
        self.under_way = 0
        self.given_up = threading.Event()
        self.waiting: list[Work] = []  # for others to get further
        self._ended: SimpleQueue[tuple[Work, Any]] = SimpleQueue()

    def go_on(self, work: Work, outcome: Any) -> None:
        """Let a work take note of what became of its last job, and begin its next."""
        try:
            job = go_on(work, outcome)
        except KeyboardInterrupt:
            raise
        except BaseException:
            self._finish()
            raise
        if job is later:
            self.waiting.append(work)
        elif job is not None:
            _Worker(partial(self._do, work, job), self.given_up).start()
            self.under_way += 1

    def go_on_waiting(self) -> None:
        """Let those that wait for others see how far these have got."""
        waiting, self.waiting = self.waiting, []
        for work in waiting:
            self.go_on(work, None)

    def ended(self) -> tuple[Work, Any]:
        """Wait for the next job to end: its work and its outcome. What is no Exception is raised."""
        work, outcome = self._next()
        if _is_end(outcome):
            raise outcome
        return work, outcome

    def _finish(self) -> None:
        """Wait for what is under way, and let its work take note of it: when the run gives the workspace back, nobody
        may be writing any more. Nothing new is begun."""
        self.given_up.set()
        while self.under_way:
            work, outcome = self._next()
            try:
                if not _is_end(outcome):
                    go_on(work, outcome)
            except KeyboardInterrupt:
                raise
            except BaseException:  # noqa: BLE001, S110 - what ended the run already is what to tell of
                pass
            work.close()

    def _next(self) -> tuple[Work, Any]:
        while True:
            with suppress(Empty):
                ended = self._ended.get(timeout=LOOK_UP)
                self.under_way -= 1
                return ended

    def _do(self, work: Work, job: Job) -> None:
        try:
            outcome = outcome_of(job)
        except BaseException as end:  # noqa: BLE001 - it is raised where it stops the run
            outcome = end
        self._ended.put((work, outcome))


def side_by_side(works: Sequence[Work]) -> None:
    """Do all works at once. They themselves go on in this thread only, one at a time; each of their jobs has its own,
    so that no work waits for the job of another.

    What a work raises ends the run once the jobs that are under way have ended, too. Whatever is no `Exception`, such
    as Ctrl-C here or the end of a worker within a job, is raised as soon as it comes: nobody waits for the other jobs
    then, and each ends at its next step (see `in_turn`), or with the process.
    """
    if len(works) < 2:
        one_by_one(works)
        return
    jobs = _Jobs()
    try:
        for work in works:
            jobs.go_on(work, None)
        while jobs.under_way or jobs.waiting:
            if jobs.under_way:
                jobs.go_on(*jobs.ended())
            jobs.go_on_waiting()
    except BaseException:
        jobs.given_up.set()
        raise


def in_turn(progress: Progress) -> Progress:
    """The progress for jobs that are done side by side: one tells at a time, and one that was given up ends here."""
    one = threading.Lock()

    def step(what: str, done: int, total: int | None) -> None:
        worker = threading.current_thread()
        if isinstance(worker, _Worker) and worker.given_up.is_set():
            raise GivenUp
        with one:
            progress(what, done, total)

    return step


def _is_end(outcome: Any) -> bool:
    return isinstance(outcome, BaseException) and not isinstance(outcome, Exception)
