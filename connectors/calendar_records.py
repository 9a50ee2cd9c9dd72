"""A campaign of any ESP as a record: the same fields for all, names for audiences, and why it takes no edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.calendar import PLACEHOLDER, Entry, Esp, Schedule, Status
from connectors.calendar_names import Names
from connectors.calendar_schedule import shown
from sync.model import METRICS, Kind, Record, Ref
from sync.ports import Metering, NativeField

ARCHIVED = "archived"  # a state of its own, whatever became of the send
COUNTED = {"machine_opens": "tells_machine_opens", "conversions": "tells_conversions"}


class Records:
    """The records of one account, with the names of its audiences and tags, which campaigns refer to."""

    def __init__(self, tool: str, esp: Esp, schedule: Schedule) -> None:
        self._tool = tool
        self._esp = esp
        self._schedule = schedule
        self._names = Names(esp)

    def fields(self) -> tuple[NativeField, ...]:
        """The campaign's fields. The options are the lists, segments and tags as they are now, or were when what is
        recalled was told."""
        audiences, tags = self._names.options()
        calendar = self._esp.calendar
        fixed = not (calendar.plans_drafts or calendar.schedules)  # a source that is only read
        untimed = fixed or (self._schedule is Schedule.NEVER and not calendar.plans_drafts)
        stated = fixed or self._schedule is not Schedule.FULL
        times = (
            ("grid", str(calendar.grid)),
            ("kinds", ",".join(sorted(kind.value for kind in calendar.writes))),
        )
        fields = [
            NativeField("name", "Name", "string", fixed),
            NativeField("subject", "Subject line", "subjects", fixed),
            NativeField("audiences", "Audiences", "audiences", fixed, audiences),
            NativeField("planned", "Planned send", "send_time", untimed, times),
            NativeField("scheduled", "Scheduled send", "send_time", read_only=True),
            NativeField("status", "Status", "string", stated),
        ]
        if self._esp.tags:
            fields.append(NativeField("tags", "Tags", "tags", fixed, tags))
        return (*fields, *self._counts())

    def _counts(self) -> Iterator[NativeField]:
        calendar = self._esp.calendar
        for metric in METRICS if calendar.metering is not Metering.NONE else ():
            if metric not in COUNTED or getattr(calendar, COUNTED[metric]):
                yield NativeField(metric, metric.replace("_", " ").capitalize(), "number", read_only=True)

    def record(self, entry: Entry) -> Record:
        """The record. A field of a form that the ESP does not document is given as it is, one not known left out."""
        fields: dict[str, Any] = {
            "name": entry.name,
            "scheduled": shown(entry.scheduled),
            "status": f"unknown: {entry.status_raw}" if entry.status is Status.UNKNOWN else entry.status.value,
        }
        if entry.subjects is not None:
            fields["subject"] = [] if entry.subjects == (PLACEHOLDER,) else [one for one in entry.subjects if one]
        if entry.audiences is not None:
            names = self._names.of(id_ for ids in entry.audiences for id_ in ids)
            included, excluded = ([{"id": id_, "name": names[id_]} for id_ in ids] for ids in entry.audiences)
            fields["audiences"] = {"included": included, "excluded": excluded}
        if entry.tags is not None:
            fields["tags"] = sorted(entry.tags)
        if self._esp.calendar.plans_drafts:
            fields["planned"] = shown(entry.planned or (entry.scheduled if entry.status is Status.SCHEDULED else None))
        elif entry.status is Status.SCHEDULED:
            fields["planned"] = fields["scheduled"]
        fields |= {name: count for name, count in entry.metrics.items() if name in METRICS}
        return Record(
            Ref(self._tool, Kind.CAMPAIGN, entry.id),
            fields | dict(entry.odd),
            marker=entry.marker,
            url=entry.url,
            changed_at=entry.changed_at,
            locked=self._locked(entry),
        )

    def has_audience(self, id_: str) -> bool:
        """Whether there is a list or segment of this id, after a fresh look where none is known."""
        return self._names.has_audience(id_)

    def has_tag(self, name: str) -> bool:
        """Whether there is a tag of this name, after a fresh look where none is known."""
        return self._names.has_tag(name)

    def size_of(self, name: str) -> int | None:
        """About how many people an audience has; None where the ESP does not tell, or has none of this name."""
        return self._names.size_of(name)

    def known(self) -> dict[str, Any] | None:
        """What `recall` is to be told to ask for no names once more; None before they were asked for."""
        return self._names.known()

    def recall(self, known: Any) -> None:
        """Go by the names that `known` told; None, and what it cannot have told, forgets them."""
        self._names = Names.recalled(self._esp, known)

    def _locked(self, entry: Entry) -> str | None:
        """Why nothing of it may be written now, for a marketer."""
        title = self._esp.title
        locked = self._esp.calendar.locked
        if entry.archived and ARCHIVED in locked:
            return f"archived in {title}"
        if entry.read_only:
            return entry.read_only
        if entry.status not in locked:
            closed = self._schedule is Schedule.NEVER and not self._esp.calendar.edits_scheduled
            scheduled = f"scheduled in {title}; it must be unscheduled there first"
            return scheduled if closed and entry.status is Status.SCHEDULED else None
        match entry.status:
            case Status.SENDING:
                return f"being sent by {title}"
            case Status.SENT:
                return f"already sent by {title}"
            case Status.CANCELLED:
                return f"cancelled in {title} ({entry.status_raw})"
            case Status.PAUSED:
                return f"paused in {title}; it must be resumed or made a draft there first"
            case Status.UNKNOWN:
                return f'in the state "{entry.status_raw}" in {title}, which is not known to take edits'
        return f"{entry.status.value} in {title}, which takes no edits of it then"
