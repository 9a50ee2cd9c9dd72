"""The rules over the agreed model: each looks at the board and yields findings."""

from __future__ import annotations

from collections.abc import Iterator

from sync.audit import ownership, schedule
from sync.audit.board import AuditRules, Board
from sync.findings import Finding

RULES = (
    ownership.unowned_stages,
    ownership.missing_stages,
    ownership.unknown_owners,
    ownership.inactive_owners,
    schedule.stages_after_send,
    schedule.audience_clashes,
)


def audit(board: Board) -> Iterator[Finding]:
    """All findings of all rules."""
    for rule in RULES:
        yield from rule(board)


__all__ = ["RULES", "AuditRules", "Board", "audit"]
