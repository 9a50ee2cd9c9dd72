"""Refuses mass changes and emptied tools before any write. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sync.merge import is_empty
from sync.plan import Step
from sync.report import Action

ALWAYS_ALLOWED = 1


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of one tool one run may change.

    Archives stop the run when they exceed `archive_count` or the share `archive_share` (0..1) of the tool's records;
    overwritten records (a value that was there gives way to another) when they exceed both their count and share.
    """

    archive_count: int = 10
    archive_share: float = 0.2
    overwrite_count: int = 50
    overwrite_share: float = 0.5


def excesses(steps: Sequence[Step], linked: Callable[[str], int], bounds: Bounds) -> list[str]:
    """Why this plan must not be carried out, one sentence a tool; empty when it may. `linked` gives the number of a
    tool's records, and is asked where that matters."""
    reasons = []
    archives = Counter(step.tool for step in steps if step.action is Action.ARCHIVE)
    overwrites = Counter(step.tool for step in steps if _overwrites(step))
    for tool in sorted(archives.keys() | overwrites.keys()):
        many = overwrites[tool] > bounds.overwrite_count
        if archives[tool] <= ALWAYS_ALLOWED and not many:
            continue
        total = max(linked(tool), archives[tool])  # those that were seen for the first time in this run are there, too
        if _too_many_lost(archives[tool], total, bounds):
            reasons.append(f"{archives[tool]} of {total} records would be archived in {tool}")
        if many and overwrites[tool] > bounds.overwrite_share * total:
            reasons.append(f"{overwrites[tool]} of {total} records would be overwritten in {tool}")
    return reasons


def is_emptied(missing: int, linked: int, bounds: Bounds) -> bool:
    """Whether so many records are gone from a tool that its listing is not to be believed."""
    return _too_many_lost(missing, linked, bounds)


def _too_many_lost(count: int, total: int, bounds: Bounds) -> bool:
    return count > ALWAYS_ALLOWED and (count > bounds.archive_count or count > bounds.archive_share * total)


def _overwrites(step: Step) -> bool:
    return step.action is Action.UPDATE and any(not is_empty(cell.old) for cell in step.cells)
