"""In which order, and in which portions, steps are carried out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sync.model import Kind
from sync.plan import Step
from sync.report import Action


def parts(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """What has to be done in every tool before the rest is begun in any."""

    def is_last(step: Step) -> bool:
        return step.action is Action.ARCHIVE and step.kind is Kind.CAMPAIGN

    yield [step for step in steps if not is_last(step)]
    yield [step for step in steps if is_last(step)]


def phases(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Campaigns before stages, and archives after both."""
    archives = [step for step in steps if step.action is Action.ARCHIVE]
    others = [step for step in steps if step.action is not Action.ARCHIVE]
    yield [step for step in others if step.kind is Kind.CAMPAIGN]
    yield [step for step in others if step.kind is Kind.STAGE]
    yield archives


def chunks(steps: Sequence[Step], size: int) -> Iterator[list[Step]]:
    """Portions of at most `size` steps."""
    for at in range(0, len(steps), size):
        yield list(steps[at : at + size])
