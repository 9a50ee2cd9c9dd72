"""Made-up campaigns and stages of twelve fields each, as canonical values, and what people change of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sync.model import STAGE_KINDS, Day, EntityLink, Field, FieldType, Instant, Kind, Person, PersonEntry, Value, schema

# One item is a campaign or a stage. A campaign has twelve cells; a stage has eleven and its campaign.
STAGES = STAGE_KINDS[:8]
FAMILY = 1 + len(STAGES)
CELLS = 12
EDITED = "channel"  # a field that both kinds have

CAMPAIGN_EXTRAS = (
    Field("channel", FieldType.TEXT, "Channel", custom=True),
    Field("budget", FieldType.NUMBER, "Budget", custom=True),
    Field("landing", FieldType.TEXT, "Landing page", custom=True),
)
STAGE_EXTRAS = (
    Field("channel", FieldType.TEXT, "Channel", custom=True),
    Field("effort", FieldType.NUMBER, "Effort", custom=True),
    Field("reviewer", FieldType.PERSON, "Reviewer", custom=True),
    Field("start", FieldType.DAY, "Start", custom=True),
    Field("labels", FieldType.SET, "Labels", custom=True),
    Field("market", FieldType.TEXT, "Market", custom=True),
)
SCHEMA = schema(CAMPAIGN_EXTRAS, STAGE_EXTRAS)
FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind.CAMPAIGN: (
        "name", "brief", "program", "status", "owner", "audiences", "subject", "tags", "planned_send",
        *(one.name for one in CAMPAIGN_EXTRAS),
    ),
    Kind.STAGE: ("kind", "owner", "status", "due", "notes", *(one.name for one in STAGE_EXTRAS)),
}  # fmt: skip

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PEOPLE = tuple(PersonEntry(f"p{n}", f"Person {n}", f"p{n}@acme.example") for n in range(20))


@dataclass(frozen=True, slots=True)
class Item:
    """One campaign or stage. `campaign` is the number of the item that a stage belongs to."""

    number: int
    kind: Kind
    values: dict[str, Value]
    campaign: int | None = None


def items(count: int) -> Iterator[Item]:
    """So many items: each campaign is followed by its eight stages. Every call makes values of its own, since two
    tools never share an object."""
    for number in range(count):
        place = number % FAMILY
        campaign = number - place
        send = NOW + timedelta(days=30 + campaign // FAMILY % 300, hours=campaign % 7)
        if place == 0:
            yield Item(number, Kind.CAMPAIGN, _campaign(number, send))
        else:
            yield Item(number, Kind.STAGE, _stage(number, STAGES[place - 1], send.date()), campaign)


def edited(number: int, round_: int = 0) -> dict[str, Value]:
    """What somebody makes of an item."""
    return {EDITED: f"Edited {number} in round {round_}"}


def chosen(count: int, changes: int) -> list[int]:
    """The numbers of so many items, spread evenly over all of them."""
    changes = min(changes, count)
    return [at * count // changes for at in range(changes)]


def same(one: Value, other: Value) -> bool:
    """Whether two cells show the same; a stage's campaign has an id of its own in each workspace."""
    return isinstance(one, EntityLink) or one == other


def _campaign(number: int, send: datetime) -> dict[str, Value]:
    return {
        "name": f"Campaign {number:06d} Spring offer",
        "brief": f"Win back customers of segment {number}.\n\n- two reminders\n- a landing page\n\nSee plan {number}.",
        "program": ("Lifecycle", "Promotion", "Newsletter")[number % 3],
        "status": ("planned", "in_progress", "in_review")[number % 3],
        "owner": Person(f"p{number % 20}"),
        "audiences": frozenset({f"Segment {number}", f"Segment {number} VIP"}),
        "subject": f"Number {number}: spring is here, and so is your offer",
        "tags": frozenset({"spring", f"wave-{number % 12}"}),
        "planned_send": Instant(send),
        "channel": f"Email {number % 5} of {number}",
        "budget": 1000 + number % 900,
        "landing": f"https://shop.acme.example/offers/{number}",
    }


def _stage(number: int, kind: str, send: date) -> dict[str, Value]:
    due = send - timedelta(days=3 + number % 9)
    return {
        "kind": kind,
        "owner": Person(f"p{number % 19}"),
        "status": ("todo", "in_progress")[number % 2],
        "due": Day(due),
        "notes": f"What to look at in {number}: the tone, the offer and its terms.",
        "channel": f"Work {number % 7} of {number}",
        "effort": 0.5 + number % 40 / 2,
        "reviewer": Person(f"p{number % 17}"),
        "start": Day(due - timedelta(days=4)),
        "labels": frozenset({f"label-{number % 8}", "email"}),
        "market": ("Germany", "France", "Spain")[number % 3],
    }
