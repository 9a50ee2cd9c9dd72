"""Who decides a conflict where the user said so: a rule of the workspace or one decision. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sync.merge import Merged, Past, settle
from sync.model import UNSET, Kind, Value
from sync.ports import View

HOLD = "hold"
PREFER = "prefer:"


@dataclass(frozen=True, slots=True)
class Policy:
    """The workspace's rules: (kind, field) -> "hold" or "prefer:<tool>". What is not listed is held."""

    rules: Mapping[tuple[Kind, str], str] = field(default_factory=dict)

    def preferred(self, kind: Kind, name: str) -> str | None:
        """The tool that decides this field, None where people decide."""
        rule = self.rules.get((kind, name), HOLD)
        return rule.removeprefix(PREFER) if rule.startswith(PREFER) else None


def decide(merged: Merged, past: Past, now: Mapping[str, Value], views: Mapping[str, View], tool: str) -> Merged:
    """Settle a conflict by what `tool` shows.

    The conflict stays when that tool shows nothing in this run, or when a tool that cannot be written disagrees: a
    decision must not make the agreed value differ from what such a tool will do.
    """
    conflict = merged.conflict
    if conflict is None or tool not in now or tool not in views:
        return merged
    value = _value_of(merged, past, now, views, tool)
    shown = {name: now[name] for name in sorted(now) if name in views}
    if any(not views[name].writable and views[name].project(value) != shown[name] for name in shown):
        return merged
    settled = settle(past, shown, views, value, merged.editors)
    lost = {name: claim for name, claim in conflict.claims.items() if name in settled.writes}
    return replace(settled, lost=lost)


def _value_of(merged: Merged, past: Past, now: Mapping[str, Value], views: Mapping[str, View], tool: str) -> Value:
    shown = now[tool]
    if merged.conflict and isinstance(shown, frozenset) and isinstance(merged.value, frozenset):
        return (merged.value - merged.conflict.elements) | (shown & merged.conflict.elements)
    return views[tool].lift(None if past.agreed is UNSET else past.agreed, shown)
