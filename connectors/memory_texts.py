"""The texts by which the tool in memory tells a later run of its fields, and of how far a listing came."""

from __future__ import annotations

import json
from typing import Any

from sync.model import Kind, Ref
from sync.ports import NativeField, NativeSchema

Place = tuple[int, int, str]


def place(ref: Ref) -> Place:
    """Where a record stands in a listing: campaigns first, and ids as they were counted."""
    return _place(ref.kind, ref.native)


def reached(ref: Ref) -> str:
    """That a listing came to this record."""
    return json.dumps([ref.kind, ref.native])


def start(after: str | None) -> Place | None:
    """Where a listing came to; None for a text that means nothing."""
    try:
        kind, native = json.loads(after or "")
        return _place(Kind(kind), native) if isinstance(native, str) else None
    except (TypeError, ValueError, RecursionError):
        return None


def setup(schema: NativeSchema) -> str:
    """The fields of a tool."""
    told = {kind: [(f.id, f.name, f.type, f.read_only, f.options) for f in fields] for kind, fields in schema.items()}
    return json.dumps({"setup": told})


def schema(setup: str) -> NativeSchema | None:
    """The fields that were told; None for a text that means nothing."""
    try:
        told: Any = json.loads(setup)["setup"]
        return {Kind(kind): tuple(map(_field, fields)) for kind, fields in told.items()}
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return None


def _place(kind: Kind, native: str) -> Place:
    return (*Kind,).index(kind), len(native), native


def _field(told: Any) -> NativeField:
    id_, name, type_, read_only, options = told
    return NativeField(id_, name, type_, read_only, tuple((one, called) for one, called in options))
