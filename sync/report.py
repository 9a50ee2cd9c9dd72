"""The account of one run as plain data: what every face (terminal, JSON, email) shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sync import codec, findings
from sync import outcomes as sends
from sync.findings import Finding
from sync.model import Value
from sync.outcomes import Outcome


class Action(StrEnum):
    """What is done to a record."""

    CREATE = "create"
    UPDATE = "update"
    ARCHIVE = "archive"


class State(StrEnum):
    """How far a change got."""

    PLANNED = "planned"
    DONE = "done"
    FAILED = "failed"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class CellChange:
    """One field of a record: what the tool showed and what it is to show. `sources` are the tools it was edited in."""

    field: str
    label: str
    old: Value
    new: Value
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordChange:
    """All that one run does to one record. `where` names the entity in words, such as "Design of Black Friday"."""

    action: Action
    tool: str
    entity: str
    campaign: str
    campaign_name: str
    where: str
    cells: tuple[CellChange, ...]
    state: State = State.PLANNED
    reason: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ToolAccount:
    """One tool in one run. `error` says in words why it was left out."""

    tool: str
    read: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run. `opened`, `standing` and `closed` are this run's findings against those that were open before."""

    workspace: str
    run: str
    started: datetime
    finished: datetime
    dry: bool
    tools: tuple[ToolAccount, ...] = ()
    changes: tuple[RecordChange, ...] = ()
    adopted: int = 0
    opened: tuple[Finding, ...] = ()
    standing: tuple[Finding, ...] = ()
    closed: tuple[Finding, ...] = ()
    # In words: records that cannot be made before something else is known, and creations that were cut off.
    waiting: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()
    # What became of the sends of the last 30 days, as far as it is known; the newest first.
    outcomes: tuple[Outcome, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is open now."""
        return self.opened + self.standing

    @property
    def troubled(self) -> bool:
        """A tool was left out, a change failed, or nobody knows yet whether a record was made."""
        failed = any(change.state is State.FAILED for change in self.changes)
        return failed or bool(self.unsettled) or any(tool.error for tool in self.tools)

    def count(self, action: Action | None = None, state: State | None = None, tool: str | None = None) -> int:
        """How many record changes there are of this action, state and tool."""
        return sum(
            1
            for c in self.changes
            if (action is None or c.action is action)
            and (state is None or c.state is state)
            and (tool is None or c.tool == tool)
        )


def to_json(report: RunReport) -> dict[str, Any]:
    """The report as JSON, the shape of `--json`."""
    return {
        "workspace": report.workspace,
        "run": report.run,
        "started": report.started.isoformat(),
        "finished": report.finished.isoformat(),
        "dry_run": report.dry,
        "tools": [{"tool": t.tool, "read": t.read, "error": t.error} for t in report.tools],
        "adopted": report.adopted,
        "changes": [
            {
                "action": c.action.value,
                "state": c.state.value,
                "reason": c.reason,
                "tool": c.tool,
                "key": c.key,
                "entity": c.entity,
                "campaign": c.campaign,
                "campaign_name": c.campaign_name,
                "where": c.where,
                "fields": [
                    {
                        "field": cell.field,
                        "label": cell.label,
                        "old": codec.encode(cell.old),
                        "new": codec.encode(cell.new),
                        "edited_in": list(cell.sources),
                    }
                    for cell in c.cells
                ],
            }
            for c in report.changes
        ],
        "waiting": list(report.waiting),
        "unsettled": list(report.unsettled),
        "findings": {
            "opened": [findings.to_json(f) for f in report.opened],
            "standing": [findings.to_json(f) for f in report.standing],
            "closed": [findings.to_json(f) for f in report.closed],
        },
        "outcomes": [sends.to_json(outcome) for outcome in report.outcomes],
    }
