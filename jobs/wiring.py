"""The composition root: settings become a workspace with its tools, its store, its clock and its source of ids."""

from __future__ import annotations

import os
import secrets
import socket
import string
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel

from jobs.settings import Settings, ToolSettings
from jobs.side_by_side import in_turn, side_by_side
from jobs.tools import mapping_file
from jobs.tools_calendar import CalendarOptions
from mappings.bind import bind
from sync.audit import AuditRules
from sync.engine import run as engine_run
from sync.errors import SyncError
from sync.guard import Bounds
from sync.policy import Policy
from sync.ports import BoundMapping, NativeSchema
from sync.report import RunReport
from sync.store import Store, open_store
from sync.wording import Wording, wording
from sync.workspace import Progress, Scope, Surroundings, Tool, Workspace, silent

_LETTERS = string.digits + string.ascii_lowercase
_LENGTH = 8


def clock() -> datetime:
    """The moment it is."""
    return datetime.now(UTC)


def new_id() -> str:
    """A fresh id of our own; it is also the marker that tools carry, so people may read it aloud."""
    return "cs-" + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def connect(settings: Settings, tool: ToolSettings, *, strict: bool = True) -> Tool:
    """The tool with its connector and its mapping. Raises ConfigError for a wrong mapping file; sends nothing.

    Without `strict` a mapped field that the tool does not have any more leaves out only itself.
    """
    file = mapping_file(tool.type, tool.mapping)
    options = completed(settings, tool)

    def meaning(native: NativeSchema) -> BoundMapping:
        return bind(file, tool.name, native, settings.schema, settings.people, settings.zone, strict=strict)

    # Whatever of the configuration has a say in what a record means, or in who wins.
    rules = repr((file, options, settings.schema, settings.people, settings.zone.key, sorted(settings.policy.items())))
    return Tool(tool.type.build(tool.name, options, tool.token), meaning, rules)


def completed(settings: Settings, tool: ToolSettings) -> BaseModel:
    """The tool's options; those about its schedule that are not given are the workspace's."""
    if not isinstance(tool.options, CalendarOptions):
        return tool.options
    usual = {"schedule": settings.sends, "send_margin": settings.send_margin}
    return tool.options.model_copy(update={k: v for k, v in usual.items() if getattr(tool.options, k) is None})


@contextmanager
def open_workspace(settings: Settings) -> Iterator[Workspace]:
    """The workspace with every tool's connector, closed at the end."""
    with ExitStack() as stack:
        tools: dict[str, Tool] = {}
        for name, tool in settings.tools.items():
            # People rename columns at any time; a run goes on with the others, and `config check` is strict.
            tools[name] = connect(settings, tool, strict=False)
            stack.callback(_close, tools[name])
        guard = settings.guard
        yield Workspace(
            name=settings.name,
            zone=settings.zone,
            schema=settings.schema,
            people=settings.people,
            tools=tools,
            policy=Policy(settings.policy),
            bounds=Bounds(guard.archive_count, guard.archive_share, guard.overwrite_count, guard.overwrite_share),
            audit=AuditRules(settings.stages, settings.audience_gap),
            full_every=settings.full_every,
            count_every=settings.count_every,
        )


def open_state(settings: Settings) -> Store:
    """The workspace's memory; a context manager. Raises ConfigError or Unavailable, in words."""
    return open_store(settings.state, settings.name)


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks of one run."""

    dry: bool = False
    scope: Scope = Scope()  # noqa: RUF009 - frozen
    allow_mass: bool = False
    full: bool = False


def run(settings: Settings, store: Store, order: Order, progress: Progress = silent) -> RunReport:
    """One run over the workspace's tools."""
    with open_workspace(settings) as workspace:
        return engine_run(
            workspace,
            store,
            Surroundings(clock, new_id, in_turn(progress), _holder(os.getpid()), is_gone, side_by_side),
            dry=order.dry,
            scope=order.scope,
            allow_mass=order.allow_mass,
            full=order.full,
        )


def is_gone(holder: str) -> bool:
    """Whether a holder was a process of this machine that runs no more, such as one that was killed."""
    number = holder.rpartition(" ")[2]
    if not number.isdigit() or holder != _holder(int(number)):
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _holder(process: int) -> str:
    return f"{socket.gethostname()}, process {process}"


def words(settings: Settings) -> Wording:
    """The wording that the workspace's people read."""
    return wording(settings.zone, settings.people)


def _close(tool: Tool) -> None:
    with suppress(SyncError):
        tool.connector.close()
