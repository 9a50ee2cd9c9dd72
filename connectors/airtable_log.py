"""Airtable's change log: a webhook that notifies nobody, whose payloads name the records that were touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from connectors.airtable_errors import Gone
from connectors.airtable_wire import Wire
from connectors.answers import items, moment, part, understood, word
from sync.errors import ConfigError, Outdated, Rejected, Stale, SyncError

# Of every table of the base, because a webhook watches one or all, and two would be two calls of every quiet run.
SPECIFICATION: Final = {"options": {"filters": {"dataTypes": ["tableData", "tableFields", "tableMetadata"]}}}
LIFE: Final = timedelta(days=7)  # how long payloads are kept, and a webhook that nobody asks (reference airtable §5.1)
RENEWAL: Final = timedelta(days=4)  # so much life left is enough until the next full listing
STRUCTURE: Final = (
    "changedFieldsById", "changedMetadata", "createdFieldsById", "destroyedFieldIds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where the log was read to: the webhook's id, and the number of its next payload."""

    webhook: str
    cursor: int


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of a log: its end as it is now, None where there is none; and whether it needs nothing of us."""

    place: Place | None
    lasting: bool


@dataclass(slots=True)
class Touched:
    """What a piece of the log names: records by table that are to be read, and records that were destroyed.

    `structure` says that a table or column of ours was changed; `more` that the log goes on behind `place`.
    """

    place: Place
    changed: dict[str, dict[str, None]] = field(default_factory=dict)
    destroyed: dict[str, dict[str, None]] = field(default_factory=dict)
    structure: bool = False
    more: bool = True


def find(wire: Wire) -> Found | None:
    """The log as it is now, looked at only. None where the token may not have one.

    It is a help and no condition: whatever stands in its way, there is polling.
    """
    try:
        return _existing(wire)
    except SyncError:
        return None


def keep(wire: Wire, place: Place | None) -> Place | None:
    """The log for some days more: prolonged where it is, else a new one. None where that is not granted."""
    try:
        return place if place and _prolonged(wire, place) else _created(wire)
    except SyncError:
        return None


def read(wire: Wire, place: Place, tables: Iterable[str], pages: int) -> Touched:
    """The next pages of the log. Outdated where it is gone or has a gap (reference airtable §5.3)."""
    touched, ours = Touched(place), frozenset(tables)
    for _ in range(pages):
        answer = _page(wire, touched.place)
        with understood(wire.tool, "reading its change log"):
            payloads, cursor = items(answer, "payloads"), answer["cursor"]
            if isinstance(cursor, bool) or not isinstance(cursor, int):
                raise TypeError(cursor)
            # The answer's payloads end right before its cursor, so what was dropped shows as a gap.
            if cursor - len(payloads) != touched.place.cursor:
                raise _outdated(wire, "has dropped a part of its change log")
            for payload in payloads:
                if payload.get("error"):
                    raise _outdated(wire, f"could not note a change ({payload.get('code') or 'no reason given'})")
                _note(touched, payload, ours)
            touched.more = answer["mightHaveMore"] is True
        touched.place = Place(place.webhook, cursor)
        if not touched.more:
            break
    return touched


def _page(wire: Wire, place: Place) -> Any:
    url = wire.webhooks(place.webhook, "payloads")
    params = {"cursor": place.cursor}
    try:
        return wire.repeat(lambda: wire.ask("reading its change log", "GET", url, params=params))
    except (ConfigError, Rejected, Stale) as exc:
        # Expired, deleted by somebody, or the permission is gone: a full listing tells which, and begins anew.
        raise _outdated(wire, f"shows its change log no more ({exc})") from exc


def _outdated(wire: Wire, why: str) -> Outdated:
    return Outdated(f"{wire.tool} {why}; everything is listed anew.")


def _note(touched: Touched, payload: Mapping[str, Any], ours: frozenset[str]) -> None:
    """What a payload says. Its cells are in another encoding than records have, so only ids are taken from it."""
    gone = payload.get("destroyedTableIds") or ()
    touched.structure |= bool(ours & set(gone))
    if not payload.get("changedTablesById"):
        return
    for table, changes in part(payload, "changedTablesById").items():
        if table not in ours:
            continue
        touched.structure |= any(changes.get(key) for key in STRUCTURE)
        changed, destroyed = touched.changed.setdefault(table, {}), touched.destroyed.setdefault(table, {})
        for native in changes.get("destroyedRecordIds") or ():
            changed.pop(native, None)
            destroyed[native] = None
        # A record that was brought back out of the trash comes later, in a payload of its own.
        for key in ("createdRecordsById", "changedRecordsById"):
            for native in part(changes, key) if changes.get(key) else ():
                destroyed.pop(native, None)
                changed[native] = None


def _existing(wire: Wire) -> Found:
    """A webhook that is like ours is ours: reading it takes nothing away from anybody else."""
    doing = "looking for its change log"
    answer = wire.ask(doing, "GET", wire.webhooks())
    with understood(wire.tool, doing):
        for one in items(answer, "webhooks"):
            if one.get("notificationUrl") or one.get("isHookEnabled") is not True:
                continue
            if filters_of(one.get("specification")) != filters_of(SPECIFICATION):
                continue
            cursor = one["cursorForNextPayload"]
            if isinstance(cursor, bool) or not isinstance(cursor, int):
                raise TypeError(cursor)
            now, end = wire.clock.now(), moment(one.get("expirationTime"))
            left = end - now if now and end else LIFE
            if left > timedelta(0):
                return Found(Place(word(one, "id"), cursor), left > RENEWAL)
    return Found(None, lasting=False)


def filters_of(specification: Any) -> Any:
    """What a webhook watches; the order of the words, and what it adds to its payloads, make no difference."""
    try:
        filters = dict(specification["options"]["filters"])
        return {**filters, "dataTypes": sorted(filters["dataTypes"])}
    except (LookupError, TypeError, ValueError):
        return None


def _prolonged(wire: Wire, place: Place) -> bool:
    """Whether the webhook was still there to be prolonged."""
    try:
        wire.ask("keeping its change log", "POST", wire.webhooks(place.webhook, "refresh"))
    except Gone:
        return False
    return True


def _created(wire: Wire) -> Place:
    """A new webhook; its first payload has the number 1. One attempt: what got lost is found by the next listing."""
    doing = "beginning a change log"
    answer = wire.ask(doing, "POST", wire.webhooks(), creating=True, json={"specification": SPECIFICATION})
    with understood(wire.tool, doing):
        return Place(word(answer, "id"), 1)
