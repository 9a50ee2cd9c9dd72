"""People at work in the calendar that the stand-in feed publishes: the control API's edits of its events."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.ics_state import STATUSES, Event, FeedState, Start, stamp
from connectors.sandbox.ics_text import ZONES

JSON = dict[str, Any]

NEEDS = {
    "create": ("name",), "edit": ("campaign",), "rename": ("campaign", "name"), "move": ("campaign",),
    "cancel": ("campaign",), "delete": ("campaign",), "reset": (), "switch": ("name", "value"),
}  # fmt: skip
TIMES = ("at", "local", "day")
EDITS = ("name", "tags", "description", "url", "status")


def perform(state: FeedState, now: datetime, verb: str, payload: JSON) -> JSON:
    """What a person does with an event, named (`campaign`) by its UID or by a name that only one has.

    `create` and `move` need one of `at` (a moment; with `zone` it is written as that zone's clock time), `local` (a
    clock time of whoever reads it) and `day`. `create` may have a `rule` (RRULE). `edit` takes name, tags, description,
    url and status (TENTATIVE, CONFIRMED, CANCELLED). With `occurrence`, the start that it would have had by the rule,
    `move`, `rename` and `cancel` mean that instance alone, and `delete` leaves it out. `reset` gives the feed a new
    address; the old one is gone. `switch` turns a switch of the server.

    Gives {"id", "name", "status"}. Raises ValueError that says what is wrong.
    """
    if verb not in NEEDS:
        raise ValueError(f"people cannot {verb} in ics; they can {', '.join(NEEDS)}")
    absent = [name for name in NEEDS[verb] if name not in payload]
    if absent:
        raise ValueError(f"ics {verb} needs {', '.join(absent)}")
    if verb == "switch":
        state.switches.turn(str(payload["name"]), payload["value"])
        return {"switches": {payload["name"]: payload["value"]}}
    if verb == "reset":
        state.secrets += 1
        return {"secrets": state.secrets}
    event = _new(state, now, payload) if verb == "create" else _find(state, str(payload["campaign"]))
    if "occurrence" in payload:
        _instance(event, verb, payload)
    else:
        _act(state, event, verb, payload)
    if verb != "create" and state.switches.sequence_rises:
        event.sequence += 1
    event.modified = state.changed = stamp(now)
    return {"id": event.uid, "name": event.name, "status": event.status}


def _new(state: FeedState, now: datetime, payload: JSON) -> Event:
    start, at = _start(payload), stamp(now)
    return Event(state.new_uid(), str(payload["name"]), start, at, at, rule=str(payload.get("rule", "")))


def _find(state: FeedState, named: str) -> Event:
    if named in state.events:
        return state.events[named]
    found = [event for event in state.events.values() if event.name == named]
    if len(found) != 1:
        raise ValueError(f"{len(found) or 'no'} events have the id or name {named}")
    return found[0]


def _act(state: FeedState, event: Event, verb: str, payload: JSON) -> None:
    match verb:
        case "delete":
            del state.events[event.uid]
        case "cancel":
            event.status = "CANCELLED"
        case "move":
            event.start = _start(payload)
        case _:
            given = {name: payload[name] for name in EDITS if name in payload}
            if not given:
                raise ValueError(f"ics {verb} needs one of {', '.join(EDITS)}")
            if given.get("status", STATUSES[0]) not in STATUSES:
                raise ValueError(f"an event is {', '.join(STATUSES)}, not {given['status']}")
            if "tags" in given:
                event.categories = [str(tag) for tag in given.pop("tags")]
            for name, value in given.items():
                setattr(event, name, str(value))
            state.events[event.uid] = event


def _instance(event: Event, verb: str, payload: JSON) -> None:
    if not event.rule:
        raise ValueError(f"{event.name} does not recur")
    original = _occurrence(event.start.form, str(payload["occurrence"]))
    own = dict(event.moved.get(original, {}))
    match verb:
        case "delete":
            event.moved.pop(original, None)
            event.excluded.append(original)
            return
        case "move":
            own["start"] = asdict(_start(payload))
        case "rename":
            own["name"] = str(payload["name"])
        case "cancel":
            own["status"] = "CANCELLED"
        case _:
            raise ValueError(f"people cannot {verb} one occurrence in ics; they can move, rename, cancel, delete it")
    event.moved[original] = own


def _occurrence(form: str, text: str) -> str:
    """The original start of an instance, in the form of its event's."""
    if form == "day":
        return date.fromisoformat(text).isoformat()
    at = datetime.fromisoformat(text)
    if (at.tzinfo is None) is (form == "utc"):
        raise ValueError("an occurrence is a start in the form of its event's: a clock time, or a moment in UTC")
    return (at if at.tzinfo is None else at.astimezone(UTC)).isoformat()


def _start(payload: JSON) -> Start:
    given = [name for name in TIMES if name in payload]
    if len(given) != 1:
        raise ValueError(f"an event needs one of {', '.join(TIMES)}")
    text = str(payload[given[0]])
    if given == ["day"]:
        return Start("day", date.fromisoformat(text).isoformat())
    at = datetime.fromisoformat(text)
    if (at.tzinfo is None) is (given == ["at"]):
        raise ValueError("at is a moment with its zone, local a clock time without one")
    if given == ["local"]:
        return Start("floating", at.isoformat())
    zone = payload.get("zone")
    if zone is None:
        return Start("utc", at.astimezone(UTC).isoformat())
    if zone not in ZONES:
        raise ValueError(f"the calendar knows the zones {', '.join(ZONES)}, not {zone}")
    return Start("zoned", at.astimezone(ZoneInfo(str(zone))).replace(tzinfo=None).isoformat(), str(zone))
