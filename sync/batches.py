"""In which order, and in which portions, steps are carried out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sync.model import Kind
from sync.plan import NAME_OF_CAMPAIGN, Step
from sync.ports import BoundMapping, Capability, NativeSchema
from sync.report import Action


def parts(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """What has to be done in every tool before the rest is begun in any."""

    def is_last(step: Step) -> bool:
        return step.action is Action.ARCHIVE and step.kind is Kind.CAMPAIGN

    yield [step for step in steps if not is_last(step)]
    yield [step for step in steps if is_last(step)]


def phases(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Campaigns before stages, and archives after both. Where no campaign is made that a stage may be waiting for, both
    go together, in that order: a portion costs a look."""
    archives = [step for step in steps if step.action is Action.ARCHIVE]
    others = [step for step in steps if step.action is not Action.ARCHIVE]
    campaigns = [step for step in others if step.kind is Kind.CAMPAIGN]
    stages = [step for step in others if step.kind is Kind.STAGE]
    yield from [campaigns, stages] if any(step.action is Action.CREATE for step in campaigns) else [campaigns + stages]
    yield archives


def chunks(steps: Sequence[Step], size: int) -> Iterator[list[Step]]:
    """Portions of at most `size` steps."""
    for at in range(0, len(steps), size):
        yield list(steps[at : at + size])


def needs_set_up(steps: Sequence[Step], known: NativeSchema, capability: Capability) -> bool:
    """Whether a tool's set-up has to be asked for before these are written.

    An ESP's fields are its own and do not change; only what some of them offer (the names of lists and tags) does.
    """
    offering = {one.id for fields in known.values() for one in fields if one.options}
    updates = all(step.action is Action.UPDATE and not offering & step.native.keys() for step in steps)
    return capability.calendar is None or not updates


def least(step: Step, mapping: BoundMapping) -> Step | None:
    """A creation with only what its record cannot do without; None where that is all of it."""
    values = dict(step.values)
    for name in step.values:
        rest = {other: value for other, value in values.items() if other != name}
        if mapping.lacking(step.kind, rest) is None:
            values = rest
    if len(values) == len(step.values):
        return None
    native = mapping.put(step.kind, {**values, NAME_OF_CAMPAIGN: step.campaign_name}, None).fields
    return replace(step, values=values, native=native, cells=tuple(c for c in step.cells if c.field in values))
