"""The scheduled worker: runs the sync on the workspace's cron schedule and mails what is new, on DBOS over SQLite."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions

from jobs import mailing, wiring
from jobs.session import hidden
from jobs.settings import Settings, load_settings
from jobs.terminal import one_line, unfinished
from jobs.webhooks_calls import Calls
from jobs.worker_alone import alone
from jobs.worker_log import log_to_stderr
from sync.errors import Busy, ConfigError, SyncError

Step = Callable[[Settings, "Stop"], dict[str, Any]]  # {"said": a line for the log or None, "failed": bool}

# Raise it when the steps of a pass change: a pass that was cut short is taken up only by the same version.
VERSION = "1"
QUEUE = SCHEDULE = "sync"
KEPT = timedelta(days=30)
GRACE_SECONDS = 25
log = logging.getLogger("campaign_sync.worker")


class Stopped(BaseException):
    """The worker has been told to end. No Exception, so that nothing on the way takes it for a tool's failure."""


class Stop(threading.Event):
    """Set when the worker has been told to end, or cannot go on (`failed`)."""

    failed = False

    def fail(self) -> None:
        """End the worker, so that whoever watches over it starts it anew."""
        log.error("webhooks are not received any more, for a reason unknown; the worker stops")
        self.failed = True
        self.set()

    def progress(self, _what: str, _done: int, _total: int | None) -> None:
        """A run's progress; ends it between two steps. The next run goes on from there, as after any crash."""
        if self.is_set():
            raise Stopped


def sync_step(settings: Settings, stop: Stop) -> dict[str, Any]:
    """One run, told in one line. Reads the files anew, so that a corrected people.toml needs no restart."""
    current = load_settings(settings.path)
    with wiring.open_state(current) as store:
        try:
            done = wiring.run(current, store, wiring.Order(), stop.progress)
        except Busy as exc:
            return {"said": f"skipped: {exc}", "failed": False}
    return {"said": one_line(done), "failed": unfinished(done)}


def mail_step(settings: Settings, _stop: Stop) -> dict[str, Any]:
    """The report by email where the workspace has an [email] section and something is new."""
    current = load_settings(settings.path)
    if current.email is None:
        return {"said": None, "failed": False}
    with wiring.open_state(current) as store:
        mailed = mailing.mail_report(current, store, wiring.clock())
    return {"said": mailed.said if mailed.sent else None, "failed": False}


def serve(
    settings: Settings,
    *,
    once: bool = False,
    webhooks: bool = False,
    sync: Step = sync_step,
    mail: Step = mail_step,
) -> int:
    """Run until SIGINT or SIGTERM; with `once` one pass. Gives the exit code. `sync` and `mail` are the pass's steps.

    With `webhooks`, or a section of that name, what the tools tell starts a pass as well.
    Raises ConfigError when another worker serves the workspace, or when the worker's database cannot be used.
    """
    log_to_stderr(settings.secrets)
    database = database_of(settings)
    stop, calls = Stop(), Calls()

    def answer(current: Settings, stop: Stop) -> dict[str, Any]:
        calls.answered()
        return sync(current, stop)

    with alone(database.with_suffix(".lock"), settings.name), _signals(stop):
        passes = _Passes(settings, stop, {"sync": answer, "report": mail})
        with _launched(settings, database, passes):
            if once:
                return int(passes.enqueue().get_result(polling_interval_sec=0.05)["failed"])
            with _webhooks(settings, calls, passes, stop) if webhooks or settings.webhooks else nullcontext():
                log.info("worker of %s started; schedule: %s (%s)", settings.name, settings.schedule, settings.zone.key)
                stop.wait()
            log.info("worker stops")
    return int(stop.failed)


def database_of(settings: Settings) -> Path:
    """Where DBOS keeps its schedule and its passes: beside the state."""
    file = settings.state.rsplit("/", 1)[1] if settings.state.startswith("sqlite:") else settings.path.name
    return settings.folder / f"{Path(file).stem}.jobs.db"


class _Passes:
    """The workflows of one workspace. DBOS keeps their names, the workspace's name and the steps' lines; no secret."""

    def __init__(self, settings: Settings, stop: Stop, steps: dict[str, Step]) -> None:
        self._settings, self._stop, self._steps = settings, stop, steps
        self.running = threading.Event()

        # DBOS takes functions only, no bound methods.
        def one(_workspace: str) -> dict[str, Any]:
            return self._pass()

        def tick(_at: datetime, _context: Any) -> None:
            self.enqueue()

        self._one = DBOS.workflow(name="pass")(one)
        self.tick = DBOS.workflow(name="tick")(tick)

    def enqueue(self) -> Any:
        """The handle of a pass. While one waits or runs, it is that one: a workspace never has two."""
        with SetEnqueueOptions(deduplication_id=self._settings.name, duplication_policy="return-existing"):
            return DBOS.enqueue_workflow(QUEUE, self._one, self._settings.name)

    def _pass(self) -> dict[str, Any]:
        self.running.set()
        try:
            failed = False
            for name in self._steps:
                done = DBOS.run_step({"name": name}, self._step, name)
                failed = failed or done["failed"]
                if done.get("ended"):
                    break
            return {"failed": failed}
        finally:
            self.running.clear()

    def _step(self, name: str) -> dict[str, Any]:
        """A step never raises: its failure is a line in the log, and the next pass tries again."""
        try:
            done = dict(self._steps[name](self._settings, self._stop))
        except Stopped:
            done = {"said": "stopped between two steps; the next run goes on", "failed": False, "ended": True}
        except SyncError as exc:
            done = {"said": f"failed: {exc}", "failed": True, "ended": True}
        except Exception as exc:  # noqa: BLE001 - a fault of one pass must not end the worker
            done = {"said": f"failed ({type(exc).__name__}): {exc}", "failed": True, "ended": True}
        if done["said"]:
            done["said"] = hidden(" ".join(str(done["said"]).split()), self._settings.secrets)
            log.log(logging.ERROR if done["failed"] else logging.INFO, "%s: %s", name, done["said"])
        return done


def _webhooks(settings: Settings, calls: Calls, passes: _Passes, stop: Stop) -> AbstractContextManager[None]:
    from jobs.webhooks_service import receiving  # noqa: PLC0415 - a web server, which most workers do without

    return receiving(settings, calls, passes.enqueue, stop.fail)


@contextmanager
def _launched(settings: Settings, database: Path, passes: _Passes) -> Iterator[None]:
    """DBOS at work: no ports, no telemetry, no connection to anybody."""
    config: DBOSConfig = {
        "name": "campaign-sync",
        "system_database_url": f"sqlite:///{database}",
        "application_version": VERSION,
        "executor_id": "worker",
        "log_level": "WARNING",
        "enable_otlp": False,
        "serializer": DBOSPortableJSONSerializer(),
        "notification_listener_polling_interval_sec": 1.0,
    }
    try:
        try:
            DBOS(config=config)
            DBOS.launch()
            DBOS.register_queue(QUEUE, global_concurrency=1, worker_concurrency=1)
            DBOS.apply_schedules([{
                "schedule_name": SCHEDULE, "workflow_fn": passes.tick, "schedule": settings.schedule,
                "cron_timezone": settings.zone.key,
            }])  # fmt: skip
            _forget_old()
        except Exception as exc:
            raise ConfigError(
                f"The worker's own database {database} cannot be used ({type(exc).__name__}). Check the folder's space "
                "and rights; if the file is damaged, delete it: it holds the schedule only, no campaign data."
            ) from exc
        yield
    finally:
        grace = GRACE_SECONDS if passes.running.is_set() else 0
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=grace)


def _forget_old() -> None:
    """Passes that ended long ago go; the workspace's own state keeps what they did."""
    before = (datetime.now(UTC) - KEPT).isoformat()
    old = DBOS.list_workflows(completed_before=before, load_input=False, load_output=False)
    if old:
        DBOS.delete_workflows([workflow.workflow_id for workflow in old])


@contextmanager
def _signals(stop: Stop) -> Iterator[None]:
    """SIGINT and SIGTERM set `stop`."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
