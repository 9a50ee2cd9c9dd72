"""State as database text and back: the JSON of entities, links and findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sync import findings
from sync.codec import decode, encode
from sync.findings import Finding
from sync.merge import Memory
from sync.model import UNSET, Kind, Ref, Unset, Value
from sync.state import Edit, Hint, Intent, Link, OpenFinding, Position, Reached, Remembered

Image = tuple[Any, ...]


def moment(text: str) -> datetime:
    """A time column's value."""
    return datetime.fromisoformat(text)


def moment_text(at: datetime) -> str:
    """A time as the columns hold it: UTC, microseconds, sorting as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def dumps(data: Any) -> str:
    """Compact JSON text that is the same for the same data."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def value_text(value: Value) -> str:
    return dumps(encode(value))


def values_text(values: Mapping[str, Value]) -> str:
    return dumps({name: encode(value) for name, value in values.items()})


def values(data: Mapping[str, Any]) -> dict[str, Value]:
    return {name: value if isinstance(value, str) else decode(value) for name, value in data.items()}


def entity_image(entity: Remembered) -> Image:
    """What of an entity is stored, as values: to compare them costs a fraction of writing their JSON."""
    disputed = {name: dict(claims) for name, claims in entity.disputed.items()}
    return entity.dead, entity.pending, dict(entity.agreed), disputed


def link_image(link: Link) -> Image:
    """What of a link is stored, as values."""
    about = link.ref, link.key, link.url, link.missed, link.contested, link.gone, link.measured
    return *about, known_cells(link), dict(link.related)


def known_cells(link: Link) -> dict[str, Memory]:
    """The memory that says something."""
    return {name: cell for name, cell in link.memory.items() if cell.seen is not UNSET}


def entity_row(entity: Remembered) -> dict[str, Any]:
    """An entity's columns."""
    disputed = {
        name: {tool: encode(value) for tool, value in claims.items()} for name, claims in entity.disputed.items()
    }
    return {
        "id": entity.id,
        "kind": entity.kind.value,
        "dead": entity.dead,
        "pending": entity.pending,
        "agreed": values_text(entity.agreed),
        "disputed": dumps(disputed),
    }


def entity(row: Any) -> Remembered:
    """An entity without its links."""
    disputed = {name: values(claims) for name, claims in json.loads(row.disputed).items()}
    return Remembered(row.id, Kind(row.kind), values(json.loads(row.agreed)), disputed, {}, row.dead, row.pending)


def edit_row(edit: Edit) -> dict[str, Any]:
    """An agreement's columns."""
    return {
        "entity": edit.entity,
        "field": edit.field,
        "old": value_text(edit.old),
        "new": value_text(edit.new),
        "editors": dumps(sorted(edit.editors)),
        "lost": values_text(edit.lost),
    }


def link_row(entity_id: str, link: Link) -> dict[str, Any]:
    """A link's columns."""
    return {
        "entity": entity_id,
        "tool": link.ref.tool,
        "kind": link.ref.kind.value,
        "native": link.ref.native,
        "key": link.key,
        "url": link.url,
        "missed": link.missed,
        "contested": link.contested,
        "gone": link.gone,
        "memory": dumps({name: _memory_json(cell) for name, cell in known_cells(link).items()}),
        "related": dumps(link.related),
        "measured": moment_text(link.measured) if link.measured else None,
    }


def link(row: Any) -> Link:
    """A link from its row."""
    memory = {name: _memory(cell) for name, cell in json.loads(row.memory).items()}
    ref = Ref(row.tool, Kind(row.kind), row.native)
    related = {tool: (title, url) for tool, (title, url) in json.loads(row.related).items()}
    measured = moment(row.measured) if row.measured else None
    return Link(ref, row.key, row.url, memory, row.missed, row.contested, row.gone, related, measured)


def intent(row: Any) -> Intent:
    """An open intent from its row of the journal."""
    cells = {name: (decode(old), decode(new)) for name, (old, new) in json.loads(row.cells).items()}
    return Intent(
        row.id, row.tool, row.entity, row.action, moment(row.at), cells, row.unscheduled > 0, row.unscheduled > 1
    )


def position_row(tool: str, position: Position) -> dict[str, Any]:
    """A position's columns."""
    times = {"listed": moment_text(position.listed), "counted": moment_text(position.counted)}
    return {"tool": tool, "text": position.text, "meaning": position.meaning, **times}


def position(row: Any) -> Position:
    return Position(row.text, row.meaning, moment(row.listed), moment(row.counted))


def reached(row: Any) -> Reached:
    return Reached(row.size, moment(row.at))


def hint(row: Any) -> Hint:
    return Hint(row.id, Ref(row.tool, Kind(row.kind), row.native))


def finding_text(finding: Finding) -> str:
    return dumps(findings.to_json(finding))


def finding(row: Any) -> Finding:
    return findings.from_json(json.loads(row.body))


def open_finding(row: Any) -> OpenFinding:
    return OpenFinding(finding(row), moment(row.opened), moment(row.emailed) if row.emailed else None)


def _memory_json(memory: Memory) -> list[Any]:
    cells: tuple[Value | Unset, ...] = (memory.seen, memory.wrote)
    return [encode(cell) for cell in cells if cell is not UNSET]


def _memory(cells: list[Any]) -> Memory:
    return Memory(*[cell if isinstance(cell, str) else decode(cell) for cell in cells])
