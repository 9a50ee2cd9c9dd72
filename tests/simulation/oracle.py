"""Knows what people wrote and what they had been shown, and so whether the sync may put one text over another.

Every text that a person writes is written once: `t<number>`, in which the number is its place in time. What somebody
overwrites or clears has been seen by them, and so has everything that this had superseded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.sends import Sends
from tests.simulation.violation import Violation

Cell = tuple[str, str, str]  # tool, record, field
TRACKED = ("subject", "notes")
SYNC = "sync"


def number(text: Any) -> int | None:
    """Which text of the history this is, None for anything else."""
    words = text.strip() if isinstance(text, str) else ""
    return int(words[1:]) if words[:1] == "t" and words[1:].isdigit() else None


@dataclass(slots=True)
class Oracle:
    """Texts by number; sets of texts are bit masks."""

    told: int = 0
    superseded: dict[int, int] = field(default_factory=dict)  # by text: what its writers had been shown
    asserted: dict[int, int] = field(default_factory=dict)  # by text: when somebody last wrote or chose it
    cleared: int = 0  # every text that somebody has cleared away, having seen it
    clears: dict[Cell, tuple[int, int]] = field(default_factory=dict)  # by cell: mask, when
    # By cell, a text that the sync wrote without an answer: to empty it again looks as if it had never been written.
    unanswered: dict[Cell, int | None] = field(default_factory=dict)
    moment: int = 0
    overruled: set[str] = field(default_factory=set)  # fields whose rule lets one tool win
    sends: Sends = field(default_factory=Sends)

    def fresh(self) -> str:
        """A text that nobody has written before."""
        self.told += 1
        return f"t{self.told}"

    def choose(self, cell: Cell, text: Any, shown: list[Any]) -> None:
        """Somebody takes what a cell shows of several texts that they were shown."""
        self.moment += 1
        chosen = number(text)
        mask = 0
        for one in shown:
            mask |= self._seen_with(one)
        if chosen is None:
            self.cleared |= mask
            self.clears[cell] = (self.clears.get(cell, (0, 0))[0] | mask, self.moment)
        else:
            self.superseded[chosen] = self.superseded.get(chosen, 0) | mask
            self.asserted[chosen] = self.moment

    def changed(self, tool: str, native: str, before: Mapping[str, Any], after: Mapping[str, Any], who: str) -> None:
        """Somebody changed a record; raises Violation when it was the sync and the change loses what a person wrote."""
        for name in TRACKED:
            old, new = before.get(name), after.get(name)
            if old != new and who != SYNC:
                self._person(tool, native, name, old, new)
            elif old != new and name not in self.overruled:
                self._sync(tool, native, name, old, new)

    def _person(self, tool: str, native: str, name: str, old: Any, new: Any) -> None:
        self.moment += 1
        mask, text = self._seen_with(old), number(new)
        if number(old) is None:  # whoever fills an empty cell goes on from the one who emptied it
            mask |= self.clears.get((tool, native, name), (self.cleared, 0))[0]
        if text is None:
            self.cleared |= mask
            self.clears[tool, native, name] = (mask, self.moment)
        else:
            self.clears.pop((tool, native, name), None)
            self.superseded[text] = self.superseded.get(text, 0) | mask
            self.asserted[text] = self.moment

    def _sync(self, tool: str, native: str, name: str, old: Any, new: Any) -> None:
        lost, text = number(old), number(new)
        where = f"{name} of {native} in {tool}"
        if lost is not None and lost != text and not (self.cleared if text is None else self._under(text)) >> lost & 1:
            raise Violation(f"{where}: {old} gave way to {new}, whose writer had not been shown it")
        if lost is None and text is not None and (clear := self.clears.get((tool, native, name))):
            mask, when = clear
            unanswered = self.unanswered.get((tool, native, name)) == text
            if mask >> text & 1 and self.asserted.get(text, 0) < when and not unanswered:
                raise Violation(f"{where}: {new} came back after somebody who had seen it cleared it")

    def _under(self, text: int) -> int:
        """All that a text supersedes, also by way of texts between."""
        found, rest = 0, 1 << text
        while rest:
            found |= rest
            below = 0
            for one in range(rest.bit_length()):
                below |= self.superseded.get(one, 0) if rest >> one & 1 else 0
            rest = below & ~found
        return found

    def _seen_with(self, text: Any) -> int:
        shown = number(text)
        return 0 if shown is None else self.superseded.get(shown, 0) | 1 << shown
