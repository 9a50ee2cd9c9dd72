"""The capability table of docs/tools/calendars.md: what each calendar can do, as its record says.

`python -m jobs.capabilities` prints it. The connectors are made without an account and open no connection.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from pydantic import SecretStr

from jobs.demo_workspace import SENDERS
from jobs.tools import tool_types
from sync.ports import Calendar, Capability, Metering, TimeKind

NO = "no"
TITLES = {"ics": "ICS feed"}
TOKEN = "0123456789-us1"  # of the form that every vendor's has; it opens nothing
KINDS = {
    TimeKind.INSTANT: "A send at one moment for everybody",
    TimeKind.RECIPIENT_LOCAL: "A send at every recipient's own clock time",
    TimeKind.DAY: "A send on a day, at a time that the tool chooses",
    TimeKind.STAGGERED: "A send in portions",
}
METERED = {
    Metering.ROW: "comes with every campaign",
    Metering.REPORT: "one report for many sends",
    Metering.EACH: "one request a send",
    Metering.NONE: NO,
}
QUARTER = 15  # minutes
OPEN = ("draft", "scheduled")
STATES = {
    "paused": "paused", "sending": "sending", "sent": "sent", "cancelled": "cancelled", "archived": "archived",
    "unknown": "in a state that we do not know",
}  # fmt: skip
Cell = Callable[[Capability, Calendar], str]


def capabilities() -> Mapping[str, Capability]:
    """By type, what each of our connectors to a calendar can do."""
    types = tool_types()
    made = {
        name: types[name].build(name, types[name].options(**tomllib.loads(sender)), SecretStr(TOKEN))
        for name, sender in SENDERS.items()
    }
    return {name: connector.capability for name, connector in made.items()}


def table() -> str:
    """Markdown: a row for each thing that a calendar may be able to do, a column for each tool."""
    held = capabilities()
    tools = [(capability, capability.calendar) for capability in held.values() if capability.calendar is not None]
    lines = [("", *(TITLES.get(name, name.capitalize()) for name in held)), ("---",) * (len(held) + 1)]
    lines += [(label, *(cell(*tool) for tool in tools)) for label, cell in _rows()]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _rows() -> Iterator[tuple[str, Cell]]:
    """What it is called, and what is said of one tool."""
    for kind, label in KINDS.items():
        yield label, _shown(kind)
    yield "Possible times", lambda _, calendar: _grid(calendar)
    yield "A campaign is made from here, as a draft", lambda tool, _: _yes(tool.creates)
    yield "A draft can hold a planned time", lambda _, calendar: _yes(calendar.plans_drafts)
    yield 'A draft is scheduled from here (`sends = "full"`)', lambda _, calendar: _yes(calendar.schedules)
    yield "A scheduled campaign is moved", lambda _, calendar: _moves(calendar)
    yield "A scheduled campaign is unscheduled", lambda _, calendar: _yes(calendar.unschedules)
    yield "Its other fields are edited while it is scheduled", lambda _, calendar: _yes(calendar.edits_scheduled)
    yield "Locked: no edit while a campaign is", lambda _, calendar: _locked(calendar)
    yield "Locked: its time, so near to a send (`send_margin`)", lambda _, calendar: _margin(calendar)
    yield "A draft is deleted from here, once that is decided", lambda tool, _: _yes(tool.archives)
    yield "Tells when a campaign was changed", lambda _, calendar: _yes(calendar.tells_changed_at)
    yield "A run reads", lambda tool, _: "what changed" if tool.changes else "every campaign"
    yield "Our marker is kept in", lambda tool, calendar: f"the {calendar.correlates}" if tool.creates else NO
    yield "The outcome of a send", lambda _, calendar: METERED[calendar.metering]
    yield "Conversions", lambda _, calendar: _yes(calendar.tells_conversions)
    yield "Opens made by machines, apart", lambda _, calendar: _yes(calendar.tells_machine_opens)
    yield "What the account does not tell of that is flagged", lambda tool, _: _yes(tool.withholds)
    yield "Campaigns that are over may leave it, many at once", lambda tool, _: _yes(tool.forgets_past)
    yield (
        "Requests an hour",
        lambda _, calendar: f"{calendar.calls_per_hour:,}" if calendar.calls_per_hour else "no such limit",
    )


def _yes(able: bool) -> str:
    return "yes" if able else NO


def _shown(kind: TimeKind) -> Cell:
    def cell(_: Capability, calendar: Calendar) -> str:
        if kind in calendar.writes:
            return "shown and moved"
        return "shown" if kind in calendar.kinds else NO

    return cell


def _grid(calendar: Calendar) -> str:
    if not calendar.writes:
        return NO
    return {1: "every minute", QUARTER: "quarter hours"}.get(calendar.grid, f"every {calendar.grid} minutes")


def _locked(calendar: Calendar) -> str:
    if calendar.locked.issuperset(OPEN):
        return "in any state"
    return ", ".join(label for word, label in STATES.items() if word in calendar.locked)


def _margin(calendar: Calendar) -> str:
    return f"{calendar.margin // timedelta(minutes=1)} minutes" if calendar.writes else "always"


def _moves(calendar: Calendar) -> str:
    if calendar.moves_at_once:
        return "in one request"
    return "unscheduled, moved, scheduled again" if calendar.unschedules else NO


if __name__ == "__main__":
    sys.stdout.write(table())
