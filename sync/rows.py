"""State as database text and back: the JSON of entities, links and findings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sync import findings
from sync.codec import decode, encode
from sync.findings import Finding
from sync.merge import Memory
from sync.model import UNSET, Kind, Record, Ref, Unset, Value
from sync.state import Edit, Hint, Intent, Link, Listing, OpenFinding, Position, Reached, Remembered, Setup

Image = tuple[Any, ...]

# The columns that are in an index, as the images have them. To write one costs about as much as to write the row, even
# where it is what it was.
INDEXED = {"entity": ("pending", "due", "sent", "campaign", "word"), "link": ("kind", "native", "key", "gone")}

# `json.dumps` and `json.loads` with options would make one for every text.
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_DECODER = json.JSONDecoder()


def moment(text: str) -> datetime:
    """A time column's value."""
    return datetime.fromisoformat(text)


def moment_text(at: datetime) -> str:
    """A time as the columns hold it: UTC, microseconds, sorting as text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def dumps(data: Any) -> str:
    """Compact JSON text that is the same for the same data."""
    return _ENCODER.encode(data)


def value_text(value: Value) -> str:
    return dumps(encode(value))


def values_text(values: Mapping[str, Value]) -> str:
    return dumps({name: value if type(value) is str else encode(value) for name, value in values.items()})


def values(data: Mapping[str, Any]) -> dict[str, Value]:
    return {name: value if isinstance(value, str) else decode(value) for name, value in data.items()}


def images(entity: Remembered) -> Iterator[tuple[tuple[str, str | None], Image]]:
    """All that is stored of an entity, by its id and None, or a link's tool."""
    yield (entity.id, None), entity_image(entity)
    for tool, link in entity.links.items():
        yield (entity.id, tool), link_image(link, entity.agreed)


def entity_image(entity: Remembered) -> Image:
    """What of an entity is stored, as values: to compare them costs a fraction of writing their JSON. First what is in
    an index."""
    disputed = {name: dict(claims) for name, claims in entity.disputed.items()}
    indexed = entity.is_unsettled, entity.due, entity.sent, entity.campaign, entity.word
    return indexed, entity.dead, dict(entity.agreed), disputed


def link_image(link: Link, agreed: Mapping[str, Value]) -> Image:
    """What of a link is stored, as values, in the same way."""
    indexed = link.ref.kind, link.ref.native, link.key, link.gone
    about = link.url, link.missed, link.contested, link.measured, link.fingerprint, link.learned
    return indexed, *about, _cells(link, agreed), dict(link.related)


def same_in_index(table: str, image: Image, before: Image) -> tuple[str, ...]:
    """The indexed columns that are what they were."""
    names = INDEXED[table]
    return tuple(name for name, now, was in zip(names, image[0], before[0], strict=True) if now == was)


def _cells(link: Link, agreed: Mapping[str, Value]) -> dict[str, Memory | None]:
    """The memory that says something; None stands for a cell that shows what is agreed, as most of them do."""
    cells: dict[str, Memory | None] = {}
    for name, cell in link.memory.items():
        if (seen := cell.seen) is not UNSET:
            value = agreed.get(name, UNSET)
            cells[name] = None if cell.wrote is UNSET and (value is seen or value == seen) else cell
    return cells


def entity_row(entity: Remembered) -> dict[str, Any]:
    """An entity's columns."""
    disputed = {
        name: {tool: encode(value) for tool, value in claims.items()} for name, claims in entity.disputed.items()
    }
    return {
        "id": entity.id,
        "kind": entity.kind.value,
        "dead": entity.dead,
        "pending": entity.is_unsettled,
        "agreed": values_text(entity.agreed),
        "disputed": dumps(disputed) if disputed else "{}",
        "campaign": entity.campaign,
        "word": entity.word,
        "due": moment_text(entity.due) if entity.due else None,
        "sent": moment_text(entity.sent) if entity.sent else None,
    }


ENTITY_COLUMNS = "id, kind, dead, pending, agreed, disputed, due, sent"


def entity(row: Sequence[Any]) -> Remembered:
    """An entity without its links, from its ENTITY_COLUMNS."""
    id_, kind, dead, pending, agreed, disputed, due, sent = row
    claims = {name: values(told) for name, told in json.loads(disputed).items()} if disputed != "{}" else {}
    cells = values(_DECODER.raw_decode(agreed)[0])
    times = (moment(text) if text else None for text in (due, sent))
    return Remembered(id_, Kind(kind), cells, claims, {}, bool(dead), bool(pending), *times)


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


def link_row(entity: Remembered, link: Link) -> dict[str, Any]:
    """A link's columns."""
    cells = _cells(link, entity.agreed)
    memory: dict[str, Any] = {name: _memory_json(cell) for name, cell in cells.items() if cell is not None}
    if alike := [name for name, cell in cells.items() if cell is None]:
        memory[""] = sorted(alike)
    return {
        "entity": entity.id,
        "tool": link.ref.tool,
        "kind": link.ref.kind.value,
        "native": link.ref.native,
        "key": link.key,
        "url": link.url,
        "missed": link.missed,
        "contested": link.contested,
        "gone": link.gone,
        "memory": dumps(memory),
        "related": dumps(link.related) if link.related else "{}",
        "measured": moment_text(link.measured) if link.measured else None,
        "fingerprint": link.fingerprint,
        "learned": moment_text(link.learned) if link.learned else None,
    }


LINK_COLUMNS = (
    'entity, tool, kind, native, "key", url, memory, missed, contested, gone, related, measured, fingerprint, learned'
)


def give_links(entities: Mapping[str, Remembered], found: Iterable[Sequence[Any]]) -> None:
    """Give the entities their links, from the LINK_COLUMNS of these."""
    agreed: dict[str, dict[str, Memory]] = {}
    for row in found:
        entity = entities[row[0]]
        if (alike := agreed.get(entity.id)) is None:
            alike = agreed[entity.id] = {name: Memory(value) for name, value in entity.agreed.items()}
        entity.links[row[1]] = _link(row, alike)


def _link(row: Sequence[Any], alike: Mapping[str, Memory]) -> Link:
    """A link, given the memory of cells that show what is agreed: all tools have the same one."""
    _, tool, kind, native, key, url, cells, missed, contested, gone, related, measured, fingerprint, learned = row
    kept = _DECODER.raw_decode(cells)[0]
    memory = {name: alike[name] for name in kept.pop("", ())}
    for name, cell in kept.items():
        memory[name] = _memory(cell)
    told = {other: (title, to) for other, (title, to) in json.loads(related).items()} if related != "{}" else {}
    times = (moment(text) if text else None for text in (measured, learned))
    ref = Ref(tool, Kind(kind), native)
    return Link(ref, key, url, memory, missed, bool(contested), bool(gone), told, next(times), fingerprint, next(times))


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


def listing(row: Any) -> Listing:
    return Listing(row.reached, row.position, row.meaning, moment(row.began))


def record_text(record: Record) -> str:
    """A record, but for its place, as JSON."""
    told = [record.fields, record.parent, record.marker, record.key, record.url]
    return dumps([*told, record.changed_at and moment_text(record.changed_at), record.changed_by, record.locked])


def record(ref: Ref, text: str) -> Record:
    """The inverse of `record_text`."""
    fields, parent, marker, key, url, at, by, locked = json.loads(text)
    return Record(ref, fields, parent, marker, key, url, moment(at) if at else None, by, locked)


def setup(row: Any) -> Setup:
    return Setup(row.text, moment(row.at))


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
