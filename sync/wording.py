"""Canonical values in words that a marketer reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync.model import Day, EntityLink, Instant, Person, PersonEntry, Stranger, Value, WallClock

LONGEST = 90
# Names that people write in another way than with one capital letter.
_TITLES = {"ics": "ICS calendar"}


@dataclass(frozen=True, slots=True)
class Wording:
    """Describes values for the readers of one workspace, in its time zone and with the names of its people."""

    zone: ZoneInfo
    names: dict[str, str] = field(default_factory=dict)
    entities: dict[str, str] = field(default_factory=dict)

    def value(self, value: Value, *, longest: int | None = LONGEST) -> str:
        """One line for a value; texts longer than `longest` characters are cut (None: never)."""
        match value:
            case None:
                return "empty"
            case bool():
                return "yes" if value else "no"
            case int() | float():
                return f"{value:,g}" if isinstance(value, float) else f"{value:,}"
            case str():
                return one_line(value.replace("_", " ") if _is_word(value) else value, longest)
            case frozenset():
                return ", ".join(sorted(value)) or "none"
            case Day(day):
                return f"{day:%a} {day.day} {day:%b %Y}"
            case Instant(at):
                return f"{self.moment(at)} ({self.zone.key})"
            case WallClock(at):
                return f"{at:%a} {at.day} {at:%b %Y, %H:%M} (each recipient's own time)"
            case Person(person):
                return self.names.get(person, person)
            case Stranger(tool, _, name):
                return f"{name} (unknown person in {tool_title(tool)})"
            case EntityLink(entity):
                return self.entities.get(entity, entity)

    def moment(self, at: datetime) -> str:
        """A moment in the workspace's zone, without naming the zone."""
        local = at.astimezone(self.zone)
        return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def tool_title(tool: str) -> str:
    """A tool's configured name as people write it: jira becomes Jira, ics an ICS calendar, jira-eu stays."""
    if tool in _TITLES:
        return _TITLES[tool]
    return tool.capitalize() if tool.isalpha() and tool.islower() else tool


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words in a sentence: "Jira, Airtable and Klaviyo"."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def span(long: timedelta) -> str:
    """A length of time: "90 minutes", "24 hours", "3 days"."""
    minutes = round(long.total_seconds() / 60)
    if minutes < 90:
        return f"{minutes} minutes"
    hours = minutes / 60
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"


def number(count: float) -> str:
    """A count: `12,340`."""
    return f"{count:,.0f}"


def percent(fraction: float) -> str:
    """A fraction as people read it: `41.2 %`, below one per cent `0.19 %`. The blank does not break."""
    percentage = fraction * 100
    if 0 < percentage < 0.005:  # would read as none at all
        return "<0.01\u00a0%"
    return f"{percentage:,.{1 if percentage >= 1 or not percentage else 2}f}\u00a0%"


def wording(zone: ZoneInfo, people: Iterable[PersonEntry]) -> Wording:
    """The wording of a workspace."""
    return Wording(zone, {person.id: person.name for person in people})


def _is_word(text: str) -> bool:
    return text.isascii() and text.islower() and text.replace("_", "").isalpha()


def one_line(text: str, longest: int | None = LONGEST) -> str:
    """The text in one line of at most so many characters."""
    line = " ".join(text.split())
    return line if longest is None or len(line) <= longest else line[: longest - 1].rstrip() + "…"
