"""What is said of a campaign besides its time: fields of a change as Content, refused here if an ESP cannot hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.calendar import Content, Entry, Esp
from connectors.calendar_records import Records
from sync.errors import Rejected, Unavailable

CONTENT = ("name", "subject", "audiences", "tags")


def content_of(fields: Mapping[str, Any], current: Entry | None, esp: Esp, records: Records) -> Content | None:
    """The content among the fields, None where there is none. `current` is None for a creation.

    Raises Rejected, in a marketer's words, for what must not be sent; Unavailable where what it replaces is not told.
    """
    if not any(name in fields for name in CONTENT):
        return None
    return Content(
        _name(fields["name"], esp) if "name" in fields else None,
        _subject(fields["subject"], current, esp) if "subject" in fields else None,
        _audiences(fields["audiences"] or {}, current, esp, records) if "audiences" in fields else None,
        _tags(fields["tags"] or (), current, esp, records) if "tags" in fields else None,
    )


def _name(value: Any, esp: Esp) -> str:
    name = value.strip() if isinstance(value, str) else ""
    if not name:
        raise Rejected(f"{esp.title} needs a name for every campaign.")
    return name


def _subject(value: Any, current: Entry | None, esp: Esp) -> str:
    subjects = [one for one in value or () if one] if not isinstance(value, str) else [value]
    if len(subjects) > 1:
        raise Rejected(f"{esp.title}: several subject lines can only be tested from there.")
    if current is not None:
        if "subject" in current.odd:
            raise Rejected(f"{esp.title}: the campaign has no single subject line that can be shown; change it there.")
        if current.subjects is None:
            raise _untold("message", esp)
        if len(current.subjects) > 1:
            raise Rejected(
                f"{esp.title}: the campaign has {len(current.subjects)} subject lines; change its subjects there."
            )
    return str(subjects[0]) if subjects else ""


def _audiences(
    value: Mapping[str, Any], current: Entry | None, esp: Esp, records: Records
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids included and excluded; a side that is not given stays."""
    kept: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    if current is not None:
        if "audiences" in current.odd:
            raise Rejected(f"The campaign's present audiences cannot be understood; change them in {esp.title}.")
        if current.audiences is None:
            raise _untold("audiences", esp)
        kept = current.audiences
    included, excluded = (
        _ids(value[side], held, esp, records) if side in value else held
        for side, held in zip(("included", "excluded"), kept, strict=True)
    )
    if not included:
        raise Rejected(f"{esp.title} needs at least one list or segment in a campaign's audience.")
    return included, excluded


def _ids(entries: Sequence[Mapping[str, Any]], held: Sequence[str], esp: Esp, records: Records) -> tuple[str, ...]:
    def known(id_: Any) -> bool:
        return id_ in held or (isinstance(id_, str) and records.has_audience(id_))

    unknown = [str(one.get("name") or one.get("id")) for one in entries if not known(one.get("id"))]
    if unknown:
        raise Rejected(f"{esp.title} has no list or segment called {', '.join(unknown)}.")
    return tuple(dict.fromkeys(str(one["id"]) for one in entries))


def _tags(names: Sequence[str], current: Entry | None, esp: Esp, records: Records) -> frozenset[str]:
    if current is not None and current.tags is None:
        raise _untold("tags", esp)
    held = (current.tags if current else None) or ()
    unknown = [name for name in sorted(names) if name not in held and not records.has_tag(name)]
    if unknown:
        raise Rejected(f"{esp.title} has no tag {unknown[0]!r}; make it there first.")
    return frozenset(names)


def _untold(what: str, esp: Esp) -> Unavailable:
    return Unavailable(f"{esp.title} does not tell the campaign's {what} just now. The next run tries again.")
