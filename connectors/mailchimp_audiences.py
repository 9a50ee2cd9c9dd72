"""Whom Mailchimp campaigns may go to: lists, and the saved segments and tags of each, with estimated sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from connectors.answers import understood
from connectors.calendar import Audience
from connectors.calendar_wire import Missing
from connectors.mailchimp_campaigns import AD_HOC, Row, audience_of, object_in
from connectors.mailchimp_wire import Wire

SEGMENTED: Final = 10  # lists whose segments are listed, at a request each; those of others are looked up when used
_LIST: Final = "id,name,stats.member_count"
_SEGMENT: Final = "id,name,member_count,type"
_FUZZY: Final = "fuzzy"  # Mailchimp's own guesses, which nobody chose


class Audiences:
    """The audiences of one account. A list is "<list>", a segment "<list>/<number>" under the name "List: Segment"."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._lists: dict[str, Audience] = {}
        self._ad_hoc: dict[str, Audience] = {}

    def all(self) -> Sequence[Audience]:
        """Every list and every segment and tag of the first lists, in two requests for an account with one list."""
        doing = "reading the audiences"
        rows = self._wire.listing(doing, "/lists", "lists", {"fields": _of("lists", _LIST)})
        self._lists = {str(row["id"]): _list(row) for row in rows}
        segments = [segment for one in list(self._lists.values())[:SEGMENTED] for segment in self._segments(one)]
        return (*self._lists.values(), *segments)

    def _segments(self, one: Audience) -> Iterator[Audience]:
        doing, params = f"reading the segments of {one.name}", {"fields": _of("segments", _SEGMENT)}
        for row in self._wire.listing(doing, f"/lists/{one.id}/segments", "segments", params):
            if row.get("type") != _FUZZY:
                yield _segment(one, row)

    def one(self, id_: str) -> Audience | None:
        """By its id; None where it was deleted."""
        list_, _, segment = id_.partition("/")
        if segment.startswith(AD_HOC):
            return self._ad_hoc.get(id_)
        if not list_.isalnum() or (segment and not segment.isdecimal()):
            return None  # no id, which in an address would ask for something else
        try:
            if list_ not in self._lists:
                self._lists[list_] = _list(self._read(f"/lists/{list_}", _LIST))
            if not segment:
                return self._lists[list_]
            return _segment(self._lists[list_], self._read(f"/lists/{list_}/segments/{segment}", _SEGMENT))
        except Missing:
            return None

    def _read(self, path: str, fields: str) -> Row:
        doing = "reading an audience"
        row = self._wire.get(doing, path, {"fields": fields})
        with understood(self._wire.tool, doing):
            if not row["id"]:
                raise ValueError(doing)
        return row

    def note(self, row: Row) -> None:
        """Remember the conditions that only this campaign has: no request tells them but the campaign's own."""
        audience = audience_of(row)
        if audience and audience.id.partition("/")[2].startswith(AD_HOC):
            self._ad_hoc[audience.id] = audience


def _list(row: Row) -> Audience:
    return Audience(str(row["id"]), _name(row), _size(object_in(row, "stats")))


def _segment(one: Audience, row: Row) -> Audience:
    return Audience(f"{one.id}/{row['id']}", f"{one.name}: {_name(row)}", _size(row))


def _name(row: Row) -> str:
    """Its name, or the id of one that has none."""
    name = row.get("name")
    return name if isinstance(name, str) and name else str(row["id"])


def _size(holder: Mapping[str, Any]) -> int | None:
    count = holder.get("member_count")
    return count if isinstance(count, int) else None


def _of(key: str, fields: str) -> str:
    """The `fields` parameter of a listing."""
    return ",".join(("total_items", *(f"{key}.{name}" for name in fields.split(","))))
