"""What a run is given: a workspace's tools, rules and people, and how much of it the run may touch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sync.audit.board import AuditRules
from sync.guard import Bounds
from sync.model import PersonEntry, Schema
from sync.policy import Policy
from sync.ports import BoundMapping, Connector, NativeSchema
from sync.wording import Wording, wording

# How long a run holds its workspace after its last sign of life; every write renews it.
LEASE = timedelta(minutes=10)
# (what, done, total or None where nobody knows)
Progress = Callable[[str, int, int | None], None]
# Something that asks a tool, and waits for it.
Job = Callable[[], Any]
# What a run does with one tool: it yields its jobs and is given what each returned or raised. Between two jobs it has
# the run's state for itself; a job must not touch that.
Work = Generator[Job, Any, None]
T = TypeVar("T")
# A part of a work, with a result of its own.
Part = Generator[Job, Any, T]
# Does works that have nothing to do with each other. What one of them raises ends all.
SideBySide = Callable[[Sequence[Work]], None]


class GivenUp(BaseException):
    """Nobody waits for this job any more; it ends at its next step."""


def later() -> None:
    """What a work yields in place of a job when it has nothing to ask until another work has got further. It goes on
    (with None) after that one's next job; only a work that knows of another one still at work may wait so."""


def one_by_one(works: Sequence[Work]) -> None:
    """Does one work after the other, and each job at once: always in the same order."""
    left = deque(works)
    while left:
        work = left.popleft()
        job = go_on(work, None)
        while job is not None and job is not later:
            job = go_on(work, outcome_of(job))
        if job is later:
            left.append(work)


def outcome_of(job: Job) -> Any:
    """What a job returns, or the exception that it raises."""
    try:
        return job()
    except Exception as error:  # noqa: BLE001  its work judges it
        return error


def go_on(work: Work, outcome: Any) -> Job | None:
    """Begin a work with None, or give it the outcome of its job; its next job (or `later`), or None when it is done."""
    try:
        return work.throw(outcome) if isinstance(outcome, BaseException) else work.send(outcome)
    except StopIteration:
        return None


def silent(_what: str, _done: int, _total: int | None) -> None:
    """Shows no progress."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A connected tool: its wire, and how to give its fields their meaning once it has told them.

    `meaning` is a text that changes with whatever that depends on besides the tool's own fields: the mapping, the
    people, the rules. When it does, all of the tool is read anew.
    """

    connector: Connector
    bind: Callable[[NativeSchema], BoundMapping]
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One team's tools, mapping, people and rules.

    A tool that tells what changed is asked for all its records every `full_every`, and for their ids, to find what was
    deleted, every `count_every`.
    """

    name: str
    zone: ZoneInfo
    schema: Schema
    people: tuple[PersonEntry, ...]
    tools: Mapping[str, Tool]
    policy: Policy = field(default_factory=Policy)
    bounds: Bounds = field(default_factory=Bounds)
    audit: AuditRules = field(default_factory=AuditRules)
    full_every: timedelta = timedelta(hours=24)
    count_every: timedelta = timedelta(hours=1)

    def other_calendars(self, shown_in: Set[str]) -> frozenset[str]:
        """The calendars in which a campaign gets no record: it goes out by one ESP, the first unless by another one."""
        able = {
            name: tool.connector.capability for name, tool in self.tools.items() if tool.connector.capability.calendar
        }
        makers = [name for name, capability in able.items() if capability.creates]
        return frozenset(makers if shown_in & able.keys() else makers[1:])

    def wording(self) -> Wording:
        """Values in words for this workspace's readers."""
        return wording(self.zone, self.people)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which writes a run may make: of these campaigns (entity ids), into these tools; None means all.

    With `force` a tool is given the agreed value again even where it acknowledged it and shows another.
    """

    campaigns: frozenset[str] | None = None
    tools: frozenset[str] | None = None
    force: bool = False

    def covers(self, campaign: str, tool: str) -> bool:
        in_campaigns = self.campaigns is None or campaign in self.campaigns
        return in_campaigns and (self.tools is None or tool in self.tools)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run needs from outside and a test decides: the time, fresh entity ids, who runs it.

    `side_by_side` does the works of different tools.
    `is_gone` says of a holder that it certainly runs no more, so that its hold need not be waited for.
    """

    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    progress: Progress = silent
    holder: str = "this process"
    is_gone: Callable[[str], bool] = lambda _holder: False
    side_by_side: SideBySide = one_by_one
