"""A campaign of any ESP as a record: the same fields for all, names for audiences, and why it takes no edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.calendar import PLACEHOLDER, Entry, Esp, Schedule, Status
from connectors.calendar_schedule import shown
from sync.model import METRICS, Kind, Record, Ref
from sync.ports import Metering, NativeField

COUNTED = {"machine_opens": "tells_machine_opens", "conversions": "tells_conversions"}


class Records:
    """The records of one account. Keeps the names of its audiences and tags, which campaigns refer to."""

    def __init__(self, tool: str, esp: Esp, schedule: Schedule) -> None:
        self._tool = tool
        self._esp = esp
        self._schedule = schedule
        self._audiences: dict[str, str] = {}  # name by id of every list and segment
        self._listed = False
        self._sizes: dict[str, int | None] = {}
        self._nameless: set[str] = set()  # ids that a fresh look did not find: lists that were deleted
        self._tags: dict[str, str] = {}  # id by name

    def fields(self) -> tuple[NativeField, ...]:
        """The campaign's fields; the lists, segments and tags as they are now are the options."""
        self._look_up_audiences()
        calendar, audiences = self._esp.calendar, tuple(self._audiences.items())
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
            self._look_up_tags()
            known = tuple((id_, name) for name, id_ in self._tags.items())
            fields.append(NativeField("tags", "Tags", "tags", fixed, known))
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
            self._name(entry)
            included, excluded = ([self._audience(id_) for id_ in ids] for ids in entry.audiences)
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
        if id_ not in self._audiences:
            self._look_up_audiences()
        return id_ in self._audiences

    def has_tag(self, name: str) -> bool:
        """Whether there is a tag of this name, after a fresh look where none is known."""
        if name not in self._tags:
            self._look_up_tags()
        return name in self._tags

    def _locked(self, entry: Entry) -> str | None:
        """Why nothing of it may be written now, for a marketer."""
        title = self._esp.title
        if entry.archived:
            return f"archived in {title}"
        if entry.read_only:
            return entry.read_only
        match entry.status:
            case Status.DRAFT:
                return None
            case Status.SCHEDULED:
                closed = self._schedule is Schedule.NEVER and not self._esp.calendar.edits_scheduled
                return f"scheduled in {title}; it must be unscheduled there first" if closed else None
            case Status.SENDING:
                return f"being sent by {title}"
            case Status.SENT:
                return f"already sent by {title}"
            case Status.CANCELLED:
                return f"cancelled in {title} ({entry.status_raw})"
            case Status.PAUSED:
                return f"paused in {title}; it must be resumed or made a draft there first"
        return f'in the state "{entry.status_raw}" in {title}, which is not known to take edits'

    def _audience(self, id_: str) -> dict[str, str]:
        return {"id": id_, "name": self._audiences.get(id_, id_)}

    def _name(self, entry: Entry) -> None:
        """Look for the names that are not known yet.

        A list that no listing shows is nameless only when it is gone: a silently empty listing renames nothing.
        """
        for id_ in dict.fromkeys(id_ for ids in entry.audiences or () for id_ in ids):
            if id_ not in self._audiences and not self._listed:
                self._look_up_audiences()
            if id_ in self._audiences or id_ in self._nameless:
                continue
            if found := self._esp.audience(id_):
                self._audiences[id_] = found.name
            else:
                self._nameless.add(id_)

    def size_of(self, name: str) -> int | None:
        """About how many people an audience has; None where the ESP does not tell, or has none of this name."""
        id_ = next((id_ for id_, known in self._audiences.items() if known == name), None)
        if id_ is not None and id_ not in self._sizes:
            found = self._esp.audience(id_)
            self._sizes[id_] = found.size if found else None
        return self._sizes[id_] if id_ is not None else None

    def _look_up_audiences(self) -> None:
        """All that a listing shows; those that had to be looked for one by one keep their names."""
        listed = self._esp.audiences()
        self._audiences |= {audience.id: audience.name for audience in listed}
        self._sizes |= {audience.id: audience.size for audience in listed if audience.size is not None}
        self._nameless -= self._audiences.keys()
        self._listed = True

    def _look_up_tags(self) -> None:
        self._tags = {name: id_ for id_, name in self._esp.tag_names()}
