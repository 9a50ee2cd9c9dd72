"""Moves of scheduled sends in this run: which are off the calendar by our doing, and how far each has got."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sync.errors import ConfigError, Rejected, Stale
from sync.plan import Side, Step
from sync.ports import Change, Failed, Update
from sync.state import State
from sync.store import Store
from sync.workspace import GivenUp


@dataclass(slots=True)
class Moves:
    """`off` are the sends (entity, tool) that are off the calendar by our doing, and whether that is sure. With
    `broken`, the run was ended while somebody may still be writing."""

    store: Store
    state: State
    off: dict[tuple[str, str], bool] = field(default_factory=dict)
    broken: bool = False
    # Intents that took a send off, and whether that is sure: written by a job, read when that has ended.
    _begun: dict[int, bool] = field(default_factory=dict)

    def noted(self, step: Step, change: Change, intent: int, side: Side) -> Change:
        """The change, which tells us when it has taken a send off the calendar."""
        if not isinstance(change, Update) or side.capability.calendar is None:
            return change
        taken = self._earlier(step) or [intent]  # by whom it is off the calendar

        def unscheduled(sure: bool) -> None:  # called by the job that writes
            if self.broken:
                raise GivenUp
            self._begun.update(dict.fromkeys(taken, sure))
            with self.store.transaction() as transaction:
                for one in taken:
                    transaction.unscheduled(one, sure=sure)

        return replace(change, step=unscheduled)

    def done(self, step: Step, intent: int) -> list[int]:
        """The change is made; gives the intents that it has finished."""
        if step.resumed or intent in self._begun:
            self.off.pop((step.entity, step.tool), None)
        return [intent, *self._earlier(step)]

    def failed(self, step: Step, intent: int, failed: Failed, side: Side) -> bool:
        """Whether a change that was not made, or in part, has left a send off the calendar."""
        halfway = self._is_halfway(intent, failed, side)
        for one in self._earlier(step) or ([intent] if halfway else []):
            if one in self._begun:
                self.off[step.entity, step.tool] = self._begun[one]
        return halfway

    def _earlier(self, step: Step) -> list[int]:
        """The changes that have taken off the calendar what this one puts back."""
        mine = (one for one in self.state.intents if (one.entity, one.tool) == (step.entity, step.tool))
        return [one.id for one in mine if one.unscheduled and step.resumed]

    def _is_halfway(self, intent: int, failed: Failed, side: Side) -> bool:
        """A plain refusal to take a send off has done nothing; nor has one of what was to be changed besides, once the
        send is back."""
        shown = side.mapping.get(failed.record).values if failed.record else {}
        if shown.get("scheduled_send") is not None:
            return False
        sure = self._begun.get(intent)
        return sure is True or (sure is False and not isinstance(failed.error, Rejected | Stale | ConfigError))
