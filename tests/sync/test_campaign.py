"""A campaign as the audits see it: its send, whether it is over, its metrics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sync.campaign import Campaign, Metrics, Stage, day_of, first_moment, kind_title, last_moment
from sync.model import (
    CAMPAIGN_FIELDS,
    STAGE_FIELDS,
    Entity,
    EntityLink,
    FieldType,
    Kind,
    Stranger,
    Value,
    WallClock,
    When,
)
from tests.sync.plain import ANN, BERLIN, day, instant

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SAMPLES: dict[FieldType, Value] = {
    FieldType.TEXT: "text",
    FieldType.RICH_TEXT: "text",
    FieldType.CHOICE: "choice",
    FieldType.SET: frozenset({"x"}),
    FieldType.PERSON: ANN,
    FieldType.WHEN: day("2026-03-10"),
    FieldType.DAY: day("2026-03-10"),
    FieldType.NUMBER: 7,
    FieldType.LINK: EntityLink("cs-1"),
}


def campaign(**cells: Value) -> Campaign:
    return Campaign.of(Entity("cs-1", Kind.CAMPAIGN, cells))


def test_every_field_of_the_schema_is_a_campaigns_attribute() -> None:
    found = campaign(**{f.name: SAMPLES[f.type] for f in CAMPAIGN_FIELDS})
    for field in CAMPAIGN_FIELDS:
        expected = SAMPLES[field.type]
        assert getattr(found, field.name, None) == expected or getattr(found.metrics, field.name) == expected
    assert found.custom == {}


def test_every_field_of_the_schema_is_a_stages_attribute() -> None:
    found = Stage.of(Entity("cs-2", Kind.STAGE, {f.name: SAMPLES[f.type] for f in STAGE_FIELDS} | {"extra": 1}))
    for field in STAGE_FIELDS:
        expected = SAMPLES[field.type]
        assert getattr(found, field.name) == (expected.id if isinstance(expected, EntityLink) else expected)
    assert found.custom == {"extra": 1}


def test_values_of_another_type_are_no_values() -> None:
    found = campaign(name=3, owner="ann", audiences="x", planned_send="soon", delivered=True, region="north")
    assert (found.name, found.owner, found.audiences, found.send) == (None, None, frozenset(), None)
    assert (found.metrics.delivered, found.custom) == (None, {"region": "north"})


def test_a_campaign_without_a_name_has_a_stand_in() -> None:
    assert campaign(name="Spring").title == "Spring"
    assert "cs-1" in campaign().title


def test_what_the_esp_will_do_counts_more_than_what_is_planned() -> None:
    assert campaign(planned_send=day("2026-03-01")).send == day("2026-03-01")
    assert campaign(planned_send=day("2026-03-01"), scheduled_send=day("2026-03-02")).send == day("2026-03-02")


@pytest.mark.parametrize(
    ("cells", "over"),
    [
        ({}, False),
        ({"status": "sent"}, True),
        ({"status": "cancelled"}, True),
        ({"status": "sending"}, False),
        ({"planned_send": instant("2026-03-10T12:00")}, False),
        ({"planned_send": instant("2026-03-10T11:59:59")}, True),
        ({"planned_send": day("2026-03-10")}, False),
        ({"planned_send": day("2026-03-09")}, True),
        ({"planned_send": day("2026-03-09"), "scheduled_send": day("2026-03-11")}, False),
        ({"planned_send": WallClock(datetime(2026, 3, 10, 12, 59))}, True),
        ({"planned_send": WallClock(datetime(2026, 3, 10, 13, 0))}, False),
    ],
    ids=str,
)
def test_a_campaign_is_over_when_it_was_sent_or_cancelled_or_its_send_has_passed(
    cells: dict[str, Value], over: bool
) -> None:
    assert campaign(**cells).is_over(NOON, BERLIN) == over


@pytest.mark.parametrize(
    ("when", "on", "first", "last"),
    [
        (instant("2026-03-09T23:30"), "2026-03-10", "2026-03-09T23:30", "2026-03-09T23:30"),
        (WallClock(datetime(2026, 7, 10, 9, 0)), "2026-07-10", "2026-07-10T07:00", "2026-07-10T07:00"),
        (day("2026-03-10"), "2026-03-10", "2026-03-09T23:00", "2026-03-10T22:59:59.999999"),
        (day("2026-03-29"), "2026-03-29", "2026-03-28T23:00", "2026-03-29T21:59:59.999999"),
    ],
    ids=str,
)
def test_a_send_has_a_day_and_a_first_and_a_last_moment(when: When, on: str, first: str, last: str) -> None:
    assert day_of(when, BERLIN) == day(on).date
    assert first_moment(when, BERLIN).astimezone(UTC) == instant(first).at
    assert last_moment(when, BERLIN).astimezone(UTC) == instant(last).at
    assert last_moment(when, BERLIN) - first_moment(when, BERLIN) < timedelta(days=1)


def test_rates_are_fractions_of_what_was_delivered() -> None:
    assert Metrics(delivered=200, opens=50).rate(50) == 0.25
    assert Metrics(delivered=0).rate(50) is None
    assert Metrics(delivered=200).rate(None) is None
    assert Metrics().rate(50) is None


@pytest.mark.parametrize(("status", "finished"), [("done", True), ("dropped", True), ("blocked", False), (None, False)])
def test_a_stage_is_finished_when_it_is_done_or_dropped(status: str | None, finished: bool) -> None:
    assert Stage("cs-2", status=status).is_finished == finished


@pytest.mark.parametrize(
    ("kind", "title"), [("design", "Design"), ("qa", "QA"), ("copy_edit", "Copy edit"), (None, "Unnamed stage")]
)
def test_a_stage_is_called_by_its_kind(kind: str | None, title: str) -> None:
    assert kind_title(kind) == title == Stage("cs-2", kind=kind).title


def test_a_strangers_ownership_is_an_ownership() -> None:
    assert campaign(owner=Stranger("jira", "5b", "Cy")).owner == Stranger("jira", "5b", "Cy")
