"""What is remembered of a record that we have written: what the tool acknowledged, and nothing of it as an edit."""

from __future__ import annotations

from datetime import datetime

from sync.merge import Memory
from sync.model import EntityLink, FieldType, Kind, Record, Schema, Value
from sync.plan import LINK_FIELD, Side, Step
from sync.reconcile import acknowledged, memory_of_new
from sync.report import Action
from sync.state import Link, Remembered


def remember_written(entity: Remembered, step: Step, record: Record, side: Side, schema: Schema, at: datetime) -> None:
    """Remember the record as the step has left it by now (`at`)."""
    link = entity.links.setdefault(step.tool, Link(record.ref))
    link.key, link.url, link.fingerprint, link.learned = record.key, record.url, None, at
    values: dict[str, Value] = dict(side.mapping.get(record).values)
    if LINK_FIELD in step.values or (step.kind is Kind.STAGE and step.action is Action.CREATE):
        values[LINK_FIELD] = EntityLink(step.moves_to) if step.moves_to else None
    if step.action is Action.CREATE:
        views = side.mapping.views(step.kind)
        link.memory = memory_of_new(entity, views, schema, {*step.values, LINK_FIELD}, values)
        return
    for name, wanted in step.values.items():
        link.memory[name] = acknowledged(values.get(name, wanted), wanted)


def remember_part(
    entity: Remembered, step: Step, record: Record | None, side: Side, schema: Schema, at: datetime
) -> None:
    """Remember what a change left behind that was made in part: what was asked for, or a choice that got half of its
    way, is nobody's edit. Anything else that stands there now somebody has written meanwhile."""
    link = entity.links.get(step.tool)
    if record is None or link is None:
        return
    link.fingerprint, link.learned = None, at
    shown = side.mapping.get(record).values
    for name, wanted in step.values.items():
        is_ours = name in shown and (shown[name] == wanted or schema.of(step.kind)[name].type is FieldType.CHOICE)
        if is_ours and name in link.memory:
            link.memory[name] = Memory(shown[name])
