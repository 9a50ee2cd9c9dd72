"""A digest of a record as its tool shows it: a listing need not look closer at one that is as it was."""

from __future__ import annotations

import marshal
from hashlib import blake2b
from typing import Any

from sync.model import Record


def fingerprint(record: Record, meaning: bytes) -> str:
    """Sixteen hex digits that change with whatever the record shows, and with what that means."""
    shown: Any = (record.fields, record.parent, record.marker, record.key, record.url, record.locked)
    try:
        # The second version of the format knows no references: the same values are always the same bytes.
        told = marshal.dumps(shown, 2)
    except ValueError:  # a value that is no JSON
        told = repr(shown).encode()
    return blake2b(told + meaning, digest_size=8).hexdigest()  # as a key it would cost half as much again
