"""About how many people the audiences have that two campaigns share: asked once a day, and only of those."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sync.errors import SyncError
from sync.intake import Intake
from sync.state import Reached, State
from sync.transaction import Transaction
from sync.workspace import Workspace

LASTS = timedelta(hours=24)


def are_old(state: State, now: datetime) -> bool:
    """Whether some size has to be asked again."""
    return any(not reached.at <= now < reached.at + LASTS for reached in state.audiences.values())


class Audiences:
    """The sizes as they are known. With `ask` those that are not, or not any more, are asked of the ESPs."""

    def __init__(self, workspace: Workspace, state: State, intake: Intake, now: datetime, *, ask: bool) -> None:
        self._workspace, self._state, self._intake = workspace, state, intake
        self._now, self._ask = now, ask
        self._news: dict[tuple[str, str], Reached] = {}

    def sizes(self, names: Collection[str]) -> Mapping[str, int]:
        """By name; one that several ESPs have counts as its largest."""
        found: dict[str, int] = {}
        for tool, side in self._intake.sides.items():
            if side.capability.calendar is None:
                continue
            self._look(tool, [name for name in sorted(names) if self._is_old(tool, name)])
            for name in names:
                known = self._state.audiences.get((tool, name))
                if known is not None and known.size is not None:
                    found[name] = max(known.size, found.get(name, 0))
        return found

    def keep(self, transaction: Transaction) -> None:
        """Remember what was asked in this run."""
        for (tool, name), reached in self._news.items():
            transaction.reach(tool, name, reached)

    def _is_old(self, tool: str, name: str) -> bool:
        known = self._state.audiences.get((tool, name))
        return known is None or not known.at <= self._now < known.at + LASTS

    def _look(self, tool: str, names: Collection[str]) -> None:
        if not (names and self._ask):
            return
        try:
            told = self._workspace.tools[tool].connector.reach(names)
        except SyncError:
            for name in names:  # a flag without a size is a flag all the same; the next run asks again
                known = self._state.audiences.get((tool, name))
                self._news[tool, name] = Reached(known.size if known else None, self._now - LASTS)
            return
        for name in names:
            self._news[tool, name] = self._state.audiences[tool, name] = Reached(told.get(name), self._now)
